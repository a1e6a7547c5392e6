package lake_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go/format"

	"github.com/windvane/windvane/internal/testkit/bombs"
	"github.com/windvane/windvane/jobs/lake"
)

func TestBombsAreRefusedBeforeTheyTakeMemory(t *testing.T) {
	const many = 60_000_000
	file := func(physical format.Type, rows int64, codec format.CompressionCodec, pages ...bombs.Page) string {
		return string(bombs.File(t, rows, bombs.Column{Element: bombs.Required("x", physical), Codec: codec, Pages: pages}))
	}
	footer := func(b []byte) string { return string(bombs.WithFooter([]byte("PAR1"), b)) }
	cases := map[string]struct {
		data string
		want error
		mib  uint64 // most that may ever have been allocated
	}{
		"a billion rows in one run": {file(format.Int64, 1_000_000_000, format.Uncompressed,
			bombs.Dictionary(1, make([]byte, 8)), bombs.Data(1_000_000_000, format.RLEDictionary, bombs.OneRun(1_000_000_000))), lake.ErrTooLarge, 1},
		"sixty million rows in one run, within the limits": {file(format.Int64, many, format.Uncompressed,
			bombs.Dictionary(1, make([]byte, 8)), bombs.Data(many, format.RLEDictionary, bombs.OneRun(many))), nil, 800},
		"a megabyte string sixty million times": {file(format.ByteArray, many, format.Uncompressed,
			bombs.Dictionary(1, bombs.PlainString(1<<20)), bombs.Data(many-1, format.RLEDictionary, bombs.OneRun(many-1)), bombs.Data(1, format.Plain, bombs.PlainString(0))), lake.ErrTooLarge, 800},
		"a kilobyte that claims two gigabytes": {file(format.Int64, 100, format.Zstd, bombs.Claims(2_000_000_000, 100, make([]byte, 1000))), lake.ErrTooLarge, 1},
		"a delta page that claims more": {file(format.Int64, 100, format.Uncompressed,
			bombs.Data(100, format.DeltaBinaryPacked, binary.AppendUvarint([]byte{128, 1, 4}, 1<<31)), bombs.Data(0, format.Plain, nil)), lake.ErrCorrupt, 1},
		"eight values in pages of two hundred megabytes": {file(format.Int64, 8, format.Brotli, slices.Repeat([]bombs.Page{bombs.Claims(200<<20, 1, brotliOf(t, 5, make([]byte, 200<<20)))}, 8)...), lake.ErrTooLarge, 1},
		"a footer with a list of billions":               {footer(bombs.Wide()), lake.ErrCorrupt, 1},
		"a footer nested a million deep":                 {footer(bombs.Deep(1 << 20)), lake.ErrCorrupt, 8},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			l := open(t, "mem://")
			put(t, l, "x", c.data)
			var before, after runtime.MemStats
			obj := listed(t, l, "x")
			runtime.ReadMemStats(&before)
			_, err := readEverything(context.Background(), memory.DefaultAllocator, l, obj)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			// A small file is read whole, with room behind it: that is not the bomb's.
			if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > c.mib+uint64(len(c.data)>>18) {
				t.Errorf("%d MiB were allocated", n)
			}
		})
	}
}

func brotliOf(t *testing.T, level int, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := brotli.NewWriterLevel(&buf, level)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// A column of one value is no bomb, however few bytes it takes: Brotli makes 13 of a megabyte of zeros.
func TestPagesOfOneValueAreRead(t *testing.T) {
	for _, rows := range []int64{1 << 17, 1 << 21} {
		for _, level := range []int{1, 5, 11} {
			body := brotliOf(t, level, make([]byte, 8*rows))
			l := open(t, "mem://")
			put(t, l, "x", string(bombs.File(t, rows, bombs.Column{Element: bombs.Required("x", format.Int64), Codec: format.Brotli,
				Pages: []bombs.Page{bombs.Claims(int32(8*rows), rows, body)}})))
			if got, err := readEverything(context.Background(), memory.DefaultAllocator, l, listed(t, l, "x")); err != nil || got == 0 {
				t.Errorf("%d zeros in %d bytes of level %d: %d, %v", rows, len(body), level, got, err)
			}
		}
	}
}
