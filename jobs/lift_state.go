package jobs

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/lift"
)

// A lift state is two files in a folder: pairs, and then the single-day family, whose presence completes it. It is a
// cache like the rollups: found by a name that covers all it was made of, made again when lost.
const (
	liftPairs = "/pairs.parquet"
	liftDays  = "/days.parquet"
)

// liftGroupRows is the size of row groups of stored pairs: a few of them make a range of buyers.
const liftGroupRows = 1 << 15

// liftState is an open state.
type liftState struct {
	pairs lift.Run
	days  *column.Frame
	file  *lake.File
}

func (s *liftState) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

func (l *liftNight) exists(ctx context.Context, dir string) bool {
	state := l.runner.state
	_, err := state.out.Stat(ctx, dir+liftDays)
	if err != nil && state.base != nil {
		_, err = state.base.Stat(ctx, dir+liftDays)
	}
	return err == nil
}

// open opens a state; errLost if it is gone or damaged.
func (l *liftNight) open(ctx context.Context, dir string) (*liftState, error) {
	days, err := l.runner.state.load(ctx, lift.StoredDays(), dir+liftDays)
	if err != nil {
		return nil, err
	}
	file, err := l.runner.state.open(ctx, dir+liftPairs)
	if err != nil {
		return nil, err
	}
	s := &liftState{days: days, file: file}
	names := lift.StoredPairs().Names()
	for g := range file.NumRowGroups() {
		b, ok := file.Bounds(g, "buyer_id")
		if !ok || len(b.Least) != 8 || len(b.Greatest) != 8 {
			return nil, errors.Join(fmt.Errorf("%w: %s has no bounds of buyers", errLost, dir+liftPairs), file.Close())
		}
		s.pairs.Groups = append(s.pairs.Groups, lift.Group{Rows: file.RowGroupRows(g),
			First: int64(binary.LittleEndian.Uint64(b.Least)), Last: int64(binary.LittleEndian.Uint64(b.Greatest))})
	}
	s.pairs.Read = func(ctx context.Context, g int) (lift.Pairs, error) {
		rec, err := file.ReadRowGroup(ctx, memory.DefaultAllocator, g, names)
		if err != nil {
			return lift.Pairs{}, lost(err)
		}
		f, err := l.runner.ids.Frame(lift.StoredPairs(), rec) // may share the record's memory, which the collector frees
		if err != nil {
			return lift.Pairs{}, fmt.Errorf("%s: %w", dir+liftPairs, err)
		}
		p, err := lift.PairsOf(f)
		if err != nil {
			return p, fmt.Errorf("%w: %s: %w", errLost, dir+liftPairs, err)
		}
		return p, nil
	}
	return s, nil
}

// write makes a state and stores it.
func (l *liftNight) write(ctx context.Context, in lift.Input, dir string) (*lift.Figures, error) {
	table := lift.StoredPairs()
	opts := lake.WriteOptions{RowGroupRows: liftGroupRows, PageRows: liftGroupRows, Sorted: table.Key}
	var result *lift.Result
	_, err := l.runner.Out.WriteParquet(ctx, dir+liftPairs, table.Schema(l.runner.ids.Types), opts, pushed(func(push func(arrow.Record) error) (err error) {
		b := column.NewBuilder(table, l.runner.ids)
		result, err = lift.Advance(ctx, in, func(p lift.Pairs) error {
			for i, c := range b.Columns() {
				c.Ints(p[i])
			}
			defer b.Reset()
			return push(b.Record(memory.DefaultAllocator))
		})
		return err
	}))
	if err != nil {
		return nil, fmt.Errorf("write pairs of lift of %s: %w", in.AsOf, err)
	}
	days := lift.StoredDays()
	_, err = l.runner.Out.WriteParquet(ctx, dir+liftDays, days.Schema(l.runner.ids.Types), lake.WriteOptions{Sorted: days.Key},
		frameRecords(days, l.runner.ids, result.Days))
	if err != nil {
		return nil, fmt.Errorf("write days of lift of %s: %w", in.AsOf, err)
	}
	return result.Figures, nil
}
