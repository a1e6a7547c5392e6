package stats

import "math"

// compared is a contrast under the assumptions of an inference.
type compared struct {
	t, c     float64 // means of treatment and control
	vt, vc   float64 // variances of these means
	cov      float64 // their covariance
	rt, rc   float64 // what each arm's own units contribute to vt and vc
	dft, dfc float64 // degrees of freedom of rt and rc
	pooled   bool    // rt and rc come from one variance
	lost     float64 // degrees of freedom lost
}

// few tells that an arm has too few units for a variance.
func (x *compared) few() bool { return !(x.dft > 0) || !(x.dfc > 0) }

// df are the degrees of freedom of a·rt + b·rc, a and b above zero: Satterthwaite's, or those of the pooled variance.
func (x *compared) df(a, b float64) float64 {
	df := x.dft + x.dfc
	if !x.pooled {
		u, v := a*x.rt, b*x.rc
		df = (u + v) * (u + v) / (u*u/x.dft + v*v/x.dfc)
	}
	return df - x.lost
}

// doubts adds what the arms themselves give cause for.
func (x *compared) doubts(e Estimate) Estimate {
	return e.Warn(x.few(), WarnTooFewUnits).Warn(x.rt == 0 || x.rc == 0, WarnNoVariance)
}

// difference is t − c.
func (x *compared) difference(how Inference) Estimate {
	se := math.Sqrt(x.vt + x.vc - 2*x.cov)
	return x.doubts(how.estimate(x.t-x.c, se, x.df(1, 1)))
}

// delta is t/c − 1 with the variance of its linear approximation.
func (x *compared) delta(how Inference) Estimate {
	r := x.t / x.c
	se := math.Sqrt(x.vt-2*r*x.cov+r*r*x.vc) / math.Abs(x.c)
	return x.relative(how, how.estimate(r-1, se, x.df(1, 1)))
}

// log is t/c − 1 with an interval that is symmetric for ln t − ln c.
func (x *compared) log(how Inference) Estimate {
	e := x.difference(how) // whose p-value stays
	r := x.t / x.c
	if !(x.t > 0) || !(x.c > 0) {
		e.Value, e.SE, e.Interval = r-1, math.NaN(), NoInterval
		return x.relative(how, e.Warn(!x.few(), WarnMeanNotPositive))
	}
	a, b := 1/(x.t*x.t), 1/(x.c*x.c)
	se := math.Sqrt(a*x.vt + b*x.vc - 2*x.cov/(x.t*x.c))
	l := how.estimate(math.Log(r), se, x.df(a, b))
	e.Value, e.SE, e.DF = r-1, r*se, l.DF
	e.Interval = Interval{math.Expm1(l.Interval.Lo), math.Expm1(l.Interval.Hi)}
	return x.relative(how, e)
}

// fieller is t/c − 1 with the set of ratios ρ for which t − ρ·c is within noise of zero.
func (x *compared) fieller(how Inference) Estimate {
	e := x.difference(how)
	q, r := how.critical(x.df(1, 1)), x.t/x.c
	e.Value, e.SE, e.Interval = r-1, math.NaN(), NoInterval
	if g := q * q * x.vc / (x.c * x.c); g < 1 {
		slope := 0.0 // of the regression of t on c
		if x.vc > 0 {
			slope = x.cov / x.vc
		}
		center := (r - g*slope) / (1 - g)
		reach := q / (math.Abs(x.c) * (1 - g)) * math.Sqrt(math.Max(0, x.vt-2*r*x.cov+r*r*x.vc-g*(x.vt-slope*x.cov)))
		e.Interval = how.oneSided(Interval{center - reach - 1, center + reach - 1})
	}
	return x.relative(how, e)
}

// relative adds what every ratio to the control mean has to say about it.
func (x *compared) relative(how Inference, e Estimate) Estimate {
	e = x.doubts(e)
	if x.c == 0 {
		e.Value, e.SE, e.Interval = math.NaN(), math.NaN(), NoInterval
	}
	near := x.c == 0
	if x.c*x.c < 1e6*x.vc { // quantiles take time, and few of them reach a thousand
		q := how.critical(x.df(1, 1))
		near = near || q*q*x.vc >= x.c*x.c
	}
	return e.Warn(x.c < 0, WarnMeanNotPositive).Warn(near, WarnControlNearZero)
}
