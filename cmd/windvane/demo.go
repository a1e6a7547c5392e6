package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/internal/market"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
)

func (a *app) demoCommand() *cobra.Command {
	o := market.DefaultOptions()
	var to, asOf, preset string
	c := &cobra.Command{
		Use:   "demo",
		Short: "Write a synthetic marketplace's dumps, and the truth that was planted in them",
		Long: `demo writes the dumps of a synthetic marketplace: all input tables, skewed as real ones are, with
refunds, reviews and shipments that come days later, and a Chuanliu test with a holdout. Beside them
truth/ tells what was planted. The same seed gives the same bytes.

A preset is a market made for a purpose; flags given beside it change it:
` + presetList(),
		Example: "  windvane demo --to ./demo/dumps --seed 7 --days 60 --as-of 2026-01-31\n  windvane demo --to ./demo/dumps --preset lift --as-of 2026-01-31",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := usePreset(cmd.Flags(), preset, &o); err != nil {
				return err
			}
			return a.demo(cmd.Context(), to, asOf, o)
		},
	}
	f := c.Flags()
	f.StringVar(&to, "to", "", "bucket URL or folder to write to")
	f.StringVar(&preset, "preset", "month", "market to begin with: month, lift or scores")
	f.Uint64Var(&o.Seed, "seed", o.Seed, "seed of all chance")
	f.IntVar(&o.Days, "days", o.Days, "days, the as-of date the last")
	f.IntVar(&o.Merchants, "merchants", o.Merchants, "shops")
	f.IntVar(&o.Talents, "talents", o.Talents, "accounts (talents, and accounts of shops)")
	f.IntVar(&o.Products, "products", o.Products, "products")
	f.IntVar(&o.Buyers, "buyers", o.Buyers, "buyers")
	f.Float64Var(&o.Skew, "skew", o.Skew, "how unequal sizes are: the weight of the r-th largest shop or talent falls like r^-skew")
	f.Float64Var(&o.Participation, "participation", o.Participation, "share of the shops with an own account that take part in Chuanliu")
	f.IntVar(&o.LinesPerDay, "lines-per-day", o.LinesPerDay, "order lines created a day, on average")
	f.IntVar(&o.Workers, "workers", o.Workers, "goroutines; changes nothing in the result (0: one per core)")
	f.StringVar(&asOf, "as-of", "", "last day (default: yesterday in Asia/Shanghai)")
	_ = c.MarkFlagRequired("to")
	return c
}

// presetList describes the presets.
func presetList() string {
	var lines []string
	for _, p := range market.Presets() {
		lines = append(lines, fmt.Sprintf("  %-8s%s", p.Name, p.Purpose))
	}
	return strings.Join(lines, "\n")
}

// usePreset replaces options that no flag was given for by those of the preset.
func usePreset(f *pflag.FlagSet, name string, o *market.Options) error {
	at := slices.IndexFunc(market.Presets(), func(p market.Preset) bool { return p.Name == name })
	if at < 0 {
		return cli.Usagef("preset: there is no market %q; the presets are\n%s", name, presetList())
	}
	given := map[string]string{}
	f.Visit(func(flag *pflag.Flag) { given[flag.Name] = flag.Value.String() })
	*o = market.Presets()[at].Options
	for name, value := range given { // the flags are bound to the options
		if err := f.Set(name, value); err != nil {
			return cli.UsageError{Err: err}
		}
	}
	return nil
}

func (a *app) demo(ctx context.Context, to, asOf string, o market.Options) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	if o.AsOf, err = a.date("as-of", asOf, s.jobs.Zone); err != nil {
		return err
	}
	if err := o.Validate(); err != nil {
		return cli.UsageError{Err: err}
	}
	out, err := openWrite(ctx, "to", to, "")
	if err != nil {
		return err
	}
	defer out.Close()
	progress, finish := a.drawDemo(o)
	started := time.Now()
	sum, err := market.Generate(ctx, o, marketSink{out}, progress)
	finish()
	if err != nil {
		return err
	}
	seconds := time.Since(started).Seconds()
	if a.json {
		return a.printJSON(sum)
	}
	first := o.AsOf - calendar.Day(o.Days) + 1
	_, err = fmt.Fprintf(a.stdout, "%s to %s: %d order lines in %.1f s (%.0f a second, all tables), written to %s\n",
		first, o.AsOf, sum.Lines, seconds, float64(sum.Lines)/seconds, to)
	return err
}

func (a *app) drawDemo(o market.Options) (func(market.Progress), func()) {
	if !a.terminal() {
		return nil, func() {}
	}
	bar := progressbar.NewOptions64(int64(o.Days)*int64(o.LinesPerDay), progressbar.OptionSetWriter(a.stderr), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetDescription("order lines"), progressbar.OptionShowIts(), progressbar.OptionSetPredictTime(true), progressbar.OptionSetWidth(30))
	return func(p market.Progress) { _ = bar.Set64(p.LinesDone) }, func() { _ = bar.Finish() }
}

// marketSink writes a market through the lake.
type marketSink struct{ lake *lake.Lake }

func (s marketSink) WriteParquet(ctx context.Context, key string, schema *arrow.Schema, sorted []string, batches iter.Seq2[arrow.Record, error]) error {
	_, err := s.lake.WriteParquet(ctx, key, schema, lake.WriteOptions{Sorted: sorted}, batches)
	return err
}

func (s marketSink) WriteFile(ctx context.Context, key string, data []byte) error {
	return s.lake.Put(ctx, key, func(w io.Writer) error { _, err := w.Write(data); return err })
}
