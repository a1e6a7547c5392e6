package lake

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/parquet-go/parquet-go/format"
)

const (
	magic          = "PAR1"
	encryptedMagic = "PARE"
	tailBytes      = 8        // footer length and magic
	firstTailRead  = 64 << 10 // most footers come with it
	smallFile      = 4 << 20  // read whole: one request instead of several
	maxHeld        = 64 << 20 // what open files may hold whole, together; a day may have hundreds of them
)

// OpenParquet reads and checks the footer of the listed object.
//
// It fails with a *FileError that wraps ErrCorrupt, ErrTooLarge, ErrUnsupported or ErrChanged, or the trouble of the
// store. Nothing of the data is looked at yet. The File must be closed.
func (l *Lake) OpenParquet(ctx context.Context, obj Object) (*File, error) {
	f, err := l.openParquet(ctx, obj)
	if err != nil {
		return nil, &FileError{Key: obj.Key, Err: err}
	}
	return f, nil
}

func (l *Lake) openParquet(ctx context.Context, obj Object) (*File, error) {
	if err := checkKey(obj.Key); err != nil {
		return nil, err
	}
	var src source
	err := l.retry.do(ctx, "open", func() (err error) {
		src, err = l.store.open(ctx, obj)
		return err
	})
	if err != nil {
		return nil, err
	}
	f := &File{lake: l, obj: obj, source: src}
	if err := guard(func() error { return f.readFooter(ctx) }); err != nil {
		f.letGo()
		_ = src.close()
		return nil, err
	}
	return f, nil
}

// readFooter finds the footer, decodes it and holds what it claims against the size of the file.
func (f *File) readFooter(ctx context.Context) error {
	size := f.obj.Size
	if size < int64(len(magic))+tailBytes {
		return corruptf("%d bytes are too few for a Parquet file", size)
	}
	tail, err := f.readTail(ctx)
	if err != nil {
		return err
	}
	length := int64(binary.LittleEndian.Uint32(tail[len(tail)-tailBytes:]))
	switch end := string(tail[len(tail)-len(magic):]); {
	case end == encryptedMagic:
		return unsupportedf("the footer is encrypted")
	case end != magic:
		return corruptf("it does not end with %s", magic)
	case length > size-int64(len(magic))-tailBytes:
		return corruptf("the footer claims %d bytes of a file of %d", length, size)
	case length > f.lake.limits.MaxFooterBytes:
		return tooLargef("the footer has %d bytes, limit %d", length, f.lake.limits.MaxFooterBytes)
	}
	footer, err := f.footerBytes(ctx, tail, length)
	if err != nil {
		return err
	}
	if _, err := decodeThrift(footer, &f.meta, f.lake.limits.MaxFooterElements); err != nil {
		return fmt.Errorf("footer: %w", err)
	}
	f.dataEnd = size - tailBytes - length
	return f.checkMetadata()
}

// readTail reads a small file whole and keeps it, of others the end, and of those for which there is no room.
func (f *File) readTail(ctx context.Context) ([]byte, error) {
	n := f.obj.Size
	if n > smallFile || !f.lake.hold(n) {
		n = min(n, firstTailRead)
		return f.fetch(ctx, f.obj.Size-n, n)
	}
	whole, err := f.fetch(ctx, 0, n)
	if err != nil {
		f.lake.held.Add(-n)
		return nil, err
	}
	f.whole = whole
	return whole, nil
}

// hold makes room for a file that is held whole, if there is any.
func (l *Lake) hold(n int64) bool {
	if l.held.Add(n) <= maxHeld {
		return true
	}
	l.held.Add(-n)
	return false
}

// letGo gives the room back. What was fetched of the file and is not decoded yet keeps its bytes.
func (f *File) letGo() {
	f.lake.held.Add(-int64(len(f.whole)))
	f.whole = nil
}

func (f *File) footerBytes(ctx context.Context, tail []byte, length int64) ([]byte, error) {
	if have := int64(len(tail)) - tailBytes; length <= have {
		return tail[have-length : have], nil
	}
	return f.fetch(ctx, f.obj.Size-tailBytes-length, length)
}

