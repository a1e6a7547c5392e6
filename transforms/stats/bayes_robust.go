package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Spread is how far effects lie from their prior means, with no distribution assumed.
type Spread struct {
	Second   float64 // mean square of effect − prior mean
	Kurtosis float64 // mean fourth power over Second²: 3 for a normal distribution, at least 1; +Inf: not known
}

// SpreadOf estimates the spread of the effects from estimates y with variances v and the prior means.
//
//	Second    max( mean(d² − v), 2·sum v² / (M·sum v) ),  d = y − prior mean
//	Kurtosis  max( mean(d⁴ − 6·v·d² + 3·v²)/Second², 1 + 32·sum v⁴ / (M·sum v²) / Second² )
//
// Neither is less than what the noise of these moments lets one tell, so that Second is above zero even where the
// moment is not. NaN without units.
//
// Source: as RobustInterval, with equal weights; fs_correction "PMT" of R's ebci.
func SpreadOf(y, v []float64, prior []Normal) Spread {
	var second, fourth, sumV, sumV2, sumV4 float64
	for j := range y {
		d2 := (y[j] - prior[j].Mean) * (y[j] - prior[j].Mean)
		v2 := v[j] * v[j]
		second += d2 - v[j]
		fourth += d2*d2 - 6*v[j]*d2 + 3*v2
		sumV, sumV2, sumV4 = sumV+v[j], sumV2+v2, sumV4+v2*v2
	}
	m := float64(len(y))
	second = math.Max(second/m, 2*sumV2/(m*sumV))
	square := second * second
	return Spread{second, math.Max(fourth/m/square, 1+32*sumV4/(m*sumV2)/square)}
}

// RobustInterval holds the effect of a unit with probability 1 − alpha on average over units, whatever distribution
// the effects have: the posterior mean, widened for the bias of shrinkage.
//
//	prior + w·(y − prior) ± cva(v/Second, Kurtosis)·w·sqrt(v),  w = Second/(Second + v)
//
// It stands beside a normal posterior where a few units have giant effects. It takes the prior mean and the spread as
// known, so it is for many units (hundreds), and assumes that effects and variances are not related. An infinite
// kurtosis asks for less and gives the wider interval. There is none where a variance is not above zero.
//
// Source: Armstrong, Kolesár, Plagborg-Møller, Robust empirical Bayes confidence intervals, Econometrica 90 (2022).
func RobustInterval(y, v, prior float64, spread Spread, alpha float64) Interval {
	if !(v > 0 && spread.Second > 0) {
		return NoInterval
	}
	w := spread.Second / (spread.Second + v)
	return around(prior+w*(y-prior), CriticalValueAverage(v/spread.Second, spread.Kurtosis, alpha)*w*math.Sqrt(v))
}

// CriticalValueAverage is cva: the critical value that |N(b, 1)| exceeds with probability alpha on average, in the
// worst distribution of the bias b whose second moment is m2 and whose kurtosis is at most kurtosis (+Inf: any).
//
//	sup over E[b²] = m2, E[b⁴] ≤ kurtosis·m2² of E[P(|N(b, 1)| > cva)] = alpha
//
// At m2 = 0 it is the normal quantile. alpha lies in (0, 1), m2 is 0 or more, kurtosis 1 or more; otherwise NaN.
func CriticalValueAverage(m2, kurtosis, alpha float64) float64 {
	if !(m2 >= 0) || math.IsInf(m2, 0) || !(kurtosis >= 1) || !(alpha > 0 && alpha < 1) {
		return math.NaN()
	}
	z := -distuv.UnitNormal.Quantile(alpha / 2)
	if m2 == 0 {
		return z
	}
	hi := z + math.Sqrt((1+m2)/alpha) // Chebyshev's bound and more
	return root(func(chi float64) float64 { return alpha - worstExceedance(m2, kurtosis, chi) }, 0, hi)
}

// worstExceedance is the largest mean of exceed(t, chi) over distributions of t = b² with mean m2 and mean square of
// kurtosis·m2² at most. The worst one lies on two points.
//
// Without the second constraint they are 0 and the point where the line from there touches exceed, or m2 alone beyond
// that point. Where it binds, the lower point x in [0, m2) gives the upper one.
func worstExceedance(m2, kurtosis, chi float64) float64 {
	t := touch(chi)
	switch {
	case m2 >= t || kurtosis == 1:
		return exceed(m2, chi)
	case kurtosis*m2 >= t:
		return exceed(t, chi)*m2/t + exceed(0, chi)*(1-m2/t)
	}
	_, worst := maximum(func(x float64) float64 {
		upper := m2 + (kurtosis-1)*m2/(m2-x)*m2
		p := (m2 - x) / (upper - x)
		return exceed(x, chi)*(1-p) + exceed(upper, chi)*p
	}, 0, m2*(1-1e-9), 36)
	return worst
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
