package panel

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/windvane/windvane/transforms/stats"
)

// estimate is a value with its standard error, as an interval and a p-value of the t distribution (df = +Inf: normal). A
// standard error that is not above zero gives neither.
func estimate(value, se, df, confidence float64) stats.Estimate {
	e := stats.Estimate{Value: value, SE: se, DF: df, Interval: stats.NoInterval, Confidence: confidence, P: math.NaN()}
	if !(se > 0) { // NaN too
		e.SE = math.NaN()
		return e
	}
	half := quantile(1-(1-confidence)/2, df) * se
	e.Interval = stats.Interval{Lo: value - half, Hi: value + half}
	e.P = twoSided(value/se, df)
	return e
}

func quantile(p, df float64) float64 {
	if math.IsInf(df, 1) {
		return distuv.UnitNormal.Quantile(p)
	}
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}.Quantile(p)
}

func twoSided(t, df float64) float64 {
	t = -math.Abs(t)
	if math.IsInf(df, 1) {
		return 2 * distuv.UnitNormal.CDF(t)
	}
	return 2 * distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}.CDF(t)
}

func checkConfidence(c float64) error {
	if !(c > 0 && c < 1) { // NaN too
		return fmt.Errorf("%w: %v", ErrConfidence, c)
	}
	return nil
}

// Lift turns an effect by unit and period into the lift over what there would have been without it.
//
//	lift = effect / (observed − effect)        ratio; 0.10 means +10 %
//
// observed is the mean outcome of the treated from the start on, taken as known. The ends of the interval are mapped one by
// one, since lift grows with the effect; the standard error is by the delta method. Where the counterfactual (observed − effect) or
// that at the upper end of the interval is not above zero, there is no lift or no interval: NaN. P stays that of the effect.
func Lift(effect stats.Estimate, observed float64) stats.Estimate {
	l := effect
	ratio := func(e float64) float64 {
		if !(observed-e > 0) {
			return math.NaN()
		}
		return e / (observed - e)
	}
	l.Value = ratio(effect.Value)
	l.SE = effect.SE * math.Abs(observed) / ((observed - effect.Value) * (observed - effect.Value))
	l.Interval = stats.Interval{Lo: ratio(effect.Interval.Lo), Hi: ratio(effect.Interval.Hi)}
	if math.IsNaN(l.Value) {
		l.SE = math.NaN()
	}
	if math.IsNaN(l.Value + l.Interval.Lo + l.Interval.Hi) {
		l.Interval = stats.NoInterval
	}
	return l
}
