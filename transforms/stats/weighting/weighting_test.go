package weighting_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/stats"
	"github.com/windvane/windvane/transforms/stats/weighting"
)

var usual = weighting.Options{Confidence: 0.95}

func TestESS(t *testing.T) {
	near(t, "equal weights", weighting.ESS([]float64{3, 3, 3, 3}), 4, 1e-12)
	near(t, "one alone", weighting.ESS([]float64{0, 7, 0}), 1, 1e-12)
	near(t, "1, 2, 3", weighting.ESS([]float64{1, 2, 3}), 36.0/14, 1e-12)
	near(t, "none", weighting.ESS(nil), 0, 0)
}

// Treated 1, 3 (mean 2, variance 2), controls 0, 4, 8 (mean 4, variance 16); weights 1, 1 and 2, 1, 1 (mean 3).
func TestBalanceByHand(t *testing.T) {
	x := [][]float64{{1, 5}, {3, 5}, {0, 5}, {4, 5}, {8, 5}}
	d := weighting.Balance(x, []bool{true, true, false, false, false}, []float64{1, 1, 2, 1, 1})
	near(t, "before", d[0].Before, -2/3.0, 1e-12)
	near(t, "after", d[0].After, -1/3.0, 1e-12)
	near(t, "of a constant", d[1].Before+d[1].After, 0, 0)
}

// The weighted mean of a constant is that constant, whatever rounding makes of it.
func TestBalanceOfConstants(t *testing.T) {
	treated, w := []bool{true, false, false}, []float64{1, 0.7, 0.3}
	if d := weighting.Balance([][]float64{{60}, {60}, {60}}, treated, w); d[0] != (weighting.Difference{}) {
		t.Errorf("alike: %+v", d)
	}
	if d := weighting.Balance([][]float64{{60}, {61}, {61}}, treated, w); !math.IsInf(d[0].Before, -1) || !math.IsInf(d[0].After, -1) {
		t.Errorf("not alike: %+v", d)
	}
}

// A single covariate of two values: scores are shares, and the estimands are means of the effects of the two strata.
func TestEstimandsByHand(t *testing.T) {
	var s weighting.Sample
	add := func(x float64, treated bool, y ...float64) {
		for _, v := range y {
			s.X, s.Treated, s.Y = append(s.X, []float64{x}), append(s.Treated, treated), append(s.Y, v)
		}
	}
	add(0, true, 10, 14)                 // effect 12 − 5 = 7
	add(0, false, 4, 6, 5, 5, 3, 7)      // score 1/4, 8 units
	add(1, true, 20, 22, 24, 21, 23, 22) // effect 22 − 20 = 2
	add(1, false, 18, 22)                // score 3/4, 8 units
	for estimand, want := range map[weighting.Estimand]float64{
		weighting.ATT:     (2*7.0 + 6*2.0) / 8,
		weighting.ATE:     (7.0 + 2.0) / 2,
		weighting.Overlap: (7.0 + 2.0) / 2, // e(1 − e) is the same in both
	} {
		r, err := weighting.Hajek(s, weighting.Options{Estimand: estimand, Confidence: 0.95})
		if err != nil {
			t.Fatal(err)
		}
		near(t, estimand.String(), r.Estimate.Value, want, 1e-6)
		near(t, "score", r.Score[0], 0.25, 1e-6)
	}
	r, err := weighting.AIPW(s, usual)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "aipw", r.Estimate.Value, (2*7.0+6*2.0)/8, 1e-6)
	near(t, "observed", r.Observed, (24.0+132)/8, 1e-12)
	near(t, "controls' effective sample", r.ControlsESS, 64.0/(6/9.0+2*9), 1e-5) // weights 1/3 six times, 3 twice; sum 8
}

func TestOverlapWeightsBalanceExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, _ := confounded(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), 200, 1)
		r, err := weighting.Hajek(s, weighting.Options{Estimand: weighting.Overlap, Confidence: 0.95})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range r.Balance {
			if math.Abs(d.After) > 1e-6 {
				t.Errorf("standardised difference %v after overlap weighting", d.After)
			}
		}
	})
}

