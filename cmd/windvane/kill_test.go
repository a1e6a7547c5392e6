package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	public "github.com/windvane/windvane/internal/testkit/published"
	"github.com/windvane/windvane/internal/testkit/recount"
	"github.com/windvane/windvane/jobs/lake"
)

// asCommand makes the test binary behave as windvane, so that tests can kill a real process.
const asCommand = "WINDVANE_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		if err := lowerLimits(os.Getenv(withLimits)); err != nil {
			panic(err)
		}
		if os.Getenv(tellMapped) != "" {
			fmt.Println(mapped(os.DirFS("/")))
			return
		}
		if dir := os.Getenv(spillInto); dir != "" {
			holdSpillFile(dir)
			return
		}
		if step := os.Getenv(pauseAfter); step != "" {
			pausing(step)
		}
		main()
		return
	}
	os.Exit(m.Run())
}

// process is windvane in a process of its own.
func process(env []string, args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), append(env, asCommand+"=1")...)
	return c
}

// killMarket writes dumps of three days; nights of the last two take a moment.
func killMarket(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	code, stdout, stderr := (&stand{t: t}).try("demo", "--to", dir, "--as-of", string(marketLast), "--days", "3", "--lines-per-day", "200",
		"--merchants", "10", "--talents", "10", "--products", "30", "--buyers", "150")
	if code != 0 {
		t.Fatalf("demo: exit %d\n%s%s", code, stdout, stderr)
	}
	return dir
}

const killFirst recount.Date = "2026-01-30"

func killArgs(s *stand) []string {
	return []string{"backfill", "--input", s.input, "--output", s.output, "--from", string(killFirst), "--to", string(marketLast)}
}

// TestKilledAtRandomTimes kills the process at random times of two nights. Afterwards each night is published whole or
// not at all, and the nights run again leave the bytes and the commits of nights that nobody killed.
func TestKilledAtRandomTimes(t *testing.T) {
	input := killMarket(t)
	calm := newStand(t, input, "")
	began := time.Now()
	if out, err := process(nil, killArgs(calm)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	whole := time.Since(began)
	want := map[recount.Date]map[string][]byte{killFirst: calm.tables(killFirst), marketLast: calm.tables(marketLast)}

	rng := rand.New(rand.NewPCG(9, 9))
	var killed, nothing, one, both int
	for n := range kills {
		s := newStand(t, input, "")
		var output bytes.Buffer
		c := process(nil, killArgs(s)...)
		c.Stdout, c.Stderr = &output, &output
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rng.Int64N(int64(whole)))) // the moment of the kill, not a wait for something
		_ = c.Process.Kill()
		err := c.Wait()
		var exit *exec.ExitError
		switch {
		case errors.As(err, &exit) && !exit.Exited():
			killed++
		case err != nil:
			t.Fatalf("kill %d: %v\n%s", n, err, output.String())
		}
		switch published := wholeNights(t, s, want); published {
		case 0:
			nothing++
		case 1:
			one++
		default:
			both++
		}
		if out, err := process(nil, killArgs(s)...).CombinedOutput(); err != nil {
			t.Fatalf("kill %d: run again: %v\n%s", n, err, out)
		}
		if wholeNights(t, s, want) != 2 {
			t.Fatalf("kill %d: run again, a night is not published", n)
		}
		if err := os.RemoveAll(s.output); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills met the process in %v of work: %d before the first commit, %d between, %d after both", killed, whole.Round(time.Millisecond), nothing, one, both)
	if killed < kills/2 {
		t.Errorf("only %d of %d kills met a running process", killed, kills)
	}
}

// wholeNights counts the nights that are published, each of which must have one commit and the bytes wanted.
func wholeNights(t *testing.T, s *stand, want map[recount.Date]map[string][]byte) (published int) {
	t.Helper()
	for day, tables := range want {
		commits, err := filepath.Glob(filepath.Join(s.output, "published/nightly/dt="+string(day), "commits/*.json"))
		if err != nil || len(commits) > 1 {
			t.Fatalf("%s has %d commits, %v", day, len(commits), err)
		}
		if len(commits) == 1 {
			published++
			sameTables(t, tables, s.tables(day))
			checkSeals(t, s, day)
		}
	}
	return published
}

// checkSeals holds the manifest against its commit: what is published names its bytes.
func checkSeals(t *testing.T, s *stand, day recount.Date) {
	t.Helper()
	out, err := lake.Open(context.Background(), s.output, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	rec, found, err := out.Newest(context.Background(), "nightly", string(day))
	if err != nil || !found {
		t.Fatalf("%s: %v", day, err)
	}
	data, err := os.ReadFile(filepath.Join(s.output, rec.ManifestKey))
	if sum := sha256.Sum256(data); err != nil || hex.EncodeToString(sum[:]) != rec.ManifestSHA256 {
		t.Errorf("%s: the manifest is not the one that was committed (%v)", day, err)
	}
	if prefix, err := public.Open(s.output, "nightly").Prefix(day); err != nil || !strings.HasSuffix(prefix, "run="+rec.Run) {
		t.Errorf("%s: prefix %s, run %s: %v", day, prefix, rec.Run, err)
	}
}

// contestants is how many processes want the same night.
const contestants = 8

// contest lets processes make the same night at once, each round to an output of its own. Each must exit 0, and one
// commit must be there.
func contest(t *testing.T, input string, rounds int, env []string, output func(round int) string) {
	t.Helper()
	for round := range rounds {
		to := output(round)
		var outputs [contestants]bytes.Buffer
		var all [contestants]*exec.Cmd
		for i := range all {
			all[i] = process(env, "run", "--input", input, "--output", to, "--date", string(marketLast), "--workers", "1")
			all[i].Stdout, all[i].Stderr = &outputs[i], &outputs[i]
			if err := all[i].Start(); err != nil {
				t.Fatal(err)
			}
		}
		published, done := 0, 0
		for i, c := range all {
			if err := c.Wait(); err != nil {
				t.Errorf("round %d: a process failed: %v\n%s", round, err, outputs[i].String())
			}
			published += strings.Count(outputs[i].String(), " published: commit 1,")
			done += strings.Count(outputs[i].String(), " already done: commit 1,")
		}
		if published != 1 || done != contestants-1 {
			t.Errorf("round %d: %d say they published, %d that it was done", round, published, done)
		}
		if n := len(commitsAt(t, to)); n != 1 {
			t.Errorf("round %d: %d commits", round, n)
		}
	}
}

// Two schedulers that fire the same night: one publishes, the others say it is done.
func TestOfManyProcessesOnePublishes(t *testing.T) {
	outputs := t.TempDir()
	contest(t, killMarket(t), contests, nil, func(round int) string { return filepath.Join(outputs, fmt.Sprint(round)) })
}
