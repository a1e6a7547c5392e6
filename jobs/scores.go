package jobs

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/fives"
	"github.com/windvane/windvane/transforms/indicators"
	"github.com/windvane/windvane/transforms/rollup"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/score"
)

// scored is one role of the night: its subjects, what is known of them, and their scores.
type scored struct {
	*subjects
	*score.Role
	sums    *indicators.Sums
	tickets *tickets
	history *score.History
	stars   []int8 // of products: price stars, 0: nothing to compare with; anomaly

	settling sync.Once
	settled  settled // see settledOf
}

// of is the score of a subject by its code, false if it has none.
func (s *scored) of(code int64) (float64, bool) {
	i := s.rows.Row(code)
	if i < 0 || s.Scores.Total[i] == 0 {
		return 0, false
	}
	return float64(s.Scores.Total[i]) / 100, true
}

// computeScores computes 商品分, then 店铺体验分, then 带货口碑分, which reads both; neither of them reads it.
func (n *night) computeScores(ctx context.Context) (err error) {
	n.scored = make([]*scored, len(contract.ScoreRoles))
	for role := range contract.ScoreRoles {
		if n.scored[role], err = n.scoreRole(ctx, role); err != nil {
			return fmt.Errorf("%s: %w", contract.ScoreRoles[role], err)
		}
	}
	if err := n.publishNorms(ctx); err != nil {
		return err
	}
	n.publishScores()
	return nil
}

// ruleOf is what the rules say of a role, and what the code knows of its indicators.
func (n *night) ruleOf(role int) (rules.Score, []rules.Known) {
	switch role {
	case contract.ScoreProduct:
		return n.rules.Product, rules.ProductIndicators
	case contract.ScoreMerchant:
		return n.rules.Shop, rules.ShopIndicators
	}
	return n.rules.Talent, rules.TalentIndicators
}

func (n *night) scoreRole(ctx context.Context, role int) (*scored, error) {
	rule, known := n.ruleOf(role)
	first := n.asOf - calendar.Day(indicators.LookbackDays(n.rules, &rule)) + 1
	subjects, err := n.subjectsOf(ctx, role, first)
	if err != nil {
		return nil, err
	}
	s := &scored{subjects: subjects}
	if s.sums, err = n.sumIndicators(ctx, role, s.subjects, first); err != nil {
		return nil, err
	}
	if s.tickets, err = n.ticketsOf(ctx, role, s.subjects); err != nil {
		return nil, err
	}
	figures, observed := s.sums.Figures(role), s.sums.Observed(role)
	if err := n.addFigures(ctx, role, s, figures); err != nil {
		return nil, err
	}
	s.sums.Forget()
	f := &score.Figures{Subjects: len(s.codes), Categories: s.categories(), Orders: s.sums.Orders, SevereRecent: s.tickets.severeRecent, ViolationPoints: s.tickets.points}
	all, _ := rule.Indicators()
	for _, in := range all {
		f.Of = append(f.Of, score.Figure(figures[in.ID]))
		f.Observed = append(f.Observed, observed[in.ID])
		f.Cover = append(f.Cover, s.sums.Cover(in.ID))
	}
	norms, err := n.normsTonight(ctx, role, f)
	if err != nil {
		return nil, err
	}
	scores, err := score.Compute(n.rules, rule, known, f, norms, n.runner.Settings.workers())
	if err != nil {
		return nil, err
	}
	s.Role = &score.Role{AsOf: n.asOf, IDs: n.runner.ids, Rules: n.rules, Score: rule, Role: role, Domain: s.scope.Domain, Codes: s.codes, Texts: s.texts,
		Window: s.sums.Window, Figures: f, Scores: scores}
	return s, n.remember(ctx, role, s)
}

// sumIndicators adds up what the role's indicators are made of.
func (n *night) sumIndicators(ctx context.Context, role int, s *subjects, first calendar.Day) (*indicators.Sums, error) {
	rule, _ := n.ruleOf(role)
	in := indicators.Input{AsOf: n.asOf, Rules: n.rules, Score: &rule, Subjects: s.codes, Events: n.sources(ctx, role, first)}
	orders := min(first, n.asOf-indicators.RecentDays+1)
	if role == contract.ScoreProduct { // shops look at what their products sold, in their score's window and in that of 5S
		in.PaidOver = append([]int{fives.WindowDays}, n.rules.Shop.Windows...)
		orders = min(orders, n.asOf-calendar.Day(slices.Max(in.PaidOver))+1)
	}
	in.Orders = indicators.Source{Subject: s.scope.Subject, Days: n.history(ctx, rollup.ScoreOrdersOf(s.scope), orders), Present: n.present}
	if shipments := rollup.ShipmentEventsOf(s.scope); n.computable(shipments, first) {
		in.Signed = n.history(ctx, shipments, n.asOf-calendar.Day(rule.Windows[0])+1, s.scope.Subject, "signed")
	}
	return indicators.Collect(in)
}

