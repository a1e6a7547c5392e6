package explain

import (
	"slices"
	"strings"

	"github.com/windvane/windvane/reports/words"
)

// Row is one row of a published table by column: nil for null, string (ids, days and enumerations too), int64,
// float64 or bool. A column that is missing is null.
type Row map[string]any

// Rows are all that was found of a subject.
type Rows struct {
	Score      Row
	Indicators []Row
	Price      Row            // nil: none
	Shop       Row            // of products; nil: none
	Lists      map[string]Row // list → its row; the resource stands under "resource"
	Gates      []Row          // of all lists
}

// Head is what is known before the tables are read.
type Head struct {
	AsOf          string
	Sequence      int
	Run           string
	Role, Subject string
	Dimensions    []string // of the role's score
}

// ShopDimensions are those of a product's shop.
type ShopDimensions []string

// Build puts an explanation together. Lists are in the order of the rules, others behind them by their ids.
func Build(h Head, shop ShopDimensions, rows Rows, b words.Book) Explanation {
	e := Explanation{Format: Format, AsOf: h.AsOf, Sequence: h.Sequence, Run: h.Run, Role: h.Role, SubjectID: h.Subject, RulesAtHand: b.Exact,
		MerchantID: rows.Score.text("merchant_id"), Category1ID: rows.Score.text("category1_id"), RulesVersion: rows.Score.word("rules_version"),
		Score: scoreOf(h.Subject, rows.Score, h.Dimensions), Indicators: []Indicator{}, Lists: []List{}}
	if h.Role != "product" {
		e.MerchantID = nil
	}
	if b.Exact && b.Before != nil {
		since := b.Rules.EffectiveFrom.String()
		e.RulesSince, e.RulesBefore = &since, &b.Before.Version
	}
	e.addIndicators(rows.Indicators, b)
	if rows.Price != nil {
		e.Price = priceOf(rows.Price)
	}
	if rows.Shop != nil {
		s := scoreOf(rows.Shop.word("merchant_id"), rows.Shop, shop)
		e.Shop = &s
	}
	for _, id := range listOrder(rows.Lists, b) {
		row := rows.Lists[id]
		if e.Name == nil {
			e.Name = row.text("subject_name")
		}
		e.Lists = append(e.Lists, listOf(h.Role, row, rows.Gates, b))
	}
	return e
}

func listOrder(lists map[string]Row, b words.Book) []string {
	var ids []string
	if b.Rules != nil {
		for _, l := range b.Rules.Lists {
			if _, ok := lists[l.ID]; ok {
				ids = append(ids, l.ID)
			}
		}
	}
	var others []string
	for id := range lists {
		if !slices.Contains(ids, id) {
			others = append(others, id)
		}
	}
	slices.Sort(others)
	return append(ids, others...)
}

func scoreOf(id string, r Row, dimensions []string) Score {
	s := Score{SubjectID: id, Status: r.word("status"), Score: r.real("score"), Grade: r.text("grade"), Tier: r.text("tier"), GoodsScore: r.real("goods_score"),
		LowerScore: r.real("lower_score"), Orders: r.count("orders"), WindowDays: r.count("window_days"), Coverage: r.number("coverage_ratio"),
		Change: r.real("change"), Points: r.count("violation_points"), Dimensions: []Dimension{}}
	for _, d := range dimensions {
		s.Dimensions = append(s.Dimensions, Dimension{d, r.real(d + "_score")})
	}
	return s
}

// addIndicators adds the steps in the order of the rules.
func (e *Explanation) addIndicators(rows []Row, b words.Book) {
	sum := 0.0
	for _, r := range rows {
		in := Indicator{ID: r.word("indicator"), Dimension: r.word("dimension"), State: r.word("state"), Numerator: r.real("numerator"),
			Denominator: r.real("denominator"), Mean: r.real("mean"), Strength: r.real("strength"), Value: r.real("value"), NormLevel: r.text("norm_level"),
			Points: r.real("points"), Weight: r.number("weight"), Effective: r.number("effective_weight"), Contribution: r.real("contribution"),
			Anchors: []*float64{r.real("anchor_best"), r.real("anchor_good"), r.real("anchor_fair"), r.real("anchor_poor")}}
		if in.Anchors[0] == nil {
			in.Anchors = []*float64{}
		}
		sum += r.number("contribution")
		e.Indicators = append(e.Indicators, in)
	}
	order := b.Order(e.Role)
	place := func(in Indicator) int {
		if at := slices.Index(order, in.ID); at >= 0 {
			return at
		}
		return len(order)
	}
	slices.SortStableFunc(e.Indicators, func(a, b Indicator) int { return place(a) - place(b) })
	if len(rows) > 0 && e.Score.Score != nil {
		e.Score.Sum = &sum
	}
}

