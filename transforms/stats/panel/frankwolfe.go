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

// simplexProblem is ||A w − b||²/rows + ridge·||w||² over the simplex (w ≥ 0, sum w = 1) times rows, as w'Q w: on the simplex
// A w − b = sum w_j (A_j − b), so b is inside, nothing large cancels, and the ridge is a diagonal.
type simplexProblem struct {
	q    symmetric // (A_j − b)·(A_k − b), and rows·ridge on the diagonal
	rows float64
}

// frankWolfe moves w, in place, by steps with exact line search until a step lowers the objective by decrease or less, or
// after limit steps; the test begins with the second step.
//
//	g = A'(A w − b) + eta·w = Q w (up to a constant, which does not count on the simplex),  eta = rows·zeta²
//	i = argmin g;  d = e_i − w;  step = clip(−g·d / (||A d||² + eta·||d||²), 0, 1)
//
// The optimum is unique to the stopping rule only, so the rule is that of the reference. A step costs one pass over one
// row of Q: the gradient is kept up to date, both it and w as scale times a vector, and what a step gains is exact for a
// quadratic.
//
// Source: Frank and Wolfe 1956; sc.weight.fw of synth-inference/synthdid.
func (p simplexProblem) frankWolfe(w []float64, decrease float64, limit int) (steps int) {
	n := p.q.n
	g := make([]float64, n) // Q w / scale
	var scale, value float64
	var least int
	restart := func() {
		if steps > 0 {
			for j := range w {
				w[j] *= scale
			}
		}
		p.q.times(w, g)
		scale, value, least = 1, dot(w, g), argmin(g)
	}
	for ; steps < limit; steps++ {
		if steps%refresh == 0 || scale < 1e-100 {
			restart()
		}
		towards := scale * g[least]
		slope := value - towards // −g·d
		curve := p.q.v[least*n+least] - 2*towards + value
		var step float64
		if curve > 0 { // else w is that vertex
			step = math.Min(1, math.Max(0, slope/curve))
		}
		gain := 2*step*slope - step*step*curve
		if step == 1 {
			clear(w)
			w[least] = 1
			scale = 1
			copy(g, p.q.row(least))
			value, least = p.q.v[least*n+least], argmin(g)
		} else if step > 0 {
			scale *= 1 - step
			value -= gain
			w[least] += step / scale
			least = addMin(step/scale, p.q.row(least), g)
		}
		if steps >= 1 && !(gain/p.rows > decrease) {
			steps++
			break
		}
	}
	for j := range w {
		w[j] *= scale
	}
	return steps
}

// addMin is g += a·row, and where g is least.
func addMin(a float64, row, g []float64) (least int) {
	row = row[:len(g)]
	value := math.Inf(1)
	for j, x := range g {
		x += a * row[j]
		g[j] = x
		if x < value {
			value, least = x, j
		}
	}
	return least
}

func argmin(g []float64) (least int) {
	for j, x := range g {
		if x < g[least] {
			least = j
		}
	}
	return least
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
