package eligibility_test

import (
	"fmt"
	"math/big"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/rules"
)

// The twin decides a list subject by subject, as definitions.md, section 10, reads, with fractions and no columns.

// twinSubject is all the twin knows of a subject.
type twinSubject struct {
	id, shop, category int
	scores             map[string][]int   // hundredths, newest first, 0: none
	measures           map[string]float64 // absent: not known
	own                string
	lower, info        *float64
	gmv, orders        int
	cold               bool
	action             string // valid override, empty: none

	best *big.Rat // what the next better grade than its own asks for, nil: there is none

	// carried from night to night
	member, stands bool
	passed, failed int
	since          calendar.Day

	// tonight
	reasons    map[string]bool
	level      int // -1: none
	multiplier *big.Rat
	lastStep   bool
	rank       int
	movement   string
}

// decimal is a number of the rules as a fraction.
func decimal(v float64) *big.Rat {
	r, ok := new(big.Rat).SetString(fmt.Sprintf("%.6f", v))
	if !ok {
		panic("no number")
	}
	return r
}

// twinGate is passed, band or failed, and the reason where it is not passed.
func (s *twinSubject) twinGate(st rules.Stability, g rules.Gate) (outcome, reason string) {
	outcome, reason = s.gateAlone(st, g)
	if v, ok := s.measures[g.Unless]; outcome != "passed" && g.Unless != "" && ok && v == 1 {
		return "passed", ""
	}
	return outcome, reason
}

func (s *twinSubject) gateAlone(st rules.Stability, g rules.Gate) (outcome, reason string) {
	unknown := "not_known"
	isScore := false
	for _, m := range rules.ScoreMeasures {
		if m == g.Measure {
			isScore, unknown = true, "no_score"
		}
	}
	scores := s.scores[g.Measure]
	if own := s.scores[s.own]; g.Measure == "product_quality" && len(own) > 0 && own[0] != 0 {
		unknown = "not_known" // there is a score: only what this dimension is made of is missing
	}
	value, known := s.measures[g.Measure]
	if isScore {
		known = len(scores) > 0 && scores[0] != 0
	}
	switch {
	case !known && g.Floor:
		return "passed", ""
	case !known:
		return "failed", unknown
	case !isScore && reaches(g, decimal(value), new(big.Rat)):
		return "passed", ""
	case !isScore:
		return "failed", "gate_failed"
	case g.Over == "days":
		return daysGate(scores, g, decimal(st.Band))
	}
	looksAt, needs := 1, 1
	if g.Over == "mean" {
		looksAt, needs = st.MeanRuns, st.MeanNeeds
	}
	mean, n := meanOf(scores, looksAt)
	switch {
	case n < needs && !g.Floor:
		return "failed", "history_short"
	case reaches(g, mean, new(big.Rat)):
		return "passed", ""
	case reaches(g, mean, decimal(st.Band)):
		return "band", "gate_failed"
	}
	return "failed", "gate_failed"
}

func daysGate(scores []int, g rules.Gate, band *big.Rat) (outcome, reason string) {
	scored, on, near := 0, 0, 0
	for i, v := range scores {
		if i >= g.OfDays || v == 0 {
			continue
		}
		scored++
		if reaches(g, big.NewRat(int64(v), 100), new(big.Rat)) {
			on++
		}
		if reaches(g, big.NewRat(int64(v), 100), band) {
			near++
		}
	}
	switch {
	case on >= g.Days:
		return "passed", ""
	case scored < g.Days && g.Floor:
		return "passed", ""
	case scored < g.Days:
		return "failed", "history_short"
	case near >= g.Days:
		return "band", "gate_failed"
	}
	return "failed", "gate_failed"
}

// reaches tells whether a value is on the good side of the bound moved by the band.
func reaches(g rules.Gate, value, band *big.Rat) bool {
	if g.AtLeast != nil {
		return value.Cmp(new(big.Rat).Sub(decimal(*g.AtLeast), band)) >= 0
	}
	return value.Cmp(new(big.Rat).Add(decimal(*g.AtMost), band)) <= 0
}

func meanOf(scores []int, looksAt int) (*big.Rat, int) {
	sum, n := 0, 0
	for i, v := range scores {
		if i < looksAt && v != 0 {
			sum, n = sum+v, n+1
		}
	}
	if n == 0 {
		return nil, 0
	}
	return big.NewRat(int64(sum), int64(100*n)), n
}

// pass runs the gates and the streaks.
func (s *twinSubject) pass(st rules.Stability, l *rules.List, first bool) {
	s.reasons = map[string]bool{}
	all, anyFails, atOnce := true, false, false
	for _, g := range l.Gates {
		outcome, reason := s.twinGate(st, g)
		if outcome == "passed" {
			continue
		}
		all = false
		s.reasons[reason] = true
		if outcome == "failed" {
			anyFails = true
			atOnce = atOnce || g.AtOnce && reason == "gate_failed"
		}
	}
	stood := s.stands
	if all {
		s.passed, s.failed = s.passed+1, 0
		s.stands = stood || s.passed >= st.EnterAfter || first
		s.reasons["waiting_to_enter"], s.reasons["first_run"] = !s.stands, first
		return
	}
	if !anyFails {
		s.passed, s.failed = 0, 0
		s.reasons["held_in_band"] = stood
		return
	}
	s.passed, s.failed = 0, s.failed+1
	s.stands = stood && s.failed < st.LeaveAfter && !atOnce
	s.reasons["leaving_slowly"], s.reasons["severe_at_once"] = s.stands, stood && atOnce
}

// weigh finds level and multiplier.
func (s *twinSubject) weigh(st rules.Stability, l *rules.List) {
	s.level, s.multiplier, s.lastStep = -1, big.NewRat(1, 1), false
	for i, sc := range l.Levels {
		scores, looksAt := s.scores[sc.Measure], 1
		if sc.Over == "mean" {
			looksAt = st.MeanRuns
		}
		if len(scores) == 0 || scores[0] == 0 {
			s.multiplier.Mul(s.multiplier, decimal(sc.NoScore))
			continue
		}
		mean, _ := meanOf(scores, looksAt)
		at := 0
		forbidden := func(step rules.Step) bool {
			return sc.Over != "mean" && sc.Measure == s.own && s.best != nil && decimal(step.AtLeast).Cmp(s.best) >= 0
		}
		for at < len(sc.Steps) && (mean.Cmp(decimal(sc.Steps[at].AtLeast)) < 0 || forbidden(sc.Steps[at])) {
			at++
		}
		under := at == len(sc.Steps)
		if under {
			at--
		}
		s.multiplier.Mul(s.multiplier, decimal(sc.Steps[at].Multiplier))
		if i == 0 {
			s.level, s.lastStep = at, under
		}
	}
}
