package column

import "slices"

// Grouper is an open-addressing hash table from keys of k values to running measures of m values.
// Groups are rows of k+m values in order of first appearance. It is not safe for concurrent use.
type Grouper struct {
	k, m  int
	slots []uint32 // row number + 1; 0 is empty
	rows  []int64
}

// NewGrouper makes an empty table.
func NewGrouper(k, m int) *Grouper {
	return &Grouper{k: k, m: m, slots: make([]uint32, 64)}
}

// Len is the number of groups.
func (g *Grouper) Len() int {
	if g.k+g.m == 0 {
		return 0
	}
	return len(g.rows) / (g.k + g.m)
}

// Width is the number of values in a row: keys, then measures.
func (g *Grouper) Width() int { return g.k + g.m }

// Rows are the groups, row-major.
func (g *Grouper) Rows() []int64 { return g.rows }

// Row is group i: keys, then measures.
func (g *Grouper) Row(i int) []int64 { w := g.k + g.m; return g.rows[i*w : (i+1)*w] }

// Reset empties the table and keeps its memory.
func (g *Grouper) Reset() {
	clear(g.slots)
	g.rows = g.rows[:0]
}

// Get returns the measures of key, all zero if the key is new. The slice is valid until the next Get.
func (g *Grouper) Get(key []int64) []int64 {
	i, _ := g.Index(key)
	w := g.k + g.m
	return g.rows[i*w+g.k : (i+1)*w]
}

// Index returns the row number of key and whether it was added by this call.
func (g *Grouper) Index(key []int64) (row int, added bool) {
	h := Hash(key...)
	mask := uint64(len(g.slots) - 1)
	w := g.k + g.m
	for s := h & mask; ; s = (s + 1) & mask {
		r := g.slots[s]
		if r == 0 {
			return g.insert(s, key), true
		}
		at := int(r-1) * w
		if slices.Equal(g.rows[at:at+g.k], key) {
			return int(r - 1), false
		}
	}
}

// Find returns the measures of key, nil if the key is not there. Safe for concurrent use while nothing is added.
func (g *Grouper) Find(key ...int64) []int64 {
	mask := uint64(len(g.slots) - 1)
	w := g.k + g.m
	for s := Hash(key...) & mask; ; s = (s + 1) & mask {
		r := g.slots[s]
		if r == 0 {
			return nil
		}
		at := int(r-1) * w
		if slices.Equal(g.rows[at:at+g.k], key) {
			return g.rows[at+g.k : at+w]
		}
	}
}

func (g *Grouper) insert(slot uint64, key []int64) int {
	n := g.Len()
	g.rows = append(g.rows, key...)
	for range g.m {
		g.rows = append(g.rows, 0)
	}
	g.slots[slot] = uint32(n + 1)
	if (n+1)*2 > len(g.slots) {
		g.grow()
	}
	return n
}

func (g *Grouper) grow() {
	g.slots = make([]uint32, 2*len(g.slots))
	mask := uint64(len(g.slots) - 1)
	w := g.k + g.m
	for i := range g.Len() {
		s := Hash(g.rows[i*w:i*w+g.k]...) & mask
		for g.slots[s] != 0 {
			s = (s + 1) & mask
		}
		g.slots[s] = uint32(i + 1)
	}
}

// Merge adds the measures of another table with the same shape.
func (g *Grouper) Merge(o *Grouper) {
	for i := range o.Len() {
		row := o.Row(i)
		sums := g.Get(row[:g.k])
		for j, v := range row[g.k:] {
			sums[j] += v
		}
	}
}
