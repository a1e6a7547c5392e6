package lake_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
)

// A record keeps what it holds while other row groups are read into the memory that its own was read into: four readers
// of a file that is not read whole hold all its records to the end.
func TestRecordsOutliveTheBytesTheyWereReadFrom(t *testing.T) {
	mem := memory.NewGoAllocator()
	l := open(t, "file://"+t.TempDir()+"/bucket")
	schema := everyType()
	rec := randomRecord(mem, schema, 80_000, 0.1, rand.New(rand.NewPCG(3, 4)))
	opts := lake.WriteOptions{RowGroupRows: 3000, PageRows: 700, Level: lake.Uncompressed}
	if _, err := l.WriteParquet(context.Background(), "t/x.parquet", schema, opts, seq(rec)); err != nil {
		t.Fatal(err)
	}
	if size := listed(t, l, "t/x.parquet").Size; size <= 4<<20 {
		t.Fatalf("%d bytes are read whole", size)
	}
	got := make([]arrow.Record, 4)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() { got[i] = readBack(t, mem, l, "t/x.parquet", names(schema)) })
	}
	wg.Wait()
	want := plainStrings(mem, rec)
	for _, g := range got {
		if g == nil {
			t.FailNow()
		}
		mustEqual(t, g, want)
	}
}
