// Command windvane turns a live-commerce platform's nightly Parquet dumps into GMV, repeat purchase,
// scores, lift and ranked lists, and publishes them whole or not at all.
//
// main wires; package jobs runs the night.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/windvane/windvane/jobs/schedule"
)

// gcPercent lets garbage grow to twice what is live before it is collected: a night's memory is few large arrays, and
// collecting them as often as a server does cost a quarter of its time.
const gcPercent = 200

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	signal.Ignore(syscall.SIGXFSZ) // beyond ulimit -f: an error of the write instead of the end of the process
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// run is the whole command; tests call it as main does. It returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	return newApp(getenv, stdout, stderr).run(ctx, args)
}

func newApp(getenv func(string) string, stdout, stderr io.Writer) *app {
	return &app{getenv: getenv, stdout: stdout, stderr: stderr, stopProfiles: func() error { return nil }, clock: schedule.Clock{Now: time.Now, Sleep: schedule.Sleep}}
}

func (a *app) run(ctx context.Context, args []string) int {
	root := a.command()
	root.SetArgs(args)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := root.ExecuteContext(ctx)
	if a.logFormat == "" { // wrong use, found before the command began
		a.logFormat = logFormatIn(args, a.getenv)
	}
	return a.report(errors.Join(err, a.stopProfiles()))
}
