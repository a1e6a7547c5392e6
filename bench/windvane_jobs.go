package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/jobs/lake"
)

// ownJobs are windvane's sides of the jobs. Each answers with the seconds of the work alone.
func ownJobs() map[string]func(context.Context, deployment) (answer, error) {
	return map[string]func(context.Context, deployment) (answer, error){
		"scan_floor":            scanFloor,
		"order_rollups":         rollupsInMemory,
		"order_rollups_written": rollupsWritten,
		"all_reductions":        reduceDay,
		"window_merges":         mergeWindows,
		"all_window_merges":     mergeWindows,
		"whole_night":           wholeNight,
		"night_windows":         windowsOfNight,
	}
}

// runOwn runs windvane's side of a job and prints the answer.
func runOwn(ctx context.Context, name string, t task, stdout io.Writer) error {
	run, ok := ownJobs()[name]
	if !ok {
		return fmt.Errorf("no job %q", name)
	}
	d, err := newDeployment(t)
	if err != nil {
		return err
	}
	limit, err := memoryLimit()
	if err != nil {
		return err
	}
	debug.SetMemoryLimit(limit) // as the command does
	a, err := run(ctx, d)
	if err != nil {
		return fmt.Errorf("job %s: %w", name, err)
	}
	return json.NewEncoder(stdout).Encode(a)
}

// floorColumns are the columns that the order rollups need.
var floorColumns = [...]string{"order_id", "buyer_id", "merchant_id", "product_id", "promoter_id", "scene", "paid_at", "quantity",
	"buyer_paid_fen", "platform_subsidy_fen", "order_kind", "risk_reason"}

// scanFloor decodes the columns of the order rollups and does nothing with them.
func scanFloor(ctx context.Context, d deployment) (answer, error) {
	l, err := lake.Open(ctx, d.task.data, lake.Options{})
	if err != nil {
		return answer{}, err
	}
	defer l.Close()
	started := time.Now()
	files, err := openDumps(ctx, l, d.dumps("orders"))
	if err != nil {
		return answer{}, err
	}
	rows, err := decodeAll(ctx, files, d.workers)
	seconds := time.Since(started).Seconds()
	return answer{Seconds: seconds, Tables: map[string]tableSums{"decoded": {Rows: rows}}}, err
}

func decodeAll(ctx context.Context, files []*lake.File, workers int) (rows int64, err error) {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, f := range files {
		rows += f.NumRows()
		for group := range f.NumRowGroups() {
			g.Go(func() error {
				rec, err := f.ReadRowGroup(ctx, memory.DefaultAllocator, group, floorColumns[:])
				if err == nil {
					rec.Release()
				}
				return err
			})
		}
	}
	return rows, g.Wait()
}

// rollupsInMemory makes the order rollups. They are read, and put in order for that, after the time is taken: no peer
// sorts here either.
func rollupsInMemory(ctx context.Context, d deployment) (answer, error) {
	l, err := lake.Open(ctx, d.task.data, lake.Options{})
	if err != nil {
		return answer{}, err
	}
	defer l.Close()
	rollups := orderRollups()
	started := time.Now()
	done, err := reduceOrders(ctx, d, l, rollups)
	if err != nil {
		return answer{}, err
	}
	seconds := time.Since(started).Seconds()
	t := newTally(specsOf(rollups), d.task.check)
	for _, r := range rollups {
		if err := done.visit(r, func(rec arrow.Record) error { return t.add(r.Name, rec) }); err != nil {
			return answer{}, err
		}
	}
	return answer{Seconds: seconds, Tables: t.tables()}, nil
}

// rollupsWritten makes the order rollups and writes them, sorted by key.
func rollupsWritten(ctx context.Context, d deployment) (answer, error) {
	in, err := lake.Open(ctx, d.task.data, lake.Options{})
	if err != nil {
		return answer{}, err
	}
	defer in.Close()
	out, err := lake.Open(ctx, d.task.work, lake.Options{Create: true})
	if err != nil {
		return answer{}, err
	}
	defer out.Close()
	rollups := orderRollups()
	started := time.Now()
	done, err := reduceOrders(ctx, d, in, rollups)
	if err != nil {
		return answer{}, err
	}
	rows := make([]int64, len(rollups))
	g, writing := errgroup.WithContext(ctx)
	g.SetLimit(d.workers)
	for i, r := range rollups { // side by side, as the night does
		g.Go(func() (err error) {
			rows[i], err = done.write(writing, out, r)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return answer{}, err
	}
	tables := map[string]tableSums{}
	for i, r := range rollups {
		tables[r.Name] = tableSums{Rows: rows[i]}
	}
	return answer{Seconds: time.Since(started).Seconds(), Tables: tables}, nil
}