func TestEffectInvariances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		s, _ := confounded(random, 200, 0.7)
		o := weighting.Options{Estimand: weighting.Estimand(rapid.IntRange(0, 2).Draw(t, "estimand")), Confidence: 0.95}
		for name, estimate := range map[string]func(weighting.Sample, weighting.Options) (weighting.Result, error){"hajek": weighting.Hajek, "aipw": weighting.AIPW} {
			run := func(s weighting.Sample) stats.Estimate {
				r, err := estimate(s, o)
				if err != nil {
					t.Fatal(err)
				}
				return r.Estimate
			}
			was := run(s)
			same := func(what string, got stats.Estimate, value, se float64) {
				if math.Abs(got.Value-value) > 1e-7 || math.Abs(got.SE-se) > 1e-7 {
					t.Errorf("%s with %s: %v ± %v, want %v ± %v", name, what, got.Value, got.SE, value, se)
				}
			}
			moved, twice, shuffled := weighting.Sample{X: s.X, Treated: s.Treated}, weighting.Sample{}, weighting.Sample{}
			for i, y := range s.Y {
				moved.Y = append(moved.Y, 3*y+100)
				for range 2 {
					twice.X, twice.Treated, twice.Y = append(twice.X, s.X[i]), append(twice.Treated, s.Treated[i]), append(twice.Y, y)
					twice.Cluster = append(twice.Cluster, i)
				}
			}
			for _, i := range random.Perm(len(s.Y)) {
				shuffled.X, shuffled.Treated, shuffled.Y = append(shuffled.X, s.X[i]), append(shuffled.Treated, s.Treated[i]), append(shuffled.Y, s.Y[i])
			}
			same("outcomes times three plus a hundred", run(moved), 3*was.Value, 3*was.SE)
			same("every unit twice, as a cluster", run(twice), was.Value, was.SE)
			same("units in another order", run(shuffled), was.Value, was.SE)
		}
	})
}

// AIPW is right when one of its two models is wrong; each alone, with the same wrong model, is not.
func TestAIPWIsDoublyRobust(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 1))
	sample := func(selection, outcome func(x float64) float64) weighting.Sample {
		var s weighting.Sample
		for range 40000 {
			x := 2*random.Float64() - 1
			treated := random.Float64() < 1/(1+math.Exp(-selection(x)))
			s.X, s.Treated = append(s.X, []float64{x}), append(s.Treated, treated)
			s.Y = append(s.Y, outcome(x)+2*indicator(treated)+random.NormFloat64())
		}
		return s
	}
	line, curve := func(x float64) float64 { return x }, func(x float64) float64 { return 4*x*x - 1 }
	aipw := func(what string, s weighting.Sample) {
		r, err := weighting.AIPW(s, usual)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "effect with "+what, r.Estimate.Value, 2, 3.5*r.Estimate.SE)
	}
	aipw("a wrong regression", sample(line, curve))
	wrong := sample(curve, line)
	aipw("wrong scores", wrong)
	r, err := weighting.Hajek(sample(curve, curve), usual)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(r.Estimate.Value-2) < 10*r.Estimate.SE {
		t.Errorf("weights by wrong scores give %v ± %v; the test cannot tell right from wrong", r.Estimate.Value, r.Estimate.SE)
	}
}

