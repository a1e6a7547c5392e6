package weighting

import "math"

// Difference is how far the arms are apart in one covariate, in standard deviations.
type Difference struct {
	Before float64 // unweighted
	After  float64 // weighted
}

// Balance are the standardised differences by covariate; after weighting they should be below 0.1.
//
//	(mean of the treated − mean of the controls) / sqrt((s²_treated + s²_controls)/2)
//
// The denominator is that of all units before weighting in both, so that weights cannot hide a difference behind
// a larger spread. A covariate that varies in neither arm has 0 where the means are equal and ±Inf where they are not.
//
// Source: Austin, Statistics in Medicine 28 (2009).
func Balance(x [][]float64, treated []bool, w []float64) []Difference {
	if len(x) == 0 {
		return nil
	}
	out := make([]Difference, len(x[0]))
	for j := range out {
		var plain, weighted [2]moments
		for i, row := range x {
			arm := 0
			if treated[i] {
				arm = 1
			}
			plain[arm].add(row[j], 1)
			weighted[arm].add(row[j], w[i])
		}
		sd := math.Sqrt((plain[0].variance() + plain[1].variance()) / 2)
		before, after := plain[1].mean-plain[0].mean, weighted[1].mean-weighted[0].mean
		if plain[0].squares == 0 && plain[1].squares == 0 {
			sd, after = 0, before // weighted means of constants are these constants, but for rounding; nor has one unit a variance
		}
		out[j] = Difference{Before: standardise(before, sd), After: standardise(after, sd)}
	}
	return out
}

func standardise(d, sd float64) float64 {
	if d == 0 {
		return 0
	}
	return d / sd
}

// moments are a weighted mean and sum of squares, updated one value at a time (West 1979).
type moments struct{ weight, mean, squares float64 }

func (m *moments) add(x, w float64) {
	if w == 0 {
		return
	}
	m.weight += w
	d := x - m.mean
	m.mean += d * w / m.weight
	m.squares += w * d * (x - m.mean)
}

// variance is the sample variance of unweighted values.
func (m *moments) variance() float64 { return m.squares / (m.weight - 1) }
