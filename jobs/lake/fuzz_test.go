//go:build shareddata

package lake_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go"

	"github.com/windvane/windvane/jobs/lake"
)

// FuzzReadParquet mutates sound and hostile files: reading must end in records or in an error that names the file,
// within small limits, and leak nothing.
func FuzzReadParquet(f *testing.F) {
	for _, opts := range [][]parquet.WriterOption{
		{parquet.DataPageVersion(1), parquet.Compression(&parquet.Snappy)},
		{parquet.DataPageVersion(2), parquet.Compression(&parquet.Zstd), parquet.PageBufferSize(50)},
		{parquet.DataPageVersion(1), parquet.Compression(&parquet.Uncompressed)},
	} {
		data, _, _ := foreignFile(f, 20, 15, 0.2, opts...)
		f.Add(data)
	}
	hostile, err := filepath.Glob(filepath.Join(sharedData(f), "bad-parquet/parquet-testing/bad_data/*.parquet"))
	if err != nil || len(hostile) == 0 {
		f.Fatalf("hostile files: %d, %v", len(hostile), err)
	}
	for _, name := range hostile {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	l, err := lake.Open(context.Background(), "mem://", lake.Options{Limits: lake.Limits{
		MaxPageBytes: 1 << 20, MaxRowGroupRows: 1 << 16, MaxColumnBytes: 4 << 20, MaxFooterElements: 1 << 12,
	}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		defer mem.AssertSize(t, 0)
		put(t, l, "x", string(data))
		var fileError *lake.FileError
		if _, err := readEverything(context.Background(), mem, l, listed(t, l, "x")); err != nil && !errors.As(err, &fileError) {
			t.Error(err)
		}
	})
}
