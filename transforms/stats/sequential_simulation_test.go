package stats_test

import (
	"math"
	"testing"

	"github.com/windvane/windvane/transforms/stats"
)

// experiment is one A/B test by day of entry: what is known of the difference after each night.
type experiment struct {
	n         int64
	value, se float64
}

// simulate draws nights of users, half in each arm, whose outcome is exponential with mean 1 and standard deviation 1,
// and by effect larger in the treatment arm.
func simulate(seed uint64, nights, users int, effect float64) []experiment {
	r := random(seed)
	var seen []experiment
	var arms [2]struct{ n, sum, squares float64 }
	for range nights {
		for i := range users {
			a := &arms[i%2]
			y := r.ExpFloat64()
			if i%2 == 1 {
				y += effect
			}
			a.n, a.sum, a.squares = a.n+1, a.sum+y, a.squares+y*y
		}
		var e experiment
		for i, a := range arms {
			mean := a.sum / a.n
			e.n += int64(a.n)
			e.value += mean * float64(2*i-1)
			e.se += (a.squares/a.n - mean*mean) / (a.n - 1)
		}
		e.se = math.Sqrt(e.se)
		seen = append(seen, e)
	}
	return seen
}

// Sixty nightly looks at an experiment: what is promised at the 5 % level is kept at all looks together, with an
// effect and without; the fixed interval breaks it four times over.
func TestAlwaysValidHoldsOverSixtyLooks(t *testing.T) {
	const nights, users = 60, 40
	plan := stats.AlwaysValid{Alpha: 0.05, Planned: nights * users}
	for _, effect := range []float64{0, 0.1} {
		var always, fixed, above, evidence, found share
		for rep := range 1000 * simulations {
			var miss, missFixed, missAbove, enough, detected bool
			for _, e := range simulate(uint64(rep), nights, users, effect) {
				if plan.BurnIn(e.n) {
					continue
				}
				i := plan.Interval(e.value, e.se, e.n)
				miss = miss || !i.Contains(effect)
				detected = detected || !i.Contains(0)
				missFixed = missFixed || math.Abs(e.value-effect) > 1.959964*e.se
				missAbove = missAbove || plan.Lower(e.value, e.se, e.n) > effect
				enough = enough || plan.EValueAbove(e.value-effect, e.se, e.n) >= 1/plan.Alpha
			}
			always.count(miss)
			fixed.count(missFixed)
			above.count(missAbove)
			evidence.count(enough)
			found.count(detected)
		}
		always.within(t, "always-valid interval misses", 0, 0.05)
		above.within(t, "always-valid lower bound misses", 0, 0.05)
		evidence.within(t, "one-sided evidence against the truth", 0, 0.05)
		fixed.within(t, "fixed interval misses", 0.20, 1)
		if effect > 0 { // 2.4 standard errors at the end: a fixed test would have a power of 0.69
			found.within(t, "always-valid interval finds the effect", 0.30, 0.75)
		}
	}
}

// Thirty looks at a cohort, with the bounds for its information fractions: the error is the promised one, no less.
func TestGroupSequentialBoundsSpendAllTheirError(t *testing.T) {
	const nights, users = 30, 40
	var times []float64
	for k := 1; k <= nights; k++ {
		times = append(times, float64(k)/nights)
	}
	for _, plan := range []stats.GroupSequential{{Alpha: 0.05}, {Alpha: 0.05, Spending: stats.Pocock}, {Alpha: 0.05, OneSided: true}} {
		critical := bounds(t, plan, times...)
		var crossed share
		for rep := range 1500 * simulations {
			r, s, cross := random(uint64(rep)), 0.0, false
			for k, c := range critical {
				s += r.NormFloat64()
				z := s / math.Sqrt(float64(k+1))
				cross = cross || z > c || !plan.OneSided && z < -c
			}
			crossed.count(cross)
		}
		crossed.within(t, "bounds crossed without an effect", 0.05, 0.05)
	}
}
