package panel

import (
	"math"
	"slices"
)

// none skips no control unit.
const none = -1

// target is what unit weights are fitted to: products of its pre-periods, less the mean of the controls, with theirs.
type target struct {
	cross []float64 // by control unit
	self  float64
}

// grams are the products that the weights of a block and of all its placebos are solved from, computed once.
type grams struct {
	method       Method
	controls     int
	pre          int
	noise, zeta  float64
	units        symmetric // by pairs of controls: over pre-periods, outcomes less the mean of the controls, centred with an intercept
	treated      target
	times        symmetric   // by pairs of pre-periods: over controls, outcomes less the unit's post mean, centred
	fromPostMean [][]float64 // by control: its row of that matrix
}

// newGrams checks the block and computes the products the method needs.
func newGrams(b Block, m Method) (*grams, error) {
	pre := 1
	if m.fitsUnits() {
		pre = 2
	}
	if err := b.check(1, 1, pre, 1); err != nil {
		return nil, err
	}
	g := &grams{method: m, controls: b.Controls, pre: b.Pre}
	if !m.fitsUnits() {
		return g, nil
	}
	g.noise = b.noise()
	if !(g.noise > 0) { // NaN too
		return nil, ErrNoNoise
	}
	if m != MethodGeo {
		g.zeta = 1e-6 * g.noise
	}
	if m.regularised() {
		g.zeta = math.Pow(float64(b.Treated()*b.Post()), 0.25) * g.noise
	}
	g.fillUnits(b)
	if m.fitsTime() {
		g.fillTimes(b)
	}
	return g, nil
}

// keep takes noise and zeta from another fit: placebos are estimated as the treated were.
func (g *grams) keep(s Synthetic) { g.noise, g.zeta = s.Noise, s.Zeta }

// decrease is the stopping rule of the search, in squared units of the outcome.
func (g *grams) decrease() float64 { return (1e-5 * g.noise) * (1e-5 * g.noise) }

// noise is the sample standard deviation of the first differences of the controls before the start.
func (b Block) noise() float64 {
	var n, sum float64
	for _, row := range b.Y[:b.Controls] {
		for t := 1; t < b.Pre; t++ {
			sum += row[t] - row[t-1]
			n++
		}
	}
	m, squares := sum/n, 0.0
	for _, row := range b.Y[:b.Controls] {
		for t := 1; t < b.Pre; t++ {
			d := row[t] - row[t-1] - m
			squares += d * d
		}
	}
	return math.Sqrt(squares / (n - 1))
}

func (g *grams) fillUnits(b Block) {
	common := b.controlMean()[:b.Pre]
	from := func(row []float64) []float64 {
		if g.method.intercept() {
			return centred(row, common)
		}
		return apart(row, common)
	}
	rows := make([][]float64, b.Controls)
	for j := range rows {
		rows[j] = from(b.Y[j])
	}
	g.units = newSymmetric(b.Controls)
	for j, x := range rows {
		for k := 0; k <= j; k++ {
			p := dot(x, rows[k])
			g.units.v[j*b.Controls+k], g.units.v[k*b.Controls+j] = p, p
		}
	}
	t := from(b.treatedMean())
	g.treated = target{cross: make([]float64, b.Controls), self: dot(t, t)}
	for j, x := range rows {
		g.treated.cross[j] = dot(x, t)
	}
}

func (g *grams) fillTimes(b Block) {
	g.fromPostMean = make([][]float64, b.Controls)
	center := make([]float64, b.Pre)
	for j := range g.fromPostMean {
		x := make([]float64, b.Pre)
		post := mean(b.Y[j][b.Pre:])
		for t := range x {
			x[t] = b.Y[j][t] - post
			center[t] += x[t] / float64(b.Controls)
		}
		g.fromPostMean[j] = x
	}
	g.times = newSymmetric(b.Pre)
	for _, x := range g.fromPostMean {
		for t := range x {
			x[t] -= center[t]
		}
		g.times.add(1, x)
	}
}

// add is G += a·x x'.
func (s symmetric) add(a float64, x []float64) {
	for i, xi := range x {
		row := s.row(i)
		for j, xj := range x {
			row[j] += a * xi * xj
		}
	}
}

// addDiagonal is S += a·I.
func (s symmetric) addDiagonal(a float64) {
	for i := range s.n {
		s.v[i*s.n+i] += a
	}
}

// placebo is control unit i as a target.
func (g *grams) placebo(i int) target {
	if !g.method.fitsUnits() {
		return target{}
	}
	return target{cross: g.units.row(i), self: g.units.v[i*g.controls+i]}
}

// solve moves the weights, in place, to those for a target, with control unit skip left out; w.Unit has no entry for it.
func (g *grams) solve(w Weights, to target, skip int) (steps int) {
	if g.method.fitsTime() {
		rows := float64(g.controls)
		if skip != none {
			rows--
		}
		q := g.timesWithout(skip)
		q.addDiagonal(rows * 1e-12 * g.noise * g.noise)
		steps += simplexProblem{q, rows}.solve(w.Time, g.decrease())
	}
	switch {
	case g.method == MethodGeo:
		k, cross := g.unitsWithout(to, skip)
		leastSquares(k, cross, w.Unit)
	case g.method.fitsUnits():
		q, rows := g.unitsTo(to, skip), float64(g.pre)
		q.addDiagonal(rows * g.zeta * g.zeta)
		steps += simplexProblem{q, rows}.solve(w.Unit, g.decrease())
	}
	return steps
}

// timesWithout is the matrix over pre-periods without one of the n controls: centred anew, that takes n/(n − 1) times its
// product away.
func (g *grams) timesWithout(skip int) symmetric {
	s := symmetric{g.pre, slices.Clone(g.times.v)}
	if skip != none {
		n := float64(g.controls)
		s.add(-n/(n-1), g.fromPostMean[skip])
	}
	return s
}

// unitsTo is the matrix over controls of (A_j − b)·(A_k − b).
func (g *grams) unitsTo(to target, skip int) symmetric {
	n := g.controls
	if skip != none {
		n--
	}
	s := newSymmetric(n)
	a := 0
	for j := 0; j < g.controls; j++ {
		if j == skip {
			continue
		}
		row, from, c := 0, g.units.row(j), to.self-to.cross[j]
		for k, x := range from {
			if k == skip {
				continue
			}
			s.v[a*n+row] = x + c - to.cross[k]
			row++
		}
		a++
	}
	return s
}

// unitsWithout is the matrix over controls and its products with the target, without one of them.
func (g *grams) unitsWithout(to target, skip int) (symmetric, []float64) {
	if skip == none {
		return g.units, to.cross
	}
	s, cross := newSymmetric(g.controls-1), make([]float64, 0, g.controls-1)
	s.v = s.v[:0]
	for j := range g.controls {
		if j == skip {
			continue
		}
		row := g.units.row(j)
		s.v = append(append(s.v, row[:skip]...), row[skip+1:]...)
		cross = append(cross, to.cross[j])
	}
	return s, cross
}
