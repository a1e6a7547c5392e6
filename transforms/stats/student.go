package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// studentT is Student's t; the normal distribution for df = +Inf.
type studentT struct{ df float64 }

// upper is the quantile that a share tail, in (0, 1), lies above.
//
// From 30 degrees of freedom on it is Fisher and Cornish's expansion about the normal quantile in powers of 1/df, which
// from 1,000 on has all digits of a float and below is brought to them by a step of Halley's method. Inverting the beta
// function, which is left for few degrees of freedom, takes ten times as long as the step and a hundred times as long as
// the expansion alone.
//
// Source: Abramowitz, Stegun 26.7.5.
func (d studentT) upper(tail float64) float64 {
	if !(tail > 0 && tail < 1) || !(d.df > 0) {
		return math.NaN()
	}
	t := distuv.StudentsT{Sigma: 1, Nu: d.df}
	if d.df < 30 {
		return -t.Quantile(tail)
	}
	z, n := -distuv.UnitNormal.Quantile(tail), 1/d.df
	s := z * z
	q := z * (1 + n*((s+1)/4+
		n*(((5*s+16)*s+3)/96+
			n*((((3*s+19)*s+17)*s-15)/384+
				n*(((((79*s+776)*s+1482)*s-1920)*s-945)/92160)))))
	if d.df >= 1000 {
		return q
	}
	step := (t.Survival(q) - tail) / t.Prob(q)
	return q + step/(1-step*q*(d.df+1)/(2*(d.df+q*q)))
}

// above is the share that lies above t; NaN for NaN.
func (d studentT) above(t float64) float64 {
	switch {
	case math.IsNaN(t) || !(d.df > 0):
		return math.NaN()
	case math.IsInf(d.df, 1) || math.IsInf(t, 0):
		return distuv.UnitNormal.Survival(t)
	}
	return distuv.StudentsT{Sigma: 1, Nu: d.df}.Survival(t)
}
