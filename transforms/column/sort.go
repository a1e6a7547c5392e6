package column

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
	"sync"
)

// Order is one column of a sort key, ascending, Null last (as in Parquet's sorting columns). With Ranks, values are codes of a Dict
// and compare by the order of their strings.
type Order struct {
	Column int
	Dict   *Dict
}

// Sorter collects result rows of a fixed width and returns them in order. Rows that exceed the memory
// budget go to a spill file as sorted runs. Add is safe for concurrent use. Rows with equal keys keep
// no particular order: give a key that is unique.
type Sorter struct {
	width int
	order []Order
	mem   Memory

	mu    sync.Mutex
	rows  []int64
	taken int64
	file  SpillFile
	end   int64
	runs  []extent
}

// NewSorter sorts rows of width values by order.
func NewSorter(width int, order []Order, mem Memory) *Sorter {
	return &Sorter{width: width, order: order, mem: mem}
}

// Add copies whole rows.
func (s *Sorter) Add(rows []int64) error {
	if len(rows) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, rows...)
	if held := int64(cap(s.rows) * 8); held != s.taken {
		s.mem.Budget.take(held - s.taken)
		s.taken = held
	}
	// A run shorter than a block's worth of rows would only make the merge wider.
	if s.mem.Budget.exceeded() && len(s.rows) >= 64*blockRows*s.width {
		return s.spillRun()
	}
	return nil
}

// Len is the number of rows added.
func (s *Sorter) Len() int64 {
	n := int64(len(s.rows) / s.width)
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
	sorted := make([]int64, 0, len(s.rows))
	for _, i := range s.sortedIndex() {
		sorted = append(sorted, s.row(i)...)
	}
	if _, err := s.file.WriteAt(asBytes(sorted), s.end); err != nil {
		return fmt.Errorf("write spill file: %w", err)
	}
	s.runs = append(s.runs, extent{s.end, len(sorted)})
	s.end += int64(len(sorted) * 8)
	s.mem.Budget.spilled.Add(int64(len(sorted) * 8))
	s.free()
	return nil
}

// free forgets the rows in memory.
func (s *Sorter) free() {
	s.rows = nil
	s.mem.Budget.give(s.taken)
	s.taken = 0
}

func (s *Sorter) row(i uint32) []int64 {
	return s.rows[int(i)*s.width : (int(i)+1)*s.width]
}

func (s *Sorter) sortedIndex() []uint32 {
	index := make([]uint32, len(s.rows)/s.width)
	for i := range index {
		index[i] = uint32(i)
	}
	compare := s.comparer()
	slices.SortFunc(index, func(a, b uint32) int { return compare(s.row(a), s.row(b)) })
	return index
}

// comparer compares two rows by the order; the ranks of strings are taken once.
func (s *Sorter) comparer() func(a, b []int64) int {
	ranks := make([][]int64, len(s.order))
	for i, o := range s.order {
		if o.Dict != nil {
			ranks[i] = o.Dict.Ranks()
		}
	}
	return func(a, b []int64) int {
		for i, o := range s.order {
			x, y := a[o.Column], b[o.Column]
			if x == y {
				continue
			}
			switch r := ranks[i]; {
			case x == Null:
				return 1
			case y == Null:
				return -1
			case r != nil:
				x, y = r[x], r[y]
			}
			return cmp.Compare(x, y)
		}
		return 0
	}
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

func (s *Sorter) eachRow(emit func([]int64) error) error {
	if len(s.runs) == 0 {
		for _, i := range s.sortedIndex() {
			if err := emit(s.row(i)); err != nil {
				return err
			}
		}
		return nil
	}
	return s.merge(emit)
}

// merge reads the spilled runs and the rows in memory side by side.
func (s *Sorter) merge(emit func([]int64) error) error {
	h := &runHeap{compare: s.comparer()}
	for _, r := range s.runs {
		h.cursors = append(h.cursors, &cursor{file: s.file, next: r.offset, left: r.values, width: s.width})
	}
	if len(s.rows) > 0 {
		sorted := make([]int64, 0, len(s.rows))
		for _, i := range s.sortedIndex() {
			sorted = append(sorted, s.row(i)...)
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
	n := min(c.left, 16*blockRows*c.width)
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
