package lake

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// valueBuffer holds the values of a column that are not null, of the row group that is being filled.
type valueBuffer interface {
	// append takes over rows [from, to) of arr, leaving nulls out.
	append(arr arrow.Array, from, to int) error
	// choose fixes the encoding of the row group. dictionary is the PLAIN dictionary page of entries values, or nil.
	choose() (encoding format.Encoding, dictionary []byte, entries int)
	// uniform tells whether all values of the row group are the same.
	uniform() bool
	// encode appends values [from, to) to dst.
	encode(dst []byte, from, to int) ([]byte, error)
	// bounds are the least and the greatest of values [from, to) as statistics hold them; ok is false if there are none.
	bounds(from, to int) (least, greatest []byte, ok bool)
	// compare orders two bounds.
	compare(a, b []byte) int
	reset()
}

// columnWriter buffers one column of a row group and writes it as a chunk.
type columnWriter struct {
	field    arrow.Field
	physical format.Type
	values   valueBuffer
	rows     int
	valid    []byte // Arrow bitmap of a nullable column
	scratch  []byte // page before compression
	packed   []byte // page after it
	head     []byte // its header
}

// pageIndex is what readers use to skip pages. column is nil if some page has no bounds.
type pageIndex struct {
	column *format.ColumnIndex
	offset format.OffsetIndex
}

func (c *columnWriter) append(arr arrow.Array, from, to int) error {
	if !arrow.TypeEqual(arr.DataType(), c.field.Type) {
		return unsupportedf("a batch has %s, the schema %s", arr.DataType(), c.field.Type)
	}
	if err := c.appendValidity(arr, from, to); err != nil {
		return err
	}
	c.rows += to - from
	return c.values.append(arr, from, to)
}

func (c *columnWriter) appendValidity(arr arrow.Array, from, to int) error {
	bitmap := arr.NullBitmapBytes()
	some := arr.NullN() > 0 && len(bitmap) > 0
	offset := arr.Data().Offset() + from
	n := to - from
	if !c.field.Nullable {
		if some && bitutil.CountSetBits(bitmap, offset, n) != n {
			return errNull
		}
		return nil
	}
	c.valid = extend(c.valid, int(bitutil.BytesForBits(int64(c.rows+n))))
	if some {
		bitutil.CopyBitmap(bitmap, offset, n, c.valid, c.rows)
	} else {
		bitutil.SetBitsTo(c.valid, int64(c.rows), int64(n), true)
	}
	return nil
}

// extend makes s at least n elements long; new ones are zero.
func extend[T any](s []T, n int) []T {
	if n <= len(s) {
		return s
	}
	return append(s, make([]T, n-len(s))...)
}

// chunkWriter gathers what the footer says about a chunk while its pages are written.
type chunkWriter struct {
	*columnWriter
	file  *fileWriter
	meta  format.ColumnMetaData
	index pageIndex
	start int64
	nulls int64
	alike struct{ rows, present int } // the data page written last, if all of the chunk with as many rows and values are like it
}

func (c *columnWriter) flush(f *fileWriter) (format.ColumnMetaData, pageIndex, error) {
	w := &chunkWriter{columnWriter: c, file: f, start: f.out.offset}
	w.index.column = &format.ColumnIndex{}
	encoding, dictionary, entries := c.values.choose()
	w.meta = format.ColumnMetaData{
		Type: c.physical, PathInSchema: []string{c.field.Name}, Codec: f.codec(), NumValues: int64(c.rows),
		Encoding: chunkEncodings(encoding, dictionary != nil),
	}
	if dictionary != nil {
		if err := w.dictionaryPage(dictionary, entries); err != nil {
			return w.meta, w.index, err
		}
	}
	w.meta.DataPageOffset = f.out.offset
	first, uniform := 0, c.values.uniform() // first: value that is not null
	for row := 0; row < c.rows; row += f.opts.PageRows {
		n := min(f.opts.PageRows, c.rows-row)
		present := w.present(row, n)
		if err := w.dataPage(encoding, row, n, first, first+present); err != nil {
			return w.meta, w.index, err
		}
		first += present
		if w.alike.rows = 0; uniform && (present == 0 || present == n) {
			w.alike.rows, w.alike.present = n, present
		}
	}
	w.finish(first)
	c.values.reset()
	c.rows, c.valid = 0, c.valid[:0]
	return w.meta, w.index, nil
}

