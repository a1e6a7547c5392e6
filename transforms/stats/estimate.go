package stats

import (
	"math"
	"math/big"
)

// Estimate is a number that carries how sure it is.
type Estimate struct {
	Value      float64
	SE         float64   // standard error; NaN: the method gives none
	DF         float64   // degrees of freedom of the reference distribution; +Inf: normal
	Interval   Interval  // two-sided at Confidence; NaN ends: there is none
	Confidence float64   // 0.95 is 95 %
	P          float64   // two-sided, of the hypothesis that nothing happened; NaN: none
	Warnings   []Warning // doubts that belong to the number wherever it is shown
}

// Interval is a closed range of values that the data do not contradict.
type Interval struct{ Lo, Hi float64 }

// NoInterval says that there is none.
var NoInterval = Interval{math.NaN(), math.NaN()}

// Contains tells whether v lies inside.
func (i Interval) Contains(v float64) bool { return i.Lo <= v && v <= i.Hi }

// Warning is a doubt about a number, as a code that reports put into words.
type Warning string

// Doubts about estimates.
const (
	// WarnSkew: too few units for the skewness; the normal approximation is doubtful (n ≤ 355·skewness²).
	WarnSkew Warning = "normal_approximation_doubtful"
	// WarnControlNearZero: the control mean is within noise of zero; a ratio to it says nothing.
	WarnControlNearZero Warning = "control_mean_not_distinguishable_from_zero"
	// WarnFewClusters: fewer than 40 clusters; the cluster-robust interval is too short.
	WarnFewClusters Warning = "few_clusters"
)

// ratio is a/b rounded once; NaN for b = 0.
func ratio(a, b *big.Int) float64 {
	if b.Sign() == 0 {
		return math.NaN()
	}
	f, _ := new(big.Rat).SetFrac(a, b).Float64()
	return f
}
