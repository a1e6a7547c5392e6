package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
)

// Statuses of a night as backfill and plan tell them.
const (
	Missing = "missing" // never published
	Failed  = "failed"  // not published, and the last attempt failed
	Stale   = "stale"   // published from other inputs, rules or another night before
	Done    = "done"
	Retired = "retired" // published once, and taken out of the archive by the retention
)

// CheckStatuses refuses words that --only does not know.
func CheckStatuses(only []string) error {
	for _, s := range only {
		if !slices.Contains([]string{Missing, Failed, Stale}, s) {
			return fmt.Errorf("--only: %q is none of missing, failed, stale", s)
		}
	}
	return nil
}

// Backfill makes the nights from first to last in ascending order, each resting on the one before, and
// stops at the first that fails. With only, nights of other statuses are passed over; a night that
// becomes stale because an earlier one was made again is met in its turn.
func (r *Runner) Backfill(ctx context.Context, first, last calendar.Day, only []string, report func(Outcome) error) error {
	for d := first; d <= last; d++ {
		if len(only) > 0 {
			status, err := r.Status(ctx, d)
			if err != nil {
				return err
			}
			if !slices.Contains(only, status) {
				continue
			}
		}
		o, err := r.Run(ctx, d)
		if err != nil {
			return err
		}
		if err := report(o); err != nil {
			return err
		}
	}
	return nil
}

// Status tells what a run of the night would find.
func (r *Runner) Status(ctx context.Context, asOf calendar.Day) (string, error) {
	n, err := r.newNight(ctx, asOf)
	if err != nil {
		return "", err
	}
	if n.current == nil {
		if _, is, err := retired(ctx, r.Out, r.Settings.Job, asOf); is || err != nil {
			return Retired, err
		}
		failures, err := r.Out.List(ctx, failurePrefix(r.Settings.Job, asOf))
		if err != nil {
			return "", err
		}
		if len(failures) > 0 {
			return Failed, nil
		}
		return Missing, nil
	}
	switch err := n.takeSnapshot(ctx); {
	case errors.Is(err, ErrLate):
		return Stale, nil // a dump it rests on is gone: a run will say which
	case err != nil:
		return "", err
	case !n.done:
		return Stale, nil
	}
	return Done, nil
}
