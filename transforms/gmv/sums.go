// Package gmv computes GMV in all its forms: by role, subject and window, by channel and scene, what
// was excluded and why, the platform's overview, and how a day's GMV moved after it was published.
//
// It merges the daily rollups <role>_sales and excluded_lines and the settled refunds; every figure is
// a sum of exact integers. Windows are nested, so each day is added once, to the shortest window that
// holds it, and the windows are read off as running sums.
//
// The way of the sales:
//
//  1. Rollups are sorted by subject, and so are sums of days that lie in the same windows (add.go). All are
//     read side by side, a group of rows of each at a time (run.go).
//  2. They and the refunds are added up into cells by windows, some successive subjects at a time (merge.go, batch.go), and
//     what there is of each is kept, packed (sums.go). Ranges of subjects are merged beside each other.
//  3. The tables read the windows off in the order of the subjects' texts, in records of bounded size
//     (rows.go, tables.go).
package gmv

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Lags of the settled forms, in days.
const (
	Lag15 = 15
	Lag30 = 30
)

// Lookback is how many days before the as-of date the sales of the longest window begin.
const Lookback = 365 + Lag30

// Measures of a group.
const (
	mOrderFen = iota
	mRawFen
	mPaid
	mRefund // of lines paid in the window, succeeded by the as-of date
	mPaid15
	mRefund15
	mPaid30
	mRefund30
	mRefundFlow // succeeded in the window
	mLines      // from here on counts, not fen
	mQuantity
	mOrders
	measures
)

// Input is what the GMV of one scope is computed from.
type Input struct {
	AsOf    calendar.Day
	Scope   contract.Scope
	Runs    []Run    // the scope's <role>_sales rollups of [AsOf-Lookback+1, AsOf], or sums of them by AddUp over days in the SameWindows
	Refunds *Refunds // nil: not computable
	IDs     *column.IDs
	Workers int

	SharedRows int64 // rows worth a second worker; changes nothing in the result; 0: a million
}

// windows is the number of contract.Windows, and of the steps between them.
const windows = 6

// lags are 0, 15 and 30 days.
var lags = [3]calendar.Day{0, Lag15, Lag30}

// places are the positions in contract.Windows of the shortest windows that hold a day, without lag and lagged by
// 15 and 30 days; windows where none does.
type places [len(lags)]uint8

// none are the places of a day in no window.
var none = places{windows, windows, windows}

// placeOf is the shortest window that holds a day of the given age, windows if none does.
func placeOf(age calendar.Day) uint8 {
	if age < 0 {
		return windows
	}
	for i, w := range contract.Windows {
		if age < calendar.Day(w) {
			return uint8(i)
		}
	}
	return windows
}

func placesOf(age calendar.Day) (p places) {
	for i, lag := range lags {
		p[i] = placeOf(age - lag)
	}
	return p
}

// SameWindows tells whether all days from first to last lie in the same windows of a night, so that their rollups may
// be added up before.
func SameWindows(asOf, first, last calendar.Day) bool {
	p := placesOf(asOf - first)
	for d := first + 1; d <= last; d++ {
		if placesOf(asOf-d) != p {
			return false
		}
	}
	return true
}

// Sums are the figures of one scope: rows of (subject, cell, shortest window), sorted by subject as rollups are.
type Sums struct {
	Scope    contract.Scope
	subjects []int64
	spans    []span   // of the rows of each subject; cell 0 is the total, then come cells in the order in which they are published
	order    []uint32 // positions in subjects, by their published texts
	packed   packed
	used     []int // measures that may be other than 0
}

// Len is the number of subjects.
func (s *Sums) Len() int { return len(s.subjects) }

// Sum adds up one scope.
func Sum(ctx context.Context, in Input) (*Sums, error) {
	return sumIn(ctx, in, partsOf(&in))
}

