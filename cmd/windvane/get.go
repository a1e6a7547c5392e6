package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/reports/words"
)

func (a *app) getCommand() *cobra.Command {
	var day, job, to string
	var o jobs.GetOptions
	c := &cobra.Command{
		Use:   "get",
		Short: "Bring published tables into a local folder, as Parquet, CSV or workbooks",
		Long: `get writes the tables of a date's newest commit into a folder, one file each. Every file is checked
against its sha256 and appears whole or not at all.

CSV is UTF-8 with a header. A null is an empty cell; money is in fen; ratios have all their digits. Text
that a spreadsheet would run as a formula begins with an apostrophe. With --bom the file is made for
Excel: a byte order mark, and ids that Excel would change (16 digits and more, leading zeros, 12e34) as
text, also behind an apostrophe. --headers zh writes Chinese headers, --headers both adds the ids of the
columns; members of lists then stand on top, by list, category and rank.

xlsx is for operations staff: one workbook for each table of lists (eligibility_*), in it a sheet 说明 that says
what it is, and for each list one sheet of who is on it, by category and rank, and one of the others with the
reasons, the failed gates and the smallest change, in words. Ids are text, money is in yuan, days are days.`,
		Example: `  windvane get --output ./demo/out --to ./tables
  windvane get --output s3://windvane --date 2026-01-31 --tables overview,gmv --format csv --bom --to ./tables
  windvane get --output ./demo/out --format xlsx --to ./lists
  windvane get --output ./demo/out --tables eligibility_campaign --format csv --headers zh --bom --to ./lists`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.get(cmd.Context(), day, job, to, o) },
	}
	a.publishedFlags(c, &job)
	f := c.Flags()
	f.StringVarP(&day, "date", "d", "", "as-of date (default: the newest published)")
	f.StringSliceVarP(&o.Tables, "tables", "t", nil, "tables, separated by commas (default: all)")
	f.StringVarP(&o.Format, "format", "f", jobs.FormatParquet, "parquet, csv or xlsx")
	f.BoolVar(&o.CSV.BOM, "bom", false, "CSV for Excel")
	f.StringVar(&o.CSV.Headers, "headers", words.English, "header of CSV: en (ids of columns), zh (Chinese) or both")
	f.StringVar(&to, "to", "", "folder to write to; it is made if need be")
	_ = c.MarkFlagRequired("to")
	cli.Complete(c, "tables", cli.ListOf(publishedNames()))
	cli.Complete(c, "format", cli.OneOf(jobs.FormatParquet, jobs.FormatCSV, jobs.FormatXLSX))
	cli.Complete(c, "headers", cli.OneOf(words.English, words.Chinese, words.Both))
	cli.CompleteNoFiles(c, "date")
	return c
}

func (a *app) get(ctx context.Context, day, job, to string, o jobs.GetOptions) error {
	if err := o.Validate(); err != nil {
		return cli.UsageError{Err: err}
	}
	wanted, err := optionalDay("date", day)
	if err != nil {
		return err
	}
	if o.Format == jobs.FormatXLSX {
		if o.Rules, err = a.rules(); err != nil {
			return err
		}
	}
	return a.withArchive(ctx, job, func(ar jobs.Archive) error {
		d, err := orLatest(ctx, ar, wanted)
		if err != nil {
			return err
		}
		a.noteStale(ctx, ar, d)
		root, err := openFolder(to)
		if err != nil {
			return err
		}
		defer root.Close()
		got, err := ar.Get(ctx, d, root, o)
		if err != nil {
			return err
		}
		return a.printGot(got)
	})
}

// openFolder opens a folder that nothing written into it can leave.
func openFolder(dir string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	return os.OpenRoot(dir)
}

func (a *app) printGot(got jobs.Got) error {
	if a.json {
		return a.printJSON(got)
	}
	fmt.Fprintf(a.stdout, "%s, commit %d\n", got.AsOf, got.Sequence)
	var rows [][]string
	for _, f := range got.Files {
		rows = append(rows, []string{f.File, cli.Grouped(f.Rows), strconv.FormatInt(f.Bytes, 10)})
	}
	return cli.Table(a.stdout, []string{"file", "rows", "bytes"}, rows, "rows", "bytes")
}
