package eligibility_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/rules"
)

// runsOf is the history of one subject, newest first.
func runsOf(scores ...float64) [][]int16 {
	var h [][]int16
	for _, v := range scores {
		h = append(h, hundredths(v))
	}
	return h
}

// repeat is n runs of one score after those given.
func repeat(n int, score float64, before ...float64) [][]int16 {
	h := runsOf(before...)
	for range n {
		h = append(h, hundredths(score))
	}
	return h
}

// TestGates judges single gates of a shop's score.
func TestGates(t *testing.T) {
	today := rules.Gate{Measure: "shop_score", AtLeast: bound(4.70)}
	mean := rules.Gate{Measure: "shop_score", Over: "mean", AtLeast: bound(4.70)}
	floorMean := rules.Gate{Measure: "shop_score", Over: "mean", AtLeast: bound(4.70), Floor: true}
	days := rules.Gate{Measure: "shop_score", Over: "days", Days: 20, OfDays: 30, AtLeast: bound(4.70)}
	floorDays := rules.Gate{Measure: "shop_score", Over: "days", Days: 20, OfDays: 30, AtLeast: bound(4.70), Floor: true}
	most := rules.Gate{Measure: "shop_score", AtMost: bound(4.70)}
	for _, c := range []struct {
		name string
		gate rules.Gate
		runs [][]int16
		want string // value threshold margin runs state band
	}{
		{"tonight on the line", today, runsOf(4.70), "4.7 4.7 0 1 passed"},
		{"tonight a hundredth below the line", today, runsOf(4.69), "4.69 4.7 -0.01 1 failed band"},
		{"tonight on the lower line", today, runsOf(4.65), "4.65 4.7 -0.05 1 failed band"},
		{"tonight below the lower line", today, runsOf(4.64), "4.64 4.7 -0.06 1 failed"},
		{"no score tonight", today, runsOf(none, 4.80), "NaN 4.7 NaN 0 not_known"},
		{"no history at all", mean, nil, "NaN 4.7 NaN 0 not_known"},
		{"at most: on the line", most, runsOf(4.70), "4.7 4.7 0 1 passed"},
		{"at most: on the upper line", most, runsOf(4.75), "4.75 4.7 -0.05 1 failed band"},
		{"at most: above the upper line", most, runsOf(4.76), "4.76 4.7 -0.06 1 failed"},
		{"a mean of sevenths exactly on the line", mean, runsOf(4.67, 4.73, 4.68, 4.72, 4.69, 4.71, 4.70), "4.7 4.7 0 7 passed"},
		{"a mean one hundredth of seven below the line", mean, runsOf(4.67, 4.73, 4.68, 4.72, 4.69, 4.71, 4.69), "4.6986 4.7 -0.0014 7 failed band"},
		{"a mean looks at seven runs only", mean, repeat(6, 4.70, 4.70, 4.70), "4.7 4.7 0 7 passed"},
		{"a mean leaves out runs without a score", mean, runsOf(4.80, none, 4.80, none, 4.60, none, 4.60), "4.7 4.7 0 4 passed"},
		{"three scored runs are too few for a mean", mean, runsOf(4.90, 4.90, 4.90), "4.9 4.7 0.2 3 history_short"},
		{"a mean without a score tonight is not known", mean, repeat(6, 4.90, none), "NaN 4.7 NaN 0 not_known"},
		{"a floor takes the mean of what there is", floorMean, runsOf(4.90, 4.60), "4.75 4.7 0.05 2 passed"},
		{"a floor fails by the mean of what there is", floorMean, runsOf(4.60, 4.60), "4.6 4.7 -0.1 2 failed"},
		{"a floor lets through who has no score tonight", floorMean, repeat(6, 4.00, none), "NaN 4.7 NaN 0 passed_by_floor"},
		{"twenty of thirty days", days, append(repeat(20, 4.70), repeat(10, 3.00)...), "20 20 0 30 passed"},
		{"nineteen of thirty days, others far below", days, append(repeat(19, 4.70), repeat(11, 3.00)...), "19 20 -1 30 failed"},
		{"nineteen of thirty days, others in the band", days, append(repeat(19, 4.70), repeat(11, 4.65)...), "19 20 -1 30 failed band"},
		{"the thirty-first run does not count", days, append(repeat(30, 4.60), repeat(20, 4.70)...), "0 20 -20 30 failed"},
		{"nineteen scored runs are too few for twenty days", days, repeat(19, 4.90), "19 20 -1 19 history_short"},
		{"a floor over days lets through who has too few", floorDays, repeat(19, 4.00), "0 20 -20 19 passed_by_floor"},
		{"days without a score tonight are not known", days, repeat(29, 4.90, none), "NaN 20 NaN 0 not_known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := &rules.List{Role: "merchant", Gates: []rules.Gate{c.gate}}
			d := decided(theRules(), l, asOf, subjects(1), eligibility.History{"shop_score": c.runs}, nil, nil, false)
			got := words(d.Gates(0, nil)[0])
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func words(g eligibility.GateResult) string {
	s := fmt.Sprintf("%v %v %v %d %s", g.Value, g.Threshold, g.Margin, g.Runs, g.State)
	if g.Band {
		s += " band"
	}
	return s
}

// TestSubsidyGates judges all gates of the subsidy list for products that differ in one thing.
func TestSubsidyGates(t *testing.T) {
	type product struct{ score, quality, shop, stars, brand, orders, refunds float64 }
	good := product{4.80, 4.50, 4.50, 4, 0, 100, 1.5}
	for _, c := range []struct {
		name   string
		change func(*product)
		want   string // states in order
		reason string
	}{
		{"all on the line", func(*product) {}, "passed passed passed passed passed passed", "first_run"},
		{"three stars", func(p *product) { p.stars = 3 }, "passed passed passed failed passed passed", "gate_failed"},
		{"no stars", func(p *product) { p.stars = none }, "passed passed passed not_known passed passed", "not_known"},
		{"no stars, but a brand's product without a benchmark", func(p *product) { p.stars, p.brand = none, 1 },
			"passed passed passed passed_by_unless passed passed", "first_run"},
		{"poor quality", func(p *product) { p.quality = 4.10 }, "passed failed passed passed passed passed", "gate_failed"},
		{"a score without its quality, whose data are missing", func(p *product) { p.quality = none }, "passed not_known passed passed passed passed", "not_known"},
		{"no score, and no quality therefore", func(p *product) { p.score, p.quality = none, none }, "not_known not_known passed passed passed passed", "no_score"},
		{"too many refunds", func(p *product) { p.refunds = 1.51 }, "passed passed passed passed passed failed", "gate_failed"},
		{"refunds not known do not pass, though the gate says at most", func(p *product) { p.refunds = none },
			"passed passed passed passed passed not_known", "not_known"},
		{"shop without a score and few orders", func(p *product) { p.shop, p.orders = none, 99 },
			"passed passed not_known passed failed passed", "gate_failed,no_score"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := good
			c.change(&p)
			s := subjects(1)
			s.Shop = []int32{0}
			s.Measures = map[string][]float64{
				"price_stars": {p.stars}, "brand_not_comparable": {p.brand}, "valid_orders_30d": {p.orders}, "refund_rate_to_category": {p.refunds},
			}
			h := eligibility.History{"product_score": steady(7, p.score), "product_quality": steady(7, p.quality), "shop_score": steady(7, p.shop)}
			d := decided(theRules(), subsidy(), asOf, s, h, nil, nil, false)
			got := ""
			for _, g := range d.Gates(0, nil) {
				got += " " + g.State.String()
			}
			if got[1:] != c.want || d.Reasons[0].String() != c.reason {
				t.Errorf("got %q because %q, want %q because %q", got[1:], d.Reasons[0], c.want, c.reason)
			}
		})
	}
}

func TestAnExceptionInTheBandIsNoBand(t *testing.T) {
	l := &rules.List{Role: "merchant", Gates: []rules.Gate{{Measure: "shop_score", AtLeast: bound(4.70), Unless: "brand_not_comparable"}}}
	s := subjects(1)
	s.Measures["brand_not_comparable"] = []float64{1}
	d := decided(theRules(), l, asOf, s, eligibility.History{"shop_score": runsOf(4.66)}, nil, nil, false)
	if got := words(d.Gates(0, nil)[0]); got != "4.66 4.7 -0.04 1 passed_by_unless" {
		t.Error(got)
	}
}

func TestAMeasureWithoutAColumnIsKnownOfNobody(t *testing.T) {
	l := &rules.List{Role: "merchant", Gates: []rules.Gate{
		{Measure: "valid_orders_30d", AtLeast: bound(1)}, {Measure: "valid_orders_30d", AtLeast: bound(1), Floor: true},
	}}
	d := decided(theRules(), l, asOf, subjects(1), nil, nil, nil, false)
	want := []eligibility.GateResult{
		{Gate: 0, Value: math.NaN(), Threshold: 1, Margin: math.NaN(), State: eligibility.NotKnown},
		{Gate: 1, Value: math.NaN(), Threshold: 1, Margin: math.NaN(), State: eligibility.PassedByFloor},
	}
	if diff := cmp.Diff(want, d.Gates(0, nil), cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
	if d.Failed[0] != 1 {
		t.Errorf("failed gates %b, want the first", d.Failed[0])
	}
}

// A shop without a score passes floor gates; of a shop that nobody knows nothing is known, so the product passes no gate on it, and is no
// newcomer. What the rules excuse is excused.
func TestGatesOnAShopThatNobodyKnows(t *testing.T) {
	floor, high := rules.Gate{Measure: "shop_score", AtLeast: bound(4), Floor: true}, rules.Gate{Measure: "shop_score", AtLeast: bound(4), Over: "mean"}
	excused := floor
	excused.Unless = "brand_not_comparable"
	for _, c := range []struct {
		name   string
		shop   int32
		states string
		reason string
		cold   bool
	}{
		{"a shop with a score", 0, "passed passed passed passed", "first_run", false},
		{"a shop without one", 1, "passed_by_floor not_known passed_by_unless passed", "no_score,cold_start", true},
		{"a shop that is not even listed", eligibility.UnknownShop - 1, "passed_by_floor not_known passed_by_unless passed", "no_score,cold_start", true},
		{"a shop that nobody knows", eligibility.UnknownShop, "not_known not_known passed_by_unless not_known", "not_known", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := subjects(9)
			s.Shop, s.ShopScores, s.ColdStart = make([]int32, 9), steady(7, 4.50, none), make([]bool, 9)
			s.Measures["brand_not_comparable"] = make([]float64, 9)
			s.Shop[8], s.ColdStart[8], s.Measures["brand_not_comparable"][8] = c.shop, true, 1
			s.Measures["severe_violations_30d"] = make([]float64, 9)
			gates := []rules.Gate{floor, high, excused, {Measure: "severe_violations_30d", AtMost: bound(0), Floor: true}}
			if c.shop == 1 || c.shop < eligibility.UnknownShop {
				gates[2].Floor = false // else it passes by that
			}
			d := decided(theRules(), &rules.List{Role: "product", Gates: gates, ColdStart: 0.2}, asOf, s, nil, nil, nil, false)
			var states []string
			for _, g := range d.Gates(8, nil) {
				states = append(states, g.State.String())
			}
			if got := strings.Join(states, " "); got != c.states || d.Reasons[8].String() != c.reason || d.Member[8] != (c.cold || c.shop == 0) {
				t.Errorf("%s because %s, member %v", got, d.Reasons[8], d.Member[8])
			}
		})
	}
}
