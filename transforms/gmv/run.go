package gmv

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

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

// runRows is the size of the groups that rows in memory are cut into: they cost little to read, so small ones give fine
// bounds.
const runRows = 1 << 13

// InMemory is a run of rows that are there already.
func InMemory(scope contract.Scope, day calendar.Day, f *column.Frame) Run {
	r, subjects := Run{Day: day}, subjectsOf(scope, f)
	for from := 0; from < f.N; from += runRows {
		to := min(from+runRows, f.N)
		r.Groups = append(r.Groups, Group{int64(to - from), subjects[from], subjects[to-1], true})
	}
	r.Read = func(_ context.Context, group int) (*column.Frame, func(), error) {
		from := group * runRows
		return f.Slice(from, min(from+runRows, f.N)), nil, nil
	}
	return r
}

// CheckOrder fails with ErrNotSorted if the subjects of a group are not in order, or not within its bounds.
func CheckOrder(scope contract.Scope, ids *column.IDs, f *column.Frame, g Group) error {
	if scope.Subject == "" || f.N == 0 {
		return nil
	}
	order, subjects := orderOf(scope, ids), f.Column(scope.Subject)
	for i := 1; i < len(subjects); i++ {
		if subjects[i] != subjects[i-1] && order.Compare(subjects[i-1], subjects[i]) > 0 {
			return fmt.Errorf("row %d: %w", i, ErrNotSorted)
		}
	}
	if g.Bounded && (order.Compare(subjects[0], g.First) < 0 || order.Compare(subjects[f.N-1], g.Last) > 0) {
		return fmt.Errorf("outside its bounds: %w", ErrNotSorted)
	}
	return nil
}

// CheckBounds fails with ErrNotSorted if the bounds of successive groups are not in order.
func CheckBounds(scope contract.Scope, ids *column.IDs, groups []Group) error {
	order := orderOf(scope, ids)
	for i, g := range groups {
		if g.Bounded && (order.Compare(g.First, g.Last) > 0 || i > 0 && groups[i-1].Bounded && order.Compare(groups[i-1].Last, g.First) > 0) {
			return fmt.Errorf("row group %d: %w", i, ErrNotSorted)
		}
	}
	return nil
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
