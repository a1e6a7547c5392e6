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
			status, kept, err := r.look(ctx, d)
			if err != nil {
				return err
			}
			if kept != "" {
				r.Log.Warn("night left as it is", "as_of", d.String(), "note", kept)
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

// Status tells what a run of the night would find. A published night from before the first version of the rules counts as done: no run
// can make it again.
func (r *Runner) Status(ctx context.Context, asOf calendar.Day) (string, error) {
	status, _, err := r.look(ctx, asOf)
	return status, err
}

// look is Status, with why a published night is left as it is although a run might give another one; empty: it would not.
func (r *Runner) look(ctx context.Context, asOf calendar.Day) (status, kept string, err error) {
	if set := r.Settings.Rules; len(set) > 0 && set.On(asOf) == nil {
		return r.lookWithoutRules(ctx, asOf)
	}
	n, err := r.newNight(ctx, asOf)
	if err != nil {
		return "", "", err
	}
	if n.current == nil {
		status, err = r.statusUnpublished(ctx, asOf)
		return status, "", err
	}
	switch err := n.takeSnapshot(ctx); {
	case errors.Is(err, ErrLate):
		return Stale, "", nil // a dump it rests on is gone: a run will say which
	case err != nil:
		return "", "", err
	case !n.done:
		return Stale, "", nil
	}
	return Done, n.keptFor(), nil
}

// lookWithoutRules is look of a date before the first version of the rules. No run can make its night, and those behind it do not wait
// for that.
func (r *Runner) lookWithoutRules(ctx context.Context, asOf calendar.Day) (status, kept string, err error) {
	newest, there, err := r.Out.Newest(ctx, r.Settings.Job, asOf.String())
	if err != nil {
		return "", "", fmt.Errorf("read commits of %s: %w", asOf, err)
	}
	if !there || newest.Retired {
		status, err = r.statusUnpublished(ctx, asOf)
		return status, "", err
	}
	return Done, fmt.Sprintf("no version of the rules is effective on %s, the first begins on %s: what is published of it stays", asOf, r.Settings.Rules[0].EffectiveFrom), nil
}

// statusUnpublished tells what became of a night that nobody reads.
func (r *Runner) statusUnpublished(ctx context.Context, asOf calendar.Day) (string, error) {
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