// fetch reads a range into new memory, with room behind it for decoders that load whole words.
func (f *File) fetch(ctx context.Context, offset, n int64) ([]byte, error) {
	if data := f.held(offset, offset+n); data != nil {
		return data, nil
	}
	data := make([]byte, n, n+decodePadding)
	return data, f.fill(ctx, data, offset)
}

// held are the bytes of a file that is held whole, nil of others.
func (f *File) held(from, to int64) []byte {
	if f.whole == nil {
		return nil
	}
	return f.whole[from:to]
}

func (f *File) fill(ctx context.Context, data []byte, offset int64) error {
	return f.lake.retry.do(ctx, fmt.Sprintf("read bytes %d to %d", offset, offset+int64(len(data))), func() error {
		return f.source.readAt(ctx, data, offset)
	})
}

func (f *File) checkMetadata() error {
	limits := &f.lake.limits
	if f.meta.EncryptionAlgorithm.Value != nil {
		return unsupportedf("columns are encrypted")
	}
	if len(f.meta.RowGroups) > limits.MaxRowGroups {
		return tooLargef("%d row groups, limit %d", len(f.meta.RowGroups), limits.MaxRowGroups)
	}
	var err error
	if f.leaves, err = flatten(f.meta.Schema, limits.MaxColumns); err != nil {
		return err
	}
	var rows int64
	for i := range f.meta.RowGroups {
		if err := f.checkRowGroup(&f.meta.RowGroups[i]); err != nil {
			return fmt.Errorf("row group %d: %w", i, err)
		}
		rows += f.meta.RowGroups[i].NumRows
	}
	if rows != f.meta.NumRows {
		return corruptf("the row groups hold %d rows, the file claims %d", rows, f.meta.NumRows)
	}
	return nil
}

func (f *File) checkRowGroup(g *format.RowGroup) error {
	if g.NumRows < 0 {
		return corruptf("%d rows", g.NumRows)
	}
	if g.NumRows > f.lake.limits.MaxRowGroupRows {
		return tooLargef("%d rows, limit %d", g.NumRows, f.lake.limits.MaxRowGroupRows)
	}
	if len(g.Columns) != len(f.leaves) {
		return corruptf("%d column chunks, the schema has %d columns", len(g.Columns), len(f.leaves))
	}
	for i := range g.Columns {
		if err := f.checkChunk(&g.Columns[i], &f.leaves[i], g.NumRows); err != nil {
			return fmt.Errorf("column %s: %w", f.leaves[i].Name, err)
		}
	}
	return nil
}

func (f *File) checkChunk(c *format.ColumnChunk, l *leaf, rows int64) error {
	m := &c.MetaData
	start, length := chunkRange(m)
	switch {
	case c.FilePath != "":
		return unsupportedf("its data stands in another file")
	case c.CryptoMetadata.Value != nil:
		return unsupportedf("it is encrypted")
	case m.Type != l.physical:
		return corruptf("the chunk holds %s, the schema says %s", m.Type, l.physical)
	case l.reason == "" && m.NumValues != rows:
		return corruptf("%d values in %d rows", m.NumValues, rows)
	case rows == 0:
		return nil // some writers leave the offsets of a row group without rows at 0; nothing is read of it
	case start < int64(len(magic)) || length < 0 || start > f.dataEnd || length > f.dataEnd-start:
		return corruptf("bytes %d to %d are outside the %d bytes of data", start, start+length, f.dataEnd)
	}
	return nil
}

// chunkRange is where the pages of a chunk stand. A dictionary page comes first, if there is one; some writers leave
// its offset at 0 or behind the data pages when there is none.
func chunkRange(m *format.ColumnMetaData) (start, length int64) {
	start = m.DataPageOffset
	if m.DictionaryPageOffset > 0 && m.DictionaryPageOffset < start {
		start = m.DictionaryPageOffset
	}
	return start, m.TotalCompressedSize
}
