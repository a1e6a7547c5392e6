package stats_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/stats"
)

// near fails unless got rounds to want at the number of decimals with which want is printed.
func near(t *testing.T, name string, got, want float64, decimals int) {
	t.Helper()
	if !(math.Abs(got-want) <= 0.5000001*math.Pow10(-decimals)) { // NaN is near nothing
		t.Errorf("%s is %.*f, want %.*f", name, decimals+2, got, decimals, want)
	}
}

func TestShrinkAndWilsonGiveThePrintedValues(t *testing.T) {
	for _, c := range []struct{ x, n, p, upper float64 }{
		{3, 40, 0.044444, 0.173480},
		{0, 5, 0.018182, 0.351117},
		{30, 2000, 0.015122, 0.020171},
	} {
		near(t, "shrunk rate", stats.Shrink(c.x, c.n, 0.02, 50), c.p, 6)
		near(t, "upper bound", stats.WilsonUpper(c.x, c.n, stats.Z95), c.upper, 6)
	}
}

func TestShrinkLiesBetweenRateAndMean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Float64Range(0.1, 1e7).Draw(t, "n")
		x := n * rapid.Float64Range(0, 1).Draw(t, "rate")
		mean := rapid.Float64Range(0, 1).Draw(t, "mean")
		p := stats.Shrink(x, n, mean, rapid.Float64Range(0, 1000).Draw(t, "strength"))
		if p < math.Min(x/n, mean)-1e-12 || p > math.Max(x/n, mean)+1e-12 {
			t.Fatalf("%v is not between %v and %v", p, x/n, mean)
		}
	})
	if p := stats.Shrink(0, 0, 0.3, 0); p != 0.3 {
		t.Errorf("nothing known gives %v, want the mean", p)
	}
}

// The bound is the larger root of (p − u)² = z²·u(1 − u)/n.
func TestWilsonUpperSolvesItsEquation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Float64Range(0.01, 1e6).Draw(t, "n")
		p := rapid.Float64Range(0, 1).Draw(t, "p")
		u := stats.WilsonUpper(p*n, n, stats.Z95)
		if u < p-1e-12 || u > 1 {
			t.Fatalf("bound %v of rate %v", u, p)
		}
		if gap := (p-u)*(p-u) - stats.Z95*stats.Z95*u*(1-u)/n; math.Abs(gap) > 1e-9*(1+1/n) {
			t.Fatalf("equation is off by %v for p %v n %v", gap, p, n)
		}
	})
	if u := stats.WilsonUpper(7, 5, stats.Z95); u != 1 {
		t.Errorf("more events than chances: %v, want 1", u)
	}
	if u := stats.WilsonUpper(0, 0, stats.Z95); u != 1 {
		t.Errorf("no chances: %v, want 1", u)
	}
}

func TestStrengthByMomentsFindsThePriorItWasDrawnFrom(t *testing.T) {
	// Rates at the 19 inner 5 % quantiles of an even spread: known mean, known variance, hardly any chance.
	var x, n []float64
	for i := range 21 {
		n = append(n, 1e9)
		x = append(x, 1e9*(0.1+0.01*float64(i-10)/10))
	}
	variance := 0.01 * 0.01 * 770 / 100 / 21
	mean, k := stats.StrengthByMoments(x, n, 1, 1e6, 50)
	near(t, "mean", mean, 0.1, 9)
	near(t, "strength", k, 0.1*0.9/variance-1, 1)
}

func TestStrengthByMomentsIsClampedOrFallsBack(t *testing.T) {
	for _, c := range []struct {
		name string
		x, n []float64
		want float64
	}{
		{"equal rates differ by less than chance", []float64{10, 10, 10}, []float64{100, 100, 100}, 37},
		{"all or nothing is the least strength", []float64{0, 1000, 0, 1000}, []float64{1000, 1000, 1000, 1000}, 20},
		{"hardly any spread is the most strength", []float64{99000, 101000}, []float64{1e6, 1e6}, 500},
		{"no bad event at all", []float64{0, 0}, []float64{50, 60}, 37},
		{"nobody", nil, nil, 37},
	} {
		if _, k := stats.StrengthByMoments(c.x, c.n, 20, 500, 37); k != c.want {
			t.Errorf("%s: %v, want %v", c.name, k, c.want)
		}
	}
}

// Values of R 4: quantile(c(1, 2, 4, 8, 16), c(0, .2, .5, .8, .97, 1), type = 7).
func TestQuantileType7GivesTheValuesOfR(t *testing.T) {
	for q, want := range map[float64]float64{0: 1, .2: 1.8, .5: 4, .8: 9.6, .97: 15.04, 1: 16} {
		near(t, "quantile", stats.QuantileType7([]float64{1, 2, 4, 8, 16}, q), want, 9)
	}
	if v := stats.QuantileType7([]float64{7}, 0.3); v != 7 {
		t.Errorf("one value: %v", v)
	}
	if v := stats.QuantileType7(nil, 0.3); v == v {
		t.Errorf("no value: %v, want NaN", v)
	}
}

