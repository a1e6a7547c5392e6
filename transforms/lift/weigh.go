package lift

import (
	"cmp"
	"errors"
	"maps"
	"math"
	"math/bits"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/stats"
	"github.com/windvane/windvane/transforms/stats/panel"
	"github.com/windvane/windvane/transforms/stats/weighting"
)

// WeightedEvidence is what the comparison of a category's participants with its non-participants rests on.
type WeightedEvidence struct {
	Treated, Controls int64   // after trimming if scores could be found; 0: none was made
	ESS               float64 // of the controls
	Difference        float64 // the largest of any covariate after weighting, in standard deviations
	Trimmed           float64 // share of both
	NegativeP         float64 // of an effect before the start, where there is none
}

func noWeighted() WeightedEvidence {
	nan := math.NaN()
	return WeightedEvidence{0, 0, nan, nan, nan, nan}
}

// WarnCategory: the lift is that of the category's participants together, not of this merchant.
const WarnCategory stats.Warning = "lift_of_the_category"

// recentWeeks before the start are what merchants are made alike by; the weeks before them are the negative control.
const recentWeeks = leastWeeks - 1

// weigh is the third rung of the ladder: the participants of a category together against those of its merchants that never
// took part, weighted by what they sold before (effect on the treated by AIPW). All participants with a clean experiment and weeks
// on both sides of their start are compared; those that have neither a holdout nor a panel take the lift, which is the category's.
//
// The outcome is GMV a week from the start on over that of the last three weeks before, so that each merchant counts once,
// whatever its size. The lift is the mean outcome of the participants over what it would have been. The same for the weeks before those
// three, where there can be no effect, is the negative control.
//
// It assumes that nothing but these weeks decides both who takes part and who grows. Nothing here feeds the family, the
// prior, shrunken lifts, sums or quotas: logValue stays NaN.
//
// Source: stats/weighting; the design of the sample is ours.
func (m *Market) weigh(rows []*Row, starts map[int64]calendar.Day, o *Options) error {
	at := m.positions()
	groups := map[int64][]subject{}
	for _, r := range rows {
		s, timely := o.spanOf(starts[r.Merchant])
		if unit, known := at[r.Merchant]; known && timely && r.shown() && r.Category != column.Null {
			groups[r.Category] = append(groups[r.Category], subject{r, unit, s})
		}
	}
	var all []*cohort
	var apart []stats.Normal
	for _, category := range slices.SortedFunc(maps.Keys(groups), o.IDs.CompareText(contract.Category, contract.NoSubject)) {
		group := groups[category]
		if !slices.ContainsFunc(group, func(s subject) bool { return s.row.Grade == contract.GradeAttribution }) {
			continue
		}
		c := m.cohort(category, group, starts, o)
		if err := c.compare(o); err != nil {
			return err
		}
		all = append(all, c)
		if a, ok := holdoutsOf(rows, category); ok && c.passed {
			apart = append(apart, stats.Normal{Mean: c.log.Mean - a.Mean, Var: c.log.Var + a.Var})
		}
	}
	by := calibration{widen: o.Rules.Weighting.UncalibratedWidening}.by(apart, o.Rules.Weighting.CalibrationCategories)
	for _, c := range all {
		c.give(by, o)
	}
	return nil
}

// holdoutsOf is the mean of ln(1 + lift) of the merchants of a category that have a holdout, each as its weight in a
// random-effects mean; false: there is none.
func holdoutsOf(rows []*Row, category int64) (stats.Normal, bool) {
	own := only(rows, func(r *Row) bool {
		return r.Category == category && r.Grade == contract.GradeHoldout && r.logVar > 0
	})
	switch len(own) {
	case 0:
		return stats.Normal{}, false
	case 1:
		return stats.Normal{Mean: own[0].logValue, Var: own[0].logVar}, true
	}
	y, v := make([]float64, len(own)), make([]float64, len(own))
	for i, r := range own {
		y[i], v[i] = r.logValue, r.logVar
	}
	prior, err := stats.FitPrior(y, v, nil, stats.PauleMandel)
	if err != nil {
		return stats.Normal{}, false
	}
	return prior.Mean[0], true
}

// subject is a merchant of a comparison.
type subject struct {
	row  *Row // nil: never took part
	unit int
	span span
}

// cohort is a category as a sample.
type cohort struct {
	subjects []subject // participants first
	observed []float64 // fen from the start on
	sample   weighting.Sample
	negative []float64
	treated  int

	evidence WeightedEvidence
	result   weighting.Result
	log      stats.Normal // of ln(1 + lift), where it passed
	passed   bool
}

