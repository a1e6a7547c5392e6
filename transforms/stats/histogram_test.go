package stats_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/stats"
)

func histogramOf(units []stats.Values) stats.Histogram {
	var h stats.Histogram
	for i := range units {
		h.Add(&units[i])
	}
	return h
}

func TestCapEdgesGrowByATenth(t *testing.T) {
	var got []int64
	for v := int64(1); v < 40; v = got[len(got)-1] + 1 {
		got = append(got, stats.CapEdge(v))
	}
	if d := cmp.Diff([]int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 21, 24, 27, 30, 33, 37, 41}, got); d != "" {
		t.Error(d)
	}
	if e := stats.CapEdge(0); e != 1 {
		t.Errorf("the least cap is %d", e)
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64Range(1, 1<<62-1<<59).Draw(t, "value")
		e := stats.CapEdge(v)
		if e < v || stats.CapEdge(e) != e || float64(e) > 1.1*float64(v)+1 {
			t.Fatalf("edge at or above %d is %d", v, e)
		}
	})
}

// What the histogram says of a cap is what a recount with capped outcomes says.
func TestWinsorisedSumsEqualARecount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := anyUnits(0).Draw(t, "units")
		limit := rapid.OneOf(rapid.Int64Range(1, 50), rapid.Int64Range(1, 1e9), rapid.Just(int64(1<<48))).Draw(t, "cap")
		h := histogramOf(units)
		edge := stats.CapEdge(limit)
		var want stats.Sums
		var above int64
		for _, u := range units {
			if u[stats.Outcome] > edge {
				above++
			}
			want.Add(&stats.Values{
				stats.Outcome:    min(u[stats.Outcome], edge),
				stats.PreOutcome: u[stats.PreOutcome],
			})
		}
		if d := cmp.Diff(want, h.WinsorisedSums(limit), exactly); d != "" {
			t.Fatal(d)
		}
		if h.Above(limit) != above || h.N() != int64(len(units)) {
			t.Fatalf("%d of %d above, want %d of %d", h.Above(limit), h.N(), above, len(units))
		}
	})
}

func TestMergingLeavesACopyAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units, more := anyUnits(0).Draw(t, "units"), histogramOf(anyUnits(0).Draw(t, "more"))
		h := histogramOf(units)
		copied := h
		copied.Merge(&more)
		copied.Retract(&h)
		if d := cmp.Diff(histogramOf(units), h, exactly); d != "" {
			t.Fatal(d)
		}
		if d := cmp.Diff(more, copied, exactly); d != "" {
			t.Fatal(d)
		}
	})
}

func TestQuantileOfHistogramIsTheLeastEdgeThatCoversTheShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := anyUnits(1).Draw(t, "units")
		q := rapid.Float64Range(0.001, 1).Draw(t, "share")
		h := histogramOf(units)
		limit := h.Quantile(q)
		covered := func(limit int64) bool {
			var n int
			for _, u := range units {
				if u[stats.Outcome] <= limit {
					n++
				}
			}
			return float64(n) >= q*float64(len(units))
		}
		if !covered(limit) {
			t.Fatalf("cap %d leaves out too many", limit)
		}
		if limit > 1 {
			below := limit - 1 // then the next edge below, if it is not this one
			for stats.CapEdge(below) == limit {
				below -= (below + 10) / 11
			}
			if covered(stats.CapEdge(below)) {
				t.Fatalf("%d would do, got %d", stats.CapEdge(below), limit)
			}
		}
	})
	var empty stats.Histogram
	if got := empty.Quantile(0.99); got != 0 {
		t.Errorf("no units: %d", got)
	}
}

func TestSkewness(t *testing.T) {
	// One in four has 1: (1 − 2p)/√(p(1 − p)).
	near(t, "skewness of a coin", stats.Skewness([]float64{0, 0, 1, 0}), 0.5/math.Sqrt(0.1875), 12)

	random := seeded(7)
	var values []float64
	var h stats.Histogram
	for range 20000 {
		u := stats.Values{}
		if random.Float64() < 0.3 {
			u[stats.Outcome] = int64(5000 * math.Exp(random.NormFloat64()))
		}
		values = append(values, float64(u[stats.Outcome]))
		h.Add(&u)
	}
	exact := stats.Skewness(values)
	if got := h.Skewness(); math.Abs(got/exact-1) > 0.005 {
		t.Errorf("skewness %v from the histogram, %v from the values", got, exact)
	}
	if n := int64(355 * exact * exact); !stats.Skewed(n, exact) || stats.Skewed(n+1, exact) || stats.Skewed(10, math.NaN()) {
		t.Errorf("%d units of skewness %v are just too few", n, exact)
	}
}
