package gmv

import (
	"iter"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Records are the rows of a published table, in order, in records of bounded size. A record is the consumer's until
// it asks for the next one; then its memory is used again. The sequence may be walked more than once.
type Records = iter.Seq2[arrow.Record, error]

const (
	recordRows = 1 << 15 // of a record
	stageRows  = 1 << 12 // handed out at once, so that the figures stay in the cache between the steps
)

// rows are successive rows of a published table: whole subjects with their windows, or cells by window.
type rows struct {
	sums  *Sums
	n     int
	runs  []subjectRows // the subjects, in order
	place []uint8       // windows, as positions in contract.Windows
	cell  []uint8       // ranks of cells
	m     [measures][]int64
	zeros []int64 // in place of measures that are 0 everywhere
}

// subjectRows are the rows of one subject.
type subjectRows struct {
	subject int64
	n       int
}

// column is a measure of all rows.
func (r *rows) column(measure int) []int64 {
	if slices.Contains(r.sums.used, measure) {
		return r.m[measure]
	}
	for len(r.zeros) < r.n {
		r.zeros = append(r.zeros, 0)
	}
	return r.zeros[:r.n]
}

func (r *rows) add(cell, place uint8, m *[measures]int64) {
	r.n++
	r.cell, r.place = append(r.cell, cell), append(r.place, place)
	for _, j := range r.sums.used {
		r.m[j] = append(r.m[j], m[j])
	}
}

func (r *rows) reset() {
	r.n, r.runs, r.place, r.cell = 0, r.runs[:0], r.place[:0], r.cell[:0]
	for j := range r.m {
		r.m[j] = r.m[j][:0]
	}
}

// each reads the windows of every subject off as running sums, of the totals or of the cells by channel and scene,
// and hands the rows out in the order of the published tables: subject, window, channel, scene. It tells whether
// emit went on to the end.
func (s *Sums) each(totals bool, emit func(r *rows) bool) bool {
	r := &rows{sums: s}
	var kept []row
	for _, at := range s.order {
		before := r.n
		kept = s.packed.rows(kept[:0], s.spans[at], totals)
		if !totals {
			kept = kept[splitFrom(kept):]
		}
		s.running(r, kept)
		if r.n > before {
			r.runs = append(r.runs, subjectRows{s.subjects[at], r.n - before})
		}
		if r.n >= stageRows {
			if !emit(r) {
				return false
			}
			r.reset()
		}
	}
	return r.n == 0 || emit(r)
}

// splitFrom is the number of rows of the total, which come first.
func splitFrom(kept []row) (n int) {
	for n < len(kept) && kept[n].cell == 0 {
		n++
	}
	return n
}

// running adds the rows of one subject's cells: for each window, the cells that have anything in it or a shorter one.
func (s *Sums) running(r *rows, kept []row) {
	var cells [mostCells]struct {
		rank  uint8
		rows  []row
		begun bool
		m     [measures]int64
	}
	n := 0
	for i := range kept {
		if n == 0 || cells[n-1].rank != kept[i].cell {
			cells[n].rank, cells[n].rows = kept[i].cell, kept[i:i]
			n++
		}
		cells[n-1].rows = cells[n-1].rows[:len(cells[n-1].rows)+1]
	}
	for place := range uint8(windows) {
		for i := range cells[:n] {
			c := &cells[i]
			if len(c.rows) > 0 && c.rows[0].place == place {
				for _, j := range s.used {
					c.m[j] += c.rows[0].m[j]
				}
				c.rows, c.begun = c.rows[1:], true
			}
			if c.begun {
				r.add(c.rank, place, &c.m)
			}
		}
	}
}

// table builds a published table from successive rows.
type table struct {
	c       Context
	mem     memory.Allocator
	yield   func(arrow.Record, error) bool
	b       *column.Builder
	subject *column.Cell
	text    []byte
}

func newTable(t *contract.Table, c Context, mem memory.Allocator, yield func(arrow.Record, error) bool) *table {
	b := column.NewBuilder(t, c.IDs)
	b.Grow(recordRows + stageRows)
	return &table{c: c, mem: mem, yield: yield, b: b, subject: b.Column("subject_id")}
}

// head writes the columns that all tables begin with.
func (t *table) head(s *Sums, r *rows) {
	t.b.Column("as_of_date").Repeat(int64(t.c.AsOf), r.n)
	t.b.Column("role").Repeat(int64(s.Scope.Role), r.n)
	for _, run := range r.runs {
		t.text = t.c.IDs.AppendSubject(t.text[:0], s.Scope, run.subject)
		t.subject.RepeatEntry(t.subject.Entry(t.text), run.n)
	}
	t.byWindow("window_days", r, func(window int64) int64 { return window })
}

// byWindow writes a value that is the same for all rows of a window.
func (t *table) byWindow(name string, r *rows, value func(window int64) int64) {
	var values [windows]int64
	for i, w := range contract.Windows {
		values[i] = value(int64(w))
	}
	out := t.b.Column(name).Extend(r.n)
	for i, place := range r.place {
		out[i] = values[place]
	}
}

// full hands the record on if it is large enough, and tells whether to go on.
func (t *table) full() bool { return t.b.Len() < recordRows || t.flush() }

// flush hands the record on, and tells whether to go on.
func (t *table) flush() bool {
	if t.b.Len() == 0 {
		return true
	}
	rec := t.b.Record(t.mem)
	defer t.b.Reset()
	defer rec.Release()
	return t.yield(rec, nil)
}
