package stats

import "math"

// Theta is the rule for the coefficients of covariates.
type Theta int

// Rules for coefficients. All are linear regressions; they differ in whose.
const (
	// ThetaPooled: of all units of both arms. The usual one.
	ThetaPooled Theta = iota
	// ThetaOptimal: the common one with the least variance of the difference. It leans on the smaller arm, which at a
	// holdout of 5 % decides.
	ThetaOptimal
	// ThetaPerArm: each arm its own. Never worse than the others for many units, and right where the treatment changes how
	// the outcome follows the covariates.
	ThetaPerArm
)

// Adjusted are the means of two arms after what covariates foretell has been taken out.
//
//	m_a^adj = m_a − θ_a·(x̄_a − x̄),  x̄ over both arms
//
// They share x̄ and are therefore correlated, which the methods of the Contrast count: Difference and the relative lifts.
// Degrees of freedom of the difference are Welch's less the fitted coefficients, n − p − 2 for arms alike.
type Adjusted struct {
	Contrast                 // of adjusted means; variances are those of outcome − θ·covariates
	ThetaT, ThetaC []float64 // coefficients by covariate, in outcome's units per covariate's; 0: not used
	Rho            float64   // multiple correlation of outcome and covariates over both arms; the gain is 1 − Rho²

	unadjusted Moments // the control arm as it was
	withEffect float64 // covariance of the adjusted difference with the unadjusted control mean
}

// CUPED adjusts the arms' means for covariates X from before the units entered.
//
//	pooled    θ = Σ_xx⁻¹·Σ_xy over the units of both arms
//	optimal   θ = (Σ_xxT/n_T + Σ_xxC/n_C)⁻¹·(Σ_xyT/n_T + Σ_xyC/n_C)
//	per arm   θ_a = Σ_xx,a⁻¹·Σ_xy,a
//	Var       s²_a = s_yy − 2θ·s_xy + θ·s_xx·θ;  per arm times (n − 1)/(n − 1 − p), and (θ_T − θ_C)·Σ_xx·(θ_T − θ_C)/n
//	          is added to that of the difference
//
// A covariate that is constant, as where pre-data is missing altogether, or that follows from others gets θ = 0. Units
// that lack a pre-period have X = 0 and belong beside an indicator covariate. A covariate that the treatment can have
// changed biases the effect.
//
// Source: Deng, Xu, Kohavi, Walker, WSDM 2013 (pooled); Lin, Agnostic notes on regression adjustments, AOAS 7 (2013).
func CUPED(t, c Joint, rule Theta) Adjusted {
	return adjust(&t, &c, t.pool(&c), rule)
}

// RatioCUPED adjusts the ratios y/d of the arms for the ratio x/w before the units entered: CUPED of the linearised
// values. ThetaPooled linearises both arms at the ratio of all units, the others each arm at its own. Where an arm has no
// pre-period (w is 0 for all its units) θ is 0.
//
// Source: as CUPED and Arm.Ratio; tea-tasting's ratio metrics with a covariate.
func RatioCUPED(t, c *Arm, y, d, x, w Variable, rule Theta) Adjusted {
	all := t.Pool(c)
	jt, jc, joint := t.RatioJoint(y, d, x, w), c.RatioJoint(y, d, x, w), all.RatioJoint(y, d, x, w)
	if t.Mean[w] == 0 || c.Mean[w] == 0 {
		for _, j := range []*Joint{&jt, &jc, &joint} {
			j.X, j.XX, j.XY = []float64{0}, [][]float64{{0}}, []float64{0}
		}
	}
	return adjust(&jt, &jc, joint, rule)
}

func adjust(t, c *Joint, all Joint, rule Theta) Adjusted {
	var out Adjusted
	nt, nc := float64(t.N), float64(c.N)
	n := nt + nc
	theta, used := coefficients(all.XX, all.XY)
	out.Rho = math.Sqrt(math.Max(0, dot(theta, all.XY)/all.Var))
	switch rule {
	case ThetaPooled:
		out.ThetaT, out.ThetaC, out.lost = theta, theta, used
	case ThetaOptimal:
		theta, out.lost = coefficients(combine(t.XX, c.XX, 1/nt, 1/nc), sum(t.XY, c.XY, 1/nt, 1/nc))
		out.ThetaT, out.ThetaC = theta, theta
	case ThetaPerArm:
		out.ThetaT, t.Fitted = coefficients(t.XX, t.XY)
		out.ThetaC, c.Fitted = coefficients(c.XX, c.XY)
	}
	out.Treatment, out.Control = t.residual(out.ThetaT, all.X), c.residual(out.ThetaC, all.X)

	// The mean of the covariates over both arms has the variance v; a is how it goes with the residuals of an arm.
	v := combine(t.XX, c.XX, nt/(n*n), nc/(n*n))
	at, ac := t.unexplained(out.ThetaT), c.unexplained(out.ThetaC)
	out.addT = 2*dot(out.ThetaT, at)/n + quadratic(out.ThetaT, v, out.ThetaT)
	out.addC = 2*dot(out.ThetaC, ac)/n + quadratic(out.ThetaC, v, out.ThetaC)
	out.cov = (dot(out.ThetaC, at)+dot(out.ThetaT, ac))/n + quadratic(out.ThetaT, v, out.ThetaC)

	explained := dot(out.ThetaC, c.XY)
	out.unadjusted = c.Moments
	out.withEffect = (dot(out.ThetaT, c.XY)-explained)/n - (c.Var-explained)/nc
	return out
}

// residual are the moments of outcome − θ·(covariates − center).
func (j *Joint) residual(theta, center []float64) Moments {
	m := j.Moments
	m.Mean -= dot(theta, sum(j.X, center, 1, -1))
	m.Var = math.Max(0, m.Var-2*dot(theta, j.XY)+quadratic(theta, j.XX, theta))
	m.Var *= float64(m.N-1) / (float64(m.N-1) - float64(m.Fitted))
	return m
}

// unexplained is the covariance of outcome − θ·covariates with the covariates.
func (j *Joint) unexplained(theta []float64) []float64 {
	out := make([]float64, len(theta))
	for i := range out {
		out[i] = j.XY[i] - dot(j.XX[i], theta)
	}
	return out
}

// RelativeUnadjusted is the adjusted difference over the control mean as it was, before adjustment; delta method with the
// exact gradient. It comes close to RelativeDelta and exists to be compared with GrowthBook, which divides so and takes
// no degree of freedom for θ.
func (a *Adjusted) RelativeUnadjusted(how Inference) Estimate {
	x := a.under(how)
	x.lost = 0
	effect, effectVar := x.t-x.c, x.vt+x.vc-2*x.cov
	x.c, x.vc = a.unadjusted.Mean, a.unadjusted.MeanVar()
	x.t, x.vt, x.cov = x.c+effect, effectVar+2*a.withEffect+x.vc, a.withEffect+x.vc
	return x.delta(how)
}

func dot(a, b []float64) float64 {
	var s float64
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}

// sum is u·a + w·b.
func sum(a, b []float64, u, w float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = u*a[i] + w*b[i]
	}
	return out
}

// combine is u·a + w·b.
func combine(a, b [][]float64, u, w float64) [][]float64 {
	out := make([][]float64, len(a))
	for i := range a {
		out[i] = sum(a[i], b[i], u, w)
	}
	return out
}

// quadratic is a·m·b.
func quadratic(a []float64, m [][]float64, b []float64) float64 {
	var s float64
	for i := range a {
		s += a[i] * dot(m[i], b)
	}
	return s
}
