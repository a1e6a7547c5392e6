package eligibility_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/rules"
)

func TestLevelsAndMultipliersOfTraffic(t *testing.T) {
	for _, c := range []struct {
		name          string
		product, shop float64
		member        bool
		level         int8
		multiplier    float64
		reasons       string
	}{
		{"best of both", 4.85, 4.85, true, 0, 1.495, "first_run"},
		{"an A shop's G1 product", 4.00, 4.84, true, 1, 1.02, "first_run"},
		{"a product without a score weighs by its shop", none, 4.70, true, 1, 1.2, "first_run"},
		{"a shop without a score has no level", 4.40, none, true, eligibility.NoLevel, 1, "first_run"},
		{"a D shop's product has no weight and does not pass", 4.90, 3.99, false, 4, 0, "gate_failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := subjects(1)
			s.Shop = []int32{0}
			h := eligibility.History{"product_score": {hundredths(c.product)}, "shop_score": {hundredths(c.shop)}}
			d := decided(theRules(), traffic(), asOf, s, h, nil, nil, false)
			if d.Member[0] != c.member || d.Level[0] != c.level || d.Multiplier[0] != c.multiplier || d.Reasons[0].String() != c.reasons {
				t.Errorf("got %v level %d × %v because %s, want %+v", d.Member[0], d.Level[0], d.Multiplier[0], d.Reasons[0], c)
			}
		})
	}
}

// A level read off tonight's own score is no better than its grade, a mean has none.
func TestALevelIsNoBetterThanTheGrade(t *testing.T) {
	const a, b, c, d = 1, 2, 3, 4
	r := theRules()
	r.Grades = []rules.Grade{{AtLeast: 4.85}, {AtLeast: 4.70}, {AtLeast: 4.40}, {AtLeast: 4.00}, {AtLeast: 3.00}}
	for _, c := range []struct {
		name       string
		score      float64
		grade      int8
		over       string
		level      int8
		multiplier float64
	}{
		{"a grade that the score has", 4.75, a, "", 1, 1.10},
		{"behind the quality gate", 4.75, c, "", 3, 0.85},
		{"behind it, and just as good as the next better grade", 4.40, c, "today", 3, 0.85},
		{"behind it, and no better than it allows", 4.39, c, "", 3, 0.85},
		{"behind it, and worse than it allows", 3.90, d, "", 4, 0},
		{"behind a gate that allows B", 4.90, b, "", 2, 1},
		{"without a score", none, -1, "", eligibility.NoLevel, 1},
		{"a mean", 4.75, c, "mean", 1, 1.10},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := traffic()
			l.Levels = l.Levels[1:]
			l.Levels[0].Over = c.over
			s := subjects(1)
			s.Shop, s.Grades = []int32{0}, []int8{c.grade}
			h := eligibility.History{"product_score": {hundredths(c.score)}, "shop_score": {hundredths(4.50)}}
			d := decided(r, l, asOf, s, h, nil, nil, false)
			if d.Level[0] != c.level || d.Multiplier[0] != c.multiplier {
				t.Errorf("level %d × %v, want %d × %v", d.Level[0], d.Multiplier[0], c.level, c.multiplier)
			}
		})
	}
}

func TestWhoStandsWithoutWeightIsNoMember(t *testing.T) {
	b := emptyBefore(1)
	b.Member[0], b.Standing[0] = true, true
	s := subjects(1)
	s.Shop = []int32{0}
	h := eligibility.History{"product_score": {hundredths(3.97)}, "shop_score": {hundredths(4.50)}}
	d := decided(theRules(), traffic(), asOf, s, h, b, nil, false)
	if got := told(d, 0); got != "left 0/0 gate_failed,held_in_band,zero_weight" || !d.Standing[0] {
		t.Errorf("got %q, standing %v", got, d.Standing[0])
	}
}

