package lift_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/lift"
)

// avenues are merchants of one category without a holdout and without panels. The large ones take part more
// often; and from the month of the starts on they grow more, whether they take part or not.
type avenues struct {
	merchants int
	lift      float64
	choice    float64 // how much more often by unit of logarithm of size
	share     float64 // that take part, at the middle size
	ahead     float64 // what participants sell more in the last three weeks before their start
	early     float64 // what participants sold less until seven weeks before
	together  bool    // all start on one day
}

// draw returns the market and how much participants outgrew the others by plain means.
func (a avenues) draw(seed uint64) (f *lift.Figures, o *lift.Options, participants int, naive float64) {
	rng := rand.New(rand.NewPCG(seed, 18))
	f, o = figuresOf(), options(0.3)
	o.Category = func(int64) int64 { return 7 }
	o.Rules.Panel.MinimumDonors = 10_000 // more than there are: no panel is made
	market := &lift.Market{First: asOf - 89}
	var grown, count [2]float64
	for i := range a.merchants {
		code, z := int64(i+1), rng.NormFloat64()
		start, arm := asOf-24-calendar.Day(i%5), 0
		if a.together {
			start = asOf - 29
		}
		if rng.Float64() < 1/(1+math.Exp(-a.choice*z)*(1-a.share)/a.share) {
			arm = 1
		}
		gmv, luck := make([]float64, 90), math.Exp(0.15*rng.NormFloat64())
		var before, after float64
		for d := range gmv {
			day := market.First + calendar.Day(d)
			v := 1e6 * math.Exp(z) * (1 + 0.2*math.Sin(float64(d)*2*math.Pi/7)) * math.Exp(0.1*rng.NormFloat64())
			if day >= asOf-30 {
				v *= luck * math.Exp(0.15*z)
			}
			switch {
			case arm == 0:
			case day >= start:
				v *= 1 + a.lift
			case day >= start-28:
				v *= 1 + a.ahead
			case day < start-42:
				v *= 1 - a.early
			}
			gmv[d] = math.Round(v)
			if day >= asOf-20 {
				after += gmv[d] / 21
			} else if day < asOf-35 && day >= asOf-56 {
				before += gmv[d] / 21
			}
		}
		grown[arm], count[arm] = grown[arm]+after/before, count[arm]+1
		market.Merchants, market.GMV = append(market.Merchants, code), append(market.GMV, gmv)
		if arm == 1 {
			m := merchantOf(code, shop{rng, a.lift, 0.3, 0.5}.pairs(60))
			f.Merchants, f.Pairs, f.Starts[code] = append(f.Merchants, m), f.Pairs+60, start
		}
	}
	o.Market = func(func(int64) bool) (*lift.Market, error) { return market, nil }
	return f, o, int(count[1]), grown[1]/count[1]/(grown[0]/count[0]) - 1
}

// weighted are the rows of grade C.
func weighted(e *lift.Estimates) (rows []*lift.Row) {
	for i := range e.Rows {
		if e.Rows[i].Grade == contract.GradeWeighting {
			rows = append(rows, &e.Rows[i])
		}
	}
	return rows
}

func TestWeightsFindTheLiftThatPlainMeansMiss(t *testing.T) {
	for name, planted := range map[string]float64{"a lift": 0.2, "no effect": 0} {
		read, covered, missed, sum := 0, 0, 0, 0.0
		for seed := range uint64(runs) {
			f, o, _, naive := avenues{merchants: 400, lift: planted, choice: 0.8, share: 0.3}.draw(seed)
			o.Rules.Weighting.UncalibratedWidening = 1 // the estimator by itself
			rows := weighted(estimate(t, f, o))
			if len(rows) == 0 {
				continue
			}
			r := rows[0]
			read++
			sum += r.Lift.Value
			if r.Lift.Interval.Contains(planted) {
				covered++
			}
			if !r.Lift.Interval.Contains(naive) {
				missed++
			}
		}
		mean := sum / float64(read)
		t.Logf("%s: %d of %d are read, %d intervals cover it, %d do not hold the plain difference, mean %.3f", name, read, runs, covered, missed, mean)
		if read < 3*runs/5 || covered < read-2 || missed < read-1 || !(math.Abs(mean-planted) < 0.02) {
			t.Errorf("%s: %d of %d are read, %d intervals cover it, %d do not hold the plain difference, mean %.3f", name, read, runs, covered, missed, mean)
		}
	}
}

