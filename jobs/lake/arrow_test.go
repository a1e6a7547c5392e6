package lake_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"

	"github.com/windvane/windvane/jobs/lake"
)

// arrowTable reads a file with Arrow's own reader, the second implementation that ours must agree with.
func arrowTable(t *testing.T, l *lake.Lake, key string) arrow.Table {
	t.Helper()
	data, err := l.ReadAll(context.Background(), key, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	r, err := file.NewParquetReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	pr, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	table, err := pr.ReadTable(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return table
}
