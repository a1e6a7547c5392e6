package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
	"github.com/windvane/windvane/transforms/rollup"
)

// reduceChanged makes the rollups that are not there yet: tonight's day, and what was corrected.
func (n *night) reduceChanged(ctx context.Context) error {
	for _, snapshots := range []bool{true, false} { // events are classified by snapshots
		var wanted []reduction
		for _, t := range rollup.Sources() {
			table := t.Name
			if (t.Class == contract.Snapshot) != snapshots {
				continue
			}
			for i := range n.partitions[table] {
				p := &n.partitions[table][i]
				if snapshots && p.Day != n.asOf || n.known(table, *p) {
					continue // snapshots of other days are made when a row asks for them
				}
				wanted = append(wanted, reduction{n.runner.Inputs.on(table, p.Day).bytes(), func(ctx context.Context, workers int) error {
					rec, err := n.ensure(ctx, table, *p, workers)
					if err == nil {
						*p = rec.Partition
					}
					return err
				}})
			}
		}
		if err := n.inParallel(ctx, wanted); err != nil {
			return err
		}
	}
	n.noteQuarantine()
	return nil
}

// env is what the mapping of dumps depends on beside its specification.
func (n *night) env() mapping.Env {
	return mapping.Env{Zone: n.runner.Settings.Zone, BuyerKey: n.runner.Settings.BuyerKey, IDs: n.types}
}

// known tells whether the partition is one that the night before rested on: its rollups are there.
func (n *night) known(table string, p Partition) bool {
	return p.Rows != nil
}

// reduction is one partition to be reduced.
type reduction struct {
	bytes int64 // of its dump
	run   func(ctx context.Context, workers int) error
}

// inParallel runs reductions side by side, the largest first. One worker each keeps all of them busy, except where one
// alone is more than a worker's share (a night's orders beside its refunds): that one gets all workers, lest the others
// stand idle until it ends.
func (n *night) inParallel(ctx context.Context, wanted []reduction) error {
	workers := n.runner.Settings.workers()
	slices.SortStableFunc(wanted, func(a, b reduction) int { return cmp.Compare(b.bytes, a.bytes) })
	var total int64
	for _, r := range wanted {
		total += r.bytes
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	var done progressCounter
	for _, r := range wanted {
		each := 1
		if r.bytes >= total/int64(workers) {
			each = workers
		}
		g.Go(func() (err error) {
			defer column.Recover(&err)
			err = r.run(ctx, each)
			n.runner.progress(Progress{AsOf: n.asOf, Step: "reduce", Done: done.next(), Total: len(wanted)})
			return err
		})
	}
	return g.Wait()
}

// ensure returns the record of a reduction and makes it first if need be.
func (n *night) ensure(ctx context.Context, table string, p Partition, workers int) (*Reduced, error) {
	rec, err := n.runner.state.find(ctx, table, p)
	if err != nil {
		return nil, err
	}
	if rec == nil {
		return n.reduceOnce(ctx, table, p, workers)
	}
	return rec, n.admit(table, rec)
}

// admit refuses a stored day that the limits of today would not let be reduced. One that is no longer restated was admitted when it was,
// and those of a night that is decided again were as tonight's.
func (n *night) admit(table string, rec *Reduced) error {
	d := n.runner.Inputs.on(table, rec.Partition.Day)
	if d == nil || n.again || n.pinned(table, rec.Partition.Day) {
		return nil
	}
	if err := n.runner.Settings.admit(d.table, rec.Partition, rec.Objects); err != nil {
		return err
	}
	return d.checkRows(n.runner.Settings.Tables[table], rec.InputRows, rec.counts(), rec.Rejects)
}

func (n *night) reduceOnce(ctx context.Context, table string, p Partition, workers int) (*Reduced, error) {
	v, err, _ := n.runner.reducing.Do(reducedKey(table, p), func() (any, error) {
		p.LateFrom, p.LateTo = 0, 0 // of this night, not of what its rollups are
		d := n.runner.Inputs.on(table, p.Day)
		if p.Base != "" && (d == nil || n.partition(table, d).Digest != p.Digest) {
			rec, err := n.redact(ctx, table, p)
			if err != nil {
				return nil, err
			}
			n.reduced.Add(1)
			return rec, nil
		}
		if d == nil {
			return nil, fmt.Errorf("%w: rollups of %s dt=%s are lost and its dump is no longer there; restore it, or shorten history_days", ErrInput, table, p.Day)
		}
		if n.partition(table, d).Digest != p.Digest {
			return nil, fmt.Errorf("%w: rollups of %s dt=%s are lost and its dump is no longer the one they were made of; restore it, or run again the nights since then", ErrInput, table, p.Day)
		}
		dims := &dimensions{ctx: ctx, night: n, floor: p.Day - JoinDays + 1}
		r := &reducer{in: n.runner.In, state: n.runner.state, settings: n.runner.Settings, memory: n.runner.memory,
			env: n.env()}
		rec, err := r.reduce(ctx, d, p, dims, workers)
		if err != nil {
			return nil, err
		}
		n.reduced.Add(1)
		return rec, nil
	})
	if err != nil {
		return nil, err
	}
	return v.(*Reduced), nil
}

// recorded is a partition with what its reduction says of it, which is made first if need be.
func (n *night) recorded(ctx context.Context, table string, p Partition) (Partition, error) {
	if p.Rows != nil {
		return p, nil
	}
	rec, err := n.ensure(ctx, table, p, 1)
	if err != nil {
		return Partition{}, err
	}
	return rec.Partition, nil
}

// frame loads a rollup of a partition, or the named columns of it; what is missing or damaged is made again.
func (n *night) frame(ctx context.Context, r *rollup.Rollup, p Partition, columns ...string) (*column.Frame, error) {
	p, err := n.recorded(ctx, r.Source.Name, p)
	if err != nil {
		return nil, err
	}
	f, err := n.runner.state.frame(ctx, r, p, !n.again, columns...)
	if !errors.Is(err, errLost) {
		return f, err
	}
	if _, err := n.reduceOnce(ctx, r.Source.Name, p, n.runner.Settings.workers()); err != nil {
		return nil, err
	}
	return n.runner.state.frame(ctx, r, p, !n.again, columns...)
}
