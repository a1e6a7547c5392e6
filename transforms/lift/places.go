package lift

import "github.com/windvane/windvane/transforms/column"

// places numbers keys of two values in the order in which they come: an open-addressing table, for the loop over all
// pairs. column.Grouper does the same for keys of any length, at three times the cost.
type places struct {
	slots []int32 // place + 1; 0: free
	keys  [][2]int64
}

func newPlaces() *places { return &places{slots: make([]int32, 64)} }

// of is the place of a key, and whether it is a new one.
func (p *places) of(a, b int64) (at int, added bool) {
	mask := uint64(len(p.slots) - 1)
	for s := column.Mix(column.Mix(0, a), b) & mask; ; s = (s + 1) & mask {
		n := p.slots[s]
		if n == 0 {
			p.keys = append(p.keys, [2]int64{a, b})
			p.slots[s] = int32(len(p.keys))
			if 2*len(p.keys) > len(p.slots) {
				p.grow()
			}
			return len(p.keys) - 1, true
		}
		if k := &p.keys[n-1]; k[0] == a && k[1] == b {
			return int(n - 1), false
		}
	}
}

func (p *places) grow() {
	p.slots = make([]int32, 2*len(p.slots))
	mask := uint64(len(p.slots) - 1)
	for i, k := range p.keys {
		s := column.Mix(column.Mix(0, k[0]), k[1]) & mask
		for p.slots[s] != 0 {
			s = (s + 1) & mask
		}
		p.slots[s] = int32(i + 1)
	}
}

// place is the value of a key among values that are numbered by places.
func place[T any](p *places, values *[]T, a, b int64) *T {
	at, added := p.of(a, b)
	if added {
		var none T
		*values = append(*values, none)
	}
	return &(*values)[at]
}
