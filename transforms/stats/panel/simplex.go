package panel

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// leastSquares moves w, in place, to the exact weights on the simplex for ||A w − b||², by active sets: the least of
// w'Kw − 2·cross'w with K = A'A and cross = A'b. Weights above zero are solved for with their sum fixed; one that would
// fall below zero leaves, the one whose increase lowers the objective most enters, until none does.
//
// Where columns are linearly dependent (more controls than periods) a ridge of 1e-8 of the mean diagonal decides.
//
// Source: Lawson and Hanson, Solving Least Squares Problems, 1974, with one equality.
func leastSquares(k symmetric, cross, w []float64) {
	s := &activeSet{k: k, cross: cross, w: w, in: make([]bool, k.n)}
	for j := range k.n {
		s.ridge += 1e-8 * k.v[j*k.n+j] / float64(k.n)
		s.scale = math.Max(s.scale, math.Abs(k.v[j*k.n+j]))
		s.in[j] = w[j] > 0
	}
	if s.scale == 0 {
		return // the columns are all alike, and so are all weights
	}
	for newest := -1; ; {
		multiplier := s.settle()
		if newest >= 0 && !s.in[newest] {
			return // it left at once: what it promised was rounding
		}
		if newest = s.entering(multiplier); newest < 0 {
			return
		}
		s.in[newest] = true
	}
}

// bestVertex moves w to the one control that is nearest by itself, where a search from nothing begins.
func bestVertex(k symmetric, cross, w []float64) {
	best, at := math.Inf(1), 0
	for j := range k.n {
		if d := k.v[j*k.n+j] - 2*cross[j]; d < best {
			best, at = d, j
		}
	}
	clear(w)
	w[at] = 1
}

// activeSet is the state of leastSquares.
type activeSet struct {
	k            symmetric
	cross, w     []float64
	in           []bool // solved for, not fixed at zero
	ridge, scale float64
}

// settle solves for the weights that are in, taking out those that reach zero on the way, and returns the multiplier of the
// sum.
func (s *activeSet) settle() float64 {
	for {
		members, to, multiplier := s.equality()
		step, leaves := 1.0, -1
		for a, j := range members {
			if to[a] > 0 {
				continue
			}
			var reach float64 // share of the way to zero
			if s.w[j] > 0 {
				reach = s.w[j] / (s.w[j] - to[a])
			}
			if leaves < 0 || reach < step {
				step, leaves = reach, j
			}
		}
		for a, j := range members {
			s.w[j] += step * (to[a] - s.w[j])
		}
		if leaves < 0 {
			return multiplier
		}
		s.w[leaves], s.in[leaves] = 0, false
	}
}

// equality solves (K + ridge) w = cross − multiplier over the members, with sum w = 1.
func (s *activeSet) equality() (members []int, w []float64, multiplier float64) {
	for j, in := range s.in {
		if in {
			members = append(members, j)
		}
	}
	n := len(members)
	if n == 1 { // exact, whatever the column
		j := members[0]
		return members, []float64{1}, s.cross[j] - s.k.v[j*s.k.n+j]
	}
	sub, rhs := mat.NewSymDense(n, nil), mat.NewDense(n, 2, nil)
	for a, j := range members {
		for c, l := range members[:a+1] {
			sub.SetSym(a, c, s.k.v[j*s.k.n+l])
		}
		sub.SetSym(a, a, s.k.v[j*s.k.n+j]+s.ridge)
		rhs.Set(a, 0, s.cross[j])
		rhs.Set(a, 1, 1)
	}
	var chol mat.Cholesky
	for !chol.Factorize(sub) { // the ridge is below the rounding of these columns
		s.ridge = math.Max(100*s.ridge, 1e-12*s.scale+math.SmallestNonzeroFloat64)
		for a, j := range members {
			sub.SetSym(a, a, s.k.v[j*s.k.n+j]+s.ridge)
		}
	}
	var x mat.Dense
	_ = chol.SolveTo(&x, rhs) // its error warns of a poor condition, which the ridge bounds
	w = make([]float64, n)
	var free, ones float64
	for a := range n {
		free += x.At(a, 0)
		ones += x.At(a, 1)
	}
	multiplier = (free - 1) / ones
	for a := range n {
		w[a] = x.At(a, 0) - multiplier*x.At(a, 1)
	}
	return members, w, multiplier
}

// entering is the weight at zero whose increase lowers the objective most; −1: none does.
func (s *activeSet) entering(multiplier float64) int {
	best, at := -1e-10*s.scale, -1
	for j, in := range s.in {
		if in {
			continue
		}
		if g := dot(s.k.row(j), s.w) - s.cross[j] + multiplier; g < best {
			best, at = g, j
		}
	}
	return at
}
