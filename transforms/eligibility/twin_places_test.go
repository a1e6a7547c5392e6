package eligibility_test

import (
	"fmt"
	"math/big"
	"sort"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/rules"
)

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
			was := s.member
			capped := !was && s.stands && s.reasons["shop_cap"] && !s.reasons["zero_weight"]
			s.reasons = map[string]bool{"stale": true, "cold_start": s.reasons["cold_start"], "shop_cap": capped}
			if s.action != "" && (s.action != "allow" || was) {
				s.reasons["override_"+s.action] = true
			}
			if s.action == "deny" || s.action == "opt_out" {
				s.reasons["cold_start"], s.reasons["shop_cap"] = false, false
				s.member, s.rank = false, 0
			}
			switch {
			case s.member:
				s.movement = "stayed"
			case was:
				s.movement = "left"
			default:
				s.movement = "out"
			}
			if s.movement == "left" || s.since == 0 {
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
