package stats

import "math"

// Contrast is what a comparison of two arms needs of them. Difference and the relative lifts are functions of it; those
// of independent arms are written out for convenience.
type Contrast struct {
	Treatment, Control Moments

	addT, addC float64 // what the means' variances have beyond their own arm's units, as of a covariate's mean over both
	cov        float64 // covariance of the means
	lost       int     // degrees of freedom taken by coefficients that were fitted over both arms
}

// Independent are arms that share nothing.
func Independent(t, c Moments) Contrast { return Contrast{Treatment: t, Control: c} }

// Correlated are arms whose means have a covariance: units that stand in both, such as users with pairs of either arm.
func Correlated(t, c Moments, cov float64) Contrast {
	return Contrast{Treatment: t, Control: c, cov: cov}
}

// Steady raises the variance of each arm to the one that both arms' common coefficient of variation implies at its mean,
// where that is larger:
//
//	Var_a ← max(Var_a, c·Mean_a²),  c = Σ (n − 1)·s² / Σ (n − 1)·mean²
//
// c lies between the squared coefficients of variation of the arms, nearer to that of the larger arm. Where few large values
// make most of a variance, a small arm that happens to lack them has a low mean and a low variance together, and a high lift
// looks sure. The large arm knows how large values come. Arms alike stay as they are; the intervals never become shorter.
// Where a mean is not above zero, or an arm has fewer than two units, all stays as it is.
//
// The squared means are not freed of their noise s²/n, as PooledCV2 frees them: of an arm with one buyer nothing would be
// left, and c would be what the last bits say. So c is too small by a factor of about 1 + c/n.
//
// Assumes that the treatment does not change the shape of the distribution much more than its scale. Where it does, as by
// large buyers of its own making, the control is taken to vary as much: the interval is wider than it need be, not too short.
//
// Source: the moment estimator of a common coefficient of variation; that each arm keeps its own variance where it is larger is
// ours, and held against simulation.
func (a *Contrast) Steady() {
	t, c := &a.Treatment, &a.Control
	if t.N < 2 || c.N < 2 || !(t.Mean > 0) || !(c.Mean > 0) {
		return
	}
	wt, wc := float64(t.N-1), float64(c.N-1)
	cv2 := (wt*t.Var + wc*c.Var) / (wt*t.Mean*t.Mean + wc*c.Mean*c.Mean)
	if !(cv2 < math.MaxFloat64) { // means so small that their squares vanish
		return
	}
	t.Var, c.Var = math.Max(t.Var, cv2*t.Mean*t.Mean), math.Max(c.Var, cv2*c.Mean*c.Mean)
}

func (a *Contrast) under(how Inference) compared {
	t, c := a.Treatment, a.Control
	x := compared{
		t: t.Mean, c: c.Mean, cov: a.cov,
		dft: float64(t.N-1) - float64(t.Fitted), dfc: float64(c.N-1) - float64(c.Fitted),
		pooled: how.EqualVariance, lost: float64(a.lost),
	}
	if x.few() {
		t.Var, c.Var = math.NaN(), math.NaN()
	}
	if how.EqualVariance {
		t.Var = (x.dft*t.Var + x.dfc*c.Var) / (x.dft + x.dfc)
		c.Var = t.Var
	}
	x.rt, x.rc = t.MeanVar(), c.MeanVar()
	x.vt, x.vc = x.rt+a.addT, x.rc+a.addC
	return x
}

// Difference is the effect, as the function of that name.
func (a *Contrast) Difference(how Inference) Estimate {
	x := a.under(how)
	return x.difference(how)
}

// RelativeDelta is the lift, as the function of that name.
func (a *Contrast) RelativeDelta(how Inference) Estimate {
	x := a.under(how)
	return x.delta(how)
}

// RelativeLog is the lift, as the function of that name.
func (a *Contrast) RelativeLog(how Inference) Estimate {
	x := a.under(how)
	return x.log(how)
}

// RelativeFieller is the lift, as the function of that name.
func (a *Contrast) RelativeFieller(how Inference) Estimate {
	x := a.under(how)
	return x.fieller(how)
}

func (how Inference) independent(t, c Moments) compared {
	x := Independent(t, c)
	return x.under(how)
}
