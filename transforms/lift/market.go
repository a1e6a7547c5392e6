package lift

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/stats"
	"github.com/windvane/windvane/transforms/stats/panel"
)

// Market is the daily self-broadcast GMV of merchants, participants and others, for those that have no holdout.
type Market struct {
	First     calendar.Day // of the columns of GMV: as many as the rules' panel has; the last one is the as-of date
	Merchants []int64      // codes, in the order of their ids
	GMV       [][]float64  // fen by merchant and day
}

// PanelEvidence is what a comparison with non-participants rests on.
type PanelEvidence struct {
	Donors   int64   // 0: none was made
	PlaceboP float64 // share of donors with as large an effect, the merchant counted with them
	ScaledL2 float64
	TrendP   float64 // the same p of an effect before the start, where there is none
}

func noPanel() PanelEvidence {
	nan := math.NaN()
	return PanelEvidence{0, nan, nan, nan}
}

// Doubts about comparisons with non-participants.
const (
	// WarnUncalibrated: too few merchants have a holdout as well to tell how far such comparisons go wrong.
	WarnUncalibrated stats.Warning = "uncalibrated"
	// WarnPaid: the lift is that of paid GMV, refunds not taken out.
	WarnPaid stats.Warning = "refunds_not_taken_out"
)

// gap is one merchant compared with non-participants: the effect on its weekly GMV, in units of its own mean before the start.
type gap struct {
	evidence PanelEvidence
	estimate stats.Estimate // of the effect, relative to the mean before the start
	mean     float64        // fen a day before the start
	observed float64        // fen since the start
	days     int            // since the start
	passed   bool
}

// compareOthers looks at merchants whose holdout is too small beside those that never took part: each by itself, and, where
// that does not pass, with the other participants of its category.
func (e *Estimates) compareOthers(f *Figures, o *Options) error {
	whole := longest(f.Periods)
	if o.Market == nil || whole < 0 {
		return nil
	}
	rows, starts := e.of(whole), f.Starts
	wanted := toCompare(rows, starts, o)
	categories := map[int64]bool{}
	for i, r := range rows {
		if wanted[i] {
			categories[r.Category] = true
		}
	}
	if len(categories) == 0 {
		return nil
	}
	m, err := o.Market(func(category int64) bool { return categories[category] })
	if m == nil || err != nil {
		return err
	}
	if err := m.comparePanels(rows, wanted, starts, o); err != nil {
		return err
	}
	return m.weigh(rows, starts, o)
}

// comparePanels is the second rung of the ladder: merchants whose holdout is too small, by synthetic
// difference-in-differences of weekly self-broadcast GMV against merchants of their category that never took part.
//
// A merchant passes with enough days and donors, a close fit before the start, and no effect found in the last days
// before it. Merchants that have a holdout as well are compared too, so that the gap between both kinds of evidence
// tells how far the weaker one goes wrong: its mean is taken out, its spread widens the intervals.
//
// Every series is divided by its own mean before the start, so that trends are common in relative terms. Days just
// before the start are left out: merchants start when they peak.
//
// Source: Arkhangelsky et al. 2021 as in stats/panel; the calibration is ours.
func (m *Market) comparePanels(rows []*Row, wanted []bool, starts map[int64]calendar.Day, o *Options) error {
	gaps, err := m.compare(rows, wanted, starts, o)
	if err != nil {
		return err
	}
	c := calibrate(rows, gaps, o)
	for i, r := range rows {
		g := gaps[i]
		if g == nil || r.Grade != contract.GradeAttribution || !r.shown() {
			continue
		}
		if r.Panel = g.evidence; g.passed {
			r.takePanel(g, c, o)
		}
	}
	return nil
}

