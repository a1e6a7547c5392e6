package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// listsMarket is the market that scores and lists are measured on.
var listsMarket = marketplace{Days: 33, LinesPerDay: 400_000, Merchants: 50_000, Talents: 20_000, Products: 1_000_000, Buyers: 1_500_000, AsOf: asOf}

// listsMemory is the memory_limit of the nights that are measured.
const listsMemory = "2GiB"

// listsSteps are the steps of a night that make lists of rollups.
var listsSteps = []string{"prices", "scores", "lists"}

// listsCommand measures what it costs to score a million products and decide who gets what: the last night of the
// market is made again with all its rollups given, and the one before it to rest on.
func listsCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("lists", flag.ContinueOnError)
	f.SetOutput(stderr)
	var o peersOptions
	f.StringVar(&o.out, "out", "out", "folder for data, results and scratch")
	f.StringVar(&o.windvane, "windvane", "", "the windvane binary")
	f.StringVar(&o.date, "date", "", "date of the measurement")
	runs := f.Int("runs", 3, "timed runs")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *runs < 1 {
		return errors.New("--runs: at least 1")
	}
	root := filepath.Join(o.out, "lists")
	if err := makeNights(ctx, listsMarket, o.windvane, root, os.Stderr); err != nil {
		return err
	}
	var whole, steps []sample
	for range *runs {
		n, err := listsNight(ctx, o.windvane, root)
		if err != nil {
			return err
		}
		fmt.Fprintf(stderr, "%s %.2f s, night %.2f s, cpu %.2f, %.0f MiB\n", strings.Join(listsSteps, " + "), n.Seconds, n.Wall, n.CPU, n.RSSMiB)
		steps, whole = append(steps, sample{Seconds: n.Seconds}), append(whole, sample{Seconds: n.Wall, CPU: n.CPU, RSSMiB: n.RSSMiB})
	}
	all := []grown{summary("scores and lists of a million products: steps "+strings.Join(listsSteps, ", "), steps),
		summary("their whole night, memory_limit "+listsMemory, whole)}
	if _, err := io.WriteString(stdout, growthTable(all)); err != nil {
		return err
	}
	return keepAlone(o.out, listsFile, all, o.date)
}

// summary is the median of each figure; of memory the most.
func summary(what string, all []sample) grown {
	var seconds, cpu []float64
	g := grown{What: what}
	for _, s := range all {
		seconds, cpu, g.RSSMiB = append(seconds, s.Seconds), append(cpu, s.CPU), max(g.RSSMiB, s.RSSMiB)
	}
	slices.Sort(seconds)
	slices.Sort(cpu)
	g.Seconds, g.Min, g.Max, g.CPU = median(seconds), seconds[0], seconds[len(seconds)-1], median(cpu)
	return g
}

// listsNight makes the last night once more, as a process of its own. Seconds are those of its steps.
func listsNight(ctx context.Context, windvane, root string) (s sample, err error) {
	work, config := filepath.Join(root, "again"), filepath.Join(root, "windvane.yaml")
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	err = errors.Join(os.RemoveAll(work), cloneTree(filepath.Join(root, fullFolder), work),
		os.RemoveAll(filepath.Join(work, "published", "nightly", "dt="+asOf)), os.WriteFile(config, []byte("memory_limit: "+listsMemory+"\n"), 0o644))
	if err != nil {
		return sample{}, err
	}
	cmd := exec.CommandContext(ctx, windvane, "run", "--config", config, "--input", filepath.Join(root, dumpsFolder), "--output", work, "--date", asOf)
	cmd.Env = append(os.Environ(), "WINDVANE_BUYER_KEY="+benchKey)
	var said strings.Builder
	cmd.Stderr = &said
	started := time.Now()
	if err := cmd.Run(); err != nil {
		return sample{}, fmt.Errorf("windvane run of %s: %w: %s", asOf, err, lastLines(said.String(), 5))
	}
	s = spent(cmd.ProcessState, started)
	s.Seconds, err = secondsOf(work, listsSteps)
	return s, err
}

// secondsOf adds up what the manifest of the last night says of some steps.
func secondsOf(output string, steps []string) (sum float64, err error) {
	files, err := filepath.Glob(filepath.Join(output, "published", "nightly", "dt="+asOf, "run=*", "manifest.json"))
	if err != nil || len(files) != 1 {
		return 0, fmt.Errorf("%d manifests of %s: %w", len(files), asOf, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		return 0, err
	}
	var m struct {
		Steps []struct {
			Name    string  `json:"name"`
			Seconds float64 `json:"seconds"`
		} `json:"steps"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return 0, fmt.Errorf("%s: %w", files[0], err)
	}
	found := 0
	for _, s := range m.Steps {
		if slices.Contains(steps, s.Name) {
			sum += s.Seconds
			found++
		}
	}
	if found != len(steps) {
		return 0, fmt.Errorf("%s tells of %d of the steps %v", files[0], found, steps)
	}
	return sum, nil
}
