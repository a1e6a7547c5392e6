package score_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/windvane/windvane/transforms/rules"
)

// The calibration of definitions.md, section 4: what share of shops gets which grade if the indicators of a shop
// hang together by a Gaussian copula. Every indicator is a plain figure spread evenly, so that a shop's place among
// the others is all that counts.
func TestGradesComeOutAsCalibrated(t *testing.T) {
	for _, c := range []struct {
		correlation float64
		want        [5]float64 // % of A+, A, B, C, D
	}{
		{.10, [5]float64{5.5, 21.1, 45.8, 24.5, 3.0}},
		{.25, [5]float64{12.1, 21.6, 36.9, 23.0, 6.4}},
		{.40, [5]float64{18.1, 20.8, 30.9, 20.7, 9.5}},
	} {
		got := gradeShares(t, c.correlation, 40_000)
		t.Logf("correlation %.2f: %.1f", c.correlation, got)
		for g := range got {
			if math.Abs(got[g]-c.want[g]) > 1 {
				t.Errorf("correlation %.2f, grade %d: %.1f %%, want %.1f", c.correlation, g, got[g], c.want[g])
			}
		}
	}
}

// gradeShares simulates shops and gives the share of each grade, in per cent.
func gradeShares(t *testing.T, correlation float64, shops int) (shares [5]float64) {
	rng := rand.New(rand.NewPCG(7, 11))
	f := shop.blank(shops, 1)
	for at := range shops {
		common := rng.NormFloat64()
		for i := range f.X {
			z := math.Sqrt(correlation)*common + math.Sqrt(1-correlation)*rng.NormFloat64()
			f.X[i][at], f.N[i][at] = 100*math.Erfc(-z/math.Sqrt2)/2, 100
		}
	}
	figures := shop
	figures.known = nil
	for _, known := range shop.known {
		known.Way = rules.Mean
		figures.known = append(figures.known, known)
	}
	r := testRules()
	s := figures.compute(t, r, f, figures.measure(t, r, f))
	for _, grade := range s.Grade {
		shares[grade] += 100 / float64(shops)
	}
	return shares
}
