package eligibility

import "math"

// seat is a shop in a category.
type seat struct{ category, shop int32 }

// places keeps count of ranks and of the places that shops have taken.
type places struct {
	d     *Decision
	ranks map[int32]int32 // category: last rank given
	most  map[int32]int   // category: places a shop may have
	taken map[seat]int
}

// place makes members of those who stand, people's overrides first, then multipliers, then caps, and ranks them.
func (d *Decision) place() *places {
	p := &places{d: d, ranks: map[int32]int32{}, most: map[int32]int{}, taken: map[seat]int{}}
	var entitled []int32
	for i := range d.s.N {
		if d.entitled(i) {
			entitled = append(entitled, int32(i))
		}
	}
	all := d.order(entitled)
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].category() == all[0].category() {
			n++
		}
		p.fill(all[:n])
		all = all[n:]
	}
	return p
}

// entitled tells whether a subject is a member, caps aside.
func (d *Decision) entitled(subject int) bool {
	reasons := &d.Reasons[subject]
	switch {
	case reasons.Has(OverrideAllow):
		return true
	case reasons.Has(OverrideDeny), reasons.Has(OverrideOptOut), !d.Standing[subject]:
		return false
	}
	if d.Multiplier[subject] == 0 {
		reasons.add(ZeroWeight)
		return false
	}
	return true
}

// fill gives the places of one category to its subjects, best first.
func (p *places) fill(category []ranked) {
	n := 0
	for _, r := range category {
		if !p.byHand(r.subject) {
			n++
		}
	}
	p.most[category[0].category()] = p.capOf(n)
	for _, r := range category {
		if p.byHand(r.subject) || p.take(r.subject) {
			p.seat(r.subject)
		} else {
			p.d.Reasons[r.subject].add(ShopCap)
		}
	}
}

// byHand members are there whatever the cap says.
func (p *places) byHand(subject int32) bool { return p.d.Reasons[subject].Has(OverrideAllow) }

// take counts a place of the subject's shop, or says that it has no more.
func (p *places) take(subject int32) bool {
	s := p.d.s
	if p.d.list.CapPerShop == nil || s.Shop == nil || s.Shop[subject] < 0 {
		return true
	}
	at := seat{s.Category[subject], s.Shop[subject]}
	most, ok := p.most[at.category]
	if !ok {
		most = p.capOf(0)
	}
	if p.taken[at] >= most {
		return false
	}
	p.taken[at]++
	return true
}

// seat makes a member and gives it the next rank of its category.
func (p *places) seat(subject int32) {
	category := p.d.s.Category[subject]
	p.ranks[category]++
	p.d.Rank[subject] = p.ranks[category]
	p.d.Member[subject] = true
}

// capOf is how many places a shop may have where n subjects pass.
func (p *places) capOf(n int) int {
	c := p.d.list.CapPerShop
	if c == nil {
		return 0
	}
	return max(c.Least, min(c.Most, int(share(c.Share, int64(n)))))
}

// millionths of a share: rules give shares with at most six decimals.
func millionths(v float64) int64 { return int64(math.Round(v * 1_000_000)) }

// share is part × n, rounded down, in integers: 0.29 × 100 is 29.
func share(part float64, n int64) int64 { return millionths(part) * n / 1_000_000 }