// runs of each market: of the intervals that are read at most two may miss what was planted.
const runs = 25

func TestWeightedRowsSpeakOfTheCategory(t *testing.T) {
	f, o, _, _ := avenues{merchants: 400, lift: 0.2, choice: 0.5, share: 0.3}.draw(1)
	e := estimate(t, f, o)
	rows := weighted(e)
	if len(rows) < 90 {
		t.Fatalf("%d rows of grade C", len(rows))
	}
	first := rows[0]
	for _, r := range rows {
		if r.Period != 2 || r.Status != contract.LiftEstimated || r.Estimator != contract.EstimatorAIPW || r.Family != 0 {
			t.Errorf("merchant %d: period %d, status %d, estimator %d, family %d", r.Merchant, r.Period, r.Status, r.Estimator, r.Family)
		}
		if r.Lift.Value != first.Lift.Value || r.Lift.Interval != first.Lift.Interval || r.Weighted != first.Weighted {
			t.Errorf("merchant %d has a lift of its own: %v", r.Merchant, r.Lift.Value)
		}
		if got := r.Inc.Value / (float64(r.Observed) - r.Inc.Value); math.Abs(got-first.Lift.Value) > 1e-6 {
			t.Errorf("merchant %d: inc/base is %v, lift %v", r.Merchant, got, first.Lift.Value)
		}
		if !math.IsNaN(r.Shrunk.Lift) || !math.IsNaN(r.BH) || !math.IsNaN(r.EBH) {
			t.Errorf("merchant %d is ranked: %+v", r.Merchant, r.Shrunk)
		}
		if !slices.Contains(r.Warnings(), lift.WarnCategory) {
			t.Errorf("merchant %d does not say whose lift it is: %v", r.Merchant, r.Warnings())
		}
	}
	w := first.Weighted
	if w.Treated < 90 || w.Controls < 200 || w.ESS < 20 || w.ESS > float64(w.Controls) || w.Difference >= 0.1 || w.NegativeP < 0.05 || w.Trimmed > 0.1 {
		t.Errorf("%+v", w)
	}
}

// Where all start on one day that day tells nobody apart.
func TestParticipantsThatStartTogetherAreCompared(t *testing.T) {
	for seed := range uint64(runs) {
		f, o, _, _ := avenues{merchants: 300, lift: 0.2, share: 0.3, together: true}.draw(seed)
		for _, r := range estimate(t, f, o).Rows {
			if r.Period == 2 && !(r.Weighted.Difference < 0.5) {
				t.Fatalf("seed %d: %+v", seed, r.Weighted)
			}
		}
	}
}

// A merchant that is more likely to take part than the rules allow has nobody to be compared with.
func TestTrimmedMerchantsStayWithoutALift(t *testing.T) {
	f, o, participants, _ := avenues{merchants: 400, lift: 0.2, choice: 0.5, share: 0.3}.draw(1)
	o.Rules.Weighting.MaximumScore = 0.5
	e := estimate(t, f, o)
	rows, trimmed := weighted(e), 0
	for i := range e.Rows {
		if r := &e.Rows[i]; r.Period == 2 && r.Grade == contract.GradeAttribution {
			trimmed++
			if r.Weighted != rows[0].Weighted || !math.IsNaN(r.Lift.Value) {
				t.Errorf("merchant %d: lift %v, %+v", r.Merchant, r.Lift.Value, r.Weighted)
			}
		}
	}
	if trimmed == 0 || int64(len(rows)) != rows[0].Weighted.Treated || len(rows)+trimmed != participants {
		t.Errorf("%d of %d have the lift, %d are trimmed; %+v", len(rows), participants, trimmed, rows[0].Weighted)
	}
}

// What a weighted comparison says changes neither the lifts that are paid by nor any sum.
func TestNoMoneyGoesByWeights(t *testing.T) {
	f, o, _, _ := avenues{merchants: 400, lift: 0.2, choice: 0.5, share: 0.3}.draw(1)
	o.Rules.QuotaPeriod = "all"
	with := estimate(t, f, o)
	o.Market = nil
	without := estimate(t, f, o)
	if len(weighted(with)) == 0 || len(weighted(without)) != 0 {
		t.Fatal("weights are not what differs")
	}
	equal := cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })
	a, b := with.Lifts(o), without.Lifts(o)
	for i := range with.Rows {
		if diff := cmp.Diff(b.Of(with.Rows[i].Merchant), a.Of(with.Rows[i].Merchant), equal); diff != "" {
			t.Error(diff)
		}
	}
	for i := range with.Scopes {
		x, y := with.Scopes[i], without.Scopes[i]
		if diff := cmp.Diff(y.Headline, x.Headline, equal); diff != "" {
			t.Error(diff)
		}
	}
}

