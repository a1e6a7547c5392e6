package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/jobs/metrics"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
)

func upper(s string) string { return strings.ToUpper(s) }

// nightFlags are the flags of every command that looks at dumps and published nights.
func (a *app) nightFlags(c *cobra.Command) {
	c.Flags().StringVarP(&a.input, "input", "i", "", "bucket URL or folder of the dumps (WINDVANE_INPUT_URL)")
	c.Flags().StringVarP(&a.output, "output", "o", "", "bucket URL or folder to publish to (WINDVANE_OUTPUT_URL)")
	c.Flags().StringVarP(&a.config, "config", "c", "", "configuration file; see windvane init")
	c.Flags().IntVar(&a.workers, "workers", 0, "goroutines; changes nothing in the result (0: as configured, or one per core)")
}

// site is one deployment. Its runner has no buckets before they are opened, and none where that fails.
type site struct {
	settings settings
	runner   *jobs.Runner
}

// open reads the configuration and opens both buckets.
func (a *app) open(ctx context.Context) (*site, error) { return a.openTo(ctx, openOutput) }

// openOutput opens what is published to. A remote store must show that of two writers only one wins: some
// look-alikes of S3 ignore the condition. A local folder links, which cannot be lost. A store that
// was shown not to is given too, with the error: it keeps the record of that.
func openOutput(ctx context.Context, what, url string) (*lake.Lake, error) {
	out, err := openWrite(ctx, what, url, "state/")
	if err != nil || !strings.Contains(url, "://") || strings.HasPrefix(url, "file://") {
		return out, err
	}
	if err := out.ProbeConditionalWrites(ctx, "state/probe/"); err != nil {
		if !errors.Is(err, lake.ErrNoConditionalWrites) { // it takes no record either
			out.Close()
			out = nil
		}
		return out, fmt.Errorf("%s: %w", what, err)
	}
	return out, nil
}

// opener is a way to open a bucket.
type opener func(ctx context.Context, what, url string) (*lake.Lake, error)