func TestBelowTheLastStepAMemberKeepsTheLastLevelAndOthersHaveNone(t *testing.T) {
	l := benefit()
	l.Gates = []rules.Gate{{Measure: "shop_score", AtLeast: bound(4.70)}}
	b := emptyBefore(2)
	b.Member[0], b.Standing[0] = true, true
	d := decided(theRules(), l, asOf, subjects(2), eligibility.History{"shop_score": {hundredths(4.66, 4.66)}}, b, nil, false)
	if diff := cmp.Diff([]int8{1, eligibility.NoLevel}, d.Level); diff != "" {
		t.Error(diff)
	}
}

func TestAScaleMayLookAtAMeasureThatIsNoScore(t *testing.T) {
	l := today(4)
	l.Levels = []rules.Scale{{Measure: "price_stars", NoScore: 0.5, Steps: []rules.Step{{AtLeast: 5, Multiplier: 2}, {AtLeast: 3, Multiplier: 1}}}}
	s := subjects(3)
	s.Measures["price_stars"] = []float64{5, 4, none}
	d := decided(theRules(), l, asOf, s, eligibility.History{"shop_score": {hundredths(4, 4, 4)}}, nil, nil, false)
	if diff := cmp.Diff([]int8{0, 1, eligibility.NoLevel}, d.Level); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]float64{2, 1, 0.5}, d.Multiplier); diff != "" {
		t.Error(diff)
	}
}

// TestRank breaks each tie with the next key only.
func TestRank(t *testing.T) {
	l := benefit()
	l.Gates = []rules.Gate{{Measure: "shop_score", AtLeast: bound(4), Floor: true}}
	l.Levels[0].NoScore = 1
	s := subjects(9)
	score := []float64{4.75, 4.75, 4.75, 4.75, 4.76, 4.74, 4.85, none, 4.75}
	s.Lower = []float64{4.50, 4.50, 4.50, 4.50, 4.50, 4.51, 4.10, 4.90, none}
	s.GMVNet15 = []int64{10, 10, 10, 20, 0, 0, 0, 0, 99}
	s.Orders = []int64{5, 5, 6, 0, 0, 0, 0, 0, 99}
	d := decided(theRules(), l, asOf, s, eligibility.History{"shop_score": {hundredths(score...)}}, nil, nil, false)
	// Level: 6; conservative: 5; score: 4; GMV: 3; orders: 2; position: 0, 1; no conservative score: 8; no level: 7.
	if diff := cmp.Diff([]int32{6, 7, 5, 4, 3, 2, 1, 9, 8}, d.Rank); diff != "" {
		t.Error(diff)
	}
}

func TestRanksBeginAnewInEachCategory(t *testing.T) {
	s := subjects(5)
	s.Category = []int32{1, -1, 1, 0, -1}
	d := decided(theRules(), today(4), asOf, s, eligibility.History{"shop_score": {hundredths(4.1, 4.2, 4.3, 3, 4.4)}}, nil, nil, false)
	if diff := cmp.Diff([]int32{2, 2, 1, 0, 1}, d.Rank); diff != "" {
		t.Error(diff)
	}
}

// capped is a list of products with a cap.
func capped(c rules.Cap) *rules.List {
	return &rules.List{Role: "product", CapPerShop: &c, Gates: []rules.Gate{{Measure: "product_score", AtLeast: bound(4)}}}
}

func TestAShopKeepsItsBest(t *testing.T) {
	s := subjects(10)
	s.Shop = []int32{0, 0, 0, 0, 1, 1, 1, -1, -1, 0}
	s.Category[9] = 1
	score := []float64{4.1, 4.2, 4.3, 4.4, 3.9, 4.0, 4.1, 4.0, 4.0, 4.0}
	// In category 0 eight pass: ⌊0.29 × 8⌋ = 2 places a shop; the unknown shop is not capped. In category 1 it is Least.
	h := eligibility.History{"product_score": {hundredths(score...)}}
	d := decided(theRules(), capped(rules.Cap{Share: 0.29, Least: 1, Most: 20}), asOf, s, h, nil, nil, false)
	if diff := cmp.Diff([]int32{0, 0, 2, 1, 0, 4, 3, 5, 6, 1}, d.Rank); diff != "" {
		t.Error(diff)
	}
	if got := told(d, 0); got != "out 1/0 shop_cap,first_run" && got != "out 1/0 first_run,shop_cap" {
		t.Error(got)
	}
	if !d.Standing[0] {
		t.Error("who is capped no longer stands")
	}
}

