package jobs

import (
	"context"
	"sync/atomic"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rollup"
)

// progressCounter counts finished parts over goroutines.
type progressCounter struct{ n atomic.Int64 }

func (c *progressCounter) next() int { return int(c.n.Add(1)) }

// history delivers a rollup's days from first to the as-of date, loading a few ahead: the named columns of them and perhaps
// others, without names all. Where other nights follow, whole days are loaded, since these are kept for them.
func (n *night) history(ctx context.Context, r *rollup.Rollup, first calendar.Day, columns ...string) column.Days {
	if !n.runner.OneNight {
		columns = nil
	}
	var wanted []Partition
	for _, p := range n.partitions[r.Source.Name] {
		if p.Day >= first && p.Day <= n.asOf {
			wanted = append(wanted, p)
		}
	}
	return func(yield func(column.Dated, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		queue := n.prefetch(ctx, r, wanted, columns)
		defer func() { // nothing is left that reads: the store may be closed next
			stop()
			for loaded := range queue {
				<-loaded
			}
		}()
		for loaded := range queue {
			l := <-loaded
			if !yield(column.Dated{Day: l.day, Frame: l.frame}, l.err) || l.err != nil {
				return
			}
		}
		if err := ctx.Err(); err != nil { // prefetch ends early then: a history cut short is no history
			yield(column.Dated{}, err)
		}
	}
}

type loaded struct {
	day   calendar.Day
	frame *column.Frame
	err   error
}

// prefetch loads up to a handful of days ahead of the reader, in order.
func (n *night) prefetch(ctx context.Context, r *rollup.Rollup, wanted []Partition, columns []string) <-chan chan loaded {
	queue := make(chan chan loaded, 2*n.runner.Settings.workers())
	go func() {
		defer close(queue)
		for _, p := range wanted {
			one := make(chan loaded, 1)
			select {
			case queue <- one:
			case <-ctx.Done():
				return
			}
			go func() { one <- n.load(ctx, r, p, columns) }()
		}
	}()
	return queue
}

func (n *night) load(ctx context.Context, r *rollup.Rollup, p Partition, columns []string) (l loaded) {
	l.day = p.Day
	defer column.Recover(&l.err)
	l.frame, l.err = n.frame(ctx, r, p, columns...)
	return l
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
