package lake_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/internal/testkit/faults"
	"github.com/windvane/windvane/jobs/lake"
)

// Small files are read whole, one request each, as long as what is held of all open ones keeps to a bound. Those beyond it are
// read in parts, each of the very object that was listed. What a file held is given back when it is closed.
func TestSmallFilesAreHeldWithinABound(t *testing.T) {
	ctx := context.Background()
	bucket, url := faults.New(t)
	l := open(t, url)
	b := array.NewRecordBuilder(memory.DefaultAllocator, wideSchema())
	defer b.Release()
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range b.Fields() {
		for range 100_000 {
			b.Field(i).(*array.Int64Builder).Append(rng.Int64())
		}
	}
	rec := b.NewRecord()
	defer rec.Release()
	if _, err := l.WriteParquet(ctx, "day/00.parquet", wideSchema(), lake.WriteOptions{}, seq(rec)); err != nil {
		t.Fatal(err)
	}
	data := []byte(bucket.Objects("day/")["day/00.parquet"])
	const files = 40
	for i := range files {
		bucket.Put(fmt.Sprintf("day/%02d.parquet", i), data)
	}
	listed, err := l.List(ctx, "day/")
	if err != nil || len(listed) != files || len(data) < 3<<20 || len(data) > 4<<20 {
		t.Fatalf("%d files of %d bytes, %v", len(listed), len(data), err)
	}
	reads := 0
	bucket.Forbid(func(operation, key string) bool {
		if operation == "read" && strings.HasPrefix(key, "day/") {
			reads++
		}
		return false
	})
	openAll := func(objects []lake.Object) (opened []*lake.File) {
		for _, o := range objects {
			f, err := l.OpenParquet(ctx, o)
			if err != nil {
				t.Fatal(err)
			}
			opened = append(opened, f)
		}
		return opened
	}
	read := func(f *lake.File) error {
		got, err := f.ReadRowGroup(ctx, memory.DefaultAllocator, 0, []string{"a", "b", "c", "d"})
		if err != nil {
			return err
		}
		mustEqual(t, got, rec)
		got.Release()
		return nil
	}

	before := heap()
	opened := openAll(listed)
	if grown := heap() - before; grown > lake.MaxHeld+16<<20 {
		t.Errorf("%d MiB are held of %d files of %d bytes", grown>>20, files, len(data))
	}
	for _, f := range opened {
		if err := read(f); err != nil {
			t.Fatal(err)
		}
	}
	held := lake.MaxHeld / len(data)
	if want := held + 2*(files-held); reads != want || held < 10 || held == files {
		t.Errorf("%d reads of %d files of which %d can be held, want %d", reads, files, held, want)
	}
	bucket.Put(listed[files-1].Key, data)
	if err := read(opened[files-1]); !errors.Is(err, lake.ErrChanged) {
		t.Errorf("replaced since it was opened: %v", err)
	}
	for _, f := range opened {
		f.Close()
	}

	reads = 0
	for _, f := range openAll(listed[:held]) {
		if err := read(f); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	if reads != held {
		t.Errorf("%d reads of %d files after others were closed", reads, held)
	}
}

// A file that is refused when it is opened holds nothing either.
func TestBrokenFilesHoldNothing(t *testing.T) {
	ctx := context.Background()
	bucket, url := faults.New(t)
	l := open(t, url)
	bucket.Put("x", make([]byte, 3<<20))
	for range 2 * lake.MaxHeld / (3 << 20) {
		if _, err := l.OpenParquet(ctx, listed(t, l, "x")); !errors.Is(err, lake.ErrCorrupt) {
			t.Fatal(err)
		}
	}
	if n := lake.HeldBytes(l); n != 0 {
		t.Errorf("%d bytes are held", n)
	}
}

func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
