package lift

import (
	"maps"
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/stats"
)

// Scope is a programme, a category or the platform in one period. Numbers that are not there are NaN.
type Scope struct {
	Of     int   // code of contract.LiftScopes
	Code   int64 // of the programme or the category; column.Null: not named
	Period int

	Status, Grade int
	Users         [Arms]int64 // programmes
	Both          int64
	Pairs         [Arms]int64
	SRMP          float64

	Headline
	Gain      float64
	Always    stats.Interval
	E, MDE    float64
	Wide      stats.Estimate // fen per user
	WideLift  stats.Estimate
	Retained  stats.Estimate
	Displaced stats.Estimate // fen

	Merchants, Estimated int64
	MerchantsInc         float64 // Σ inc over merchants with a clean split
	PriorLift, PriorSD   float64
	Warnings             []stats.Warning
}

// WarnSharedUsers: users belong to several merchants; the interval of a sum over merchants is too short.
const WarnSharedUsers stats.Warning = "shared_users"

func newScope(of int, code int64, period int) Scope {
	nan := math.NaN()
	return Scope{Of: of, Code: code, Period: period, Status: contract.LiftInsufficient, Grade: contract.GradeAttribution,
		Headline: Headline{none(), none(), none(), 0}, Gain: nan, Always: stats.NoInterval, E: nan, MDE: nan, Wide: none(), WideLift: none(), Retained: none(), Displaced: none(),
		SRMP: nan, MerchantsInc: nan, PriorLift: nan, PriorSD: nan}
}

// stratum is what a merchant, or the small merchants of a category together, add to a sum.
type stratum struct {
	treated            float64 // pairs
	held, orders       float64 // pairs and orders of the holdout
	observed, inc      float64 // fen
	varObserved, varIn float64 // of observed and of base
	ok                 bool
}

// stratumOf compares the arms of a stratum. The covariate is used where the holdout is as large as that of a merchant that may
// stand alone.
func stratumOf(t, c *stats.Arm, o *Options) stratum {
	s := stratum{treated: float64(t.N), held: float64(c.N), orders: sumOfMean(c, stats.Denominator), observed: sumOfMean(t, stats.Outcome)}
	if t.N < 2 || c.N < 2 {
		return s
	}
	a := stats.Independent(t.Of(stats.Outcome), c.Of(stats.Outcome))
	if c.N >= o.Rules.MinControlPairs {
		a = stats.CUPED(t.Joint(stats.Outcome, stats.PreOutcome), c.Joint(stats.Outcome, stats.PreOutcome), stats.ThetaOptimal).Contrast
	}
	a.Steady()
	n2 := s.treated * s.treated
	s.inc, s.varObserved, s.varIn, s.ok = (a.Treatment.Mean-a.Control.Mean)*s.treated, n2*a.Treatment.MeanVar(), n2*a.Control.MeanVar(), true
	return s
}

// sumOfMean is the sum of a variable over the units of an arm: whole, but for the rounding of its mean.
func sumOfMean(a *stats.Arm, v stats.Variable) float64 {
	if a.N == 0 {
		return 0
	}
	return math.Round(a.Mean[v] * float64(a.N))
}

// total is a sum over strata.
type total struct {
	observed, inc, varObserved, varBase, treated, held, orders float64
}

func (t *total) add(s stratum) {
	if !s.ok {
		return
	}
	t.observed += s.observed
	t.inc += s.inc
	t.varObserved += s.varObserved
	t.varBase += s.varIn
	t.treated += s.treated
	t.held += s.held
	t.orders += s.orders
}

