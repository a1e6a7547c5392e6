package stats

import "math"

// root is where f, ascending from below zero at lo to above zero at hi, becomes zero, to the last places of a float.
// It is lo where f is above zero already, hi where it stays below, NaN where f is.
//
// Source: Chandrupatla, A new hybrid quadratic/bisection algorithm, Advances in Engineering Software 28 (1997).
func root(f func(float64) float64, lo, hi float64) float64 {
	x1, f1, x2, f2 := hi, f(hi), lo, f(lo) // the zero is between x1 and x2, x1 the newest point
	switch {
	case f2 >= 0:
		return lo
	case f1 <= 0:
		return hi
	}
	for t := 0.5; ; {
		x := x1 + t*(x2-x1)
		v := f(x)
		if math.IsNaN(v) {
			return v
		}
		x3, f3 := x1, f1
		if v > 0 != (f1 > 0) {
			x3, f3, x2, f2 = x2, f2, x1, f1
		}
		x1, f1 = x, v
		best := x1
		if math.Abs(f2) < math.Abs(f1) {
			best = x2
		}
		least := (0x1p-52*math.Abs(best) + math.SmallestNonzeroFloat64) / math.Abs(x2-x1)
		if v == 0 || !(least < 0.5) {
			return best
		}
		t = 0.5
		if xi, phi := (x1-x2)/(x3-x2), (f1-f2)/(f3-f2); phi*phi < xi && (1-phi)*(1-phi) < 1-xi {
			// The three points lie well for a parabola through them, x as a function of f.
			t = f1/(f2-f1)*f3/(f2-f3) + (x3-x1)/(x2-x1)*f1/(f3-f1)*f2/(f3-f2)
		}
		t = math.Min(1-least, math.Max(least, t))
	}
}