// addFigures adds the indicators that are not made of daily sums alone.
func (n *night) addFigures(ctx context.Context, role int, s *scored, figures indicators.Figures) error {
	switch role {
	case contract.ScoreProduct:
		n.addProductFigures(s, figures)
		return nil
	case contract.ScoreMerchant:
		figures["not_repeat"] = n.notRepeat(s)
		if n.has(contract.Products) {
			figures["price_coverage"] = n.soldByShops(s, s.sums.Window.At).Uncovered()
		}
		return nil
	}
	figures["not_repeat"] = n.notRepeat(s)
	figures["conversion"] = s.sums.PerTraffic("conversion", indicators.Valid, "clicks", 1)
	products, shops := n.scored[contract.ScoreProduct], n.scored[contract.ScoreMerchant]
	days := n.history(ctx, rollup.TalentProducts(), n.asOf-calendar.Day(slices.Max(n.rules.Talent.Windows))+1, indicators.SoldColumns...)
	sold, err := indicators.SoldByTalents(s.codes, s.sums.Window, n.asOf, days, indicators.Catalogue{
		Products: indicators.Scored{Rows: products.rows, Hundredths: products.Scores.Total}, Stars: products.stars, Elsewhere: n.prices.ofOne,
		Shops: indicators.Scored{Rows: shops.rows, Hundredths: shops.Scores.Total}})
	if err != nil {
		return err
	}
	if n.has(contract.Products) {
		figures["price_coverage"] = sold.Uncovered()
	}
	figures["product_score"], figures["shop_score"] = sold.Mean(indicators.OfProducts), sold.Mean(indicators.OfShops)
	return nil
}

// repeatDays is the window of R1 that scores and the overview look at.
const repeatDays = 90

// notRepeat is 1 - R1(90): buyers without a second purchase day of buyers. With a shorter history few had the time to
// come back, so it is not computable.
func (n *night) notRepeat(s *scored) indicators.Figure {
	if !n.reaches(repeatDays) || !n.keptKnown(n.asOf-repeatDays+1) {
		return nil
	}
	for _, f := range n.buyers {
		if f.Scope.Role != s.scope.Role {
			continue
		}
		return indicators.Counted(len(s.codes), func(row int) (x, of float64) {
			buyers, repeat := f.R1(s.codes[row], repeatDays)
			return float64(buyers - repeat), float64(buyers)
		})
	}
	return nil
}

func (n *night) addProductFigures(s *scored, figures indicators.Figures) {
	figures["gmv_per_mille"] = s.sums.PerTraffic("gmv_per_mille", indicators.Paid, "impressions", 1000)
	figures["effective_gmv"] = s.sums.PaidPerDay()
	s.stars = n.prices.of(s.codes)
	if !n.has(contract.Products) {
		return
	}
	info := s.fact("info_score")
	figures["info_score"] = indicators.Given(func(row int) (float64, bool) {
		v := realAt(info.At(row))
		return 3 + 2*v/100, !math.IsNaN(v)
	})
	figures["price_power"] = indicators.Given(func(row int) (float64, bool) {
		stars := s.stars[row]
		if stars <= 0 {
			return 0, false
		}
		return n.rules.Price.Points[5-stars], true
	})
}

// soldByShops sees the sales of the shops' windows, in days, through prices.
func (n *night) soldByShops(s *scored, window func(row int) int64) *indicators.Sold {
	sold, products := indicators.NewSold(len(s.codes)), n.scored[contract.ScoreProduct]
	merchants := products.fact("merchant_id")
	for i, stars := range products.stars {
		if stars <= 0 {
			continue
		}
		row := s.rows.Row(merchants.At(i))
		if row < 0 {
			continue
		}
		if paid := products.sums.PaidIn[int(window(row))].At(i); paid > 0 {
			sold.AddPrice(row, int(stars), paid, true)
		}
	}
	return sold
}

// remember puts tonight's scores into the history and finds those of the run before.
func (n *night) remember(ctx context.Context, role int, s *scored) error {
	t := historyTables[role]
	columns := []string{t.Key[0], "dt", "score_hundredths"}
	if role == contract.ScoreProduct {
		columns = append(columns, "quality_hundredths")
	}
	var err error
	if s.history, err = s.Role.Remember(n.groupsBefore(ctx, t, nil, columns...), t.Key[0], role == contract.ScoreProduct); err != nil {
		return err
	}
	s.Before = s.history.Last()
	switch role {
	case contract.ScoreProduct:
		s.Merchant = s.shops
	case contract.ScoreMerchant:
		s.Goods = n.goodsScores(s)
	}
	return nil
}

var historyTables = []*contract.Table{contract.ScoreProduct: contract.ProductScoreHistory, contract.ScoreMerchant: contract.ShopScoreHistory, contract.ScoreTalent: contract.TalentScoreHistory}

