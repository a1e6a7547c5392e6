package eligibility_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/rules"
	"pgregory.net/rapid"
)

// TestNeeds asks what products need for the subsidy list.
func TestNeeds(t *testing.T) {
	type product struct {
		score, quality, shop   [][]int16
		stars, orders, refunds float64
		brand                  float64
	}
	gate := func(at int, by float64) eligibility.Need {
		return eligibility.Need{Verdict: eligibility.NeedsGate, Own: 460, Quality: 440, Gate: at, By: by}
	}
	verdict := func(v eligibility.Verdict) eligibility.Need {
		return eligibility.Need{Verdict: v, Own: 460, Quality: 440, Gate: -1}
	}
	for _, c := range []struct {
		name   string
		change func(*product)
		want   eligibility.Need
	}{
		{"nothing", func(*product) {}, verdict(eligibility.NeedsNothing)},
		{"a better score", func(p *product) { p.score = steady(7, 4.50) }, verdict(eligibility.NeedsScore)},
		{"a better score and better quality, which one indicator may bring", func(p *product) { p.score, p.quality = steady(7, 4.50), steady(7, 4.30) },
			verdict(eligibility.NeedsScore)},
		{"better quality alone", func(p *product) { p.quality = steady(7, 4.30) }, verdict(eligibility.NeedsScore)},
		{"a score at all", func(p *product) { p.score = steady(7, none) }, verdict(eligibility.NeedsScore)},
		{"data of the quality that the score lacks", func(p *product) { p.quality = steady(7, none) }, eligibility.Need{Verdict: eligibility.NeedsGate, Own: 460, Gate: 1, By: none}},
		{"a better score, and data of its quality", func(p *product) { p.score, p.quality = steady(7, 4.50), steady(7, none) }, eligibility.Need{Verdict: eligibility.NeedsMore, Own: 460, Gate: -1}},
		{"only time: tonight's score would do", func(p *product) { p.score = repeat(6, 4.30, 4.60) }, verdict(eligibility.NeedsTime)},
		{"only time: the history is short", func(p *product) { p.score = repeat(3, 4.80) }, verdict(eligibility.NeedsTime)},
		{"one star more", func(p *product) { p.stars = 3 }, gate(3, 1)},
		{"stars that are not known", func(p *product) { p.stars = none }, gate(3, none)},
		{"nothing where the exception holds", func(p *product) { p.stars, p.brand = 1, 1 }, verdict(eligibility.NeedsNothing)},
		{"thirty orders more", func(p *product) { p.orders = 70 }, gate(4, 30)},
		{"half of the refunds", func(p *product) { p.refunds = 3 }, gate(5, -1.5)},
		{"a better shop, which is another's score", func(p *product) { p.shop = steady(7, 4.30) }, gate(2, 0.1)},
		{"only time: the shop's history is short", func(p *product) { p.shop = repeat(3, 4.80) }, verdict(eligibility.NeedsTime)},
		{"only time: both histories are short", func(p *product) { p.score, p.shop = repeat(3, 4.80), repeat(3, 4.80) }, verdict(eligibility.NeedsTime)},
		{"only time: what the shop has tonight would do", func(p *product) { p.shop = runsOf(4.50, 4.20, 4.20) }, verdict(eligibility.NeedsTime)},
		{"a better shop, whose history is short too", func(p *product) { p.shop = repeat(3, 4.30) }, gate(2, 0.1)},
		{"what cannot be told yet: the shop's few runs would do, tonight's would not", func(p *product) { p.shop = runsOf(4.30, 4.80, 4.80) }, verdict(eligibility.NeedsMore)},
		{"orders, and time for the shop", func(p *product) { p.shop, p.orders = repeat(3, 4.80), 70 }, verdict(eligibility.NeedsMore)},
		{"a better score, and time for the shop", func(p *product) { p.shop, p.score = repeat(3, 4.80), steady(7, 4.50) }, verdict(eligibility.NeedsMore)},
		{"two other things", func(p *product) { p.stars, p.orders = 3, 70 }, verdict(eligibility.NeedsMore)},
		{"score and orders", func(p *product) { p.score, p.orders = steady(7, 4.50), 70 }, verdict(eligibility.NeedsMore)},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := product{steady(7, 4.80), steady(7, 4.50), steady(7, 4.50), 4, 100, 1.5, 0}
			c.change(&p)
			s := subjects(1)
			s.Shop = []int32{0}
			s.Measures = map[string][]float64{
				"price_stars": {p.stars}, "brand_not_comparable": {p.brand}, "valid_orders_30d": {p.orders}, "refund_rate_to_category": {p.refunds},
			}
			h := eligibility.History{"product_score": p.score, "product_quality": p.quality, "shop_score": p.shop}
			d := decided(theRules(), subsidy(), asOf, s, h, nil, nil, false)
			if diff := cmp.Diff(c.want, d.Needs(0), cmpopts.EquateNaNs(), cmpopts.EquateApprox(0, 1e-12)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAGateThatIsExceptedAsksForNothing(t *testing.T) {
	l := subsidy()
	l.Gates[0].Unless = "brand_not_comparable"
	s := subjects(1)
	s.Measures = map[string][]float64{"brand_not_comparable": {1}}
	h := eligibility.History{"product_score": steady(7, 4.00), "product_quality": steady(7, 4.00)}
	if n := decided(theRules(), l, asOf, s, h, nil, nil, false).Needs(0); n.Own != 0 || n.Quality != 440 {
		t.Errorf("got %+v", n)
	}
}

func TestABoundBetweenHundredthsAsksForTheNextOne(t *testing.T) {
	d := decided(theRules(), today(4.465), asOf, subjects(1), eligibility.History{"shop_score": {hundredths(4.46)}}, nil, nil, false)
	if n := d.Needs(0); n.Own != 447 || d.Qualifies(0, eligibility.Change{Own: 446}) || !d.Qualifies(0, eligibility.Change{Own: 447}) {
		t.Errorf("got %+v", n)
	}
}

// TestDaysOfAnotherUnderABoundHaveToRise: the value of a gate over days is a number of days, whatever the bound of a day.
func TestDaysOfAnotherUnderABoundHaveToRise(t *testing.T) {
	l := &rules.List{Role: "product", Gates: []rules.Gate{{Measure: "shop_score", Over: "days", Days: 3, OfDays: 3, AtMost: bound(4)}}}
	d := decided(theRules(), l, asOf, subjects(1), eligibility.History{"shop_score": runsOf(3.90, 4.50, 4.50)}, nil, nil, false)
	if n := d.Needs(0); n.Verdict != eligibility.NeedsGate || n.By != 2 {
		t.Errorf("got %+v", n)
	}
}

func TestAShopOnNineteenDaysNeedsTime(t *testing.T) {
	s := subjects(1)
	s.Measures["severe_violations_90d"] = []float64{0}
	h := eligibility.History{"shop_score": append(repeat(19, 4.80), repeat(11, 4.20)...)}
	d := decided(theRules(), benefit(), asOf, s, h, nil, nil, false)
	if n := d.Needs(0); n.Verdict != eligibility.NeedsTime || n.Own != 470 {
		t.Errorf("got %+v", n)
	}
	if !d.Qualifies(0, eligibility.Change{Own: 470}) || d.Qualifies(0, eligibility.Change{Own: 469}) || d.Qualifies(0, eligibility.Change{}) {
		t.Error("4.70 on each of thirty days qualifies, 4.69 and what was do not")
	}
}

func TestASevereViolationMoreIsOneLess(t *testing.T) {
	s := subjects(1)
	s.Measures["severe_violations_90d"] = []float64{1}
	d := decided(theRules(), benefit(), asOf, s, eligibility.History{"shop_score": steady(30, 4.80)}, nil, nil, false)
	want := eligibility.Need{Verdict: eligibility.NeedsGate, Own: 470, Gate: 1, By: -1}
	if diff := cmp.Diff(want, d.Needs(0)); diff != "" {
		t.Error(diff)
	}
}

// TestNeedsIsTheLeastThatQualifies holds Needs against Qualifies.
func TestNeedsIsTheLeastThatQualifies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMarket(t, false)
		for i := range m.l.Gates { // no score is ever too high
			if g := &m.l.Gates[i]; g.AtMost != nil && g.Measure != "refund_rate_to_category" {
				g.AtLeast, g.AtMost = g.AtMost, nil
			}
		}
		for range rapid.IntRange(1, 4).Draw(t, "nights") {
			m.nextNight(t)
		}
		d := m.decide(0, nil, false)
		for i := range m.s.N {
			n := d.Needs(i)
			asked := eligibility.Change{Own: n.Own, Quality: n.Quality}
			pass := d.Failed[i] == 0
			if pass != (n.Verdict == eligibility.NeedsNothing) || pass != d.Qualifies(i, eligibility.Change{}) {
				t.Fatalf("subject %d: passes %v, needs %+v", i, pass, n)
			}
			byScore := n.Verdict <= eligibility.NeedsScore
			if d.Qualifies(i, asked) != byScore && (n.Verdict != eligibility.NeedsTime || !stands(m, d, i)) {
				t.Fatalf("subject %d: needs %+v, qualifies with that: %v", i, n, !byScore)
			}
			if n.Verdict == eligibility.NeedsGate && d.Gates(i, nil)[n.Gate].Margin > 0 {
				t.Fatalf("subject %d: needs %+v, and is on the good side", i, n)
			}
			if n.Verdict == eligibility.NeedsScore && lessQualifies(d, i, n) {
				t.Fatalf("subject %d: less than %+v qualifies", i, n)
			}
		}
	})
}