// chunkEncodings lists all encodings of the chunk; RLE is that of the definition levels.
func chunkEncodings(e format.Encoding, dictionary bool) []format.Encoding {
	if dictionary {
		return []format.Encoding{format.Plain, format.RLE, e}
	}
	return []format.Encoding{format.RLE, e}
}

func (w *chunkWriter) present(row, n int) int {
	if !w.field.Nullable {
		return n
	}
	return bitutil.CountSetBits(w.valid, row, n)
}

func (w *chunkWriter) dictionaryPage(data []byte, entries int) error {
	w.meta.DictionaryPageOffset = w.file.out.offset
	h := format.PageHeader{Type: format.DictionaryPage}
	h.DictionaryPageHeader = thrift.New(format.DictionaryPageHeader{NumValues: int32(entries), Encoding: format.Plain})
	w.meta.EncodingStats = append(w.meta.EncodingStats, format.PageEncodingStats{PageType: format.DictionaryPage, Encoding: format.Plain, Count: 1})
	return w.page(&h, data)
}

// dataPage writes rows [row, row+n), whose values are [from, to).
func (w *chunkWriter) dataPage(encoding format.Encoding, row, n, from, to int) (err error) {
	if w.alike.rows == n && w.alike.present == to-from {
		return w.samePage(encoding, row)
	}
	w.scratch = w.scratch[:0]
	if w.field.Nullable {
		w.scratch = appendLevels(w.scratch, w.valid, row, n, to-from)
	}
	if w.scratch, err = w.values.encode(w.scratch, from, to); err != nil {
		return err
	}
	h := format.PageHeader{Type: format.DataPage}
	h.DataPageHeader = thrift.New(format.DataPageHeader{
		NumValues: int32(n), Encoding: encoding,
		DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE,
		Statistics: format.Statistics{NullCount: int64(n - (to - from))},
	})
	if err := w.page(&h, w.scratch); err != nil {
		return err
	}
	w.addPage(encoding, row, n-(to-from))
	w.addBounds(n, from, to)
	return nil
}

// samePage writes the data page before once more, for the rows from row on.
func (w *chunkWriter) samePage(encoding format.Encoding, row int) error {
	if err := w.writePage(len(w.scratch)); err != nil {
		return err
	}
	w.addPage(encoding, row, w.alike.rows-w.alike.present)
	if x := w.index.column; x != nil {
		x.NullPages, x.NullCounts = again(x.NullPages), again(x.NullCounts)
		x.MinValues, x.MaxValues = again(x.MinValues), again(x.MaxValues)
	}
	return nil
}

func again[T any](s []T) []T { return append(s, s[len(s)-1]) }

// addPage notes the data page that was just written.
func (w *chunkWriter) addPage(encoding format.Encoding, row, nulls int) {
	w.nulls += int64(nulls)
	w.countPage(encoding)
	size := len(w.head) + len(w.packed)
	w.index.offset.PageLocations = append(w.index.offset.PageLocations, format.PageLocation{
		Offset: w.file.out.offset - int64(size), CompressedPageSize: int32(size), FirstRowIndex: int64(row),
	})
}

func (w *chunkWriter) countPage(encoding format.Encoding) {
	if last := len(w.meta.EncodingStats) - 1; last >= 0 && w.meta.EncodingStats[last].PageType == format.DataPage {
		w.meta.EncodingStats[last].Count++
		return
	}
	w.meta.EncodingStats = append(w.meta.EncodingStats, format.PageEncodingStats{PageType: format.DataPage, Encoding: encoding, Count: 1})
}

