package twin

import (
	"maps"
	"slices"

	"pgregory.net/rapid"
)

// Nights are the last n nights of a market, each with all partitions as they stand at the end: dumps that
// came after an as-of date lie there too, and must not be seen.
func (m Market) Nights(n int) []Night {
	nights := make([]Night, n)
	for i := range nights {
		nights[i] = Night{Partitions: m.Partitions, Options: m.Options}
		nights[i].Options.AsOf -= Day(n - 1 - i)
	}
	return nights
}

// LateNights generates the last n nights of a market when lines arrive late: a line and its refunds are
// missing from the dumps until a night up to three days after they happened. Each night's dumps end on its
// as-of date.
func LateNights(m Market, n int) *rapid.Generator[[]Night] {
	return rapid.Custom(func(t *rapid.T) []Night {
		delay := drawDelays(&maker{T: t, bits: tenBits()}, m.Partitions)
		nights := m.Nights(n)
		for i := range nights {
			nights[i].Partitions = m.Partitions.asOf(nights[i].Options.AsOf, delay)
		}
		return nights
	})
}

// drawDelays gives each line the days it comes late, most 0.
func drawDelays(m *maker, p Partitions) map[string]Day {
	delay := map[string]Day{}
	for _, d := range slices.Sorted(maps.Keys(p.Orders)) {
		for _, o := range p.Orders[d] {
			if _, drawn := delay[o.OrderLineID]; !drawn {
				delay[o.OrderLineID] = Day(pick(m, "late", 0, 0, 0, 1, 2, 3))
			}
		}
	}
	return delay
}

// asOf are the partitions as delivered by the end of a day.
func (p Partitions) asOf(day Day, delay map[string]Day) Partitions {
	return Partitions{
		Orders:   delivered(p.Orders, day, func(o Order) Day { return delay[o.OrderLineID] }),
		Refunds:  delivered(p.Refunds, day, func(r Refund) Day { return delay[r.OrderLineID] }),
		Products: delivered(p.Products, day, func(Product) Day { return 0 }),
		Talents:  delivered(p.Talents, day, func(Talent) Day { return 0 }),
	}
}

func delivered[R any](table map[Day][]R, day Day, delay func(R) Day) map[Day][]R {
	if table == nil {
		return nil
	}
	out := map[Day][]R{}
	for d, rows := range table {
		if d <= day {
			out[d] = slices.DeleteFunc(slices.Clone(rows), func(r R) bool { return d+delay(r) > day })
		}
	}
	return out
}
