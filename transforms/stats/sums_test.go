package stats_test

import (
	"math"
	"math/big"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/stats"
)

// exactly compares sums and histograms to the last bit.
var exactly = cmp.Exporter(func(reflect.Type) bool { return true })

// anyValues draws totals of a unit: often nothing, often money, at times as large as is allowed, at times below zero.
func anyValues() *rapid.Generator[stats.Values] {
	one := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(-5, 20), rapid.Int64Range(-1e4, 1e8), rapid.SampledFrom([]int64{-1 << 47, 1 << 47}))
	return rapid.Custom(func(t *rapid.T) (u stats.Values) {
		for v := range u {
			u[v] = one.Draw(t, "total")
		}
		return u
	})
}

func anyUnits(atLeast int) *rapid.Generator[[]stats.Values] {
	return rapid.SliceOfN(anyValues(), atLeast, 30)
}

func sumsOf(units []stats.Values) stats.Sums {
	var s stats.Sums
	for i := range units {
		s.Add(&units[i])
	}
	return s
}

func TestSumsEqualARecountInBigIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := anyUnits(0).Draw(t, "units")
		s := sumsOf(units)
		if s.N != int64(len(units)) {
			t.Fatalf("%d units, want %d", s.N, len(units))
		}
		arm := s.Arm()
		for v := range stats.Variable(stats.Variables) {
			for w := range stats.Variable(stats.Variables) {
				sv, sw, sp := new(big.Int), new(big.Int), new(big.Int)
				for _, u := range units {
					x, y := big.NewInt(u[v]), big.NewInt(u[w])
					sv.Add(sv, x)
					sw.Add(sw, y)
					sp.Add(sp, x.Mul(x, y))
				}
				if s.Sum(v).Big().Cmp(sv) != 0 || s.SumOf(v, w).Big().Cmp(sp) != 0 {
					t.Fatalf("sum %v of products %v, want %v and %v", s.Sum(v), s.SumOf(v, w), sv, sp)
				}
				n := new(big.Rat).SetInt64(s.N)
				if s.N >= 1 && arm.Mean[v] != float(new(big.Rat).Quo(new(big.Rat).SetInt(sv), n)) {
					t.Fatalf("mean %v of %v", arm.Mean[v], sv)
				}
				if s.N >= 2 {
					between := new(big.Rat).Quo(new(big.Rat).SetInt(sv.Mul(sv, sw)), n)
					cov := between.Sub(new(big.Rat).SetInt(sp), between)
					cov.Quo(cov, n.SetInt64(s.N-1))
					if arm.Cov[v][w] != float(cov) || s.Cov(v, w) != float(cov) {
						t.Fatalf("covariance %v, want %v", arm.Cov[v][w], float(cov))
					}
				}
			}
		}
	})
}

func float(r *big.Rat) float64 {
	f, _ := r.Float64()
	return f
}

func TestSumsOfNothingKnowNothing(t *testing.T) {
	var s stats.Sums
	if a := s.Arm(); !math.IsNaN(a.Mean[0]) || !math.IsNaN(a.Cov[0][0]) {
		t.Errorf("no unit has mean %v and variance %v", a.Mean[0], a.Cov[0][0])
	}
	s.Add(&stats.Values{5})
	if a := s.Arm(); a.Mean[0] != 5 || !math.IsNaN(a.Cov[0][0]) {
		t.Errorf("one unit of 5 has mean %v and variance %v", a.Mean[0], a.Cov[0][0])
	}
}

// However units are split and in whatever order the parts come, the sums are the same.
func TestPartsMergeToTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := anyUnits(0).Draw(t, "units")
		whole, wholeHistogram := sumsOf(units), histogramOf(units)
		parts, histograms := make([]stats.Sums, 4), make([]stats.Histogram, 4)
		for _, u := range rapid.Permutation(units).Draw(t, "order") {
			k := rapid.IntRange(0, 3).Draw(t, "part")
			parts[k].Add(&u)
			histograms[k].Add(&u)
		}
		var merged stats.Sums
		var mergedHistogram stats.Histogram
		for _, k := range rapid.Permutation([]int{0, 1, 2, 3}).Draw(t, "order of parts") {
			merged.Merge(&parts[k])
			mergedHistogram.Merge(&histograms[k])
		}
		if d := cmp.Diff(whole, merged, exactly); d != "" {
			t.Fatalf("sums: %s", d)
		}
		if d := cmp.Diff(wholeHistogram, mergedHistogram, exactly); d != "" {
			t.Fatalf("histogram: %s", d)
		}

		for k := range parts {
			merged.Retract(&parts[k])
			mergedHistogram.Retract(&histograms[k])
		}
		if d := cmp.Diff(stats.Sums{}, merged, exactly); d != "" {
			t.Fatalf("sums are not zero after all was retracted: %s", d)
		}
		if d := cmp.Diff(stats.Histogram{}, mergedHistogram, exactly); d != "" {
			t.Fatalf("histogram is not empty after all was retracted: %s", d)
		}
	})
}

