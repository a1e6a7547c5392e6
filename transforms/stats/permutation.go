package stats

import (
	"math"
	"math/rand/v2"
)

// PermutationP is the p-value of the difference of means among random assignments of the same units to arms of the same
// sizes. It needs no normal approximation, so it serves where values are too skewed for one.
//
//	p = (1 + #{|τ*| ≥ |τ|})/(permutations + 1),  one-sided: τ* ≥ τ or τ* ≤ τ
//
// The hypothesis is that no unit is changed at all. The same seed gives the same p. Assignments that tie with the real
// one but for rounding count. NaN if an arm has no unit.
//
// Source: Phipson, Smyth, Permutation p-values should never be zero, SAGMB 9 (2010).
func PermutationP(t, c []float64, permutations int, seed uint64, alternative Alternative) float64 {
	if len(t) == 0 || len(c) == 0 {
		return math.NaN()
	}
	all := append(append(make([]float64, 0, len(t)+len(c)), t...), c...)
	center := mean(all) // differences of sums about it lose the fewest digits
	var scale float64
	for i := range all {
		all[i] -= center
		scale += math.Abs(all[i])
	}
	small, sign := len(t), 1.0 // the smaller arm is drawn; the sum of the other one is its negative
	if len(c) < len(t) {
		small, sign = len(c), -1
		for i := range small { // the control's values to the front
			all[i], all[len(all)-1-i] = all[len(all)-1-i], all[i]
		}
	}
	slack := 1e-12 * scale
	seen := sign * total(all[:small])
	random := rand.New(rand.NewPCG(seed, 0))
	extreme := 1
	for range permutations {
		for i := range small {
			k := i + random.IntN(len(all)-i)
			all[i], all[k] = all[k], all[i]
		}
		drawn := sign * total(all[:small])
		switch alternative {
		case Greater:
			extreme += count(drawn >= seen-slack)
		case Less:
			extreme += count(drawn <= seen+slack)
		default:
			extreme += count(math.Abs(drawn) >= math.Abs(seen)-slack)
		}
	}
	return float64(extreme) / float64(permutations+1)
}

func total(values []float64) float64 {
	var s float64
	for _, v := range values {
		s += v
	}
	return s
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
