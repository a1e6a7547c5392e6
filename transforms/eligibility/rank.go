package eligibility

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/column"
)

// ranked is a subject with the first keys of its order beside it, so that sorting seldom looks further.
type ranked struct {
	lower             uint64 // conservative score, best first, none last
	subject, category int32
	level             uint8 // best first
}

// order parts subjects by category, and puts those of each in the order inside it: level, conservative score, score, net GMV,
// valid orders, position.
func (d *Decision) order(subjects []int32) [][]ranked {
	sizes, at := map[int64]int{}, map[int64]int{}
	for _, subject := range subjects {
		sizes[d.s.Category.At(int(subject))]++
	}
	all := make([][]ranked, len(sizes))
	for k, category := range slices.Sorted(maps.Keys(sizes)) {
		all[k], at[category] = make([]ranked, 0, sizes[category]), k
	}
	for _, subject := range subjects {
		category := d.s.Category.At(int(subject))
		// NoLevel is 255 as a byte: after every level.
		r := ranked{category: int32(category), level: uint8(d.Level[subject]), lower: descending(d.s.Lower(int(subject))), subject: subject}
		all[at[category]] = append(all[at[category]], r)
	}
	must(column.Each(len(all), d.s.Workers, func(k int) {
		slices.SortFunc(all[k], func(a, b ranked) int {
			if a.level != b.level {
				return cmp.Compare(a.level, b.level)
			}
			if a.lower != b.lower {
				return cmp.Compare(a.lower, b.lower)
			}
			return d.compareRest(a.subject, b.subject)
		})
	}))
	return all
}

// compareRest compares those of one level and lower bound, one thing after another: bounds have two decimals, so there are many.
func (d *Decision) compareRest(a, b int32) int {
	if c := cmp.Compare(d.own.newest(int(b)), d.own.newest(int(a))); c != 0 {
		return c
	}
	if c := cmp.Compare(d.s.GMVNet15.At(int(b)), d.s.GMVNet15.At(int(a))); c != 0 {
		return c
	}
	if c := cmp.Compare(d.s.Orders.At(int(b)), d.s.Orders.At(int(a))); c != 0 {
		return c
	}
	return cmp.Compare(a, b)
}

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
