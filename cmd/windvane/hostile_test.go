//go:build shareddata

package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/windvane/windvane/internal/testkit/shareddata"
)

// TestHostileDumps lets validate and run meet every file of shared/data/bad-parquet (every hostileStride-th in the
// ordinary form) among the dumps of orders: each ends in exit code 0 or in an error that names the file, within 10 s and
// 1 GiB, and nothing is published that rests on it.
func TestHostileDumps(t *testing.T) {
	root := shareddata.Dir(t, "bad-parquet")
	input := killMarket(t)
	poison := filepath.Join(input, "dumps/orders/dt="+string(marketLast), "part-poison.parquet")
	n, refused := 0, 0
	for _, folder := range []string{"parquet-testing/bad_data", "arrow-testing/data/parquet/fuzzing"} {
		files, err := os.ReadDir(filepath.Join(root, folder))
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range files {
			if strings.HasSuffix(f.Name(), ".md") || i%hostileStride != 0 {
				continue
			}
			data, err := os.ReadFile(filepath.Join(root, folder, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(poison, data, 0o644); err != nil {
				t.Fatal(err)
			}
			n++
			if meetHostile(t, f.Name(), newStand(t, input, "")) {
				refused++
			}
		}
	}
	if n < 145/hostileStride {
		t.Errorf("only %d hostile files", n)
	}
	t.Logf("%d files, %d refused by validate and run", n, refused)
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
