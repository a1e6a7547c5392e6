package column

import (
	"container/heap"
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
// Rows are added by Add, which is safe for concurrent use, or through one RowWriter per goroutine.
type Sorter struct {
	width int
	order []Order
	mem   Memory

	mu     sync.Mutex
	blocks [][]int64 // whole rows; all but those that writers flushed are full
	rows   int64     // in blocks
	taken  int64
	open   *RowWriter // behind Add

	file SpillFile
	end  int64
	runs []extent
	err  error // the first failure to spill; after it nothing is tried again
}

// NewSorter sorts rows of width values by order.
func NewSorter(width int, order []Order, mem Memory) *Sorter {
	if width < 1 || width > blockValues {
		panic(fmt.Sprintf("column: rows of %d values", width))
	}
	return &Sorter{width: width, order: order, mem: mem}
}

// RowWriter adds rows to a Sorter for one goroutine. Flush it when done.
type RowWriter struct {
	s     *Sorter
	block []int64
	err   error
}

// Writer makes a writer. Each goroutine needs its own.
func (s *Sorter) Writer() *RowWriter { return &RowWriter{s: s} }

// Row appends a row and returns its values for the caller to fill, all of them.
func (w *RowWriter) Row() []int64 {
	n := len(w.block)
	if n+w.s.width > cap(w.block) {
		w.hand()
		w.block = w.s.mem.Budget.block()[:0]
		n = 0
	}
	w.block = w.block[:n+w.s.width]
	return w.block[n:]
}

// Err is the first failure to spill. Rows that are added after it are lost.
func (w *RowWriter) Err() error { return w.err }

// Flush hands over what is left and reports the first spill error.
func (w *RowWriter) Flush() error {
	w.hand()
	return w.err
}

func (w *RowWriter) hand() {
	if len(w.block) == 0 {
		return
	}
	if err := w.s.addBlock(w.block); w.err == nil {
		w.err = err
	}
	w.block = nil
}

// spillRows is how many rows are written to and read from spill files at once.
const spillRows = 4096

// minRunBlocks is how many blocks a spilled run has at least: shorter runs would only make the merge wider.
const minRunBlocks = 64

// maxRunBlocks is how many blocks row numbers reach: 32 GiB.
const maxRunBlocks = 1 << 32 / blockValues

func (s *Sorter) addBlock(b []int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addLocked(b)
}

func (s *Sorter) addLocked(b []int64) error {
	if s.err != nil {
		return s.err
	}
	s.blocks = append(s.blocks, b)
	s.rows += int64(len(b) / s.width)
	size := int64(cap(b) * 8)
	s.taken += size
	s.mem.Budget.take(size)
	if s.mem.Budget.exceeded() && len(s.blocks) >= minRunBlocks || len(s.blocks) >= maxRunBlocks {
		s.err = s.spillRun()
	}
	return s.err
}

// Add copies whole rows.
func (s *Sorter) Add(rows []int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = &RowWriter{s: s}
	}
	w := s.open
	for len(rows) > 0 {
		if len(w.block)+s.width > cap(w.block) {
			if err := s.closeOpen(); err != nil {
				return err
			}
			w.block = s.mem.Budget.block()[:0]
		}
		n := min(len(rows), (cap(w.block)-len(w.block))/s.width*s.width)
		w.block = append(w.block, rows[:n]...)
		rows = rows[n:]
	}
	return nil
}

// closeOpen hands over the block that Add fills.
func (s *Sorter) closeOpen() error {
	if s.open == nil || len(s.open.block) == 0 {
		return nil
	}
	b := s.open.block
	s.open.block = nil
	return s.addLocked(b)
}

// Len is the number of rows added and flushed.
func (s *Sorter) Len() int64 {
	n := s.rows
	if s.open != nil {
		n += int64(len(s.open.block) / s.width)
	}
	for _, r := range s.runs {
		n += int64(r.values / s.width)
	}
	return n
}

func (s *Sorter) spillRun() error {
	if s.mem.Spill == nil {
		return fmt.Errorf("memory limit reached and no spill directory configured")
	}
	if s.file == nil {
		f, err := s.mem.Spill.Create()
		if err != nil {
			return fmt.Errorf("create spill file: %w", err)
		}
		s.file = f
	}
	run := extent{offset: s.end}
	buffer := make([]int64, 0, spillRows*s.width)
	write := func() error {
		if _, err := s.file.WriteAt(asBytes(buffer), s.end); err != nil {
			return fmt.Errorf("write spill file: %w", err)
		}
		run.values += len(buffer)
		s.end += int64(len(buffer) * 8)
		buffer = buffer[:0]
		return nil
	}
	for _, e := range s.sorted() {
		buffer = append(buffer, s.row(e.row)...)
		if len(buffer) == cap(buffer) {
			if err := write(); err != nil {
				return err
			}
		}
	}
	if err := write(); err != nil {
		return err
	}
	s.runs = append(s.runs, run)
	s.mem.Budget.spilled.Add(int64(run.values * 8))
	s.free()
	return nil
}

// free forgets the rows in memory.
func (s *Sorter) free() {
	for _, b := range s.blocks {
		s.mem.Budget.recycle(b)
	}
	s.blocks, s.rows = nil, 0
	s.mem.Budget.give(s.taken)
	s.taken = 0
}

// row is the row with a number: the block's, then the position of the first value in it.
func (s *Sorter) row(number uint32) []int64 {
	at := int(number % blockValues)
	return s.blocks[number/blockValues][at : at+s.width]
}

