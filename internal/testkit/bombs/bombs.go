// Package bombs makes small Parquet files that claim to be large: pages, dictionaries, runs, footers and headers that a
// trusting reader would allocate gigabytes for. A File is written by hand, so that it can claim what it likes.
package bombs

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Column is a column chunk of a bomb.
type Column struct {
	Element format.SchemaElement
	Codec   format.CompressionCodec
	Pages   []Page
}

// Page is a page whose header may lie about its body.
type Page struct {
	Header format.PageHeader
	Body   []byte
	Raw    []byte // instead of both
}

// File is a Parquet file of one row group with the columns.
func File(t testing.TB, rows int64, columns ...Column) []byte {
	t.Helper()
	buf := bytes.NewBufferString("PAR1")
	meta := format.FileMetaData{Version: 1, NumRows: rows, Schema: []format.SchemaElement{{Name: "schema", NumChildren: thrift.New(int32(len(columns)))}}}
	group := format.RowGroup{NumRows: rows}
	for _, c := range columns {
		start := int64(buf.Len())
		for _, p := range c.Pages {
			if p.Raw != nil {
				buf.Write(p.Raw)
				continue
			}
			p.Header.CompressedPageSize = int32(len(p.Body))
			if p.Header.UncompressedPageSize == 0 {
				p.Header.UncompressedPageSize = int32(len(p.Body))
			}
			buf.Write(marshal(t, &p.Header))
			buf.Write(p.Body)
		}
		size := int64(buf.Len()) - start
		meta.Schema = append(meta.Schema, c.Element)
		group.Columns = append(group.Columns, format.ColumnChunk{MetaData: format.ColumnMetaData{
			Type: typeOf(c.Element), PathInSchema: []string{c.Element.Name}, NumValues: rows, Codec: c.Codec, Encoding: []format.Encoding{format.Plain},
			DataPageOffset: start, TotalCompressedSize: size, TotalUncompressedSize: size,
		}})
	}
	meta.RowGroups = []format.RowGroup{group}
	return WithFooter(buf.Bytes(), marshal(t, &meta))
}

func typeOf(e format.SchemaElement) format.Type {
	if e.Type.Valid {
		return e.Type.V
	}
	return format.Int64
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	data, err := thrift.Marshal(new(thrift.CompactProtocol), v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// WithFooter ends a file with a footer of any content.
func WithFooter(data, footer []byte) []byte {
	out := append(bytes.Clone(data), footer...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(footer)))
	return append(out, "PAR1"...)
}

// Required is the schema element of a required column.
func Required(name string, physical format.Type) format.SchemaElement {
	return format.SchemaElement{Name: name, Type: thrift.New(physical), RepetitionType: thrift.New(format.Required)}
}

// Dictionary is a dictionary page.
func Dictionary(values int64, body []byte) Page {
	return Page{Header: format.PageHeader{Type: format.DictionaryPage, DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: int32(values)})}, Body: body}
}

// Data is a data page of the first version.
func Data(values int64, e format.Encoding, body []byte) Page {
	return Page{Header: format.PageHeader{Type: format.DataPage, DataPageHeader: thrift.New(format.DataPageHeader{NumValues: int32(values), Encoding: e})}, Body: body}
}

// Claims is a page whose header claims so many bytes.
func Claims(uncompressed int32, values int64, body []byte) Page {
	p := Data(values, format.Plain, body)
	p.Header.UncompressedPageSize = uncompressed
	return p
}

// OneRun is dictionary indices: n times 0, in one run.
func OneRun(n int64) []byte { return append(binary.AppendUvarint([]byte{1}, uint64(n)<<1), 0) }

// PlainString is a string of n zero bytes as PLAIN has it.
func PlainString(n int) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(n)), make([]byte, n)...)
}

// Deep is a footer of structs nested n deep, Wide one with a list of billions.
func Deep(n int) []byte { return bytes.Repeat([]byte{0x1C}, n) }

