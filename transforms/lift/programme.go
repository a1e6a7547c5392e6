package lift

import (
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/stats"
)

// WarnBothArms: users have pairs in both arms; what they buy at all merchants belongs to neither.
const WarnBothArms stats.Warning = "both_arms"

// programme estimates a programme over its users: mean GMV per pair, clustered by user, adjusted for the time before.
//
//	R_a = Σ outcome / Σ pairs;  effect = R_T − R_C;  inc = effect × treated pairs
//
// Where users have pairs in both arms, the covariance of the arms' ratios is taken into the standard errors.
func (e *Estimates) programme(f *Figures, p *Programme, period int, o *Options) Scope {
	s, c := newScope(contract.LiftOfProgramme, p.Code, period), &p.Cells[period]
	s.Users, s.Both = [Arms]int64{c.Arms[Treatment].N, c.Arms[Holdout].N}, c.Both
	for a := range c.Arms {
		s.Pairs[a] = int64(c.Arms[a].Sum(stats.Denominator).Float64())
	}
	e.countMerchants(&s, p.Code, period, len(f.Programmes) == 1)
	s.SRMP = p.splitP(c, &s, o)
	switch {
	case mixed(f, o):
		s.Status = contract.LiftMixed
		return s
	case s.SRMP < o.Rules.SRMAlpha:
		s.Status = contract.LiftSRM
		return s
	case s.Users[Treatment] < 2 || s.Users[Holdout] < o.Rules.MinControlPairs || c.Orders[Holdout] < o.Rules.MinControlOrders:
		return s
	}
	s.compareUsers(c, period == longest(f.Periods), o)
	return s
}

// splitP tests the split of users. Where some have pairs in both arms, pairs were assigned, or users whose arm changed; then pairs are
// tested, which are taken to fall together as far as they were seen to.
func (p *Programme) splitP(c *ProgrammeCell, s *Scope, o *Options) float64 {
	share := o.Share(p.Code)
	if c.Both == 0 {
		return splitP(s.Users[Treatment], s.Users[Holdout], share)
	}
	apart := float64(s.Pairs[Holdout]) - share*float64(s.Pairs[Treatment]+s.Pairs[Holdout])
	return math.Max(splitP(s.Pairs[Treatment], s.Pairs[Holdout], share), twoSided(apart/math.Sqrt(c.splitVariance(share))))
}

// splitVariance is that of the pairs of the holdout, as users were seen to fall: Σ (h − share·(t + h))², t and h the pairs of a user in
// the arms. It is right whether pairs were assigned or users, and for users of whom a few stand in both arms.
//
// Source: the variance of a total over clusters, Kish 1965.
func (c *ProgrammeCell) splitVariance(share float64) float64 {
	t, h := c.Arms[Treatment].SumOf(stats.Denominator, stats.Denominator).Float64(), c.Arms[Holdout].SumOf(stats.Denominator, stats.Denominator).Float64()
	return (1-share)*(1-share)*h - 2*share*(1-share)*c.Cross.DD.Float64() + share*share*t
}

// countMerchants counts the merchants of a programme and their inc, to compare with.
func (e *Estimates) countMerchants(s *Scope, programme int64, period int, only bool) {
	sum, any := 0.0, false
	for _, r := range e.of(period) {
		if !only && !r.Cell.within(programme) {
			continue
		}
		s.Merchants++
		if r.Grade == contract.GradeHoldout {
			s.Estimated++
			sum, any = sum+r.Inc.Value, true
		}
	}
	if any {
		s.MerchantsInc = sum
	}
}

// within tells whether a merchant has pairs of a programme.
func (c *MerchantCell) within(programme int64) bool {
	if c.Programmes == nil {
		return programme == column.Null && c.pairs() > 0
	}
	for _, p := range c.Programmes {
		if p.Code == programme && p.Pairs[Treatment]+p.Pairs[Holdout] > 0 {
			return true
		}
	}
	return false
}

func (s *Scope) compareUsers(c *ProgrammeCell, whole bool, o *Options) {
	t, h, how := c.Arms[Treatment].Arm(), c.Arms[Holdout].Arm(), o.inference()
	adjusted := stats.RatioCUPED(&t, &h, stats.Outcome, stats.Denominator, stats.PreOutcome, stats.Denominator, stats.ThetaOptimal)
	raw := stats.ClusteredDifference(&t, &h, stats.Outcome, stats.Denominator, how)
	plain := stats.Independent(t.Ratio(stats.Outcome, stats.Denominator), h.Ratio(stats.Outcome, stats.Denominator))
	gain, seen := varianceRatio(&adjusted.Contrast, &plain, how), adjusted.Difference(how).SE
	adjusted.Steady()
	effect, relative := adjusted.Difference(how), adjusted.RelativeLog(how)
	if adjusted.ThetaT[0] != 0 {
		s.Gain = gain
	}
	if c.Both > 0 {
		k := c.together(&t, &h, adjusted.ThetaT[0], seen, effect.SE)
		effect, relative = scaled(effect, k, false), scaled(relative, k, true)
		s.Warnings = append(s.Warnings, WarnBothArms)
	}
	observed := c.Arms[Treatment].Sum(stats.Outcome).Float64()
	if math.IsNaN(relative.Interval.Lo) {
		relative = adjusted.RelativeFieller(how)
	}
	if slices.Contains(relative.Warnings, stats.WarnControlNearZero) || math.IsNaN(relative.Interval.Lo) {
		relative = none()
	}
	s.settle(headline(effect, relative, float64(s.Pairs[Treatment]), observed), o)
	s.Warnings = append(s.Warnings, effect.Warnings...)
	s.Warnings = append(s.Warnings, raw.Warnings...)
	s.addWide(&t, &h, o)
	s.addDisplacement(c, o)
	if whole {
		s.watch(o)
	}
}

