package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Counts are events (orders) of units (pairs), of which one may have several.
type Counts struct {
	Units   float64
	Events  float64
	Squares float64 // sum of the squares of each unit's events
}

// CountsOf are the counts of a variable of sums.
func CountsOf(s *Sums, v Variable) Counts {
	return Counts{float64(s.N), s.Sum(v).Float64(), s.SumOf(v, v).Float64()}
}

// Plus are the counts of both together, units taken as others.
func (c Counts) Plus(d Counts) Counts {
	return Counts{c.Units + d.Units, c.Events + d.Events, c.Squares + d.Squares}
}

// Dispersion is the variance of a unit's events over their mean, at least 1: events of one unit come together. It is 1
// without events. Counts vary as those of Poisson would, times this.
//
// Source: the index of dispersion; Fisher, Thornton, Mackenzie 1922.
func (c Counts) Dispersion() float64 {
	if !(c.Events > 0) {
		return 1
	}
	return math.Max(1, c.Squares/c.Events-c.Events/c.Units)
}

// RateRatio is the lift of events per unit, with an interval that is exact for Poisson counts, however few there are.
//
//	value = (e_T/n_T)/(e_C/n_C) − 1
//
// Given all events e of both arms, those of the control are binomial with share p = n_C/(n_C + n_T·(1 + lift)). The interval of p
// is that of Clopper and Pearson, for e/dispersion events of which e_C/dispersion fell on the control. It holds at least
// at how.Confidence, two-sided; how.Alternative is not looked at.
//
// Without events in the control the value is NaN and the upper end infinite; without any events, or units in an arm, there
// is nothing. SE is NaN, the method has none; so is P.
//
// Source: Przyborowski, Wilenski, Biometrika 31 (1940); Clopper, Pearson 1934; counts divided by their dispersion: Korn,
// Graubard, Survey Methodology 24 (1998).
func RateRatio(t, c Counts, dispersion float64, how Inference) Estimate {
	none := Estimate{Value: math.NaN(), SE: math.NaN(), DF: math.Inf(1), Interval: NoInterval, Confidence: how.Confidence, P: math.NaN()}
	if !(t.Units > 0 && c.Units > 0 && t.Events+c.Events > 0) || !(how.Confidence > 0 && how.Confidence < 1) {
		return none
	}
	tail := (1 - how.Confidence) / 2
	x, rest := c.Events/dispersion, t.Events/dispersion
	lift := func(p float64) float64 { return (1-p)/p*c.Units/t.Units - 1 }
	none.Interval = Interval{-1, math.Inf(1)}
	if x > 0 {
		none.Value = t.Events/t.Units/(c.Events/c.Units) - 1
		none.Interval.Hi = lift(distuv.Beta{Alpha: x, Beta: rest + 1}.Quantile(tail))
	}
	if rest > 0 {
		none.Interval.Lo = lift(distuv.Beta{Alpha: x + 1, Beta: rest}.Quantile(1 - tail))
	}
	return none
}

// LogRateRatio is the logarithm of the ratio of rates, half an event of each arm added (times the dispersion), which takes
// out most of its bias and is there for an arm without events as well.
//
// Source: Haldane 1956, Anscombe 1956; Gart, Zweifel, Biometrika 54 (1967).
func LogRateRatio(t, c Counts, dispersion float64) float64 {
	half := dispersion / 2
	return math.Log((t.Events+half)/t.Units) - math.Log((c.Events+half)/c.Units)
}

// LogRateRatioVar is the variance of LogRateRatio where the lift is as given and so many events fell on both arms:
//
//	dispersion / (e·p·(1 − p)),  p = n_C/(n_C + n_T·(1 + lift))
//
// How the events fell on the arms plays no part, so that it does not go up and down with the estimate: with the arms' own
// counts, those who sold little by chance in the control would seem the least certain, and the mean of many ratios lies too low.
//
// Source: the conditional binomial of RateRatio, delta method.
func LogRateRatioVar(t, c Counts, lift, dispersion float64) float64 {
	p := c.Units / (c.Units + t.Units*(1+lift))
	return dispersion / ((t.Events + c.Events) * p * (1 - p))
}
