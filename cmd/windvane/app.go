package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/cmd/windvane/lift"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/jobs/schedule"
)

// Exit codes, the same for every command.
const (
	exitDone   = 0 // done, or already done
	exitFailed = 1
	exitUsage  = 2 // wrong use: flags, arguments, configuration
	exitLate   = 3 // inputs are late: the last list stands
	exitGate   = 4 // a gate stopped publication: the last list stands until somebody accepts the night
)

// app is what commands share: where they print, and the flags that all of them have.
type app struct {
	getenv         func(string) string
	stdout, stderr io.Writer
	json           bool
	verbose        bool
	cpuProfile     string
	memProfile     string
	stopProfiles   func() error
	clock          schedule.Clock
	logFormat      string
	metricsFile    string
	config         string
	input, output  string
	workers        int
	lastRun        atomic.Pointer[string] // the id of the run that was begun last
}

// printed marks an error whose result was printed before it: for programs that says all.
type printed struct{ error }

func (e printed) Unwrap() error { return e.error }

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "windvane",
		Short: "Nightly figures and ranked lists from a marketplace's Parquet dumps",
		Long: `windvane reads a live-commerce platform's daily Parquet dumps from object storage and publishes,
every night, whole or not at all: GMV in all its forms, buyers and repeat purchase, scores of products,
shops and talents, the lift of Chuanliu, and the ranked lists of who gets what, with the reasons.

Try it on a synthetic marketplace:

  windvane demo --to ./demo/dumps --as-of 2026-01-31
  windvane run --input ./demo/dumps --output ./demo/out --date 2026-01-31

On your own dumps:

  windvane init > windvane.yaml          # then map your columns in it
  windvane validate --config windvane.yaml --input s3://bucket/warehouse
  windvane run --config windvane.yaml --input s3://bucket/warehouse --output s3://bucket/windvane

Exit codes: 0 done or already done, 1 failed (nothing was published), 2 wrong use, 3 inputs are late
(the last published list stands, marked stale), 4 a gate stopped publication (the same, until it is accepted).`,
		SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: false},
	}
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print results as JSON, for programs")
	root.PersistentFlags().BoolVarP(&a.verbose, "verbose", "v", false, "log every step")
	root.PersistentFlags().StringVar(&a.cpuProfile, "cpuprofile", "", "write a CPU profile, for go tool pprof")
	root.PersistentFlags().StringVar(&a.memProfile, "memprofile", "", "write a profile of the heap at its peak, for go tool pprof")
	for _, name := range []string{"cpuprofile", "memprofile"} {
		_ = root.PersistentFlags().MarkHidden(name)
	}
	root.PersistentFlags().StringVar(&a.logFormat, "log-format", "", "text or json (WINDVANE_LOG_FORMAT; default: text)")
	cli.Complete(root, "log-format", cli.OneOf("text", "json"))
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return errors.Join(a.chooseLog(), a.startProfiles()) }
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return cli.UsageError{Err: err} })
	root.AddCommand(a.runCommand(), a.backfillCommand(), a.serveCommand(), a.planCommand(), a.validateCommand(), a.verifyCommand(), a.showCommand(), a.explainCommand(), a.getCommand(), a.diffCommand(),
		a.simulateCommand(), lift.Command(), a.runsCommand(), a.statusCommand(), a.rollbackCommand(), a.gcCommand(), a.forgetCommand(), a.demoCommand(), a.initCommand(), a.versionCommand())
	return root
}

// report prints the error and chooses the exit code.
func (a *app) report(err error) int {
	if err == nil {
		return exitDone
	}
	if !errors.As(err, &printed{}) && a.json {
		_ = json.NewEncoder(a.stdout).Encode(map[string]any{"status": "error", "error": err.Error(), "exit_code": codeOf(err)})
	}
	if a.logFormat == "json" {
		a.logger(slog.LevelInfo).Error("failed", append(a.aboutRun(), "error", err.Error(), "exit_code", codeOf(err))...)
	} else {
		fmt.Fprintf(a.stderr, "windvane: %s\n", cli.Lines(err.Error()))
	}
	return codeOf(err)
}

