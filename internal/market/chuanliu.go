package market

import (
	"math"

	"github.com/windvane/windvane/transforms/calendar"
)

// What is planted about Chuanliu.
const (
	// HoldoutRate is the expected share of buyers in the holdout arm.
	HoldoutRate = 0.10
	// ProgrammeLift is the planted lift over all participating shops, weighted by size.
	ProgrammeLift = 0.15
	// TopBrandLift and SecondBrandLift are planted for two brands, BestDayLift for the best day of a third.
	TopBrandLift    = 0.38
	SecondBrandLift = 0.32
	BestDayLift     = 0.27
	// Participation is the usual share of shops with an own account that take part.
	Participation = 0.45
	// LiftDays is how long a boost works, the day of eligibility included.
	LiftDays = 14
	// Programme is the name in chuanliu_eligibility.
	Programme = "chuanliu"
)

// plantLift chooses the participants among the shops with an own account and gives each its lift.
func (p *population) plantLift(weights []float64, participation float64, first, last calendar.Day) {
	var chosen []int
	for i := range p.ownTalents {
		s := open(p.seed, forMerchants, 2, uint64(i))
		if len(chosen) >= 3 && !s.chance(participation) {
			continue
		}
		p.merchants[i].participates = true
		p.merchants[i].lift = s.lognormal(1, 0.35)
		p.talents[i].streaming = max(p.talents[i].streaming, s.between(0.7, 0.98))
		chosen = append(chosen, i)
	}
	p.scaleLifts(chosen, weights)
	if len(chosen) >= 3 {
		best := &p.merchants[chosen[0]]
		best.bestDay, best.bestDayLift = first+(last-first)*2/3, BestDayLift
	}
}

// scaleLifts fixes the two famous lifts and scales the others so that the weighted mean is ProgrammeLift.
func (p *population) scaleLifts(chosen []int, weights []float64) {
	famous := map[int]float64{}
	if len(chosen) >= 6 {
		famous[chosen[3]], famous[chosen[4]] = TopBrandLift, SecondBrandLift
	}
	total, fixed, rest := 0.0, 0.0, 0.0
	for _, i := range chosen {
		total += weights[i]
		if l, ok := famous[i]; ok {
			fixed += l * weights[i]
		} else {
			rest += p.merchants[i].lift * weights[i]
		}
	}
	scale := max(0.02, (ProgrammeLift*total-fixed)/rest)
	for _, i := range chosen {
		m := &p.merchants[i]
		if l, ok := famous[i]; ok {
			m.kind = 0 // contract.MerchantKinds: brand
			m.lift = l
			continue
		}
		m.lift = math.Round(m.lift*scale*1e4) / 1e4
	}
}

// liftOn is the planted lift of a day.
func (m *merchant) liftOn(d calendar.Day) float64 {
	if m.bestDayLift > 0 && d == m.bestDay {
		return m.bestDayLift
	}
	return m.lift
}

// held tells whether a buyer is in the holdout arm.
func (p *population) held(buyer int32) bool {
	s := open(p.seed, forArm, 0, uint64(buyer))
	return s.chance(HoldoutRate)
}

// eligible is a pair on the day its boost fires.
type eligible struct {
	merchant, buyer int32
	source          int32 // talent whose distribution made the buyer eligible
}

// keptDays is for how long lists of pairs are kept: figures of a day may be written during the next one.
const keptDays = LiftDays + 2

// eligibility remembers which pairs are eligible and since when. It is an open-addressing table that is
// only read while a day is made and only written between days.
type eligibility struct {
	first  calendar.Day
	keys   []uint64 // merchant<<32 | buyer, plus 1; 0 is free
	since  []uint16 // days after first
	used   int
	recent [keptDays][]eligible // the pairs of the last days, by day modulo keptDays
}

func newEligibility(first calendar.Day) *eligibility {
	return &eligibility{first: first, keys: make([]uint64, 1<<12), since: make([]uint16, 1<<12)}
}

func pairKey(merchant, buyer int32) uint64 { return uint64(merchant)<<32 | uint64(buyer) + 1 }

// slot is where key is or would be.
func (e *eligibility) slot(key uint64) int {
	mask := uint64(len(e.keys) - 1)
	i := mix(key) & mask
	for e.keys[i] != 0 && e.keys[i] != key {
		i = (i + 1) & mask
	}
	return int(i)
}

// boosted tells whether a boost for the pair works on day d.
func (e *eligibility) boosted(merchant, buyer int32, d calendar.Day) bool {
	i := e.slot(pairKey(merchant, buyer))
	if e.keys[i] == 0 {
		return false
	}
	age := d - e.first - calendar.Day(e.since[i])
	return age >= 0 && age < LiftDays
}

// enter adds the pairs that are new, to become eligible on day d.
func (e *eligibility) enter(pairs []eligible, d calendar.Day) {
	for _, p := range pairs {
		if e.used*4 >= len(e.keys)*3 {
			e.grow()
		}
		key := pairKey(p.merchant, p.buyer)
		i := e.slot(key)
		if e.keys[i] != 0 {
			continue
		}
		e.keys[i], e.since[i] = key, uint16(d-e.first)
		e.used++
		e.recent[int(d)%keptDays] = append(e.recent[int(d)%keptDays], p)
	}
}

// forget frees the list of the day keptDays before d; to be called before the pairs of d enter.
func (e *eligibility) forget(d calendar.Day) {
	e.recent[int(d)%keptDays] = e.recent[int(d)%keptDays][:0]
}

// on is the list of pairs that became eligible on d, one of the last keptDays.
func (e *eligibility) on(d calendar.Day) []eligible { return e.recent[int(d)%keptDays] }

func (e *eligibility) grow() {
	keys, since := e.keys, e.since
	e.keys, e.since = make([]uint64, 2*len(keys)), make([]uint16, 2*len(keys))
	for i, k := range keys {
		if k != 0 {
			j := e.slot(k)
			e.keys[j], e.since[j] = k, since[i]
		}
	}
}
