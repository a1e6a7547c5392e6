//go:build shareddata

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

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
