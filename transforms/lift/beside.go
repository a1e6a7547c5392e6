package lift

import (
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/stats"
)

// Doubts about a lift.
const (
	// WarnHoldoutServed: pairs of the holdout were shown boosts; the lift is understated.
	WarnHoldoutServed stats.Warning = "holdout_served"
	// WarnTail: capped and raw lift exclude each other, or the arms differ in what lies above the cap: the effect sits in the tail.
	WarnTail stats.Warning = "tail_matters"
	// WarnGross: refunds of some days of the period are not known; what is called net is gross there.
	WarnGross stats.Warning = "refunds_not_known"
	// WarnUnseen: channels of some days of the outcomes are not known; self-broadcast counts as none there, and effects are too small.
	WarnUnseen stats.Warning = "channels_not_known"
	// WarnMixedShares: programmes with other shares of the holdout are read together; what differs between them counts too.
	WarnMixedShares stats.Warning = "programmes_of_other_shares"
	// WarnMoved: the total over all channels grew less than self-broadcast: a part only moved.
	WarnMoved stats.Warning = "moved_within_the_shop"
	// WarnSplitTogether: the split of the merchant may be clean, that of all merchants together is not.
	WarnSplitTogether stats.Warning = "split_of_all_merchants_broken"
)

// splitP is the probability of a split of the arms at least as far from the expected one; NaN without pairs.
func splitP(treatment, holdout int64, share float64) float64 {
	if treatment+holdout == 0 {
		return math.NaN()
	}
	return stats.SampleRatioP([]int64{treatment, holdout}, []float64{1 - share, share})
}

// splitTogether is the probability of the split of all merchants whose own split is clean: a bias that each merchant is too
// small to show. A user's pairs fall on one arm together where users were assigned, which makes the split vary more:
//
//	χ² = (holdout − Σ expected)² / (Σ n·share·(1 − share) · Σ d²/Σ d),  d the pairs of a user
//
// The last factor is counted over all users of the programmes. Where some of them have pairs in both arms, it is what splitVariance has
// over that of pairs by themselves, at least 1: about 1 where pairs were assigned. 1 without pairs.
//
// Source: the pooled test of design effects, Kish 1965; one degree of freedom.
func (f *Figures) splitTogether(rows []*Row, period int, o *Options) float64 {
	var apart, variance float64
	for _, r := range rows {
		if r.shown() {
			n := float64(r.Cell.pairs())
			apart += float64(r.Cell.Arms[Holdout].N) - n*r.Expected
			variance += n * r.Expected * (1 - r.Expected)
		}
	}
	if variance *= f.pairsTogether(period, o); !(variance > 0) {
		return 1
	}
	return twoSided(apart / math.Sqrt(variance))
}

// distrustTogether takes back what rows say where the split of all of them together is broken, and tells whether it is. A loss of
// pairs that each merchant is too small to show is in the lift of each: lost buyers of the holdout, a hundredth of its pairs,
// can be a fifth of what it bought. Nothing is adjusted, ranked or paid by then, and no weaker evidence takes its place.
func (f *Figures) distrustTogether(rows []*Row, period int, o *Options) bool {
	if f.splitTogether(rows, period, o) >= o.Rules.SRMAlpha {
		return false
	}
	for _, r := range rows {
		if !r.shown() {
			continue
		}
		r.clear()
		r.Status, r.warnings = contract.LiftSRM, append(f.Periods[period].doubts(), WarnSplitTogether)
	}
	return true
}

// pairsTogether is how many pairs fall on an arm together, as a pair sees it: Σ d²/Σ d.
func (f *Figures) pairsTogether(period int, o *Options) float64 {
	var pairs, squares float64
	for i := range f.Programmes {
		c, share := &f.Programmes[i].Cells[period], o.Share(f.Programmes[i].Code)
		for a := range c.Arms {
			pairs += c.Arms[a].Sum(stats.Denominator).Float64()
			if c.Both == 0 {
				squares += c.Arms[a].SumOf(stats.Denominator, stats.Denominator).Float64()
			}
		}
		if c.Both > 0 { // of few held out the variance is seen too small where they are too few
			n := c.Arms[Treatment].Sum(stats.Denominator).Float64() + c.Arms[Holdout].Sum(stats.Denominator).Float64()
			squares += math.Max(n, c.splitVariance(share)/(share*(1-share)))
		}
	}
	if pairs == 0 {
		return 1
	}
	return squares / pairs
}

