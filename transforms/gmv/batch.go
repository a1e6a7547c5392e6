package gmv

import (
	"math/bits"
	"slices"

	"github.com/windvane/windvane/transforms/column"
)

// batch are the sums of some subjects, a T for each cell of a subject. Rows come run by run, so a subject is looked up
// whenever its rows begin.
type batch[T any] struct {
	order    column.SubjectOrder
	subjects []subjectCells // as they came
	sums     []T            // the first of which are in use
	used     int
	slots    []uint32 // a hash table: position in subjects + 1; 0 is empty
	sorted   []uint32 // positions in subjects
}

// subjectCells are the cells of a subject.
type subjectCells struct {
	subject int64
	cells   uint32 // bit set of those with anything in them
	at      [mostCells]uint32
}

func newBatch[T any](order column.SubjectOrder) *batch[T] {
	return &batch[T]{order: order, sums: make([]T, 1<<4), slots: make([]uint32, 1<<6)}
}

// of is the position of a subject.
func (b *batch[T]) of(subject int64) int {
	slot := b.slot(subject)
	if at := b.slots[slot]; at != 0 {
		return int(at - 1)
	}
	if 2*len(b.subjects) >= len(b.slots) {
		b.grow()
		slot = b.slot(subject)
	}
	n := len(b.subjects)
	b.subjects = append(b.subjects, subjectCells{subject: subject})
	b.slots[slot] = uint32(n + 1)
	return n
}

// slot is where a subject is or would be.
func (b *batch[T]) slot(subject int64) uint64 {
	mask := uint64(len(b.slots) - 1)
	s := column.Hash(subject) & mask
	for b.slots[s] != 0 && b.subjects[b.slots[s]-1].subject != subject {
		s = (s + 1) & mask
	}
	return s
}

func (b *batch[T]) grow() {
	b.slots = make([]uint32, 2*len(b.slots))
	for i := range b.subjects {
		b.slots[b.slot(b.subjects[i].subject)] = uint32(i + 1)
	}
}

// at are the sums of a cell of the subject at a position, until another cell is asked for.
func (b *batch[T]) at(position, cell int) *T {
	s := &b.subjects[position]
	if s.cells>>cell&1 == 0 {
		if s.cells |= 1 << cell; b.used == len(b.sums) {
			b.sums = append(b.sums, make([]T, len(b.sums))...)
		}
		s.at[cell] = uint32(b.used)
		b.used++
	}
	return &b.sums[s.at[cell]]
}

// each hands out what was added, by subject and cell in their orders, and forgets it. do leaves the sums zero; ended is
// called behind the cells of a subject that has any.
func (b *batch[T]) each(do func(subject int64, cell int, sums *T), ended func(subject int64) error) error {
	b.sorted = b.sorted[:0]
	for i := range b.subjects {
		b.sorted = append(b.sorted, uint32(i))
	}
	slices.SortFunc(b.sorted, func(x, y uint32) int { return b.order.Compare(b.subjects[x].subject, b.subjects[y].subject) })
	for _, i := range b.sorted {
		s := &b.subjects[i]
		if s.cells == 0 {
			continue
		}
		for ; s.cells != 0; s.cells &= s.cells - 1 {
			cell := bits.TrailingZeros32(s.cells)
			do(s.subject, cell, &b.sums[s.at[cell]])
		}
		if err := ended(s.subject); err != nil {
			return err
		}
	}
	clear(b.slots)
	b.subjects, b.used = b.subjects[:0], 0
	return nil
}
