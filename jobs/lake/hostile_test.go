//go:build shareddata

package lake_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
)

// sharedData is the folder of acceptance data, or the test fails.
func sharedData(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("WINDVANE_SHARED_DATA")
	if dir == "" {
		dir = "../../../shared/data" // beside the project's root
	}
	if _, err := os.Stat(filepath.Join(dir, "bad-parquet")); err != nil {
		t.Fatalf("acceptance data are absent: %v; set WINDVANE_SHARED_DATA", err)
	}
	return dir
}

// TestHostileFiles keeps the promise of shared/data/bad-parquet: each file ends in "read" or in an error that names
// it, within 10 s and 1 GiB, and nothing leaks.
func TestHostileFiles(t *testing.T) {
	root := filepath.Join(sharedData(t), "bad-parquet")
	folders := []string{"parquet-testing/bad_data", "arrow-testing/data/parquet/fuzzing"}
	files, read := 0, 0
	for _, folder := range folders {
		l := open(t, "file://"+absolute(t, filepath.Join(root, folder)))
		objects, err := l.List(context.Background(), "")
		if err != nil {
			t.Fatal(err)
		}
		for _, obj := range objects {
			if strings.HasSuffix(obj.Key, ".md") {
				continue
			}
			files++
			if err := readHostile(t, l, obj); err == nil {
				read++
			}
		}
	}
	if files != 145 {
		t.Errorf("%d hostile files, the README says 145", files)
	}
	t.Logf("%d files, %d read whole", files, read)
}

func absolute(t testing.TB, dir string) string {
	t.Helper()
	abs, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

func readHostile(t *testing.T, l *lake.Lake, obj lake.Object) error {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	_, err := readEverything(ctx, mem, l, obj)
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	if took > 10*time.Second {
		t.Errorf("%s took %v", obj.Key, took)
	}
	// All that was ever allocated bounds what was held at once.
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<30 {
		t.Errorf("%s allocated %d MiB", obj.Key, n>>20)
	}
	var fileError *lake.FileError
	if err != nil && (!errors.As(err, &fileError) || !strings.Contains(err.Error(), obj.Key)) {
		t.Errorf("%s: the error does not name it: %v", obj.Key, err)
	}
	return err
}
