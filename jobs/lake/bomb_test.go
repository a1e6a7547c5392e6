package lake_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"runtime"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/windvane/windvane/jobs/lake"
)

// bomb is a file of one required column, made by hand so that it can claim what it likes.
type bomb struct {
	physical format.Type
	rows     int64
	pages    []bombPage
}

type bombPage struct {
	header format.PageHeader
	body   []byte
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	data, err := thrift.Marshal(new(thrift.CompactProtocol), v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (b bomb) file(t *testing.T) string {
	t.Helper()
	buf := bytes.NewBufferString("PAR1")
	for _, p := range b.pages {
		p.header.CompressedPageSize = int32(len(p.body))
		if p.header.UncompressedPageSize == 0 {
			p.header.UncompressedPageSize = int32(len(p.body))
		}
		buf.Write(marshal(t, &p.header))
		buf.Write(p.body)
	}
	codec := format.Uncompressed
	if len(b.pages) == 1 {
		codec = format.Zstd // the page that lies about its size
	}
	meta := format.FileMetaData{
		Version: 1, NumRows: b.rows,
		Schema: []format.SchemaElement{
			{Name: "schema", NumChildren: thrift.New[int32](1)},
			{Name: "x", Type: thrift.New(b.physical), RepetitionType: thrift.New(format.Required)},
		},
		RowGroups: []format.RowGroup{{NumRows: b.rows, Columns: []format.ColumnChunk{{MetaData: format.ColumnMetaData{
			Type: b.physical, PathInSchema: []string{"x"}, NumValues: b.rows, Codec: codec, Encoding: []format.Encoding{format.Plain},
			DataPageOffset: 4, TotalCompressedSize: int64(buf.Len() - 4), TotalUncompressedSize: int64(buf.Len() - 4),
		}}}}},
	}
	return withFooter(buf.String(), marshal(t, &meta))
}

func withFooter(data string, footer []byte) string {
	tail := binary.LittleEndian.AppendUint32(footer, uint32(len(footer)))
	return data + string(tail) + "PAR1"
}

func dictionaryPage(values int, body []byte) bombPage {
	return bombPage{format.PageHeader{Type: format.DictionaryPage, DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: int32(values)})}, body}
}

func dataPage(values int64, e format.Encoding, body []byte) bombPage {
	return bombPage{format.PageHeader{Type: format.DataPage, DataPageHeader: thrift.New(format.DataPageHeader{NumValues: int32(values), Encoding: e})}, body}
}

// oneRun is dictionary indices: n times 0, in one run.
func oneRun(n int64) []byte {
	return append(binary.AppendUvarint([]byte{1}, uint64(n)<<1), 0)
}

func plainString(n int) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(n)), make([]byte, n)...)
}

func TestBombsAreRefusedBeforeTheyTakeMemory(t *testing.T) {
	const many = 60_000_000
	huge := bombPage{format.PageHeader{
		Type: format.DataPage, UncompressedPageSize: 2_000_000_000,
		DataPageHeader: thrift.New(format.DataPageHeader{NumValues: 100}),
	}, make([]byte, 1000)}
	deep := bytes.Repeat([]byte{0x1C}, 1<<20) // field 1, a struct, a million times
	cases := map[string]struct {
		data string
		want error
		mib  uint64 // most that may ever have been allocated
	}{
		"a billion rows in one run": {bomb{format.Int64, 1_000_000_000, []bombPage{
			dictionaryPage(1, make([]byte, 8)), dataPage(1_000_000_000, format.RLEDictionary, oneRun(1_000_000_000)),
		}}.file(t), lake.ErrTooLarge, 1},
		"sixty million rows in one run, within the limits": {bomb{format.Int64, many, []bombPage{
			dictionaryPage(1, make([]byte, 8)), dataPage(many, format.RLEDictionary, oneRun(many)),
		}}.file(t), nil, 800},
		"a megabyte string sixty million times": {bomb{format.ByteArray, many, []bombPage{
			dictionaryPage(1, plainString(1<<20)), dataPage(many-1, format.RLEDictionary, oneRun(many-1)), dataPage(1, format.Plain, plainString(0)),
		}}.file(t), lake.ErrTooLarge, 800},
		"a kilobyte that claims two gigabytes": {bomb{format.Int64, 100, []bombPage{huge}}.file(t), lake.ErrTooLarge, 1},
		"a delta page that claims more":        {bomb{format.Int64, 100, []bombPage{dataPage(100, format.DeltaBinaryPacked, binary.AppendUvarint([]byte{128, 1, 4}, 1<<31)), dataPage(0, format.Plain, nil)}}.file(t), lake.ErrCorrupt, 1},
		"a footer with a list of billions":     {withFooter("PAR1", []byte{0x15, 2, 0x19, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0x07}), lake.ErrCorrupt, 1},
		"a footer nested a million deep":       {withFooter("PAR1", deep), lake.ErrCorrupt, 8},
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