func priceOf(r Row) *Price {
	return &Price{StyleID: r.text("style_id"), UnitPriceFen: r.count("unit_price_fen"), Orders: r.count("orders"), BenchmarkShops: r.count("benchmark_shops"),
		BenchmarkOrders: r.count("benchmark_orders"), BenchmarkFen: r.whole("benchmark_fen"), Ratio: r.real("price_ratio"), Stars: r.whole("stars"), Status: r.word("status")}
}

func listOf(role string, r Row, gates []Row, b words.Book) List {
	l := List{ID: r.word("list"), Resource: r.word("resource"), Eligible: r.flag("eligible"), Rank: r.whole("rank"), RankBefore: r.whole("rank_before"),
		Level: r.text("level"), Multiplier: r.real("multiplier"), Movement: r.word("movement"), Since: r.word("since"), Gates: []Gate{},
		FailedGates: split(r.word("failed_gates")), Reasons: split(r.word("reasons")), Needs: r.word("needs"), Standing: r.flag("standing"),
		PassStreak: r.count("pass_streak"), FailStreak: r.count("fail_streak"), ColdStart: r.flag("cold_start"), Stale: r.flag("stale"),
		Override: r.text("override"), ValidFrom: r.word("valid_from"), ValidTo: r.word("valid_to"), RulesVersion: r.word("rules_version")}
	for _, g := range gates {
		if g.word("list") == l.ID {
			l.Gates = append(l.Gates, Gate{ID: g.word("gate"), Value: g.real("value"), Threshold: g.number("threshold"), Margin: g.real("margin"),
				State: g.word("state"), InBand: g.flag("in_band"), Since: g.text("since")})
		}
	}
	if data := r.whole("cause_data"); data != nil {
		l.Causes = &Causes{*data, r.count("cause_others"), r.whole("cause_late_data"), r.count("cause_rules")}
	}
	l.orderGates(b)
	c := words.Change{List: l.ID, Role: role, Needs: l.Needs, Of: r.word("change_of"), From: r.real("change_from"), To: r.real("change_to"),
		Events: r.real("change_events"), Volume: r.real("change_volume"), Failed: r.word("failed_gates"), Reasons: r.word("reasons")}
	l.NeedsEnglish, l.NeedsChinese = c.English(), c.Chinese(b)
	if c.Of != "" {
		l.Change = &Change{c.Of, c.From, c.To, c.Events, c.Volume}
	}
	l.countRuns(b)
	return l
}

// orderGates puts the gates in the order of the rules.
func (l *List) orderGates(b words.Book) {
	list := b.ListRules(l.ID)
	if list == nil {
		return
	}
	place := map[string]int{}
	for i, g := range list.Gates {
		place[g.ID] = i - len(list.Gates)
	}
	slices.SortStableFunc(l.Gates, func(a, b Gate) int { return place[a.ID] - place[b.ID] })
}

// countRuns says how many runs are left until the subject stands, or a member leaves, which only the night's rules tell, and only where
// streaks decide it: not people, the cold start or, of a member, a level that weighs nothing. Who will stand enters if its level weighs
// something and its shop has a place, which is told of nobody who does not stand yet.
func (l *List) countRuns(b words.Book) {
	if !b.Exact || l.decidedByPeople() {
		return
	}
	switch {
	case !l.Standing && !l.Eligible:
		n := max(1, int64(b.Rules.Stability.EnterAfter)-l.PassStreak)
		l.RunsToEnter = &n
	case l.Standing && l.Eligible && !l.ColdStart && !l.because("zero_weight") && l.FailStreak > 0:
		n := max(1, int64(b.Rules.Stability.LeaveAfter)-l.FailStreak)
		l.RunsToLeave = &n
	}
}

// decidedByPeople tells whether somebody let it in or keeps it out, whatever its runs say.
func (l *List) decidedByPeople() bool {
	return l.because("override_allow") || l.because("override_deny") || l.because("override_opt_out")
}

func (l *List) because(reason string) bool { return slices.Contains(l.Reasons, reason) }

func split(codes string) []string {
	if codes == "" {
		return []string{}
	}
	return strings.Split(codes, ",")
}

func (r Row) word(name string) string {
	s, _ := r[name].(string)
	return s
}

func (r Row) text(name string) *string {
	if s, ok := r[name].(string); ok {
		return &s
	}
	return nil
}

func (r Row) real(name string) *float64 {
	if v, ok := r[name].(float64); ok {
		return &v
	}
	return nil
}

func (r Row) whole(name string) *int64 {
	if v, ok := r[name].(int64); ok {
		return &v
	}
	return nil
}

func (r Row) number(name string) float64 {
	v, _ := r[name].(float64)
	return v
}

func (r Row) count(name string) int64 {
	v, _ := r[name].(int64)
	return v
}

func (r Row) flag(name string) bool {
	v, _ := r[name].(bool)
	return v
}