// together is the share of the variance of arms apart that is left where users have pairs in both: 1 − 2·Cov/Var, Cov the
// covariance of the arms' ratios. Both are of what the covariate with θ leaves: the taste that a user's pairs share is mostly
// what it explains, and must not be taken off twice. seen is the standard error of arms apart, steady the one with steady
// variances, which may only make the share larger: a variance that was raised takes off no more than what was seen.
func (c *ProgrammeCell) together(t, h *stats.Arm, theta, seen, steady float64) float64 {
	dt, dh := t.Mean[stats.Denominator], h.Mean[stats.Denominator]
	ct, ch := (t.Mean[stats.Outcome]-theta*t.Mean[stats.PreOutcome])/dt, (h.Mean[stats.Outcome]-theta*h.Mean[stats.PreOutcome])/dh
	cov := c.Cross.residuals(theta, ct, ch) / (float64(t.N) * dt * float64(h.N) * dh)
	return 1 - 2*min(cov/(seen*seen), cov/(steady*steady))
}

// scaled is an estimate whose variance is k times as large; of ratios on the scale of logarithms.
func scaled(e stats.Estimate, k float64, ratio bool) stats.Estimate {
	root := math.Sqrt(math.Max(0, k))
	e.SE *= root
	if ratio {
		center := 1 + e.Value
		e.Interval = stats.Interval{Lo: center*math.Pow((1+e.Interval.Lo)/center, root) - 1, Hi: center*math.Pow((1+e.Interval.Hi)/center, root) - 1}
		return e
	}
	e.Interval = stats.Interval{Lo: e.Value + root*(e.Interval.Lo-e.Value), Hi: e.Value + root*(e.Interval.Hi-e.Value)}
	e.P = twoSided(e.Value / e.SE)
	return e
}

// addWide adds what users bought at all merchants.
func (s *Scope) addWide(t, h *stats.Arm, o *Options) {
	how := o.inference()
	wide := stats.CUPED(t.Joint(stats.WideOutcome, stats.PreOutcome), h.Joint(stats.WideOutcome, stats.PreOutcome), stats.ThetaOptimal)
	wide.Steady()
	s.Wide, s.WideLift = wide.Difference(how), wide.RelativeLog(how)
	if math.IsNaN(s.WideLift.Interval.Lo) {
		s.WideLift = none()
	}
}

// addDisplacement adds how much of the effect is left at all merchants, and what only moved: of the pairs of users' first days, of which
// both are of the same days, where their users are as many as a programme needs.
func (s *Scope) addDisplacement(c *ProgrammeCell, o *Options) {
	t, h, how := c.FirstDay[Treatment].Arm(), c.FirstDay[Holdout].Arm(), o.inference()
	if t.N < 2 || h.N < 2 || h.N < o.Rules.MinControlPairs || c.pairsAssigned() {
		return
	}
	s.Retained = stats.RetainedShare(&t, &h, stats.Outcome, stats.WideOutcome, how)
	if slices.Contains(s.Retained.Warnings, stats.WarnEffectNearZero) {
		s.Retained = none()
	}
	s.Displaced = stats.Difference(elsewhere(&t), elsewhere(&h), how).Times(float64(t.N))
}

// pairsAssigned tells whether pairs were assigned rather than users: more than a hundredth of those held out are treated too, which is more than
// users whose arm changed. What a user buys at all merchants belongs to neither arm then, and users all of whose pairs fell on one have fewer.
func (c *ProgrammeCell) pairsAssigned() bool { return 100*c.Both > c.Arms[Holdout].N }

// elsewhere are the moments of what users bought of the programme less what they bought at all merchants: how much more of
// the one than of the other moved.
func elsewhere(a *stats.Arm) stats.Moments {
	own, all := stats.Outcome, stats.WideOutcome
	return stats.Moments{N: a.N, Mean: a.Mean[own] - a.Mean[all], Var: a.Cov[own][own] - 2*a.Cov[own][all] + a.Cov[all][all]}
}

// watch adds what may be looked at every night. Units are users.
func (s *Scope) watch(o *Options) {
	plan, n := o.sequential(), s.Users[Treatment]+s.Users[Holdout]
	s.E = plan.EValue(s.Effect.Value, s.Effect.SE, n)
	if v := s.Lift; v.SE > 0 {
		i := plan.Interval(math.Log1p(v.Value), v.SE/(1+v.Value), n)
		s.Always = stats.Interval{Lo: math.Expm1(i.Lo), Hi: math.Expm1(i.Hi)}
	}
	if plan.BurnIn(n) {
		s.Warnings = append(s.Warnings, stats.WarnBurnIn)
	}
}
