package stats

import "math"

// Regression is the effect as the coefficient of the treatment in a linear regression of the outcome on treatment and
// covariates by ordinary least squares, with the classical standard error.
//
//	W = Σ_a (n_a − 1)·Σ_xx,a,  θ = W⁻¹·Σ_a (n_a − 1)·Σ_xy,a,  d = x̄_T − x̄_C
//	τ   = m_T − m_C − θ·d
//	SE² = RSS/df·(1/n_T + 1/n_C + d·W⁻¹·d),  df = n − p − 2
//
// Without covariates it is the difference of means with the pooled variance. It assumes one variance and one θ for both
// arms; where the arms' sizes differ and θ does too, CUPED with ThetaPerArm is right and this is not.
//
// Source: any text on the analysis of covariance; Freedman, Advances in Applied Mathematics 40 (2008) for its limits.
func Regression(t, c Joint, how Inference) Estimate {
	wt, wc := float64(t.N-1), float64(c.N-1)
	w, xy := combine(t.XX, c.XX, wt, wc), sum(t.XY, c.XY, wt, wc)
	d := sum(t.X, c.X, 1, -1)
	theta, used := coefficients(w, xy)
	along, _ := coefficients(w, d)
	df := wt + wc - float64(used)
	if t.N < 2 || c.N < 2 || df <= 0 {
		df = math.NaN()
	}
	rss := wt*t.Var + wc*c.Var - dot(theta, xy)
	se := math.Sqrt(rss / df * (1/float64(t.N) + 1/float64(c.N) + dot(along, d)))
	return how.estimate(t.Mean-c.Mean-dot(theta, d), se, df).Warn(math.IsNaN(df), WarnTooFewUnits)
}
