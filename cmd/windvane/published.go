package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
)

// publishedFlags are the flags of commands that look at published nights alone.
func (a *app) publishedFlags(c *cobra.Command, job *string) {
	c.Flags().StringVarP(&a.output, "output", "o", "", "bucket URL or folder that was published to (WINDVANE_OUTPUT_URL)")
	c.Flags().StringVarP(&a.config, "config", "c", "", "configuration file; only output, job and rules (for names) are used")
	c.Flags().StringVar(job, "job", "", "name under published/ (default: as configured)")
	cli.Complete(c, "job", cobra.NoFileCompletions)
}

// withArchive opens the output and hands over what the job has published there.
func (a *app) withArchive(ctx context.Context, job string, use func(jobs.Archive) error) error {
	c, err := a.loadConfig()
	if err != nil {
		return cli.UsageError{Err: err}
	}
	if job == "" {
		job = c.Job
	}
	out, err := openRead(ctx, "output", c.Output.URL)
	if err != nil {
		return err
	}
	defer out.Close()
	return use(jobs.Archive{Out: out, Job: job})
}

// parseDay reads the date of a flag.
func parseDay(flag, value string) (calendar.Day, error) {
	d, err := calendar.Parse(value)
	if err != nil {
		return 0, cli.Usagef("--%s: %q is not a date like 2026-01-31", flag, value)
	}
	return d, nil
}

// optionalDay is the date of a flag, nil if it was not given.
func optionalDay(flag, value string) (*calendar.Day, error) {
	if value == "" {
		return nil, nil
	}
	d, err := parseDay(flag, value)
	return &d, err
}

// orLatest is the day, or else the newest published one.
func orLatest(ctx context.Context, a jobs.Archive, day *calendar.Day) (calendar.Day, error) {
	if day == nil {
		return a.Latest(ctx)
	}
	return *day, nil
}

// noteStale says on standard error that what is shown is not what was wanted.
func (a *app) noteStale(ctx context.Context, ar jobs.Archive, day calendar.Day) {
	if note := ar.StaleNote(ctx, day); note != "" {
		a.note(note, "as_of", day.String())
	}
}

func publishedNames() []string { return jobs.TableNames(contract.Publications()) }

// rules are those of the configuration; commands that look at published nights take names from them.
func (a *app) rules() (rules.Set, error) {
	c, err := a.loadConfig()
	if err != nil {
		return nil, cli.UsageError{Err: err}
	}
	set, err := c.Rules.Load()
	if err != nil {
		return nil, cli.UsageError{Err: err}
	}
	return set, nil
}