// compare compares merchants with their donors, in parallel; nil: a merchant has too few days or donors.
func (m *Market) compare(rows []*Row, wanted []bool, starts map[int64]calendar.Day, o *Options) ([]*gap, error) {
	at := m.positions()
	out := make([]*gap, len(rows))
	var g errgroup.Group
	g.SetLimit(max(1, o.Workers))
	for i, r := range rows {
		unit, known := at[r.Merchant]
		if !known || !wanted[i] {
			continue
		}
		g.Go(func() (err error) {
			defer column.Recover(&err)
			out[i], err = m.gap(unit, starts, o)
			return err
		})
	}
	return out, g.Wait()
}

// positions are those of the merchants, by code.
func (m *Market) positions() map[int64]int {
	at := make(map[int64]int, len(m.Merchants))
	for i, code := range m.Merchants {
		at[code] = i
	}
	return at
}

// toCompare are the merchants without a holdout that is large enough, and, to calibrate by, the largest of those that
// have one: a few times as many as the rules ask for. All have a start that leaves days on both sides. Without any of the
// first nobody is compared.
func toCompare(rows []*Row, starts map[int64]calendar.Day, o *Options) []bool {
	wanted, both, any := make([]bool, len(rows)), []int(nil), false
	for i, r := range rows {
		_, ok := o.spanOf(starts[r.Merchant])
		switch {
		case !ok || r.Category == column.Null:
		case r.Grade == contract.GradeAttribution && r.shown():
			wanted[i], any = true, true
		case r.Grade == contract.GradeHoldout:
			both = append(both, i)
		}
	}
	if !any {
		return wanted
	}
	slices.SortStableFunc(both, func(a, b int) int { return cmp.Compare(rows[b].Cell.pairs(), rows[a].Cell.pairs()) })
	for _, i := range both[:min(len(both), calibrators*o.Rules.Panel.CalibrationMerchants)] {
		wanted[i] = true
	}
	return wanted
}

// calibrators is how many times the merchants that calibration needs are looked at, since not all of them pass.
const calibrators = 3

// week is the period of the panels, in days. Weekdays do not count then, and there are fewer periods before the start than
// donors: with more, the weights of the periods would explain the donors' last weeks by heart, and placebos would be too small.
const week = 7

// span are the columns of a comparison: pre weeks from one on, then, days left out between, post weeks from the start on.
type span struct{ from, pre, start, post int }

// spanOf are the weeks of a merchant that started on a day; ok is false if they are too few.
func (o *Options) spanOf(start calendar.Day) (s span, ok bool) {
	rule, all := o.Rules.Panel, o.Rules.Panel.Days
	s.start = int(start-o.AsOf) + all - 1
	last := s.start - rule.ExcludedPreDays // the first day left out
	s.pre, s.post = last/week, (all-s.start)/week
	s.from = last - s.pre*week
	return s, s.pre*week >= rule.MinimumPreDays && s.pre >= leastWeeks && s.post > 0
}

// leastWeeks is how many weeks before the start can be parted for the test of trends.
const leastWeeks = 4

// of are the days of a merchant before the start and from it on.
func (s span) of(days []float64) (before, after []float64) {
	return days[s.from : s.from+s.pre*week], days[s.start : s.start+s.post*week]
}

// gap compares one merchant.
func (m *Market) gap(unit int, participants map[int64]calendar.Day, o *Options) (*gap, error) {
	s, ok := o.spanOf(participants[m.Merchants[unit]])
	if !ok {
		return nil, nil
	}
	donors := m.donors(unit, s, participants, o)
	if len(donors) < o.Rules.Panel.MinimumDonors {
		return nil, nil
	}
	block, mean := m.block(append(donors, unit), s)
	out := &gap{evidence: PanelEvidence{int64(len(donors)), math.NaN(), math.NaN(), math.NaN()}, mean: mean, days: s.post * week}
	_, after := s.of(m.GMV[unit])
	out.observed = sumOf(after)
	return out, out.test(block, o)
}