// sumIn works on at most so many ranges of subjects, which changes nothing in the result.
func sumIn(ctx context.Context, in Input, ranges int) (*Sums, error) {
	runs := slices.DeleteFunc(slices.Clone(in.Runs), func(r Run) bool {
		return len(r.Groups) == 0 || placesOf(in.AsOf-r.Day) == none
	})
	refunds := in.Refunds.of(in.Scope, in.IDs)
	order := orderOf(in.Scope, in.IDs)
	cut := split(runs, order, ranges)
	parts := make([]*Sums, len(cut))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, in.Workers))
	for i := range cut {
		g.Go(func() (err error) {
			defer column.Recover(&err)
			parts[i], err = sumRange(ctx, &in, order, runs, cut[i], refunds)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	s := join(parts)
	s.Scope = in.Scope
	s.prepare(in.AsOf, runs, refunds)
	s.order = textOrder(s.subjects, in.IDs.CompareText(in.Scope.Domain, contract.NoSubject))
	return s, nil
}

// sharedRows is the number of rows worth a second worker: each reads the groups at its borders too.
const sharedRows = 1 << 20

// partsOf is into how many ranges of subjects the runs are cut.
func partsOf(in *Input) int {
	var rows int64
	for _, r := range in.Runs {
		for _, g := range r.Groups {
			rows += g.Rows
		}
	}
	if rows < cmp.Or(in.SharedRows, sharedRows) {
		return 1
	}
	return max(1, in.Workers)
}

// sumRange adds up the subjects of a range.
func sumRange(ctx context.Context, in *Input, order column.SubjectOrder, runs []Run, of subjectRange, refunds *returned) (*Sums, error) {
	m, err := newMerge(ctx, in.Scope, order, runs, of)
	if err != nil {
		return nil, err
	}
	defer m.close()
	returns := &cursor{subjects: refunds.subjects, order: order}
	returns.pos, returns.end = of.clip(order, refunds.subjects)
	m.add(returns)
	at := make([]places, len(runs))
	for i := range runs {
		at[i] = placesOf(in.AsOf - runs[i].Day)
	}
	out, b := &Sums{}, &summing{batch: newBatch[block](order), ranks: cellRanks()}
	for {
		more, err := m.next()
		if err != nil || !more {
			return out, err
		}
		err = m.each(func(c *cursor, from, to int) {
			if c == returns {
				b.addRefunds(refunds, from, to)
			} else {
				b.addSales(c.sales, at[c.input], c.subjects, from, to)
			}
		})
		if err != nil {
			return nil, err
		}
		out.keep(b)
	}
}

// join puts the sums of successive ranges together.
func join(parts []*Sums) *Sums {
	out := parts[0]
	for _, p := range parts[1:] {
		chunks := uint32(len(out.packed.chunks))
		out.packed.chunks = append(out.packed.chunks, p.packed.chunks...)
		out.subjects = append(out.subjects, p.subjects...)
		for _, r := range p.spans {
			r.chunk += chunks
			out.spans = append(out.spans, r)
		}
	}
	return out
}

// prepare finds out which measures there may be.
func (s *Sums) prepare(asOf calendar.Day, runs []Run, refunds *returned) {
	has := [measures]bool{}
	for _, r := range runs {
		p := placesOf(asOf - r.Day)
		for i, ms := range [3][]int{{mOrderFen, mRawFen, mPaid, mLines, mQuantity, mOrders}, {mPaid15}, {mPaid30}} {
			for _, m := range ms {
				has[m] = has[m] || p[i] < windows
			}
		}
	}
	for _, m := range []int{mRefund, mRefund15, mRefund30, mRefundFlow} {
		has[m] = refunds.len() > 0
	}
	for m := range has {
		if has[m] {
			s.used = append(s.used, m)
		}
	}
}

// keep appends what is in the batch, and empties it.
func (s *Sums) keep(b *summing) {
	begun, at := false, span{}
	_ = b.each(func(_ int64, cell int, sums *block) {
		if !begun {
			begun, at = true, s.packed.begin()
		}
		sums.each(func(place int, m *[measures]int64) { s.packed.append(cell, place, m) })
	}, func(subject int64) error {
		s.subjects = append(s.subjects, subject)
		s.spans = append(s.spans, s.packed.end(at))
		begun = false
		return nil
	})
}

// textOrder sorts positions by the texts of their subjects. Numbers come as a few runs that are in order, those of
// as many digits; texts as one: merging the runs there are costs little.
func textOrder(subjects []int64, compare func(a, b int64) int) []uint32 {
	order := make([]uint32, len(subjects))
	var bounds []int // where a run begins
	for i := range order {
		order[i] = uint32(i)
		if i == 0 || compare(subjects[i-1], subjects[i]) > 0 {
			bounds = append(bounds, i)
		}
	}
	bounds = append(bounds, len(order))
	spare := make([]uint32, 0, len(order))
	for len(bounds) > 2 {
		merged := []int{0}
		for i := 0; i+1 < len(bounds); i += 2 {
			middle, end := bounds[i+1], bounds[min(i+2, len(bounds)-1)]
			spare = mergeRuns(spare, order[bounds[i]:middle], order[middle:end], func(a, b uint32) bool { return compare(subjects[a], subjects[b]) <= 0 })
			merged = append(merged, end)
		}
		order, spare, bounds = spare, order[:0], merged
	}
	return slices.Clip(order)
}

func mergeRuns(dst, a, b []uint32, inOrder func(a, b uint32) bool) []uint32 {
	for len(a) > 0 && len(b) > 0 {
		if inOrder(a[0], b[0]) {
			dst, a = append(dst, a[0]), a[1:]
		} else {
			dst, b = append(dst, b[0]), b[1:]
		}
	}
	return append(append(dst, a...), b...)
}
