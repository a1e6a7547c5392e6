package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/schedule"
	"github.com/windvane/windvane/transforms/calendar"
)

func (a *app) statusCommand() *cobra.Command {
	var day, job string
	var within time.Duration
	c := &cobra.Command{
		Use:   "status",
		Short: "Tell whether the newest published night is the one wanted",
		Long: `status asks the output bucket for the newest published night and holds it against the one that is
wanted: the one that the schedule of the configuration had due --within ago, or --date.

Exit codes, for monitoring: 0 fresh; 3 stale, because inputs are late or nothing was tried yet; 4 stale,
because a gate stopped the night; 1 stale, because the last attempt failed or has not ended: it is still
going, or was killed. It says since when, why, and what to type next. A gate or a failure before an attempt
that has not ended stays the reason. A published night whose correction failed is fresh; that it failed is
said too.`,
		Example: `  windvane status --output ./demo/out --date 2026-01-31
  windvane status --output s3://windvane --within 2h --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.status(cmd.Context(), day, job, within) },
	}
	a.publishedFlags(c, &job)
	c.Flags().StringVarP(&day, "date", "d", "", "the night that is wanted (default: by the schedule)")
	c.Flags().DurationVar(&within, "within", time.Hour, "how long a night may take from its time in the schedule")
	cli.CompleteNoFiles(c, "date", "within")
	return c
}

// Errors that make the exit code; the details were printed before.
var (
	errStale   = errors.New("stale")
	errUntried = errors.New("no attempt has left a trace")
)

func (a *app) status(ctx context.Context, day, job string, within time.Duration) error {
	asked, err := optionalDay("date", day)
	if err != nil {
		return err
	}
	c, err := a.loadConfig()
	if err != nil {
		return cli.UsageError{Err: err}
	}
	nights, err := newExpectation(c)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	wanted := nights.wanted(a.clock.Now().Add(-within))
	if asked != nil {
		wanted = *asked
	}
	return a.withArchive(ctx, job, func(ar jobs.Archive) error {
		f, err := ar.Freshness(ctx, wanted, nights.due)
		if err != nil {
			return err
		}
		return a.printFreshness(f, nights.zone)
	})
}

func (a *app) printFreshness(f *jobs.Freshness, zone *calendar.Zone) error {
	if a.json {
		if err := a.printJSON(f); err != nil {
			return err
		}
	} else {
		a.describeFreshness(f, zone)
	}
	if f.State == jobs.StandingFresh {
		return nil
	}
	return printed{fmt.Errorf("%w since %s: %w", errStale, clockOf(f.StaleSince, zone), whyStale(f))}
}

// whyStale is the error that makes the exit code of a night that is not published.
func whyStale(f *jobs.Freshness) error {
	switch {
	case f.Cause == "":
		return errUntried
	case f.Cause == jobs.CauseLate:
		return jobs.ErrLate
	case f.Cause == jobs.CauseGate:
		return jobs.ErrGate
	case f.Cause == jobs.CauseUnfinished:
		return errors.New("the last attempt has not ended")
	case f.Unfinished():
		return errors.New("the last attempt that ended failed")
	}
	return errors.New("the last attempt failed")
}

func (a *app) describeFreshness(f *jobs.Freshness, zone *calendar.Zone) {
	newest := "nothing is published"
	if f.Newest != nil {
		newest = fmt.Sprintf("the newest is %s, commit %d of %s, run %s", f.Newest, f.Sequence, clockOf(f.Published, zone), f.Run)
	}
	fmt.Fprintf(a.stdout, "%s is %s: %s\n", f.Wanted, f.State, newest)
	if len(f.Gaps) > 0 {
		fmt.Fprintf(a.stdout, "gaps      %s; if the dumps are there: windvane backfill --from %s\n", shortDays(f.Gaps), f.Gaps[0])
	}
	if f.State == jobs.StandingFresh {
		if f.Reason != "" {
			fmt.Fprintf(a.stdout, "correction of %s failed: %s: %s\nnext      %s\n", f.Newest, f.Cause, cli.Lines(f.Reason), f.Next)
		}
		return
	}
	fmt.Fprintf(a.stdout, "missing   %s, due since %s\n", shortDays(f.Missing), clockOf(f.StaleSince, zone))
	if f.Reason != "" {
		fmt.Fprintf(a.stdout, "cause     %s: %s\n", f.Cause, cli.Lines(f.Reason))
	}
	if f.Unfinished() {
		fmt.Fprintf(a.stdout, "attempt   run %s, since %s, unfinished\n", f.LastAttempt.Run, clockOf(f.LastAttempt.Started, zone))
	}
	fmt.Fprintf(a.stdout, "next      %s\n", f.Next)
}

// nightJob is a job of the schedule that makes nights.
type nightJob struct {
	spec *schedule.Spec
	lag  calendar.Day
}

// expectation is which night should be there when.
type expectation struct {
	zone *calendar.Zone
	job  *nightJob // the first night job of the schedule; nil: there is none
}

func newExpectation(c config.Config) (expectation, error) {
	zone, err := c.Zone()
	if err != nil {
		return expectation{}, err
	}
	e := expectation{zone: zone}
	for _, j := range c.Jobs() {
		if j.Does != config.TaskNight {
			continue
		}
		spec, err := j.Parsed(zone)
		if err != nil {
			return expectation{}, err
		}
		e.job = &nightJob{spec, calendar.Day(*j.LagDays)}
		break
	}
	return e, nil
}

// wanted is the as-of date of the last firing up to a moment; without a schedule it is the day before.
func (e expectation) wanted(at time.Time) calendar.Day {
	if e.job != nil {
		if f, ok := e.job.spec.Last(at); ok {
			return f.AsOf
		}
	}
	return e.zone.Day(at.UnixMicro()) - 1
}

// due is when a night comes in the schedule; without one it is the end of its day.
func (e expectation) due(asOf calendar.Day) time.Time {
	end := time.UnixMicro(e.zone.Start(asOf + 1)).UTC()
	if e.job == nil {
		return end
	}
	begin := time.UnixMicro(e.zone.Start(asOf + e.job.lag)).UTC()
	if f, ok := e.job.spec.Next(begin.Add(-time.Microsecond)); ok && f.AsOf >= asOf {
		return f.At
	}
	return end
}
