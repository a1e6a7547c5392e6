package stats

import "math"

// root is where f, ascending from below zero at lo to above zero at hi, becomes zero: by bisection to the last float.
// It is lo or hi where f has no change of sign between them, NaN where f is.
func root(f func(float64) float64, lo, hi float64) float64 {
	for {
		middle := lo + (hi-lo)/2
		if !(lo < middle && middle < hi) {
			return middle
		}
		switch v := f(middle); {
		case v < 0:
			lo = middle
		case v > 0:
			hi = middle
		case v == 0:
			return middle
		default:
			return math.NaN()
		}
	}
}
