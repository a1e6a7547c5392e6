package lift

import (
	"math"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/stats"
)

// Lifts find the lift that money goes by: a merchant's own where it has evidence (grade A, or B calibrated by holdouts),
// shrunken; else that of its category; else that of the platform.
//
// The money is net of refunds and of eligible pairs. A panel's lift is of paid GMV and of all self-broadcast; calibration
// takes out the mean gap to lifts of net GMV of pairs, which is that difference and its errors. Without it no money goes by a panel.
type Lifts struct {
	period         Period
	first          calendar.Day   // of the period on which anyone can have entered
	own            map[int64]*Row // of the period; compared by panel: of all days
	seen           map[int64]*Row // rows of the period, whatever their grade
	categories     map[int64]*Scope
	platform       *Scope
	programme      *Scope // with the most pairs, whatever its status
	leastMerchants int64
}

// Lifts are those of the rules' period.
func (e *Estimates) Lifts(o *Options) *Lifts {
	l := &Lifts{own: map[int64]*Row{}, seen: map[int64]*Row{}, categories: map[int64]*Scope{}, leastMerchants: int64(o.Rules.Shrinkage.MinimumMerchants)}
	at, whole := -1, longest(e.Periods)
	for p := range e.Periods {
		if e.Periods[p].Name == o.Rules.QuotaPeriod {
			at, l.period = p, e.Periods[p]
			l.first = max(l.period.From, e.Periods[whole].From) // a young programme has fewer days than the period
		}
	}
	for i := range e.Rows {
		r := &e.Rows[i]
		if r.Period == whole && r.Grade == contract.GradePanel && r.calibrated && !math.IsNaN(r.Shrunk.Lift) {
			l.own[r.Merchant] = r
		}
	}
	for i := range e.Rows {
		r := &e.Rows[i]
		if r.Period != at {
			continue
		}
		l.seen[r.Merchant] = r
		if r.Grade == contract.GradeHoldout && !math.IsNaN(r.Shrunk.Lift) {
			l.own[r.Merchant] = r
		}
	}
	for i := range e.Scopes {
		s := &e.Scopes[i]
		switch {
		case s.Period != at:
		case s.Of == contract.LiftOfProgramme:
			if l.programme == nil || s.allPairs() > l.programme.allPairs() {
				l.programme = s
			}
		case s.Status != contract.LiftEstimated:
		case s.Of == contract.LiftOfCategory:
			l.categories[s.Code] = s
		case s.Of == contract.LiftOfPlatform:
			l.platform = s
		}
	}
	return l
}

// Going is the lift of a merchant that money goes by.
type Going struct {
	Lift   float64 // NaN: none
	Of     int     // code of contract.LiftSources; valid if Lift is there
	Grade  int     // of the merchant's own evidence; −1: it has no eligible pair, or its experiment is broken
	PerDay float64 // fen: incremental GMV a day; NaN: none
}

// Of is the lift of a merchant.
func (l *Lifts) Of(merchant int64) Going {
	r, ok := l.seen[merchant]
	if !ok || !r.shown() {
		return Going{math.NaN(), 0, -1, math.NaN()}
	}
	days := float64(l.period.To - l.first + 1)
	observed := r.Cell.Arms[Treatment].Sum(stats.Outcome).Float64()
	g := Going{Lift: math.NaN(), Grade: r.Grade, PerDay: math.NaN()}
	if g.Grade == contract.GradeWeighting || g.Grade == contract.GradePanel { // no money goes by it, unless it is its own below
		g.Grade = contract.GradeAttribution
	}
	if own, ok := l.own[merchant]; ok {
		g.Lift, g.Of, g.Grade = own.Shrunk.Lift, contract.LiftOwn, own.Grade
	} else if c, ok := l.categories[r.Category]; ok && r.Category != column.Null && c.Estimated >= l.leastMerchants {
		g.Lift, g.Of = c.Lift.Value, contract.LiftCategory
	} else if l.platform != nil {
		g.Lift, g.Of = l.platform.Lift.Value, contract.LiftPlatform
	}
	if !math.IsNaN(g.Lift) && days > 0 {
		g.PerDay = observed * share(g.Lift) / days
	}
	return g
}

// Positive is the probability that the lift is above zero, of the platform and, over users, of the programme with the most
// pairs: the lower one. 0 if either has no lift, as one whose split is broken: no smaller programme speaks in its place.
func (l *Lifts) Positive() float64 {
	if l.platform == nil || l.programme != nil && l.programme.Status != contract.LiftEstimated {
		return 0
	}
	p := l.platform.positive()
	if l.programme != nil {
		p = math.Min(p, l.programme.positive())
	}
	return p
}

// positive is the normal probability of a lift above zero, on the scale of its logarithm.
func (s *Scope) positive() float64 {
	return 1 - math.Erfc(math.Log1p(s.Lift.Value)*(1+s.Lift.Value)/s.Lift.SE/math.Sqrt2)/2
}

func (s *Scope) allPairs() int64 { return s.Pairs[Treatment] + s.Pairs[Holdout] }

// share is what part of the observed is incremental at a lift.
func share(lift float64) float64 { return lift / (1 + lift) }

// Period is the range of days of first eligibility that Lifts look at.
func (l *Lifts) Period() (name string, from, to calendar.Day) {
	return l.period.Name, l.period.From, l.period.To
}
