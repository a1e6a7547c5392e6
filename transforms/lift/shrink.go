package lift

import (
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/stats"
)

// Shrunk is a lift pulled to that of its like: what is to be ranked by and quoted.
type Shrunk struct {
	Lift      float64
	Interval  stats.Interval
	Positive  float64 // probability of a lift above 0
	Prior     int     // code of contract.LiftPriors
	PriorLift float64
	PriorSD   float64 // of ln(1 + lift) between merchants
}

func noShrunk() Shrunk {
	nan := math.NaN()
	return Shrunk{Lift: nan, Interval: stats.NoInterval, Positive: nan, PriorLift: nan, PriorSD: nan}
}

// shrink pulls the lifts of a period to the mean of their category, or of the platform where the category has too few.
//
//	y = ln(1 + lift), v its variance;  y | category ~ N(mu, tau²);  mean and tau² by empirical Bayes
//
// The posterior is of ln(1 + lift), whose median is shown as the lift: it is the one that ranks. A merchant with few
// orders in its holdout has a variance that is itself noise and goes with the estimate: it takes that of its class of
// size. Merchants that share users err together: what they have in common is known less well than of independent ones, by shared
// (Figures.sharing); that they then seem to lie closer to each other is not modelled. The platform's prior is returned, nil if there is none.
//
// Source: empirical Bayes as in stats.FitPrior.
func shrink(rows []*Row, shared float64, o *Options) *stats.Prior {
	var holdouts, panels []*Row
	for _, r := range rows {
		switch {
		case !(r.logVar > 0): // NaN too
		case r.Grade == contract.GradeHoldout:
			holdouts = append(holdouts, r)
		default:
			panels = append(panels, r)
		}
	}
	poolVariances(holdouts, o)
	platform := pullTo(holdouts, panels, contract.PriorPlatform, shared, o)
	for category := range categoriesOf(holdouts) { // each by itself: their order is nothing
		in := func(r *Row) bool { return r.Category == category }
		if group := only(holdouts, in); len(group) >= o.Rules.Shrinkage.MinimumMerchants {
			pullTo(group, only(panels, in), contract.PriorCategory, shared, o)
		}
	}
	return platform
}

// pullTo learns what merchants with a holdout have in common, and pulls them and those compared by panels to it. Panels
// have no part in the mean: what they get wrong, they get wrong together.
func pullTo(holdouts, panels []*Row, of int, shared float64, o *Options) *stats.Prior {
	prior := fit(holdouts, o)
	if prior == nil {
		return nil
	}
	prior.Shared = shared
	for _, r := range slices.Concat(holdouts, panels) {
		r.pull(prior, of, o)
	}
	return prior
}

func categoriesOf(rows []*Row) map[int64]bool {
	found := map[int64]bool{}
	for _, r := range rows {
		if r.Category != column.Null {
			found[r.Category] = true
		}
	}
	return found
}

func only(rows []*Row, in func(*Row) bool) []*Row {
	var out []*Row
	for _, r := range rows {
		if in(r) {
			out = append(out, r)
		}
	}
	return out
}

// fit learns what the lifts of merchants have in common; nil: there are too few, each stands alone.
func fit(rows []*Row, o *Options) *stats.Prior {
	method := stats.PauleMandel
	if o.Rules.Shrinkage.Method == "dersimonian_laird" {
		method = stats.DerSimonianLaird
	}
	y, v := make([]float64, len(rows)), make([]float64, len(rows))
	for j, r := range rows {
		y[j], v[j] = r.logValue, r.logVar
	}
	prior, err := stats.FitPrior(y, v, nil, method)
	if err != nil {
		return nil
	}
	return prior
}

// pull is what is known of the merchant in view of its like. Without covariates all have the same prior mean.
func (r *Row) pull(prior *stats.Prior, of int, o *Options) {
	posterior := prior.Posterior(0, r.logValue, r.logVar)
	i := posterior.Interval(o.Rules.Confidence)
	r.Shrunk = Shrunk{
		Lift: math.Expm1(posterior.Mean()), Interval: stats.Interval{Lo: math.Expm1(i.Lo), Hi: math.Expm1(i.Hi)},
		Positive: posterior.Positive(), Prior: of, PriorLift: math.Expm1(prior.Mean[0].Mean), PriorSD: math.Sqrt(prior.Tau2),
	}
}

// WarnPooledVariance: few orders; the variance is that of the merchant's class of size.
const WarnPooledVariance stats.Warning = "pooled_variance"

// poolVariances gives merchants with few orders the variance of their class of size.
func poolVariances(rows []*Row, o *Options) {
	arms := map[int][]stats.Moments{}
	for _, r := range rows {
		for a := range r.arms {
			arms[r.Class] = append(arms[r.Class], r.arms[a].Of(stats.Outcome))
		}
	}
	for _, r := range rows {
		if r.Cell.Arms[Holdout].Sum(stats.Denominator).Float64() >= float64(o.Rules.Shrinkage.SparseOrders) {
			continue
		}
		v := stats.PooledLogLiftVar(stats.PooledCV2(arms[r.Class]), r.Cell.Arms[Treatment].N, r.Cell.Arms[Holdout].N)
		if v > 0 {
			r.logVar = v
			r.warnings = append(r.warnings, WarnPooledVariance)
		}
	}
}
