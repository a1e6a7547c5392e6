package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/reports/words"
	"github.com/windvane/windvane/transforms/calendar"
)

func (a *app) verifyCommand() *cobra.Command {
	var day, job, key string
	c := &cobra.Command{
		Use:   "verify",
		Short: "Check published nights from the output bucket alone",
		Long: `verify checks the newest commit of every published date, or of one, without dumps, rules or network
beyond the output bucket:

  commit → manifest      the commit record names the manifest's sha256
  manifest → files       every file is there with its bytes, sha256 and rows
  file → contract        columns and types, order, unique keys, no value the contract forbids, no NaN
  figures → each other   merchants, products and categories add up to the platform; channels and scenes
                         to gmv; net is at most paid; longer windows hold at least as much; ratios are
                         quotients and shares lie in [0, 1]; overview and trust repeat gmv
  commit → publisher     with --public-key: the commit is signed with the private key that belongs to it

What is wrong is named with its file. Exit code 1 if anything is.`,
		Example: `  windvane verify --output ./demo/out
  windvane verify --output s3://windvane --date 2026-01-31 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.verify(cmd.Context(), day, job, key) },
	}
	a.publishedFlags(c, &job)
	c.Flags().StringVarP(&day, "date", "d", "", "as-of date (default: all that are published)")
	c.Flags().StringVar(&key, "public-key", "", "file of the public key (Ed25519, PEM) that commits must be signed with")
	cli.CompleteNoFiles(c, "date")
	return c
}

// errVerify makes the exit code 1; the findings were printed before.
var errVerify = errors.New("published nights are not what they should be")

func (a *app) verify(ctx context.Context, day, job, key string) error {
	only, err := optionalDay("date", day)
	if err != nil {
		return err
	}
	signedWith, err := publicKey(key)
	if err != nil {
		return err
	}
	return a.withArchive(ctx, job, func(ar jobs.Archive) error {
		ar.PublicKey = signedWith
		days, err := daysToVerify(ctx, ar, only)
		if err != nil {
			return err
		}
		var nights []*jobs.Verified
		for _, d := range days {
			v, err := ar.Verify(ctx, d)
			if err != nil {
				return fmt.Errorf("verify %s: %w", d, err)
			}
			nights = append(nights, v)
		}
		return a.printVerified(nights)
	})
}

func daysToVerify(ctx context.Context, ar jobs.Archive, only *calendar.Day) ([]calendar.Day, error) {
	if only != nil {
		return []calendar.Day{*only}, nil
	}
	days, err := ar.Dates(ctx)
	if err == nil && len(days) == 0 {
		err = fmt.Errorf("job %s: %w: no date has a commit", ar.Job, jobs.ErrNotPublished)
	}
	return days, err
}

func (a *app) printVerified(nights []*jobs.Verified) error {
	var rows [][]string
	var findings int64
	for _, v := range nights {
		result := "ok"
		if !v.OK() {
			n := int64(len(v.Findings))
			for _, f := range v.Findings {
				n += f.More
			}
			result = cli.Plural(n, "finding")
			findings += n
		}
		rows = append(rows, []string{v.AsOf.String(), strconv.Itoa(v.Sequence), strconv.Itoa(v.Tables), cli.Grouped(v.Rows), cli.Size(v.Bytes), result})
	}
	if a.json {
		if err := a.printJSON(map[string]any{"ok": findings == 0, "findings": findings, "nights": nights}); err != nil {
			return err
		}
	} else if err := cli.Table(a.stdout, []string{"as of", "commit", "tables", "rows", "size", "result"}, rows, "commit", "tables", "rows", "size"); err != nil {
		return err
	}
	if !a.json {
		a.printFindings(nights)
	}
	if findings == 0 {
		return nil
	}
	return printed{fmt.Errorf("%w: %s in %s", errVerify, cli.Plural(findings, "finding"), cli.Plural(int64(len(nights)), "night"))}
}

func (a *app) printFindings(nights []*jobs.Verified) {
	for _, v := range nights {
		for _, n := range v.Notes {
			a.note(fmt.Sprintf("%s: %s", v.AsOf, n), "as_of", v.AsOf.String())
		}
		file := ""
		for _, f := range v.Findings {
			if f.File != file {
				file = f.File
				fmt.Fprintf(a.stdout, "\n%s\n", words.Printable(file))
			}
			fmt.Fprintf(a.stdout, "  %s: %s\n", f.Check, words.Printable(f.Detail))
			if f.More > 0 {
				fmt.Fprintf(a.stdout, "  %s: and %s more\n", f.Check, cli.Grouped(f.More))
			}
		}
	}
}
