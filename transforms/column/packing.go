package column

import (
	"math"
	"math/bits"
)

// The rows of a Sorter are packed: a row is one number, in as few words as hold it, the highest first. Each column has
// the bits that its values need, key columns in front, so that the order of the numbers is the order of the rows, and
// the rows of a day take a third of the memory of their values. What values need is guessed by the first ones, with room
// to spare. Where later ones do not fit there is a new packing for all rows that follow; those packed before are packed
// again when they are put in order.

// packing says where each column lies in a row.
type packing struct {
	fields []packedField // by column
	words  int
}

// packedField is one column. It keeps the distance of a value from the least one that fits; of codes of a Dict the rank.
type packedField struct {
	low   uint64  // ordinal of the least value
	null  uint64  // the most that is kept: of Null, whose ordinal is the greatest, and of no value
	ranks []int64 // of codes; nil: no codes
	codes []int64 // of ranks

	word  int  // of the lowest bit
	shift uint // of the lowest bit
	width uint
}

// fromOrdinal is the value with an ordinal.
func fromOrdinal(u uint64) int64 { return int64((u + 1) ^ 1<<63) }

// bounds are the ordinals of values other than Null, from low to before end; end is 0 if there are none.
type bounds struct{ low, end uint64 }

// boundsOf is not inlined, or its loop would keep its variables in memory.
//
//go:noinline
func boundsOf(values []int64) bounds {
	b := bounds{low: math.MaxUint64}
	for _, v := range values {
		u := NullLast(v)
		b.low, b.end = min(b.low, u), max(b.end, u+1) // of Null u is the greatest and u+1 is 0
	}
	return b
}

// extend makes each of b hold what the one of other holds.
func extend(b, other []bounds) {
	for j, o := range other {
		switch {
		case b[j].end == 0:
			b[j] = o
		case o.end != 0:
			b[j] = bounds{min(b[j].low, o.low), max(b[j].end, o.end)}
		}
	}
}

// slackBits is how many times the range of values may double beyond those that were looked at.
const slackBits = 2

// newPacking is a packing for values within bounds, one for each column, and somewhat beyond.
func newPacking(order []Order, seen []bounds) *packing {
	p := &packing{fields: make([]packedField, len(seen))}
	isKey := make([]bool, len(seen))
	for _, o := range order {
		isKey[o.Column] = true
		if o.Dict != nil {
			p.fields[o.Column] = rankField(o.Dict)
		} else {
			p.fields[o.Column] = rangeField(seen[o.Column], slackBits)
		}
	}
	var measures []int
	for j, b := range seen {
		if !isKey[j] {
			p.fields[j] = rangeField(b, slackBits)
			measures = append(measures, j)
		}
	}
	if unused := p.place(order); len(measures) > 0 && unused >= len(measures) { // sums have the long tails
		for _, j := range measures {
			p.fields[j] = rangeField(seen[j], slackBits+unused/len(measures))
		}
		p.place(order)
	}
	return p
}

// rankField is a field for the ranks of all codes known now.
func rankField(d *Dict) packedField {
	ranks, codes := d.positions()
	n := uint64(len(codes))
	return packedField{null: n, ranks: ranks, codes: codes, width: uint(bits.Len64(n))}
}

// rangeField is a field for values within bounds, with room on both sides. That of no values holds Null only.
func rangeField(b bounds, slack int) packedField {
	if b.end == 0 {
		return packedField{}
	}
	span := b.end - b.low
	width := min(64, bits.Len64(span)+slack)
	null := uint64(math.MaxUint64) >> (64 - width)
	return packedField{low: b.low - min(b.low, (null-span)/2), null: null, width: uint(width)}
}

// place gives every field its bits: the key in order, then the others. It tells how many of the last word are left over.
func (p *packing) place(order []Order) (unused int) {
	end := uint(0) // of the bits used
	done := make([]bool, len(p.fields))
	put := func(j int) {
		if f := &p.fields[j]; !done[j] {
			done[j] = true
			end += f.width
			last := max(end, 1) - 1 // a field without bits lies anywhere
			f.word, f.shift = int(last/64), 63-last%64
		}
	}
	for _, o := range order {
		put(o.Column)
	}
	for j := range p.fields {
		put(j)
	}
	p.words = int(max(end, 1)-1)/64 + 1
	return 64*p.words - int(end)
}

// holds tells whether all values within bounds fit.
func (f *packedField) holds(b bounds) bool {
	switch {
	case b.end == 0:
		return true
	case f.ranks != nil:
		return b.end-NullLast(0)-1 < uint64(len(f.ranks))
	}
	return b.low >= f.low && b.end-f.low <= f.null
}

func (p *packing) holds(seen []bounds) bool {
	for j := range p.fields {
		if !p.fields[j].holds(seen[j]) {
			return false
		}
	}
	return true
}

// pack puts n rows of columns, from row number from on, into rows, which are zero.
func (p *packing) pack(rows []int64, columns [][]int64, from, n int) {
	for j := range p.fields {
		p.fields[j].pack(rows, columns[j][from:from+n], p.words)
	}
}

// halves reports that the upper bits lie in the word before.
func (f *packedField) halves() bool { return f.width > 64-f.shift }

func (f *packedField) pack(rows, values []int64, words int) {
	switch {
	case f.width == 0:
	case f.ranks != nil:
		f.packRanks(rows, values, words)
	case f.halves():
		packHalves(rows, values, f.word, words, f.shift, f.low, f.null)
	default:
		packWhole(rows, values, f.word, words, f.shift, f.low, f.null)
	}
}

func (f *packedField) packRanks(rows, values []int64, words int) {
	at := f.word
	for _, v := range values {
		d := f.null
		if v != Null {
			d = uint64(f.ranks[v])
		}
		rows[at] |= int64(d << f.shift)
		if f.halves() {
			rows[at-1] |= int64(d >> (64 - f.shift))
		}
		at += words
	}
}

// packWhole packs numbers that lie in one word: their distances from low, that of Null, whose ordinal is the greatest, cut
// to null. Inlined, the loop would keep its variables in memory.
//
//go:noinline
func packWhole(rows, values []int64, at, words int, shift uint, low, null uint64) {
	shift &= 63
	for _, v := range values {
		rows[at] |= int64(min(NullLast(v)-low, null) << shift)
		at += words
	}
}

// packHalves is packWhole where the upper bits lie in the word before.
//
//go:noinline
func packHalves(rows, values []int64, at, words int, shift uint, low, null uint64) {
	up, down := shift&63, (64-shift)&63
	for _, v := range values {
		d := min(NullLast(v)-low, null)
		rows[at-1] |= int64(d >> down)
		rows[at] |= int64(d << up)
		at += words
	}
}
