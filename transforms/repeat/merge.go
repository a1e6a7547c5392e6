package repeat

import (
	"cmp"
	"context"
	"math/bits"
	"slices"

	"github.com/windvane/windvane/transforms/column"
)

// sink takes what a merge brings together, subject by subject.
type sink interface {
	begin(subject int64)
	// pair is one buyer of the subject, newest day first; undone lines come before everything else. The
	// rows are valid only inside the call.
	pair(buyer int64, rows []row) error
	end()
}

// merger brings all rows of a subject and of each of its buyers together, from runs that are sorted.
type merger struct {
	ctx     context.Context
	order   column.SubjectOrder
	live    []*front
	leaves  []leaf // of the cursors that hold the current subject
	rows    []row  // of a pair that stands in several places
	tree    tree
	subject int64
}

// front is a cursor that is not at its end, with the subject it stands on.
type front struct {
	cursor  *cursor
	subject int64
	rank    uint64
}

// leaf is a cursor with those rows of the current subject that are loaded and not yet merged.
type leaf struct {
	rows   []row
	cursor *cursor
}

// merge merges a span of the runs into the sink. Runs whose rows shall come first stand first.
func merge(ctx context.Context, runs []Run, order column.SubjectOrder, s span, to sink) error {
	m := &merger{ctx: ctx, order: order}
	for i := range runs {
		c, err := openCursor(ctx, &runs[i], order, s)
		if err != nil {
			return err
		}
		h := &front{cursor: c}
		if h.step(order) {
			m.live = append(m.live, h)
		}
	}
	for len(m.live) > 0 {
		m.choose()
		to.begin(m.subject)
		if err := m.mergeSubject(to); err != nil {
			return err
		}
		to.end()
		m.advance()
	}
	return nil
}

// Merge brings the rows of the runs together in the order of stored pairs and yields them in batches of
// about batch rows; a batch is the receiver's. The same days give the same rows
// whatever runs they come in.
func Merge(ctx context.Context, runs []Run, order column.SubjectOrder, batch int, yield func(Rows) error) error {
	w := &writer{batch: batch, yield: yield}
	if err := merge(ctx, newestFirst(runs), order, span{}, w); err != nil {
		return err
	}
	if w.rows.Len() == 0 {
		return nil
	}
	return yield(w.rows)
}

// newestFirst puts runs in the order in which the rows of a pair must come.
func newestFirst(runs []Run) []Run {
	runs = slices.Clone(runs)
	slices.SortStableFunc(runs, func(a, b Run) int { return cmp.Compare(b.Last, a.Last) })
	return runs
}

// writer is the sink that keeps rows as they are.
type writer struct {
	batch   int
	yield   func(Rows) error
	rows    Rows
	subject int64
}

func (w *writer) begin(subject int64) { w.subject = subject }
func (w *writer) end()                {}

func (w *writer) pair(buyer int64, rows []row) error {
	if w.rows.Len()+len(rows) > cap(w.rows.Buyer) {
		if err := w.next(len(rows)); err != nil {
			return err
		}
	}
	r := &w.rows
	for _, x := range rows {
		r.Subject, r.Buyer, r.Facts, r.Value = append(r.Subject, w.subject), append(r.Buyer, buyer), append(r.Facts, x.facts), append(r.Value, x.value)
	}
	return nil
}

// next hands the batch over and makes room for the next one.
func (w *writer) next(rows int) error {
	n := max(w.batch, rows)
	full := w.rows
	w.rows = Rows{make([]int64, 0, n), make([]int64, 0, n), make([]int64, 0, n), make([]int64, 0, n)}
	if full.Len() == 0 {
		return nil
	}
	return w.yield(full)
}

// step looks at the subject the cursor has come to; false at the end.
func (h *front) step(order column.SubjectOrder) bool {
	if h.cursor.atEnd() {
		return false
	}
	if s := h.cursor.subject(); s != h.subject || h.rank == 0 {
		h.subject, h.rank = s, order.Rank(s)
	}
	return true
}

// choose finds the first subject and the cursors that hold it. There are few cursors: looking at all of
// them costs less than keeping them in order.
func (m *merger) choose() {
	first := m.live[0]
	for _, h := range m.live[1:] {
		if h.rank < first.rank || h.rank == first.rank && h.subject != first.subject && m.order.Compare(h.subject, first.subject) < 0 {
			first = h
		}
	}
	m.subject = first.subject
	m.leaves = m.leaves[:0]
	for _, h := range m.live {
		if h.subject == m.subject {
			m.leaves = append(m.leaves, leaf{h.cursor.ofSubject(), h.cursor})
		}
	}
}

// advance brings the heads up to where their cursors are.
func (m *merger) advance() {
	m.live = slices.DeleteFunc(m.live, func(h *front) bool { return !h.step(m.order) })
}

