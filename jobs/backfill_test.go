package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
)

// backfill makes the nights of a range that have one of the statuses, and tells which were published and what was logged.
func (d *deployment) backfill(first, last calendar.Day, only ...string) (published []calendar.Day, log string, err error) {
	d.t.Helper()
	var logged bytes.Buffer
	err = d.with(func(r *jobs.Runner) error {
		r.Log = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelWarn}))
		return r.Backfill(context.Background(), first, last, only, func(o jobs.Outcome) error {
			if o.Status == jobs.Published {
				published = append(published, o.AsOf)
			}
			return nil
		})
	})
	return published, logged.String(), err
}

// Dates before the first version of the rules keep no night behind them from being corrected: one that was never published is missing, one
// that was published under rules that are gone stays, and that is told.
func TestDatesBeforeTheRulesHoldUpNoCorrection(t *testing.T) {
	begins := func(d *deployment, day calendar.Day) {
		d.settings.Rules = slices.Clone(d.settings.Rules)
		d.settings.Rules[0].EffectiveFrom = day
	}
	corrected := []calendar.Day{lastDay - 1, lastDay}

	d := newDeployment(t)
	begins(d, lastDay-1)
	d.night(lastDay - 1)
	d.night(lastDay)
	d.correct(lastDay-1, 4_321)
	if got := d.status(lastDay - 5); got != jobs.Missing {
		t.Errorf("a date before the rules is %q", got)
	}
	published, log, err := d.backfill(lastDay-5, lastDay, jobs.Stale)
	if err != nil || !slices.Equal(published, corrected) || log != "" {
		t.Errorf("published %v, %v, logged %q", published, err, log)
	}
	if _, _, err := d.backfill(lastDay-5, lastDay, jobs.Missing); !errors.Is(err, jobs.ErrInput) || !strings.Contains(err.Error(), "no version of the rules is effective on "+(lastDay-5).String()) {
		t.Errorf("the missing night itself: %v", err)
	}
	if got := d.status(lastDay - 5); got != jobs.Failed {
		t.Errorf("after that it is %q", got)
	}

	replaced := newDeployment(t)
	for day := lastDay - 2; day <= lastDay; day++ {
		replaced.night(day)
	}
	begins(replaced, lastDay-1)
	published, log, err = replaced.backfill(lastDay-5, lastDay, jobs.Stale)
	if err != nil || !slices.Equal(published, corrected) {
		t.Errorf("rules that were replaced: published %v, %v", published, err)
	}
	if want := "no version of the rules is effective on " + (lastDay - 2).String(); strings.Count(log, "night left as it is") != 1 || !strings.Contains(log, want) {
		t.Errorf("logged %q, want %q once", log, want)
	}
}
