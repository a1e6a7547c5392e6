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

// reml maximises the restricted likelihood, which may have several peaks and may be highest at zero, over all tau.
func (r *regression) reml() float64 {
	s := r.typical()
	tau2 := func(u float64) float64 { return square(s * u / (1 - u)) }
	u, _ := maximum(func(u float64) float64 { return r.restricted(tau2(u)) }, 0, 1-1e-6, 36)
	return tau2(u)
}

// restricted is the logarithm of the restricted likelihood of tau², but for a constant.
func (r *regression) restricted(tau2 float64) float64 {
	f := r.fit(tau2)
	return r.likelihood(&f, tau2)
}

func (r *regression) likelihood(f *fit, tau2 float64) float64 {
	sum := f.logDet + f.q
	for _, v := range r.v {
		sum += math.Log(v + tau2)
	}
	return -sum / 2
}

// typical is the standard error of a typical unit: the root of the harmonic mean of the variances.
func (r *regression) typical() float64 {
	sum := 0.0
	for _, v := range r.v {
		sum += 1 / v
	}
	return math.Sqrt(float64(len(r.v)) / sum)
}

func square(x float64) float64 { return x * x }

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
