//go:build shareddata

package lake_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
)

// TestGoodControls reads sound files of other writers that stand beside the hostile ones, and agrees with Arrow's
// reader on every flat column that both read as the same type.
func TestGoodControls(t *testing.T) {
	root := filepath.Join(sharedData(t), "bad-parquet/arrow-testing/data/parquet")
	l := open(t, "file://"+absolute(t, root))
	for key, columns := range map[string]int{
		"alltypes-java.parquet": 17, "generated_simple_numerics/blogs.parquet": 1,
	} {
		t.Run(key, func(t *testing.T) {
			if n := compareWithArrow(t, l, key); n < columns {
				t.Errorf("%d columns were compared, want at least %d", n, columns)
			}
		})
	}
}

// TestCompressedPagesMarkedAsNot reads a file of Arrow C++ 2.0, whose pages of version 2 are compressed and say they
// are not. Arrow's Go reader cannot.
func TestCompressedPagesMarkedAsNot(t *testing.T) {
	root := filepath.Join(sharedData(t), "bad-parquet/arrow-testing/data/parquet")
	l := open(t, "file://"+absolute(t, root))
	rec := readBack(t, memory.DefaultAllocator, l, "ARROW-17100.parquet", []string{"col1", "col2", "col3", "col4"})
	if got, want := fmt.Sprint(rec.Columns()), `[[1 2 3 4 5] ["a" "b" "c" "d" "e"] [1 2 3 4 5] ["a" "a" "a" "b" "b"]]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func compareWithArrow(t *testing.T, l *lake.Lake, key string) (compared int) {
	t.Helper()
	ctx := context.Background()
	want := arrowTable(t, l, key)
	f, err := l.OpenParquet(ctx, listed(t, l, key))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, c := range f.Columns() {
		if c.Nested || c.Repeated {
			continue
		}
		got := readBack(t, memory.DefaultAllocator, l, key, []string{c.Name}).Column(0)
		indices := want.Schema().FieldIndices(c.Name)
		if len(indices) != 1 {
			t.Fatalf("column %s", c.Name)
		}
		expected, err := array.Concatenate(want.Column(indices[0]).Data().Chunks(), memory.DefaultAllocator)
		if err != nil {
			t.Fatal(err)
		}
		if !arrow.TypeEqual(got.DataType(), expected.DataType()) {
			t.Logf("column %s: %s here, %s there", c.Name, got.DataType(), expected.DataType())
			continue
		}
		compared++
		if !array.Equal(got, expected) {
			t.Errorf("column %s: got %v, want %v", c.Name, got, expected)
		}
	}
	return compared
}
