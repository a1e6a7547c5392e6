package gmv

import (
	"iter"

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
	n     int
	runs  []subjectRows // the subjects, in order
	place []uint8       // windows, as positions in contract.Windows
	cell  []uint8       // ranks of cells
	m     [measures][]int64
}

// subjectRows are the rows of one subject.
type subjectRows struct {
	subject int64
	n       int
}

// mostRows is how many there are before the last subject, and with it.
const mostRows = stageRows + mostCells*windows

func newRows() *rows {
	r := &rows{place: make([]uint8, 0, mostRows), cell: make([]uint8, 0, mostRows)}
	for j := range r.m {
		r.m[j] = make([]int64, mostRows) // those that are 0 everywhere stay so
	}
	return r
}

// column is a measure of all rows.
func (r *rows) column(measure int) []int64 { return r.m[measure][:r.n] }

func (r *rows) reset() { r.n, r.runs, r.place, r.cell = 0, r.runs[:0], r.place[:0], r.cell[:0] }

// each reads the windows of every subject off as running sums, of the totals or of the cells by channel and scene,
// and hands the rows out in the order of the published tables: subject, window, channel, scene. It tells whether
// emit went on to the end.
func (s *Sums) each(totals bool, emit func(r *rows) bool) bool {
	r, w := newRows(), new(windowSums)
	for _, at := range s.order {
		before := r.n
		w.read(s.packed.rows(s.spans[at]), totals)
		w.appendTo(r, s.used)
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

// windowSums are the windows of one subject's cells, in the order of their ranks.
type windowSums struct {
	n     int
	rank  [mostCells]uint8
	first [mostCells]uint8 // the shortest window that has anything
	m     [mostCells][windows][measures]int64
}

// read takes the rows of a subject, those of its total or those of its cells.
func (w *windowSums) read(packed packedRows, totals bool) {
	w.n = 0
	last := uint8(0) // the window read before
	for packed.next() {
		if (packed.cell == 0) != totals {
			if totals {
				break // the total comes first
			}
			continue
		}
		place := packed.place
		if w.n > 0 && w.rank[w.n-1] == packed.cell {
			w.fill(last, place)
		} else {
			if w.n > 0 {
				w.fill(last, windows-1)
			}
			w.rank[w.n], w.first[w.n] = packed.cell, place
			w.m[w.n][place] = [measures]int64{}
			w.n++
		}
		packed.addTo(&w.m[w.n-1][place])
		last = place
	}
	if w.n > 0 {
		w.fill(last, windows-1)
	}
}

// fill gives the windows of the last cell after from, up to and with to, what the one before has.
func (w *windowSums) fill(from, to uint8) {
	m := &w.m[w.n-1]
	for ; from < to; from++ {
		m[from+1] = m[from]
	}
}

// appendTo appends, for each window, the cells that have anything in it or a shorter one.
func (w *windowSums) appendTo(r *rows, used []int) {
	var sums [mostCells * windows]*[measures]int64
	n := 0
	place, cell := r.place[r.n:mostRows], r.cell[r.n:mostRows]
	for p := range uint8(windows) {
		for i := range w.n {
			if w.first[i] <= p {
				place[n], cell[n], sums[n] = p, w.rank[i], &w.m[i][p]
				n++
			}
		}
	}
	for _, j := range used {
		out := r.m[j][r.n:][:n]
		for i := range out {
			out[i] = sums[i][j]
		}
	}
	r.n += n
	r.place, r.cell = r.place[:r.n], r.cell[:r.n]
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
