package market

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// generator is a market being made.
type generator struct {
	*population
	opts   Options
	first  calendar.Day
	promos []promotion
	writer *writer

	loyalty  *loyalty
	eligible *eligibility
	pending  *pending
	traffic  *traffic        // of the day being made
	spare    *traffic        // of the day before, whose figures may still be written
	parts    *errgroup.Group // closes the event files of the day being made
	figures  *errgroup.Group // makes the figures of the day before
	days     []DayTotals
	arms     [][2]int64 // per merchant: eligible pairs in treatment and holdout

	mu       sync.Mutex // guards what follows
	rows     map[string]int64
	progress Progress
	tell     func(Progress)
}

// Generate makes a market and writes its dumps and its truth to sink.
//
// progress may be nil; it is called from one goroutine at a time. After an error the sink holds some of
// the files; a day without _SUCCESS is not complete. Errors are those of Options.Validate, of the sink,
// and of the context.
func Generate(ctx context.Context, opts Options, sink Sink, progress func(Progress)) (Summary, error) {
	if err := opts.Validate(); err != nil {
		return Summary{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // a sink that still reads must not outlive the call
	g := newGenerator(ctx, opts, sink, progress)
	for i, lines := range linesByDay(opts, g.promos) {
		d := g.first + calendar.Day(i)
		if err := g.makeDay(ctx, d, lines); err != nil {
			cancel()
			_, _ = g.parts.Wait(), g.figures.Wait() // nobody may write on; what stopped the market is err
			return Summary{}, fmt.Errorf("make the dumps of %s: %w", d, err)
		}
		g.dayDone(d)
	}
	if err := g.awaitFigures(g.opts.AsOf); err != nil {
		return Summary{}, err
	}
	if err := g.writeStatic(ctx); err != nil {
		return Summary{}, err
	}
	return g.summary(), nil
}

func newGenerator(ctx context.Context, opts Options, sink Sink, progress func(Progress)) *generator {
	first := opts.AsOf - calendar.Day(opts.Days) + 1
	g := &generator{
		opts: opts, first: first, promos: promotions(first, opts.AsOf), rows: map[string]int64{}, tell: progress,
		population: newPopulation(opts, first),
		loyalty:    newLoyalty(opts.Seed, opts.Buyers),
		eligible:   newEligibility(first),
		pending:    newPending(),
		arms:       make([][2]int64, opts.Merchants),
		parts:      new(errgroup.Group),
		figures:    new(errgroup.Group),
	}
	g.traffic, g.spare = newTraffic(g.population), newTraffic(g.population)
	g.spare.lifts = g.traffic.lifts
	g.writer = &writer{ctx: ctx, sink: sink, mem: newPool(), dicts: g.dictionaries()}
	g.progress = Progress{Days: opts.Days}
	for _, n := range linesByDay(opts, g.promos) {
		g.progress.Lines += int64(n)
	}
	if g.tell == nil {
		g.tell = func(Progress) {}
	}
	return g
}

// finish closes a part and counts its rows. The first part of a table's day exists even without rows.
func (g *generator) finish(t *table) error {
	if err := t.close(t.part0); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rows[t.decl.Name] += t.rows
	return nil
}

// writeStatic writes the calendar and the truth.
func (g *generator) writeStatic(ctx context.Context) error {
	t := g.writer.openPart(contract.Calendar, g.opts.AsOf, 0)
	g.writeCalendar(t)
	if err := g.finish(t); err != nil {
		return err
	}
	if err := g.writer.file(ctx, SuccessKey(contract.Calendar, g.opts.AsOf)); err != nil {
		return err
	}
	return g.writeTruth()
}

func (g *generator) countEligible(merchant int32, held bool) {
	arm := 0
	if held {
		arm = 1
	}
	g.arms[merchant][arm]++
}

// report tells that a shard of d is done.
func (g *generator) report(d calendar.Day, lines int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.progress.Day = d
	g.progress.LinesDone += lines
	g.tell(g.progress)
}

func (g *generator) dayDone(d calendar.Day) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.progress.Day = d
	g.progress.DaysDone++
	g.tell(g.progress)
}

func (g *generator) summary() Summary {
	s := Summary{Rows: g.rows, Files: g.writer.files.Load(), Lift: g.traffic.lifts.programme()}
	s.Totals.Day = g.opts.AsOf
	for i := range g.days {
		s.Totals.add(&g.days[i])
	}
	s.Lines = s.Totals.LinesCreated
	return s
}
