package stats

import "math"

// Shrink is the posterior mean of a rate under a Beta prior.
//
//	p = (x + strength·mean) / (n + strength)          alpha = strength·mean, beta = strength·(1 − mean)
//
// x counts bad events, n chances; both may be fractional (recency weights). mean is a ratio, strength is in units
// of n: how many chances of an average entity the prior is worth. n + strength = 0 gives mean: nothing is known.
//
// Source: empirical Bayes for ratios of items and sellers, eBay 2015; the form of IMDb's weighted rating.
func Shrink(x, n, mean, strength float64) float64 {
	if n+strength == 0 {
		return mean
	}
	return (x + strength*mean) / (n + strength)
}

// StrengthByMoments estimates the mean and the strength of the Beta prior that M entities share, by the method of
// moments: what of the spread between their rates p = x/n is more than chance gives.
//
//	m  = sum x / sum n
//	s2 = sum n·(p − m)² / sum n  −  M·m·(1 − m) / sum n
//	k  = m·(1 − m)/s2 − 1,  clamped to [least, most]
//
// x and n have one entry for each entity, every n above zero. Where s2 is not above zero (entities differ by chance
// alone, or there are none) the strength is fallback, unclamped. Without entities the mean is NaN.
//
// Source: Kleinman, Proportions with extraneous variance, JASA 68 (1973), with weights n.
func StrengthByMoments(x, n []float64, least, most, fallback float64) (mean, strength float64) {
	var sumX, sumN float64
	for i := range n {
		sumX, sumN = sumX+x[i], sumN+n[i]
	}
	mean = sumX / sumN
	var spread float64
	for i := range n {
		d := x[i]/n[i] - mean
		spread += n[i] * d * d
	}
	chance := mean * (1 - mean)
	s2 := (spread - float64(len(n))*chance) / sumN
	if !(s2 > 0) { // NaN too
		return mean, fallback
	}
	return mean, math.Min(math.Max(chance/s2-1, least), most)
}
