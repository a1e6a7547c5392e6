package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/reports/words"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

type validateFlags struct {
	day, from, to string
	options       jobs.ValidateOptions
}

func (a *app) validateCommand() *cobra.Command {
	var f validateFlags
	c := &cobra.Command{
		Use:   "validate",
		Short: "Check dumps against the contract before a night needs them",
		Long: `validate reads the dumps of a day, or of a range, as a night would: through the mapping of the
configuration, all input tables and all columns. It tells

  files and rows       and which file cannot be read, or has a column of the wrong type, with the remedy
  rejected rows        by reason, with examples: file, row, column, value (never a buyer's id)
  duplicates           dropped, or in conflict
  columns              absent ones, and extra ones that no contract column reads
  missing tables       and which figures cannot be computed without them
  empty days           a day without rows and without _SUCCESS is taken for a fault

Nothing is written. Exit code 1 if a table fails: a night would fail with it, or wait for it.`,
		Example: `  windvane validate --input ./demo/dumps --date 2026-01-31
  windvane validate --config windvane.yaml --from 2026-01-01 --to 2026-01-31 --tables orders,refunds --limit 10`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.validate(cmd.Context(), f) },
	}
	fl := c.Flags()
	fl.StringVarP(&a.input, "input", "i", "", "bucket URL or folder of the dumps (WINDVANE_INPUT_URL)")
	fl.StringVarP(&a.config, "config", "c", "", "configuration file; see windvane init")
	fl.IntVar(&a.workers, "workers", 0, "goroutines; changes nothing in the result (0: as configured, or one per core)")
	fl.StringVarP(&f.day, "date", "d", "", "day of the dumps (default: yesterday in the business zone, or the newest day there is)")
	fl.StringVar(&f.from, "from", "", "first day of a range")
	fl.StringVar(&f.to, "to", "", "last day of the range (default: the newest day there is)")
	fl.StringSliceVarP(&f.options.Tables, "tables", "t", nil, "input tables, separated by commas (default: all)")
	fl.IntVarP(&f.options.Limit, "limit", "n", 3, "examples shown of each reason, per table and day")
	c.MarkFlagsMutuallyExclusive("date", "from")
	c.MarkFlagsMutuallyExclusive("date", "to")
	cli.Complete(c, "tables", cli.ListOf(jobs.TableNames(contract.Inputs())))
	cli.CompleteNoFiles(c, "date", "from", "to", "limit", "workers")
	return c
}

// errValidate makes the exit code 1; the problems were printed before.
var errValidate = errors.New("the dumps do not fit the contract")

func (a *app) validate(ctx context.Context, f validateFlags) error {
	if err := f.options.Validate(); err != nil {
		return cli.UsageError{Err: err}
	}
	s, err := a.openTo(ctx, func(ctx context.Context, _, _ string) (*lake.Lake, error) { return openWrite(ctx, "output", "mem://") })
	if err != nil {
		return err
	}
	defer s.close()
	first, last, err := a.daysToValidate(ctx, s.runner, f)
	if err != nil {
		return err
	}
	var found []jobs.TableReport
	err = s.runner.Validate(ctx, first, last, f.options, func(r jobs.TableReport) error {
		found = append(found, r)
		return nil
	})
	if err != nil {
		return err
	}
	return a.printReports(first, last, found)
}

// daysToValidate is the range of the flags; without any, yesterday or, if it has no dumps, the newest day that has.
func (a *app) daysToValidate(ctx context.Context, r *jobs.Runner, f validateFlags) (first, last calendar.Day, err error) {
	newest, found, err := r.NewestInput(ctx, f.options.Tables)
	if err != nil {
		return 0, 0, err
	}
	if !found {
		return 0, 0, errors.New("no dumps were found: is input.url the bucket, are the paths under tables right, and does what require asks for stand beside the files?")
	}
	if f.day == "" && f.from == "" && f.to == "" {
		yesterday, _ := a.date("date", "", r.Settings.Zone)
		if newest < yesterday {
			a.note(fmt.Sprintf("no dumps of yesterday (%s); looking at the newest day, %s", yesterday, newest))
		}
		return min(newest, yesterday), min(newest, yesterday), nil
	}
	if f.day != "" {
		first, err = parseDay("date", f.day)
		return first, first, err
	}
	if f.from == "" {
		return 0, 0, cli.Usagef("--to needs --from")
	}
	if first, err = parseDay("from", f.from); err != nil {
		return 0, 0, err
	}
	if last = newest; f.to != "" {
		if last, err = parseDay("to", f.to); err != nil {
			return 0, 0, err
		}
	}
	if last < first {
		return 0, 0, cli.Usagef("--to %s lies before --from %s", last, first)
	}
	return first, last, nil
}

