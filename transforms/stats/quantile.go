package stats

import "math"

// QuantileType7 is the q-quantile of ascending values, unweighted, with linear interpolation between neighbours.
//
//	h = (M − 1)·q;  v[⌊h⌋] + (h − ⌊h⌋)·(v[⌊h⌋ + 1] − v[⌊h⌋])
//
// q lies in [0, 1] and is clamped to it. Without values it is NaN; NaNs are not allowed among them.
//
// Source: Hyndman and Fan, Sample quantiles in statistical packages, 1996, definition 7; the default of R and NumPy.
func QuantileType7(sorted []float64, q float64) float64 {
	last := len(sorted) - 1
	if last < 0 {
		return math.NaN()
	}
	h := float64(last) * math.Min(math.Max(q, 0), 1)
	at := int(h)
	if at >= last {
		return sorted[last]
	}
	return sorted[at] + (h-float64(at))*(sorted[at+1]-sorted[at])
}
