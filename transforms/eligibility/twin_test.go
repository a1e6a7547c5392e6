package eligibility_test

import (
	"fmt"
	"math/big"
	"sort"

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
		for at < len(sc.Steps) && mean.Cmp(decimal(sc.Steps[at].AtLeast)) < 0 {
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

// better orders subjects of one category.
func (s *twinSubject) better(o *twinSubject) bool {
	level := func(x *twinSubject) int {
		if x.level < 0 {
			return 1000
		}
		return x.level
	}
	tonight := func(x *twinSubject) int {
		if len(x.scores[x.own]) == 0 {
			return 0
		}
		return x.scores[x.own][0]
	}
	switch {
	case level(s) != level(o):
		return level(s) < level(o)
	case (s.lower == nil) != (o.lower == nil):
		return s.lower != nil
	case s.lower != nil && *s.lower != *o.lower:
		return *s.lower > *o.lower
	case tonight(s) != tonight(o):
		return tonight(s) > tonight(o)
	case s.gmv != o.gmv:
		return s.gmv > o.gmv
	case s.orders != o.orders:
		return s.orders > o.orders
	}
	return s.id < o.id
}

// floorOf is ⌊share × n⌋.
func floorOf(share float64, n int) int {
	r := new(big.Rat).Mul(decimal(share), big.NewRat(int64(n), 1))
	return int(new(big.Int).Quo(r.Num(), r.Denom()).Int64())
}

// twinNight decides a night for all subjects, given by id.
func twinNight(st rules.Stability, l *rules.List, asOf calendar.Day, all []*twinSubject, first, stale bool) {
	if stale {
		for _, s := range all {
			s.reasons = map[string]bool{"stale": true}
			s.movement = map[bool]string{true: "stayed", false: "out"}[s.member]
			if s.since == 0 {
				s.since = asOf
			}
		}
		return
	}
	before := map[int]bool{}
	for _, s := range all {
		before[s.id] = s.member
		s.pass(st, l, first)
		s.weigh(st, l)
		s.member, s.rank = false, 0
		if s.action != "" {
			s.reasons["override_"+s.action] = true
		}
	}
	twinPlaces(l, all)
	for _, s := range all {
		if !s.member && s.lastStep {
			s.level = -1
		}
		switch {
		case s.member && before[s.id]:
			s.movement = "stayed"
		case s.member:
			s.movement = "entered"
		case before[s.id]:
			s.movement = "left"
		default:
			s.movement = "out"
		}
		if s.movement == "entered" || s.movement == "left" || s.since == 0 {
			s.since = asOf
		}
	}
}

// twinPlaces gives the places: by standing and by hand, then the cold start.
func twinPlaces(l *rules.List, all []*twinSubject) {
	queue := append([]*twinSubject(nil), all...)
	sort.Slice(queue, func(i, j int) bool { return queue[i].better(queue[j]) })
	var want []*twinSubject
	passing := map[int]int{}
	for _, s := range queue {
		switch {
		case s.action == "allow":
			want = append(want, s)
		case s.action == "deny" || s.action == "opt_out" || !s.stands:
		case s.multiplier.Sign() == 0:
			s.reasons["zero_weight"] = true
		default:
			want = append(want, s)
			passing[s.category]++
		}
	}
	places, ranks, members := map[string]int{}, map[int]int{}, 0
	admit := func(s *twinSubject) bool {
		if l.CapPerShop != nil && s.shop >= 0 && s.action != "allow" {
			most := max(l.CapPerShop.Least, min(l.CapPerShop.Most, floorOf(l.CapPerShop.Share, passing[s.category])))
			key := fmt.Sprint(s.category, "/", s.shop)
			if places[key] == most {
				s.reasons["shop_cap"] = true
				return false
			}
			places[key]++
		}
		ranks[s.category]++
		s.member, s.rank = true, ranks[s.category]
		members++
		return true
	}
	for _, s := range want {
		admit(s)
	}
	twinColdStart(l, all, members, admit)
}

func twinColdStart(l *rules.List, all []*twinSubject, members int, admit func(*twinSubject) bool) {
	multiplier := big.NewRat(1, 1)
	for _, sc := range l.Levels {
		multiplier.Mul(multiplier, decimal(sc.NoScore))
	}
	if multiplier.Sign() == 0 {
		return
	}
	places := new(big.Rat).Quo(big.NewRat(int64(members), 1), new(big.Rat).Sub(big.NewRat(1, 1), decimal(l.ColdStart)))
	reserve := floorOf(l.ColdStart, int(new(big.Int).Quo(places.Num(), places.Denom()).Int64()))
	var waiting []*twinSubject
	for _, s := range all {
		r := s.reasons
		if s.cold && !s.member && s.action != "deny" && s.action != "opt_out" && r["no_score"] && !r["gate_failed"] && !r["not_known"] && !r["history_short"] {
			waiting = append(waiting, s)
		}
	}
	sort.SliceStable(waiting, func(i, j int) bool {
		a, b := waiting[i].info, waiting[j].info
		return a != nil && (b == nil || *a > *b)
	})
	for _, s := range waiting {
		if reserve > 0 && admit(s) {
			s.reasons["cold_start"] = true
			s.level, s.multiplier, s.lastStep = -1, multiplier, false
			reserve--
		}
	}
}
