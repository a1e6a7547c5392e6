package calendar

// Presence is the set of days of which a table has a partition.
type Presence map[Day]bool

// Count is the number of days present from first to last, both included.
func (p Presence) Count(first, last Day) int64 {
	var n int64
	for d := first; d <= last; d++ {
		if p[d] {
			n++
		}
	}
	return n
}

// Windows counts the days present in each window that ends on asOf, by the window's length.
func (p Presence) Windows(asOf Day, lengths []int) map[int64]int64 {
	counts := map[int64]int64{}
	for _, n := range lengths {
		counts[int64(n)] = p.Count(asOf-Day(n)+1, asOf)
	}
	return counts
}

// From are those from a day on.
func (p Presence) From(first Day) Presence {
	out := Presence{}
	for d, here := range p {
		if d >= first {
			out[d] = here
		}
	}
	return out
}

// Complete tells whether every day from first to last is present.
func (p Presence) Complete(first, last Day) bool { return p.Count(first, last) == int64(last-first)+1 }

// First is the earliest day present; ok is false if there is none.
func (p Presence) First() (first Day, ok bool) {
	for d, here := range p {
		if here && (!ok || d < first) {
			first, ok = d, true
		}
	}
	return first, ok
}
