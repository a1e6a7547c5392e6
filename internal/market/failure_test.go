package market_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/windvane/windvane/internal/market"
)

var errFull = errors.New("the disk is full")

// failing is a sink whose n-th call fails, of WriteParquet after its first batch.
type failing struct {
	n       int64
	calls   atomic.Int64
	running atomic.Int64
}

func (f *failing) WriteParquet(ctx context.Context, _ string, _ *arrow.Schema, _ []string, batches iter.Seq2[arrow.Record, error]) error {
	f.running.Add(1)
	defer f.running.Add(-1)
	fails := f.calls.Add(1) == f.n
	for _, err := range batches {
		if err != nil {
			return err
		}
		if fails {
			return errFull
		}
	}
	return ctx.Err()
}

func (f *failing) WriteFile(context.Context, string, []byte) error {
	if f.calls.Add(1) == f.n {
		return errFull
	}
	return nil
}

func TestAFailingSinkEndsTheMarket(t *testing.T) {
	o := small()
	o.Days, o.LinesPerDay = 3, 2_000
	whole := &failing{n: -1}
	if _, err := market.Generate(t.Context(), o, whole, nil); err != nil {
		t.Fatal(err)
	}
	for n := int64(1); n <= whole.calls.Load(); n++ {
		sink := &failing{n: n}
		_, err := market.Generate(t.Context(), o, sink, nil)
		if !errors.Is(err, errFull) {
			t.Errorf("call %d fails, Generate says %v", n, err)
		}
		if running := sink.running.Load(); running != 0 {
			t.Errorf("call %d fails, %d writers still run", n, running)
		}
	}
}

func TestACancelledMarketEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := small()
	_, err := market.Generate(ctx, o, discard{}, func(p market.Progress) {
		if p.DaysDone == 2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Generate says %v", err)
	}
}

func TestProgressReachesTheEnd(t *testing.T) {
	o := small()
	var last market.Progress
	s, err := market.Generate(t.Context(), o, discard{}, func(p market.Progress) {
		if p.LinesDone < last.LinesDone || p.DaysDone < last.DaysDone {
			t.Errorf("progress goes back from %+v to %+v", last, p)
		}
		last = p
	})
	if err != nil {
		t.Fatal(err)
	}
	want := market.Progress{Day: o.AsOf, DaysDone: o.Days, Days: o.Days, LinesDone: s.Lines, Lines: s.Lines}
	if last != want {
		t.Errorf("progress ends with %+v, want %+v", last, want)
	}
}

func TestOptionsThatMakeNoMarket(t *testing.T) {
	if err := market.DefaultOptions().Validate(); err != nil {
		t.Errorf("the default options are refused: %v", err)
	}
	for _, c := range []struct {
		name   string
		change func(*market.Options)
		want   string
	}{
		{"no day", func(o *market.Options) { o.Days = 0 }, "days: 0"},
		{"too few shops", func(o *market.Options) { o.Merchants = 3 }, "merchants: 3"},
		{"fewer products than shops", func(o *market.Options) { o.Products = o.Merchants - 1 }, "products: 499"},
		{"no worker", func(o *market.Options) { o.Workers = 0 }, "workers: 0"},
		{"before 1970", func(o *market.Options) { o.AsOf = 5 }, "as-of"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := market.DefaultOptions()
			c.change(&o)
			_, err := market.Generate(t.Context(), o, discard{}, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Generate says %v, want %q", err, c.want)
			}
		})
	}
}

func TestTheSmallestMarketsAreMade(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*market.Options)
	}{
		{"one line", func(o *market.Options) { o.Days, o.LinesPerDay = 1, 1 }},
		{"ten of everything", func(o *market.Options) {
			o.Merchants, o.Talents, o.Products, o.Buyers, o.Days, o.LinesPerDay = 10, 10, 10, 10, 5, 200
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := small()
			c.change(&o)
			if _, err := market.Generate(t.Context(), o, discard{}, nil); err != nil {
				t.Error(err)
			}
		})
	}
}
