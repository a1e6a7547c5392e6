package lift

import (
	"context"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
)

// Input is what a state is made of: an older one, and what has changed since.
type Input struct {
	Plan    Plan
	Start   calendar.Day  // first day of eligibility that counts; pairs that were eligible before it are known and left out
	From    calendar.Day  // as-of date of the older state; the day before the first one of eligibility if there is none
	AsOf    calendar.Day  // of the new one
	Old     Run           // pairs of the older state
	OldDays *column.Frame // single-day family of the older state, as stored; nil: there is none
	Events  *Events       // all that changed, and refunds where figures are wanted
	IDs     *column.IDs
	Workers int

	Count bool // figures are wanted
	// ShownKnown tells whether the exposures of all these days, both included, are known.
	ShownKnown func(first, last calendar.Day) bool
	// RefundsKnown tells whether all refunds of the lines paid on these days, both included, can be known.
	RefundsKnown func(first, last calendar.Day) bool
	// ChannelsKnown tells whether the channels of all sales of these days, both included, are known.
	ChannelsKnown func(first, last calendar.Day) bool
}

func (in *Input) validate() error {
	if err := in.Plan.Validate(); err != nil {
		return err
	}
	if in.Start <= 0 || in.AsOf > dayMask {
		return fmt.Errorf("days from %s to %s cannot be stored", in.Start, in.AsOf)
	}
	return nil
}

func (in *Input) orders() orders {
	t := StoredPairs()
	of := func(name string) func(a, b int64) int { return orderOf(in.IDs.Dict(*t.Column(name))) }
	return orders{of("merchant_id"), of("source_promoter_id"), of("programme")}
}

// Result is what a state says beside its pairs.
type Result struct {
	Days    *column.Frame // the single-day family, as stored
	Figures *Figures      // nil: not wanted
}

// Advance makes the state of AsOf from the older one. The same eligibility, sales and exposures give the same pairs and
// days whatever the older state was, however the rows came, and whatever the number of workers. yield gets the pairs
// in order, a range of buyers at a time; it is nil where nothing changed and figures alone are wanted.
func Advance(ctx context.Context, in Input, yield func(Pairs) error) (*Result, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	a := &advance{Input: in, yield: yield, ready: make([]chan Pairs, in.Events.parts)}
	for i := range a.ready {
		a.ready[i] = make(chan Pairs, 1)
	}
	workers := max(1, in.Workers)
	a.room = make(chan struct{}, workers+1)
	crew := make([]*worker, workers)
	g, ctx := errgroup.WithContext(ctx)
	for i := range crew {
		crew[i] = a.worker()
		g.Go(func() (err error) {
			defer column.Recover(&err)
			return crew[i].run(ctx)
		})
	}
	g.Go(func() (err error) {
		defer column.Recover(&err)
		return a.deliver(ctx)
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	days, sums := crew[0].family, crew[0].tally
	for _, w := range crew[1:] {
		days.merge(w.family)
		sums.merge(w.tally)
	}
	days.load(in.OldDays)
	out := &Result{Days: days.frame(in.orders().merchants)}
	if in.Count {
		out.Figures = sums.figures(&in, out.Days)
	}
	return out, nil
}

// advance works through the ranges of buyers: workers take them in order, and they are delivered in order.
type advance struct {
	Input
	yield func(Pairs) error
	next  atomic.Int64
	room  chan struct{} // as many ranges as may be held
	ready []chan Pairs
}

// deliver hands the ranges on in order.
func (a *advance) deliver(ctx context.Context) error {
	for _, one := range a.ready {
		select {
		case p := <-one:
			if a.yield != nil && p.Len() > 0 {
				if err := a.yield(p); err != nil {
					return err
				}
			}
			<-a.room
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// worker works on one range after another.
type worker struct {
	*advance
	walker  walker
	family  *family
	tally   *tally
	changes []change
	refunds []refund
}

func (a *advance) worker() *worker {
	w := &worker{advance: a, family: newFamily(&a.Plan, a.Start, a.From, a.AsOf), tally: newTally(&a.Plan, a.Start, a.AsOf)}
	w.walker = walker{plan: &a.Plan, start: a.Start, from: a.From, compare: a.orders().merchants, family: w.family}
	return w
}

func (w *worker) run(ctx context.Context) error {
	for {
		select {
		case w.room <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		part := int(w.next.Add(1) - 1)
		if part >= len(w.ready) {
			<-w.room
			return nil
		}
		p, err := w.part(ctx, part)
		if err != nil {
			return err
		}
		w.ready[part] <- p
	}
}

// part makes the pairs of one range of buyers.
func (w *worker) part(ctx context.Context, part int) (out Pairs, err error) {
	first, last := w.Events.bounds(part)
	old, err := w.Old.between(ctx, first, last)
	if err != nil {
		return out, err
	}
	err = column.VisitPartition([]*column.Scatter{w.Events.changes, w.Events.refunds}, part, func(blocks [][][]int64) error {
		w.changes = sortChanges(blocks[0], w.changes)
		w.refunds = sortRefunds(blocks[1], w.refunds)
		return nil
	})
	if err != nil {
		return out, err
	}
	out = w.walker.walk(old, w.changes)
	w.family.count(&out)
	if w.Count {
		w.tally.add(&out, w.refunds)
	}
	return out, nil
}
