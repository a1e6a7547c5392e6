package stats_test

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/stats"
)

func bounds(t *testing.T, plan stats.GroupSequential, times ...float64) []float64 {
	t.Helper()
	b, err := plan.Bounds(times)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBoundsEqualPublishedOnes(t *testing.T) {
	fifths := []float64{0.2, 0.4, 0.6, 0.8, 1}
	for _, c := range []struct {
		name     string
		plan     stats.GroupSequential
		times    []float64
		want     []float64 // NaN: not printed there
		decimals int
	}{
		// R's gsDesign, sfLDOF with alpha 0.025 and three even looks, prints 3.710303 2.511427 1.993048 (in FastSurvival's
		// vignette on group-sequential designs).
		{"O'Brien–Fleming type, one side, three looks", stats.GroupSequential{Alpha: 0.025, OneSided: true}, []float64{1. / 3, 2. / 3, 1},
			[]float64{3.71030, 2.51143, 1.99305}, 5},
		// Reboussin, DeMets, Kim, Lan, Programs for computing group sequential boundaries (2000), and R's ldbounds, print
		// 4.8769 3.3569 2.6803 2.2898 2.0310. They sum by trapezia, which costs the fourth decimal (exactly 3.35701).
		{"O'Brien–Fleming type, two sides", stats.GroupSequential{Alpha: 0.05}, fifths,
			[]float64{4.877, 3.357, 2.680, 2.290, 2.031}, 3},
		// PharmCat/SeqBounds.jl (MIT), README at 36b016e and test/runtests.jl, held against ldbounds there, by trapezia too.
		{"O'Brien–Fleming type, one side, four looks", stats.GroupSequential{Alpha: 0.05, OneSided: true}, []float64{0.25, 0.5, 0.75, 1},
			[]float64{3.74955, 2.53993, 2.01604, 1.72014}, 4},
		{"O'Brien–Fleming type, one side, last look", stats.GroupSequential{Alpha: 0.05, OneSided: true}, fifths,
			[]float64{math.NaN(), math.NaN(), math.NaN(), math.NaN(), 1.739661}, 4},
		{"Pocock type, two sides, last look", stats.GroupSequential{Alpha: 0.05, Spending: stats.Pocock}, fifths,
			[]float64{math.NaN(), math.NaN(), math.NaN(), math.NaN(), 2.385909}, 3},
		{"one look", stats.GroupSequential{Alpha: 0.05}, []float64{1}, []float64{1.959964}, 6},
		{"one look, one side", stats.GroupSequential{Alpha: 0.05, OneSided: true}, []float64{1}, []float64{1.644854}, 6},
	} {
		for k, got := range bounds(t, c.plan, c.times...) {
			if c.want[k] == c.want[k] {
				near(t, c.name, got, c.want[k], c.decimals)
			}
		}
	}
}

// A second way: Simpson's rule on even grids, and what is crossed is what is missing from those still inside. Its own
// error is (h⁴/180)·f‴, about 1e-7 at a bound that cuts off much of a kernel of width 0.18.
func TestThirtyBoundsSpendWhatTheyShould(t *testing.T) {
	var times []float64
	for k := 1; k <= 30; k++ {
		times = append(times, float64(k)/30)
	}
	for _, plan := range []stats.GroupSequential{
		{Alpha: 0.05}, {Alpha: 0.05, Spending: stats.Pocock}, {Alpha: 0.2, OneSided: true, Spending: stats.Pocock},
	} {
		sides := 2.0
		if plan.OneSided {
			sides = 1
		}
		for k, crossed := range crossings(times, bounds(t, plan, times...), plan.OneSided) {
			if want := sides * plan.Spending.Spent(plan.Alpha/sides, times[k]); apart(crossed, want, 1e-7) {
				t.Errorf("%+v: by look %d it has spent %.10f, want %.10f", plan, k+1, crossed, want)
			}
		}
	}
}

// crossings is the probability to have left by each look.
func crossings(times, bounds []float64, oneSided bool) (crossed []float64) {
	const cells = 400
	var z, mass [cells + 1]float64 // mass: density of those inside times weight of Simpson's rule
	for k, t := range times {
		hi := math.Min(bounds[k], 8)
		lo := -8.0
		if !oneSided {
			lo = -hi
		}
		step := (hi - lo) / cells
		var nextZ, next [cells + 1]float64
		inside := 0.0
		for i := range next {
			x, density := lo+step*float64(i), 0.0
			if k == 0 {
				density = distuv.UnitNormal.Prob(x)
			} else {
				sd, shrink := math.Sqrt((t-times[k-1])/t), math.Sqrt(times[k-1]/t)
				for j, m := range mass {
					if d := (x - z[j]*shrink) / sd; math.Abs(d) < 8 {
						density += m * math.Exp(-d*d/2) / (sd * math.Sqrt(2*math.Pi))
					}
				}
			}
			weight := step / 3 * float64(2+2*(i%2))
			if i == 0 || i == cells {
				weight = step / 3
			}
			nextZ[i], next[i] = x, weight*density
			inside += next[i]
		}
		z, mass = nextZ, next
		crossed = append(crossed, 1-inside)
	}
	return crossed
}

func TestBoundsDependOnTheLooksSoFarAlone(t *testing.T) {
	plan := stats.GroupSequential{Alpha: 0.05}
	all := bounds(t, plan, 0.1, 0.35, 0.36, 0.8, 1)
	for k := range all {
		some := bounds(t, plan, []float64{0.1, 0.35, 0.36, 0.8, 1}[:k+1]...)
		if apart(some[k], all[k], 1e-8) {
			t.Errorf("look %d alone has the bound %v, with later ones %v", k+1, some[k], all[k])
		}
	}
}

func TestALookThatBringsNothingRejectsNothing(t *testing.T) {
	plan := stats.GroupSequential{Alpha: 0.05}
	with, without := bounds(t, plan, 0.5, 0.50001, 1), bounds(t, plan, 0.5, 1)
	if !math.IsInf(with[1], 1) || with[0] != without[0] || with[2] != without[1] {
		t.Errorf("bounds %v, without the look %v", with, without)
	}
	early := bounds(t, plan, 1e-4, 1)
	if !math.IsInf(early[0], 1) {
		t.Errorf("at a ten-thousandth of the information the bound is %v", early[0])
	}
	near(t, "and everything is left for the end", early[1], 1.959964, 6)
}

func TestBoundsRefuseWhatIsNoPlan(t *testing.T) {
	for _, c := range []struct {
		alpha float64
		times []float64
	}{{0, []float64{1}}, {1, []float64{1}}, {math.NaN(), []float64{1}}, {0.05, []float64{0}}, {0.05, []float64{0.5, 0.5}},
		{0.05, []float64{0.5, 0.4}}, {0.05, []float64{math.NaN()}}, {0.05, []float64{0.5, math.Inf(1)}}} {
		if b, err := (stats.GroupSequential{Alpha: c.alpha}).Bounds(c.times); err == nil {
			t.Errorf("alpha %v at %v gives %v, want an error", c.alpha, c.times, b)
		}
	}
}

func TestSpendingGrowsToAlpha(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alpha := rapid.Float64Range(1e-6, 0.5).Draw(t, "alpha")
		spending := rapid.SampledFrom([]stats.Spending{stats.OBrienFleming, stats.Pocock}).Draw(t, "spending")
		a, b := rapid.Float64Range(0, 1).Draw(t, "a"), rapid.Float64Range(0, 1).Draw(t, "b")
		a, b = min(a, b), max(a, b)
		if x, y := spending.Spent(alpha, a), spending.Spent(alpha, b); x > y || y > alpha*(1+1e-12) || x < 0 {
			t.Fatalf("%v spent by %v, %v by %v of %v", x, a, y, b, alpha)
		}
		if got := spending.Spent(alpha, 1+a); got != alpha {
			t.Fatalf("at the end %v is spent of %v", got, alpha)
		}
	})
}

func TestInformationFraction(t *testing.T) {
	near(t, "twice the standard error", stats.InformationFraction(0.2, 0.1), 0.25, 15)
	near(t, "more than planned", stats.InformationFraction(0.05, 0.1), 1, 15)
	for _, se := range []float64{0, -1, math.NaN()} {
		if f := stats.InformationFraction(se, 0.1); !math.IsNaN(f) {
			t.Errorf("standard error %v has the fraction %v", se, f)
		}
	}
}
