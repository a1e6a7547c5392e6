package lift

import (
	"math"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/stats"
)

// Estimates are what a night says of lift, rows in the order of their tables.
type Estimates struct {
	Periods []Period
	Rows    []Row          // merchants × periods
	Scopes  []Scope        // programmes, categories, the platform × periods
	priors  []*stats.Prior // of the platform, by period; nil: none
	broken  []bool         // by period: the split of all merchants together is broken
}

// Row is one merchant in one period. Numbers that are not there are NaN.
type Row struct {
	Merchant, Category int64
	Period             int // position in Estimates.Periods
	Cell               *MerchantCell
	Class              int             // of size, by the pairs of the longest period
	arms               [Arms]stats.Arm // of Cell, where the holdout is large enough

	Status, Grade, Estimator int // codes of the contract
	Expected                 float64
	SRMP                     float64

	Headline
	Raw        stats.Estimate // lift without the covariate
	Theta      float64        // NaN: not adjusted
	Gain       float64        // variance of the adjusted effect over that of the raw one
	Cap        int64          // fen; 0: none
	Capped     [Arms]int64    // pairs above it
	Winsor     stats.Estimate // lift of capped outcomes
	OrderValue stats.Estimate // lift of GMV per order
	Wide       stats.Estimate // effect on all channels, fen per pair

	Family           int // merchants tested together; 0: not of the family
	BH               float64
	Always           stats.Interval // of the lift
	E, EBH           float64
	MDE              float64
	Shrunk           Shrunk
	Best             BestDay
	Panel            PanelEvidence
	Weighted         WeightedEvidence // of the category
	warnings         []stats.Warning
	logValue, logVar float64 // of ln(1 + lift); NaN: none
	calibrated       bool    // of grade B: by holdouts
}

// Headline is the estimate that is quoted.
type Headline struct {
	Effect   stats.Estimate // fen per pair
	Lift     stats.Estimate // inc/base
	Inc      stats.Estimate // fen
	Observed int64          // fen: what Inc is a part of
}

// none is an estimate that is not there.
func none() stats.Estimate {
	return stats.Estimate{Value: math.NaN(), SE: math.NaN(), Interval: stats.NoInterval, P: math.NaN()}
}

// Estimate tells what figures say: each merchant by itself, the family tested together, merchants pulled to their like,
// programmes and sums.
//
// The way of a merchant, in each period:
//
//	pairs mixed, split broken ──► nothing is shown; nor is it of any merchant where the split of all together is broken
//	holdout large enough ───────► A: CUPED log ratio (Fieller, or the effect alone, where the control is near zero)
//	else a panel that passes ───► B: SDID against non-participants, widened by calibration
//	else its category's weights ► C: AIPW of the category's participants; never ranked, shrunken or paid by
//	else ───────────────────────► D: insufficient; attribution is shown, and never called incremental
//
// Whether a merchant belongs to the family depends on the sizes and the split of its arms alone, never on outcomes.
// Same figures and options, same result, whatever the number of workers.
func Estimate(f *Figures, o *Options) (*Estimates, error) {
	e := &Estimates{Periods: f.Periods}
	whole := longest(f.Periods)
	rows, err := merchantRows(f, o, whole)
	if err != nil {
		return nil, err
	}
	e.Rows = rows
	for p := range f.Periods {
		e.broken = append(e.broken, f.distrustTogether(e.of(p), p, o))
	}
	if err := e.compareOthers(f, o); err != nil {
		return nil, err
	}
	for p := range f.Periods {
		rows := e.of(p)
		testTogether(rows, o, p == whole)
		e.priors = append(e.priors, shrink(rows, f.sharing(p), o))
		e.chooseDays(f, p, o)
	}
	e.addScopes(f, o)
	return e, nil
}

