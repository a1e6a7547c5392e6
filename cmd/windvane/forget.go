package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/jobs"
)

func (a *app) forgetCommand() *cobra.Command {
	var apply bool
	c := &cobra.Command{
		Use:   "forget",
		Short: "Remove the state that still holds hashes of forgotten buyers or of a replaced key",
		Long: `forget is the last step of two changes. Buyers who ask to be forgotten are added to the file that
forgotten.file names; the buyer key is replaced. The next night is made without the one and under the
other, and what it rests on has neither. What earlier nights rested on lies in state/ until then:
forget removes it. It wants the newest night of every job to be made with the configured key and list.

  1. add the id to the file, or set the new key
  2. windvane run --config windvane.yaml           # the newest night, as a correction
  3. windvane forget --config windvane.yaml --apply

Published tables hold no buyers and stay. Money stays to the fen; see docs/security.md. No night may run
meanwhile. Without --apply it only tells how much would go.`,
		Example: `  windvane forget --config windvane.yaml
  windvane forget --config windvane.yaml --apply`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.forget(cmd.Context(), apply) },
	}
	c.Flags().StringVarP(&a.output, "output", "o", "", "bucket URL or folder that was published to (WINDVANE_OUTPUT_URL)")
	c.Flags().StringVarP(&a.config, "config", "c", "", "configuration file: output, buyer_key and forgotten are used")
	c.Flags().BoolVar(&apply, "apply", false, "remove it; without, only tell")
	return c
}

func (a *app) forget(ctx context.Context, apply bool) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	out, err := openRead(ctx, "output", s.output)
	if err != nil {
		return err
	}
	defer out.Close()
	p, err := jobs.Purge(ctx, out, s.jobs, apply)
	switch {
	case err != nil:
		return err
	case a.json:
		return a.printJSON(p)
	case p.Applied:
		_, err = fmt.Fprintf(a.stdout, "removed %s, %s\n", cli.Plural(int64(p.Objects), "object"), cli.Size(p.Bytes))
	case p.Objects == 0:
		_, err = fmt.Fprintln(a.stdout, "nothing to remove")
	default:
		_, err = fmt.Fprintf(a.stdout, "would remove %s, %s; windvane forget --apply does\n", cli.Plural(int64(p.Objects), "object"), cli.Size(p.Bytes))
	}
	return err
}
