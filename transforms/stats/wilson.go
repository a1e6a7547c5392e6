package stats

import "math"

// Z95 is the normal quantile of a one-sided 95 % bound.
const Z95 = 1.6448536269514722

// WilsonUpper is the upper end of Wilson's score interval for a rate: what a bad rate may be at worst.
//
//	(p + z²/2n + z·sqrt(p(1 − p)/n + z²/4n²)) / (1 + z²/n),  p = x/n,  clamped to [0, 1]
//
// x counts bad events, n chances; both may be fractional. x of n or more gives 1: events and chances may come from
// windows that differ. So does n = 0: nothing is known.
//
// Source: Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
func WilsonUpper(x, n, z float64) float64 {
	if !(x < n) {
		return 1
	}
	p := x / n
	zz := z * z / n
	upper := (p + zz/2 + math.Sqrt(zz*(p*(1-p)+zz/4))) / (1 + zz)
	return math.Min(math.Max(upper, 0), 1) // rounding may lead out
}
