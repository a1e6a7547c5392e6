package gmv

import (
	"math/bits"
	"slices"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// salesMeasures are the measures of the <role>_sales rollups.
var salesMeasures = [...]string{"order_lines", "order_fen", "raw_lines", "raw_fen", "lines", "quantity", "paid_fen", "orders"}

// Positions in salesMeasures.
const (
	sOrderLines = iota
	sOrderFen
	sRawLines
	sRawFen
	sLines
	sQuantity
	sPaid
	sOrders
)

// sales are the columns of a frame of <role>_sales.
type sales struct {
	channel, scene []int64
	m              [len(salesMeasures)][]int64
}

func newSales(f *column.Frame) *sales {
	s := &sales{channel: f.Column("channel"), scene: f.Column("scene")}
	for j, name := range salesMeasures {
		s.m[j] = f.Column(name)
	}
	return s
}

// none tells that a row holds nothing but test orders.
func (s *sales) none(i int) bool { return s.m[sOrderLines][i] == 0 && s.m[sRawLines][i] == 0 }

// Cells of a subject are channel by scene in the order of the rollups, then the total.
var (
	scenes    = len(contract.Scenes)
	totalCell = len(contract.Channels) * scenes
)

// mostCells bounds the cells of a subject, the total included; cells are kept as bits.
const mostCells = 32

// cellOf is the cell of a row.
func cellOf(channel, scene int64) int {
	if channel == column.Null {
		return totalCell
	}
	return int(channel)*scenes + int(scene)
}

// AddUp adds sales rollups of several days up to one frame of the same shape: the sums by subject, channel and scene,
// and over both, sorted as they are. Orders are summed too: an order is counted on its pay day. Rows of nothing but
// test orders are left out. A group is there if it is in any of the frames.
func AddUp(scope contract.Scope, ids *column.IDs, frames []*column.Frame) *column.Frame {
	cursors, from := make([]*cursor, len(frames)), make([]*sales, len(frames))
	for i, f := range frames {
		cursors[i], from[i] = newCursor(scope, f), newSales(f)
	}
	out := &added{room: min(chunkRows, rowsOf(frames))}
	m := newMerge(ids.Strings(scope.Domain), cursors)
	for m.next() {
		for _, r := range m.runs {
			out.add(from[r.input], r.from, r.to)
		}
		out.keep(m.subject)
	}
	return out.frame(scope)
}

// Adder adds sales rollups up as they come, in tiers: a few frames of about one size make one of the next. So each
// row is merged a few times only, and little is in memory at once.
type Adder struct {
	scope contract.Scope
	ids   *column.IDs
	tiers [][]*column.Frame
}

// NewAdder adds up rollups of a scope.
func NewAdder(scope contract.Scope, ids *column.IDs) *Adder { return &Adder{scope: scope, ids: ids} }

// A tier of little is left to the last merge, which takes many frames at once.
const (
	fanIn     = 4
	smallRows = 1 << 18
	mostSmall = 64
)

// Add takes a frame, which must not be changed any more.
func (a *Adder) Add(f *column.Frame) {
	for i := 0; ; i++ {
		if i == len(a.tiers) {
			a.tiers = append(a.tiers, nil)
		}
		a.tiers[i] = append(a.tiers[i], f)
		if n := len(a.tiers[i]); n < fanIn || n < mostSmall && rowsOf(a.tiers[i]) < smallRows {
			return
		}
		f = AddUp(a.scope, a.ids, a.tiers[i])
		a.tiers[i] = nil
	}
}

func rowsOf(frames []*column.Frame) (n int) {
	for _, f := range frames {
		n += f.N
	}
	return n
}

// Frames are what has been added up so far, in some frames, and the adder is empty.
func (a *Adder) Frames() []*column.Frame {
	all := slices.Concat(a.tiers...)
	a.tiers = nil
	return all
}

// Sum is what has been added up so far, in one frame, and the adder is empty.
func (a *Adder) Sum() *column.Frame { return AddUp(a.scope, a.ids, a.Frames()) }

// Columns of the frame that AddUp makes: subject, channel, scene, then salesMeasures.
const addedColumns = 3 + len(salesMeasures)

// chunk is a stretch of rows of that frame: rows come one by one, and are not copied when there are many.
type chunk [addedColumns][]int64

const chunkRows = 1 << 14

// added is the frame that AddUp makes, and the sums of the subject at hand.
type added struct {
	cells uint32 // bit set of those in sums
	sums  [mostCells][len(salesMeasures)]int64
	full  []*chunk
	last  *chunk
	rows  int // in last
	room  int // of a chunk
}

func (a *added) add(s *sales, from, to int) {
	for i := from; i < to; i++ {
		if s.none(i) {
			continue
		}
		cell := cellOf(s.channel[i], s.scene[i])
		a.cells |= 1 << cell
		for j := range s.m {
			a.sums[cell][j] += s.m[j][i]
		}
	}
}

func (a *added) keep(subject int64) {
	for ; a.cells != 0; a.cells &= a.cells - 1 {
		cell := bits.TrailingZeros32(a.cells)
		channel, scene := int64(cell/scenes), int64(cell%scenes)
		if cell == totalCell {
			channel, scene = column.Null, column.Null
		}
		if a.last == nil || a.rows == a.room {
			a.open()
		}
		c, at := a.last, a.rows
		a.rows++
		c[0][at], c[1][at], c[2][at] = subject, channel, scene
		for j, v := range a.sums[cell] {
			c[3+j][at] = v
		}
		clear(a.sums[cell][:])
	}
}

// open begins another chunk.
func (a *added) open() {
	if a.last != nil {
		a.full = append(a.full, a.last)
	}
	a.last, a.rows = &chunk{}, 0
	for j := range a.last {
		a.last[j] = make([]int64, a.room)
	}
}

func (a *added) frame(scope contract.Scope) *column.Frame {
	f := column.NewFrame(len(a.full)*a.room + a.rows)
	names := append([]string{scope.Subject, "channel", "scene"}, salesMeasures[:]...)
	for j, name := range names {
		if name != "" {
			f.Set(name, a.take(j))
		}
	}
	return f
}

// take is column j of all rows, which the chunks lose: the next column may have its memory.
func (a *added) take(j int) []int64 {
	if len(a.full) == 0 && a.last != nil {
		return a.last[j][:a.rows]
	}
	out := make([]int64, 0, len(a.full)*a.room+a.rows)
	for _, c := range a.full {
		out = append(out, c[j]...)
		c[j] = nil
	}
	if a.last != nil {
		out = append(out, a.last[j][:a.rows]...)
	}
	return out
}

// cursor walks rows that are sorted by subject.
type cursor struct {
	subjects []int64
	at       int
}

// newCursor walks a frame; all rows of the platform are those of subject 0.
func newCursor(scope contract.Scope, f *column.Frame) *cursor {
	if scope.Subject == "" {
		return &cursor{subjects: make([]int64, f.N)}
	}
	return &cursor{subjects: f.Column(scope.Subject)}
}

// run are the rows of one subject in one input.
type run struct{ input, from, to int }

// merge walks several inputs subject by subject, in the order of the rollups: numbers or texts ascending, Null last.
type merge struct {
	texts   []string // of the codes, nil where subjects are numbers
	cursors []*cursor
	heap    []int // cursors that have rows left, the one with the first subject on top

	subject int64
	runs    []run // of the subject
}

func newMerge(texts []string, cursors []*cursor) *merge {
	m := &merge{texts: texts, cursors: cursors}
	for i, c := range cursors {
		if len(c.subjects) > 0 {
			m.heap = append(m.heap, i)
		}
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.sink(i)
	}
	return m
}

// next steps to the next subject and tells whether there is one.
func (m *merge) next() bool {
	m.runs = m.runs[:0]
	if len(m.heap) == 0 {
		return false
	}
	m.subject = m.head(0)
	for len(m.heap) > 0 && m.head(0) == m.subject {
		c := m.cursors[m.heap[0]]
		from := c.at
		for c.at < len(c.subjects) && c.subjects[c.at] == m.subject {
			c.at++
		}
		m.runs = append(m.runs, run{m.heap[0], from, c.at})
		if c.at == len(c.subjects) {
			last := len(m.heap) - 1
			m.heap[0] = m.heap[last]
			m.heap = m.heap[:last]
		}
		m.sink(0)
	}
	return true
}

// head is the next subject of the cursor at a place of the heap.
func (m *merge) head(i int) int64 {
	c := m.cursors[m.heap[i]]
	return c.subjects[c.at]
}

func (m *merge) sink(i int) {
	for {
		first := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(m.heap) && before(m.texts, m.head(child), m.head(first)) {
				first = child
			}
		}
		if first == i {
			return
		}
		m.heap[i], m.heap[first] = m.heap[first], m.heap[i]
		i = first
	}
}

// before tells whether subject a stands before b in a rollup.
func before(texts []string, a, b int64) bool {
	if texts == nil || a == column.Null || b == column.Null {
		return column.NullLast(a) < column.NullLast(b)
	}
	return a != b && texts[a] < texts[b]
}
