package stats_test

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/stats"
)

// bh1995 are the 15 p-values of Benjamini and Hochberg, JRSS B 57 (1995), section 4.
var bh1995 = []float64{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
	0.6528, 0.7590, 1.0000}

func TestBenjaminiAndHochbergsExample(t *testing.T) {
	bh, by := stats.BenjaminiHochberg(bh1995), stats.BenjaminiYekutieli(bh1995)
	for _, c := range []struct {
		name     string
		adjusted []float64
		want     int
	}{{"BH", bh, 4}, {"Bonferroni", stats.Bonferroni(bh1995), 3}, {"BY", by, 3}} {
		if got := stats.Rejected(c.adjusted, 0.05); got != c.want {
			t.Errorf("%s rejects %d, want %d", c.name, got, c.want)
		}
	}
	// As R's p.adjust gives them: 15/4·0.0095; 15/8·0.0344 for the ranks 6 to 8; the largest stays.
	for i, want := range map[int]float64{0: 0.0015, 1: 0.003, 2: 0.0095, 3: 0.035625, 5: 0.0638571, 6: 0.0638571, 7: 0.0645, 14: 1} {
		near(t, "adjusted p-value", bh[i], want, 7)
	}
	near(t, "price of any dependence", by[0]/bh[0], 3.3182290, 7) // 1 + 1/2 + … + 1/15
	near(t, "share of nulls", stats.NullShare(bh1995, 0.5), 4/7.5, 12)
	near(t, "confidence for the four", stats.FCRConfidence(4, 15, 0.05), 1-4*0.05/15, 12)
}

// Wang and Ramdas (2022): the k largest, k the largest rank with e(k) ≥ M/(k·q); here the lines are 40, 20, 13.3, 10.
func TestEBHRejectsTheLargest(t *testing.T) {
	e := []float64{13, 60, 1, 21}
	adjusted := stats.EBenjaminiHochberg(e)
	for i, want := range []float64{4. / 3 / 13, 4. / 60, 1, 4. / 2 / 21} {
		near(t, "adjusted e-value", adjusted[i], want, 12)
	}
	if got := stats.Rejected(adjusted, 0.1); got != 2 {
		t.Errorf("e-BH rejects %d, want 2", got)
	}
}

// families are p-values with ties, zeros, ones and gaps.
func families(t *rapid.T) []float64 {
	return rapid.SliceOfN(rapid.OneOf(
		rapid.Float64Range(0, 1), rapid.Float64Range(0, 0.01), rapid.SampledFrom([]float64{0, 0.01, 0.05, 1, math.NaN()}),
	), 0, 40).Draw(t, "p")
}

// The procedures as they are written: sort, find the largest rank whose value is under the line, reject up to it.
func TestAdjustedPValuesRejectWhatTheProceduresReject(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, q := families(t), rapid.Float64Range(0.001, 0.5).Draw(t, "q")
		tested := slices.DeleteFunc(slices.Clone(p), math.IsNaN)
		slices.Sort(tested)
		m, harmonic := float64(len(tested)), 0.0
		for k := range tested {
			harmonic += 1 / float64(k+1)
		}
		reject := func(q float64) (rejected int) {
			for k, v := range tested {
				if v <= float64(k+1)*q/m {
					rejected = k + 1
				}
			}
			return rejected
		}
		if got, want := stats.Rejected(stats.BenjaminiHochberg(p), q), reject(q); got != want {
			t.Fatalf("BH rejects %d, want %d", got, want)
		}
		if got, want := stats.Rejected(stats.BenjaminiYekutieli(p), q), reject(q/harmonic); got != want {
			t.Fatalf("BY rejects %d, want %d", got, want)
		}
		e := make([]float64, len(p))
		for i, v := range p {
			e[i] = 1 / v
		}
		large := slices.DeleteFunc(slices.Clone(e), math.IsNaN)
		slices.SortFunc(large, func(a, b float64) int { return cmp.Compare(b, a) })
		want := 0
		for k, v := range large {
			if v >= m/(float64(k+1)*q)*(1-1e-14) { // 1/(1/p) may be off by a float
				want = k + 1
			}
		}
		got := stats.Rejected(stats.EBenjaminiHochberg(e), q*(1+1e-14))
		if got != want {
			t.Fatalf("e-BH rejects %d, want %d", got, want)
		}
	})
}

func TestAdjustedPValuesKeepOrderAndGaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := families(t)
		for name, adjust := range map[string]func([]float64) []float64{
			"BH": stats.BenjaminiHochberg, "BY": stats.BenjaminiYekutieli, "Bonferroni": stats.Bonferroni,
		} {
			adjusted := adjust(p)
			without := adjust(slices.DeleteFunc(slices.Clone(p), math.IsNaN))
			for i, v := range p {
				switch {
				case v != v:
					if adjusted[i] == adjusted[i] {
						t.Fatalf("%s: no test has the adjusted p-value %v", name, adjusted[i])
					}
					continue
				case adjusted[i] < v || adjusted[i] > 1:
					t.Fatalf("%s: %v becomes %v", name, v, adjusted[i])
				case adjusted[i] != without[0]:
					t.Fatalf("%s: %v with gaps, %v without", name, adjusted[i], without[0])
				}
				without = without[1:]
				for k, w := range p {
					if v < w && adjusted[i] > adjusted[k] {
						t.Fatalf("%s: %v below %v, adjusted %v above %v", name, v, w, adjusted[i], adjusted[k])
					}
				}
			}
		}
	})
}

func TestFamiliesWithoutTests(t *testing.T) {
	if s := stats.NullShare(nil, 0.5); !math.IsNaN(s) {
		t.Errorf("share of nulls among none: %v", s)
	}
	if c := stats.FCRConfidence(0, 0, 0.05); !math.IsNaN(c) {
		t.Errorf("confidence for none: %v", c)
	}
	near(t, "confidence where all are selected", stats.FCRConfidence(8, 8, 0.05), 0.95, 12)
	near(t, "share of nulls, capped", stats.NullShare([]float64{0.9, 0.8, 0.7, math.NaN()}, 0.5), 1, 12)
}
