package jobs

import (
	"context"
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/indicators"
	"github.com/windvane/windvane/transforms/rollup"
)

// subjects are all products, shops or independent talents of a night: those of the snapshot and those that sold
// lately, ordered by their ids: numbers as numbers, texts as texts.
type subjects struct {
	scope contract.Scope
	codes []int64
	texts []int32 // positions in codes in the order of their texts; nil: that is their order
	rows  *column.Lookup
	facts map[string]*column.Ints // what the snapshot says of each, column.Null: nothing
	owned map[int64]bool          // accounts of shops, which are no talents
	shops *column.Ints            // of products: their shops, see findShops; nil of others
}

// roleOf tells the scope of a code of contract.ScoreRoles, its snapshot, and which columns of that are looked at.
func roleOf(role int) (contract.Scope, *rollup.Rollup, []string) {
	all := contract.Scopes()
	switch role {
	case contract.ScoreProduct:
		return all[contract.RoleProduct], rollup.ProductFacts(), []string{"name", "merchant_id", "category1_id", "category2_id", "category3_id", "info_score", "live_only", "brand_flag"}
	case contract.ScoreMerchant:
		return all[contract.RoleMerchant], rollup.MerchantFacts(), []string{"name", "category1_id"}
	}
	return all[contract.RoleTalent], rollup.AccountFacts(), []string{"name", "category1_id"}
}

// subjectsOf lists the subjects of a role. A shop's own accounts are no talents: they are judged by the shop's score.
func (n *night) subjectsOf(ctx context.Context, role int, first calendar.Day) (*subjects, error) {
	scope, r, names := roleOf(role)
	s := &subjects{scope: scope}
	columns := append([]string{r.By[0]}, names...)
	if role == contract.ScoreTalent {
		columns = append(columns, "owner_merchant_id")
	}
	facts, err := n.factsOf(ctx, r, columns...)
	if err != nil {
		return nil, err
	}
	if facts != nil {
		s.codes = slices.Clone(facts.Column(r.By[0]))
		if role == contract.ScoreTalent {
			s.owned = ownedAccounts(facts)
		}
	}
	listed := column.NewLookup(s.codes)                     // of the snapshot
	seen, last := column.NewGrouper(1, 0), []calendar.Day{} // those that the snapshot lacks, and the last day on which each sold
	for d, err := range n.history(ctx, rollup.ScoreOrdersOf(scope), first, scope.Subject) {
		if err != nil {
			return nil, err
		}
		for _, code := range d.Frame.Column(scope.Subject) {
			if listed.Row(code) >= 0 {
				continue
			}
			at, added := seen.Index([]int64{code})
			if added {
				last = append(last, d.Day)
			}
			last[at] = d.Day
		}
	}
	s.codes = append(slices.Clone(s.codes), seen.Rows()...)
	if len(s.owned) > 0 {
		s.codes = slices.DeleteFunc(s.codes, func(c int64) bool { return s.owned[c] })
	}
	s.sort(n.runner.ids)
	s.rows = column.NewLookup(s.codes)
	s.facts = factsBySubject(s.codes, facts, listed, names)
	if role == contract.ScoreProduct {
		return s, n.findShops(ctx, s, seen.Rows(), last)
	}
	return s, nil
}

// findShops tells whose each product is: by the snapshot; of one that it lacks as the run before had it; of one that is new by its orders of the
// last day on which it sold. What is taken down goes on being judged by the score and the tickets of its shop.
func (n *night) findShops(ctx context.Context, s *subjects, unlisted []int64, last []calendar.Day) error {
	s.shops = s.fact("merchant_id")
	if len(unlisted) == 0 {
		return nil
	}
	shops := make([]int64, len(s.codes))
	for i := range shops {
		shops[i] = s.shops.At(i)
	}
	if err := n.carryShops(ctx, s.rows, shops); err != nil {
		return err
	}
	sold, days := make([]calendar.Day, len(s.codes)), map[calendar.Day]bool{} // the last day on which each sold that has no shop, 0: it has one
	for i, product := range unlisted {
		if row := s.rows.Row(product); shops[row] == column.Null {
			sold[row], days[last[i]] = last[i], true
		}
	}
	if err := n.shopsOfOrders(ctx, s.rows, sold, days, shops); err != nil {
		return err
	}
	s.shops = column.NewInts(shops)
	return nil
}

