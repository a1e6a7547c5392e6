package stats_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/windvane/windvane/transforms/stats"
)

// groupsOf draws groups whose units lie apart by tau about levels of standard deviation 0.1, with errors of 0.3.
func groupsOf(rng *rand.Rand, groups, units int, tau float64) (out []stats.Group, truth [][]float64) {
	for range groups {
		g, level, of := stats.Group{Repeated: 1}, 0.15+0.1*rng.NormFloat64(), []float64(nil)
		for range units {
			theta := level + tau*rng.NormFloat64()
			of = append(of, theta)
			g.Y, g.V = append(g.Y, theta+0.3*rng.NormFloat64()), append(g.V, 0.09)
		}
		out, truth = append(out, g), append(truth, of)
	}
	return out, truth
}

// Where tau is known nearly, the best of a group is what its posterior says, and its interval holds it.
func TestThePosteriorOfTheBestOfAGroupIsRight(t *testing.T) {
	for _, tau := range []float64{0, 0.2} {
		rng := rand.New(rand.NewPCG(3, 72))
		var over, raw, alike float64
		covered, n := 0, 0
		for range 10 {
			groups, truth := groupsOf(rng, 40, 20, tau)
			prior, err := stats.FitNested(groups)
			if err != nil {
				t.Fatal(err)
			}
			alike += prior.Alike / 10
			for g := range groups {
				best, at := math.Inf(-1), 0
				for d, y := range groups[g].Y {
					if m := prior.Posterior(g, y, groups[g].V[d]).Mean(); m > best {
						best, at = m, d
					}
				}
				n++
				over, raw = over+best-truth[g][at], raw+groups[g].Y[at]-truth[g][at]
				if prior.Differing(g, groups[g].Y[at], groups[g].V[at]).Interval(0.95).Contains(truth[g][at]) {
					covered++
				}
			}
		}
		over, raw = over/float64(n), raw/float64(n)
		t.Logf("tau %.1f: over by %.4f, raw by %.4f; %d of %d cover; units do not differ with probability %.3f", tau, over, raw, covered, n, alike)
		if tau > 0 && alike > 0.05 || tau == 0 && alike < 0.5 {
			t.Errorf("tau %.1f: units do not differ with probability %.3f", tau, alike)
		}
		if math.Abs(over) > 0.03 || raw < 0.3 || covered < 366 { // of 400: less than once in a thousand times
			t.Errorf("tau %.1f: over by %.4f, raw by %.4f; %d of %d cover", tau, over, raw, covered, n)
		}
	}
}

// With tau zero and free levels alone, the level is the mean weighted by precision: two groups so far apart that they
// are not pulled to each other.
func TestLevelsOfGroupsFarApart(t *testing.T) {
	groups := []stats.Group{{Y: []float64{10, 10, 10}, V: []float64{1e-4, 1e-4, 1e-4}, Repeated: 1}, {Y: []float64{-10, -10, -10}, V: []float64{1e-4, 1e-4, 1e-4}, Repeated: 1}}
	prior, err := stats.FitNested(groups)
	if err != nil {
		t.Fatal(err)
	}
	if m := prior.Posterior(0, 10, 1e-4).Mean(); math.Abs(m-10) > 1e-3 {
		t.Errorf("posterior %v", m)
	}
	groups[0].Repeated = 9
	wide, err := stats.FitNested(groups)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := prior.Posterior(0, 10, 1).Var(), wide.Posterior(0, 10, 1).Var(); !(b > 2*a) {
		t.Errorf("variance %v; of users that come again %v", a, b)
	}
}

func TestNestedNeedsUnitsThatDiffer(t *testing.T) {
	for _, groups := range [][]stats.Group{nil, {{Y: []float64{1}, V: []float64{1}, Repeated: 1}, {Y: []float64{2}, V: []float64{1}, Repeated: 1}}, {{Y: []float64{1, 2}, V: []float64{1, 1}, Repeated: 1}}} {
		if _, err := stats.FitNested(groups); !errors.Is(err, stats.ErrTooFewUnits) {
			t.Errorf("%v: %v", groups, err)
		}
	}
	if _, err := stats.FitNested([]stats.Group{{Y: []float64{1, 2, math.NaN()}, V: []float64{1, 1, 1}, Repeated: 1}}); err == nil || errors.Is(err, stats.ErrTooFewUnits) {
		t.Errorf("NaN: %v", err)
	}
}

// BenchmarkFitNested is a platform of 5,000 merchants with ninety days each.
func BenchmarkFitNested(b *testing.B) {
	groups, _ := groupsOf(rand.New(rand.NewPCG(4, 72)), 5000, 90, 0.1)
	for b.Loop() {
		if _, err := stats.FitNested(groups); err != nil {
			b.Fatal(err)
		}
	}
}
