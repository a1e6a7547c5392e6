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
	"sync"
	"time"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/contract"
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
	specs := buyersSpecs(contract.Roles...)
	specs[0].Measures = []string{"gmv_paid_fen", "gmv_net_fen", "buyers"}
	return specs
}

// askedRoles are the roles that a job's tables are asked for.
func askedRoles(specs []tableSpec) (roles []string) {
	for _, s := range specs {
		for _, c := range s.Where {
			if c.Column == "role" {
				roles = append(roles, c.Texts...)
			}
		}
	}
	return roles
}

// mergeWindows runs the night of the as-of date on the state of the night before and tells the seconds of
// its buyers step, without its passes over roles that the peers are not asked for. What is left does more than they
// do: windows of 365 days, new buyers, months, cohorts and trust come out of the same passes.
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
	specs, err := d.task.tables()
	if err != nil {
		return answer{}, err
	}
	clock := &stepClock{now: time.Now, wanted: "buyers", parts: map[string]float64{}}
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
	seconds, err := clock.of(contract.Roles, askedRoles(specs))
	if err != nil {
		return answer{}, err
	}
	a := answer{Seconds: seconds, Tables: map[string]tableSums{}, Parts: clock.parts}
	if !d.task.check {
		return a, nil
	}
	return a, gatherPublished(output, d.task.date, d.task.work, specs)
}

// stepClock measures one step of a night and its parts.
type stepClock struct {
	now    func() time.Time
	wanted string
	done   func() // called once the step is over; may be nil

	mu    sync.Mutex // parts of a step can be done side by side
	began time.Time
	last  time.Time          // when the part before was done
	parts map[string]float64 // seconds of parts that are done one after another
	all   float64            // seconds of the step
}

func (c *stepClock) note(p jobs.Progress) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	switch {
	case p.Total > 0:
		if p.Step == c.wanted && p.What != "" {
			c.parts[p.What], c.last = now.Sub(c.last).Seconds(), now
		}
	case p.Step == c.wanted:
		c.began, c.last = now, now
	case !c.began.IsZero() && c.all == 0:
		c.all = now.Sub(c.began).Seconds()
		if c.done != nil {
			c.done()
		}
	}
}

// of is the time of the step without those of its parts that were not asked for.
func (c *stepClock) of(parts, asked []string) (float64, error) {
	seconds := c.all
	for _, name := range parts {
		if slices.Contains(asked, name) {
			continue
		}
		s, ok := c.parts[name]
		if !ok {
			return 0, fmt.Errorf("step %s: nothing is told of %s: its parts were done side by side, for too few lines to take their time apart", c.wanted, name)
		}
		seconds -= s
	}
	return seconds, nil
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
