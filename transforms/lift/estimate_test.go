package lift_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/lift"
	"github.com/windvane/windvane/transforms/stats"
)

// estimate fails the test on an error.
func estimate(t interface{ Fatal(...any) }, f *lift.Figures, o *lift.Options) *lift.Estimates {
	e, err := lift.Estimate(f, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// near fails unless got is want within a tolerance of rounding.
func near(t *testing.T, name string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-9*math.Max(1, math.Abs(want))) {
		t.Errorf("%s is %v, want %v", name, got, want)
	}
}

// tiny lets two pairs in an arm be enough.
func tiny(o *lift.Options) *lift.Options {
	o.Rules.MinControlPairs, o.Rules.MinControlOrders, o.Rules.Shrinkage.SparseOrders = 2, 1, 0
	return o
}

func bought(arm int, fen, before int64) pair {
	p := pair{arm: arm}
	p.values[stats.Outcome], p.values[stats.Denominator], p.values[stats.PreOutcome], p.values[stats.WideOutcome] = fen, 1, before, fen
	return p
}

// Means 200 and 150, sample variances 20,000 and 5,000, worked by hand. Both arms' common squared coefficient of variation is
// (20,000 + 5,000)/(200² + 150²) = 0.4, which makes the holdout's variance 9,000.
func TestTwoPairsAnArm(t *testing.T) {
	e := estimate(t, figuresOf(merchantOf(1, []pair{bought(0, 100, 0), bought(0, 300, 0), bought(1, 100, 0), bought(1, 200, 0)})), tiny(options(0.5)))
	r := row(e, 1, 2)
	if r.Status != contract.LiftControlNearZero {
		t.Errorf("a holdout of two is not known to buy anything: status %s", contract.LiftStatuses[r.Status])
	}
	near(t, "effect", r.Effect.Value, 50)
	near(t, "its standard error", r.Effect.SE, math.Sqrt(20_000.0/2+9_000.0/2))
	near(t, "inc", r.Inc.Value, 100)
	if r.Observed != 400 {
		t.Errorf("observed %d, want 400", r.Observed)
	}

	var pairs []pair // the same a hundred times: the variance of a mean is 100 times smaller, but for n − 1
	for range 100 {
		pairs = append(pairs, bought(0, 100, 0), bought(0, 300, 0), bought(1, 100, 0), bought(1, 200, 0))
	}
	r = row(estimate(t, figuresOf(merchantOf(1, pairs)), tiny(options(0.5))), 1, 2)
	if r.Status != contract.LiftEstimated || r.Grade != contract.GradeHoldout || r.Estimator != contract.EstimatorLogRatio {
		t.Errorf("status %d, grade %d, estimator %d", r.Status, r.Grade, r.Estimator)
	}
	near(t, "lift", r.Lift.Value, 1.0/3)
	// se² = v_T/m_T² + c/200: v_T = 10,000/199, and c, of both arms, is more than the holdout's own
	c := 12_500.0 * 200 / 199 / (40_000 + 22_500)
	se := math.Sqrt(10_000.0/199/40_000 + c/200)
	near(t, "standard error of its logarithm", r.Lift.SE/(1+r.Lift.Value), se)
	near(t, "base", float64(r.Observed)-r.Inc.Value, 30_000)
	near(t, "effect in all channels", r.Wide.Value, 50)
}

// The outcome is the covariate plus 10 in the treatment: the covariate foretells it all.
func TestTheTimeBeforeIsTakenOut(t *testing.T) {
	var pairs []pair
	for i := range int64(200) {
		before := 100 * (i % 7)
		noise := i % 3 // so that something is left
		pairs = append(pairs, bought(0, before+noise+10, before), bought(1, before+(i+1)%3, before+100*(i%2)-50))
	}
	r := row(estimate(t, figuresOf(merchantOf(1, pairs)), tiny(options(0.5))), 1, 2)
	if r.Estimator != contract.EstimatorLogRatioCUPED || !(r.Theta > 0) || !(r.Gain < 1) {
		t.Errorf("estimator %s, theta %v, gain %v", contract.LiftEstimators[r.Estimator], r.Theta, r.Gain)
	}
	near(t, "lift is inc/base", r.Lift.Value, r.Inc.Value/(float64(r.Observed)-r.Inc.Value))
	if !r.Lift.Interval.Contains(r.Lift.Value) {
		t.Errorf("%v is outside of %v", r.Lift.Value, r.Lift.Interval)
	}
}

// drawPairs draws pairs of both arms.
func drawPairs(t *rapid.T) []pair {
	s := shop{rng: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), lift: rapid.Float64Range(-0.3, 0.6).Draw(t, "lift"), holdout: 0.5, buys: 0.4}
	return s.pairs(rapid.IntRange(600, 900).Draw(t, "pairs"))
}

