package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// RobustInterval holds the effect of a unit with probability 1 − alpha on average over units, whatever distribution
// the effects have: the posterior mean, widened for the bias of shrinkage.
//
//	prior + w·(y − prior) ± cva(v/tau2)·w·sqrt(v),  w = tau2/(tau2 + v)
//
// It stands beside a normal posterior where a few units have giant effects. tau2 is the second moment of the effects
// around the prior mean; use SecondMoment, which stays above zero. It takes the prior mean and tau2 as known, so it is
// for many units (hundreds), and assumes that effects and variances are not related. No interval where a variance is
// not above zero.
//
// Source: Armstrong, Kolesár, Plagborg-Møller, Robust empirical Bayes confidence intervals, Econometrica 90 (2022),
// with the constraint on the second moment alone, which is the wider of their two.
func RobustInterval(y, v, prior, tau2, alpha float64) Interval {
	if !(v > 0 && tau2 > 0) {
		return NoInterval
	}
	w := tau2 / (tau2 + v)
	return around(prior+w*(y-prior), CriticalValueAverage(v/tau2, alpha)*w*math.Sqrt(v))
}

// SecondMoment is the mean square of the effects around their prior means, for RobustInterval: the moment estimate,
// but not below what the noise of that estimate lets one tell from zero.
//
//	max( mean((y − prior)² − v), 2·sum v² / (M·sum v) )
//
// Source: as RobustInterval, section 3.2, equal weights. NaN without units.
func SecondMoment(y, v []float64, prior []Normal) float64 {
	var moment, sumV, sumV2 float64
	for j := range y {
		d := y[j] - prior[j].Mean
		moment += d*d - v[j]
		sumV += v[j]
		sumV2 += v[j] * v[j]
	}
	m := float64(len(y))
	return math.Max(moment/m, 2*sumV2/(m*sumV))
}

// CriticalValueAverage is cva: the critical value at which |N(b, 1)| is exceeded with probability alpha on average,
// in the worst distribution of the bias b whose second moment is m2. At m2 = 0 it is the normal quantile.
//
//	sup over E[b²] = m2 of E[P(|N(b, 1)| > cva)] = alpha
//
// alpha lies in (0, 1), m2 is 0 or more.
func CriticalValueAverage(m2, alpha float64) float64 {
	if !(m2 >= 0) || math.IsInf(m2, 0) {
		return math.NaN()
	}
	z := -distuv.UnitNormal.Quantile(alpha / 2)
	if m2 == 0 {
		return z
	}
	hi := z + math.Sqrt((1+m2)/alpha) // Chebyshev's bound and more
	return root(func(chi float64) float64 { return alpha - worstNonCoverage(m2, chi) }, 0, hi)
}

// worstNonCoverage is the least concave function above t ↦ P(|N(sqrt t, 1)| > chi), at t = m2. The worst distribution
// puts b² at 0 and at the point where the line from 0 touches.
func worstNonCoverage(m2, chi float64) float64 {
	t := touch(chi)
	if m2 >= t {
		return exceed(m2, chi)
	}
	return exceed(t, chi)*m2/t + exceed(0, chi)*(1-m2/t)
}

// touch is where the line from (0, exceed(0)) touches exceed; 0 where exceed is concave all along, chi² ≤ 3.
func touch(chi float64) float64 {
	if chi*chi <= 3 {
		return 0
	}
	// Ascending through zero: the chord is flatter than the curve up to the point, steeper after it.
	return root(func(t float64) float64 {
		return exceed(t, chi) - exceed(0, chi) - t*exceedSlope(t, chi)
	}, chi*chi-3, 4*chi*chi)
}

// exceed is P(|N(sqrt t, 1)| > chi).
func exceed(t, chi float64) float64 {
	b := math.Sqrt(t)
	return distuv.UnitNormal.CDF(b-chi) + distuv.UnitNormal.CDF(-b-chi)
}

// exceedSlope is the derivative of exceed by t, above zero.
func exceedSlope(t, chi float64) float64 {
	b := math.Sqrt(t)
	return (distuv.UnitNormal.Prob(b-chi) - distuv.UnitNormal.Prob(b+chi)) / (2 * b)
}
