package lake_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go"

	"github.com/windvane/windvane/jobs/lake"
)

// TestMutatedFiles changes bytes of sound files at random, with a fixed seed: what FuzzReadParquet does for as long
// as one likes, for a moment in every test run.
func TestMutatedFiles(t *testing.T) {
	l := open(t, "mem://")
	rng := rand.New(rand.NewPCG(7, 8))
	for _, opts := range [][]parquet.WriterOption{
		{parquet.DataPageVersion(1), parquet.Compression(&parquet.Snappy)},
		{parquet.DataPageVersion(2), parquet.Compression(&parquet.Zstd), parquet.PageBufferSize(50)},
		{parquet.DataPageVersion(1), parquet.Compression(&parquet.Uncompressed)},
		{parquet.DataPageVersion(2), parquet.Compression(&parquet.Uncompressed)},
	} {
		data, _, _ := foreignFile(t, 20, 15, 0.2, opts...)
		for range 300 {
			broken := append([]byte(nil), data...)
			for range 1 + rng.IntN(8) {
				broken[rng.IntN(len(broken))] = byte(rng.Uint32())
			}
			mustEndWell(t, l, broken)
		}
	}
}

func mustEndWell(t *testing.T, l *lake.Lake, data []byte) {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	put(t, l, "x", string(data))
	began := time.Now()
	_, err := readEverything(context.Background(), mem, l, listed(t, l, "x"))
	var fileError *lake.FileError
	if err != nil && !errors.As(err, &fileError) {
		t.Error(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %v: %v", took, err)
	}
}