// headline is Σ inc / Σ base with the interval of a log ratio. Strata are taken as independent.
func (t *total) headline(o *Options) Headline {
	how := o.inference()
	z := stats.Design{Confidence: o.Rules.Confidence, Power: 0.5}.DetectableAt(1) // a power of a half adds nothing: the normal quantile
	base := t.observed - t.inc
	se := math.Sqrt(t.varObserved + t.varBase)
	h := Headline{none(), none(), none(), int64(t.observed)}
	if !(se > 0) {
		return h
	}
	h.Inc = stats.Estimate{Value: t.inc, SE: se, DF: math.Inf(1), Interval: stats.Interval{Lo: t.inc - z*se, Hi: t.inc + z*se}, Confidence: how.Confidence, P: twoSided(t.inc / se)}
	h.Effect = h.Inc.Times(1 / t.treated)
	if !(base > z*math.Sqrt(t.varBase)) || !(t.observed > 0) {
		return h
	}
	log := math.Sqrt(t.varObserved/(t.observed*t.observed) + t.varBase/(base*base))
	ratio := t.observed / base
	h.Lift = stats.Estimate{Value: ratio - 1, SE: ratio * log, DF: math.Inf(1), Confidence: how.Confidence, P: h.Inc.P,
		Interval: stats.Interval{Lo: ratio*math.Exp(-z*log) - 1, Hi: ratio*math.Exp(z*log) - 1}}
	return h
}

// twoSided is the normal p-value of a statistic.
func twoSided(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }

// addScopes adds programmes, categories and the platform.
func (e *Estimates) addScopes(f *Figures, o *Options) {
	for i := range f.Programmes {
		p := &f.Programmes[i]
		for period := range p.Cells {
			e.Scopes = append(e.Scopes, e.programme(f, p, period, o))
		}
	}
	shared := sharesUsers(f)
	for period := range f.Periods {
		e.addSums(f, period, shared, o)
	}
	for i := range e.Scopes {
		s := &e.Scopes[i]
		s.Warnings = append(s.Warnings, f.Periods[s.Period].doubts()...)
		if s.Status == contract.LiftEstimated && e.skewed(s, len(f.Programmes) == 1) {
			s.Warnings = append(s.Warnings, stats.WarnSkew)
		}
	}
}

// skewed tells whether a scope has too few units for the skewness of what its pairs bought. Of users, whose totals over some
// pairs are no more skewed than pairs, that warns rather too often.
func (e *Estimates) skewed(s *Scope, only bool) bool {
	var all [Arms]stats.Histogram
	for _, r := range e.of(s.Period) {
		in := s.Of == contract.LiftOfPlatform || s.Of == contract.LiftOfCategory && r.Category == s.Code ||
			s.Of == contract.LiftOfProgramme && (only || r.Cell.within(s.Code))
		for a := range all {
			if in && r.shown() {
				all[a].Merge(&r.Cell.Arms[a].Histogram)
			}
		}
	}
	units := s.Pairs
	if s.Of == contract.LiftOfProgramme {
		units = s.Users
	}
	return stats.Skewed(units[Treatment], all[Treatment].Skewness()) || stats.Skewed(units[Holdout], all[Holdout].Skewness())
}

// sharesUsers tells whether users belong to several merchants.
func sharesUsers(f *Figures) bool {
	for _, p := range f.Programmes {
		for _, c := range p.Cells {
			for a := range c.Arms {
				if c.Arms[a].Sum(stats.Denominator).Float64() > float64(c.Arms[a].N) {
					return true
				}
			}
		}
	}
	return false
}

// addSums adds the categories and the platform of a period: sums over merchants, never means of their lifts. Merchants
// that are too small to stand alone are one stratum of their category, so that none is left out and none brings its noise
// alone. Merchants with a broken split are left out; where the others' split is broken too, taken together, no sum is shown.
func (e *Estimates) addSums(f *Figures, period int, shared bool, o *Options) {
	groups := map[int64][]*Row{}
	rows := e.of(period)
	for _, r := range rows {
		groups[r.Category] = append(groups[r.Category], r)
	}
	platform, all := newScope(contract.LiftOfPlatform, column.Null, period), total{}
	for _, category := range slices.SortedFunc(maps.Keys(groups), o.IDs.CompareText(contract.Category, contract.NoSubject)) {
		s, sum := newScope(contract.LiftOfCategory, category, period), total{}
		s.sumUp(groups[category], &sum, o)
		all.merge(&sum)
		platform.count(&s)
		s.finish(f, &sum, shared, e.broken[period], o)
		e.Scopes = append(e.Scopes, s)
	}
	if len(rows) == 0 {
		return
	}
	platform.finish(f, &all, shared, e.broken[period], o)
	if prior := e.priors[period]; prior != nil {
		platform.PriorLift, platform.PriorSD = math.Expm1(prior.Mean[0].Mean), math.Sqrt(prior.Tau2)
	}
	e.Scopes = append(e.Scopes, platform)
}

