package stats

import "math"

// prior is one value that tau² may have, with the fit that belongs to it.
type prior struct {
	weight float64 // how probable it is among those of the grid
	tau2   float64
	fit    fit
}

// priors are the values that tau² may have, given the estimates: an even grid of u = tau/(s + tau), s the standard
// error of a typical unit, over all that is not far less probable than the best. Every tau is as probable as another
// beforehand; with a single degree of freedom, for which that leaves no distribution, in proportion to 1/(s + tau).
func (r *regression) priors(df int) []prior {
	const points, far, end = 25, 9, 1 - 1e-6 // e⁻⁹ is one in eight thousand; tau of a million typical errors
	s, power := r.typical(), math.Min(2, float64(df))
	at := func(u float64) prior {
		tau2 := square(s * u / (1 - u))
		f := r.fit(tau2)
		return prior{r.likelihood(&f, tau2) - power*math.Log1p(-u), tau2, f} // dtau is s·du/(1 − u)²
	}
	best, top := maximum(func(u float64) float64 { return at(u).weight }, 0, end, 10)
	lo := root(func(u float64) float64 { return at(u).weight - top + far }, 0, best)
	hi := root(func(u float64) float64 { return top - far - at(u).weight }, best, end)

	grid := make([]prior, points)
	sum := 0.0
	for k := range grid {
		grid[k] = at(lo + (hi-lo)*(float64(k)+0.5)/points)
		grid[k].weight = math.Exp(grid[k].weight - top)
		sum += grid[k].weight
	}
	for k := range grid {
		grid[k].weight /= sum
	}
	return grid
}