func (m *merger) mergeSubject(to sink) error {
	if len(m.leaves) == 1 {
		return m.mergeOne(&m.leaves[0], to)
	}
	t := &m.tree
	t.reset(len(m.leaves))
	for i := range m.leaves {
		t.set(i, m.leaves[i].rows[0].buyer)
	}
	for w := t.build(); w.at < done; {
		key, l := w.key, &m.leaves[w.at]
		rows, n := l.rows, ofBuyer(l.rows)
		m.rows = m.rows[:0]
		if n < len(rows) { // else there may be more of the buyer
			l.rows = rows[n:]
			w = t.replay(w.at, node{rankBuyer(rows[n].buyer), w.at})
			if rows = rows[:n]; w.key != key { // most buyers stand in one run
				if err := to.pair(rows[0].buyer, rows); err != nil {
					return err
				}
				continue
			}
			m.rows = append(m.rows, rows...)
		}
		var err error
		if w, err = m.gather(w); err != nil {
			return err
		}
		if err := to.pair(buyerOf(key), m.rows); err != nil {
			return err
		}
	}
	return nil
}

// gather adds the rows of a buyer in the run that w names and in those that follow, and returns the first node behind.
func (m *merger) gather(w node) (node, error) {
	for key := w.key; w.key == key && w.at < done; {
		l := &m.leaves[w.at]
		more, err := m.take(l, buyerOf(key))
		if err != nil {
			return w, err
		}
		next := node{rankBuyer(lastBuyer), w.at | done}
		if more {
			next = node{rankBuyer(l.rows[0].buyer), w.at}
		}
		w = m.tree.replay(w.at, next)
	}
	return w, nil
}

// mergeOne is mergeSubject where a single run holds the subject.
func (m *merger) mergeOne(l *leaf, to sink) error {
	for more := true; more; {
		rows := l.rows
		buyer, n := rows[0].buyer, ofBuyer(rows)
		if n < len(rows) {
			l.rows, rows = rows[n:], rows[:n]
		} else {
			m.rows = m.rows[:0]
			var err error
			if more, err = m.take(l, buyer); err != nil {
				return err
			}
			rows = m.rows
		}
		if err := to.pair(buyer, rows); err != nil {
			return err
		}
	}
	return nil
}

// ofBuyer is the number of rows of the buyer of the first.
func ofBuyer(rows []row) int {
	n := 1
	for n < len(rows) && rows[n].buyer == rows[0].buyer {
		n++
	}
	return n
}

// take moves the rows of a buyer from the leaf to those of the pair and tells whether the subject has more there.
func (m *merger) take(l *leaf, buyer int64) (more bool, err error) {
	for {
		n := 0
		for n < len(l.rows) && l.rows[n].buyer == buyer {
			n++
		}
		m.rows = append(m.rows, l.rows[:n]...)
		if l.rows = l.rows[n:]; len(l.rows) > 0 {
			return true, nil
		}
		if more, err := l.cursor.leave(m.ctx); !more {
			return false, err
		}
		l.rows = l.cursor.ofSubject()
	}
}

func rankBuyer(buyer int64) uint64 { return uint64(buyer) ^ 1<<63 }
func buyerOf(rank uint64) int64    { return int64(rank ^ 1<<63) }

// done marks a leaf that has no more rows: it stands behind all others.
const done = 1 << 32

// node is a leaf's buyer; of equal buyers the leaf with the lower number comes first.
type node struct{ key, at uint64 }

// tree is a loser tree: inner node i holds the loser of the match below it.
type tree struct {
	nodes   []node
	winners []node // for build only
	leaves  int
}

func (t *tree) reset(leaves int) {
	t.leaves = leaves
	t.nodes = slices.Grow(t.nodes[:0], leaves)[:leaves]
	t.winners = slices.Grow(t.winners[:0], 2*leaves)[:2*leaves]
}

func (t *tree) set(leaf int, buyer int64) {
	t.winners[t.leaves+leaf] = node{rankBuyer(buyer), uint64(leaf)}
}

// build plays all matches and returns the winner.
func (t *tree) build() node {
	for i := t.leaves - 1; i > 0; i-- {
		a, b := t.winners[2*i], t.winners[2*i+1]
		if b.key < a.key || b.key == a.key && b.at < a.at {
			a, b = b, a
		}
		t.winners[i], t.nodes[i] = a, b
	}
	return t.winners[1]
}

// replay puts n on the leaf of the last winner and returns the next one. The swaps have no branch:
// which of two random buyers is less cannot be guessed.
func (t *tree) replay(leaf uint64, n node) node {
	nodes := t.nodes
	key, at := n.key, n.at
	for i := (uint64(len(nodes)) + leaf) / 2; i > 0; i /= 2 {
		o := &nodes[i]
		_, less := bits.Sub64(o.at, at, 0)
		_, less = bits.Sub64(o.key, key, less)
		k, a := (o.key^key)&-less, (o.at^at)&-less
		o.key, o.at = o.key^k, o.at^a
		key, at = key^k, at^a
	}
	return node{key, at}
}