// test fits a block and holds it against what it must pass.
func (g *gap) test(b panel.Block, o *Options) error {
	rule := o.Rules.Panel
	fitted, err := panel.Fit(b, panel.MethodSDID)
	if err != nil {
		return unlessThin(err)
	}
	if g.evidence.ScaledL2 = misfit(b, &fitted); !(g.evidence.ScaledL2 <= rule.ScaledL2) {
		return nil
	}
	before := panel.Block{Controls: b.Controls, Pre: b.Pre * 2 / 3}
	for _, row := range b.Y {
		before.Y = append(before.Y, row[:b.Pre])
	}
	how := panel.Options{Confidence: o.Rules.Confidence, Error: panel.ErrorPlacebo}
	trend, err := panel.Estimate(before, panel.MethodSDID, how)
	if err != nil {
		return unlessThin(err)
	}
	if g.evidence.TrendP = trend.RankP; trend.RankP < rule.PlaceboAlpha {
		return nil
	}
	how.Start = &fitted.Weights
	r, err := panel.Estimate(b, panel.MethodSDID, how)
	if err != nil {
		return unlessThin(err)
	}
	g.estimate, g.evidence.PlaceboP, g.passed = r.Estimate, r.RankP, r.Estimate.SE > 0
	return nil
}

// unlessThin drops errors that say that there is nothing to compare with.
func unlessThin(err error) error {
	if errors.Is(err, panel.ErrNoNoise) || errors.Is(err, panel.ErrTooFew) {
		return nil
	}
	return err
}

// misfit is the root mean square of the gap before the start over that with equal weights, or over the merchant's own ups
// and downs where those are larger: where all merchants move alike, equal weights fit as well as any.
func misfit(b panel.Block, s *panel.Synthetic) float64 {
	own, gap := spreadOf(b.Y[b.Controls][:b.Pre]), spreadOf(s.Gap[:b.Pre])
	return gap / math.Max(own, gap/s.ScaledL2)
}

// spreadOf is the root of the sum of squares about the mean.
func spreadOf(values []float64) float64 {
	mean, squares := sumOf(values)/float64(len(values)), 0.0
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return math.Sqrt(squares)
}

// donors are the merchants of the category that never took part and sold before the start, those nearest in size.
func (m *Market) donors(unit int, s span, participants map[int64]calendar.Day, o *Options) []int {
	type donor struct {
		at   int
		size float64
	}
	category, own := o.Category(m.Merchants[unit]), m.before(unit, s)
	if own <= 0 || category == column.Null {
		return nil
	}
	var all []donor
	for i, code := range m.Merchants {
		if _, takesPart := participants[code]; takesPart || o.Category(code) != category {
			continue
		}
		if size := m.before(i, s); size > 0 {
			all = append(all, donor{i, math.Abs(math.Log(size / own))})
		}
	}
	slices.SortStableFunc(all, func(a, b donor) int { return cmp.Compare(a.size, b.size) })
	all = all[:min(len(all), o.Rules.Panel.MaximumDonors)]
	slices.SortFunc(all, func(a, b donor) int { return cmp.Compare(a.at, b.at) })
	out := make([]int, len(all))
	for i, d := range all {
		out[i] = d.at
	}
	return out
}

// before is the mean daily GMV before the start.
func (m *Market) before(unit int, s span) float64 {
	before, _ := s.of(m.GMV[unit])
	return sumOf(before) / float64(len(before))
}

// block are the weeks of units, each over its mean before the start, the treated one last, and that one's mean.
func (m *Market) block(units []int, s span) (panel.Block, float64) {
	b := panel.Block{Controls: len(units) - 1, Pre: s.pre}
	mean := 0.0
	for _, u := range units {
		mean = m.before(u, s)
		row := make([]float64, 0, s.pre+s.post)
		before, after := s.of(m.GMV[u])
		for days := range slices.Chunk(slices.Concat(before, after), week) {
			row = append(row, sumOf(days)/(mean*week))
		}
		b.Y = append(b.Y, row)
	}
	return b, mean
}

func sumOf(values []float64) float64 {
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum
}

// calibration is how far comparisons with non-participants lie from holdouts.
type calibration struct {
	bias  float64 // of the lift on the scale of logarithms
	widen float64 // factor of standard errors, at least 1
	known bool
}

