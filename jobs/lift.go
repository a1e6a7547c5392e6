package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/lift"
	"github.com/windvane/windvane/transforms/rollup"
)

// countLift forms the figures of Chuanliu: it moves the pairs of the night before by what is new, or makes them again
// of the daily rollups where they are lost. See docs/adr/0017-lift-state.md.
func (n *night) countLift(ctx context.Context) error {
	if !n.has(contract.ChuanliuEligibility) {
		return nil
	}
	plan := lift.Plan{OutcomeDays: n.rules.Lift.OutcomeDays, PreDays: n.rules.Lift.PreDays, Since: n.runner.Settings.Chuanliu.Since}
	l := &liftNight{night: n, plan: plan, start: max(plan.Start(n.liftFrom()), n.partitions[contract.ChuanliuEligibility.Name][0].Day)}
	l.seen = plan.Seen(l.start, n.liftFrom())
	if l.start > n.asOf {
		if plan.Since != nil && l.start == *plan.Since {
			n.warnings = append(n.warnings, fmt.Sprintf("lift begins on %s, as chuanliu.since says", l.start))
		} else {
			n.warnings = append(n.warnings, fmt.Sprintf("lift begins on %s, the first quarter that the history kept covers", l.start))
		}
		return nil
	}
	l.now = l.basis(n.partitions)
	if n.previous != nil {
		l.before, l.last = l.basis(n.previous.manifest.Partitions), n.previous.manifest.AsOf
	}
	return repaired(ctx, func() (err error) {
		n.lift, err = l.figures(ctx)
		return err
	})
}

// isGone tells that the state a night wanted to rest on cannot be had. A rollup of tonight's dumps can be made again.
func isGone(err error) bool {
	var r *lostRun
	return errors.Is(err, errLost) && !errors.As(err, &r)
}

// liftNight is the lift of one night.
type liftNight struct {
	*night
	plan        lift.Plan
	start       calendar.Day // first day of eligibility that counts
	seen        calendar.Day // first day of eligibility that is looked at
	now, before liftBasis    // before: what the commit of the run before rests on
	last        calendar.Day // the as-of date of that run
}

// liftBasis are the partitions that pairs are made of, by table, from the first day that matters.
type liftBasis struct{ eligibility, exposures, orders []Partition }

func (l *liftNight) basis(partitions map[string][]Partition) liftBasis {
	from := func(t *contract.Table, first calendar.Day) []Partition {
		ps := partitions[t.Name]
		at, _ := slices.BinarySearchFunc(ps, first, compareDay)
		return ps[at:]
	}
	return liftBasis{from(contract.ChuanliuEligibility, l.seen), from(contract.ChuanliuExposures, l.start-1),
		from(contract.Orders, l.start-calendar.Day(l.plan.PreDays))}
}

// dir is where the state of a day stands that is made of these partitions. Its name covers all it depends on.
func (l *liftNight) dir(b liftBasis, asOf calendar.Day) string {
	parts := []string{fmt.Sprintf("%d of %d after %d days since %s, seen from %s", lift.Version, l.plan.OutcomeDays, l.plan.PreDays, l.start, l.seen)}
	for _, ps := range [][]Partition{b.eligibility, b.exposures, b.orders} {
		parts = append(parts, "table")
		for _, p := range upTo(ps, asOf) {
			parts = append(parts, p.Day.String(), p.Digest)
		}
	}
	return fmt.Sprintf("state/lift/dt=%s/%s", asOf, digestOf(parts...))
}

func upTo(ps []Partition, day calendar.Day) []Partition {
	to, _ := slices.BinarySearchFunc(ps, day+1, compareDay)
	return ps[:to]
}

// figures finds the best state to begin with: tonight's own, that of the night before, an older one, or none.
func (l *liftNight) figures(ctx context.Context) (*lift.Figures, error) {
	if dir := l.dir(l.now, l.asOf); l.exists(ctx, dir) {
		f, err := l.advance(ctx, &liftStep{from: l.asOf, asOf: l.asOf, old: dir, before: l.now})
		if !isGone(err) {
			return f, err
		}
	}
	if dir := l.dir(l.before, l.last); l.canRestOnBefore() && l.exists(ctx, dir) {
		f, err := l.advance(ctx, &liftStep{from: l.last, asOf: l.asOf, old: dir, before: l.before})
		if !isGone(err) {
			return f, err
		}
	}
	for day := l.asOf - 1; day >= l.seen && day > l.asOf-2-calendar.Day(l.runner.Settings.RestateDays); day-- {
		dir := l.dir(l.now, day)
		if !l.exists(ctx, dir) {
			continue
		}
		f, err := l.rebuild(ctx, day, dir)
		if !isGone(err) {
			return f, err
		}
	}
	return l.rebuild(ctx, l.seen-1, "")
}

