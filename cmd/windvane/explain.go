package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/reports/explain"
	"github.com/windvane/windvane/transforms/contract"
)

func (a *app) explainCommand() *cobra.Command {
	var day, job string
	var o jobs.ExplainOptions
	c := &cobra.Command{
		Use:   "explain",
		Short: "Explain a subject's score and its places on lists",
		Long: `explain prints how a product, shop or talent came to its score and to every list, out of the tables
that a date's newest commit names: each indicator from its figures to its points, the price, each
gate with value, threshold and margin, the reasons, and the smallest single change with which it
would qualify, in a sentence that can be told to a merchant.

Words are Chinese; the ids beside them are those of the tables and do not change. They come from the
rules of the configuration: the built-in ones, or those of rules.file. If these are not the rules that
the night went by, that is said, and how many runs are left until a subject stands is not told.

With --json all numbers have all their digits, ids are text and money is in fen. "format" is the
version of that form: fields may be added to it, none changes its meaning.

Exit codes: 1 if the id is unknown on that date, 2 for an unknown role, resource or list.`,
		Example: `  windvane explain --output ./demo/out --role product --id 30000001
  windvane explain --output ./demo/out --date 2026-01-31 --role merchant --id 200001 --resource benefit
  windvane explain --output ./demo/out --role talent --id 5000630 --list campaign_talent_a --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.explain(cmd.Context(), day, job, o) },
	}
	a.publishedFlags(c, &job)
	f := c.Flags()
	f.StringVarP(&day, "date", "d", "", "as-of date (default: the newest published)")
	f.StringVar(&o.Role, "role", "", "what the id is of: product, merchant, talent")
	f.StringVar(&o.Subject, "id", "", "whose score and lists")
	f.StringVar(&o.Resource, "resource", "", "only lists of this resource: traffic, subsidy, benefit, campaign")
	f.StringVar(&o.List, "list", "", "only this list, as the rules name it")
	_ = c.MarkFlagRequired("role")
	_ = c.MarkFlagRequired("id")
	cli.Complete(c, "role", cli.OneOf(contract.ScoreRoles...))
	cli.Complete(c, "resource", cli.OneOf(jobs.ResourceNames()...))
	cli.CompleteNoFiles(c, "date", "id", "list")
	return c
}

func (a *app) explain(ctx context.Context, day, job string, o jobs.ExplainOptions) error {
	if err := o.Validate(); err != nil {
		return cli.UsageError{Err: err}
	}
	wanted, err := optionalDay("date", day)
	if err != nil {
		return err
	}
	if o.Rules, err = a.rules(); err != nil {
		return err
	}
	return a.withArchive(ctx, job, func(ar jobs.Archive) error {
		d, err := orLatest(ctx, ar, wanted)
		if err != nil {
			return err
		}
		a.noteStale(ctx, ar, d)
		e, book, err := ar.Explain(ctx, d, o)
		if errors.Is(err, jobs.ErrUnknownList) {
			return cli.UsageError{Err: err}
		}
		if err != nil {
			return err
		}
		if a.json {
			return a.printJSON(e)
		}
		return explain.Write(a.stdout, &e, book)
	})
}
