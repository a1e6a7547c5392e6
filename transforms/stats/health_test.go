package stats_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/windvane/windvane/transforms/stats"
)

// Exact values by sums of fractions.
func TestBinomial(t *testing.T) {
	for _, c := range []struct {
		k, n int64
		p    float64
		want float64
	}{
		{7, 40, 0.05, 0.0067837951558719625}, {0, 40, 0.05, 0.25702431313020674}, {4, 10, 0.5, 0.75390625},
		{12, 90, 0.05, 0.0035225880949004544}, {0, 1, 0.5, 1}, {5, 10, 0.5, 1}, {10, 10, 0.5, 2.0 / 1024},
	} {
		relativelyNear(t, fmt.Sprint(c.k, " of ", c.n), stats.BinomialP(c.k, c.n, c.p), c.want)
	}
	// A small holdout expects fewer than five units: the exact test takes over, as it does arm by arm for three arms.
	relativelyNear(t, "small holdout", stats.SampleRatioP([]int64{33, 7}, []float64{0.95, 0.05}), 0.0067837951558719625)
	relativelyNear(t, "three arms", stats.SampleRatioP([]int64{20, 13, 7}, []float64{0.5, 0.45, 0.05}), 3*0.0067837951558719625)
	if p := stats.SampleRatioP([]int64{0, 0}, []float64{0.5, 0.5}); p != 1 {
		t.Errorf("no units: p %v", p)
	}
}

// The evidence is a fair bet: over all outcomes of n units, weighted by their probability if nothing is wrong, it is 1.
func TestSampleRatioEvidenceIsAFairBet(t *testing.T) {
	shares := []float64{0.6, 0.3, 0.1}
	for _, concentration := range []float64{0.5, 10, 1000} {
		for _, n := range []int64{1, 2, 9} {
			var expectation float64
			for a := range n + 1 {
				for b := range n - a + 1 {
					counts := []int64{a, b, n - a - b}
					probability := logGamma(n + 1)
					for k, o := range counts {
						probability += float64(o)*math.Log(shares[k]) - logGamma(o+1)
					}
					expectation += math.Exp(probability + stats.SampleRatioEvidence(counts, shares, concentration))
				}
			}
			near(t, "expectation", expectation, 1, 11)
		}
	}
	// 95 : 5 wanted, a fifth of the holdout filtered away downstream.
	if e := stats.SampleRatioEvidence([]int64{95000, 4000}, []float64{0.95, 0.05}, 1000); e < math.Log(1/0.0005) {
		t.Errorf("evidence %v against a broken split", e)
	}
	if e := stats.SampleRatioEvidence([]int64{9.5e8, 0.5e8}, []float64{0.95, 0.05}, 1000); e > 0 {
		t.Errorf("evidence %v against a split as wanted", e)
	}
}

func logGamma(n int64) float64 {
	v, _ := math.Lgamma(float64(n))
	return v
}

// The p-value approaches that of all assignments; of 7 units in arms of 3 and 4 there are 35.
func TestPermutationsApproachAllAssignments(t *testing.T) {
	tr, c := []float64{3, 9, 40}, []float64{0, 1, 2, 5}
	all := slices.Concat(tr, c)
	seen := 52./3 - 8./4
	var atLeast, atMost, extreme float64
	for mask := range 1 << 7 {
		var sum, n float64
		for i, v := range all {
			if mask>>i&1 == 1 {
				sum, n = sum+v, n+1
			}
		}
		if n != 3 {
			continue
		}
		difference := sum/3 - (60-sum)/4
		for into, hit := range map[*float64]bool{
			&atLeast: difference >= seen-1e-9, &atMost: difference <= seen+1e-9, &extreme: math.Abs(difference) >= seen-1e-9,
		} {
			if hit {
				*into += 1. / 35
			}
		}
	}
	const draws = 20000
	for alternative, want := range map[stats.Alternative]float64{stats.TwoSided: extreme, stats.Greater: atLeast, stats.Less: atMost} {
		got := stats.PermutationP(tr, c, draws, 11, alternative)
		if math.Abs(got-want) > 4*math.Sqrt(want*(1-want)/draws)+1./draws {
			t.Errorf("alternative %d: p %v, of all assignments %v", alternative, got, want)
		}
		if again := stats.PermutationP(tr, c, draws, 11, alternative); again != got {
			t.Errorf("the same seed gives %v and %v", got, again)
		}
	}
	exchanged := stats.PermutationP(c, tr, draws, 11, stats.Less) // the other arm is the smaller one
	if math.Abs(exchanged-atLeast) > 4*math.Sqrt(atLeast/draws) {
		t.Errorf("exchanged arms: p %v, of all assignments %v", exchanged, atLeast)
	}
	if p := stats.PermutationP([]float64{2, 2}, []float64{2, 2, 2}, 99, 1, stats.TwoSided); p != 1 {
		t.Errorf("equal values: p %v", p)
	}
	if p := stats.PermutationP(nil, c, 99, 1, stats.TwoSided); !math.IsNaN(p) {
		t.Errorf("no unit: p %v", p)
	}
}