// canRestOnBefore tells whether nothing was corrected that pairs cannot be moved by: the days of eligibility.
func (l *liftNight) canRestOnBefore() bool {
	return l.previous != nil && l.last >= l.seen && slices.EqualFunc(upTo(l.now.eligibility, l.last), upTo(l.before.eligibility, l.last), samePartition)
}

// liftBlockRows is about how many rows of rollups are taken in at once when pairs are made again.
const liftBlockRows = 1 << 24

// rebuild makes the state of the night from that of an earlier day, or from nothing, a block of days at a time.
func (l *liftNight) rebuild(ctx context.Context, from calendar.Day, old string) (*lift.Figures, error) {
	for {
		to := l.blockEnd(from)
		f, err := l.advance(ctx, &liftStep{from: from, asOf: to, old: old, before: l.cut(l.now, from)})
		if err != nil || to == l.asOf {
			return f, err
		}
		from, old = to, l.dir(l.now, to)
	}
}

// blockEnd is the last day of the block after from.
func (l *liftNight) blockEnd(from calendar.Day) calendar.Day {
	var rows int64
	for d := from + 1; d < l.asOf; d++ {
		for _, s := range []struct {
			rollup *rollup.Rollup
			days   []Partition
		}{{merchantBuyers, l.now.orders}, {rollup.ChuanliuPairs(), l.now.eligibility}} {
			if at, ok := slices.BinarySearchFunc(s.days, d, compareDay); ok {
				rows += max(0, rowsOfRollup(s.rollup, s.days[at]))
			}
		}
		if rows > liftBlockRows {
			return d
		}
	}
	return l.asOf
}

func (l *liftNight) cut(b liftBasis, day calendar.Day) liftBasis {
	return liftBasis{upTo(b.eligibility, day), upTo(b.exposures, day), upTo(b.orders, day)}
}

var merchantBuyers = rollup.BuyersOf(contract.Scopes()[contract.RoleMerchant])
var platformBuyers = rollup.BuyersOf(contract.Scopes()[contract.RolePlatform])

// rowsOfRollup is the number of rows of a partition's rollup, -1 if it is not known.
func rowsOfRollup(r *rollup.Rollup, p Partition) int64 {
	at := slices.IndexFunc(rollup.From(r.Source.Name), func(o *rollup.Rollup) bool { return o.Name == r.Name })
	if at >= len(p.Rows) {
		return -1
	}
	return p.Rows[at]
}

// liftStep is one step from a state to a later one.
type liftStep struct {
	from, asOf calendar.Day
	old        string    // folder of the state of from; empty: there is none
	before     liftBasis // what it was made of
}

// advance takes one step. Of the last one it forms the figures. errLost: the older state, or a rollup that it was made
// of and that has been corrected, is gone or damaged.
func (l *liftNight) advance(ctx context.Context, s *liftStep) (_ *lift.Figures, err error) {
	old := &liftState{}
	if s.old != "" {
		if old, err = l.open(ctx, s.old); err != nil {
			return nil, err
		}
		defer old.Close()
	}
	n := l.night
	in := lift.Input{Plan: l.plan, Start: l.start, From: s.from, AsOf: s.asOf, Old: old.pairs, OldDays: old.days, IDs: n.runner.ids,
		Workers: n.runner.Settings.workers(), Count: s.asOf == l.asOf, RefundsKnown: n.refundsKnown(), ShownKnown: n.shownKnown()}
	if in.Count {
		if in.ChannelsKnown, err = n.channelsKnown(ctx, l.start); err != nil {
			return nil, err
		}
	}
	reads := l.changes(s)
	rows := old.pairs.Rows()
	for _, r := range reads {
		rows += max(0, rowsOfRollup(r.rollup, r.part))
	}
	in.Events = lift.NewEvents(rows, n.runner.memory)
	defer in.Events.Close()
	if err := l.collect(ctx, in.Events, reads, s); err != nil {
		return nil, err
	}
	if in.Count && n.refunds != nil {
		if err := l.addRefunds(in.Events); err != nil {
			return nil, err
		}
	}
	if s.from == s.asOf {
		result, err := lift.Advance(ctx, in, nil)
		if err != nil {
			return nil, err
		}
		return result.Figures, nil
	}
	return l.write(ctx, in, l.dir(l.now, s.asOf))
}

// shownKnown tells whether the exposures of all these days are known. A day without a dump, before the first one or declared absent, is no day on
// which nobody was shown anything.
func (n *night) shownKnown() func(first, last calendar.Day) bool {
	ps := n.partitions[contract.ChuanliuExposures.Name]
	return func(first, last calendar.Day) bool {
		from, _ := slices.BinarySearchFunc(ps, first, compareDay)
		return len(upTo(ps, last))-from == max(0, int(last-first)+1)
	}
}

func (l *liftNight) addRefunds(events *lift.Events) error {
	a := events.Adder()
	if err := a.Refunds(l.refunds, l.start-calendar.Day(l.plan.PreDays), 0, l.refunds.N); err != nil {
		return err
	}
	return a.Flush()
}
