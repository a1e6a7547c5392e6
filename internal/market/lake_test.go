package market_test

import (
	"context"
	"iter"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

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

func openLake(t testing.TB) lakeSink {
	t.Helper()
	l, err := lake.Open(t.Context(), "file://"+t.TempDir(), lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return lakeSink{l}
}