// cohort are the participants of a category and its other merchants. These have no start; they take those of the
// participants, spread evenly over both, so that seasons fall on the arms alike. Merchants without sales in one
// of the recent weeks are left out: their level says nothing.
func (m *Market) cohort(category int64, group []subject, participants map[int64]calendar.Day, o *Options) *cohort {
	c := &cohort{}
	for _, s := range group {
		c.add(m, s)
	}
	c.treated = len(c.subjects)
	spans := make([]span, c.treated)
	for i, s := range c.subjects {
		spans[i] = s.span
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	next := uint64(0)
	for unit, code := range m.Merchants {
		if _, takesPart := participants[code]; takesPart || len(spans) == 0 || o.Category(code) != category {
			continue
		}
		i, _ := bits.Mul64(next, uint64(len(spans)))
		c.add(m, subject{nil, unit, spans[i]})
		next += golden
	}
	return c
}

// golden is the golden ratio as a fraction of 2⁶⁴: its multiples fall evenly into any number of parts (Weyl's sequence).
const golden = 0x9E3779B97F4A7C15

// add describes a merchant by logarithms of its GMV in the last two weeks before the start, their slope over the recent
// weeks (least squares) and the day of the start.
func (c *cohort) add(m *Market, s subject) {
	before, after := s.span.of(m.GMV[s.unit])
	var weeks []float64
	for days := range slices.Chunk(before, week) {
		weeks = append(weeks, sumOf(days))
	}
	older, recent := weeks[:len(weeks)-recentWeeks], weeks[len(weeks)-recentWeeks:]
	if !(slices.Min(recent) > 0) {
		return
	}
	first, second, last := math.Log(recent[0]), math.Log(recent[1]), math.Log(recent[2])
	level := sumOf(recent) / recentWeeks
	c.subjects, c.observed = append(c.subjects, s), append(c.observed, sumOf(after))
	c.sample.X = append(c.sample.X, []float64{last, second, (last - first) / 2, float64(s.span.start)})
	c.sample.Treated = append(c.sample.Treated, s.row != nil)
	c.sample.Y = append(c.sample.Y, sumOf(after)/float64(s.span.post)/level)
	c.negative = append(c.negative, sumOf(older)/float64(len(older))/level)
}

// compare estimates and holds the estimate against what it must pass. With fewer merchants than the rules ask for there is
// no evidence.
func (c *cohort) compare(o *Options) error {
	c.evidence = noWeighted()
	rule := o.Rules.Weighting
	controls := len(c.subjects) - c.treated
	if c.treated < rule.MinimumTreated || controls < rule.MinimumControls {
		return nil
	}
	c.evidence.Treated, c.evidence.Controls = int64(c.treated), int64(controls)
	r, err := weighting.AIPW(c.sample, weighting.Options{Keep: stats.Interval{Hi: rule.MaximumScore}, Confidence: o.Rules.Confidence, Negative: c.negative})
	if err != nil && !incomparable(err) {
		return err
	}
	if err != nil {
		return nil
	}
	e := WeightedEvidence{int64(r.Treated), int64(r.Controls), r.ControlsESS, largestDifference(r.Balance), r.Trimmed, r.Negative.P}
	lift := panel.Lift(r.Estimate, r.Observed)
	c.evidence, c.result, c.log = e, r, stats.Normal{Mean: math.Log1p(lift.Value), Var: logVariance(&lift)}
	c.passed = r.Treated >= rule.MinimumTreated && r.Controls >= rule.MinimumControls && e.ESS >= rule.MinimumESS &&
		e.Difference < rule.MaximumDifference && e.NegativeP >= rule.NegativeAlpha && c.log.Var > 0
	return nil
}

// give notes what the comparison rests on and, where it passed, gives its lift to those that have nothing better. A merchant
// that was trimmed has nobody to be compared with.
func (c *cohort) give(by calibration, o *Options) {
	for i, s := range c.subjects[:c.treated] {
		if s.row.Grade != contract.GradeAttribution || c.evidence.Controls == 0 {
			continue
		}
		if s.row.Weighted = c.evidence; c.passed && c.result.Weights[i] > 0 {
			s.row.takeWeighted(c, by, c.observed[i], o)
		}
	}
}

// incomparable tells whether an error says that the arms cannot be compared.
func incomparable(err error) bool {
	return errors.Is(err, weighting.ErrSeparated) || errors.Is(err, weighting.ErrTooFew) || errors.Is(err, weighting.ErrOverlap) || errors.Is(err, weighting.ErrConverge)
}

// largestDifference is that of any covariate after weighting, without its sign.
func largestDifference(balance []weighting.Difference) float64 {
	largest := 0.0
	for _, d := range balance {
		largest = math.Max(largest, math.Abs(d.After))
	}
	return largest
}

// takeWeighted makes the lift of the category the headline of the row; the increment is what it says of the merchant's own GMV.
func (r *Row) takeWeighted(c *cohort, by calibration, observed float64, o *Options) {
	r.Grade, r.Estimator = contract.GradeWeighting, contract.EstimatorAIPW
	r.takeLog(c.log.Mean-by.bias, math.Sqrt(c.log.Var)*by.widen, observed, o)
	r.warnings = append(append(r.warnings, c.result.Estimate.Warnings...), WarnCategory, WarnPaid)
	if !by.known {
		r.warnings = append(r.warnings, WarnUncalibrated)
	}
}
