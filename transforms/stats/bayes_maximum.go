package stats

import (
	"math"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"
)

// ExpectedMaximum is how large the largest of estimates is to be expected where no effect exists: the expected
// maximum of independent normal draws with mean zero and these standard errors. About se·sqrt(2·ln M) for M equal ones.
//
// A best merchant's raw lift is nothing to speak of unless it is well above. Standard errors are above zero; without
// any the answer is NaN.
//
//	E = ∫₀ (1 − F(x)) dx − ∫⁰ F(x) dx,  F(x) = product of Phi(x/se)
func ExpectedMaximum(se []float64) float64 {
	if len(se) == 0 {
		return math.NaN()
	}
	largest := 0.0
	for _, s := range se {
		largest = math.Max(largest, s)
	}
	below := func(x float64) float64 {
		log := 0.0
		for _, s := range se {
			log += math.Log(distuv.UnitNormal.CDF(x / s))
		}
		return math.Exp(log)
	}
	far := 9 * largest // with 10^9 draws less than 1e-9 lies beyond
	up := quad.Fixed(func(x float64) float64 { return 1 - below(x) }, 0, far, 100, nil, 1)
	down := quad.Fixed(below, -far, 0, 100, nil, 1)
	return up - down
}