// With strong selection a few units speak for thousands: the sign of an effect of +1, the same for all, is lost in one
// sample of ten without trimming (103 of 1000), and kept with trimming (1) or overlap weights (0).
func TestUntrimmedWeightsFlipTheSign(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 2))
	negative := map[string]int{}
	n := runs(60, 1000)
	for range n {
		var s weighting.Sample
		for range 1000 {
			x := random.NormFloat64()
			treated := random.Float64() < 1/(1+math.Exp(-3*x))
			s.X, s.Treated = append(s.X, []float64{x}), append(s.Treated, treated)
			s.Y = append(s.Y, indicator(treated)-2*x+3*random.NormFloat64())
		}
		for name, o := range map[string]weighting.Options{
			"untrimmed": {Estimand: weighting.ATE, Confidence: 0.95},
			"trimmed":   {Estimand: weighting.ATE, Keep: weighting.CommonSupport, Confidence: 0.95},
			"overlap":   {Estimand: weighting.Overlap, Confidence: 0.95},
		} {
			r, err := weighting.Hajek(s, o)
			if err != nil {
				t.Fatal(err)
			}
			if r.Estimate.Value < 0 {
				negative[name]++
			}
			if warned := slices.Contains(r.Estimate.Warnings, weighting.WarnUntrimmed); warned != (name == "untrimmed") {
				t.Fatalf("%s: warnings %v", name, r.Estimate.Warnings)
			}
		}
	}
	t.Logf("negative in %d samples: %v", n, negative)
	if share := float64(negative["untrimmed"]) / float64(n); share < 0.05 {
		t.Errorf("untrimmed estimates are negative in %.3f of samples, want at least one in twenty", share)
	}
	for _, name := range []string{"trimmed", "overlap"} {
		if share := float64(negative[name]) / float64(n); share > 0.02 {
			t.Errorf("%s estimates are negative in %.3f of samples", name, share)
		}
	}
}

func TestCoverage(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 3))
	n := runs(250, 4000)
	covered := map[string]int{}
	for range n {
		var s weighting.Sample // the effect is 2 for all, so that all estimands agree
		for range 400 {
			x := []float64{random.NormFloat64(), random.Float64()}
			treated := random.Float64() < 1/(1+math.Exp(-0.7*(x[0]+x[1]-0.5)))
			s.X, s.Treated = append(s.X, x), append(s.Treated, treated)
			s.Y = append(s.Y, 3*x[0]-2*x[1]+2*indicator(treated)+random.NormFloat64())
		}
		count := func(name string, r weighting.Result, err error) {
			if err != nil {
				t.Fatal(err)
			}
			if r.Estimate.Interval.Contains(2) {
				covered[name]++
			}
		}
		for _, e := range []weighting.Estimand{weighting.ATT, weighting.ATE, weighting.Overlap} {
			r, err := weighting.Hajek(s, weighting.Options{Estimand: e, Confidence: 0.95})
			count(e.String(), r, err)
		}
		r, err := weighting.AIPW(s, usual)
		count("aipw", r, err)
		r, err = weighting.AIPW(s, weighting.Options{Keep: weighting.CommonSupport, Confidence: 0.95})
		count("aipw trimmed", r, err)
	}
	t.Logf("covered in %d samples: %v", n, covered)
	for name, c := range covered {
		slack := 0.01 // first order in 400 units
		if name == "att" || name == "ate" {
			slack = 0.03 // heavy weights: the tails of the estimate are longer than normal
		}
		near(t, "coverage of "+name, float64(c)/float64(n), 0.95, slack+3.5*math.Sqrt(0.95*0.05/float64(n)))
	}
}

func TestNegativeControl(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 4))
	s, _ := confounded(random, 1500, 0.8)
	var clean, tainted []float64
	for i, x := range s.X {
		clean = append(clean, 2*x[0]+random.NormFloat64())
		tainted = append(tainted, clean[i]+0.5*indicator(s.Treated[i])) // the treated were ahead already, by what no covariate tells
	}
	for _, estimate := range []func(weighting.Sample, weighting.Options) (weighting.Result, error){weighting.Hajek, weighting.AIPW} {
		r, err := estimate(s, weighting.Options{Confidence: 0.95, Negative: clean})
		if err != nil || r.Negative == nil || slices.Contains(r.Estimate.Warnings, weighting.WarnNegativeControl) {
			t.Fatalf("clean: %+v, %v", r.Negative, err)
		}
		without := r.Estimate.Value
		if r, err = estimate(s, weighting.Options{Confidence: 0.95, Negative: tainted}); err != nil {
			t.Fatal(err)
		}
		near(t, "effect on the negative control", r.Negative.Value, 0.5, 4*r.Negative.SE)
		near(t, "effect beside it", r.Estimate.Value, without, 0)
		if !slices.Contains(r.Estimate.Warnings, weighting.WarnNegativeControl) {
			t.Errorf("no warning at %v ± %v", r.Negative.Value, r.Negative.SE)
		}
	}
}