// page compresses and writes a page.
func (w *chunkWriter) page(h *format.PageHeader, body []byte) (err error) {
	if len(body) > math.MaxInt32 {
		return tooLargef("a page of %d bytes; write fewer rows per page", len(body))
	}
	if w.file.opts.Level == Uncompressed {
		w.packed = body
	} else {
		w.packed = w.file.zstd.EncodeAll(body, w.packed[:0])
	}
	h.UncompressedPageSize, h.CompressedPageSize = int32(len(body)), int32(len(w.packed))
	h.CRC = int32(crc32.ChecksumIEEE(w.packed))
	if w.head, err = marshal(h); err != nil {
		return err
	}
	return w.writePage(len(body))
}

// writePage writes the page at hand, of so many bytes before compression.
func (w *chunkWriter) writePage(uncompressed int) error {
	w.meta.TotalUncompressedSize += int64(len(w.head) + uncompressed)
	w.meta.TotalCompressedSize += int64(len(w.head) + len(w.packed))
	if _, err := w.file.out.Write(w.head); err != nil {
		return err
	}
	_, err := w.file.out.Write(w.packed)
	return err
}

// maxBound is the longest bound that statistics hold; with a longer one they are left out.
const maxBound = 64

func (w *chunkWriter) addBounds(n, from, to int) {
	x := w.index.column
	if x == nil {
		return
	}
	least, greatest, ok := w.values.bounds(from, to)
	if !ok && to > from || len(least) > maxBound || len(greatest) > maxBound {
		w.index.column = nil
		return
	}
	x.NullPages = append(x.NullPages, to == from)
	x.NullCounts = append(x.NullCounts, int64(n-(to-from)))
	x.MinValues = append(x.MinValues, nonNil(least))
	x.MaxValues = append(x.MaxValues, nonNil(greatest))
}

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// finish fills in the statistics of the chunk from those of its pages.
func (w *chunkWriter) finish(values int) {
	s := &w.meta.Statistics
	s.NullCount = w.nulls
	x := w.index.column
	if x == nil {
		return
	}
	x.BoundaryOrder = w.boundaryOrder()
	if values == 0 {
		return
	}
	for i, null := range x.NullPages {
		if null {
			continue
		}
		if s.MinValue == nil || w.values.compare(x.MinValues[i], s.MinValue) < 0 {
			s.MinValue = x.MinValues[i]
		}
		if s.MaxValue == nil || w.values.compare(x.MaxValues[i], s.MaxValue) > 0 {
			s.MaxValue = x.MaxValues[i]
		}
	}
}

// boundaryOrder looks at the pages that are not all null.
func (w *chunkWriter) boundaryOrder() format.BoundaryOrder {
	x := w.index.column
	up, down, last := true, true, -1
	for i, null := range x.NullPages {
		if null {
			continue
		}
		if last >= 0 {
			least := w.values.compare(x.MinValues[last], x.MinValues[i])
			greatest := w.values.compare(x.MaxValues[last], x.MaxValues[i])
			up = up && least <= 0 && greatest <= 0
			down = down && least >= 0 && greatest >= 0
		}
		last = i
	}
	switch {
	case up:
		return format.Ascending
	case down:
		return format.Descending
	default:
		return format.Unordered
	}
}

// appendLevels writes definition levels of one bit: one run if all n rows are alike, else the bitmap as it is.
func appendLevels(dst, valid []byte, row, n, present int) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0) // length
	switch present {
	case 0, n:
		dst = binary.AppendUvarint(dst, uint64(n)<<1)
		dst = append(dst, byte(min(present, 1)))
	default:
		groups := (n + 7) / 8
		dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
		start := len(dst)
		dst = append(dst, make([]byte, groups)...)
		bitutil.CopyBitmap(valid, row, n, dst[start:], 0)
	}
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// bitWidth is the number of bits of indices below n.
func bitWidth(n int) int { return bits.Len(uint(max(n-1, 0))) }