// carryShops fills in the shops that the run before knew.
func (n *night) carryShops(ctx context.Context, rows *column.Lookup, shops []int64) error {
	before := n.groupsBefore(ctx, contract.ProductScore, nil, "product_id", "merchant_id")
	if before == nil {
		return nil
	}
	for f, err := range before {
		if err != nil {
			return err
		}
		merchants := f.Column("merchant_id")
		for i, product := range f.Column("product_id") {
			if row := rows.Row(product); row >= 0 && shops[row] == column.Null {
				shops[row] = merchants[i]
			}
		}
	}
	return nil
}

// shopsOfOrders fills in the shops of rows by the orders of one of some days each: of several shops on that day the one that sold most, then the
// one whose id is first as a text.
func (n *night) shopsOfOrders(ctx context.Context, rows *column.Lookup, sold []calendar.Day, days map[calendar.Day]bool, shops []int64) error {
	if len(days) == 0 {
		return nil
	}
	first := n.runner.ids.CompareText(contract.Merchant, contract.NoSubject)
	ps := slices.DeleteFunc(slices.Clone(n.partitions[contract.Orders.Name]), func(p Partition) bool { return !days[p.Day] })
	for d, err := range n.passingDays(ctx, rollup.SalesCube(), ps, "merchant_id", "product_id", "class", "buyer_paid_fen", "platform_subsidy_fen") {
		if err != nil {
			return err
		}
		merchants, class := d.Frame.Column("merchant_id"), d.Frame.Column("class")
		paid, subsidy := d.Frame.Column("buyer_paid_fen"), d.Frame.Column("platform_subsidy_fen")
		sums := column.NewGrouper(2, 1) // by row and shop
		for i, product := range d.Frame.Column("product_id") {
			if row := rows.Row(product); row >= 0 && class[i] == contract.ClassScoreValid && sold[row] == d.Day {
				sums.Get([]int64{int64(row), merchants[i]})[0] += paid[i] + subsidy[i]
			}
		}
		most := map[int64]int64{}
		for i := range sums.Len() {
			row, shop, sum := sums.Row(i)[0], sums.Row(i)[1], sums.Row(i)[2]
			if held, ok := most[row]; ok && (sum < held || sum == held && first(shop, shops[row]) > 0) {
				continue
			}
			most[row], shops[row] = sum, shop
		}
	}
	return nil
}

// factsBySubject puts the named columns of the snapshot, whose subjects are listed, in the order of the subjects. Where there
// is none nothing is known of anybody.
func factsBySubject(codes []int64, facts *column.Frame, listed *column.Lookup, names []string) map[string]*column.Ints {
	out := map[string]*column.Ints{}
	if facts == nil {
		for _, name := range names {
			out[name] = column.Same(column.Null, len(codes))
		}
		return out
	}
	at, values := make([]int64, len(codes)), make([]int64, len(codes))
	listed.Rows(codes, at)
	for _, name := range names {
		from := facts.Column(name)
		for i, row := range at {
			if values[i] = column.Null; row >= 0 {
				values[i] = from[row]
			}
		}
		out[name] = column.NewInts(values)
	}
	return out
}

// sort orders the subjects, each once.
func (s *subjects) sort(ids *column.IDs) {
	byText := ids.CompareText(s.scope.Domain, contract.NoSubject)
	if ids.Types[s.scope.Domain] {
		slices.SortFunc(s.codes, byText)
		s.codes = slices.Compact(s.codes)
		return
	}
	slices.Sort(s.codes)
	s.codes = slices.Compact(s.codes)
	s.texts = make([]int32, len(s.codes))
	for i := range s.texts {
		s.texts[i] = int32(i)
	}
	slices.SortFunc(s.texts, func(a, b int32) int { return byText(s.codes[a], s.codes[b]) })
}

func ownedAccounts(f *column.Frame) map[int64]bool {
	owned, owners := map[int64]bool{}, f.Column("owner_merchant_id")
	for i, account := range f.Column("talent_id") {
		if owners[i] != column.Null {
			owned[account] = true
		}
	}
	return owned
}

// factsOf is the snapshot of the as-of date or the nearest before it, the named columns of it or all; nil if there is none.
func (n *night) factsOf(ctx context.Context, r *rollup.Rollup, columns ...string) (*column.Frame, error) {
	p, ok := n.nearest(r.Source.Name, n.asOf)
	if !ok {
		return nil, nil
	}
	return n.frame(ctx, r, p, columns...)
}

