package stats

import "math"

// pauleMandel is where the weighted sum of squared residuals is what it is expected to be, M − p; 0 where it is below
// that already without any variance between units. The sum falls as tau² grows.
func (r *regression) pauleMandel(df int) float64 {
	excess := func(tau2 float64) float64 { f := r.fit(tau2); return float64(df) - f.q }
	if excess(0) >= 0 {
		return 0
	}
	hi := r.spread()
	for excess(hi) < 0 {
		hi *= 2
	}
	return root(excess, 0, hi)
}

// reml maximises the restricted likelihood by Fisher scoring:
//
//	tau² += (y'PPy − tr(P)) / tr(PP)
//
// A step that would lead below zero goes halfway there, and the maximum is at zero where the slope there is not
// above it.
func (r *regression) reml(df int) float64 {
	tau2 := r.pauleMandel(df)
	for range 200 {
		f := r.fit(tau2)
		slope := f.yppy - f.trace1
		if tau2 == 0 && slope <= 0 {
			return 0
		}
		next := tau2 + slope/f.trace2
		if next < 0 {
			next = tau2 / 2
			if tau2 < 1e-12*r.spread() {
				next = 0
			}
		}
		if math.Abs(next-tau2) <= 1e-14*r.spread() {
			return next
		}
		tau2 = next
	}
	return tau2
}

// spread is the mean square of the estimates around their mean plus their mean variance: a scale for tau².
func (r *regression) spread() float64 {
	m := float64(len(r.y))
	var sum, squares, variances float64
	for j, y := range r.y {
		sum += y
		variances += r.v[j]
	}
	for _, y := range r.y {
		squares += (y - sum/m) * (y - sum/m)
	}
	return (squares + variances) / m
}
