package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/contract"
)

func (a *app) diffCommand() *cobra.Command {
	var from, to, job string
	var o jobs.DiffOptions
	c := &cobra.Command{
		Use:   "diff",
		Short: "Tell what changed between two published nights",
		Long: `diff compares the newest commits of two dates: which rows of each table came, went and changed, by the
table's key; per figure the sum over all rows before and after; and the rows that moved most, by gmv_paid
where the table has it. as_of_date itself is no difference; a list that was renamed is rows that went and
rows that came, for its id is in the key.

A table of figures holds every scope and window, so its sums count a sale many times over: look at one
scope and window with --role and --window.`,
		Example: `  windvane diff --output ./demo/out --from 2026-01-30 --to 2026-01-31
  windvane diff --output ./demo/out --from 2026-01-30 --to 2026-01-31 --tables gmv --role merchant --window 7 --limit 20`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.diff(cmd.Context(), from, to, job, o) },
	}
	a.publishedFlags(c, &job)
	f := c.Flags()
	f.StringVar(&from, "from", "", "the date before")
	f.StringVar(&to, "to", "", "the date after (default: the newest published)")
	f.StringSliceVarP(&o.Tables, "tables", "t", nil, "tables, separated by commas (default: all)")
	f.StringVar(&o.Role, "role", "", "only rows of this role, of the tables that have roles")
	f.Int64Var(&o.Window, "window", 0, "only rows of windows of so many days, of the tables that have windows")
	f.IntVarP(&o.Limit, "limit", "n", 5, "rows shown of those that moved most, per table")
	_ = c.MarkFlagRequired("from")
	cli.Complete(c, "tables", cli.ListOf(publishedNames()))
	cli.Complete(c, "role", cli.OneOf(contract.Roles...))
	cli.Complete(c, "window", cli.OneOf("1", "7", "30", "60", "90", "365"))
	cli.CompleteNoFiles(c, "from", "to", "limit")
	return c
}

func (a *app) diff(ctx context.Context, from, to, job string, o jobs.DiffOptions) error {
	if err := o.Validate(); err != nil {
		return cli.UsageError{Err: err}
	}
	first, err := parseDay("from", from)
	if err != nil {
		return err
	}
	wanted, err := optionalDay("to", to)
	if err != nil {
		return err
	}
	return a.withArchive(ctx, job, func(ar jobs.Archive) error {
		last, err := orLatest(ctx, ar, wanted)
		if err != nil {
			return err
		}
		d, err := ar.Diff(ctx, first, last, o)
		if err != nil {
			return err
		}
		if a.json {
			return a.printJSON(d)
		}
		return a.printDiff(d)
	})
}

func (a *app) printDiff(d jobs.Difference) error {
	var rows [][]string
	for _, t := range d.Tables {
		rows = append(rows, []string{t.Table, cli.Grouped(t.Before), cli.Grouped(t.After), cli.Grouped(t.Added), cli.Grouped(t.Removed), cli.Grouped(t.Changed)})
	}
	fmt.Fprintf(a.stdout, "%s → %s\n", d.From, d.To)
	err := cli.Table(a.stdout, []string{"table", "before", "after", "added", "removed", "changed"}, rows, "before", "after", "added", "removed", "changed")
	for _, t := range d.Tables {
		if err == nil {
			err = a.printTableDiff(t)
		}
	}
	return err
}

func (a *app) printTableDiff(t jobs.TableDiff) error {
	if len(t.Columns) > 0 {
		fmt.Fprintf(a.stdout, "\n%s\n", t.Table)
		var rows [][]string
		for _, c := range t.Columns {
			row := []string{c.Column, cli.Grouped(c.Changed), "", "", ""}
			if c.Change != nil {
				row[2], row[3], row[4] = cli.Grouped(*c.Before), cli.Grouped(*c.After), cli.Signed(*c.Change)
			}
			rows = append(rows, row)
		}
		if err := cli.Table(a.stdout, []string{"column", "rows changed", "sum before", "sum after", "change"}, rows, "rows changed", "sum before", "sum after", "change"); err != nil {
			return err
		}
	}
	if len(t.Movers) == 0 {
		return nil
	}
	fmt.Fprintf(a.stdout, "\n%s, by change of %s\n", t.Table, t.MovedBy)
	var rows [][]string
	for _, m := range t.Movers {
		rows = append(rows, []string{cli.Short(m.Name, 4*widest), m.Status, cli.Grouped(m.Before), cli.Grouped(m.After), cli.Signed(m.Change)})
	}
	return cli.Table(a.stdout, []string{"row", "", "before", "after", "change"}, rows, "before", "after", "change")
}
