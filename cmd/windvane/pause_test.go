package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Variables that make a test process stop itself with SIGSTOP when it has done a step, as if somebody had paused it, and
// take the clock for so much later when it goes on.
const (
	pauseAfter = "WINDVANE_TEST_PAUSE_AFTER"
	pausedFor  = "WINDVANE_TEST_PAUSED_FOR"
)

// pausing is main of a process that is paused once.
func pausing(step string) {
	later, err := time.ParseDuration(os.Getenv(pausedFor))
	if err != nil {
		panic(err)
	}
	p := &pauser{w: os.Stderr, at: []byte(" step=" + step + " ")}
	a := newApp(os.Getenv, os.Stdout, p)
	a.clock.Now = func() time.Time {
		if p.paused.Load() {
			return time.Now().Add(later)
		}
		return time.Now()
	}
	os.Exit(a.run(context.Background(), os.Args[1:]))
}

// pauser stops the process once, when the log says that a step is done.
type pauser struct {
	w      io.Writer
	at     []byte
	paused atomic.Bool
}

func (p *pauser) Write(line []byte) (int, error) {
	if bytes.Contains(line, p.at) && p.paused.CompareAndSwap(false, true) {
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGSTOP)
	}
	return p.w.Write(line)
}

// pausedRun is a run that stands still between its last gate and its commit.
type pausedRun struct {
	t      *testing.T
	c      *exec.Cmd
	output bytes.Buffer
}

func pauseRun(t *testing.T, env []string, later time.Duration, args ...string) *pausedRun {
	t.Helper()
	r := &pausedRun{t: t, c: process(append(env, pauseAfter+"=gates", pausedFor+"="+later.String()), append(args, "--verbose")...)}
	r.c.Stdout, r.c.Stderr = &r.output, &r.output
	if err := r.c.Start(); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(r.c.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("the process did not stop: %v\n%s", err, r.output.String())
	}
	return r
}

// goOn lets it go on to its end, which must be good, and gives what it printed.
func (r *pausedRun) goOn() string {
	r.t.Helper()
	if err := r.c.Process.Signal(syscall.SIGCONT); err != nil {
		r.t.Fatal(err)
	}
	if err := r.c.Wait(); err != nil {
		r.t.Errorf("%v\n%s", err, r.output.String())
	}
	return r.output.String()
}

// TestAPausedRunCannotCommitLate stops a real process with SIGSTOP between its last gate and its commit, lets another one
// publish the night, and lets the first go on. Its commit is refused, whatever it had made, and it says so.
func TestAPausedRunCannotCommitLate(t *testing.T) {
	t.Run("folder", func(t *testing.T) {
		out := t.TempDir()
		pausedAndOvertaken(t, nil, filepath.Join(out, "same"), "already done: commit 1", false)
		pausedAndOvertaken(t, nil, filepath.Join(out, "corrected"), "from other inputs; this one was refused", true)
	})
	for name, start := range realStores {
		t.Run(name, func(t *testing.T) {
			server := start(t)
			server.Setenv(t)
			pausedAndOvertaken(t, server.Env, server.URL(t, "paused"), "from other inputs; this one was refused", true)
		})
	}
}

// pausedAndOvertaken: the other run reads the same dumps, or corrected ones.
func pausedAndOvertaken(t *testing.T, env []string, out, says string, corrected bool) {
	t.Helper()
	input := killMarket(t)
	args := []string{"run", "--input", input, "--output", out, "--date", string(marketLast)}
	paused := pauseRun(t, env, 0, args...)
	if corrected {
		files, err := filepath.Glob(filepath.Join(input, "dumps/orders/dt="+string(marketLast), "*.parquet"))
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		if err := tamper(t.Context(), files[0], "set", []string{"quantity", "2", "5"}); err != nil {
			t.Fatal(err)
		}
	}
	other, err := process(env, args...).CombinedOutput()
	if err != nil || !strings.Contains(string(other), " published: commit 1,") {
		t.Fatalf("%v\n%s", err, other)
	}
	winner, want := newestAt(t, out), tablesAt(t, out, marketLast)
	said := paused.goOn()
	if !strings.Contains(said, says) || !strings.Contains(said, " already done: commit 1,") {
		t.Errorf("the late one says %s", said)
	}
	if got := newestAt(t, out); got != winner || len(commitsAt(t, out)) != 1 {
		t.Errorf("%d commits, the newest %s, want one of %s", len(commitsAt(t, out)), got, winner)
	}
	sameTables(t, want, tablesAt(t, out, marketLast))
}

// newestAt is the run of the night's newest commit, as readers that list and readers that do not find it.
func newestAt(t *testing.T, url string) string {
	t.Helper()
	l := openAt(t, url)
	rec, found, err := l.Newest(t.Context(), "nightly", string(marketLast))
	if err != nil || !found {
		t.Fatalf("no commit: %v", err)
	}
	hint, err := l.ReadAll(t.Context(), "published/nightly/dt="+string(marketLast)+"/current.json", 1<<20)
	if err != nil || !bytes.Contains(hint, []byte(fmt.Sprintf("%q: %q", "nonce", rec.Nonce))) {
		t.Errorf("current.json is %s, %v; the newest commit is of run %s", hint, err, rec.Run)
	}
	return rec.Run
}

// A machine that slept for a day: gc may have taken what the run wrote, so it does not commit that but begins anew.
func TestARunThatSleptForADayBeginsAnew(t *testing.T) {
	input, out := killMarket(t), t.TempDir()
	said := pauseRun(t, nil, 25*time.Hour, "run", "--input", input, "--output", out, "--date", string(marketLast)).goOn()
	if !strings.Contains(said, "the run took 25h0m0s, more than 24h0m0s: its tables may have been collected") || !strings.Contains(said, " published: commit 1,") {
		t.Errorf("it says %s", said)
	}
	rec, _, err := openAt(t, out).Newest(t.Context(), "nightly", string(marketLast))
	if err != nil || !strings.Contains(said, "run="+rec.Run) {
		t.Errorf("committed is run %s, %v", rec.Run, err)
	}
	checkSeals(t, &stand{t: t, output: out}, marketLast)
}
