package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
)

func (a *app) gcCommand() *cobra.Command {
	var apply bool
	c := &cobra.Command{
		Use:   "gc",
		Short: "Remove what no reader and no night needs any more",
		Long: `gc looks through the output bucket, all jobs in it, and lists what the retention of the configuration
does not keep. With --apply it removes that.

  abandoned run   tables of a run that never committed: it was killed, lost the race or failed
  old night       a published night beyond the newest keep_nights: it is retired by a commit that says so
  superseded run  tables of a commit that was replaced or retired more than superseded_days ago
  old record      records of failures and messages, after failure_days
  dead state      reduced days and sums that none of the newest state_nights nights rests on
  leftover        probes and half-written files

Nothing younger than grace goes, for a reader may hold it or a run may be writing it. Commit records and
the newest commit of every date that is not retired always stay, whatever its age. Until the tables of a
retired night go, windvane rollback publishes it again.`,
		Example: `  windvane gc --output ./demo/out
  windvane gc --config windvane.yaml --apply`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.gc(cmd.Context(), apply) },
	}
	c.Flags().StringVarP(&a.output, "output", "o", "", "bucket URL or folder that was published to (WINDVANE_OUTPUT_URL)")
	c.Flags().StringVarP(&a.config, "config", "c", "", "configuration file; output and retention are used, with --apply and keep_nights signing too")
	c.Flags().BoolVar(&apply, "apply", false, "remove it; without, only tell")
	return c
}

func (a *app) gc(ctx context.Context, apply bool) error {
	c, err := a.loadConfig()
	if err != nil {
		return cli.UsageError{Err: err}
	}
	out, err := openRead(ctx, "output", c.Output.URL)
	if err != nil {
		return err
	}
	defer out.Close()
	if apply && c.Retention.KeepNights > 0 { // only nights that are retired are committed
		key, err := a.signer(c)
		if err != nil {
			return err
		}
		out.SignCommits(key)
	}
	found, err := collect(ctx, out, c.Retention, a.clock.Now, apply)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(found)
	}
	return a.printCollection(found)
}

// collect finds garbage, and removes it if it is to.
func collect(ctx context.Context, out *lake.Lake, r config.Retention, now func() time.Time, apply bool) (*jobs.Collection, error) {
	day := 24 * time.Hour
	c := &jobs.Collector{Out: out, Now: now, Retention: jobs.Retention{Nights: r.KeepNights, Grace: r.Grace, StateNights: r.StateNights,
		Superseded: time.Duration(r.SupersededDays) * day, Failures: time.Duration(r.FailureDays) * day}}
	found, err := c.Find(ctx)
	if err != nil || !apply {
		return found, err
	}
	return found, c.Apply(ctx, found)
}

func (a *app) printCollection(c *jobs.Collection) error {
	var rows [][]string
	for _, g := range c.Items {
		rows = append(rows, []string{g.Kind, g.Where, strconv.Itoa(g.Objects), cli.Size(g.Bytes), g.Why})
	}
	if len(rows) > 0 {
		if err := cli.Table(a.stdout, []string{"kind", "where", "objects", "size", "why"}, rows, "objects", "size"); err != nil {
			return err
		}
		fmt.Fprintln(a.stdout)
	}
	for _, u := range c.Unknown {
		a.note(u + " is none of this version's and stays")
	}
	switch {
	case c.Applied:
		fmt.Fprintf(a.stdout, "removed %s, %s, and %s\n", cli.Plural(int64(c.Objects), "object"), cli.Size(c.Bytes), cli.Plural(int64(c.Staging), "half-written file"))
	case c.Objects == 0:
		fmt.Fprintln(a.stdout, "nothing to remove")
	default:
		fmt.Fprintf(a.stdout, "would remove %s, %s; windvane gc --apply does\n", cli.Plural(int64(c.Objects), "object"), cli.Size(c.Bytes))
	}
	return nil
}
