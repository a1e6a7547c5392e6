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

// maximum is where f is largest on [lo, hi], and how large: the best of an even grid, then a golden section around
// it in so many rounds: 36 leave 3e-8 of a cell.
func maximum(f func(float64) float64, lo, hi float64, rounds int) (at, value float64) {
	const cells, golden = 24, 0.6180339887498949
	step, cell, value := (hi-lo)/cells, 0, math.Inf(-1)
	for i := range cells + 1 {
		if v := f(lo + step*float64(i)); v > value {
			cell, value = i, v
		}
	}
	at = lo + step*float64(cell)
	a, b := lo+step*float64(max(cell-1, 0)), lo+step*float64(min(cell+1, cells))
	x, y := b-golden*(b-a), a+golden*(b-a)
	fx, fy := f(x), f(y)
	for range rounds {
		if fx > fy {
			b, y, fy = y, x, fx
			x = b - golden*(b-a)
			fx = f(x)
		} else {
			a, x, fx = x, y, fy
			y = a + golden*(b-a)
			fy = f(y)
		}
	}
	if fx > value {
		at, value = x, fx
	}
	return at, value
}