// merchantRows estimate each merchant by itself, many at once; the rows are in the order of the merchants.
func merchantRows(f *Figures, o *Options, whole int) ([]Row, error) {
	parts := make([][]Row, len(f.Merchants))
	var g errgroup.Group
	g.SetLimit(max(1, o.Workers))
	for from := 0; from < len(f.Merchants); from += merchantsAtOnce {
		g.Go(func() (err error) {
			defer column.Recover(&err)
			for i := from; i < min(from+merchantsAtOnce, len(f.Merchants)); i++ {
				parts[i] = rowsOf(f, &f.Merchants[i], o, whole)
			}
			return nil
		})
	}
	err := g.Wait()
	return slices.Concat(parts...), err
}

const merchantsAtOnce = 64

// rowsOf are the rows of one merchant.
func rowsOf(f *Figures, m *Merchant, o *Options, whole int) []Row {
	class := 0
	if whole >= 0 {
		class = SizeClass(o.Rules, m.Cells[whole].pairs())
	}
	var rows []Row
	for p := range m.Cells {
		if m.Cells[p].pairs() == 0 {
			continue
		}
		r := Row{Merchant: m.Code, Category: o.Category(m.Code), Period: p, Cell: &m.Cells[p], Class: class}
		r.estimate(f, o, p == whole)
		rows = append(rows, r)
	}
	return rows
}

// pairs are those of both arms.
func (c *MerchantCell) pairs() int64 { return c.Arms[Treatment].N + c.Arms[Holdout].N }

// of are the rows of a period.
func (e *Estimates) of(period int) []*Row {
	var rows []*Row
	for i := range e.Rows {
		if e.Rows[i].Period == period {
			rows = append(rows, &e.Rows[i])
		}
	}
	return rows
}

// shown tells whether the experiment of the row can be trusted.
func (r *Row) shown() bool {
	return r.Status != contract.LiftSRM && r.Status != contract.LiftMixed
}

// enough tells whether the holdout is large enough for a row of its own.
func (c *MerchantCell) enough(o *Options) bool {
	h := &c.Arms[Holdout]
	return h.N >= o.Rules.MinControlPairs && h.Sum(stats.Denominator).Float64() >= float64(o.Rules.MinControlOrders) && c.Arms[Treatment].N >= 2
}

// estimate fills a row by its own holdout.
func (r *Row) estimate(f *Figures, o *Options, whole bool) {
	r.clear()
	r.warnings = f.Periods[r.Period].doubts()
	r.Expected = o.expected(r.Cell)
	r.SRMP = splitP(r.Cell.Arms[Treatment].N, r.Cell.Arms[Holdout].N, r.Expected)
	switch {
	case mixed(f, o):
		r.Status = contract.LiftMixed
		return
	case r.SRMP < o.Rules.SRMAlpha:
		r.Status = contract.LiftSRM
		return
	case !r.Cell.enough(o):
		return
	}
	r.Status, r.Grade = contract.LiftEstimated, contract.GradeHoldout
	for a := range r.arms {
		r.arms[a] = r.Cell.Arms[a].Arm()
	}
	r.compare(o)
	r.beside(o)
	if whole {
		r.watch(o)
	}
	r.doubt(f, o, whole)
}

// clear says that nothing is known yet.
func (r *Row) clear() {
	nan := math.NaN()
	r.Status, r.Grade, r.Estimator = contract.LiftInsufficient, contract.GradeAttribution, contract.EstimatorAttribution
	r.Headline = Headline{none(), none(), none(), 0}
	r.Raw, r.Winsor, r.OrderValue, r.Wide = none(), none(), none(), none()
	r.Cap, r.Capped = 0, [Arms]int64{}
	r.Theta, r.Gain, r.BH, r.E, r.EBH, r.MDE = nan, nan, nan, nan, nan, nan
	r.Always, r.logValue, r.logVar = stats.NoInterval, nan, nan
	r.Shrunk, r.Panel, r.Weighted, r.Best = noShrunk(), noPanel(), noWeighted(), noBestDay()
}

// mixed tells whether too many pairs were seen in both arms.
func mixed(f *Figures, o *Options) bool {
	return f.Mixed > 0 && float64(f.Mixed) > o.Rules.MixedShare*float64(f.Pairs)
}