func TestUnitsNeeded(t *testing.T) {
	even, holdout := stats.Design{Confidence: 0.95, Power: 0.8, Holdout: 0.5}, stats.Design{Confidence: 0.95, Power: 0.8, Holdout: 0.05}
	// Coefficient of variation 18, lift 15 %: 452,000 users at half and half, 2.38 million with 5 % held out.
	near(t, "at half and half", even.Units(18, 0.15)/1000, 452, 0)
	near(t, "with a holdout", holdout.Units(18, 0.15)/1e6, 2.38, 2)
	// 16·σ²/δ² in each arm is the rule of thumb (van Belle 2008); its factor is 15.7.
	near(t, "rule of thumb", even.Units(1, 1)/2, 2*7.849, 2)
	for _, d := range []stats.Design{even, holdout} {
		relativelyNear(t, "detectable", d.Detectable(d.Units(18, 0.15), 18), 0.15)
	}
	// With 500 units of each arm and σ = 2 the standard error is 2·√(2/500).
	relativelyNear(t, "by standard error", even.DetectableAt(2*math.Sqrt(2./500)), even.Detectable(1000, 2))
	// Looked for on one side: z(0.95) + z(0.8).
	relativelyNear(t, "on one side", stats.Design{Confidence: 0.95, Power: 0.8, OneSided: true}.DetectableAt(1), 1.6448536270+0.8416212336)
}

func TestCompliersEffect(t *testing.T) {
	// Every unit of the treatment arm that is served gains 10; half are. Nobody of the holdout is.
	random := seeded(12)
	draw := func(n int, treated bool) map[stats.Variable][]float64 {
		out := map[stats.Variable][]float64{}
		for range n {
			served := 0.0
			if treated && random.IntN(2) == 0 {
				served = 1
			}
			out[stats.Outcome] = append(out[stats.Outcome], 100+20*random.NormFloat64()+10*served)
			out[stats.Denominator] = append(out[stats.Denominator], served)
		}
		return out
	}
	tr, c := stats.ArmOf(draw(4000, true)), stats.ArmOf(draw(2000, false))
	e := stats.CACE(&tr, &c, stats.Outcome, stats.Denominator, stats.Welch95)
	if !e.Interval.Contains(10) || math.Abs(e.Value-10) > 4*e.SE {
		t.Errorf("effect on those served: %+v", e)
	}
	closely(t, "standard error", e.SE, numericSE(func(t, c [stats.Variables]float64) float64 {
		return (t[stats.Outcome] - c[stats.Outcome]) / (t[stats.Denominator] - c[stats.Denominator])
	}, &tr, &c))
	bound := stats.CACEOfCounts(tr.Of(stats.Outcome), c.Of(stats.Outcome), int64(4000*tr.Mean[stats.Denominator]+0.5), 0, stats.Welch95)
	relativelyNear(t, "by counts", bound.Value, e.Value)
	if bound.SE < e.SE || bound.SE > 1.2*e.SE {
		t.Errorf("bound of the standard error %v, with the covariance %v", bound.SE, e.SE)
	}
	if p := stats.Difference(tr.Of(stats.Outcome), c.Of(stats.Outcome), stats.Welch95).P; math.Abs(e.P-p) > 1e-12 || math.Abs(bound.P-p) > 1e-12 {
		t.Errorf("p %v and %v, of the difference %v", e.P, bound.P, p)
	}

	few := stats.CACEOfCounts(tr.Of(stats.Outcome), c.Of(stats.Outcome), 20, 0, stats.Welch95) // 4.5 standard errors
	if !math.IsNaN(few.Interval.Lo) || !math.IsNaN(few.SE) || !slices.Contains(few.Warnings, stats.WarnFewServed) {
		t.Errorf("hardly anybody was served: %+v", few)
	}
	none := stats.RetainedShare(&c, &c, stats.Outcome, stats.Denominator, stats.Welch95)
	if !math.IsNaN(none.Interval.Lo) || !slices.Contains(none.Warnings, stats.WarnEffectNearZero) {
		t.Errorf("a share of no effect: %+v", none)
	}
}