func TestEqualArmsHaveNoLift(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs := drawPairs(t)
		for i := range pairs {
			pairs[i].arm = 0
		}
		twins := append([]pair{}, pairs...)
		for i := range twins {
			twins[i].arm = 1
		}
		r := row(estimate(t, figuresOf(merchantOf(1, append(pairs, twins...))), options(0.5)), 1, 2)
		if math.Abs(r.Effect.Value) > 1e-6 || math.Abs(r.Lift.Value) > 1e-9 || r.Effect.P < 0.999 || r.E > 1 {
			t.Fatalf("effect %v, lift %v, p %v, e %v", r.Effect.Value, r.Lift.Value, r.Effect.P, r.E)
		}
	})
}

// numbersOf are the figures of a row that do not depend on the currency.
func numbersOf(r *lift.Row) []float64 {
	return []float64{r.Lift.Value, r.Lift.Interval.Lo, r.Lift.Interval.Hi, r.Effect.P, r.E, r.Gain, r.Theta, r.Raw.Value, r.OrderValue.Value, r.MDE, r.Always.Lo, r.Shrunk.Lift, r.SRMP}
}

var cmpNaN = cmpopts.EquateNaNs()
var close9 = cmp.Options{cmpopts.EquateApprox(1e-9, 1e-9), cmpopts.EquateNaNs()}

func TestAnotherCurrencyScalesEffectsAndLeavesLifts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs := drawPairs(t)
		k := rapid.Int64Range(2, 9).Draw(t, "times")
		more := append([]pair{}, pairs...)
		for i := range more {
			for _, v := range []stats.Variable{stats.Outcome, stats.PreOutcome, stats.WideOutcome} {
				more[i].values[v] *= k
			}
		}
		a, b := row(estimate(t, figuresOf(merchantOf(1, pairs)), options(0.5)), 1, 2), row(estimate(t, figuresOf(merchantOf(1, more)), options(0.5)), 1, 2)
		if diff := cmp.Diff(numbersOf(a), numbersOf(b), close9); diff != "" {
			t.Fatal(diff)
		}
		for name, pair := range map[string][2]float64{"effect": {a.Effect.Value, b.Effect.Value}, "inc": {a.Inc.Value, b.Inc.Value}, "wide": {a.Wide.Interval.Hi, b.Wide.Interval.Hi}} {
			if want := pair[0] * float64(k); math.Abs(pair[1]-want) > 1e-9*math.Abs(want)+1e-9 {
				t.Fatalf("%s %v, want %v", name, pair[1], want)
			}
		}
	})
}

// brands are some merchants of planted lifts.
func brands(rng *rand.Rand, n, pairs int, planted func(i int) float64) *lift.Figures {
	var all []lift.Merchant
	for i := range n {
		all = append(all, merchantOf(int64(i+1), shop{rng, planted(i), 0.3, 0.4}.pairs(pairs)))
	}
	return figuresOf(all...)
}

func TestOtherNamesPermuteRows(t *testing.T) {
	f := brands(rand.New(rand.NewPCG(4, 4)), 8, 1200, func(i int) float64 { return 0.1 * float64(i%3) })
	o := options(0.3)
	o.Category = func(int64) int64 { return 1 }
	before := estimate(t, f, o)
	moved := figuresOf()
	moved.Pairs = f.Pairs
	for i := range f.Merchants {
		m := f.Merchants[(i+3)%8]
		m.Code = int64(i + 1)
		moved.Merchants = append(moved.Merchants, m)
	}
	after := estimate(t, moved, o)
	for i := range 8 {
		a, b := row(before, int64((i+3)%8+1), 2), row(after, int64(i+1), 2)
		if diff := cmp.Diff(numbersOf(a), numbersOf(b), close9); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]float64{a.BH, a.EBH}, []float64{b.BH, b.EBH}, close9); diff != "" {
			t.Error(diff)
		}
	}
}

func TestABrokenSplitShowsNothing(t *testing.T) {
	f := brands(rand.New(rand.NewPCG(5, 5)), 3, 1500, func(int) float64 { return 0.5 })
	r := row(estimate(t, f, options(0.5)), 1, 2) // it is 0.3
	if r.Status != contract.LiftSRM || r.Grade != contract.GradeAttribution || !math.IsNaN(r.Lift.Value) || !math.IsNaN(r.Effect.Value) || !math.IsNaN(r.Inc.Value) ||
		!math.IsNaN(r.Shrunk.Lift) || r.Family != 0 {
		t.Errorf("status %s, lift %v, inc %v, family %d", contract.LiftStatuses[r.Status], r.Lift.Value, r.Inc.Value, r.Family)
	}
	if r.SRMP > 1e-6 {
		t.Errorf("p of the split %v", r.SRMP)
	}
	if s := scope(estimate(t, f, options(0.5)), contract.LiftOfPlatform, column.Null, 2); s.Status == contract.LiftEstimated || s.Merchants != 3 {
		t.Errorf("the platform adds up what cannot be trusted: %+v", s)
	}

	f.Mixed = 1 // of 4,500: more than one in ten thousand
	if r := row(estimate(t, f, options(0.3)), 1, 2); r.Status != contract.LiftMixed || !math.IsNaN(r.Lift.Value) {
		t.Errorf("pairs in both arms: status %s, lift %v", contract.LiftStatuses[r.Status], r.Lift.Value)
	}
}