// compare finds the headline: the arms' means, less what the time before foretold.
func (r *Row) compare(o *Options) {
	t, c, how := &r.arms[Treatment], &r.arms[Holdout], o.inference()
	adjusted := stats.CUPED(t.Joint(stats.Outcome, stats.PreOutcome), c.Joint(stats.Outcome, stats.PreOutcome), stats.ThetaOptimal)
	plain := stats.Independent(t.Of(stats.Outcome), c.Of(stats.Outcome))
	gain := varianceRatio(&adjusted.Contrast, &plain, how)
	adjusted.Steady()
	plain.Steady()
	r.Raw = plain.RelativeLog(how)
	r.Effect = adjusted.Difference(how)
	r.Estimator = contract.EstimatorLogRatio
	if adjusted.ThetaT[0] != 0 {
		r.Estimator, r.Theta = contract.EstimatorLogRatioCUPED, adjusted.ThetaT[0]
		r.Gain = gain
	}
	sum := r.Cell.Arms[Treatment].Sum(stats.Outcome)
	r.Headline = headline(r.Effect, adjusted.RelativeLog(how), float64(t.N), sum.Float64())
	log := r.Lift
	if math.IsNaN(log.Interval.Lo) { // a mean is not above zero
		r.Headline = headline(r.Effect, adjusted.RelativeFieller(how), float64(t.N), sum.Float64())
		r.Estimator = contract.EstimatorFieller
	}
	if slices.Contains(r.Lift.Warnings, stats.WarnControlNearZero) || math.IsNaN(r.Lift.Interval.Lo) {
		r.Status, r.Lift = contract.LiftControlNearZero, none()
		r.Raw, r.Estimator = none(), contract.EstimatorDifference
		if !math.IsNaN(r.Theta) {
			r.Estimator = contract.EstimatorDifferenceCUPED
		}
		return
	}
	if log.SE > 0 {
		r.logValue, r.logVar = math.Log1p(log.Value), logVariance(&log)
	}
}

// varianceRatio is what an adjustment leaves of the variance of the raw effect, by the arms' own variances: what was made
// steady, each by other means, would be compared for more than the adjustment.
func varianceRatio(adjusted, raw *stats.Contrast, how stats.Inference) float64 {
	ratio := adjusted.Difference(how).SE / raw.Difference(how).SE
	return ratio * ratio
}

// logVariance is the variance of ln(1 + lift), by the delta method.
func logVariance(lift *stats.Estimate) float64 {
	se := lift.SE / (1 + lift.Value)
	return se * se
}

// headline makes the lift exactly inc/base, as readers will work it out. The adjusted means lie at the covariate's mean
// over both arms, what was observed at that of the treatment; the interval moves with the value. Where nothing would have
// been sold without the effect there is no lift.
func headline(effect, relative stats.Estimate, treated, observed float64) Headline {
	h := Headline{Effect: effect, Inc: effect.Times(treated), Lift: relative, Observed: int64(observed)}
	base := observed - h.Inc.Value
	if base <= 0 {
		h.Lift = none()
		return h
	}
	if value := h.Inc.Value / base; 1+relative.Value > 0 {
		k := (1 + value) / (1 + relative.Value)
		h.Lift.Value, h.Lift.SE = value, relative.SE*k
		h.Lift.Interval = stats.Interval{Lo: (1+relative.Interval.Lo)*k - 1, Hi: (1+relative.Interval.Hi)*k - 1}
	}
	return h
}

// watch adds what may be looked at every night.
func (r *Row) watch(o *Options) {
	plan, n := o.sequential(), r.Cell.pairs()
	r.E = plan.EValue(r.Effect.Value, r.Effect.SE, n)
	if !math.IsNaN(r.logVar) {
		i := plan.Interval(r.logValue, math.Sqrt(r.logVar), n)
		r.Always = stats.Interval{Lo: math.Expm1(i.Lo), Hi: math.Expm1(i.Hi)}
	}
}
