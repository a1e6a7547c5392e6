package column

import (
	"fmt"
	"sync"
)

// Order is one column of a sort key, ascending, Null last (as in Parquet's sorting columns). With Dict, values are
// codes and compare by the order of their strings.
type Order struct {
	Column int
	Dict   *Dict
}

// Sorter collects result rows of a fixed width and returns them in order. Rows that exceed the memory
// budget go to a spill file as sorted runs. Rows with equal keys keep no particular order: give a key
// that is unique.
//
// Rows are added through one RowWriter per goroutine and read once, by Columns.
type Sorter struct {
	width int
	order []Order
	mem   Memory

	mu      sync.Mutex
	seen    []bounds // of the rows handed over, and of some that will be
	packing *packing // of the blocks that are filled next: what was seen fits
	blocks  []packedBlock
	rows    int64 // handed over
	taken   int64

	file SpillFile
	end  int64
	runs []run
	err  error // the first failure to spill; after it nothing is tried again
}

// packedBlock is whole rows in one packing.
type packedBlock struct {
	values []int64
	in     *packing
}

// NewSorter sorts rows of width values by order.
func NewSorter(width int, order []Order, mem Memory) *Sorter {
	if width < 1 || width > blockValues {
		panic(fmt.Sprintf("column: rows of %d values", width))
	}
	return &Sorter{width: width, order: order, mem: mem, seen: make([]bounds, width)}
}

// RowWriter adds rows to a Sorter for one goroutine. Flush it when done.
type RowWriter struct {
	s       *Sorter
	packing *packing
	block   []int64
	seen    []bounds  // of the rows in the block
	next    []bounds  // scratch of Columns
	columns [][]int64 // scratch of Rows
	err     error
}

// Writer makes a writer. Each goroutine needs its own.
func (s *Sorter) Writer() *RowWriter {
	return &RowWriter{s: s, seen: make([]bounds, s.width), next: make([]bounds, s.width)}
}

// Columns adds the first n values of each column as rows.
func (w *RowWriter) Columns(n int, columns [][]int64) {
	if n == 0 {
		return
	}
	for j := range w.next {
		w.next[j] = boundsOf(columns[j][:n])
	}
	if w.packing == nil || !w.packing.holds(w.next) {
		w.hand()
		w.packing = w.s.packingFor(w.next)
	}
	for from := 0; from < n; {
		room := (cap(w.block) - len(w.block)) / w.packing.words
		if room == 0 {
			w.hand()
			if !w.packing.holds(w.next) { // the one that all use by now knows of the rows handed over, not of these
				w.packing = w.s.packingFor(w.next)
			}
			w.block = w.s.mem.Budget.block()[:0]
			continue
		}
		if !w.packing.holds(w.next) { // a value that does not fit would become Null
			panic(fmt.Sprintf("column: rows of bounds %v do not fit their packing", w.next))
		}
		extend(w.seen, w.next)
		rows := min(room, n-from)
		at := len(w.block)
		w.block = w.block[:at+rows*w.packing.words]
		clear(w.block[at:])
		w.packing.pack(w.block[at:], columns, from, rows)
		from += rows
	}
}

// Rows adds whole rows that lie one after the other.
func (w *RowWriter) Rows(rows []int64) {
	if w.columns == nil {
		w.columns = make([][]int64, w.s.width)
		for j := range w.columns {
			w.columns[j] = make([]int64, unpackRows)
		}
	}
	for len(rows) > 0 {
		n := min(unpackRows, len(rows)/w.s.width)
		for j, c := range w.columns {
			for k := range n {
				c[k] = rows[k*w.s.width+j]
			}
		}
		w.Columns(n, w.columns)
		rows = rows[n*w.s.width:]
	}
}

// Err is the first failure to spill. Rows that are added after it are lost.
func (w *RowWriter) Err() error { return w.err }

// Flush hands over what is left and reports the first spill error.
func (w *RowWriter) Flush() error {
	w.hand()
	return w.err
}

