package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/rollup"
)

func (a *app) planCommand() *cobra.Command {
	var day string
	var rollups bool
	c := &cobra.Command{
		Use:   "plan",
		Short: "Tell what a run would read, reduce and publish, and why",
		Long: `plan looks at the dumps and at what is published, and tells what run would do for one date, without doing
it: the status of the night (missing, failed, stale, done, late) and why, the steps, the days to be
reduced with their reason and size, the commit it rests on, and the later nights that would become stale.

Reasons: new; changed (other objects than the commit named read); rules changed (its mapping or rules);
snapshot (classified by other snapshots, or by snapshots under other rules); state lost (its rollups are
gone).

With --rollups it prints the declared daily rollups instead. Exit code 3 if inputs are late.`,
		Example: `  windvane plan --input ./demo/dumps --output ./demo/out --date 2026-01-31
  windvane plan --rollups`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if rollups {
				return a.printRollups()
			}
			return a.plan(cmd.Context(), day)
		},
	}
	a.nightFlags(c)
	c.Flags().StringVarP(&day, "date", "d", "", "as-of date (default: yesterday in the business zone)")
	c.Flags().BoolVar(&rollups, "rollups", false, "print the declared rollups")
	cli.CompleteNoFiles(c, "date", "workers")
	return c
}

func (a *app) printRollups() error {
	all := rollup.All()
	if a.json {
		var out []map[string]any
		for _, r := range all {
			out = append(out, map[string]any{"name": r.Name, "source": r.Source.Name, "doc": r.Doc, "rollup": r.String()})
		}
		return a.printJSON(out)
	}
	for _, r := range all {
		if _, err := fmt.Fprintf(a.stdout, "%s\n    %s\n", r, r.Doc); err != nil {
			return err
		}
	}
	return nil
}

// openIfThere opens a bucket; a folder that is not there yet is an empty bucket.
func openIfThere(ctx context.Context, what, url string) (*lake.Lake, error) {
	l, err := openRead(ctx, what, url)
	if errors.Is(err, fs.ErrNotExist) {
		return lake.Open(ctx, "mem://", lake.Options{})
	}
	return l, err
}

func (a *app) plan(ctx context.Context, day string) error {
	s, err := a.openTo(ctx, openIfThere)
	if err != nil {
		return err
	}
	defer s.close()
	asOf, err := a.date("date", day, s.runner.Settings.Zone)
	if err != nil {
		return err
	}
	p, err := s.runner.Plan(ctx, asOf)
	if err != nil {
		return err
	}
	if a.json {
		err = a.printJSON(p)
	} else {
		err = a.printPlan(p)
	}
	if err == nil && p.Status == jobs.Late {
		return printed{fmt.Errorf("%w: %s", jobs.ErrLate, asOf)}
	}
	return err
}

func (a *app) printPlan(p *jobs.Plan) error {
	fmt.Fprintf(a.stdout, "%s is %s: %s\n", p.AsOf, p.Status, p.Why)
	if p.Status == jobs.Late {
		return nil
	}
	fmt.Fprintf(a.stdout, "rests on %s; history from %s\n", commitName(p.Previous), p.First)
	if len(p.Stale) > 0 {
		fmt.Fprintf(a.stdout, "would become stale: %s (then: windvane backfill --only stale)\n", shortDays(p.Stale))
	}
	fmt.Fprintln(a.stdout)
	if err := a.printPlannedTables(p.Tables); err != nil {
		return err
	}
	if err := a.printReductions(p.Tables); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout)
	if p.Status == jobs.Done {
		_, err := fmt.Fprintf(a.stdout, "done: commit %d. A run would look at the inputs (%s) and publish nothing, until an input, a rule or the night before has changed\n",
			p.Current.Sequence, p.Steps[0].Name)
		return err
	}
	var steps [][]string
	for _, s := range p.Steps {
		steps = append(steps, []string{s.Name, strings.Join(s.In, ", "), strings.Join(s.Out, ", ")})
	}
	return cli.Table(a.stdout, []string{"step", "reads", "makes"}, steps)
}

func commitName(r *jobs.CommitRef) string {
	if r == nil {
		return "nothing (cold start)"
	}
	return fmt.Sprintf("commit %d of %s", r.Sequence, r.AsOf)
}

func shortDays(days []calendar.Day) string {
	if len(days) == 1 {
		return days[0].String()
	}
	return fmt.Sprintf("%s to %s (%d nights)", days[0], days[len(days)-1], len(days))
}

func (a *app) printPlannedTables(tables []jobs.PlannedTable) error {
	var rows [][]string
	for _, t := range tables {
		var bytes, lines int64
		for _, p := range t.Reduce {
			bytes += p.Bytes
			lines += max(0, p.Rows)
		}
		rows = append(rows, []string{t.Table, strconv.Itoa(t.Partitions), strconv.Itoa(t.Known), strconv.Itoa(t.Pinned), strconv.Itoa(t.Lazy),
			strconv.Itoa(len(t.Reduce)), cli.Grouped(lines), cli.Size(bytes)})
	}
	return cli.Table(a.stdout, []string{"table", "days", "known", "pinned", "on demand", "to reduce", "rows", "size"}, rows,
		"days", "known", "pinned", "on demand", "to reduce", "rows", "size")
}

// shownReductions is how many days of a table are listed; JSON has them all.
const shownReductions = 10

func (a *app) printReductions(tables []jobs.PlannedTable) error {
	var rows [][]string
	for _, t := range tables {
		for i, p := range t.Reduce {
			if i == shownReductions {
				rows = append(rows, []string{t.Table, fmt.Sprintf("… %d more", len(t.Reduce)-i), "", "", ""})
				break
			}
			reason := p.Reason
			if p.Since != "" {
				reason += " since " + p.Since
			}
			count := cli.Grouped(p.Rows)
			if p.Rows < 0 {
				count = "unreadable"
			}
			rows = append(rows, []string{t.Table, p.Day.String(), reason, count, cli.Size(p.Bytes)})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	fmt.Fprintln(a.stdout)
	return cli.Table(a.stdout, []string{"reduce", "day", "why", "rows", "size"}, rows, "rows", "size")
}
