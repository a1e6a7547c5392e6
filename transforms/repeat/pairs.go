// Package repeat computes who buys and who comes back: buyers of every window, new and returning, R1,
// months and R2, cohorts and R3, and the trust figures, all from one pass over the pairs of subject and
// buyer.
//
// Pairs are stored sorted by subject and buyer: one day's in a rollup, many days' in a segment. Runs of
// them are merged side by side, so that all pairs of a subject come together and its figures are plain
// sums; nothing is held but a group of rows of each run. A pair's days come newest first, and every
// window, month and cohort is read off one walk over them.
//
// Figures that ignore refunds (buyers, new buyers, MAB, trust) use all its days; R1 to R3 use the days
// on which at least one line was not fully refunded within 15 days of payment.
package repeat

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// NewBuyerDays is how long a buyer must not have bought before a window to be new in it.
const NewBuyerDays = 365

// MonthsShown is how many calendar months before the current one monthly_buyers shows.
const MonthsShown = 13

// Range is a span of business days, both ends included.
type Range struct{ From, To calendar.Day }

// Input is what the figures of one scope are computed from.
type Input struct {
	AsOf    calendar.Day
	Scope   contract.Scope
	Runs    []Run               // the scope's purchases of the history kept
	First   calendar.Day        // the first day of the history kept
	Undone  *Undone             // what settled refunds took out; nil: not computable
	Kept    calendar.Day        // from this day on it is known whose purchases refunds took out: what remains is counted of later ones alone
	Ranges  []Range             // spans whose distinct buyers are asked for (the overview's), at most 64
	Months  bool                // also months and cohorts
	Won     *Won                // products: also their trials; nil: none
	Order   column.SubjectOrder // of the runs' subjects
	Compare func(a, b int64) int
	Workers int
}

// Measures of a window.
const (
	mBuyers = iota
	mNew
	mOrders
	mNewOrders
	mPaid
	mReturningPaid
	mDistribution
	mConverted
	mSetOrders
	mSetBuyers
	mSetFen
	mKept // buyers with a purchase day that remains
	mRepeat
	mGaps
	mGapDays
	windowMeasures
)

// spanRows is the number of rows worth a span of their own, sharedRows the number worth a second worker.
const (
	spanRows   = 1 << 24
	sharedRows = 1 << 16
	maxSpans   = 8 // of each worker: a span reads the groups at its borders once more
)

// spans is into how many spans the runs are cut.
func spans(runs []Run, workers int) int {
	var rows int64
	for _, r := range runs {
		for _, g := range r.Groups {
			rows += g.Rows
		}
	}
	if workers <= 1 || rows < sharedRows {
		return 1
	}
	return workers * int(min(maxSpans, 1+rows/int64(workers)/spanRows))
}

// Compute makes one pass over the scope's pairs.
func Compute(ctx context.Context, in Input) (*Figures, error) {
	return compute(ctx, in, spans(in.Runs, in.Workers))
}

// compute works on at most so many spans, which changes nothing in the result.
func compute(ctx context.Context, in Input, spans int) (*Figures, error) {
	if len(in.Ranges) > 64 {
		return nil, fmt.Errorf("%d ranges, at most 64", len(in.Ranges))
	}
	runs := newestFirst(in.Runs)
	if in.Undone != nil {
		undone := InMemory(in.AsOf, in.Undone.pack(in.Scope, in.Order))
		runs = slices.Insert(runs, 0, undone)
	}
	days := newDays(&in)
	cut := split(runs, in.Order, spans)
	parts := make([]*part, len(cut))
	err := eachSpan(ctx, len(cut), in.Workers, func(ctx context.Context, i int) error {
		s := newScan(&in, days)
		parts[i] = s.out
		return merge(ctx, runs, in.Order, cut[i], s)
	})
	if err != nil {
		return nil, err
	}
	return join(&in, parts), nil
}

// eachSpan works through spans in order, workers at a time.
func eachSpan(ctx context.Context, spans, workers int, do func(ctx context.Context, i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range min(spans, max(1, workers)) {
		g.Go(func() (err error) {
			defer column.Recover(&err)
			for {
				i := int(next.Add(1) - 1)
				if i >= spans || err != nil {
					return err
				}
				err = do(ctx, i)
			}
		})
	}
	return g.Wait()
}
