package stats

import "math"

// MomentsOf are the moments of values that come as floats. Two passes: the mean first, then squares about it. Without
// values the mean is NaN, with one the variance.
func MomentsOf(values []float64) Moments {
	m := mean(values)
	return Moments{N: int64(len(values)), Mean: m, Var: covariance(values, values, m, m)}
}

// MomentsOfSums are the moments of n values of which the sum and the sum of squares are known. It loses as many digits as
// the squared mean exceeds the variance; sums of whole numbers belong in Sums.
func MomentsOfSums(n int64, sum, squares float64) Moments {
	return Moments{N: n, Mean: sum / float64(n), Var: CovarianceOfSums(n, sum, sum, squares)}
}

// CovarianceOfSums is the sample covariance (n − 1) of n pairs of which the sums and the sum of products are known, with
// the loss that MomentsOfSums tells of.
func CovarianceOfSums(n int64, sumX, sumY, products float64) float64 {
	return math.FMA(-sumX/float64(n), sumY, products) / float64(n-1)
}

// Proportion are the moments of n units of which successes have the value 1 and the others 0, with the binomial variance
// p·(1 − p).
func Proportion(successes, n int64) Moments {
	p := float64(successes) / float64(n)
	return Moments{N: n, Mean: p, Var: p * (1 - p)}
}

// ArmOf is the arm of units whose variables come as floats, one column by variable, all of one length; a variable
// without a column is 0 for all.
func ArmOf(columns map[Variable][]float64) Arm {
	var a Arm
	for v, column := range columns {
		a.N = int64(len(column))
		a.Mean[v] = mean(column)
	}
	for v, x := range columns {
		for w, y := range columns {
			a.Cov[v][w] = covariance(x, y, a.Mean[v], a.Mean[w])
		}
	}
	return a
}

// JointOf are the moments of an outcome together with covariates that come as floats, a column by covariate.
func JointOf(outcome []float64, covariates ...[]float64) Joint {
	j := Joint{Moments: MomentsOf(outcome)}
	for _, x := range covariates {
		j.X = append(j.X, mean(x))
	}
	for i, x := range covariates {
		var row []float64
		for k, y := range covariates {
			row = append(row, covariance(x, y, j.X[i], j.X[k]))
		}
		j.XX, j.XY = append(j.XX, row), append(j.XY, covariance(x, outcome, j.X[i], j.Mean))
	}
	return j
}

// Skewness is the third central moment over the 3/2 power of the second one (both over n); NaN for values all alike.
func Skewness(values []float64) float64 {
	m := mean(values)
	var two, three float64
	for _, v := range values {
		d := v - m
		two += d * d
		three += d * d * d
	}
	n := float64(len(values))
	return three / n / math.Pow(two/n, 1.5)
}

// Winsorise are the values with those above the cap set to it.
func Winsorise(values []float64, limit float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = math.Min(v, limit)
	}
	return out
}

func mean(values []float64) float64 {
	var s float64
	for _, v := range values {
		s += v
	}
	return s / float64(len(values))
}

// covariance is the sample covariance (n − 1) of columns about their means, with what rounding left in the means taken
// out (the corrected two-pass algorithm: Chan, Golub, LeVeque 1983).
func covariance(x, y []float64, mx, my float64) float64 {
	if len(x) < 2 {
		return math.NaN()
	}
	var s, ex, ey float64
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		s += dx * dy
		ex += dx
		ey += dy
	}
	n := float64(len(x))
	return (s - ex*ey/n) / (n - 1)
}