func TestASmallHoldoutHasNoLiftOfItsOwnButCounts(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	small := merchantOf(1, shop{rng, 0.3, 0.3, 0.4}.pairs(300))
	large := merchantOf(3, shop{rng, 0.3, 0.3, 0.4}.pairs(4000))
	with, without := estimate(t, figuresOf(small, large), options(0.3)), estimate(t, figuresOf(large), options(0.3))
	if r := row(with, 1, 2); r.Status != contract.LiftInsufficient || !math.IsNaN(r.Lift.Value) || r.Family != 0 {
		t.Errorf("status %s, lift %v", contract.LiftStatuses[r.Status], r.Lift.Value)
	}
	a, b := scope(with, contract.LiftOfCategory, 1, 2), scope(without, contract.LiftOfCategory, 1, 2)
	if a.Merchants != 2 || a.Estimated != 1 || a.Observed <= b.Observed || a.Pairs[lift.Treatment] <= b.Pairs[lift.Treatment] {
		t.Errorf("it does not count: %d merchants, observed %d and %d", a.Merchants, a.Observed, b.Observed)
	}
}

func TestTheFamilyDoesNotLookAtOutcomes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		f := brands(rand.New(rand.NewPCG(seed, 7)), 2, 700, func(int) float64 { return 0 })
		members := func(f *lift.Figures) (in []int) {
			for _, r := range estimate(t, f, options(0.3)).Rows {
				in = append(in, r.Family)
			}
			return in
		}
		before := members(f)
		k := rapid.Int64Range(-3, 5).Draw(t, "times")
		for i := range f.Merchants {
			for p := range f.Merchants[i].Cells { // treated outcomes become others, orders stay
				c := &f.Merchants[i].Cells[p].Arms[lift.Treatment]
				var other stats.Sums
				for n := range c.N {
					other.Add(&stats.Values{k * n, 1})
				}
				c.Sums = other
			}
		}
		if diff := cmp.Diff(before, members(f)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// equalBuyers are pairs of an arm of whom so many bought, each for the same.
func equalBuyers(arm, pairs, buying int) (out []pair) {
	for i := range pairs {
		fen := int64(0)
		if i < buying {
			fen = 19_900
		}
		out = append(out, bought(arm, fen, 0))
	}
	return out
}

// A merchant with one buyer an arm says next to nothing, and takes nothing from what its category and the platform know.
func TestASmallMerchantWithOneBuyerLeavesSumsAsTheyAre(t *testing.T) {
	large := merchantOf(3, shop{rand.New(rand.NewPCG(6, 6)), 0.3, 0.5, 0.4}.pairs(4000))
	alone := estimate(t, figuresOf(large), options(0.5))
	for treated := 5; treated < 40; treated += 7 {
		for held := treated - 2; held <= treated+2; held++ {
			small := merchantOf(1, append(equalBuyers(0, treated, 1), equalBuyers(1, held, 1)...))
			with := estimate(t, figuresOf(small, large), options(0.5))
			for of, code := range map[int]int64{contract.LiftOfCategory: 1, contract.LiftOfPlatform: column.Null} {
				a, b := scope(with, of, code, 2), scope(alone, of, code, 2)
				if a.Status != contract.LiftEstimated || !(a.Inc.SE < 1.1*b.Inc.SE) {
					t.Fatalf("%d and %d pairs: %s of %s, standard error of inc %v, without them %v",
						treated, held, contract.LiftStatuses[a.Status], contract.LiftScopes[of], a.Inc.SE, b.Inc.SE)
				}
			}
		}
	}
}

// A covariate that was chosen for the least variance leaves no more than there was, also where few large buyers decide and
// variances are made steady: those of both effects, which do not grow alike, are not compared.
func TestTheAdjustmentNeverAddsVariance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 5))
		var pairs []pair
		for i := range 1000 {
			taste := math.Exp(1.5 * rng.NormFloat64())
			arm := lift.Treatment
			if i < 100 {
				arm = lift.Holdout
			}
			pairs = append(pairs, bought(arm, int64(100*taste*math.Exp(rng.NormFloat64())), int64(100*taste*math.Exp(rng.NormFloat64()))))
		}
		for _, r := range estimate(t, figuresOf(merchantOf(1, pairs)), tiny(options(0.1))).Rows {
			if !(r.Gain <= 1.01) { // θ is fitted without the noise of the covariate's mean over both arms
				t.Fatalf("%v of the variance is left", r.Gain)
			}
		}
	})
}
