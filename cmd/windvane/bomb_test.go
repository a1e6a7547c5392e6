package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/windvane/windvane/internal/testkit/bombs"
)

// TestBombsAmongTheDumps lets validate and run meet files of a few kilobytes that claim gigabytes and have the columns
// of orders, so that nothing but the limits stops them: both refuse, name the file, and stay within 10 s and 1 GiB.
func TestBombsAmongTheDumps(t *testing.T) {
	input := killMarket(t)
	folder := filepath.Join(input, "dumps/orders/dt="+string(marketLast))
	sound, err := filepath.Glob(filepath.Join(folder, "*.parquet"))
	if err != nil || len(sound) == 0 {
		t.Fatalf("%d files, %v", len(sound), err)
	}
	data, err := os.ReadFile(sound[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, bomb := range bombs.Like(t, data) {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(folder, "part-poison.parquet"), bomb, 0o600); err != nil {
				t.Fatal(err)
			}
			if !meetHostile(t, name, newStand(t, input, "")) {
				t.Errorf("%d bytes are taken", len(bomb))
			}
		})
	}
}

// meetHostile runs both commands and tells whether both refused.
func meetHostile(t *testing.T, name string, s *stand) bool {
	t.Helper()
	refusals := 0
	for _, args := range [][]string{
		{"validate", "--input", s.input, "--from", string(marketLast), "--to", string(marketLast), "--tables", "orders"},
		{"run", "--input", s.input, "--output", s.output, "--date", string(marketLast), "--workers", "1"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		code, stdout, stderr := s.try(args...)
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		if took > 10*time.Second {
			t.Errorf("%s: %s took %v", name, args[0], took)
		}
		// All that was ever allocated bounds what was held at once.
		if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 1024 {
			t.Errorf("%s: %s allocated %d MiB", name, args[0], n)
		}
		switch code {
		case 0:
		case 1:
			refusals++
			if !strings.Contains(stdout+stderr, "part-poison.parquet") {
				t.Errorf("%s: %s does not name the file: %s%s", name, args[0], stdout, stderr)
			}
		default:
			t.Errorf("%s: %s: exit %d: %s", name, args[0], code, stderr)
		}
	}
	if commits, _ := filepath.Glob(filepath.Join(s.output, "published/nightly/dt=*/commits/*.json")); refusals == 2 && len(commits) != 0 {
		t.Errorf("%s: refused, and published", name)
	}
	return refusals == 2
}
