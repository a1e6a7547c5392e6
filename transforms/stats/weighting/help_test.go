package weighting_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/windvane/windvane/transforms/stats/weighting"
)

func near(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) { // NaN too
		t.Errorf("%s is %v, want %v ± %v", what, got, want, tolerance)
	}
}

// confounded has units whose two covariates decide, by strength, who is treated, and the outcome; the effect is 2 plus half of the
// first covariate. It returns the mean effect on the treated too.
func confounded(random *rand.Rand, n int, strength float64) (s weighting.Sample, att float64) {
	var n1 float64
	for range n {
		x := []float64{random.NormFloat64(), random.Float64()}
		e := 1 / (1 + math.Exp(-strength*(x[0]+x[1]-0.8)))
		treated := random.Float64() < e
		effect := 2 + x[0]/2
		y := 5 + 3*x[0] - 2*x[1] + random.NormFloat64()
		if treated {
			y += effect
			att, n1 = att+effect, n1+1
		}
		s.X, s.Treated, s.Y = append(s.X, x), append(s.Treated, treated), append(s.Y, y)
	}
	return s, att / n1
}
