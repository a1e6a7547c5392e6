package market_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/zeebo/xxh3"

	"github.com/windvane/windvane/internal/market"
)

// discard reads every batch and keeps nothing.
type discard struct{}

func (discard) WriteParquet(_ context.Context, _ string, _ *arrow.Schema, _ []string, batches iter.Seq2[arrow.Record, error]) error {
	for _, err := range batches {
		if err != nil {
			return err
		}
	}
	return nil
}

func (discard) WriteFile(context.Context, string, []byte) error { return nil }

// keeper keeps every file as Arrow records with memory of their own.
type keeper struct {
	mu    sync.Mutex
	files map[string][]arrow.Record
	plain map[string][]byte
}

func newKeeper() *keeper {
	return &keeper{files: map[string][]arrow.Record{}, plain: map[string][]byte{}}
}

func (k *keeper) WriteParquet(_ context.Context, key string, schema *arrow.Schema, _ []string, batches iter.Seq2[arrow.Record, error]) error {
	var records []arrow.Record
	for rec, err := range batches {
		if err != nil {
			return err
		}
		if !rec.Schema().Equal(schema) {
			return fmt.Errorf("%s: the record's schema is not the file's", key)
		}
		rec.Retain()
		records = append(records, rec)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, twice := k.files[key]; twice {
		return fmt.Errorf("%s was written twice", key)
	}
	k.files[key] = records
	return nil
}

func (k *keeper) WriteFile(_ context.Context, key string, data []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.plain[key] = bytes.Clone(data)
	return nil
}

// digests are the hashes of all files. Of a record they cover every cell and the batch's length, not the
// memory behind the last row.
func (k *keeper) digests(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	for key, records := range k.files {
		h := xxh3.New()
		for _, rec := range records {
			fmt.Fprintln(h, rec.NumRows())
			for _, col := range rec.Columns() {
				writeCells(h, col)
			}
		}
		out[key] = fmt.Sprintf("%x", h.Sum(nil))
	}
	for key, data := range k.plain {
		out[key] = fmt.Sprintf("%x", xxh3.Hash(data))
	}
	return out
}

func writeCells(h io.Writer, col arrow.Array) {
	var cell []byte
	for i := range col.Len() {
		cell = fmt.Append(cell[:0], value(col, i), "\n")
		_, _ = h.Write(cell) // a hash never fails
	}
}

func generate(t testing.TB, o market.Options) (*keeper, market.Summary) {
	t.Helper()
	k := newKeeper()
	s, err := market.Generate(t.Context(), o, k, nil)
	if err != nil {
		t.Fatal(err)
	}
	return k, s
}

// value is a cell as int64, float64, bool, string or nil.
func value(a arrow.Array, i int) any {
	if a.IsNull(i) {
		return nil
	}
	switch a := a.(type) {
	case *array.Int64:
		return a.Value(i)
	case *array.Float64:
		return a.Value(i)
	case *array.Boolean:
		return a.Value(i)
	case *array.Date32:
		return int64(a.Value(i))
	case *array.Timestamp:
		return int64(a.Value(i))
	case *array.Dictionary:
		return a.Dictionary().(*array.String).Value(a.GetValueIndex(i))
	}
	panic(fmt.Sprintf("no value for %T", a))
}
