package stats

import "math"

// PooledCV2 is the squared coefficient of variation (variance of a unit's outcome over its squared mean) that the
// arms of similar merchants share.
//
//	c = sum (n − 1)·s² / sum (n − 1)·(mean² − s²/n)
//
// The variance of a sparse merchant's own estimate is noise, and goes up and down with the estimate: one large order
// raises both. Pooling within a size class cuts that tie. mean² exceeds the true squared mean by s²/n on average,
// which is taken out. Arms with fewer than two users do not count; NaN where the means are within noise of zero.
//
// Source: the moment estimator of a common coefficient of variation.
func PooledCV2(arms []Moments) float64 {
	var above, below float64
	for _, a := range arms {
		if a.N < 2 {
			continue
		}
		df := float64(a.N - 1)
		above += df * a.Var
		below += df * (a.Mean*a.Mean - a.MeanVar())
	}
	if !(below > 0) {
		return math.NaN()
	}
	return above / below
}

// PooledLogLiftVar is the variance of a log lift between arms of so many users whose outcomes have the squared
// coefficient of variation cv2: cv2·(1/treated + 1/control). NaN without users in an arm.
func PooledLogLiftVar(cv2 float64, treated, control int64) float64 {
	if treated < 1 || control < 1 {
		return math.NaN()
	}
	return cv2 * (1/float64(treated) + 1/float64(control))
}
