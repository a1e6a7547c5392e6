package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Design says how an experiment is read: how sure, with what chance to find an effect, on what part of the units.
type Design struct {
	Confidence float64 // of the interval; 0.95 is 95 %
	Power      float64 // probability that an effect of the size in question is found; 0.8 is usual
	Holdout    float64 // share of the units in the control arm, in (0, 1)
	OneSided   bool    // effects of one sign alone are looked for; the interval is open on that side
}

// reach is by how many standard errors an effect must exceed zero to be found with the power wanted.
func (d Design) reach() float64 {
	tail := 1 - d.Confidence
	if !d.OneSided {
		tail /= 2
	}
	return distuv.UnitNormal.Quantile(1-tail) + distuv.UnitNormal.Quantile(d.Power)
}

// Units are the units of both arms together that it takes to find an effect.
//
//	N = (z_{1−α/2} + z_{1−β})²·σ²·(1/h + 1/(1 − h))/effect²,  one-sided z_{1−α}
//
// sd is the standard deviation of a unit's outcome, effect in the same unit. For a relative lift put the coefficient
// of variation for sd and the lift for effect. With covariates multiply by 1 − Rho². Normal approximation, one variance.
//
// Source: Kohavi, Tang, Xu, Trustworthy Online Controlled Experiments, 2020, chapter 17.
func (d Design) Units(sd, effect float64) float64 {
	a := d.reach() * sd / effect
	return a * a * (1/d.Holdout + 1/(1-d.Holdout))
}

// Detectable is the least effect that n units of both arms together find: Units solved for the effect, in sd's unit.
func (d Design) Detectable(n, sd float64) float64 {
	return d.reach() * sd * math.Sqrt((1/d.Holdout+1/(1-d.Holdout))/n)
}

// DetectableAt is the least effect (MDE) that an estimate with the standard error se finds, whatever the estimator;
// Holdout does not count. It stands beside every lift that is not significant.
func (d Design) DetectableAt(se float64) float64 { return d.reach() * se }