// hand hands the block over, and goes on with the packing that all use by now.
func (w *RowWriter) hand() {
	if len(w.block) == 0 {
		return
	}
	next, err := w.s.add(packedBlock{w.block, w.packing}, w.seen)
	if w.err == nil {
		w.err = err
	}
	w.block, w.packing = nil, next
	clear(w.seen)
}

// packingFor is a packing for all rows so far and for values within bounds.
func (s *Sorter) packingFor(seen []bounds) *packing {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fit(seen)
	return s.packing
}

func (s *Sorter) fit(seen []bounds) {
	extend(s.seen, seen)
	if s.packing == nil || !s.packing.holds(s.seen) {
		s.packing = newPacking(s.order, s.seen)
	}
}

// minRunBlocks is how many blocks a spilled run has at least: shorter runs would only make the merge wider.
const minRunBlocks = 64

// add takes a block and the bounds of its rows. Its writer goes on with the packing that is returned.
func (s *Sorter) add(b packedBlock, seen []bounds) (*packing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fit(seen)
	if s.err != nil {
		return s.packing, s.err
	}
	s.blocks = append(s.blocks, b)
	s.rows += int64(len(b.values) / b.in.words)
	s.take(b.values)
	if s.mem.Budget.exceeded() && len(s.blocks) >= minRunBlocks {
		s.err = s.spillRun()
	}
	return s.packing, s.err
}

// Len is the number of rows added and flushed.
func (s *Sorter) Len() int64 { return s.rows }

// take counts a block.
func (s *Sorter) take(b []int64) {
	s.taken += int64(cap(b) * 8)
	s.mem.Budget.take(int64(cap(b) * 8))
}

// newBlock is a block that is counted.
func (s *Sorter) newBlock() []int64 {
	b := s.mem.Budget.block()
	s.take(b)
	return b
}

// drop frees a block.
func (s *Sorter) drop(b []int64) {
	s.taken -= int64(cap(b) * 8)
	s.mem.Budget.give(int64(cap(b) * 8))
	s.mem.Budget.recycle(b)
}

// free forgets the rows in memory. What an error left halfway is the collector's.
func (s *Sorter) free() {
	for _, b := range s.blocks {
		s.drop(b.values)
	}
	s.blocks = nil
	s.mem.Budget.give(s.taken)
	s.taken = 0
}

// sorted yields the rows in memory in order, all in the last packing, and frees them: some rows at a time, and where
// each begins, in order.
func (s *Sorter) sorted(yield func(rows []int64, order []entry) error) error {
	var blocks [][]int64
	r := &repacker{to: s.packing}
	for _, b := range s.blocks {
		if b.in == s.packing {
			blocks = append(blocks, b.values)
			continue
		}
		for rows := b.values; len(rows) > 0; {
			n := min(unpackRows, len(rows)/b.in.words, blockValues/s.packing.words)
			blocks = append(blocks, r.append(s.newBlock()[:0], rows[:n*b.in.words], b.in))
			rows = rows[n*b.in.words:]
		}
		s.drop(b.values)
	}
	s.blocks = nil
	return (&orderer{s: s, width: s.packing.words, yield: yield}).order(blocks, 0)
}

// Columns yields all rows in order, once, as columns: width slices of one value for each row, at most batchRows rows at
// a time, which are valid only inside the call and may be changed there. It frees the rows.
func (s *Sorter) Columns(batchRows int, yield func(columns [][]int64) error) error {
	defer s.free()
	if s.rows == 0 {
		return nil
	}
	out := newColumnBatch(s.packing, int(min(int64(batchRows), s.rows)), yield)
	var err error
	if len(s.runs) > 0 {
		err = s.merge(out.add)
	} else {
		err = s.sorted(out.add)
	}
	if err == nil && out.n > 0 {
		err = out.flush()
	}
	return err
}

// Close frees the rows and deletes the spill file.
func (s *Sorter) Close() error {
	s.free()
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return f.Close()
}
