package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/windvane/windvane/internal/testkit/recount"
)

// withLimits makes the test binary, run as windvane, lower its own resource limits first: "nofile=20 fsize=4096".
const withLimits = "WINDVANE_TEST_LIMITS"

// limits are the resources that tests lower.
var limits = map[string]int{"nofile": syscall.RLIMIT_NOFILE, "fsize": syscall.RLIMIT_FSIZE, "as": syscall.RLIMIT_AS}

func lowerLimits(text string) error {
	for _, pair := range strings.Fields(text) {
		name, value, _ := strings.Cut(pair, "=")
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return err
		}
		if err := syscall.Setrlimit(limits[name], &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			return fmt.Errorf("lower %s: %w", name, err)
		}
	}
	return nil
}

// starved is a stand with the night before published, on which a night is tried for want of something.
type starved struct {
	*stand
	want map[recount.Date]map[string][]byte // the tables of nights that lacked nothing
}

func newStarved(t *testing.T) *starved {
	t.Helper()
	input := killMarket(t)
	calm := newStand(t, input, "")
	calm.night(killFirst)
	calm.night(marketLast)
	s := &starved{newStand(t, input, ""), map[recount.Date]map[string][]byte{killFirst: calm.tables(killFirst), marketLast: calm.tables(marketLast)}}
	s.night(killFirst)
	return s
}

// fails tries the night in a process of its own: exit code 1, a message with the remedy, the list of the night before
// whole, none of this night, and nothing temporary left.
func (s *starved) fails(env, remedy string) {
	s.t.Helper()
	out, err := process([]string{env}, "run", "--input", s.input, "--output", s.output, "--date", string(marketLast)).CombinedOutput()
	if err == nil || !strings.Contains(err.Error(), "exit status 1") || !strings.Contains(string(out), remedy) {
		s.t.Errorf("%s: %v, want exit status 1 and %q in\n%s", env, err, remedy, out)
	}
	s.t.Logf("%s: %s", env, lastLine(out))
	if n := strings.Count(string(out), "goroutine "); n > 0 {
		s.t.Errorf("%s: it crashed:\n%s", env, out)
	}
	if n := wholeNights(s.t, s.stand, s.want); n != 1 {
		s.t.Errorf("%s: %d nights are published", env, n)
	}
	if left := filesBelow(s.t, filepath.Join(s.output, ".staging")); len(left) > 0 {
		s.t.Errorf("%s: left behind: %v", env, left)
	}
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

// recovers makes the night with all it needs.
func (s *starved) recovers() {
	s.t.Helper()
	s.night(marketLast)
	if n := wholeNights(s.t, s.stand, s.want); n != 2 {
		s.t.Errorf("run again: %d nights are published", n)
	}
}

func filesBelow(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// largest is the size of the largest file below a folder.
func largest(t *testing.T, dir string) (size int64) {
	t.Helper()
	for _, f := range filesBelow(t, dir) {
		if info, err := os.Stat(f); err == nil {
			size = max(size, info.Size())
		}
	}
	return size
}

// A night that may not open or not write what it needs says so and what to do, and harms nothing.
func TestANightThatLacksFilesSaysSo(t *testing.T) {
	s := newStarved(t)
	published := largest(t, filepath.Join(s.output, "published"))
	s.fails(withLimits+"=nofile=16", "raise ulimit -n")
	s.fails(withLimits+"=fsize=2048", "raise ulimit -f")
	s.fails(fmt.Sprintf("%s=fsize=%d", withLimits, published-published/8), "raise ulimit -f")
	s.recovers()
}
