package market_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/zeebo/xxh3"

	"github.com/windvane/windvane/internal/market"
	"github.com/windvane/windvane/jobs/lake"
)

// lakeSink writes real Parquet, as the command does.
type lakeSink struct{ *lake.Lake }

func (l lakeSink) WriteParquet(ctx context.Context, key string, schema *arrow.Schema, sorted []string, batches iter.Seq2[arrow.Record, error]) error {
	_, err := l.Lake.WriteParquet(ctx, key, schema, lake.WriteOptions{Sorted: sorted, Level: lake.Fastest}, batches)
	return err
}

func (l lakeSink) WriteFile(ctx context.Context, key string, data []byte) error {
	return l.PutBytes(ctx, key, data)
}

func openLake(t testing.TB) lakeSink { return openLakeIn(t, t.TempDir()) }

func openLakeIn(t testing.TB, dir string) lakeSink {
	t.Helper()
	l, err := lake.Open(t.Context(), "file://"+dir, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return lakeSink{l}
}

func TestParquetFilesAreTheSameBytesForAnyNumberOfWorkers(t *testing.T) {
	o := small()
	o.Days = 4
	var want map[string]string
	for _, workers := range []int{1, 3} {
		dir := t.TempDir()
		o.Workers = workers
		s, err := market.Generate(t.Context(), o, openLakeIn(t, dir), nil)
		if err != nil {
			t.Fatal(err)
		}
		got, rows := readFiles(t, dir)
		if int64(len(got)) != s.Files || rows["orders"] != s.Rows["orders"] || rows["refunds"] != s.Rows["refunds"] {
			t.Errorf("%d files with rows %v, the summary says %d and %v", len(got), rows, s.Files, s.Rows)
		}
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d workers make other files than 1 (-1 +%d):\n%s", workers, workers, diff)
		}
	}
}

// readFiles hashes all files under dir and counts the rows of each input table with parquet-go, a second reader.
func readFiles(t *testing.T, dir string) (hashes map[string]string, rows map[string]int64) {
	t.Helper()
	hashes, rows = map[string]string{}, map[string]int64{}
	tree := os.DirFS(dir)
	err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(tree, path)
		if err != nil {
			return err
		}
		hashes[path] = fmt.Sprintf("%x", xxh3.Hash(data))
		if parts := strings.Split(path, "/"); strings.HasSuffix(path, ".parquet") && parts[0] == "dumps" {
			f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				return fmt.Errorf("open %s: %w", path, err)
			}
			rows[parts[1]] += f.NumRows()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return hashes, rows
}
