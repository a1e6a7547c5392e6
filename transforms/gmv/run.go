package gmv

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sort"

	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// ErrNotSorted says that stored sales are not in the order they must have.
var ErrNotSorted = errors.New("sales are not sorted by subject")

// Run are the sales of one day, or the sums of days that lie in the same windows: rows of <role>_sales sorted by
// subject, in groups that are read one at a time.
type Run struct {
	Day    calendar.Day // any of its days
	Groups []Group      // ascending
	// Read gives one group. It is called by several goroutines at once. Nobody looks at the frame after release, which
	// may be nil.
	Read func(ctx context.Context, group int) (f *column.Frame, release func(), err error)
}

// Group says what is known of a group before it is read.
type Group struct {
	Rows        int64
	First, Last int64 // bounds of its subjects, themselves possible
	Bounded     bool  // First and Last are known
}

// InMemory is a run of rows that are there already.
func InMemory(scope contract.Scope, day calendar.Day, f *column.Frame) Run {
	r := Run{Day: day, Read: func(context.Context, int) (*column.Frame, func(), error) { return f, nil, nil }}
	if f.N > 0 {
		subjects := subjectsOf(scope, f)
		r.Groups = []Group{{int64(f.N), subjects[0], subjects[f.N-1], true}}
	}
	return r
}

// subjectsOf are the subjects of rows; all rows of the platform are those of subject 0.
func subjectsOf(scope contract.Scope, f *column.Frame) []int64 {
	if scope.Subject == "" {
		return make([]int64, f.N)
	}
	return f.Column(scope.Subject)
}

// orderOf is the order of a scope's subjects in rollups.
func orderOf(scope contract.Scope, ids *column.IDs) column.SubjectOrder {
	if scope.Subject == "" {
		return column.SubjectOrder{}
	}
	return column.SubjectOrder{Dict: ids.Dict(contract.Column{Kind: contract.ID, Domain: scope.Domain})}
}

// subjectRange goes from a subject (included) to another one (excluded); nil means open.
type subjectRange struct{ from, to *int64 }

// split cuts the subjects of the runs into at most parts ranges of about as many rows each.
func split(runs []Run, order column.SubjectOrder, parts int) []subjectRange {
	var groups []Group
	var total, before int64
	for _, r := range runs {
		for _, g := range r.Groups {
			if g.Bounded {
				groups, total = append(groups, g), total+g.Rows
			}
		}
	}
	slices.SortFunc(groups, func(a, b Group) int { return cmp.Or(order.Compare(a.First, b.First), cmp.Compare(a.Rows, b.Rows)) })
	cut := []subjectRange{{}}
	for _, g := range groups {
		last := &cut[len(cut)-1]
		due := len(cut) < parts && before*int64(parts) >= total*int64(len(cut))
		if due && order.Compare(g.First, groups[0].First) > 0 && (last.from == nil || order.Compare(*last.from, g.First) < 0) {
			last.to = &g.First
			cut = append(cut, subjectRange{from: &g.First})
		}
		before += g.Rows
	}
	return cut
}

// clip are the first of sorted subjects that lies in the range, and the first behind it.
func (r *subjectRange) clip(order column.SubjectOrder, subjects []int64) (from, to int) {
	at := func(bound int64) int {
		return sort.Search(len(subjects), func(i int) bool { return order.Compare(subjects[i], bound) >= 0 })
	}
	if to = len(subjects); r.to != nil {
		to = at(*r.to)
	}
	if r.from != nil {
		from = min(at(*r.from), to)
	}
	return from, to
}

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

	subject int64 // that it stands on
	rank    uint64
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
	c.stand()
	return nil
}

// close gives the memory of the group at hand back.
func (c *cursor) close() {
	if c.release != nil {
		c.release()
		c.release = nil
	}
}

// stand looks at the subject the cursor has come to.
func (c *cursor) stand() {
	if s := c.subjects[c.pos]; s != c.subject || c.rank == 0 {
		c.subject, c.rank = s, c.order.Rank(s)
	}
}

// merge walks several runs subject by subject, in the order of the rollups.
type merge struct {
	ctx     context.Context
	order   column.SubjectOrder
	heap    []*cursor // that have rows left, the one with the first subject on top
	all     []*cursor
	subject int64
	begun   bool
}

// newMerge stands before the first subject of the range. Close it when done.
func newMerge(ctx context.Context, scope contract.Scope, order column.SubjectOrder, runs []Run, within subjectRange) (*merge, error) {
	m := &merge{ctx: ctx, order: order}
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
	for _, c := range m.all {
		m.add(c)
	}
	return m, nil
}

// opened is how many runs are begun at once: each waits for its first group.
const opened = 8

// add takes another cursor, before the first subject.
func (m *merge) add(c *cursor) {
	if c.pos == c.end {
		return
	}
	m.heap = append(m.heap, c)
	for i := len(m.heap) - 1; i > 0 && m.before(m.heap[i], m.heap[(i-1)/2]); i = (i - 1) / 2 {
		m.heap[i], m.heap[(i-1)/2] = m.heap[(i-1)/2], m.heap[i]
	}
}

func (m *merge) close() {
	for _, c := range m.all {
		c.close()
	}
}

// next steps to the next subject and tells whether there is one.
func (m *merge) next() (bool, error) {
	if len(m.heap) == 0 {
		return false, nil
	}
	last := m.subject
	m.subject = m.heap[0].subject
	if m.begun && m.order.Compare(last, m.subject) >= 0 {
		return false, ErrNotSorted
	}
	m.begun = true
	return true, nil
}

// each visits all rows of the subject, once.
func (m *merge) each(visit func(c *cursor, from, to int)) error {
	for len(m.heap) > 0 && m.heap[0].subject == m.subject {
		c := m.heap[0]
		from := c.pos
		for c.pos < c.end && c.subjects[c.pos] == m.subject {
			c.pos++
		}
		visit(c, from, c.pos)
		switch {
		case c.pos < c.end:
			c.stand()
		default:
			if err := c.fill(m.ctx); err != nil {
				return err
			}
			if c.pos == c.end {
				last := len(m.heap) - 1
				m.heap[0] = m.heap[last]
				m.heap = m.heap[:last]
			}
		}
		m.sink()
	}
	return nil
}

// sink brings the top of the heap to its place.
func (m *merge) sink() {
	heap := m.heap
	for i := 0; ; {
		first := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(heap); child++ {
			if m.before(heap[child], heap[first]) {
				first = child
			}
		}
		if first == i {
			return
		}
		heap[i], heap[first] = heap[first], heap[i]
		i = first
	}
}

// before tells whether cursor a stands before b.
func (m *merge) before(a, b *cursor) bool {
	if a.rank != b.rank {
		return a.rank < b.rank
	}
	return a.subject != b.subject && m.order.Compare(a.subject, b.subject) < 0
}
