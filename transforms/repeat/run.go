package repeat

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sort"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
)

// ErrNotSorted says that stored pairs are not in the order they must have.
var ErrNotSorted = errors.New("pairs are not sorted")

// Run are the purchases of some days, sorted, in groups that are read one at a time. No two runs of one
// computation hold the same day.
type Run struct {
	Last   calendar.Day // the newest day it may hold
	Groups []Group      // ascending
	// Read gives one group. It is called by several goroutines at once.
	Read func(ctx context.Context, group int) (Rows, error)
}

// Group says what is known of a group before it is read.
type Group struct {
	Rows        int64
	First, Last Key  // bounds of its keys, themselves possible
	Bounded     bool // First and Last are known
}

// runRows is the size of the groups that rows in memory are cut into: they cost nothing to read, so
// small ones give fine bounds.
const runRows = 1 << 13

// InMemory is a run of rows that are there already.
func InMemory(last calendar.Day, rows Rows) Run {
	r := Run{Last: last}
	for from := 0; from < rows.Len(); from += runRows {
		to := min(from+runRows, rows.Len())
		r.Groups = append(r.Groups, Group{int64(to - from), rows.key(from), rows.key(to - 1), true})
	}
	r.Read = func(_ context.Context, group int) (Rows, error) {
		from := group * runRows
		return rows.Slice(from, min(from+runRows, rows.Len())), nil
	}
	return r
}

// span is a range of keys: from (included) to to (excluded); nil means open.
type span struct{ from, to *Key }

// split cuts the keys of the runs into at most parts spans of about as many rows each. A cut may fall
// into a subject: figures add up.
func split(runs []Run, order column.SubjectOrder, parts int) []span {
	type sample struct {
		key  Key
		rows int64
	}
	var samples []sample
	var total int64
	for _, r := range runs {
		for _, g := range r.Groups {
			if g.Bounded {
				samples = append(samples, sample{g.First, g.Rows})
				total += g.Rows
			}
		}
	}
	slices.SortFunc(samples, func(a, b sample) int { return cmp.Or(compareKeys(order, a.key, b.key), cmp.Compare(a.rows, b.rows)) })
	spans := []span{{}}
	var before int64
	for i, s := range samples {
		if before*int64(parts) >= total*int64(len(spans)) && compareKeys(order, samples[i].key, samples[0].key) > 0 && len(spans) < parts {
			cut := s.key
			if last := &spans[len(spans)-1]; last.from == nil || compareKeys(order, *last.from, cut) < 0 {
				last.to = &cut
				spans = append(spans, span{from: &cut})
			}
		}
		before += s.rows
	}
	return spans
}

// cursor walks one run within a span.
type cursor struct {
	run   *Run
	order column.SubjectOrder
	span  span
	next  int // group to be read
	rows  Rows
	pos   int
	end   int // of the rows in the span
	stop  int // of the current subject's rows in this group
}

// openCursor stands on the first row of the run in the span, or at its end.
func openCursor(ctx context.Context, run *Run, order column.SubjectOrder, s span) (*cursor, error) {
	c := &cursor{run: run, order: order, span: s}
	for s.from != nil && c.next < len(run.Groups) && run.Groups[c.next].Bounded && compareKeys(order, run.Groups[c.next].Last, *s.from) < 0 {
		c.next++
	}
	return c, c.fill(ctx)
}

// atEnd tells whether the run has no more rows in the span.
func (c *cursor) atEnd() bool { return c.pos == c.end }

// fill reads groups until there is a row to stand on, or none is left.
func (c *cursor) fill(ctx context.Context) error {
	for c.pos == c.end && c.next < len(c.run.Groups) {
		g := &c.run.Groups[c.next]
		if c.span.to != nil && g.Bounded && compareKeys(c.order, g.First, *c.span.to) >= 0 {
			c.next = len(c.run.Groups)
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		rows, err := c.run.Read(ctx, c.next)
		if err != nil {
			return err
		}
		c.next++
		if n := c.rows.Len(); n > 0 && rows.Len() > 0 && compareKeys(c.order, c.rows.key(n-1), rows.key(0)) > 0 {
			return ErrNotSorted
		}
		c.rows, c.pos, c.end = rows, 0, rows.Len()
		c.clip(g)
	}
	return nil
}

// clip leaves out rows outside the span.
func (c *cursor) clip(g *Group) {
	at := func(k Key) int {
		return sort.Search(c.rows.Len(), func(i int) bool { return compareKeys(c.order, c.rows.key(i), k) >= 0 })
	}
	if from := c.span.from; from != nil && !(g.Bounded && compareKeys(c.order, g.First, *from) >= 0) {
		c.pos = at(*from)
	}
	if to := c.span.to; to != nil && !(g.Bounded && compareKeys(c.order, g.Last, *to) < 0) {
		if c.end = at(*to); c.end < c.rows.Len() {
			c.next = len(c.run.Groups) // the span ends in this one
		}
	}
	c.end = max(c.pos, c.end)
}

// subject is that of the row the cursor stands on.
func (c *cursor) subject() int64 { return c.rows.subject(c.pos) }

// bound finds where the rows of the current subject end in this group.
func (c *cursor) bound() {
	c.stop = c.end
	if c.rows.Subject == nil {
		return
	}
	s := c.rows.Subject[c.pos:c.end]
	if s[len(s)-1] == s[0] {
		return
	}
	// Most subjects have few rows in a group: look near before looking far.
	step := 1
	for step < len(s) && s[step] == s[0] {
		step *= 2
	}
	from, to := step/2, min(step, len(s)-1)
	for from+1 < to {
		if mid := int(uint(from+to) >> 1); s[mid] == s[0] {
			from = mid
		} else {
			to = mid
		}
	}
	c.stop = c.pos + to
}

// more is called at the stop: it goes on to the next group and tells whether the subject does so too.
func (c *cursor) more(ctx context.Context, subject int64) (bool, error) {
	if c.pos < c.end {
		return false, nil
	}
	if err := c.fill(ctx); err != nil || c.atEnd() || c.subject() != subject {
		return false, err
	}
	c.bound()
	return true, nil
}
