package weighting

import "math"

// design is the matrix of a regression: a constant, then every covariate less its mean, in standard deviations. A covariate
// that does not vary is a column of zeros.
type design struct {
	rows       [][]float64
	mean, sd   []float64
	parameters int
}

func newDesign(x [][]float64) design {
	n, p := float64(len(x)), len(x[0])
	d := design{mean: make([]float64, p), sd: make([]float64, p), parameters: p + 1}
	for _, row := range x {
		for j, v := range row {
			d.mean[j] += v / n
		}
	}
	for _, row := range x {
		for j, v := range row {
			d.sd[j] += (v - d.mean[j]) * (v - d.mean[j]) / n
		}
	}
	for j, v := range d.sd {
		d.sd[j] = math.Sqrt(v)
		if !(d.sd[j] > 1e-12*math.Abs(d.mean[j])) { // rounding alone
			d.sd[j] = math.Inf(1)
		}
	}
	d.rows = make([][]float64, len(x))
	for i, row := range x {
		z := make([]float64, p+1)
		z[0] = 1
		for j, v := range row {
			z[j+1] = (v - d.mean[j]) / d.sd[j]
		}
		d.rows[i] = z
	}
	return d
}

// original turns coefficients of the design into those of the covariates as they came, constant first.
func (d design) original(beta []float64) []float64 {
	c := make([]float64, len(beta))
	c[0] = beta[0]
	for j := range d.mean {
		c[j+1] = beta[j+1] / d.sd[j]
		c[0] -= c[j+1] * d.mean[j]
	}
	return c
}

func dot(a, b []float64) float64 {
	var s float64
	for i, x := range a {
		s += x * b[i]
	}
	return s
}
