package column

import (
	"cmp"
	"math"
	"math/bits"
)

// Rows are put in order by a radix sort from the most significant digit down. Only 16 bytes a row move: a key of 64
// bits and the number of the row. The key begins as a prefix of all key columns, each cut to the bits it needs; rows
// whose prefixes are equal go on with the columns that did not fit, one after the other.

// entry stands for a row.
type entry struct {
	key uint64 // of the prefix or column in hand, so that unsigned order is its order
	row uint32
}

const (
	smallBucket  = 32 // rows from which on counting pays
	maxDigitBits = 11 // bits of a digit: the counters of all buckets stay in the first-level cache
)

// prefix stands for a key column where the prefix of all is in hand.
const prefix = -1

// radix sorts one set of rows.
type radix struct {
	s      *Sorter
	ranks  [][]int64 // by key column; nil: values are their own order
	other  []entry   // as long as the rows
	behind int       // the first key column that is not whole in the prefix
}

// sorted are the rows in memory, in order.
func (s *Sorter) sorted() []entry {
	rows := make([]entry, 0, s.rows)
	for b, block := range s.blocks {
		for at := 0; at < len(block); at += s.width {
			rows = append(rows, entry{row: uint32(b*blockValues + at)})
		}
	}
	if len(rows) > 1 && len(s.order) > 0 {
		r := &radix{s: s, ranks: s.ranks(), other: make([]entry, len(rows))}
		r.loadPrefix(rows)
		r.sort(rows, r.other, prefix)
	}
	return rows
}

// ranks are the positions of strings, taken once.
func (s *Sorter) ranks() [][]int64 {
	ranks := make([][]int64, len(s.order))
	for i, o := range s.order {
		if o.Dict != nil {
			ranks[i] = o.Dict.Ranks()
		}
	}
	return ranks
}

// loadPrefix puts as many key columns into the entries as fit into 64 bits, each as its distance from the least value
// in the bits that the greatest distance has; of the last one perhaps its upper bits only. The rows are in the order in
// which they lie in memory.
func (r *radix) loadPrefix(rows []entry) {
	low, high := r.ranges(rows)
	room := 64
	var used []int // bits of each column
	for c := range r.s.order {
		width := bits.Len64(high[c] - low[c])
		if width > room {
			break
		}
		used = append(used, width)
		room -= width
	}
	r.behind = len(used)
	for i := range rows {
		row := r.s.row(rows[i].row)
		var key uint64
		for c, width := range used {
			key = key<<width | (sortKey(row[r.s.order[c].Column], r.ranks[c]) - low[c])
		}
		if r.behind < len(r.s.order) {
			c := r.behind
			width := bits.Len64(high[c] - low[c])
			key = key<<room | (sortKey(row[r.s.order[c].Column], r.ranks[c])-low[c])>>(width-room)
		}
		rows[i].key = key
	}
}

// ranges are the least and greatest values of the key columns.
func (r *radix) ranges(rows []entry) (low, high []uint64) {
	low, high = make([]uint64, len(r.s.order)), make([]uint64, len(r.s.order))
	for c, o := range r.s.order {
		low[c] = math.MaxUint64
		for _, e := range rows {
			k := sortKey(r.s.row(e.row)[o.Column], r.ranks[c])
			low[c], high[c] = min(low[c], k), max(high[c], k)
		}
	}
	return low, high
}

// after is the key column that decides among rows with equal keys of c, len(order) if none is left.
func (r *radix) after(c int) int {
	if c == prefix {
		return r.behind
	}
	return c + 1
}

// load puts the values of key column c into the entries. Null becomes the largest.
func (r *radix) load(rows []entry, c int) {
	at := r.s.order[c].Column
	ranks := r.ranks[c]
	for i := range rows {
		rows[i].key = sortKey(r.s.row(rows[i].row)[at], ranks)
	}
}

func sortKey(v int64, ranks []int64) uint64 {
	if ranks != nil && v != Null {
		v = ranks[v]
	}
	return uint64(v) ^ 1<<63 - 1 // Null, the smallest, wraps around
}

// sort orders rows by key column c, loaded, and those after it. other is scratch of the same length.
func (r *radix) sort(rows, other []entry, c int) {
	for {
		if len(rows) <= smallBucket {
			r.sortSmall(rows, c)
			return
		}
		low, high := keyRange(rows)
		if low != high {
			r.distribute(rows, other, c, low, high)
			return
		}
		if c = r.after(c); c == len(r.s.order) {
			return
		}
		r.load(rows, c)
	}
}

func keyRange(rows []entry) (low, high uint64) {
	low, high = rows[0].key, rows[0].key
	for _, e := range rows[1:] {
		low, high = min(low, e.key), max(high, e.key)
	}
	return low, high
}

// distribute counts rows into buckets by the highest digit in which their keys differ, and sorts each.
func (r *radix) distribute(rows, other []entry, c int, low, high uint64) {
	digit := min(maxDigitBits, max(4, bits.Len(uint(len(rows)))-3))
	shift := max(0, bits.Len64(high-low)-digit)
	buckets := int((high-low)>>shift) + 1
	var starts [1<<maxDigitBits + 1]uint32
	for _, e := range rows {
		starts[(e.key-low)>>shift+1]++
	}
	for b := range buckets {
		starts[b+1] += starts[b]
	}
	next := starts
	for _, e := range rows {
		b := (e.key - low) >> shift
		other[next[b]] = e
		next[b]++
	}
	copy(rows, other[:len(rows)])
	for b := range buckets {
		from, to := starts[b], starts[b+1]
		switch n := to - from; {
		case n < 2:
		case shift > 0 || n <= smallBucket:
			r.sort(rows[from:to], other[from:to], c)
		case r.after(c) < len(r.s.order): // the digit was the rest of the key
			r.load(rows[from:to], r.after(c))
			r.sort(rows[from:to], other[from:to], r.after(c))
		}
	}
}

// sortSmall compares keys, and goes on with the next column among rows whose keys are equal.
func (r *radix) sortSmall(rows []entry, c int) {
	for i := 1; i < len(rows); i++ {
		e, at := rows[i], i
		for ; at > 0 && rows[at-1].key > e.key; at-- {
			rows[at] = rows[at-1]
		}
		rows[at] = e
	}
	if c = r.after(c); c == len(r.s.order) {
		return
	}
	for from := 0; from < len(rows); {
		to := from + 1
		for to < len(rows) && rows[to].key == rows[from].key {
			to++
		}
		if to-from > 1 {
			r.load(rows[from:to], c)
			r.sortSmall(rows[from:to], c)
		}
		from = to
	}
}

// compare compares two rows by all key columns.
func (r *radix) compare(a, b []int64) int {
	for c := range r.s.order {
		at := r.s.order[c].Column
		if x, y := sortKey(a[at], r.ranks[c]), sortKey(b[at], r.ranks[c]); x != y {
			return cmp.Compare(x, y)
		}
	}
	return 0
}

// comparer compares two rows by the whole order.
func (s *Sorter) comparer() func(a, b []int64) int {
	r := &radix{s: s, ranks: s.ranks()}
	return r.compare
}
