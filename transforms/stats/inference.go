package stats

import "math"

// Inference says how sure an interval has to be and against what a hypothesis is tested.
type Inference struct {
	Confidence    float64     // of the interval, in (0, 1); 0.95 is 95 %. Outside there is no interval.
	Alternative   Alternative // which departures from "nothing happened" count
	EqualVariance bool        // the arms share one variance, which is pooled (Student); otherwise each has its own (Welch)
	Normal        bool        // the reference distribution is the normal one; otherwise Student's t
}

// Welch95 is what is shown unless something else is asked for: two-sided 95 %, Welch.
var Welch95 = Inference{Confidence: 0.95}

// Alternative is the hypothesis that stands against "nothing happened".
type Alternative int

// A one-sided alternative gives a one-sided interval: the end on the side that the alternative points to is infinite.
const (
	TwoSided Alternative = iota // something happened
	Greater                     // treatment is above control
	Less                        // treatment is below control
)

// reference is the distribution that statistics are held against.
func (how Inference) reference(df float64) studentT {
	if how.Normal {
		return studentT{math.Inf(1)}
	}
	return studentT{df}
}

// critical is how many standard errors an interval reaches to a side; NaN for a confidence outside (0, 1).
func (how Inference) critical(df float64) float64 {
	if !(how.Confidence > 0 && how.Confidence < 1) {
		return math.NaN()
	}
	tail := 1 - how.Confidence
	if how.Alternative == TwoSided {
		tail /= 2
	}
	return how.reference(df).upper(tail)
}

// p is the p-value of a statistic that has the reference distribution if nothing happened.
func (how Inference) p(statistic, df float64) float64 {
	d := how.reference(df)
	switch how.Alternative {
	case Greater:
		return d.above(statistic)
	case Less:
		return d.above(-statistic)
	}
	return math.Min(1, 2*d.above(math.Abs(statistic)))
}

// oneSided opens the end of an interval on the side that the alternative points to.
func (how Inference) oneSided(i Interval) Interval {
	switch {
	case math.IsNaN(i.Lo) || math.IsNaN(i.Hi):
		return NoInterval
	case how.Alternative == Greater:
		i.Hi = math.Inf(1)
	case how.Alternative == Less:
		i.Lo = math.Inf(-1)
	}
	return i
}

// estimate is value ± critical·se, tested against zero. Without a standard error above zero there is no interval and no
// p-value: where nothing varied, chance has left no trace to measure it by.
func (how Inference) estimate(value, se, df float64) Estimate {
	e := Estimate{
		Value: value, SE: se, DF: how.reference(df).df,
		Interval: NoInterval, Confidence: how.Confidence, P: math.NaN(),
	}
	if !(se > 0) || math.IsInf(se, 1) {
		return e.Warn(se == 0, WarnNoVariance)
	}
	reach := how.critical(df) * se
	e.Interval = how.oneSided(Interval{value - reach, value + reach})
	e.P = how.p(value/se, df)
	return e
}
