package lake_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
)

// wideSchema makes files above the size that is read whole.
func wideSchema() *arrow.Schema {
	var fields []arrow.Field
	for _, name := range []string{"a", "b", "c", "d"} {
		fields = append(fields, arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Int64, Nullable: name == "b"})
	}
	return arrow.NewSchema(fields, nil)
}

func writeLarge(t testing.TB, l *lake.Lake, key string, seed uint64) arrow.Record {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	b := array.NewRecordBuilder(memory.DefaultAllocator, wideSchema())
	defer b.Release()
	for i := range 4 {
		for range 300_000 {
			b.Field(i).(*array.Int64Builder).Append(rng.Int64())
		}
	}
	rec := b.NewRecord()
	if _, err := l.WriteParquet(context.Background(), key, wideSchema(), lake.WriteOptions{}, seq(rec)); err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestAnObjectThatChangedIsNotRead(t *testing.T) {
	eachStore(t, func(t *testing.T, l *lake.Lake) {
		ctx := context.Background()
		writeLarge(t, l, "x.parquet", 1)
		before := listed(t, l, "x.parquet")
		if before.Size < 5<<20 {
			t.Fatalf("%d bytes: too small to be read in ranges", before.Size)
		}
		f, err := l.OpenParquet(ctx, before)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		writeLarge(t, l, "x.parquet", 2)
		if _, err := f.ReadRowGroup(ctx, memory.DefaultAllocator, 0, []string{"a"}); !errors.Is(err, lake.ErrChanged) {
			t.Errorf("replaced between two range reads: %v", err)
		}
		if _, err := l.OpenParquet(ctx, before); !errors.Is(err, lake.ErrChanged) {
			t.Errorf("replaced after the listing: %v", err)
		}
		if err := l.Delete(ctx, "x.parquet"); err != nil {
			t.Fatal(err)
		}
		if _, err := f.ReadRowGroup(ctx, memory.DefaultAllocator, 0, []string{"a"}); !errors.Is(err, lake.ErrChanged) {
			t.Errorf("deleted between two range reads: %v", err)
		}
		if _, err := l.OpenParquet(ctx, before); !errors.Is(err, lake.ErrChanged) {
			t.Errorf("deleted after the listing: %v", err)
		}
		if err := l.Copy(ctx, before, io.Discard); !errors.Is(err, lake.ErrChanged) {
			t.Errorf("deleted after the listing, copied: %v", err)
		}
	})
}

func TestAFileWrittenInPlaceIsNotRead(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	writeLarge(t, l, "x.parquet", 1)
	f, err := l.OpenParquet(context.Background(), listed(t, l, "x.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Truncate(filepath.Join(dir, "x.parquet"), 1000); err != nil {
		t.Fatal(err)
	}
	if _, err := f.ReadRowGroup(context.Background(), memory.DefaultAllocator, 1, []string{"a"}); !errors.Is(err, lake.ErrChanged) {
		t.Errorf("truncated: %v", err)
	}
}

func TestRowGroupsAreReadAtOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, l *lake.Lake) {
		ctx := context.Background()
		want := writeLarge(t, l, "x.parquet", 1)
		f, err := l.OpenParquet(ctx, listed(t, l, "x.parquet"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		parts := make([]arrow.Record, f.NumRowGroups())
		var wg sync.WaitGroup
		for rg := range parts {
			wg.Go(func() {
				var err error
				if parts[rg], err = f.ReadRowGroup(ctx, memory.DefaultAllocator, rg, []string{"d", "a", "b", "c"}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(parts) < 3 {
			t.Fatalf("%d row groups", len(parts))
		}
		got := concatenate(t, memory.DefaultAllocator, parts)
		for i, x := range []int{3, 0, 1, 2} {
			if !array.Equal(got.Column(i), want.Column(x)) {
				t.Errorf("column %d differs", x)
			}
		}
	})
}

func TestErrorsNameFileAndColumn(t *testing.T) {
	l := open(t, "mem://")
	ctx := context.Background()
	writeLarge(t, l, "dumps/orders/dt=2026-01-01/part-0.parquet", 1)
	f, err := l.OpenParquet(ctx, listed(t, l, "dumps/orders/dt=2026-01-01/part-0.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, err = f.ReadRowGroup(ctx, memory.DefaultAllocator, 0, []string{"pay_amount"})
	var fileError *lake.FileError
	if !errors.As(err, &fileError) || !strings.HasPrefix(err.Error(), "dumps/orders/dt=2026-01-01/part-0.parquet: column pay_amount: ") {
		t.Errorf("got %v", err)
	}
	if _, err := f.ReadRowGroup(ctx, memory.DefaultAllocator, 99, nil); !errors.As(err, &fileError) {
		t.Errorf("got %v", err)
	}
}

// TestFlippedBitsAreFound flips bits of data pages: the checksums must notice each.
func TestFlippedBitsAreFound(t *testing.T) {
	l := open(t, "mem://")
	ctx := context.Background()
	writeLarge(t, l, "x.parquet", 1)
	data, err := l.ReadAll(ctx, "x.parquet", 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{100, 100_000, 1_000_000, len(data) / 2} {
		broken := append([]byte(nil), data...)
		broken[at] ^= 4
		put(t, l, "broken.parquet", string(broken))
		if _, err := readEverything(ctx, memory.DefaultAllocator, l, listed(t, l, "broken.parquet")); !errors.Is(err, lake.ErrCorrupt) {
			t.Errorf("bit at %d: %v", at, err)
		}
	}
}

func TestACancelledWriteLeavesNothing(t *testing.T) {
	eachStore(t, func(t *testing.T, l *lake.Lake) {
		ctx, cancel := context.WithCancel(context.Background())
		err := l.Put(ctx, "x", func(w io.Writer) error {
			cancel()
			_, err := w.Write([]byte("half"))
			return err
		})
		if err == nil {
			t.Error("a cancelled write succeeded")
		}
		if _, err := l.ReadAll(context.Background(), "x", 10); !errors.Is(err, lake.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}

func TestReadingEndsWithTheContext(t *testing.T) {
	l := open(t, "mem://")
	writeLarge(t, l, "x.parquet", 1)
	f, err := l.OpenParquet(context.Background(), listed(t, l, "x.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ctx, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	if _, err := f.ReadRowGroup(ctx, memory.DefaultAllocator, 0, []string{"a"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