func TestWeightsThatMustNotBeBelieved(t *testing.T) {
	sound := avenues{merchants: 400, lift: 0.2, choice: 0.5, share: 0.3}
	for name, c := range map[string]struct {
		change func(*avenues)
		rule   func(*lift.Options)
		noted  bool // that a comparison was made
		why    func(w lift.WeightedEvidence) bool
	}{
		"too few participants":     {func(a *avenues) { a.merchants, a.share = 60, 0.1 }, nil, false, nil},
		"too few others":           {func(a *avenues) { a.merchants, a.share = 60, 0.8 }, nil, false, nil},
		"all large ones take part": {func(a *avenues) { a.choice = 1000 }, nil, true, func(w lift.WeightedEvidence) bool { return math.IsNaN(w.ESS) && w.Treated > 0 }},
		"others unlike them":       {func(a *avenues) { a.choice = 3 }, func(o *lift.Options) { o.Rules.Weighting.MaximumScore = 0.9999999 }, true, func(w lift.WeightedEvidence) bool { return w.Difference >= 0.1 || w.ESS < 20 }},
		"the weights of few":       {nil, func(o *lift.Options) { o.Rules.Weighting.MinimumESS = 290 }, true, func(w lift.WeightedEvidence) bool { return w.ESS < 290 }},
		"most are trimmed":         {nil, func(o *lift.Options) { o.Rules.Weighting.MaximumScore = 0.2 }, true, func(w lift.WeightedEvidence) bool { return w.Treated < 20 && w.Trimmed > 0.5 }},
		"not balanced":             {nil, func(o *lift.Options) { o.Rules.Weighting.MaximumDifference = 1e-6 }, true, func(w lift.WeightedEvidence) bool { return w.Difference > 1e-6 }},
		"a split broken together":  {nil, func(o *lift.Options) { o.Share = func(int64) float64 { return 0.35 } }, false, nil},
		"smaller long before":      {func(a *avenues) { a.early = 0.3 }, nil, true, func(w lift.WeightedEvidence) bool { return w.NegativeP < 0.05 }},
		"ahead just before":        {func(a *avenues) { a.ahead = 0.3 }, nil, true, func(w lift.WeightedEvidence) bool { return w.NegativeP < 0.05 }},
	} {
		t.Run(name, func(t *testing.T) {
			a := sound
			if c.change != nil {
				c.change(&a)
			}
			f, o, _, _ := a.draw(3)
			if c.rule != nil {
				c.rule(o)
			}
			for _, r := range estimate(t, f, o).Rows {
				if r.Grade != contract.GradeAttribution || r.Status == contract.LiftEstimated || !math.IsNaN(r.Lift.Value) {
					t.Fatalf("merchant %d has grade %s and lift %v; %+v", r.Merchant, contract.LiftGrades[r.Grade], r.Lift.Value, r.Weighted)
				}
				if r.Period == 2 && (r.Weighted.Controls > 0) != c.noted || c.noted && r.Period == 2 && !c.why(r.Weighted) {
					t.Fatalf("merchant %d: %+v", r.Merchant, r.Weighted)
				}
			}
		})
	}
}

func TestTheNumberOfWorkersChangesNoWeights(t *testing.T) {
	f, o, _, _ := avenues{merchants: 400, lift: 0.2, choice: 0.5, share: 0.3}.draw(1)
	one := estimate(t, f, o)
	o.Workers = 5
	five := estimate(t, f, o)
	if len(weighted(one)) == 0 {
		t.Fatal("no row of grade C")
	}
	for i := range one.Rows {
		a, b := &one.Rows[i], &five.Rows[i]
		numbers := func(r *lift.Row) []float64 {
			w := r.Weighted
			return append(numbersOf(r), r.Inc.Value, w.ESS, w.Difference, w.Trimmed, w.NegativeP)
		}
		if diff := cmp.Diff(numbers(a), numbers(b), cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })); diff != "" || a.Grade != b.Grade {
			t.Error(diff)
		}
	}
}
