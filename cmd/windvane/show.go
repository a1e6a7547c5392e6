package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/spf13/cobra"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/reports/console"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// showOptions are the flags of show.
type showOptions struct {
	job, date, table, role, subject string
	window, top                     int
	columns                         []string
}

func (a *app) showCommand() *cobra.Command {
	var o showOptions
	c := &cobra.Command{
		Use:   "show",
		Short: "Print a published table",
		Long: `show prints rows of a published table for people: money in yuan, ratios in percent, – for what was
not computed. Of a table with a row per subject the largest are shown. It shows what the date's newest
commit names. Programs should read the Parquet files (docs/tables.md).`,
		Example: `  windvane show --output ./demo/out
  windvane show --output ./demo/out --table gmv --role merchant --window 30 --top 20
  windvane show --output ./demo/out --table cohorts --role platform --columns cohort_month,month_offset,buyers`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.show(cmd.Context(), o) },
	}
	a.publishedFlags(c, &o.job)
	f := c.Flags()
	f.StringVarP(&o.date, "date", "d", "", "as-of date (default: the newest published)")
	f.StringVarP(&o.table, "table", "t", contract.Overview.Name, "which table")
	f.StringVar(&o.role, "role", "", "only rows of this role: platform, category, merchant, talent, product")
	f.StringVar(&o.subject, "subject", "", "only rows of this subject_id")
	f.IntVar(&o.window, "window", 0, "only rows of this window_days")
	f.IntVarP(&o.top, "top", "n", 20, "rows at most; 0: all")
	f.StringSliceVar(&o.columns, "columns", nil, "columns to print (default: the most asked for)")
	cli.Complete(c, "table", cli.OneOf(publishedNames()...))
	cli.Complete(c, "role", cli.OneOf(contract.Roles...))
	cli.CompleteNoFiles(c, "date", "subject", "window", "top", "columns")
	return c
}

func (a *app) show(ctx context.Context, o showOptions) error {
	if a.json {
		return cli.Usagef("show prints for people; programs read the Parquet files")
	}
	t, ok := contract.Lookup(o.table, contract.Publications())
	if !ok {
		return cli.Usagef("--table: %q is none of %s", o.table, strings.Join(publishedNames(), ", "))
	}
	p, err := console.New(t, o.console())
	if err != nil {
		return cli.UsageError{Err: err}
	}
	asOf, err := optionalDay("date", o.date)
	if err != nil {
		return err
	}
	return a.withArchive(ctx, o.job, func(archive jobs.Archive) error {
		day, err := orLatest(ctx, archive, asOf)
		if err != nil {
			return err
		}
		rec, err := newest(ctx, archive, day)
		if err != nil {
			return err
		}
		a.noteStale(ctx, archive, day)
		if err := printRows(ctx, archive.Out, rec.Prefix+"/"+t.Name+".parquet", p); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "%s of %s, commit %d: %s\n", t.Name, rec.AsOf, rec.Sequence, t.Doc)
		return p.Print(a.stdout)
	})
}

func (o showOptions) console() console.Options {
	where := map[string]string{}
	if o.role != "" {
		where["role"] = o.role
	}
	if o.subject != "" {
		where["subject_id"] = o.subject
	}
	if o.window != 0 {
		where["window_days"] = strconv.Itoa(o.window)
	}
	return console.Options{Columns: o.columns, Where: where, Top: o.top}
}

// newest is the newest commit of a date.
func newest(ctx context.Context, archive jobs.Archive, day calendar.Day) (lake.CommitRecord, error) {
	rec, ok, err := archive.Out.Newest(ctx, archive.Job, day.String())
	if err == nil && (!ok || rec.Retired) {
		err = fmt.Errorf("job %s, %s: %w", archive.Job, day, jobs.ErrNotPublished)
	}
	return rec, err
}

// printRows hands the rows of one file to the printer, one row group at a time.
func printRows(ctx context.Context, out *lake.Lake, key string, p *console.Printer) error {
	obj, err := out.Stat(ctx, key)
	if err != nil {
		return fmt.Errorf("read published table: %w", err)
	}
	file, err := out.OpenParquet(ctx, obj)
	if err != nil {
		return fmt.Errorf("read published table: %w", err)
	}
	defer file.Close()
	for g := range file.NumRowGroups() {
		rec, err := file.ReadRowGroup(ctx, memory.DefaultAllocator, g, p.Reads())
		if err != nil {
			return fmt.Errorf("read published table: %w", err)
		}
		err = p.Add(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return nil
}
