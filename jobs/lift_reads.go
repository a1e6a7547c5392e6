package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/lift"
	"github.com/windvane/windvane/transforms/rollup"
)

// liftRead is a rollup of a day that has to be taken in.
type liftRead struct {
	rollup  *rollup.Rollup
	part    Partition
	view    lift.View
	columns []string
	add     func(a *lift.Adder, day calendar.Day, view lift.View, f *column.Frame) error
}

func addSales(a *lift.Adder, day calendar.Day, view lift.View, f *column.Frame) error {
	return a.Sales(day, view, f)
}

// changes lists what a step has to take in, days of eligibility left out.
//
// Sales are attributed by the exposures of their day and the day before. So where either changed, the sales of the day
// have to be looked at, and with them the exposures of both days, as they were and as they are.
func (l *liftNight) changes(s *liftStep) (out []liftRead) {
	now := l.cut(l.now, s.asOf)
	sales, shown := changedDays(s.before.orders, now.orders), changedDays(s.before.exposures, now.exposures)
	looked := map[calendar.Day]bool{}
	for d := range sales {
		looked[d] = true
	}
	for d := range shown {
		looked[d], looked[d+1] = true, true
	}
	exposed := map[calendar.Day]bool{}
	for d := range looked {
		exposed[d], exposed[d-1] = true, true
	}
	for d := range looked {
		out = append(out, reads(merchantBuyers, s.before.orders, now.orders, d, lift.SalesColumns, addSales)...)
	}
	for d := range exposed {
		out = append(out, reads(rollup.ChuanliuShown(), s.before.exposures, now.exposures, d, lift.ShownColumns,
			func(a *lift.Adder, day calendar.Day, view lift.View, f *column.Frame) error {
				return a.Shown(day, view, f)
			})...)
	}
	for d := range sales {
		out = append(out, reads(platformBuyers, s.before.orders, now.orders, d, lift.UserColumns,
			func(a *lift.Adder, day calendar.Day, view lift.View, f *column.Frame) error {
				return a.Users(day, view, f)
			})...)
	}
	return out
}

// changedDays are the days whose partition is another one, or is there in one list only.
func changedDays(before, now []Partition) map[calendar.Day]bool {
	changed := map[calendar.Day]bool{}
	digests := map[calendar.Day]string{}
	for _, p := range before {
		digests[p.Day] = p.Digest
		changed[p.Day] = true
	}
	for _, p := range now {
		if digests[p.Day] == p.Digest {
			delete(changed, p.Day)
		} else {
			changed[p.Day] = true
		}
	}
	return changed
}

// reads are the reads of a day: once where nothing changed, else as it was and as it is.
func reads(r *rollup.Rollup, before, now []Partition, day calendar.Day, columns []string, add func(*lift.Adder, calendar.Day, lift.View, *column.Frame) error) (out []liftRead) {
	was, is := on(before, day), on(now, day)
	if was != nil && is != nil && samePartition(*was, *is) {
		return []liftRead{{r, *is, lift.Both, columns, add}}
	}
	if was != nil {
		out = append(out, liftRead{r, *was, lift.Before, columns, add})
	}
	if is != nil {
		out = append(out, liftRead{r, *is, lift.Now, columns, add})
	}
	return out
}

func on(ps []Partition, day calendar.Day) *Partition {
	at, ok := slices.BinarySearchFunc(ps, day, compareDay)
	if !ok {
		return nil
	}
	return &ps[at]
}

// collect takes in the eligibility of the new days; then, with it, what changed and what pairs that may be new bought
// before.
func (l *liftNight) collect(ctx context.Context, events *lift.Events, changes []liftRead, s *liftStep) error {
	var eligible []liftRead
	for _, p := range upTo(l.now.eligibility, s.asOf) {
		if p.Day > s.from {
			eligible = append(eligible, liftRead{rollup.ChuanliuPairs(), p, lift.Now, lift.EligibleColumns,
				func(a *lift.Adder, day calendar.Day, _ lift.View, f *column.Frame) error { return a.Eligible(day, f) }})
		}
	}
	if err := l.read(ctx, events, eligible); err != nil {
		return err
	}
	if s.from < s.asOf {
		for _, p := range upTo(l.now.orders, s.from) {
			if p.Day > s.from-calendar.Day(l.plan.PreDays) {
				changes = append(changes, liftRead{merchantBuyers, p, lift.Now, lift.HistoryColumns,
					func(a *lift.Adder, day calendar.Day, _ lift.View, f *column.Frame) error { return a.History(day, f) }})
			}
		}
	}
	return l.read(ctx, events, changes)
}

// read hands rollups to the events, several at once, a row group at a time.
func (l *liftNight) read(ctx context.Context, events *lift.Events, reads []liftRead) error {
	tasks := make(chan liftRead)
	g, ctx := errgroup.WithContext(ctx)
	for range l.runner.Settings.workers() {
		a := events.Adder()
		g.Go(func() (err error) {
			defer column.Recover(&err)
			for r := range tasks {
				if err := l.readOne(ctx, a, r); err != nil {
					return err
				}
			}
			return a.Flush()
		})
	}
	g.Go(func() error {
		defer close(tasks)
		for _, r := range reads {
			select {
			case tasks <- r:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return g.Wait()
}

// readOne reads one rollup. A lost one of tonight's dumps is made again; one that was corrected since is gone for good.
func (l *liftNight) readOne(ctx context.Context, a *lift.Adder, r liftRead) error {
	part := r.part
	if rows := rowsOfRollup(r.rollup, part); rows >= 0 && rows <= rollupRows {
		f, err := l.smallFrame(ctx, r)
		if err != nil {
			return err
		}
		return r.add(a, part.Day, r.view, f)
	}
	file, err := l.openRollup(ctx, r)
	if err != nil {
		return err
	}
	defer file.Close()
	for group := range file.NumRowGroups() {
		rec, err := file.ReadRowGroup(ctx, memory.DefaultAllocator, group, r.columns)
		if err != nil {
			return l.lostRollup(r, lost(err))
		}
		f, err := l.runner.ids.Frame(r.rollup.Table(), rec)
		if err != nil {
			return fmt.Errorf("%s: %w", file.Object().Key, err)
		}
		if err := r.add(a, part.Day, r.view, f); err != nil {
			return err
		}
	}
	return nil
}

// smallFrame keeps the decoded rollup for the nights that ask for it again.
func (l *liftNight) smallFrame(ctx context.Context, r liftRead) (*column.Frame, error) {
	if r.view == lift.Before {
		return l.runner.state.frame(ctx, r.rollup, r.part, false)
	}
	return l.frame(ctx, r.rollup, r.part)
}

func (l *liftNight) openRollup(ctx context.Context, r liftRead) (*lake.File, error) {
	key := rollupKey(r.rollup.Name, r.part)
	if r.view == lift.Before {
		return l.runner.state.open(ctx, key)
	}
	if r.part.Rows == nil {
		if _, err := l.ensure(ctx, r.rollup.Source.Name, r.part, 1); err != nil {
			return nil, err
		}
	}
	file, err := l.runner.state.open(ctx, key)
	return file, l.lostRollup(r, err)
}

// lostRollup says how a rollup of tonight's dumps that is lost can be made again.
func (l *liftNight) lostRollup(r liftRead, err error) error {
	if r.view == lift.Before && errors.Is(err, errLost) {
		return err
	}
	return lostFile(err, rollupKey(r.rollup.Name, r.part), func(ctx context.Context) error {
		_, err := l.reduceOnce(ctx, r.rollup.Source.Name, r.part, l.runner.Settings.workers())
		return err
	})
}