// goodsScores are 商品分 by shop, weighted with gmv_net15 of 30 days; NaN: none of its products has one, or what came back is not known.
func (n *night) goodsScores(s *scored) []float64 {
	products := n.scored[contract.ScoreProduct]
	weight, sum, out := make([]float64, len(s.codes)), make([]float64, len(s.codes)), make([]float64, len(s.codes))
	settled := n.settledOf(products)
	for i, total := range products.Scores.Total {
		net := settled.net15.At(i)
		if net <= 0 || total == 0 || !settled.netKnown {
			continue
		}
		row := s.rows.Row(products.shops.At(i))
		if row < 0 {
			continue
		}
		weight[row] += float64(net)
		sum[row] += float64(net) * float64(total) / 100
	}
	for row := range out {
		if out[row] = math.NaN(); weight[row] > 0 {
			out[row] = sum[row] / weight[row]
		}
	}
	return out
}

// normsOf are the norms in force for a role in a month, nil in the first one.
func (n *night) normsOf(ctx context.Context, role int, month calendar.Day) (*score.Norms, error) {
	if n.normsBefore == nil {
		var err error
		if n.normsBefore, err = n.tableBefore(ctx, contract.ScoreNorms); n.normsBefore == nil || err != nil {
			return nil, err
		}
	}
	return score.ReadNorms(n.normsBefore, n.runner.ids, month, role)
}

// normsTonight are the norms that a role is held against. The last night of a month measures those of the next; where it
// was never published, the first night after it measures them, from its own figures, and they hold for the rest of the
// month.
func (n *night) normsTonight(ctx context.Context, role int, f *score.Figures) (*score.Norms, error) {
	norms, err := n.normsOf(ctx, role, n.asOf.Month())
	if norms != nil || err != nil || !n.missedMonthEnd() {
		return norms, err
	}
	rule, known := n.ruleOf(role)
	if norms, err = score.Measure(n.rules, rule, known, f); err != nil {
		return nil, err
	}
	n.measured[role] = norms
	return norms, nil
}

// missedMonthEnd tells whether a month has ended since the run before, without a night of its last day.
func (n *night) missedMonthEnd() bool {
	if n.previous == nil {
		return false
	}
	before := n.previous.manifest.AsOf
	return before.Month() != n.asOf.Month() && before != before.MonthEnd()
}

// publishNorms carries the norms of the month on and, on its last day, measures those of the next.
func (n *night) publishNorms(ctx context.Context) error {
	var all []score.MonthNorms
	month := n.asOf.Month()
	for role, s := range n.scored {
		now, err := n.normsOf(ctx, role, month)
		if err != nil {
			return err
		}
		if now == nil {
			now = n.measured[role]
		}
		if now != nil {
			all = append(all, score.MonthNorms{Month: month, Role: role, Norms: now})
		}
		if n.asOf != n.asOf.MonthEnd() {
			continue
		}
		rule, known := n.ruleOf(role)
		next, err := score.Measure(n.rules, rule, known, s.Figures)
		if err != nil {
			return err
		}
		all = append(all, score.MonthNorms{Month: n.asOf + 1, Role: role, Norms: next})
	}
	n.publishRows(contract.ScoreNorms, score.NormTable(n.asOf, n.runner.ids, all))
	return nil
}

func (n *night) publishScores() {
	var byName []*score.Role
	for _, role := range contract.TextOrder(contract.ScoreRoles) {
		byName = append(byName, n.scored[role].Role)
	}
	n.publishRows(contract.ScoreIndicators, score.IndicatorTable(byName))
	for role, t := range []*contract.Table{contract.ProductScore, contract.ShopScore, contract.TalentScore} {
		s := n.scored[role]
		n.publishRows(t, s.Role.Table())
		n.publishRows(historyTables[role], s.Role.HistoryTable(s.history))
	}
}

// tableBefore is a table of the night before, or the named columns of it; nil on a cold start or if that night did not
// have it.
func (n *night) tableBefore(ctx context.Context, t *contract.Table, columns ...string) (*column.Frame, error) {
	if !n.hadBefore(t) {
		return nil, nil
	}
	return n.runner.publishedFrame(ctx, n.previous, t, columns...)
}

// groupsBefore is tableBefore a row group at a time, for tables that are as large as tonight's; the columns named as texts
// stay texts.
func (n *night) groupsBefore(ctx context.Context, t *contract.Table, texts []string, columns ...string) iter.Seq2[*column.Frame, error] {
	if !n.hadBefore(t) {
		return nil
	}
	return n.runner.publishedGroups(ctx, n.previous, t, texts, columns...)
}

func (n *night) hadBefore(t *contract.Table) bool {
	return n.previous != nil && slices.ContainsFunc(n.previous.manifest.Outputs, func(o Output) bool { return o.Table == t.Name })
}