// Each yields all rows in order, in batches of at most batchRows rows, and frees them. A batch is
// valid only inside the call.
func (s *Sorter) Each(batchRows int, yield func(rows []int64) error) error {
	defer s.free()
	batch := make([]int64, 0, min(int64(batchRows), max(1, s.Len()))*int64(s.width))
	emit := func(row []int64) error {
		batch = append(batch, row...)
		if len(batch) < batchRows*s.width {
			return nil
		}
		err := yield(batch)
		batch = batch[:0]
		return err
	}
	if err := s.eachRow(emit); err != nil {
		return err
	}
	if len(batch) > 0 {
		return yield(batch)
	}
	return nil
}

// Columns is Each with every batch as columns: width slices of one value for each row.
func (s *Sorter) Columns(batchRows int, yield func(columns [][]int64) error) error {
	defer s.free()
	if err := s.closeOpen(); err != nil {
		return err
	}
	room := int(min(int64(batchRows), max(1, s.Len())))
	out := &columnBatch{columns: make([][]int64, s.width), batch: make([][]int64, s.width), room: room, yield: yield}
	for j := range out.columns {
		out.columns[j] = make([]int64, room)
	}
	var err error
	if len(s.runs) > 0 {
		err = s.merge(out.add)
	} else {
		err = s.gather(out)
	}
	if err == nil && out.n > 0 {
		err = out.flush()
	}
	return err
}

// columnBatch collects rows as columns.
type columnBatch struct {
	columns, batch [][]int64
	n, room        int
	yield          func([][]int64) error
}

func (b *columnBatch) flush() error {
	for j := range b.columns {
		b.batch[j] = b.columns[j][:b.n]
	}
	b.n = 0
	return b.yield(b.batch)
}

func (b *columnBatch) add(row []int64) error {
	for j, v := range row {
		b.columns[j][b.n] = v
	}
	if b.n++; b.n == b.room {
		return b.flush()
	}
	return nil
}

// gatherRows is how many rows are gathered at once: so many stay in the second-level cache, and the misses of
// fetching them overlap.
const gatherRows = 1024

// gather reads the rows in memory in order, a column at a time.
func (s *Sorter) gather(out *columnBatch) error {
	entries := s.sorted()
	var rows [gatherRows][]int64
	for len(entries) > 0 {
		n := min(len(entries), gatherRows, out.room-out.n)
		for k, e := range entries[:n] {
			rows[k] = s.row(e.row)
		}
		for j, c := range out.columns {
			c = c[out.n : out.n+n]
			for k := range c {
				c[k] = rows[k][j]
			}
		}
		entries = entries[n:]
		if out.n += n; out.n == out.room {
			if err := out.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Sorter) eachRow(emit func([]int64) error) error {
	if err := s.closeOpen(); err != nil {
		return err
	}
	if len(s.runs) > 0 {
		return s.merge(emit)
	}
	for _, e := range s.sorted() {
		if err := emit(s.row(e.row)); err != nil {
			return err
		}
	}
	return nil
}

// merge reads the spilled runs and the rows in memory side by side.
func (s *Sorter) merge(emit func([]int64) error) error {
	h := &runHeap{compare: s.comparer()}
	for _, r := range s.runs {
		h.cursors = append(h.cursors, &cursor{file: s.file, next: r.offset, left: r.values, width: s.width})
	}
	if s.rows > 0 {
		sorted := make([]int64, 0, s.rows*int64(s.width))
		for _, e := range s.sorted() {
			sorted = append(sorted, s.row(e.row)...)
		}
		h.cursors = append(h.cursors, &cursor{values: sorted, width: s.width})
	}
	for _, c := range h.cursors {
		if err := c.fill(); err != nil {
			return err
		}
	}
	heap.Init(h)
	for len(h.cursors) > 0 {
		c := h.cursors[0]
		if err := emit(c.values[:s.width]); err != nil {
			return err
		}
		c.values = c.values[s.width:]
		if err := c.fill(); err != nil {
			return err
		}
		if len(c.values) == 0 {
			heap.Pop(h)
		} else {
			heap.Fix(h, 0)
		}
	}
	return nil
}

// Close frees the rows and deletes the spill file.
func (s *Sorter) Close() error {
	s.free()
	s.open = nil
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return f.Close()
}

// cursor walks one sorted run.
type cursor struct {
	file   SpillFile
	next   int64
	left   int // values still in the file
	values []int64
	buffer []int64
	width  int
}

// fill reads the next stretch of the run when the current one is used up.
func (c *cursor) fill() error {
	if len(c.values) > 0 || c.left == 0 {
		return nil
	}
	n := min(c.left, spillRows*c.width)
	if c.buffer == nil {
		c.buffer = make([]int64, n)
	}
	c.values = c.buffer[:n]
	if err := readSpill(c.file, c.values, c.next); err != nil {
		return err
	}
	c.next += int64(n * 8)
	c.left -= n
	return nil
}

type runHeap struct {
	cursors []*cursor
	compare func(a, b []int64) int
}

func (h *runHeap) Len() int           { return len(h.cursors) }
func (h *runHeap) Less(i, j int) bool { return h.compare(h.cursors[i].values, h.cursors[j].values) < 0 }
func (h *runHeap) Swap(i, j int)      { h.cursors[i], h.cursors[j] = h.cursors[j], h.cursors[i] }
func (h *runHeap) Push(x any)         { h.cursors = append(h.cursors, x.(*cursor)) }
func (h *runHeap) Pop() any {
	c := h.cursors[len(h.cursors)-1]
	h.cursors = h.cursors[:len(h.cursors)-1]
	return c
}
