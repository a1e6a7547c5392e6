package eligibility_test

import (
	"math"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/rules"
)

// asOf is the first night of most tests.
var asOf = calendar.Of(2026, 1, 31)

var none = math.NaN()

func bound(v float64) *float64 { return &v }

// theRules are the numbers of definitions.md, section 10, that no list carries.
func theRules() *rules.Rules {
	return &rules.Rules{Stability: rules.Stability{
		EnterAfter: 3, LeaveAfter: 3, Band: 0.05, MeanRuns: 7, MeanNeeds: 4, ValidDays: 1,
	}}
}

// traffic is the traffic list of products, with tonight's scores as floor gates.
func traffic() *rules.List {
	f := []rules.Step{{Level: "A+", AtLeast: 4.85, Multiplier: 1.30}, {Level: "A", AtLeast: 4.70, Multiplier: 1.20},
		{Level: "B", AtLeast: 4.40, Multiplier: 1}, {Level: "C", AtLeast: 4, Multiplier: 0.70}, {Level: "D", AtLeast: 3, Multiplier: 0}}
	g := []rules.Step{{Level: "G4", AtLeast: 4.85, Multiplier: 1.15}, {Level: "G3", AtLeast: 4.70, Multiplier: 1.10},
		{Level: "G2", AtLeast: 4.40, Multiplier: 1}, {Level: "G1", AtLeast: 4, Multiplier: 0.85}, {Level: "G0", AtLeast: 3, Multiplier: 0}}
	return &rules.List{
		ID: "traffic_product", Role: "product",
		Gates: []rules.Gate{
			{ID: "product", Measure: "product_score", AtLeast: bound(4), Floor: true},
			{ID: "shop", Measure: "shop_score", AtLeast: bound(4), Floor: true},
		},
		Levels: []rules.Scale{{Measure: "shop_score", Steps: f, NoScore: 1}, {Measure: "product_score", Steps: g, NoScore: 1}},
	}
}

// subsidy is the subsidy list of products: means, a dimension, an exception, orders and refunds.
func subsidy() *rules.List {
	tiers := []rules.Step{{Level: "1", AtLeast: 4.85, Multiplier: 1}, {Level: "2", AtLeast: 4.70, Multiplier: 1}, {Level: "3", AtLeast: 4.60, Multiplier: 1}}
	return &rules.List{
		ID: "subsidy_product", Role: "product",
		Gates: []rules.Gate{
			{ID: "product", Measure: "product_score", Over: "mean", AtLeast: bound(4.60)},
			{ID: "quality", Measure: "product_quality", Over: "mean", AtLeast: bound(4.40)},
			{ID: "shop", Measure: "shop_score", Over: "mean", AtLeast: bound(4.40)},
			{ID: "price", Measure: "price_stars", AtLeast: bound(4), Unless: "brand_not_comparable"},
			{ID: "orders", Measure: "valid_orders_30d", AtLeast: bound(100)},
			{ID: "refunds", Measure: "refund_rate_to_category", AtMost: bound(1.5)},
		},
		Levels:     []rules.Scale{{Measure: "product_score", Over: "mean", Steps: tiers}},
		CapPerShop: &rules.Cap{Share: 0.1, Least: 1, Most: 20},
	}
}

// benefit is the benefit list of shops: 20 of 30 days, and no severe violation.
func benefit() *rules.List {
	return &rules.List{
		ID: "benefit_shop", Role: "merchant",
		Gates: []rules.Gate{
			{ID: "shop", Measure: "shop_score", Over: "days", Days: 20, OfDays: 30, AtLeast: bound(4.70)},
			{ID: "severe", Measure: "severe_violations_90d", AtMost: bound(0), AtOnce: true},
		},
		Levels: []rules.Scale{{Measure: "shop_score", Steps: []rules.Step{{Level: "A+", AtLeast: 4.85, Multiplier: 1}, {Level: "A", AtLeast: 4.70, Multiplier: 1}}}},
	}
}

