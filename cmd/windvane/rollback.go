package main

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/jobs"
)

// rollbackOptions are the flags of rollback.
type rollbackOptions struct {
	job, date, reason string
	to                int
}

func (a *app) rollbackCommand() *cobra.Command {
	var o rollbackOptions
	c := &cobra.Command{
		Use:   "rollback",
		Short: "Publish the tables of an earlier commit of a date again",
		Long: `rollback publishes the tables of an earlier commit as the next commit of its date: a pointer to the same
files, with the reason for the record. Nothing is copied or removed, and readers see it as they see any
commit. The files are checked against their manifest first. windvane runs lists the commits.

What was rolled back stays back: a run that would publish the same again says already done, until its
inputs, its rules or the night before change. Later nights rest on what was taken back and become stale;
backfill --only stale makes them again. To undo a rollback, roll back to the commit it took back.`,
		Example: `  windvane rollback --output ./demo/out --date 2026-01-31 --to 1 --reason dumped-twice`,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.rollback(cmd.Context(), o) },
	}
	a.publishedFlags(c, &o.job)
	c.Flags().StringVarP(&o.date, "date", "d", "", "as-of date")
	c.Flags().IntVar(&o.to, "to", 0, "the commit whose tables are published again")
	c.Flags().StringVar(&o.reason, "reason", "", "why, for the record")
	for _, f := range []string{"date", "to", "reason"} {
		_ = c.MarkFlagRequired(f)
	}
	cli.CompleteNoFiles(c, "date", "to", "reason")
	return c
}

// maxReason bounds what goes into a commit record, which is small.
const maxReason = 1000

// checkReason refuses what would stand on record as something else.
func checkReason(flag, text string) error {
	if !utf8.ValidString(text) {
		return cli.Usagef("--%s: the text is not UTF-8 (GBK?); set the terminal to UTF-8, or write it in ASCII", flag)
	}
	return nil
}

func (a *app) rollback(ctx context.Context, o rollbackOptions) error {
	day, err := parseDay("date", o.date)
	if err != nil {
		return err
	}
	if err := checkReason("reason", o.reason); err != nil {
		return err
	}
	reason := strings.TrimSpace(o.reason)
	if reason == "" || len(reason) > maxReason {
		return cli.Usagef("--reason: it has %d bytes; say why in 1 to %d", len(reason), maxReason)
	}
	c, err := a.loadConfig()
	if err != nil {
		return cli.UsageError{Err: err}
	}
	key, err := a.signer(c)
	if err != nil {
		return err
	}
	return a.withArchive(ctx, o.job, func(ar jobs.Archive) error {
		ar.Out.SignCommits(key)
		r, err := ar.Rollback(ctx, day, o.to, reason, a.clock.Now())
		if err != nil {
			return fmt.Errorf("rollback: %w", err)
		}
		if a.json {
			return a.printJSON(r)
		}
		return a.printRolledBack(r)
	})
}

func (a *app) printRolledBack(r *jobs.RolledBack) error {
	for _, w := range r.Warnings {
		a.note(w, "as_of", r.AsOf.String(), "run", r.Run)
	}
	if r.Status == jobs.AlreadyDone {
		_, err := fmt.Fprintf(a.stdout, "%s already done: commit %d publishes the tables of commit %d\n", r.AsOf, r.Sequence, r.To)
		return err
	}
	fmt.Fprintf(a.stdout, "%s published: commit %d, the tables of commit %d again, run %s\n", r.AsOf, r.Sequence, r.To, r.Run)
	if len(r.Stale) > 0 {
		fmt.Fprintf(a.stdout, "stale now: %s; next: windvane backfill --from %s --to %s --only stale\n", shortDays(r.Stale), r.Stale[0], r.Stale[len(r.Stale)-1])
	}
	return nil
}