func (a *app) printReports(first, last calendar.Day, found []jobs.TableReport) error {
	failed := int64(0)
	for _, r := range found {
		if r.Status == jobs.ReportFailed {
			failed++
		}
	}
	if a.json {
		if err := a.printJSON(map[string]any{"from": first, "to": last, "failed": failed, "tables": found}); err != nil {
			return err
		}
	} else if err := a.printReportTable(found); err != nil {
		return err
	}
	if failed > 0 {
		return printed{fmt.Errorf("%w: %s failed", errValidate, cli.Plural(failed, "table"))}
	}
	return nil
}

func (a *app) printReportTable(found []jobs.TableReport) error {
	var rows [][]string
	for _, r := range found {
		var rejected int64
		for _, n := range r.Rejected {
			rejected += n
		}
		rows = append(rows, []string{r.Table, dayOf(r), r.Status, strconv.Itoa(r.Files), cli.Size(r.Bytes), cli.Grouped(r.Rows), cli.Grouped(rejected), cli.Grouped(r.Duplicates)})
	}
	if err := cli.Table(a.stdout, []string{"table", "day", "status", "files", "size", "rows", "rejected", "duplicates"}, rows,
		"files", "size", "rows", "rejected", "duplicates"); err != nil {
		return err
	}
	var unneeded []string
	for _, r := range found {
		if r.Status == jobs.ReportMissing && len(r.Missing) == 0 {
			if !slices.Contains(unneeded, r.Table) {
				unneeded = append(unneeded, r.Table)
			}
			continue
		}
		a.printReport(r)
	}
	if len(unneeded) > 0 {
		fmt.Fprintf(a.stdout, "\nno dump, and no figure of this version needs it: %s\n", strings.Join(unneeded, ", "))
	}
	return nil
}

func dayOf(r jobs.TableReport) string {
	if r.Day == nil {
		return "-"
	}
	return r.Day.String()
}

// printReport prints what there is to say about a table beyond its line.
func (a *app) printReport(r jobs.TableReport) {
	var lines []string
	add := func(what string, of []string) {
		for _, s := range of {
			lines = append(lines, what+": "+s)
		}
	}
	add("problem", r.Problems)
	for _, reason := range slices.Sorted(maps.Keys(r.Rejected)) {
		lines = append(lines, "rejected: "+cli.Plural(r.Rejected[reason], "row")+" "+reason)
		for _, e := range r.Examples {
			if e.Reason == reason {
				lines = append(lines, "  "+example(e))
			}
		}
	}
	if r.Conflicts > 0 {
		lines = append(lines, "duplicates: "+cli.Plural(r.Conflicts, "row")+" contradict each other and nothing tells the latest")
	}
	if r.Duplicates > 0 {
		lines = append(lines, "duplicates: "+cli.Plural(r.Duplicates, "row")+" dropped; an equal or later one is kept")
	}
	if len(r.Absent) > 0 {
		lines = append(lines, "absent columns: "+strings.Join(r.Absent, ", "))
	}
	if len(r.Extra) > 0 {
		lines = append(lines, "extra columns: "+strings.Join(r.Extra, ", "))
	}
	add("note", r.Notes)
	add("not computable", r.Missing)
	for i, line := range lines {
		lines[i] = words.Printable(line)
	}
	if len(lines) > 0 {
		fmt.Fprintf(a.stdout, "\n%s %s\n  %s\n", r.Table, dayOf(r), strings.Join(lines, "\n  "))
	}
}

func example(e jobs.RejectExample) string {
	s := fmt.Sprintf("%s row %d", e.File, e.Row)
	if e.Column != "" {
		s += ", column " + e.Column
	}
	if e.Value != "" {
		s += fmt.Sprintf(", value %q", e.Value)
	}
	return s
}