func TestWhoIsCappedStandsOnAndTakesAPlaceThatFallsFree(t *testing.T) {
	s := subjects(2)
	s.Shop = []int32{0, 0}
	l := capped(rules.Cap{Share: 0.1, Least: 1, Most: 20})
	before := (*eligibility.Before)(nil)
	for night, c := range []struct {
		scores []float64
		want   []bool
	}{
		{[]float64{4.8, 4.7}, []bool{true, false}},
		{[]float64{4.8, 3.97}, []bool{true, false}}, // in the band: still standing
		{[]float64{3.5, 4.7}, []bool{false, true}},  // the first is leaving slowly, and ranks behind
	} {
		d := decided(theRules(), l, asOf, s, eligibility.History{"product_score": {hundredths(c.scores...)}}, before, nil, false)
		if diff := cmp.Diff(c.want, d.Member); diff != "" {
			t.Errorf("night %d: %s", night, diff)
		}
		before = carried(d)
	}
}

func TestOverridesWinAndStreaksRunUnderneath(t *testing.T) {
	score := map[bool]float64{true: 4.50, false: 4.00}
	for _, c := range []struct {
		name     string
		action   eligibility.Action
		from, to int
		passes   bool
		member   bool
		want     string
	}{
		{"allow lets in who fails", eligibility.Allow, 1, 1, false, true, "entered 0/1 gate_failed,override_allow"},
		{"allow keeps who fails", eligibility.Allow, 0, 5, false, true, "entered 0/1 gate_failed,override_allow"},
		{"deny keeps out who passes", eligibility.Deny, 1, 1, true, false, "out 4/0 override_deny"},
		{"opting out keeps out who passes", eligibility.OptOut, 1, 1, true, false, "out 4/0 override_opt_out"},
		{"an appeal changes nothing", eligibility.Appeal, 1, 1, true, true, "entered 4/0 override_appeal"},
		{"one that ends tonight is over", eligibility.Deny, -9, 0, true, true, "entered 4/0"},
		{"one that begins the day after tomorrow waits", eligibility.Deny, 2, 9, true, true, "entered 4/0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := emptyBefore(1)
			if c.passes {
				b.PassStreak[0] = 3
			}
			o := map[int]eligibility.Override{0: {Action: c.action, Reason: "why", Author: "who", From: asOf + calendar.Day(c.from), To: asOf + calendar.Day(c.to)}}
			h := eligibility.History{"shop_score": {hundredths(score[c.passes])}}
			d := decided(theRules(), today(4.40), asOf, subjects(1), h, b, o, false)
			if d.Member[0] != c.member || told(d, 0) != c.want {
				t.Errorf("got %v %q, want %v %q", d.Member[0], told(d, 0), c.member, c.want)
			}
			if _, kept := d.Overrides[0]; kept != (d.Reasons[0] >= 1<<eligibility.OverrideAllow) {
				t.Error("reason and author are kept exactly while the override is valid")
			}
		})
	}
}

func TestWhoIsAllowedTakesNoPlaceOfItsShopAndWhoIsDeniedLeavesOne(t *testing.T) {
	s := subjects(3)
	s.Shop = []int32{0, 0, 0}
	h := eligibility.History{"product_score": {hundredths(4.9, 4.8, 4.7)}}
	o := map[int]eligibility.Override{0: {Action: eligibility.Deny}, 2: {Action: eligibility.Allow}}
	d := decided(theRules(), capped(rules.Cap{Share: 0.1, Least: 1, Most: 1}), asOf, s, h, nil, o, false)
	if diff := cmp.Diff([]int32{0, 1, 2}, d.Rank); diff != "" {
		t.Error(diff)
	}
}