// campaign is the A-class campaign list of shops, with cold start.
func campaign() *rules.List {
	return &rules.List{
		ID: "campaign_shop", Role: "merchant",
		Gates: []rules.Gate{
			{ID: "shop", Measure: "shop_score", Over: "mean", AtLeast: bound(4.40)},
			{ID: "severe", Measure: "severe_violations_90d", AtMost: bound(0), AtOnce: true},
		},
		ColdStart: 0.1,
	}
}

// today is a list of shops with one gate on tonight's score.
func today(atLeast float64) *rules.List {
	return &rules.List{ID: "today", Role: "merchant", Gates: []rules.Gate{{ID: "shop", Measure: "shop_score", AtLeast: bound(atLeast)}}}
}

// considered are subjects in columns that tests change.
type considered struct {
	N                int
	Shop, Category   []int32
	Measures         map[string][]float64
	Lower, Info      []float64
	GMVNet15, Orders []int64
	ColdStart        []bool
	Grades           []int8
	ShopScores       [][]int16
}

// subjects are the columns as they stand.
func (s *considered) subjects() *eligibility.Subjects {
	out := &eligibility.Subjects{N: s.N, Shop: s.Shop, Category: column.NewInts(s.Category), Measures: map[string]eligibility.Measure{}, Lower: measure(s.Lower),
		GMVNet15: column.NewInts(s.GMVNet15), Orders: column.NewInts(s.Orders), Info: measure(s.Info), ColdStart: s.ColdStart, Grades: s.Grades, ShopScores: s.ShopScores}
	for name, values := range s.Measures {
		out.Measures[name] = measure(values)
	}
	return out
}

func measure(values []float64) eligibility.Measure {
	if values == nil {
		return nil
	}
	return func(subject int) float64 { return values[subject] }
}

func decided(r *rules.Rules, l *rules.List, asOf calendar.Day, s *considered, h eligibility.History, b *eligibility.Before, o map[int]eligibility.Override, stale bool) *eligibility.Decision {
	return eligibility.Decide(r, l, asOf, s.subjects(), h, b, o, stale)
}

func held(r *rules.Rules, l *rules.List, asOf calendar.Day, s *considered, h eligibility.History, b *eligibility.Before, o map[int]eligibility.Override) *eligibility.Decision {
	return eligibility.Hold(r, l, asOf, s.subjects(), h, b, o)
}

// subjects are n subjects of one category that nothing sets apart.
func subjects(n int) *considered {
	s := &considered{
		N: n, Category: make([]int32, n), Measures: map[string][]float64{},
		Lower: make([]float64, n), GMVNet15: make([]int64, n), Orders: make([]int64, n),
	}
	for i := range s.Lower {
		s.Lower[i] = none
	}
	return s
}

// hundredths writes scores as a run; none is no score.
func hundredths(scores ...float64) []int16 {
	run := make([]int16, len(scores))
	for i, v := range scores {
		if !math.IsNaN(v) {
			run[i] = int16(math.Round(v * 100))
		}
	}
	return run
}

// steady is a history in which every run is alike.
func steady(runs int, scores ...float64) [][]int16 {
	h := make([][]int16, runs)
	for i := range h {
		h[i] = hundredths(scores...)
	}
	return h
}

// emptyBefore is a list before that had nobody on it.
func emptyBefore(n int) *eligibility.Before {
	return &eligibility.Before{
		Member: make([]bool, n), Standing: make([]bool, n), PassStreak: make([]int16, n), FailStreak: make([]int16, n),
		Since: make([]calendar.Day, n), Rank: make([]int32, n), Level: make([]int8, n), Multiplier: make([]float64, n),
		Entitled: make([]bool, n), ColdStart: make([]bool, n),
	}
}

// carried is a decision as the list before of the next night.
func carried(d *eligibility.Decision) *eligibility.Before {
	b := &eligibility.Before{
		Member: d.Member, Standing: d.Standing, PassStreak: d.PassStreak, FailStreak: d.FailStreak,
		Since: d.Since, Rank: d.Rank, Level: d.Level, Multiplier: d.Multiplier, Gates: d.GateSpans,
		Entitled: d.Outcome().Entitled, ColdStart: make([]bool, len(d.Member)),
	}
	for i, r := range d.Reasons {
		b.ColdStart[i] = r.Has(eligibility.ColdStart)
	}
	return b
}
