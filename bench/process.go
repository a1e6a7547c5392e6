package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// sample is one process of a measurement.
type sample struct {
	Seconds float64            `json:"seconds"` // from the first read to the last result, as the process tells
	Wall    float64            `json:"wall"`    // seconds of the whole process
	CPU     float64            `json:"cpu"`     // seconds, user and system, of the whole process
	RSSMiB  float64            `json:"rss_mib"` // peak resident memory, as the kernel tells
	Parts   map[string]float64 `json:"parts,omitempty"`
	Stopped bool               `json:"stopped,omitempty"` // at the limit, which Seconds are, before there was a result
}

// site says where things are.
type site struct {
	self     string // this program
	windvane string // the product's binary
	python   string // of the virtual environment with the peers
	peers    string // folder with the peers' files
	out      string // folder for results and scratch
	places   map[string]place
	cores    int
	limit    time.Duration // of a peer's process; 0: none
}

// place is a folder of data, its as-of date and the order lines in it.
type place struct {
	data, date string
	lines      int64
}

// measure runs one engine's side of a job in a process of its own.
func (s *site) measure(ctx context.Context, j job, engine string, check bool) (got sample, a answer, err error) {
	work := filepath.Join(s.out, "work")
	if err := errors.Join(os.RemoveAll(work), os.MkdirAll(work, 0o755)); err != nil {
		return sample{}, answer{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if engine == windvane && j.clone != "" {
		if err := cloneTree(filepath.Join(s.places[j.place].data, j.clone), filepath.Join(work, outputFolder)); err != nil {
			return sample{}, answer{}, err
		}
	}
	files := slices.Contains(j.files, engine)
	args, err := s.arguments(j, work, check)
	if err != nil {
		return got, a, err
	}
	got, a, err = s.limited(ctx, j, engine, args)
	if err == nil && check && files && !got.Stopped {
		err = s.readBackInto(ctx, args, &a)
	}
	if err != nil {
		return sample{}, answer{}, fmt.Errorf("job %s, engine %s: %w", j.name, engine, err)
	}
	return got, a, nil
}

// limited runs an engine's process; a peer's is stopped at the limit.
func (s *site) limited(ctx context.Context, j job, engine string, args []string) (sample, answer, error) {
	if engine == windvane || s.limit == 0 {
		return s.start(ctx, s.program(j, engine), args)
	}
	within, done := context.WithTimeout(ctx, s.limit)
	defer done()
	got, a, err := s.start(within, s.program(j, engine), args)
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		got.Seconds, got.Stopped, err = s.limit.Seconds(), true, nil
	}
	return got, a, err
}

// arguments are what every process of a job is told.
func (s *site) arguments(j job, work string, check bool) ([]string, error) {
	spec := filepath.Join(s.out, j.name+".tables.json")
	data, err := json.Marshal(j.tables)
	if err != nil {
		return nil, fmt.Errorf("encode tables of %s: %w", j.name, err)
	}
	if err := os.WriteFile(spec, data, 0o644); err != nil {
		return nil, err
	}
	p := s.places[j.place]
	args := []string{"--data", p.data, "--work", work, "--date", p.date, "--spec", spec}
	if check {
		args = append(args, "--check")
	}
	return args, nil
}

func (s *site) program(j job, engine string) []string {
	if engine == windvane {
		return []string{s.self, "job", "--name", j.name}
	}
	return []string{s.python, filepath.Join(s.peers, engine, j.name+".py")}
}

// readBackInto has a reader that is none of the engines tell what was written, beside what the engine told itself.
func (s *site) readBackInto(ctx context.Context, args []string, a *answer) error {
	tables, err := s.readBack(ctx, args)
	for name, t := range a.Tables {
		if t.Checksum != "" {
			tables[name] = t
		}
	}
	a.Tables = tables
	return err
}

func (s *site) readBack(ctx context.Context, args []string) (map[string]tableSums, error) {
	_, a, err := s.start(ctx, []string{s.python, filepath.Join(s.peers, "frame", "job.py")}, args)
	return a.Tables, err
}

// start runs a process to its end.
func (s *site) start(ctx context.Context, program, args []string) (sample, answer, error) {
	cmd := exec.CommandContext(ctx, program[0], append(program[1:], args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join(s.peers, "frame"), "PYTHONDONTWRITEBYTECODE=1",
		fmt.Sprintf("GOMAXPROCS=%d", s.cores), fmt.Sprintf("POLARS_MAX_THREADS=%d", s.cores), "BENCH_WINDVANE="+s.windvane)
	started := time.Now()
	err := cmd.Run()
	got := spent(cmd.ProcessState, started)
	if err != nil {
		return got, answer{}, fmt.Errorf("%s: %w: %s", strings.Join(program, " "), err, lastLines(stderr.String(), 12))
	}
	var a answer
	if err := json.Unmarshal(stdout.Bytes(), &a); err != nil {
		return got, a, fmt.Errorf("%s: answer %.200q: %w", strings.Join(program, " "), stdout.String(), err)
	}
	got.Seconds, got.Parts = a.Seconds, a.Parts
	return got, a, nil
}

// spent is what a process has taken since it was started; of one that could not be started (nil), the time alone.
func spent(p *os.ProcessState, started time.Time) sample {
	s := sample{Wall: time.Since(started).Seconds()}
	if p == nil {
		return s
	}
	s.CPU = (p.UserTime() + p.SystemTime()).Seconds()
	if use, ok := p.SysUsage().(*syscall.Rusage); ok {
		s.RSSMiB = float64(use.Maxrss) / 1024 // Linux tells KiB
	}
	return s
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
