package jobs

import (
	"context"
	"fmt"
	"sync"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rollup"
)

// boosted are the impressions a day that merchants had through 川流, mean of those of the last baseDays that are there: a day that never
// came is no day of zeros. Without any there are none.
func (n *night) boosted(ctx context.Context, merchants []int64) ([]float64, error) {
	b := &boostedSums{night: n, rollup: rollup.ChuanliuShown(), rows: column.NewLookup(merchants), sums: make([]int64, len(merchants))}
	days := 0
	for _, p := range n.partitions[b.rollup.Source.Name] {
		if p.Day <= n.asOf-baseDays || p.Day > n.asOf {
			continue
		}
		days++
		if err := b.add(ctx, p); err != nil {
			return nil, err
		}
	}
	out := make([]float64, len(merchants))
	for i, sum := range b.sums {
		out[i] = float64(sum) / float64(max(1, days))
	}
	return out, nil
}

// boostedSums adds chuanliu_shown up by merchant.
type boostedSums struct {
	night  *night
	rollup *rollup.Rollup
	rows   *column.Lookup
	sums   []int64
}

// shownColumns are the columns of chuanliu_shown that are added up.
var shownColumns = []string{"merchant_id", "impressions"}

// add adds one day. A large one is never in memory as a whole; one that is lost is made again.
func (b *boostedSums) add(ctx context.Context, p Partition) error {
	n := b.night
	if rows := rowsOfRollup(b.rollup, p); rows >= 0 && rows <= rollupRows {
		f, err := n.frame(ctx, b.rollup, p)
		if err == nil {
			b.addFrame(f, b.sums)
		}
		return err
	}
	if p.Rows == nil {
		rec, err := n.ensure(ctx, b.rollup.Source.Name, p, n.runner.Settings.workers())
		if err != nil {
			return err
		}
		p = rec.Partition
	}
	if empty(b.rollup, p) {
		return nil
	}
	var day []int64
	err := repaired(ctx, func() (err error) {
		day, err = b.read(ctx, p)
		return lostFile(err, rollupKey(b.rollup.Name, p), func(ctx context.Context) error {
			_, err := n.reduceOnce(ctx, b.rollup.Source.Name, p, n.runner.Settings.workers())
			return err
		})
	})
	if err != nil {
		return err
	}
	for i, v := range day {
		b.sums[i] += v
	}
	return nil
}

// read adds up one stored day, its row groups side by side.
func (b *boostedSums) read(ctx context.Context, p Partition) ([]int64, error) {
	file, err := b.night.runner.state.open(ctx, rollupKey(b.rollup.Name, p))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	total, mu := make([]int64, len(b.sums)), sync.Mutex{}
	workers := b.night.runner.Settings.workers()
	g, ctx := errgroup.WithContext(ctx)
	for w := range workers {
		g.Go(func() (err error) {
			defer column.Recover(&err)
			own, mem := make([]int64, len(b.sums)), column.NewBuffers(keptBuffers)
			mem.Uncleared = true
			for group := w; group < file.NumRowGroups(); group += workers {
				if err := b.readGroup(ctx, file, group, mem, own); err != nil {
					return err
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for i, v := range own {
				total[i] += v
			}
			return nil
		})
	}
	return total, g.Wait()
}

func (b *boostedSums) readGroup(ctx context.Context, file *lake.File, group int, mem memory.Allocator, into []int64) error {
	rec, err := file.ReadRowGroup(ctx, mem, group, shownColumns)
	if err != nil {
		return lost(err)
	}
	defer rec.Release()
	f, err := b.night.runner.ids.Frame(b.rollup.Table(), rec)
	if err != nil {
		return fmt.Errorf("%s: %w", file.Object().Key, err)
	}
	b.addFrame(f, into)
	return nil
}

// addFrame adds rows up. Those of a merchant mostly stand together.
func (b *boostedSums) addFrame(f *column.Frame, into []int64) {
	impressions, last, row := f.Column("impressions"), int64(column.Null), -1
	for i, merchant := range f.Column("merchant_id") {
		if merchant != last {
			last, row = merchant, b.rows.Row(merchant)
		}
		if row >= 0 {
			into[row] += impressions[i]
		}
	}
}