// openTo is open with another way to open the output.
func (a *app) openTo(ctx context.Context, output opener) (*site, error) {
	s, err := a.newSite()
	if err != nil {
		return nil, err
	}
	if err := s.open(ctx, output); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// newSite reads the configuration.
func (a *app) newSite() (*site, error) {
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	// The collector works harder near the limit; what the engine holds is bounded by its own budget. A part is left for what
	// the collector does not count: the program itself, and pages on their way back to the system.
	debug.SetMemoryLimit(s.jobs.ProcessMemory - s.jobs.ProcessMemory/16)
	for _, w := range s.warnings {
		a.note(w)
	}
	host, _ := os.Hostname() // for the manifest only; an unknown host is no reason to fail
	return &site{settings: s, runner: &jobs.Runner{Settings: s.jobs, Now: a.clock.Now, NewRunID: a.newRunID,
		Version: version(), Host: host, Log: a.logger(slog.LevelWarn), Spill: spillDir(s.spillDir)}}, nil
}

// open opens both buckets.
func (s *site) open(ctx context.Context, output opener) (err error) {
	if s.runner.In, err = openRead(ctx, "input", s.settings.input); err != nil {
		return err
	}
	return s.openOutput(ctx, output)
}

func (s *site) openOutput(ctx context.Context, output opener) error {
	out, err := output(ctx, "output", s.settings.output)
	if out != nil {
		out.SignCommits(s.settings.signer)
	}
	s.runner.Out = out
	return err
}

// openForNight opens both buckets for a night that fails where that fails: it is told, and recorded where the output can be opened. It
// makes no output for that. It fails on wrong use alone.
func (s *site) openForNight(ctx context.Context) error {
	err := s.open(ctx, openOutput)
	if err != nil && s.runner.In == nil && !cli.IsUsage(err) {
		err = errors.Join(err, s.openOutput(ctx, openIfThere))
	}
	if err != nil && cli.IsUsage(err) {
		return err
	}
	s.runner.Unopened = err
	return nil
}

func (s *site) close() {
	for _, l := range []*lake.Lake{s.runner.In, s.runner.Out} {
		if l != nil {
			l.Close()
		}
	}
}

// date reads a --date flag; empty means yesterday in the business zone.
func (a *app) date(flag, value string, zone *calendar.Zone) (calendar.Day, error) {
	if value == "" {
		return zone.Day(a.clock.Now().UnixMicro()) - 1, nil
	}
	d, err := calendar.Parse(value)
	if err != nil {
		return 0, cli.Usagef("--%s: %q is not a date like 2026-01-31", flag, value)
	}
	return d, nil
}

// checkCome refuses a date that has not come and has no dumps: as a late night it would be waited for until it comes. One
// with dumps is a night whatever the clock says: it may be slow, and a demo ends on the day that it was asked for.
func (a *app) checkCome(ctx context.Context, r *jobs.Runner, flag string, asOf calendar.Day) error {
	today := r.Settings.Zone.Day(a.clock.Now().UnixMicro())
	if asOf <= today || r.Unopened == nil && !errors.Is(r.Ready(ctx, asOf), jobs.ErrLate) {
		return nil
	}
	return cli.Usagef("--%s: %s has not come yet, it is %s in %s, and no dumps of it are seen", flag, asOf, today, r.Settings.Zone)
}

// spillDir makes scratch files in a directory; the empty one is the system's.
type spillDir string

func (d spillDir) Create() (column.SpillFile, error) {
	f, err := os.CreateTemp(string(d), "windvane-spill-*")
	if err != nil {
		return nil, spillError(err)
	}
	return scratch{f, os.Remove(f.Name()) != nil}, nil
}

// spillError says what mends it: the folder of spill files is often another disk than the output.
func spillError(err error) error {
	if text := lake.Remedy(err); text != "" {
		return fmt.Errorf("%w; %s; spill_dir names another folder for spill files", err, text)
	}
	return err
}

// scratch is a file that goes when it is closed. It is used by its handle alone, so where the system lets an open file lose
// its name it has none from the beginning: a process that is killed closes nothing, and buyers' hashes would stay.
type scratch struct {
	*os.File
	named bool
}

func (s scratch) WriteAt(p []byte, offset int64) (int, error) {
	n, err := s.File.WriteAt(p, offset)
	return n, spillError(err)
}

func (s scratch) Close() error {
	err := s.File.Close()
	if s.named {
		err = errors.Join(err, os.Remove(s.Name()))
	}
	return err
}

func (a *app) runCommand() *cobra.Command {
	var day, churn, gates, older string
	c := &cobra.Command{
		Use:   "run",
		Short: "Make one night: from the dumps to the published tables",
		Long: `run makes the tables of one as-of date and publishes them with one conditional write at the end.
Running it again does nothing unless an input, a rule or the night before has changed; then it
publishes a correction as the next commit. Unchanged days are never reduced again.

A list of which more turns over than the rules allow (stability.max_churn) is not replaced: that of the
run before is kept, and a note says so. Look at the causes; then --accept-churn publishes it, and the
manifest records the reason.

A night that looks very unlike the days before (gates in the configuration: volumes, amounts, columns,
grades) is not published at all, exit code 4. If it is right, --accept-gates publishes it.

A night that a newer version with other figures published is left as it is, and a note says so. To go back
to the figures of this version on purpose, --accept-older-figures publishes them over it.`,
		Example: `  windvane run --input ./demo/dumps --output ./demo/out --date 2026-01-31
  WINDVANE_INPUT_URL=s3://dumps WINDVANE_OUTPUT_URL=s3://windvane windvane run`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runNight(cmd.Context(), day, churn, gates, older) },
	}
	a.nightFlags(c)
	c.Flags().StringVar(&churn, "accept-churn", "", "why lists may turn over more than the rules allow, for the record")
	c.Flags().StringVar(&gates, "accept-gates", "", "why the night is right although a gate stops it, for the record")
	c.Flags().StringVar(&older, "accept-older-figures", "", "why this version's figures go over those of a newer one, for the record")
	c.Flags().StringVarP(&day, "date", "d", "", "as-of date (default: yesterday in the business zone)")
	c.Flags().StringVar(&a.metricsFile, "metrics-file", "", "write metrics of this run for node_exporter's textfile collector")
	return c
}

func (a *app) runNight(ctx context.Context, day, acceptChurn, acceptGates, acceptOlder string) error {
	if _, err := optionalDay("date", day); err != nil {
		return err // before any I/O
	}
	if err := errors.Join(checkReason("accept-churn", acceptChurn), checkReason("accept-gates", acceptGates), checkReason("accept-older-figures", acceptOlder)); err != nil {
		return err
	}
	c, err := a.loadConfig()
	if err != nil {
		return cli.UsageError{Err: err}
	}
	s, err := a.newSite()
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.openForNight(ctx); err != nil {
		return err
	}
	m := metrics.New(s.runner.Settings.Job, version(), false)
	herald, err := a.newHerald(c, s.runner, m)
	if err != nil {
		return err
	}
	stop, err := a.watch(ctx, c, s.runner)
	if err != nil {
		return err
	}
	defer stop()
	s.runner.AcceptChurn, s.runner.AcceptGates, s.runner.AcceptOlder, s.runner.OneNight = acceptChurn, acceptGates, acceptOlder, true
	asOf, err := a.date("date", day, s.runner.Settings.Zone)
	if err != nil {
		return err
	}
	if err := a.checkCome(ctx, s.runner, "date", asOf); err != nil {
		return err
	}
	defer a.draw(s.runner, 1)()
	o, err := observed{s.runner, m}.night(ctx, asOf)
	herald.tell(ctx, o, err)
	if a.metricsFile != "" {
		if err := m.WriteFile(a.metricsFile); err != nil { // the night is published, or not, all the same
			a.note(err.Error(), a.aboutRun()...)
		}
	}
	if err != nil {
		return err
	}
	return a.printOutcome(o)
}