// Wide is a footer that begins a list of two billion schema elements.
func Wide() []byte { return []byte{0x15, 2, 0x19, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0x07} }

// Footer decodes the footer of a sound file.
func Footer(t testing.TB, sound []byte) (meta format.FileMetaData) {
	t.Helper()
	end := len(sound) - 8
	length := int(binary.LittleEndian.Uint32(sound[end:]))
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), sound[end-length:end], &meta); err != nil {
		t.Fatal(err)
	}
	return meta
}

// Like makes bombs that have the flat columns of a sound file, so that a reader that looks at names and types first
// takes them in earnest. Each is a few kilobytes, but for the nested footer.
func Like(t testing.TB, sound []byte) map[string][]byte {
	t.Helper()
	schema := Footer(t, sound).Schema[1:]
	all := func(rows int64, change func(i int, c *Column)) []byte {
		columns := make([]Column, len(schema))
		for i, e := range schema {
			columns[i] = oneValue(t, e, rows)
			if change != nil {
				change(i, &columns[i])
			}
		}
		return File(t, rows, columns...)
	}
	first := func(pages ...Page) func(int, *Column) {
		return func(i int, c *Column) {
			if i == 0 {
				c.Codec, c.Pages = format.Zstd, pages
			}
		}
	}
	// Sizes, a data page header, and in its statistics a maximum of a gigabyte.
	header := []byte{0x15, 0, 0x15, 0x80, 0x20, 0x15, 0x80, 0x20, 0x2C, 0x15, 0x02, 0x15, 0, 0x15, 6, 0x15, 6, 0x1C, 0x18, 0x80, 0x80, 0x80, 0x80, 0x04}
	return map[string][]byte{
		"a billion rows in runs":              all(1_000_000_000, nil),
		"sixty million rows in runs":          all(60_000_000, nil),
		"four million rows of long strings":   all(4_000_000, func(_ int, c *Column) { lengthen(c) }),
		"a page that claims two gigabytes":    all(100, first(Claims(2_000_000_000, 100, make([]byte, 1000)))),
		"a dictionary of a billion values":    all(100, first(Dictionary(1_000_000_000, make([]byte, 8)), Data(100, format.RLEDictionary, OneRun(100)))),
		"a page header with a gigabyte in it": all(100, first(Page{Raw: bytes.Repeat(header, 40)})),
		"a footer nested a million deep":      WithFooter([]byte("PAR1"), Deep(1<<20)),
		"a footer with a list of billions":    WithFooter([]byte("PAR1"), Wide()),
	}
}

// oneValue is a column with the same value in every row.
func oneValue(t testing.TB, e format.SchemaElement, rows int64) Column {
	t.Helper()
	var value []byte
	switch typeOf(e) {
	case format.Int64, format.Double:
		value = make([]byte, 8)
	case format.Int32, format.Float:
		value = make([]byte, 4)
	case format.ByteArray:
		value = PlainString(1)
	case format.Boolean: // no dictionaries of booleans: bits, all 0
		return Column{Element: e, Pages: []Page{Data(rows, format.RLE, levels(e, rows, prefixed(OneRun(rows)[1:])))}}
	default:
		t.Fatalf("column %s: type %v", e.Name, typeOf(e))
	}
	return Column{Element: e, Pages: []Page{Dictionary(1, value), Data(rows, format.RLEDictionary, levels(e, rows, OneRun(rows)))}}
}

// levels puts definition levels before the values of an optional column: all are there.
func levels(e format.SchemaElement, rows int64, values []byte) []byte {
	if e.RepetitionType.Valid && e.RepetitionType.V == format.Optional {
		return append(prefixed(append(binary.AppendUvarint(nil, uint64(rows)<<1), 1)), values...)
	}
	return values
}

func prefixed(b []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...)
}

// lengthen makes the one value of a text a hundred kilobytes long.
func lengthen(c *Column) {
	if typeOf(c.Element) == format.ByteArray {
		c.Pages[0] = Dictionary(1, PlainString(100_000))
	}
}