// note tells what is no failure, in the form of the log. Nothing else writes to standard error but report, the loggers and
// the progress bars of a terminal.
func (a *app) note(text string, about ...any) {
	if a.logFormat == "json" {
		a.logger(slog.LevelInfo).Warn("note", append(about, "note", text)...)
		return
	}
	fmt.Fprintf(a.stderr, "note: %s\n", cli.Lines(text))
}

// aboutRun names the run that was begun last, for a line that speaks of it.
func (a *app) aboutRun() []any {
	if id := a.lastRun.Load(); id != nil {
		return []any{"run", *id}
	}
	return nil
}

// newRunID begins a run.
func (a *app) newRunID() string {
	id := newRunID(a.clock.Now())
	a.lastRun.Store(&id)
	return id
}

func codeOf(err error) int {
	switch {
	case cli.IsUsage(err):
		return exitUsage
	case errors.Is(err, jobs.ErrLate), errors.Is(err, errUntried):
		return exitLate
	case errors.Is(err, jobs.ErrGate):
		return exitGate
	}
	return exitFailed
}

// chooseLog settles the form of logs: the flag before the environment.
func (a *app) chooseLog() error {
	a.logFormat = cmp.Or(a.logFormat, logFormatOf(a.getenv), "text")
	if a.logFormat != "text" && a.logFormat != "json" {
		return cli.Usagef("--log-format: %q is neither text nor json", a.logFormat)
	}
	return nil
}

// logFormatOf is the form that the environment asks for, empty if none.
func logFormatOf(getenv func(string) string) string {
	return strings.TrimSpace(getenv("WINDVANE_LOG_FORMAT"))
}

// logFormatIn is the form asked for by a command line that could not be parsed.
func logFormatIn(args []string, getenv func(string) string) string {
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--log-format="); ok {
			return value
		}
		if arg == "--log-format" && i+1 < len(args) {
			return args[i+1]
		}
	}
	return logFormatOf(getenv)
}

// logger writes to standard error from a level on; --verbose writes all. As JSON it is for a collector of logs, which wants
// the steps too.
func (a *app) logger(level slog.Level) *slog.Logger {
	switch {
	case a.verbose:
		level = slog.LevelDebug
	case a.logFormat == "json":
		level = min(level, slog.LevelInfo)
	}
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, at slog.Attr) slog.Attr {
		if len(groups) == 0 && at.Key == slog.TimeKey { // the clock of tests too
			at.Value = slog.TimeValue(a.clock.Now())
		}
		return at
	}}
	if a.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(a.stderr, opts))
	}
	return slog.New(slog.NewTextHandler(a.stderr, opts))
}

// terminal tells whether progress can be drawn.
func (a *app) terminal() bool {
	f, ok := a.stderr.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && !a.json && a.logFormat != "json"
}

// printJSON prints a value for programs.
func (a *app) printJSON(v any) error { return cli.JSON(a.stdout, v) }

// newRunID is the moment and a few random digits, so that runs sort and never meet.
func newRunID(at time.Time) string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return at.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(b[:])
}

// openRead opens a bucket that must exist.
func openRead(ctx context.Context, what, url string) (*lake.Lake, error) {
	if url == "" {
		return nil, cli.Usagef("no %s: give --%s, set %s.url in the configuration, or WINDVANE_%s_URL", what, what, what, upper(what))
	}
	l, err := lake.Open(ctx, url, lake.Options{})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", what, err)
	}
	return l, nil
}

// openWrite opens a bucket and makes a local directory if need be.
func openWrite(ctx context.Context, what, url string, rebuildable ...string) (*lake.Lake, error) {
	if url == "" {
		return nil, cli.Usagef("no %s: give --%s, set %s.url in the configuration, or WINDVANE_%s_URL", what, what, what, upper(what))
	}
	l, err := lake.Open(ctx, url, lake.Options{Create: true, Rebuildable: rebuildable})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", what, err)
	}
	return l, nil
}