// fact is a column of the snapshot by subject, column.Null where there is none.
func (s *subjects) fact(name string) *column.Ints {
	values, ok := s.facts[name]
	if !ok {
		panic("jobs: no snapshot has " + name)
	}
	return values
}

// categories are the levels of the subjects' categories, the most specific first.
func (s *subjects) categories() []*column.Ints {
	if s.scope.Role == contract.RoleProduct {
		return []*column.Ints{s.fact("category3_id"), s.fact("category2_id"), s.fact("category1_id")}
	}
	return []*column.Ints{s.fact("category1_id")}
}

// sources are the rollups that a role's indicators are added up from: those whose tables there are.
func (n *night) sources(ctx context.Context, role int, first calendar.Day) []indicators.Source {
	scope, _, _ := roleOf(role)
	var out []indicators.Source
	add := func(r *rollup.Rollup, subject string, measures ...string) {
		if n.computable(r, first) {
			s := indicators.Source{Subject: subject, PaidDay: r.Source == contract.Refunds, Lagged: r.Source == contract.Complaints, Measures: measures,
				Table: sourceNames[r.Source], Present: n.presentOf(r.Source)}
			from := first
			if !s.PaidDay { // the window of today; by pay day it ends LagDays ago
				from += calendar.Day(n.rules.LagDays)
			}
			s.Days = n.history(ctx, r, from, s.Columns()...)
			out = append(out, s)
		}
	}
	add(rollup.RefundEventsOf(scope), scope.Subject, "quality_refunds", "disputed_orders", "disputes", "promoter_liable", "closed", "not_self_completed",
		"refund_only", "refund_only_seconds", "return_refund", "return_refund_seconds")
	add(rollup.ShipmentEventsOf(scope), scope.Subject, "due", "missed", "signed", "transits", "transit_seconds", "median_seconds")
	add(rollup.ReviewsOf(scope), scope.Subject, "bad", "quality_bad")
	add(rollup.ComplaintsOf(scope), scope.Subject, "mismatch", "logistics", "misleading")
	switch role {
	case contract.ScoreProduct:
		add(rollup.ProductTraffic(), "product_id", "impressions", "clicks")
	case contract.ScoreMerchant:
		add(rollup.Chats(), "merchant_id", "rated", "unhappy", "in_service", "slow")
	case contract.ScoreTalent:
		add(rollup.TalentTraffic(), "promoter_id", "impressions", "clicks")
		add(rollup.AccountContents(), "author_id", "viewers", "upheld_reports", "good_ratings", "bad_ratings")
	}
	return out
}

// sourceNames are the names that package indicators has for tables.
var sourceNames = map[*contract.Table]string{contract.Refunds: indicators.Refunds, contract.Shipments: indicators.Shipments, contract.Reviews: indicators.Reviews,
	contract.Complaints: indicators.Complaints, contract.ProductTraffic: indicators.Traffic, contract.Chats: indicators.Chats, contract.Contents: indicators.Contents}

// presentOf are the days that a table has. Of refunds those of the lines they are of: they come after the payment, so what was paid from
// the first day on is known.
func (n *night) presentOf(t *contract.Table) calendar.Presence {
	ps, out := n.partitions[t.Name], calendar.Presence{}
	for _, p := range ps {
		out[p.Day] = true
	}
	if t == contract.Refunds && len(ps) > 0 {
		for d := ps[0].Day; d <= n.asOf; d++ {
			out[d] = true
		}
	}
	return out
}

// computable tells whether a rollup's table is there and has had what the rollup needs on every day from first on.
func (n *night) computable(r *rollup.Rollup, first calendar.Day) bool {
	ps := n.partitions[r.Source.Name]
	if len(ps) == 0 || n.uncopied(r, first) != "" {
		return false
	}
	return !slices.ContainsFunc(ps, func(p Partition) bool {
		rows, _ := p.rows(r)
		return p.Day >= first && rows < 0
	})
}

// realAt is the real behind the bits of a column, NaN for null.
func realAt(bits int64) float64 {
	if bits == column.Null {
		return math.NaN()
	}
	return math.Float64frombits(uint64(bits))
}
