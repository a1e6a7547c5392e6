package market_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"

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

// digests are the hashes of all files, each as an Arrow stream.
func (k *keeper) digests(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	for key, records := range k.files {
		h := sha256.New()
		w := ipc.NewWriter(h, ipc.WithSchema(records[0].Schema()), ipc.WithDictionaryDeltas(false))
		for _, rec := range records {
			if err := w.Write(rec); err != nil {
				t.Fatalf("encode %s: %v", key, err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		out[key] = fmt.Sprintf("%x", h.Sum(nil))
	}
	for key, data := range k.plain {
		out[key] = fmt.Sprintf("%x", sha256.Sum256(data))
	}
	return out
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
