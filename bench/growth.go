package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// growth measures windvane alone: what becomes of its cost as data, history and corrections grow.
type growth struct {
	site  *site
	runs  int
	sizes []int // order lines of one day
	night int   // order lines a day of the marketplace of many days
	all   []grown
	log   io.Writer
}

// Days of the marketplace of many days: the first night with full windows of 365 days, and one much later.
const (
	growthDays  = 460
	fullWindows = 366
)

func growthCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("growth", flag.ContinueOnError)
	f.SetOutput(stderr)
	var o peersOptions
	g := growth{log: stderr}
	f.StringVar(&o.out, "out", "out", "folder for data, results and scratch")
	f.StringVar(&o.windvane, "windvane", "", "the windvane binary")
	f.StringVar(&o.date, "date", "", "date of the measurement")
	sizes := f.String("sizes", "10000000,20000000", "order lines of the days whose cost per line is compared")
	f.IntVar(&g.night, "night-lines", 2_000, "order lines a day of the marketplace of 460 days")
	f.IntVar(&g.runs, "runs", 3, "timed runs of each figure")
	if err := f.Parse(args); err != nil {
		return err
	}
	for _, s := range listed(*sizes) {
		n, err := strconv.Atoi(s)
		if err != nil {
			return fmt.Errorf("--sizes: %w", err)
		}
		g.sizes = append(g.sizes, n)
	}
	var err error
	if g.site, err = o.site(); err != nil {
		return err
	}
	for _, part := range []func(context.Context) error{g.lines, g.nights, g.starts} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return g.report(o, stdout)
}

// lines: the cost of one order line in days of several sizes.
func (g *growth) lines(ctx context.Context) error {
	for _, n := range g.sizes {
		folder := filepath.Join(g.site.out, fmt.Sprintf("day-%d", n))
		if err := bigDay(n).make(ctx, g.site.windvane, folder, os.Stderr); err != nil {
			return err
		}
		g.site.places[placeDay] = place{data: folder, date: asOf}
		for _, j := range chosen([]string{"order_rollups", "all_reductions"}, nil) {
			if err := g.measure(ctx, j, fmt.Sprintf("%s of %s lines", j.name, thousands(int64(n))), n); err != nil {
				return err
			}
		}
	}
	return nil
}

// measure times windvane's side of a job.
func (g *growth) measure(ctx context.Context, j job, what string, lines int) error {
	m := &measured{job: j, samples: map[string][]sample{}}
	for range g.runs {
		got, _, err := g.site.measure(ctx, j, windvane, false)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		fmt.Fprintf(g.log, "%s %.3f s, cpu %.2f, %.0f MiB\n", what, got.Seconds, got.CPU, got.RSSMiB)
		m.samples[windvane] = append(m.samples[windvane], got)
	}
	e := m.engine(windvane)
	r := grown{What: what, Seconds: e.Seconds, Min: e.Min, Max: e.Max, CPU: e.CPU, RSSMiB: e.RSSMiB}
	if lines > 0 {
		r.PerLine = e.Seconds / float64(lines) * 1e9
	}
	g.all = append(g.all, r)
	return nil
}

// nights: the same night of a marketplace with full windows early and late in its life, and with a corrected day.
func (g *growth) nights(ctx context.Context) error {
	root := filepath.Join(g.site.out, fmt.Sprintf("growth-%d", g.night))
	m := manyDays(growthDays, g.night)
	if err := m.make(ctx, g.site.windvane, filepath.Join(root, dumpsFolder), os.Stderr); err != nil {
		return err
	}
	late := m.AsOf
	early := daysBefore(late, growthDays-fullWindows)
	for _, night := range []struct{ date, what string }{{early, "night 366"}, {late, "night 460"}} {
		if err := g.oneNight(ctx, root, night.date, night.what, ""); err != nil {
			return err
		}
	}
	return g.oneNight(ctx, root, late, "night 460 with one corrected day of the last 30", daysBefore(late, 10))
}

// oneNight times a night on the state of the night before; corrected, if any, is a day whose orders are
// delivered again after that.
func (g *growth) oneNight(ctx context.Context, root, date, what, corrected string) error {
	folder := filepath.Join(root, "night")
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	market, warm := filepath.Join(folder, dumpsFolder), filepath.Join(folder, warmFolder)
	if err := cloneTree(filepath.Join(root, dumpsFolder), market); err != nil {
		return err
	}
	if err := runNight(ctx, g.site.windvane, market, warm, daysBefore(date, 1)); err != nil {
		return err
	}
	if corrected != "" {
		if err := deliverAgain(filepath.Join(market, "dumps", "orders", "dt="+corrected)); err != nil {
			return err
		}
	}
	g.site.places[placeNights] = place{data: folder, date: date}
	j := chosen([]string{"whole_night"}, nil)[0]
	return g.measure(ctx, j, what, 0)
}

// deliverAgain writes the files of a partition anew: the same rows, another delivery.
func deliverAgain(partition string) error {
	files, err := filepath.Glob(filepath.Join(partition, "*.parquet"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no files in %s: %w", partition, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err == nil {
			err = errors.Join(os.Remove(f), os.WriteFile(f, data, 0o644)) // the linked original stays
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// starts: what the process costs when there is nothing to do.
func (g *growth) starts(ctx context.Context) error {
	folder := filepath.Join(g.site.out, fmt.Sprintf("growth-%d", g.night), "night")
	market, done := filepath.Join(folder, dumpsFolder), filepath.Join(folder, fullFolder)
	if err := cloneTree(filepath.Join(folder, warmFolder), done); err != nil {
		return err
	}
	if err := runNight(ctx, g.site.windvane, market, done, asOf); err != nil {
		return err
	}
	if err := g.time("a night that is done already", func() error { return runNight(ctx, g.site.windvane, market, done, asOf) }); err != nil {
		return err
	}
	return g.time("windvane version", func() error { return exec.CommandContext(ctx, g.site.windvane, "version").Run() })
}

// time takes the wall time of something short, often.
func (g *growth) time(what string, do func() error) error {
	var all []float64
	for range 5 * g.runs {
		started := time.Now()
		if err := do(); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		all = append(all, time.Since(started).Seconds())
	}
	slices.Sort(all)
	g.all = append(g.all, grown{What: what, Seconds: median(all), Min: all[0], Max: all[len(all)-1]})
	return nil
}

func (g *growth) report(o peersOptions, stdout io.Writer) error {
	if _, err := io.WriteString(stdout, growthTable(g.all)); err != nil {
		return err
	}
	return keepAlone(g.site.out, growthFile, g.all, o.date)
}
