package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/reports/words"
	"github.com/windvane/windvane/transforms/calendar"
)

// runsOptions are the flags of runs.
type runsOptions struct {
	job, from, to string
	steps         bool
}

// shownDates is how many dates runs looks at without --from.
const shownDates = 14

func (a *app) runsCommand() *cobra.Command {
	var o runsOptions
	c := &cobra.Command{
		Use:   "runs",
		Short: "List commits and failed attempts, with durations and gates",
		Long: `runs lists what became of every run of some dates, from the output bucket alone: commit records and
manifests for what was published, records of failures for what was not. There is no other ledger.

  published    its commit is the newest of the date: what readers follow
  superseded   a newer commit took its place
  failed, late nothing was published; the error says why
  unfinished   it wrote tables and neither committed nor failed: still going, or killed

With --steps it also prints the steps and gates of each. --json has all of it always.`,
		Example: `  windvane runs --output ./demo/out
  windvane runs --output s3://windvane --from 2026-01-01 --to 2026-01-31 --steps`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runs(cmd.Context(), o) },
	}
	a.publishedFlags(c, &o.job)
	c.Flags().StringVar(&o.from, "from", "", "first as-of date (default: 13 days before the last)")
	c.Flags().StringVar(&o.to, "to", "", "last as-of date (default: the newest up to today that has anything, or a later one that is published)")
	c.Flags().BoolVar(&o.steps, "steps", false, "print steps and gates too")
	cli.CompleteNoFiles(c, "from", "to")
	return c
}

func (a *app) runs(ctx context.Context, o runsOptions) error {
	from, err := optionalDay("from", o.from)
	if err != nil {
		return err
	}
	to, err := optionalDay("to", o.to)
	if err != nil {
		return err
	}
	if from != nil && to != nil && *to < *from {
		return cli.Usagef("--to %s lies before --from %s", *to, *from)
	}
	zone, err := a.zone()
	if err != nil {
		return err
	}
	return a.withArchive(ctx, o.job, func(ar jobs.Archive) error {
		first, last, err := rangeOfRuns(ctx, ar, from, to, zone.Day(a.clock.Now().UnixMicro()))
		if err != nil {
			return err
		}
		runs, err := ar.Runs(ctx, first, last)
		if err != nil {
			return err
		}
		if a.json {
			return a.printJSON(runs)
		}
		return a.printRuns(runs, zone, o.steps)
	})
}

// rangeOfRuns are the dates to look at.
func rangeOfRuns(ctx context.Context, ar jobs.Archive, from, to *calendar.Day, today calendar.Day) (first, last calendar.Day, err error) {
	if to == nil {
		newest, err := ar.Newest(ctx, today)
		if err != nil {
			return 0, 0, err
		}
		to = &newest
	}
	if from == nil {
		day := *to - shownDates + 1
		from = &day
	}
	return *from, *to, nil
}

// zone is the business zone of the configuration.
func (a *app) zone() (*calendar.Zone, error) {
	c, err := a.loadConfig()
	if err != nil {
		return nil, cli.UsageError{Err: err}
	}
	zone, err := c.Zone()
	if err != nil {
		return nil, cli.UsageError{Err: err}
	}
	return zone, nil
}

func (a *app) printRuns(runs []jobs.RunRecord, zone *calendar.Zone, steps bool) error {
	var rows [][]string
	for _, r := range runs {
		commit := "–"
		if r.Sequence > 0 {
			commit = strconv.Itoa(r.Sequence)
		}
		rows = append(rows, []string{r.AsOf.String(), commit, r.Status, clockOf(r.Finished, zone), took(r), gatesOf(r), cli.Grouped(r.Rows), r.Run, remark(r)})
	}
	if err := cli.Table(a.stdout, []string{"as of", "commit", "status", "ended", "took", "gates", "rows", "run", ""}, rows, "commit", "took", "gates", "rows"); err != nil || !steps {
		return err
	}
	for _, r := range runs {
		fmt.Fprintf(a.stdout, "\n%s %s\n", r.AsOf, r.Run)
		for _, s := range r.Steps {
			fmt.Fprintf(a.stdout, "  %-12s %8.3f s\n", s.Name, s.Seconds)
		}
		for _, g := range r.Gates {
			fmt.Fprintf(a.stdout, "  gate %s: %s, %s\n", g.Name, passed(g), words.Printable(g.Detail))
		}
	}
	return nil
}

func passed(g jobs.Gate) string {
	if g.Passed {
		return "passed"
	}
	return "held"
}

// clockOf is a moment in the business zone.
func clockOf(t *time.Time, zone *calendar.Zone) string {
	if t == nil {
		return "–"
	}
	return t.In(zone.Location()).Format("2006-01-02 15:04:05")
}

func took(r jobs.RunRecord) string {
	if r.Started == nil || r.Finished == nil {
		return "–"
	}
	return strconv.FormatFloat(r.Seconds, 'f', 1, 64) + " s"
}

// gatesOf counts gates: 2 of 3 passed.
func gatesOf(r jobs.RunRecord) string {
	if len(r.Gates) == 0 {
		return "–"
	}
	n := 0
	for _, g := range r.Gates {
		if g.Passed {
			n++
		}
	}
	return fmt.Sprintf("%d of %d", n, len(r.Gates))
}

// remark is the cause of a failure, or what else is to be said of a run, in one line.
func remark(r jobs.RunRecord) string {
	text := r.Error
	switch {
	case r.RollbackTo > 0:
		text = fmt.Sprintf("the tables of commit %d again: %s", r.RollbackTo, r.Reason)
	case r.Reason != "":
		text = "turnover accepted: " + r.Reason
	case r.Collected:
		text = "its tables were collected"
	}
	text, _, _ = strings.Cut(text, "\n")
	if cut := []rune(text); len(cut) > 120 {
		return string(cut[:119]) + "…"
	}
	return cmp.Or(text, strings.Join(r.Warnings[:min(1, len(r.Warnings))], ""))
}
