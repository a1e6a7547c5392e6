package repeat

import (
	"context"
	"sort"

	"github.com/windvane/windvane/transforms/column"
)

// row is a stored row without its subject.
type row struct{ buyer, facts, value int64 }

// loadRows is how many rows a cursor holds side by side. A merge jumps from run to run with every row, so those of all runs
// should fit into the processor's own cache, and each should take one line of it, not one in every column.
const loadRows = 1 << 10

// cursor walks one run within a span, a subject at a time. It holds a group, of which some rows at a time are loaded.
type cursor struct {
	run   *Run
	order column.SubjectOrder
	span  span

	next    int // group to be read
	group   Rows
	release func() // gives back the memory of group, if not nil
	at, end int    // rows of the group that are in the span and still to be loaded

	rows     []row
	pos      int       // where the current subject begins
	subjects []stretch // of the rows from pos on
	memory   []stretch // of subjects
}

// stretch are the rows of one subject, up to end.
type stretch struct {
	subject int64
	end     int
}

// openCursor stands on the first subject of the run in the span, or at its end.
func openCursor(ctx context.Context, run *Run, order column.SubjectOrder, s span) (*cursor, error) {
	c := &cursor{run: run, order: order, span: s}
	for s.from != nil && c.next < len(run.Groups) && run.Groups[c.next].Bounded && compareKeys(order, run.Groups[c.next].Last, *s.from) < 0 {
		c.next++
	}
	return c, c.fill(ctx)
}

// atEnd tells whether the run has no more rows in the span.
func (c *cursor) atEnd() bool { return c.pos == len(c.rows) }

// subject is the current one.
func (c *cursor) subject() int64 { return c.subjects[0].subject }

// ofSubject are the loaded rows of the current subject.
func (c *cursor) ofSubject() []row { return c.rows[c.pos:c.subjects[0].end] }

// leave goes on behind ofSubject and tells whether more of the same subject was loaded there.
func (c *cursor) leave(ctx context.Context) (bool, error) {
	subject := c.subject()
	c.pos = c.subjects[0].end
	if c.subjects = c.subjects[1:]; len(c.subjects) > 0 {
		return false, nil
	}
	if err := c.fill(ctx); err != nil || c.atEnd() {
		return false, err
	}
	return c.subject() == subject, nil
}

// fill loads rows until there is one to stand on, or none is left.
func (c *cursor) fill(ctx context.Context) error {
	c.rows, c.pos = c.rows[:0], 0
	for c.at == c.end {
		if more, err := c.read(ctx); !more {
			return err
		}
	}
	c.load()
	return nil
}

// load puts the next rows of the group side by side.
func (c *cursor) load() {
	if c.rows == nil {
		c.rows = make([]row, loadRows)
	}
	from := c.at
	c.at = min(from+loadRows, c.end)
	g := c.group.Slice(from, c.at)
	n := len(g.Buyer)
	c.rows = c.rows[:n]
	facts, values := g.Facts[:n], g.Value[:n]
	for i, buyer := range g.Buyer {
		c.rows[i] = row{buyer, facts[i], values[i]}
	}
	c.memory = stretches(c.memory[:0], g.Subject, n)
	c.subjects = c.memory
}

// stretches appends those of n rows. Subjects are nil for the platform.
func stretches(out []stretch, subjects []int64, n int) []stretch {
	if subjects == nil {
		return append(out, stretch{0, n})
	}
	if subjects[0] != subjects[n-1] {
		for i := 1; i < n; i++ {
			if subjects[i] != subjects[i-1] {
				out = append(out, stretch{subjects[i-1], i})
			}
		}
	}
	return append(out, stretch{subjects[n-1], n})
}

// read goes to the next group; false: there is none.
func (c *cursor) read(ctx context.Context) (more bool, err error) {
	last, some := c.giveBack()
	if c.next == len(c.run.Groups) {
		return false, nil
	}
	g := &c.run.Groups[c.next]
	if c.span.to != nil && g.Bounded && compareKeys(c.order, g.First, *c.span.to) >= 0 {
		c.next = len(c.run.Groups)
		return false, nil
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if c.group, c.release, err = c.run.Read(ctx, c.next); err != nil {
		return false, err
	}
	c.next++
	if some && c.group.Len() > 0 && compareKeys(c.order, last, c.group.key(0)) > 0 {
		return false, ErrNotSorted
	}
	c.clip(g)
	return true, nil
}

// giveBack gives the group's memory back and tells the key of its last row, if it had one.
func (c *cursor) giveBack() (last Key, some bool) {
	if n := c.group.Len(); n > 0 {
		last, some = c.group.key(n-1), true
	}
	if c.release != nil {
		c.release()
	}
	c.group, c.release, c.at, c.end = Rows{}, nil, 0, 0
	return last, some
}

// clip leaves out rows outside the span.
func (c *cursor) clip(g *Group) {
	at := func(k Key) int {
		return sort.Search(c.group.Len(), func(i int) bool { return compareKeys(c.order, c.group.key(i), k) >= 0 })
	}
	c.at, c.end = 0, c.group.Len()
	if from := c.span.from; from != nil && !(g.Bounded && compareKeys(c.order, g.First, *from) >= 0) {
		c.at = at(*from)
	}
	if to := c.span.to; to != nil && !(g.Bounded && compareKeys(c.order, g.Last, *to) < 0) {
		if c.end = at(*to); c.end < c.group.Len() {
			c.next = len(c.run.Groups) // the span ends in this one
		}
	}
	c.end = max(c.at, c.end)
}