// sumUp adds the merchants of a category.
func (s *Scope) sumUp(rows []*Row, sum *total, o *Options) {
	var small [Arms]stats.Sums
	var expected []float64 // shares of the holdout of the small ones
	for _, r := range rows {
		s.Merchants++
		for a := range r.Cell.Arms {
			s.Pairs[a] += r.Cell.Arms[a].N
		}
		switch {
		case !r.shown():
		case r.Cell.enough(o):
			s.Estimated++
			sum.add(stratumOf(&r.arms[Treatment], &r.arms[Holdout], o))
		default:
			expected = append(expected, r.Expected)
			for a := range small {
				small[a].Merge(&r.Cell.Arms[a].Sums)
			}
		}
		if r.shown() && o.sharesDiffer(r.Cell) {
			s.Warnings = append(s.Warnings, WarnMixedShares)
		}
		if r.Shrunk.Prior == contract.PriorCategory && !math.IsNaN(r.Shrunk.PriorLift) {
			s.PriorLift, s.PriorSD = r.Shrunk.PriorLift, r.Shrunk.PriorSD
		}
	}
	if len(expected) > 0 && slices.Min(expected) != slices.Max(expected) {
		s.Warnings = append(s.Warnings, WarnMixedShares) // the arms weigh the merchants differently
	}
	t, c := small[Treatment].Arm(), small[Holdout].Arm()
	sum.add(stratumOf(&t, &c, o))
}

func (t *total) merge(o *total) {
	t.observed += o.observed
	t.inc += o.inc
	t.varObserved += o.varObserved
	t.varBase += o.varBase
	t.treated += o.treated
	t.held += o.held
	t.orders += o.orders
}

// count counts the merchants of a category in the platform.
func (s *Scope) count(c *Scope) {
	s.Merchants += c.Merchants
	s.Estimated += c.Estimated
	for a := range s.Pairs {
		s.Pairs[a] += c.Pairs[a]
	}
	s.Warnings = append(s.Warnings, c.Warnings...)
}

// finish turns sums into a lift.
func (s *Scope) finish(f *Figures, sum *total, shared, broken bool, o *Options) {
	switch {
	case mixed(f, o):
		s.Status = contract.LiftMixed
		return
	case broken:
		s.Status = contract.LiftSRM
		return
	}
	if sum.held < float64(o.Rules.MinControlPairs) || sum.orders < float64(o.Rules.MinControlOrders) {
		return // as a merchant with so small a holdout
	}
	s.MerchantsInc = sum.inc
	s.settle(sum.headline(o), o)
	if shared {
		s.Warnings = append(s.Warnings, WarnSharedUsers)
	}
}

// settle takes a headline and says what it is.
func (s *Scope) settle(h Headline, o *Options) {
	s.Headline = h
	if math.IsNaN(h.Inc.SE) {
		return
	}
	s.Grade = contract.GradeHoldout
	s.Status = contract.LiftEstimated
	if math.IsNaN(h.Lift.Value) {
		s.Status = contract.LiftControlNearZero
		return
	}
	base := float64(h.Observed) - h.Inc.Value
	s.MDE = stats.Design{Confidence: o.Rules.Confidence, Power: o.Rules.Power}.DetectableAt(h.Inc.SE) / base
}