func TestRanksAgreeWithCounting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.SampledFrom([]float64{math.NaN(), -1, 0, 0.5, 1, 2, 3}), 0, 40).Draw(t, "values")
		groups, counted := make([]int32, len(values)), make([]bool, len(values))
		for i := range values {
			groups[i] = rapid.Int32Range(-1, 2).Draw(t, "group")
			counted[i] = rapid.Bool().Draw(t, "counted")
		}
		got := slices.Repeat([]float64{-7}, len(values))
		stats.Rank(values).Within(groups, 3, counted, got)
		for i, v := range values {
			want := -7.0
			if v == v && groups[i] >= 0 {
				var below, equal, total int64
				for j, w := range values {
					if w == w && counted[j] && groups[j] == groups[i] {
						total++
						if w < v {
							below++
						} else if w == v {
							equal++
						}
					}
				}
				want = stats.MidRank(below, equal, total)
			}
			if got[i] != want {
				t.Fatalf("value %d: rank %v, want %v", i, got[i], want)
			}
		}
	})
}

func TestCurveRunsThroughItsAnchorsAndBack(t *testing.T) {
	c := stats.Curve{Anchors: [4]float64{.004, .010, .020, .050}, Points: [4]float64{5, 4.7, 4.3, 3}}
	for i, a := range c.Anchors {
		if got := c.At(a); got != c.Points[i] {
			t.Errorf("anchor %d earns %v", i, got)
		}
	}
	for value, want := range map[float64]float64{0: 5, .007: 4.85, .012: 4.62, .035: 3.65, .06: 3, math.Inf(1): 3} {
		near(t, "points", c.At(value), want, 9)
	}
	if v := c.Inverse(3); !math.IsInf(v, 1) {
		t.Errorf("every value earns the lowest points, not up to %v", v)
	}
	if v := c.Inverse(5.01); !math.IsInf(v, -1) {
		t.Errorf("no value earns more than the highest points, but %v", v)
	}
	flat := stats.Curve{Anchors: [4]float64{1, 2, 3, 4}, Points: [4]float64{5, 4, 4, 3}}
	if v := flat.Inverse(4); v != 3 {
		t.Errorf("4 points are earned up to %v, want 3", v)
	}
}

func TestInverseIsTheLargestValueThatEarnsThePoints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := stats.Curve{Points: [4]float64{5, 4.7, 4.3, 3}}
		a := 0.0
		for i := range c.Anchors {
			a += rapid.Float64Range(1e-4, 1).Draw(t, "step")
			c.Anchors[i] = a
		}
		points := rapid.Float64Range(3.001, 5).Draw(t, "points")
		v := c.Inverse(points)
		if got := c.At(v); math.Abs(got-points) > 1e-9 {
			t.Fatalf("%v earns %v, want %v", v, got, points)
		}
		if got := c.At(v + 1e-6); got >= points {
			t.Fatalf("a larger value still earns %v", got)
		}
	})
}

func TestHalfUpRoundsHalvesUpWhateverBinarySays(t *testing.T) {
	for _, c := range []struct {
		value    float64
		decimals int
		want     int64
	}{
		{4.715, 2, 472}, {4.715055, 2, 472}, {4.7149, 2, 471}, {4.7149999999, 2, 472}, {4.714999999, 2, 471}, {4.705, 2, 471}, {3, 2, 300},
		{0.5, 0, 1}, {-0.5, 0, 0}, {-0.51, 0, -1}, {-1.5, 0, -1}, {-2, 0, -2}, {1.0000000004, 9, 1_000_000_000},
	} {
		if got := stats.HalfUp(c.value, c.decimals); got != c.want {
			t.Errorf("%v to %d decimals is %d, want %d", c.value, c.decimals, got, c.want)
		}
	}
	for cents := int64(300); cents <= 500; cents++ {
		if got := stats.HalfUp(float64(10*cents+5)/1000, 2); got != cents+1 {
			t.Errorf("the half above %d rounds to %d", cents, got)
		}
	}
}

func TestRecencyWeightGivesThePrintedValues(t *testing.T) {
	for age, want := range map[int]int64{0: 1000000, 1: 977160, 30: 500000, 60: 250000, 89: 127922} {
		if got := stats.RecencyWeight(age, 30); got != want {
			t.Errorf("age %d weighs %d, want %d", age, got, want)
		}
	}
}