// Nights of entries, changes, refunds and leavings end at the sums of the last state; a night replayed adds nothing.
func TestMovesEqualARecount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := anyUnits(1).Draw(t, "units")
		s, h := sumsOf(units), histogramOf(units)
		for range rapid.IntRange(0, 40).Draw(t, "changes") {
			i := rapid.IntRange(0, len(units)-1).Draw(t, "unit")
			to := anyValues().Draw(t, "to")
			s.Move(&units[i], &to)
			h.Move(&units[i], &to)
			units[i] = to
			s.Move(&to, &units[i]) // the same night again
			h.Move(&to, &units[i])
		}
		gone := units[0]
		s.Remove(&gone)
		h.Remove(&gone)
		if d := cmp.Diff(sumsOf(units[1:]), s, exactly); d != "" {
			t.Fatalf("sums: %s", d)
		}
		if d := cmp.Diff(histogramOf(units[1:]), h, exactly); d != "" {
			t.Fatalf("histogram: %s", d)
		}
	})
}

// With A_vw = n·Q_vw − S_v·S_w: A_vw² ≤ A_vv·A_ww, and A_vv ≥ 0.
func TestCauchySchwarz(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := anyUnits(0).Draw(t, "units")
		s := sumsOf(units)
		a := func(v, w stats.Variable) *big.Int {
			out := new(big.Int).Mul(big.NewInt(s.N), s.SumOf(v, w).Big())
			return out.Sub(out, new(big.Int).Mul(s.Sum(v).Big(), s.Sum(w).Big()))
		}
		for v := range stats.Variable(stats.Variables) {
			for w := range stats.Variable(stats.Variables) {
				square := a(v, w)
				square.Mul(square, square)
				if a(v, v).Sign() < 0 || square.Cmp(new(big.Int).Mul(a(v, v), a(w, w))) > 0 {
					t.Fatalf("A of %d and %d is too large", v, w)
				}
			}
		}
	})
}

// Floats in two passes come to what whole numbers come to.
func TestFloatsAgreeWithExactSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 50).Draw(t, "units")
		base := rapid.Int64Range(-1e9, 1e9).Draw(t, "far from zero")
		var exact stats.Sums
		columns := map[stats.Variable][]float64{}
		for range n {
			var u stats.Values
			for v := range u {
				u[v] = base + rapid.Int64Range(-1000, 1000).Draw(t, "total")
				columns[stats.Variable(v)] = append(columns[stats.Variable(v)], float64(u[v]))
			}
			exact.Add(&u)
		}
		want, got := exact.Arm(), stats.ArmOf(columns)
		joint := stats.JointOf(columns[stats.Outcome], columns[stats.PreOutcome], columns[stats.Denominator])
		for v := range stats.Variables {
			for w := range stats.Variables {
				scale := math.Sqrt(want.Cov[v][v]*want.Cov[w][w]) + 1e-9
				if math.Abs(want.Cov[v][w]-got.Cov[v][w]) > 1e-9*scale {
					t.Fatalf("covariance %v, want %v", got.Cov[v][w], want.Cov[v][w])
				}
			}
		}
		if d := cmp.Diff(got.Joint(stats.Outcome, stats.PreOutcome, stats.Denominator), joint); d != "" {
			t.Fatal(d)
		}
	})
}

// Arms pool to the arm of all units, those without a unit and with one included.
func TestArmsPool(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := anyUnits(2).Draw(t, "units")
		cut := rapid.IntRange(0, len(units)).Draw(t, "cut")
		whole, left, right := sumsOf(units), sumsOf(units[:cut]), sumsOf(units[cut:])
		want, a, b := whole.Arm(), left.Arm(), right.Arm()
		got := a.Pool(&b)
		if got.N != want.N {
			t.Fatalf("%d units, want %d", got.N, want.N)
		}
		for v := range stats.Variables {
			if !(math.Abs(got.Mean[v]-want.Mean[v]) <= 1e-9*(math.Abs(want.Mean[v])+math.Sqrt(want.Cov[v][v]))) {
				t.Fatalf("mean %v, want %v", got.Mean[v], want.Mean[v])
			}
			for w := range stats.Variables {
				if !(math.Abs(got.Cov[v][w]-want.Cov[v][w]) <= 1e-9*math.Sqrt(want.Cov[v][v]*want.Cov[w][w])) {
					t.Fatalf("covariance %v, want %v", got.Cov[v][w], want.Cov[v][w])
				}
			}
		}
	})
}
