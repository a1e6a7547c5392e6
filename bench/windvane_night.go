package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
)

// outputFolder holds windvane's output in the work folder.
const outputFolder = "output"

// Windows are compared on what the night publishes: windows up to the marketplace's 90 days.

func buyersSpecs(roles ...string) []tableSpec {
	of := func(windows ...int64) []condition {
		return []condition{{Column: "role", Texts: roles}, {Column: "window_days", Numbers: windows}}
	}
	keys := []string{"role", "subject_id", "window_days"}
	bought := condition{Column: "buyers", Min: 1}
	return []tableSpec{
		{Name: "gmv", Keys: keys, Measures: []string{"buyers"}, Where: append(of(1, 7, 30, 60, 90), bought)},
		{Name: "repeat_purchase", Keys: keys, Measures: []string{"buyers", "repeat_buyers"}, Where: of(1, 7, 30, 90)},
	}
}

func nightSpecs() []tableSpec {
	specs := buyersSpecs("platform", "category", "merchant", "talent", "product")
	specs[0].Measures = []string{"gmv_paid_fen", "gmv_net_fen", "buyers"}
	return specs
}

// mergeWindows runs the night of the as-of date on the state of the night before and tells the seconds of
// its buyers step alone. That step does more than the peers are asked for: categories and products, windows
// of 365 days, new buyers, months, cohorts and trust come out of the same pass.
func mergeWindows(ctx context.Context, d deployment) (answer, error) {
	output := filepath.Join(d.task.work, outputFolder)
	in, err := lake.Open(ctx, filepath.Join(d.task.data, dumpsFolder), lake.Options{})
	if err != nil {
		return answer{}, err
	}
	defer in.Close()
	out, err := lake.Open(ctx, output, lake.Options{Rebuildable: []string{"state/"}})
	if err != nil {
		return answer{}, err
	}
	defer out.Close()
	key, err := hex.DecodeString(benchKey)
	if err != nil {
		return answer{}, err
	}
	copy(d.settings.BuyerKey[:], key)
	clock := &stepClock{now: time.Now, wanted: "buyers", last: map[string]time.Time{}}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if !d.task.check {
		clock.done = func() { stop(errReduced) }
	}
	r := &jobs.Runner{In: in, Out: out, Settings: d.settings, Now: time.Now, NewRunID: func() string { return "bench" },
		Version: "bench", Log: slog.New(slog.DiscardHandler), Spill: spillDir(d.task.work), OnProgress: clock.note}
	if _, err := r.Run(ctx, d.day); err != nil && !errors.Is(context.Cause(ctx), errReduced) {
		return answer{}, err
	}
	a := answer{Seconds: clock.seconds, Tables: map[string]tableSums{}}
	if !d.task.check {
		return a, nil
	}
	specs, err := d.task.tables()
	if err != nil {
		return answer{}, err
	}
	return a, gatherPublished(output, d.task.date, d.task.work, specs)
}

// stepClock measures one step of a night.
type stepClock struct {
	now     func() time.Time
	wanted  string
	last    map[string]time.Time
	seconds float64
	done    func() // called once the step is over; may be nil
}

func (c *stepClock) note(p jobs.Progress) {
	if _, seen := c.last[p.Step]; seen {
		return
	}
	now := c.now()
	c.last[p.Step] = now
	if began, ok := c.last[c.wanted]; ok && c.seconds == 0 && p.Step != c.wanted {
		c.seconds = now.Sub(began).Seconds()
		if c.done != nil {
			c.done()
		}
	}
}

// wholeNight runs the binary for the as-of date on the state of the night before: its wall time, from its
// start to its end.
func wholeNight(ctx context.Context, d deployment) (answer, error) {
	output := filepath.Join(d.task.work, outputFolder)
	started := time.Now()
	if err := runNight(ctx, os.Getenv("BENCH_WINDVANE"), filepath.Join(d.task.data, dumpsFolder), output, d.task.date); err != nil {
		return answer{}, err
	}
	a := answer{Seconds: time.Since(started).Seconds(), Tables: map[string]tableSums{}}
	specs, err := d.task.tables()
	if err != nil {
		return answer{}, err
	}
	specs = slices.DeleteFunc(specs, func(s tableSpec) bool { return s.Days > 0 }) // not published
	return a, gatherPublished(output, d.task.date, d.task.work, specs)
}

// tables are the tables and columns that are compared.
func (t task) tables() (specs []tableSpec, err error) {
	data, err := os.ReadFile(t.spec)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &specs); err != nil {
		return nil, fmt.Errorf("%s: %w", t.spec, err)
	}
	return specs, nil
}
