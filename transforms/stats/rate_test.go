package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/windvane/windvane/transforms/stats"
)

func counts(units, events float64) stats.Counts { return stats.Counts{units, events, events} }

// The example of R's poisson.test: 11 in 800 person-years against 21 in 3011 gives a rate ratio of 1.971488; its interval is
// that of binom.test, 11 of 32, 0.1857193 to 0.5319282 (Clopper–Pearson, the tails checked here by summing them).
func TestRateRatioIsThatOfPoissonTest(t *testing.T) {
	treated, control := counts(800, 11), counts(3011, 21)
	e := stats.RateRatio(treated, control, 1, stats.Welch95)
	if math.Abs(e.Value+1-1.971488) > 1e-6 {
		t.Errorf("rate ratio %v, want 1.971488", e.Value+1)
	}
	for end, lift := range map[string]float64{"lower": e.Interval.Lo, "upper": e.Interval.Hi} {
		p := 3011 / (3011 + 800*(1+lift)) // of the control
		b := distuv.Binomial{N: 32, P: p}
		tail := b.CDF(21) // the lift's lower end is the largest p that so few do not contradict
		if end == "upper" {
			tail = 1 - b.CDF(20)
		}
		if math.Abs(tail-0.025) > 1e-9 {
			t.Errorf("%s end %v: tail %v, want 0.025", end, lift, tail)
		}
	}
}

func TestRateRatioWithoutEvents(t *testing.T) {
	e := stats.RateRatio(counts(100, 5), counts(100, 0), 1, stats.Welch95)
	// 1 − p has 5 of 5: p ≤ 1 − 0.025^(1/5)
	if q := math.Pow(0.025, 0.2); !math.IsNaN(e.Value) || !math.IsInf(e.Interval.Hi, 1) || math.Abs(e.Interval.Lo-(q/(1-q)-1)) > 1e-9 {
		t.Errorf("no event in the control: %+v", e)
	}
	if e := stats.RateRatio(counts(100, 0), counts(100, 5), 1, stats.Welch95); e.Value != -1 || e.Interval.Lo != -1 || math.Abs(e.Interval.Hi-(1/math.Pow(0.025, 0.2)-2)) > 1e-9 {
		t.Errorf("no event in the treatment: %+v", e)
	}
	for _, e := range []stats.Estimate{stats.RateRatio(counts(100, 0), counts(100, 0), 1, stats.Welch95), stats.RateRatio(counts(0, 0), counts(100, 5), 1, stats.Welch95)} {
		if !math.IsNaN(e.Value) || !math.IsNaN(e.Interval.Lo) || !math.IsNaN(e.Interval.Hi) {
			t.Errorf("nothing to compare: %+v", e)
		}
	}
}

// draw counts events of units of which some have several.
func draw(src rand.Source, units, rate float64) stats.Counts {
	n := distuv.Poisson{Lambda: units * rate, Src: src}.Rand()
	c, rng := stats.Counts{Units: units}, rand.New(src)
	for range int(n) {
		k := 1.0
		if rng.Float64() < 0.25 {
			k = 3
		}
		c.Events, c.Squares = c.Events+k, c.Squares+k*k
	}
	return c
}

// Units with three events at once make counts vary twice as much; the interval that knows holds, at a level of one of thirty days
// too, and what it takes for the variance of the logarithm is the variance.
func TestRateRatiosOfClusteredEvents(t *testing.T) {
	src := rand.NewPCG(1, 71)
	const runs, lift = 4000, 0.25
	var covered, missed30 int
	var sum, squares, variance float64
	for range runs {
		a, b := draw(src, 9000, 0.02*(1+lift)), draw(src, 1000, 0.02)
		k := a.Plus(b).Dispersion()
		if stats.RateRatio(a, b, k, stats.Welch95).Interval.Contains(lift) {
			covered++
		}
		if !stats.RateRatio(a, b, k, stats.Inference{Confidence: stats.FCRConfidence(1, 30, 0.05)}).Interval.Contains(lift) {
			missed30++
		}
		y := stats.LogRateRatio(a, b, k) - math.Log1p(lift)
		sum, squares, variance = sum+y/runs, squares+y*y/runs, variance+stats.LogRateRatioVar(a, b, lift, k)/runs
	}
	t.Logf("%d of %d cover at 95 %%, %d miss at 1 − 0.05/30; bias %.4f, variance %.4f, taken for %.4f", covered, runs, missed30, sum, squares, variance)
	if covered < 3760 || missed30 > 17 { // 3800 and 7 at the nominal rate; less than once in a thousand times beyond
		t.Errorf("%d of %d cover, %d miss at 1 − 0.05/30", covered, runs, missed30)
	}
	if math.Abs(sum) > 0.02 || variance < 0.85*squares || variance > 1.15*squares {
		t.Errorf("bias %.4f, variance %.4f, taken for %.4f", sum, squares, variance)
	}
}
