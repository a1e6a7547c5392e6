package stats

import (
	"math"
	"math/big"
	"slices"
)

// Estimate is a number that carries how sure it is.
type Estimate struct {
	Value      float64
	SE         float64   // standard error; NaN: the method gives none
	DF         float64   // degrees of freedom of the reference distribution; +Inf: normal
	Interval   Interval  // at Confidence; NaN ends: there is none; one end is infinite if a one-sided alternative was asked for
	Confidence float64   // 0.95 is 95 %
	P          float64   // of the hypothesis that nothing happened, two-sided unless asked otherwise; NaN: none
	Warnings   []Warning // doubts that belong to the number wherever it is shown, each once
}

// Times is the estimate in another unit: an effect per unit times the units of the treatment arm is the total effect
// on them. factor is above zero; P and DF stay.
func (e Estimate) Times(factor float64) Estimate {
	e.Value *= factor
	e.SE *= factor
	e.Interval.Lo *= factor
	e.Interval.Hi *= factor
	return e
}

// Warn is the estimate with the warning w if doubt holds.
func (e Estimate) Warn(doubt bool, w Warning) Estimate {
	if doubt && !slices.Contains(e.Warnings, w) {
		e.Warnings = append(slices.Clip(e.Warnings), w) // never into the array of another copy
	}
	return e
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
	// WarnTooFewUnits: an arm has fewer than two units, or too few for the covariates; there is no standard error.
	WarnTooFewUnits Warning = "too_few_units"
	// WarnNoVariance: all units of an arm have the same value (nobody bought, say). How far that is chance is not counted,
	// so the interval is too short; if both arms are so, there is none.
	WarnNoVariance Warning = "no_variance"
	// WarnMeanNotPositive: an arm's mean is zero or negative; it has no logarithm.
	WarnMeanNotPositive Warning = "mean_not_positive"
	// WarnEffectNearZero: the effect that others are divided by is within noise of zero.
	WarnEffectNearZero Warning = "effect_not_distinguishable_from_zero"
	// WarnFewServed: the arms' shares of served units differ by less than five standard errors.
	WarnFewServed Warning = "served_share_not_distinguishable"
)

// ratio is a/b rounded once; NaN for b = 0.
func ratio(a, b *big.Int) float64 {
	if b.Sign() == 0 {
		return math.NaN()
	}
	f, _ := new(big.Rat).SetFrac(a, b).Float64()
	return f
}