func TestWarnings(t *testing.T) {
	s, _ := confounded(rand.New(rand.NewPCG(7, 5)), 120, 3)
	r, err := weighting.Hajek(s, usual)
	if err != nil {
		t.Fatal(err)
	}
	if want := []stats.Warning{weighting.WarnImbalance, weighting.WarnLowESS, weighting.WarnUntrimmed}; !slices.Equal(r.Estimate.Warnings, want) {
		t.Errorf("warnings %v, want %v: balance %v, effective samples %v and %v", r.Estimate.Warnings, want, r.Balance, r.TreatedESS, r.ControlsESS)
	}
}

// The influence of a single cluster adds up to zero: its standard error would be zero but for rounding, however little is known.
func TestASingleClusterIsAnError(t *testing.T) {
	s, _ := confounded(rand.New(rand.NewPCG(7, 6)), 200, 1)
	p, err := weighting.Logistic(s.X, s.Treated)
	if err != nil {
		t.Fatal(err)
	}
	trimmed := weighting.Options{Confidence: 0.95, Keep: stats.Interval{Lo: 0.3, Hi: 0.7}}
	one, off := make([]int, 200), make([]int, 200) // off: another cluster has all units that trimming leaves out
	for i, score := range p.Score {
		if !trimmed.Keep.Contains(score) {
			off[i] = 1
		}
	}
	for name, c := range map[string]struct {
		cluster []int
		o       weighting.Options
		refused bool
	}{
		"a single cluster":      {one, usual, true},
		"one of two is trimmed": {off, trimmed, true},
		"two":                   {off, usual, false},
	} {
		s.Cluster = c.cluster
		for method, estimate := range map[string]func(weighting.Sample, weighting.Options) (weighting.Result, error){"Hajek": weighting.Hajek, "AIPW": weighting.AIPW} {
			r, err := estimate(s, c.o)
			refused := errors.Is(err, weighting.ErrTooFew) && strings.Contains(err.Error(), "at least two clusters")
			if refused != c.refused || !refused && (err != nil || !(r.Estimate.SE > 0)) {
				t.Errorf("%s, %s: standard error %v, %v", method, name, r.Estimate.SE, err)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	good, _ := confounded(rand.New(rand.NewPCG(7, 6)), 60, 1)
	short, nan, ragged, few := good, good, good, good
	short.Y = good.Y[:59]
	nan.Y = slices.Clone(good.Y)
	nan.Y[3] = math.NaN()
	ragged.X = slices.Clone(good.X)
	ragged.X[3] = []float64{1}
	few.X, few.Treated, few.Y = good.X[:6], good.Treated[:6], good.Y[:6]
	for name, c := range map[string]struct {
		s    weighting.Sample
		o    weighting.Options
		want error
	}{
		"fewer outcomes than units":         {short, usual, weighting.ErrShape},
		"an outcome that is no number":      {nan, usual, weighting.ErrShape},
		"rows of two lengths":               {ragged, usual, weighting.ErrShape},
		"six units":                         {few, usual, weighting.ErrTooFew},
		"no units":                          {weighting.Sample{}, usual, weighting.ErrTooFew},
		"scores kept that nobody has":       {good, weighting.Options{Confidence: 0.9, Keep: stats.Interval{Lo: 0.999, Hi: 1}}, weighting.ErrTooFew},
		"negative controls of other units":  {good, weighting.Options{Confidence: 0.9, Negative: []float64{1}}, weighting.ErrShape},
		"confidence of 95":                  {good, weighting.Options{Confidence: 95}, weighting.ErrConfidence},
		"clusters of other units than rows": {weighting.Sample{X: good.X, Treated: good.Treated, Y: good.Y, Cluster: []int{1}}, usual, weighting.ErrShape},
	} {
		if _, err := weighting.Hajek(c.s, c.o); !errors.Is(err, c.want) {
			t.Errorf("Hajek of %s: %v, want %v", name, err, c.want)
		}
		if _, err := weighting.AIPW(c.s, c.o); !errors.Is(err, c.want) {
			t.Errorf("AIPW of %s: %v, want %v", name, err, c.want)
		}
	}
}
