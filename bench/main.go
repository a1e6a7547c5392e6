package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/pprof"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

// run is the whole program: one of the commands below.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return errors.New("say what: peers, document, growth, big, lists or job; see the Makefile")
	}
	switch args[0] {
	case "job": // one process of a measurement
		return jobCommand(ctx, args[1:], stdout, stderr)
	case "peers":
		return peersCommand(ctx, args[1:], stdout, stderr)
	case "document":
		return documentCommand(args[1:], stderr)
	case "growth":
		return growthCommand(ctx, args[1:], stdout, stderr)
	case "big":
		return bigCommand(ctx, args[1:], stdout, stderr)
	case "lists":
		return listsCommand(ctx, args[1:], stdout, stderr)
	}
	return fmt.Errorf("no command %q", args[0])
}

func jobCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("job", flag.ContinueOnError)
	f.SetOutput(stderr)
	var t task
	name := f.String("name", "", "the job")
	f.StringVar(&t.data, "data", "", "folder of the dumps or of windvane's output")
	f.StringVar(&t.work, "work", "", "folder for what the job writes")
	f.StringVar(&t.date, "date", "", "the as-of date")
	f.StringVar(&t.spec, "spec", "", "JSON file: the tables and columns that are compared")
	f.BoolVar(&t.check, "check", false, "also tell what stands in the tables")
	profile := f.String("cpuprofile", "", "write a CPU profile, for go tool pprof; what comes after the measured time is in it")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *profile == "" {
		return runOwn(ctx, *name, t, stdout)
	}
	file, err := os.Create(*profile)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return errors.Join(err, file.Close())
	}
	err = runOwn(ctx, *name, t, stdout)
	pprof.StopCPUProfile()
	return errors.Join(err, file.Close())
}
