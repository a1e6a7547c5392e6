package stats

import "math"

// effects are two effects of one experiment on the same units, for the ratio of the one to the other.
type effects struct {
	over, under float64 // the effects
	vo, vu, cov float64 // their variances and covariance
	df          float64 // degrees of freedom
}

func effectsOn(t, c *Arm, over, under Variable, how Inference) effects {
	x, y := how.independent(t.Of(over), c.Of(over)), how.independent(t.Of(under), c.Of(under))
	cov := t.Cov[over][under]/float64(t.N) + c.Cov[over][under]/float64(c.N)
	if how.EqualVariance {
		pooled := (x.dft*t.Cov[over][under] + x.dfc*c.Cov[over][under]) / (x.dft + x.dfc)
		cov = pooled/float64(t.N) + pooled/float64(c.N)
	}
	return effects{
		over: x.t - x.c, under: y.t - y.c,
		vo: x.vt + x.vc, vu: y.vt + y.vc, cov: cov,
		df: math.Min(x.df(1, 1), y.df(1, 1)),
	}
}

// ratio is over/under with the delta method. P is that of over = 0.
func (x effects) ratio(how Inference) Estimate {
	r := x.over / x.under
	e := how.estimate(r, math.Sqrt(math.Max(0, x.vo-2*r*x.cov+r*r*x.vu))/math.Abs(x.under), x.df)
	e.P = how.p(x.over/math.Sqrt(x.vo), x.df)
	return e
}

// RetainedShare is the share of the effect on part that is an effect on the whole too; the rest moved within the whole,
// from other merchants for example. part is the outcome of a unit at one merchant, whole over all of them.
//
//	R   = τ_whole/τ_part
//	SE² = (V_whole − 2R·C + R²·V_part)/τ_part²,  C the covariance of the two effects
//
// P is of τ_whole = 0: nothing is retained. Where τ_part is within noise of zero the ratio is of noise: the value stands
// without an interval, with WarnEffectNearZero. Displacement is τ_part − τ_whole, a Difference of Z − Y.
//
// Source: delta method for a ratio of effects.
func RetainedShare(t, c *Arm, part, whole Variable, how Inference) Estimate {
	x := effectsOn(t, c, whole, part, how)
	e := x.ratio(how)
	q := how.critical(x.df)
	if near := !(x.under*x.under > q*q*x.vu); near {
		e.SE, e.Interval = math.NaN(), NoInterval
		e = e.Warn(true, WarnEffectNearZero)
	}
	return e.Warn(min(t.N, c.N) < 2, WarnTooFewUnits)
}

// servedErrors is by how many standard errors the arms' served shares must differ.
const servedErrors = 5

// CACE is the effect on the units that are served because they were assigned (complier average causal effect): the effect
// of assignment on the outcome over its effect on being served. served is 1 for a unit that was served and else 0.
//
//	CACE = τ_Y/τ_served,  SE as of RetainedShare
//
// It assumes that assignment acts through being served alone and that nobody is served because of the holdout. P is of
// τ_Y = 0. A difference of served shares of at most five standard errors gives no interval and WarnFewServed.
//
// Source: Angrist, Imbens, Rubin, JASA 91 (1996).
func CACE(t, c *Arm, outcome, served Variable, how Inference) Estimate {
	return effectsOn(t, c, outcome, served, how).cace(how).Warn(min(t.N, c.N) < 2, WarnTooFewUnits)
}

// CACEOfCounts is CACE where no more is known of being served than how many units were, servedT of t.N and servedC of
// c.N. How served and outcome hang together is then unknown, and SE is the largest that any covariance allows:
//
//	SE ≤ (SE_Y + |CACE|·SE_served)/|τ_served|
func CACEOfCounts(t, c Moments, servedT, servedC int64, how Inference) Estimate {
	x, s := how.independent(t, c), how.independent(Proportion(servedT, t.N), Proportion(servedC, c.N))
	e := effects{over: x.t - x.c, under: s.t - s.c, vo: x.vt + x.vc, vu: s.vt + s.vc, df: x.df(1, 1)}
	e.cov = -math.Copysign(math.Sqrt(e.vo*e.vu), e.over*e.under)
	return e.cace(how).Warn(x.few(), WarnTooFewUnits)
}

func (x effects) cace(how Inference) Estimate {
	e := x.ratio(how)
	if few := !(x.under*x.under > servedErrors*servedErrors*x.vu); few {
		e.SE, e.Interval = math.NaN(), NoInterval
		e = e.Warn(true, WarnFewServed)
	}
	return e
}