// calibrate holds both kinds of evidence against each other where merchants have both.
//
//	z = (b − a)/√(v_b + v_a);  bias = mean(b − a), weights 1/(v_b + v_a);  widen = max(1, 1.4826·MAD of z about its median)
//
// Source: the median absolute deviation as a robust standard deviation, Huber 1981.
func calibrate(rows []*Row, gaps []*gap, o *Options) calibration {
	var apart []stats.Normal
	for i, r := range rows {
		g := gaps[i]
		if g == nil || !g.passed || math.IsNaN(r.logVar) {
			continue
		}
		if value, variance := g.log(); variance > 0 {
			apart = append(apart, stats.Normal{Mean: value - r.logValue, Var: variance + r.logVar})
		}
	}
	return calibration{widen: 1}.by(apart, o.Rules.Panel.CalibrationMerchants)
}

// by learns from how far both kinds of evidence lie apart where there are both; with fewer than so many c stays as it is.
func (c calibration) by(apart []stats.Normal, least int) calibration {
	var z []float64
	var sum, weight float64
	for _, d := range apart {
		z = append(z, d.Mean/math.Sqrt(d.Var))
		sum, weight = sum+d.Mean/d.Var, weight+1/d.Var
	}
	if len(z) < least {
		return c
	}
	middle := median(z)
	for i := range z {
		z[i] = math.Abs(z[i] - middle)
	}
	return calibration{bias: sum / weight, widen: math.Max(1, 1.4826*median(z)), known: true}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return stats.QuantileType7(sorted, 0.5)
}

// log is ln(1 + lift) of a gap and its variance; NaN: there would have been nothing without it.
func (g *gap) log() (value, variance float64) {
	observed := g.observed / float64(g.days) / g.mean
	lift := panel.Lift(g.estimate, observed)
	return math.Log1p(lift.Value), logVariance(&lift)
}

// takePanel makes a comparison with non-participants the headline of the row.
func (r *Row) takePanel(g *gap, c calibration, o *Options) {
	value, variance := g.log()
	if math.IsNaN(value) || !(variance > 0) {
		return
	}
	value, se := value-c.bias, math.Sqrt(variance)*c.widen
	r.Grade, r.Estimator, r.calibrated = contract.GradePanel, contract.EstimatorSDID, c.known
	r.warnings = append(r.warnings, WarnPaid)
	r.logValue, r.logVar = value, se*se
	r.takeLog(value, se, g.observed, o)
	if !c.known {
		r.warnings = append(r.warnings, WarnUncalibrated)
	}
}

// takeLog makes a lift the headline, by its logarithm ln(1 + lift) with its standard error and the fen it is a part of.
func (r *Row) takeLog(value, se, observed float64, o *Options) {
	z := stats.Design{Confidence: o.Rules.Confidence, Power: 0.5}.DetectableAt(1)
	r.Status = contract.LiftEstimated
	r.warnings = slices.DeleteFunc(r.warnings, func(w stats.Warning) bool { return w == WarnUnseen }) // else nobody would be compared
	r.Lift = stats.Estimate{Value: math.Expm1(value), SE: se * math.Exp(value), DF: math.Inf(1), Confidence: o.Rules.Confidence, P: twoSided(value / se),
		Interval: stats.Interval{Lo: math.Expm1(value - z*se), Hi: math.Expm1(value + z*se)}}
	share := func(lift float64) float64 { return observed * lift / (1 + lift) }
	r.Inc = stats.Estimate{Value: share(r.Lift.Value), SE: observed * se / (1 + r.Lift.Value), DF: math.Inf(1), Confidence: o.Rules.Confidence, P: r.Lift.P,
		Interval: stats.Interval{Lo: share(r.Lift.Interval.Lo), Hi: share(r.Lift.Interval.Hi)}}
	r.Observed = int64(math.Round(observed))
	r.MDE = math.Expm1(stats.Design{Confidence: o.Rules.Confidence, Power: o.Rules.Power}.DetectableAt(se))
}
