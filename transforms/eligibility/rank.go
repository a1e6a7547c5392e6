package eligibility

import (
	"cmp"
	"math"
	"slices"
)

// ranked is a subject with the first keys of its order beside it, so that sorting seldom looks further.
type ranked struct {
	group   uint64 // category, then level, best first
	lower   uint64 // conservative score, best first, none last
	subject int32
}

// order sorts subjects by category, then by the order inside it: level, conservative score, score, net GMV, valid
// orders, position.
func (d *Decision) order(subjects []int32) []ranked {
	all := make([]ranked, len(subjects))
	for i, at := range subjects {
		// NoLevel is 255 as a byte: after every level.
		group := uint64(uint32(d.s.Category[at]+1))<<8 | uint64(uint8(d.Level[at]))
		all[i] = ranked{group: group, lower: descending(d.s.Lower[at]), subject: at}
	}
	slices.SortFunc(all, func(a, b ranked) int {
		if a.group != b.group {
			return cmp.Compare(a.group, b.group)
		}
		if a.lower != b.lower {
			return cmp.Compare(a.lower, b.lower)
		}
		return d.compareRest(a.subject, b.subject)
	})
	return all
}

// compareRest compares what rarely decides.
func (d *Decision) compareRest(a, b int32) int {
	return cmp.Or(
		cmp.Compare(at(d.own, int(b)), at(d.own, int(a))),
		cmp.Compare(d.s.GMVNet15[b], d.s.GMVNet15[a]),
		cmp.Compare(d.s.Orders[b], d.s.Orders[a]),
		cmp.Compare(a, b),
	)
}

// category of a ranked subject.
func (r ranked) category() int32 { return int32(uint32(r.group>>8)) - 1 }

// descending maps floats to integers that ascend as the floats descend, NaN last.
func descending(v float64) uint64 {
	if math.IsNaN(v) {
		return math.MaxUint64
	}
	bits := math.Float64bits(v + 0) // -0 + 0 is 0
	if bits>>63 == 1 {
		return bits
	}
	return ^(bits | 1<<63)
}
