package column

import (
	"container/heap"
	"fmt"
)

// run is a stretch of sorted rows in the spill file of a Sorter.
type run struct {
	extent
	in *packing
}

// spillRows is how many rows are written to and read from spill files at once.
const spillRows = 4096

// spillRun writes the rows in memory as a sorted run.
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
	width := s.packing.words
	r := run{extent{offset: s.end}, s.packing}
	buffer := make([]int64, 0, spillRows*width)
	write := func() error {
		if _, err := s.file.WriteAt(asBytes(buffer), s.end); err != nil {
			return fmt.Errorf("write spill file: %w", err)
		}
		r.values += len(buffer)
		s.end += int64(len(buffer) * 8)
		buffer = buffer[:0]
		return nil
	}
	err := s.sorted(func(rows []int64, order []entry) error {
		for _, e := range order {
			buffer = append(buffer, rows[e.row:int(e.row)+width]...)
			if len(buffer) == cap(buffer) {
				if err := write(); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err == nil && len(buffer) > 0 {
		err = write()
	}
	if err != nil {
		return err
	}
	s.runs = append(s.runs, r)
	s.mem.Budget.spilled.Add(int64(r.values * 8))
	return nil
}

// merge reads the spilled runs and the rows in memory side by side, all in the last packing. It yields as sorted does.
func (s *Sorter) merge(yield func(rows []int64, order []entry) error) error {
	h := &runHeap{}
	for _, r := range s.runs {
		h.cursors = append(h.cursors, &cursor{file: s.file, run: r, to: s.packing})
	}
	width := s.packing.words
	if len(s.blocks) > 0 {
		held := 0
		for _, b := range s.blocks {
			held += len(b.values) / b.in.words * width
		}
		c := &cursor{to: s.packing, rows: make([]int64, 0, held)}
		err := s.sorted(func(rows []int64, order []entry) error {
			for _, e := range order {
				c.rows = append(c.rows, rows[e.row:int(e.row)+width]...)
			}
			return nil
		})
		if err != nil {
			return err
		}
		h.cursors = append(h.cursors, c)
	}
	for _, c := range h.cursors {
		if err := c.fill(); err != nil {
			return err
		}
	}
	heap.Init(h)
	merged := make([]int64, 0, unpackRows*width)
	positions := sequence(nil, unpackRows, width)
	for len(h.cursors) > 0 {
		c := h.cursors[0]
		merged = append(merged, c.rows[:width]...)
		if len(merged) == cap(merged) {
			if err := yield(merged, positions); err != nil {
				return err
			}
			merged = merged[:0]
		}
		c.rows = c.rows[width:]
		if err := c.fill(); err != nil {
			return err
		}
		if len(c.rows) == 0 {
			heap.Pop(h)
		} else {
			heap.Fix(h, 0)
		}
	}
	return yield(merged, positions[:len(merged)/width])
}

// cursor walks one sorted run.
type cursor struct {
	file SpillFile
	run  // what is still in the file
	to   *packing

	rows     []int64 // read and packed
	buffer   []int64
	repacked []int64
	repacker *repacker
}

// fill reads the next stretch of the run when the current one is used up.
func (c *cursor) fill() error {
	if len(c.rows) > 0 || c.values == 0 {
		return nil
	}
	n := min(c.values, spillRows*c.in.words)
	if c.buffer == nil {
		c.buffer = make([]int64, n)
	}
	c.rows = c.buffer[:n]
	if err := readSpill(c.file, c.rows, c.offset); err != nil {
		return err
	}
	c.offset += int64(n * 8)
	c.values -= n
	if c.in == c.to {
		return nil
	}
	if c.repacker == nil {
		c.repacker = &repacker{to: c.to}
	}
	c.repacked = c.repacker.append(c.repacked[:0], c.rows, c.in)
	c.rows = c.repacked
	return nil
}

type runHeap struct{ cursors []*cursor }

func (h *runHeap) Len() int { return len(h.cursors) }
func (h *runHeap) Less(i, j int) bool {
	a, b := h.cursors[i], h.cursors[j]
	for k := range a.to.words {
		if x, y := uint64(a.rows[k]), uint64(b.rows[k]); x != y {
			return x < y
		}
	}
	return false
}
func (h *runHeap) Swap(i, j int) { h.cursors[i], h.cursors[j] = h.cursors[j], h.cursors[i] }
func (h *runHeap) Push(x any)    { h.cursors = append(h.cursors, x.(*cursor)) }
func (h *runHeap) Pop() any {
	c := h.cursors[len(h.cursors)-1]
	h.cursors = h.cursors[:len(h.cursors)-1]
	return c
}
