package gmv

import (
	"context"
	"slices"
	"sort"

	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// cursor walks one run within a range of subjects.
type cursor struct {
	input  int // the run's position
	run    *Run
	scope  contract.Scope
	order  column.SubjectOrder
	within subjectRange
	next   int // group to be read

	sales    *sales
	subjects []int64
	pos, end int
	release  func()
}

// fill reads groups until there is a row to stand on, or none is left.
func (c *cursor) fill(ctx context.Context) error {
	for c.pos == c.end {
		c.close()
		if c.run == nil || c.next == len(c.run.Groups) {
			return nil
		}
		g := &c.run.Groups[c.next]
		if g.Bounded && c.within.to != nil && c.order.Compare(g.First, *c.within.to) >= 0 {
			c.next = len(c.run.Groups)
			continue
		}
		c.next++
		if g.Bounded && c.within.from != nil && c.order.Compare(g.Last, *c.within.from) < 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		f, release, err := c.run.Read(ctx, c.next-1)
		if err != nil {
			return err
		}
		c.sales, c.subjects, c.release = newSales(f), subjectsOf(c.scope, f), release
		c.pos, c.end = c.within.clip(c.order, c.subjects)
	}
	return nil
}

// follow is fill behind a row; what follows it must not stand before it.
func (c *cursor) follow(ctx context.Context, last int64) error {
	if err := c.fill(ctx); err != nil {
		return err
	}
	if c.pos < c.end && c.order.Compare(last, c.subjects[c.pos]) > 0 {
		return ErrNotSorted
	}
	return nil
}

// close gives the memory of the group at hand back.
func (c *cursor) close() {
	if c.release != nil {
		c.release()
		c.release = nil
	}
}

// take steps behind the rows of the group at hand up to a subject, included. They must be in order.
func (c *cursor) take(last int64) (from, to int, err error) {
	from = c.pos
	rest := c.subjects[from:c.end]
	rest = rest[:c.upTo(rest, last)]
	for i := 1; i < len(rest); i++ {
		if rest[i] != rest[i-1] && c.order.Compare(rest[i-1], rest[i]) > 0 {
			return 0, 0, ErrNotSorted
		}
	}
	c.pos += len(rest)
	return from, c.pos, nil
}

// upTo is how many subjects do not stand behind last. There are few: they are searched from the first on.
func (c *cursor) upTo(subjects []int64, last int64) int {
	from, to := 0, 1
	for to < len(subjects) && c.order.Compare(subjects[to], last) <= 0 {
		from, to = to, 2*to
	}
	to = min(to, len(subjects))
	return from + sort.Search(to-from, func(i int) bool { return c.order.Compare(subjects[from+i], last) > 0 })
}

// merge walks several runs side by side in the order of the rollups, in batches: all rows of some successive subjects. To go
// from run to run with every subject would look for its rows in as many places of memory as runs have columns; a batch
// reads many rows of one run, then of the next.
type merge struct {
	ctx   context.Context
	order column.SubjectOrder
	all   []*cursor
	live  []*cursor // that have rows left
	step  int       // a batch ends with the run in which it reaches so many rows first
	last  int64     // subject of the batch
}

const (
	batchRows = 1 << 13 // of a batch, about: its sums should stay in the processor's own cache
	leastStep = 1 << 4
)

// newMerge stands before the first subject of the range. Close it when done.
func newMerge(ctx context.Context, scope contract.Scope, order column.SubjectOrder, runs []Run, within subjectRange) (*merge, error) {
	m := &merge{ctx: ctx, order: order, step: max(leastStep, batchRows/max(1, len(runs)))}
	var g errgroup.Group
	g.SetLimit(opened)
	for i := range runs {
		c := &cursor{input: i, run: &runs[i], scope: scope, order: order, within: within}
		m.all = append(m.all, c)
		g.Go(func() (err error) {
			defer column.Recover(&err)
			return c.fill(ctx)
		})
	}
	if err := g.Wait(); err != nil {
		m.close()
		return nil, err
	}
	m.live = slices.Clone(m.all)
	return m, nil
}

// opened is how many runs are begun at once: each waits for its first group.
const opened = 8

// add takes another cursor, before the first batch.
func (m *merge) add(c *cursor) { m.live = append(m.live, c) }

func (m *merge) close() {
	for _, c := range m.all {
		c.close()
	}
}

// next steps to the next batch and tells whether there is one.
func (m *merge) next() (bool, error) {
	m.live = slices.DeleteFunc(m.live, func(c *cursor) bool { return c.pos == c.end })
	for i, c := range m.live {
		last := c.subjects[min(c.pos+m.step, c.end)-1]
		if m.order.Compare(c.subjects[c.pos], last) > 0 {
			return false, ErrNotSorted
		}
		if i == 0 || m.order.Compare(last, m.last) < 0 {
			m.last = last
		}
	}
	return len(m.live) > 0, nil
}

// each visits all rows of the batch, once, run by run.
func (m *merge) each(visit func(c *cursor, from, to int)) error {
	for _, c := range m.live {
		for c.pos < c.end {
			from, to, err := c.take(m.last)
			if err != nil {
				return err
			}
			if from == to {
				break
			}
			visit(c, from, to)
			if to < c.end {
				break
			}
			if err := c.follow(m.ctx, c.subjects[to-1]); err != nil {
				return err
			}
		}
	}
	return nil
}
