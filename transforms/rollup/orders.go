package rollup

import (
	"slices"

	"github.com/windvane/windvane/transforms/column"
)

// orderTable knows which rows of a partition belong to one order.
type orderTable struct {
	spec   *orders
	groups column.Groups
	of     []uint32  // order of each row
	lines  []int32   // rows of each order
	before []int32   // for each row the row of its order before it, -1: none
	later  []uint32  // rows that have one
	last   []int32   // scratch: newest row of each order
	first  [][]int64 // the first columns

	set    *column.Grouper // (group, order, brand) → lines, sums so far
	counts *column.Grouper // (group, order) pairs already counted as full sets
}

func newOrderTable(spec *orders) *orderTable {
	return &orderTable{spec: spec, first: make([][]int64, len(spec.firsts)), counts: column.NewGrouper(2, 0)}
}

// manyLines is how many lines an order may have for its rows to be compared one by one.
const manyLines = 64

// findOrders numbers the orders of the partition and computes the first columns.
func (v *visitor) findOrders() {
	t, n := v.orders, v.rows.n
	keys := v.columns(t.spec.keys)
	column.HashColumns(v.hashes, keys)
	all := v.chosen[0]
	t.of = grow(t.of, n)
	t.groups.Number(keys, v.hashes, all, t.of)
	most := t.chain()
	for j, f := range t.spec.firsts {
		t.first[j] = grow(t.first[j], n)
		if most <= manyLines {
			v.mark(t.first[j], f.rows)
			t.findFirst(t.first[j], v.columns(f.keys))
		} else {
			v.findFirstGrouped(t.first[j], f)
		}
	}
}

// mark sets the rows of a selection to 1 and the others to 0.
func (v *visitor) mark(rows []int64, selection int) {
	if flags := v.pass.selections[selection]; len(flags) == 1 {
		copy(rows, v.rows.field(flags[0]))
		return
	}
	clear(rows)
	for _, i := range v.chosen[selection] {
		rows[i] = 1
	}
}

// chain links the rows of each order, and tells the most that one has.
func (t *orderTable) chain() (most int32) {
	n, orders := len(t.of), t.groups.Len()
	t.lines, t.last = grow(t.lines, orders), grow(t.last, orders)
	t.before, t.later = grow(t.before, n), grow(t.later, n)
	lines, last, before, later := t.lines, t.last, t.before, t.later
	clear(lines)
	for i := range last {
		last[i] = -1
	}
	k := 0
	for i, o := range t.of {
		at := last[o]
		before[i], last[o] = at, int32(i)
		lines[o]++
		most = max(most, lines[o])
		later[k] = uint32(i)
		k += 1 + int(at>>31) // without a branch: lines of one order may lie anywhere
	}
	t.later = later[:k]
	return most
}

// findFirst takes the mark from rows of a selection before which a row of the same order has the same keys.
func (t *orderTable) findFirst(first []int64, keys [][]int64) {
	before := t.before
	for _, i := range t.later {
		for j := before[i]; j >= 0; j = before[j] {
			// Rows that are not in the selection are not marked, nor are those that repeat one still further back.
			if first[j] != 0 && equalRows(keys, int(i), int(j)) {
				first[i] = 0
				break
			}
		}
	}
}

func equalRows(keys [][]int64, a, b int) bool {
	for _, k := range keys {
		if k[a] != k[b] {
			return false
		}
	}
	return true
}

// findFirstGrouped is mark and findFirst by a hash table, whose time does not grow with the square of an order's lines.
func (v *visitor) findFirstGrouped(first []int64, f firstColumn) {
	rows := v.chosen[f.rows]
	keys := v.columns(slices.Concat(f.keys, v.orders.spec.keys))
	column.HashColumns(v.hashes, keys)
	v.groups.Number(keys, v.hashes, rows, v.of[:len(rows)])
	clear(first)
	for _, i := range v.groups.First() {
		first[i] = 1
	}
}

// addSets counts full sets: an order counts once its MinSet-th line of one brand arrives, with what came before.
func (t *orderTable) addSets(sums [][]int64, measures []measure, rows *vectors, brandField int, chosen, of []uint32) {
	width := 1 + len(measures)
	if t.set == nil || t.set.Width() != 3+width {
		t.set = column.NewGrouper(3, width)
	}
	t.set.Reset()
	t.counts.Reset()
	brands := rows.field(brandField)
	for k, i := range chosen {
		order := t.of[i]
		if t.lines[order] < MinSet || brands[i] == column.Null {
			continue
		}
		group := int64(of[k])
		set := t.set.Get([]int64{group, int64(order), brands[i]})
		set[0]++
		first := false // an order with two full brands is one order
		if set[0] == MinSet {
			_, first = t.counts.Index([]int64{group, int64(order)})
		}
		for j, m := range measures {
			switch {
			case m.op == Sets && first:
				sums[j][group]++
			case m.op == SetSum && set[0] < MinSet:
				set[1+j] += rows.field(m.of)[i]
			case m.op == SetSum && set[0] == MinSet:
				sums[j][group] += set[1+j] + rows.field(m.of)[i]
			case m.op == SetSum:
				sums[j][group] += rows.field(m.of)[i]
			}
		}
	}
}
