package market

// A trust names whom a buyer goes back to: a partnership (a talent who shows a shop's goods) or a shop.
// Partnerships come first: trust t < len(partnerships) is that partnership, else shop t-len(partnerships).
// Stored plus one, so that 0 is an empty place.

const places = 4 // of one buyer's memory

// outcome is what a buyer learned from one paid line.
type outcome struct {
	buyer int32
	trust uint32 // plus one; 0: nothing to learn
	bad   bool
}

// loyalty is what all buyers remember. It is only read while a day is made and only written between days.
type loyalty struct {
	places []uint32 // buyer*places ...
	seed   uint64
}

func newLoyalty(seed uint64, buyers int) *loyalty {
	return &loyalty{places: make([]uint32, buyers*places), seed: seed}
}

// recall draws one of those whom the buyer trusts; ok is false if there is nobody.
func (m *loyalty) recall(buyer int32, s *stream) (trust int, ok bool) {
	mine := m.places[int(buyer)*places:][:places]
	n := 0
	for n < places && mine[n] != 0 {
		n++
	}
	if n == 0 {
		return 0, false
	}
	return int(mine[s.below(n)]) - 1, true
}

// learn applies the outcomes of a day in order.
func (m *loyalty) learn(outcomes []outcome) {
	for _, o := range outcomes {
		mine := m.places[int(o.buyer)*places:][:places]
		n, at := 0, none
		for n < places && mine[n] != 0 {
			if mine[n] == o.trust {
				at = n
			}
			n++
		}
		switch {
		case o.bad && at >= 0: // forget: the last one moves here
			mine[at] = mine[n-1]
			mine[n-1] = 0
		case o.bad || at >= 0:
		case n < places:
			mine[n] = o.trust
		default: // full: one of the four gives way
			mine[mix(m.seed^uint64(o.buyer)<<32^uint64(o.trust))%places] = o.trust
		}
	}
}
