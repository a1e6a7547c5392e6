package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/rollup"
)

// errReduced ends a night once its reduce step is done: what comes after is not the job's.
var errReduced = errors.New("reduced")

// reduceDay runs a night of the one day up to the end of its reduce step: listing, checks, duplicates, all
// rollups of all tables, written under state/.
func reduceDay(ctx context.Context, d deployment) (answer, error) {
	state := filepath.Join(d.task.work, "state-of-"+d.task.date)
	in, err := lake.Open(ctx, d.task.data, lake.Options{})
	if err != nil {
		return answer{}, err
	}
	defer in.Close()
	out, err := lake.Open(ctx, state, lake.Options{Create: true, Rebuildable: []string{"state/"}})
	if err != nil {
		return answer{}, err
	}
	defer out.Close()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	started, seconds := time.Now(), 0.0
	r := &jobs.Runner{In: in, Out: out, Settings: d.settings, Now: time.Now, NewRunID: func() string { return "bench" },
		Version: "bench", Log: slog.New(slog.DiscardHandler), Spill: spillDir(d.task.work)}
	r.OnProgress = func(p jobs.Progress) {
		if p.Step == "refunds" && seconds == 0 {
			seconds = time.Since(started).Seconds()
			stop(errReduced)
		}
	}
	if _, err := r.Run(ctx, d.day); !errors.Is(context.Cause(ctx), errReduced) {
		return answer{}, fmt.Errorf("the night ended before its reduce step was done: %w", err)
	}
	return answer{Seconds: seconds, Tables: map[string]tableSums{}}, gatherRollups(d, state)
}

// gatherRollups gives the rollups of the day the names that the job's tables have.
func gatherRollups(d deployment, state string) error {
	for _, r := range rollup.All() {
		files, err := filepath.Glob(filepath.Join(state, "state", "rollups", r.Name, "dt="+d.task.date, "*.parquet"))
		if err != nil || len(files) > 1 {
			return fmt.Errorf("rollup %s has %d files: %w", r.Name, len(files), err)
		}
		if len(files) == 0 { // no row, no file
			continue
		}
		if err := os.Rename(files[0], filepath.Join(d.task.work, r.Name+".parquet")); err != nil {
			return err
		}
	}
	return nil
}
