package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// peersOptions are the flags of peers.
type peersOptions struct {
	out, windvane, python, peers, doc, date, jobs string
	engines, note                                 string
	day                                           string // folder of a finished big day, instead of making one
	lines, mergeLines, nightLines                 int
	runs, nightRuns                               int
	limit                                         time.Duration
}

func peersCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("peers", flag.ContinueOnError)
	f.SetOutput(stderr)
	var o peersOptions
	f.StringVar(&o.out, "out", "out", "folder for data, results and scratch")
	f.StringVar(&o.windvane, "windvane", "", "the windvane binary")
	f.StringVar(&o.python, "python", "", "python of the environment with the peers")
	f.StringVar(&o.peers, "peers", "peers", "folder with the peers' files")
	f.StringVar(&o.doc, "doc", "", "file to write the figures of all jobs to, as Markdown; empty: none")
	f.StringVar(&o.date, "date", "", "date of the measurement, for the document")
	f.StringVar(&o.jobs, "jobs", "", "jobs to run, separated by commas; empty: all")
	f.StringVar(&o.note, "note", "", "what a reader of the document should know of this measurement")
	f.StringVar(&o.engines, "engines", "", "peers to compare with, separated by commas; empty: all")
	f.StringVar(&o.day, "day", "", "folder of a day made before; empty: one is made")
	f.IntVar(&o.lines, "lines", 10_000_000, "order lines of the big day")
	f.IntVar(&o.mergeLines, "merge-lines", 100_000, "order lines a day of the 90 days whose rollups are merged")
	f.IntVar(&o.nightLines, "night-lines", 100_000, "order lines a day of the 90 days of the whole night")
	f.IntVar(&o.runs, "runs", 5, "timed runs of each engine and job")
	f.IntVar(&o.nightRuns, "night-runs", 0, "timed runs of whole nights; 0: as of the others")
	f.DurationVar(&o.limit, "limit", 0, "stop a peer that has not ended after this time; 0: wait")
	if err := f.Parse(args); err != nil {
		return err
	}
	return comparePeers(ctx, o, stdout)
}

func comparePeers(ctx context.Context, o peersOptions, stdout io.Writer) error {
	s, err := o.site()
	if err != nil {
		return err
	}
	jobs := chosen(listed(o.jobs), listed(o.engines))
	if err := o.prepare(ctx, s, jobs); err != nil {
		return err
	}
	if err := o.measureAll(ctx, s, jobs, s.measureJob); err != nil {
		return err
	}
	return o.report(s, jobs, stdout)
}

// measureAll measures one job after another and keeps what each came to.
func (o peersOptions) measureAll(ctx context.Context, s *site, jobs []job,
	measure func(ctx context.Context, j job, runs int, own []sample, log io.Writer) (*measured, error)) error {
	own := map[string][]sample{}
	for _, j := range jobs {
		m, err := measure(ctx, j, o.runsOf(j), own[j.timedIn], os.Stderr)
		if err != nil {
			return err
		}
		m.lines, own[j.name] = s.places[j.place].lines, m.samples[windvane]
		if err := o.keep(ctx, s, m); err != nil {
			return err
		}
	}
	return nil
}

// runsOf is how often a job is timed: nights of 90 million lines take minutes each.
func (o peersOptions) runsOf(j job) int {
	if j.place == placeNights && o.nightRuns > 0 {
		return o.nightRuns
	}
	return o.runs
}

func (o peersOptions) site() (*site, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	out, err := filepath.Abs(o.out)
	if err != nil {
		return nil, err
	}
	return &site{self: self, windvane: o.windvane, python: o.python, peers: o.peers, out: out,
		places: map[string]place{}, cores: runtime.NumCPU(), limit: o.limit}, os.MkdirAll(out, 0o755)
}

// prepare makes the data that the jobs read.
func (o peersOptions) prepare(ctx context.Context, s *site, jobs []job) error {
	for _, j := range jobs {
		if _, ok := s.places[j.place]; ok {
			continue
		}
		p, err := o.place(ctx, s, j.place)
		if err != nil {
			return err
		}
		s.places[j.place] = p
	}
	return nil
}

func (o peersOptions) place(ctx context.Context, s *site, name string) (place, error) {
	switch {
	case name == placeMerges:
		return o.nights(ctx, s, o.mergeLines)
	case name == placeNights:
		return o.nights(ctx, s, o.nightLines)
	case o.day != "":
		return place{data: o.day, date: asOf, lines: int64(o.lines)}, nil
	}
	folder := filepath.Join(s.out, fmt.Sprintf("day-%d", o.lines))
	return place{data: folder, date: asOf, lines: int64(o.lines)}, bigDay(o.lines).make(ctx, s.windvane, folder, os.Stderr)
}

func (o peersOptions) nights(ctx context.Context, s *site, lines int) (place, error) {
	folder := filepath.Join(s.out, fmt.Sprintf("nights-%d", lines))
	return place{data: folder, date: asOf, lines: int64(lines) * nightDays},
		makeNights(ctx, manyDays(nightDays, lines), s.windvane, folder, os.Stderr)
}

// listed splits a list of names; nil if it is empty.
func listed(names string) []string {
	if names == "" {
		return nil
	}
	return strings.Split(names, ",")
}
