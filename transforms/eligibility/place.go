package eligibility

import "math"

// room is one level-1 category: how many ranks are given, and how many of its places each shop has taken.
type room struct {
	rank  int32         // last rank given
	most  int           // places that a shop may have
	taken map[int32]int // by shop
}

// places are the rooms by category.
type places struct {
	d     *Decision
	rooms map[int32]*room
}

// place makes members of those who stand, people's overrides first, then multipliers, then caps, and ranks them.
func (d *Decision) place() *places {
	p := &places{d: d, rooms: map[int32]*room{}}
	var entitled []int32
	for i := range d.s.N {
		if d.entitled(i) {
			entitled = append(entitled, int32(i))
		}
	}
	for _, category := range d.order(entitled) {
		p.fill(category)
	}
	return p
}

// entitled tells whether a subject is a member, caps aside.
func (d *Decision) entitled(subject int) bool {
	return d.Reasons[subject].Has(OverrideAllow) || d.byGates(subject) && d.weighs(subject, d.Multiplier[subject])
}

// byGates tells whether a subject stands, and people decided nothing of it.
func (d *Decision) byGates(subject int) bool {
	reasons := d.Reasons[subject]
	return d.Standing[subject] && !reasons.Has(OverrideAllow) && !reasons.Has(OverrideDeny) && !reasons.Has(OverrideOptOut)
}

// weighs tells whether a multiplier is more than 0, or gives the reason that it is not.
func (d *Decision) weighs(subject int, multiplier float64) bool {
	if multiplier == 0 {
		d.Reasons[subject].add(ZeroWeight)
	}
	return multiplier != 0
}

// fill gives the places of one category to its subjects, best first. Who is allowed by hand is there whatever the cap
// says.
func (p *places) fill(category []ranked) {
	byHand := func(r ranked) bool { return p.d.Reasons[r.subject].Has(OverrideAllow) }
	n := 0
	for _, r := range category {
		if !byHand(r) {
			n++
		}
	}
	p.rooms[category[0].category] = p.newRoom(n)
	for _, r := range category {
		if byHand(r) || p.take(r.subject) {
			p.seat(r.subject)
		}
	}
}

// newRoom is a category in which n subjects pass.
func (p *places) newRoom(n int) *room {
	r := &room{taken: map[int32]int{}}
	if c := p.d.list.CapPerShop; c != nil {
		r.most = max(c.Least, min(c.Most, int(share(c.Share, int64(n)))))
	}
	return r
}

// room of a subject. Where nobody passed it is made for the cold start.
func (p *places) room(subject int32) *room {
	category := int32(p.d.s.Category.At(int(subject)))
	r := p.rooms[category]
	if r == nil {
		r = p.newRoom(0)
		p.rooms[category] = r
	}
	return r
}

// take counts a place of the subject's shop, or gives the reason that it has no more.
func (p *places) take(subject int32) bool {
	s := p.d.s
	if p.d.list.CapPerShop == nil || s.Shop == nil || s.Shop[subject] == UnknownShop {
		return true
	}
	r, shop := p.room(subject), s.Shop[subject]
	n := r.taken[shop]
	if n >= r.most {
		p.d.Reasons[subject].add(ShopCap)
		return false
	}
	r.taken[shop] = n + 1
	return true
}

// seat makes a member and gives it the next rank of its category.
func (p *places) seat(subject int32) {
	r := p.room(subject)
	r.rank++
	p.d.Rank[subject], p.d.Member[subject] = r.rank, true
}

// millionths of a share: rules give shares with at most six decimals.
func millionths(v float64) int64 { return int64(math.Round(v * 1_000_000)) }

// share is part × n, rounded down, in integers: 0.29 × 100 is 29.
func share(part float64, n int64) int64 { return millionths(part) * n / 1_000_000 }