func (a *app) printOutcome(o jobs.Outcome) error {
	if a.json {
		return a.printJSON(o)
	}
	for _, w := range o.Warnings {
		a.note(w, "as_of", o.AsOf.String(), "run", o.Run)
	}
	if o.Status == jobs.AlreadyDone {
		_, err := fmt.Fprintf(a.stdout, "%s already done: commit %d, %s\n", o.AsOf, o.Sequence, o.Prefix)
		return err
	}
	var rows int64
	for _, t := range o.Tables {
		rows += t.Rows
	}
	_, err := fmt.Fprintf(a.stdout, "%s published: commit %d, %d tables, %d rows, %d days reduced, %d reused, %.2f s, %s\n",
		o.AsOf, o.Sequence, len(o.Tables), rows, o.Reduced, o.Reused, o.Seconds, o.Prefix)
	return err
}

func (a *app) backfillCommand() *cobra.Command {
	var from, to, gates, older string
	var only []string
	c := &cobra.Command{
		Use:   "backfill",
		Short: "Make the nights of a range of dates, in ascending order",
		Long: `backfill makes night after night, each resting on the one before. Nights that are done already are
passed over. With --only it looks at some of them only: missing (never published), failed (the last
attempt failed), stale (an input, a rule or the night before has changed since).

A gate stops a backfill at the first night that looks very unlike the days before it; --accept-gates lets
all nights of the range pass.

Nights that a newer version with other figures published are left as they are, unless
--accept-older-figures says why they are not.`,
		Example: "  windvane backfill --input ./demo/dumps --output ./demo/out --from 2026-01-01 --to 2026-01-31",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.backfill(cmd.Context(), from, to, only, gates, older)
		},
	}
	a.nightFlags(c)
	c.Flags().StringVar(&from, "from", "", "first as-of date")
	c.Flags().StringVar(&to, "to", "", "last as-of date (default: yesterday in the business zone)")
	c.Flags().StringVar(&gates, "accept-gates", "", "why nights are right although a gate stops them, for the record")
	c.Flags().StringVar(&older, "accept-older-figures", "", "why this version's figures go over those of a newer one, for the record")
	c.Flags().StringSliceVar(&only, "only", nil, "missing, failed, stale; default: all")
	cli.Complete(c, "only", cli.ListOf([]string{jobs.Missing, jobs.Failed, jobs.Stale}))
	_ = c.MarkFlagRequired("from")
	return c
}

func (a *app) backfill(ctx context.Context, from, to string, only []string, acceptGates, acceptOlder string) error {
	if err := errors.Join(checkBackfill(from, to, only), checkReason("accept-gates", acceptGates), checkReason("accept-older-figures", acceptOlder)); err != nil {
		return err
	}
	c, err := a.loadConfig()
	if err != nil {
		return cli.UsageError{Err: err}
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	stop, err := a.watch(ctx, c, s.runner)
	if err != nil {
		return err
	}
	defer stop()
	first, err := a.date("from", from, s.runner.Settings.Zone)
	if err != nil {
		return err
	}
	last, err := a.date("to", to, s.runner.Settings.Zone)
	if err != nil {
		return err
	}
	if last < first {
		return cli.Usagef("--to %s lies before --from %s", last, first)
	}
	if err := a.checkCome(ctx, s.runner, "to", last); err != nil {
		return err
	}
	s.runner.AcceptGates, s.runner.AcceptOlder = acceptGates, acceptOlder
	defer a.draw(s.runner, int(last-first)+1)()
	var done []jobs.Outcome
	err = s.runner.Backfill(ctx, first, last, only, func(o jobs.Outcome) error {
		if a.json {
			done = append(done, o)
			return nil
		}
		return a.printOutcome(o)
	})
	if err == nil && a.json {
		return a.printJSON(done)
	}
	return err
}

// checkBackfill refuses what is wrong with the flags alone, before any I/O.
func checkBackfill(from, to string, only []string) error {
	first, err := parseDay("from", from)
	if err != nil {
		return err
	}
	last, err := optionalDay("to", to)
	if err != nil {
		return err
	}
	if last != nil && *last < first {
		return cli.Usagef("--to %s lies before --from %s", last, first)
	}
	if err := jobs.CheckStatuses(only); err != nil {
		return cli.UsageError{Err: err}
	}
	return nil
}
