package panel

import "math"

// refresh is after how many steps products that are kept up to date are computed anew, so that rounding does not add up.
const refresh = 512

// symmetric is a square symmetric matrix, row by row.
type symmetric struct {
	n int
	v []float64
}

func newSymmetric(n int) symmetric { return symmetric{n, make([]float64, n*n)} }

func (s symmetric) row(i int) []float64 { return s.v[i*s.n : (i+1)*s.n] }

// simplexProblem is ||A w − b||²/rows + ridge·||w||² over the simplex (w ≥ 0, sum w = 1), by the Gram matrix of the columns A_j − b.
// On the simplex A w − b = sum w_j (A_j − b), so b is inside and nothing large cancels in the objective.
type simplexProblem struct {
	gram  symmetric // (A_j − b)·(A_k − b)
	rows  float64
	ridge float64 // zeta²
}

// frankWolfe moves w, in place, by steps with exact line search until a step lowers the objective by decrease or less, or
// after limit steps; the test begins with the second step.
//
//	g = A'(A w − b) + eta·w,  eta = rows·zeta²;   i = argmin g;  d = e_i − w
//	step = clip(−g·d / (||A d||² + eta·||d||²), 0, 1)
//
// The optimum is unique to the stopping rule only, so the rule is that of the reference. Every step costs O(n): G·w is
// kept up to date, and so is the decrease, which is exact for a quadratic.
//
// Source: Frank and Wolfe 1956; sc.weight.fw of synth-inference/synthdid.
func (p simplexProblem) frankWolfe(w []float64, decrease float64, limit int) (steps int) {
	n, eta := p.gram.n, p.rows*p.ridge
	h := make([]float64, n) // G·w
	var wh, ww float64      // w'Gw, w'w
	for ; steps < limit; steps++ {
		if steps%refresh == 0 {
			p.gram.times(w, h)
			wh, ww = dot(w, h), dot(w, w)
		}
		least, value := 0, math.Inf(1)
		for j, x := range h {
			if g := x + eta*w[j]; g < value {
				least, value = j, g
			}
		}
		slope := wh + eta*ww - value // −g·d
		gii, hi, wi := p.gram.v[least*n+least], h[least], w[least]
		curve := gii - 2*hi + wh + eta*(1-2*wi+ww)
		if !(curve > 0) { // d = 0: w is the vertex already
			if steps >= 1 {
				return steps + 1
			}
			continue
		}
		step := math.Min(1, math.Max(0, slope/curve))
		keep := 1 - step
		row := p.gram.row(least)[:len(h)]
		weights := w[:len(h)]
		for j := range h {
			h[j] = keep*h[j] + step*row[j]
			weights[j] *= keep
		}
		w[least] += step
		wh += 2*step*(hi-wh) + step*step*(gii-2*hi+wh)
		ww = keep*keep*ww + 2*step*keep*wi + step*step
		if lower := (2*step*slope - step*step*curve) / p.rows; steps >= 1 && !(lower > decrease) {
			return steps + 1
		}
	}
	return steps
}

// solve is the schedule of the reference: a hundred steps, small weights set to zero, up to 10,000 steps more.
func (p simplexProblem) solve(w []float64, decrease float64) (steps int) {
	const before, after = 100, 10_000
	steps = p.frankWolfe(w, decrease, before)
	sparsify(w)
	return steps + p.frankWolfe(w, decrease, after)
}

// sparsify sets weights of a quarter of the largest or less to zero and scales the others to one.
func sparsify(w []float64) {
	var most float64
	for _, x := range w {
		most = math.Max(most, x)
	}
	for i, x := range w {
		if x <= most/4 {
			w[i] = 0
		}
	}
	normalise(w)
}

// normalise scales w to the sum one; uniform where there is nothing to scale.
func normalise(w []float64) {
	var sum float64
	for _, x := range w {
		sum += x
	}
	for i := range w {
		if sum > 0 {
			w[i] /= sum
		} else {
			w[i] = 1 / float64(len(w))
		}
	}
}

// times is h = G·w.
func (s symmetric) times(w, h []float64) {
	for i := range h {
		h[i] = 0
	}
	for j, x := range w {
		if x == 0 {
			continue
		}
		for i, g := range s.row(j) {
			h[i] += x * g
		}
	}
}

func dot(a, b []float64) float64 {
	var s float64
	for i, x := range a {
		s += x * b[i]
	}
	return s
}

func uniform(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = 1 / float64(n)
	}
	return w
}

func mean(x []float64) float64 {
	var s float64
	for _, v := range x {
		s += v
	}
	return s / float64(len(x))
}
