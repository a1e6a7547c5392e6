package jobs

import (
	"context"
	"iter"
	"slices"
	"sync/atomic"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/gmv"
	"github.com/windvane/windvane/transforms/rollup"
)

// progressCounter counts finished parts over goroutines.
type progressCounter struct{ n atomic.Int64 }

func (c *progressCounter) next() int { return int(c.n.Add(1)) }

// history delivers a rollup's days from first to the as-of date, loading a few ahead: the named columns of them and perhaps
// others, without names all.
func (n *night) history(ctx context.Context, r *rollup.Rollup, first calendar.Day, columns ...string) column.Days {
	return n.daysOf(ctx, r, columns, func(d calendar.Day) bool { return d >= first && d <= n.asOf })
}

// historyIn delivers the days of a rollup that lie in any of the spans, oldest first, as history does.
func (n *night) historyIn(ctx context.Context, r *rollup.Rollup, spans []gmv.Span, columns ...string) column.Days {
	return n.daysOf(ctx, r, columns, func(d calendar.Day) bool {
		return slices.ContainsFunc(spans, func(s gmv.Span) bool { return s.Holds(d) })
	})
}

// daysOf delivers the days that are wanted. Where other nights follow, they are loaded whole, since they are kept for them.
func (n *night) daysOf(ctx context.Context, r *rollup.Rollup, columns []string, wanted func(d calendar.Day) bool) column.Days {
	if !n.runner.OneNight {
		columns = nil
	}
	var days []Partition
	for _, p := range n.partitions[r.Source.Name] {
		if wanted(p.Day) {
			days = append(days, p)
		}
	}
	return n.loadDays(ctx, r, days, 2*n.runner.Settings.workers(), columns)
}

// aheadBytes bounds what passing loads ahead: days of sales may be large.
const aheadBytes = 128 << 20

// passing delivers the named columns of a rollup's days from first to the as-of date, which are not kept, also where other
// nights follow.
func (n *night) passing(ctx context.Context, r *rollup.Rollup, first calendar.Day, columns ...string) column.Days {
	return n.passingDays(ctx, r, n.since(r.Source, first), columns...)
}

// passingDays delivers some days as passing does.
func (n *night) passingDays(ctx context.Context, r *rollup.Rollup, days []Partition, columns ...string) column.Days {
	largest := int64(1)
	for i := range days {
		rows, _ := days[i].rows(r)
		largest = max(largest, rows)
	}
	ahead := min(aheadBytes/(largest*int64(8*len(columns))), int64(2*n.runner.Settings.workers()))
	return n.loadDays(ctx, r, days, int(ahead), columns)
}

// loadDays loads so many days before they are asked for.
func (n *night) loadDays(ctx context.Context, r *rollup.Rollup, days []Partition, ahead int, columns []string) column.Days {
	return inOrder(ctx, days, ahead, func(ctx context.Context, p Partition) (column.Dated, error) {
		f, err := n.frame(ctx, r, p, columns...)
		return column.Dated{Day: p.Day, Frame: f}, err
	})
}

// inOrder loads things beside each other and hands them over in their order; so many are loaded before the reader has come
// to them. It ends with the first error. When it is left nothing is being loaded any more: the store may be closed next.
func inOrder[T, R any](ctx context.Context, things []T, ahead int, load func(ctx context.Context, thing T) (R, error)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		var begun []chan loaded[R]
		defer func() {
			stop()
			for _, one := range begun {
				<-one
			}
		}()
		for left := things; len(left)+len(begun) > 0; {
			for ; len(left) > 0 && len(begun) <= ahead; left = left[1:] {
				begun = append(begun, begin(ctx, left[0], load))
			}
			l := <-begun[0]
			begun = begun[1:]
			if !yield(l.value, l.err) || l.err != nil {
				return
			}
		}
	}
}

type loaded[R any] struct {
	value R
	err   error
}

// begin loads in a goroutine of its own.
func begin[T, R any](ctx context.Context, thing T, load func(ctx context.Context, thing T) (R, error)) chan loaded[R] {
	one := make(chan loaded[R], 1)
	go func() {
		var l loaded[R]
		defer func() { one <- l }()
		defer column.Recover(&l.err)
		if l.err = ctx.Err(); l.err == nil {
			l.value, l.err = load(ctx, thing)
		}
	}()
	return one
}

// rows is the number of rows of a rollup from first on, as far as it is known.
func (n *night) rows(r *rollup.Rollup, first calendar.Day) (rows int64) {
	for _, p := range n.partitions[r.Source.Name] {
		if of, _ := p.rows(r); p.Day >= first && of > 0 {
			rows += of
		}
	}
	return rows
}