// stands tells whether the gates that fail pass if tonight's scores stand.
func stands(m *market, d *eligibility.Decision, i int) bool {
	later, r := *m, *m.r
	r.Stability.MeanRuns = max(r.Stability.MeanRuns, r.Stability.MeanNeeds) // else no mean has runs enough
	later.r, later.h = &r, eligibility.History{}
	for measure, runs := range m.h {
		for range 7 {
			later.h[measure] = append(later.h[measure], runs[0])
		}
	}
	then := later.decide(0, nil, false).Gates(i, nil)
	for g, res := range d.Gates(i, nil) {
		if !res.State.Passes() && !then[g].State.Passes() {
			return false
		}
	}
	return true
}

// lessQualifies tells whether a hundredth less of both scores would do as well.
func lessQualifies(d *eligibility.Decision, i int, n eligibility.Need) bool {
	less := func(v int16) int16 {
		if v == 0 {
			return 0
		}
		return v - 1
	}
	return d.Qualifies(i, eligibility.Change{Own: less(n.Own), Quality: less(n.Quality)})
}

func TestAScoreThatNoGateAsksForIsZero(t *testing.T) {
	l := &rules.List{Role: "talent", Gates: []rules.Gate{{Measure: "valid_orders_30d", AtLeast: bound(1)}}}
	d := decided(theRules(), l, asOf, subjects(1), nil, nil, nil, false)
	n := d.Needs(0)
	if n.Own != 0 || n.Quality != 0 || !math.IsNaN(n.By) {
		t.Errorf("got %+v", n)
	}
}