// beside adds what stands beside the headline: capped outcomes, GMV per order, all channels, the effect that would be found.
func (r *Row) beside(o *Options) {
	t, c, how := &r.arms[Treatment], &r.arms[Holdout], o.inference()
	r.OrderValue = stats.RelativeLog(t.Ratio(stats.Outcome, stats.Denominator), c.Ratio(stats.Outcome, stats.Denominator), how)
	if math.IsNaN(r.OrderValue.Interval.Lo) {
		r.OrderValue = none()
	}
	wide := stats.CUPED(t.Joint(stats.WideOutcome, stats.PreOutcome), c.Joint(stats.WideOutcome, stats.PreOutcome), stats.ThetaOptimal)
	wide.Steady()
	r.Wide = wide.Difference(how)
	if base := c.Mean[stats.Outcome]; base > 0 && r.Status == contract.LiftEstimated {
		r.MDE = stats.Design{Confidence: o.Rules.Confidence, Power: o.Rules.Power}.DetectableAt(r.Effect.SE) / base
	}
	r.winsorise(o)
}

// winsorise compares the arms with outcomes capped. The cap was chosen on an earlier night, from both arms together.
func (r *Row) winsorise(o *Options) {
	if r.Cap = o.capOf(r.Class); r.Cap == 0 {
		return
	}
	var arms [Arms]stats.Arm
	for a := range arms {
		h := &r.Cell.Arms[a].Histogram
		sums := h.WinsorisedSums(r.Cap)
		arms[a], r.Capped[a] = sums.Arm(), h.Above(r.Cap)
	}
	t, c := &arms[Treatment], &arms[Holdout]
	adjusted := stats.CUPED(t.Joint(stats.Outcome, stats.PreOutcome), c.Joint(stats.Outcome, stats.PreOutcome), stats.ThetaOptimal)
	if e := adjusted.RelativeLog(o.inference()); !math.IsNaN(e.Interval.Lo) && r.Status == contract.LiftEstimated {
		r.Winsor = e
	}
}

// doubts are those about all that the pairs of a period bought, whatever came of it: they may be why there is no lift.
func (p *Period) doubts() (all []stats.Warning) {
	if p.Gross {
		all = append(all, WarnGross)
	}
	if p.Unseen {
		all = append(all, WarnUnseen)
	}
	return all
}

// doubt collects the doubts about a row.
func (r *Row) doubt(f *Figures, o *Options, whole bool) {
	t, c := &r.Cell.Arms[Treatment], &r.Cell.Arms[Holdout]
	for _, e := range []*stats.Estimate{&r.Effect, &r.Lift} {
		r.warnings = append(r.warnings, e.Warnings...)
	}
	warn := func(doubt bool, w stats.Warning) {
		if doubt {
			r.warnings = append(r.warnings, w)
		}
	}
	warn(r.Status == contract.LiftControlNearZero, stats.WarnControlNearZero)
	warn(stats.Skewed(t.N, t.Histogram.Skewness()) || stats.Skewed(c.N, c.Histogram.Skewness()), stats.WarnSkew)
	warn(c.Served > 0, WarnHoldoutServed)
	warn(o.sharesDiffer(r.Cell), WarnMixedShares)
	warn(whole && o.sequential().BurnIn(r.Cell.pairs()), stats.WarnBurnIn)
	warn(r.Wide.Value < r.Effect.Value && r.Wide.Interval.Hi < r.Effect.Value, WarnMoved)
	warn(r.tailMatters(), WarnTail)
}

// tailMatters tells whether the effect sits in outcomes above the cap.
func (r *Row) tailMatters() bool {
	if math.IsNaN(r.Winsor.Value) {
		return false
	}
	apart := r.Winsor.Interval.Hi < r.Lift.Interval.Lo || r.Winsor.Interval.Lo > r.Lift.Interval.Hi
	above := stats.Difference(stats.Proportion(r.Capped[Treatment], r.Cell.Arms[Treatment].N), stats.Proportion(r.Capped[Holdout], r.Cell.Arms[Holdout].N), stats.Welch95)
	return apart || above.P < 0.05
}

// Warnings are the doubts, each once, in order.
func (r *Row) Warnings() []stats.Warning { return distinct(r.warnings) }

func distinct(warnings []stats.Warning) []stats.Warning {
	sorted := slices.Clone(warnings)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
