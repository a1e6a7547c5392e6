package lake

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go/format"
)

const (
	maxGap     = 64 << 10 // bytes between two chunks that are read rather than asked for separately
	maxRequest = 64 << 20 // bytes of one coalesced request
)

// falseFlag matches writers that mark compressed pages as not compressed (ARROW-10353, ARROW-17100).
var falseFlag = regexp.MustCompile(`^parquet-cpp(-arrow)? version [0-2]\.`)

// File is an open Parquet file. Its methods may be called by several goroutines at once.
type File struct {
	lake    *Lake
	obj     Object
	source  source
	meta    format.FileMetaData
	leaves  []leaf
	dataEnd int64  // where the footer begins
	whole   []byte // of a small file that is held
}

// Close gives back the file handle and what is held of the file.
func (f *File) Close() error {
	f.letGo()
	return f.source.close()
}

// Object is the object as it was listed.
func (f *File) Object() Object { return f.obj }

// Columns are the leaf columns in the order of the file, those that cannot be read included.
func (f *File) Columns() []SourceColumn {
	columns := make([]SourceColumn, len(f.leaves))
	for i := range f.leaves {
		columns[i] = f.leaves[i].SourceColumn
	}
	return columns
}

// NumRows is the number of rows of the file.
func (f *File) NumRows() int64 { return f.meta.NumRows }

// NumRowGroups is the number of row groups of the file.
func (f *File) NumRowGroups() int { return len(f.meta.RowGroups) }

// RowGroupRows is the number of rows of row group i.
func (f *File) RowGroupRows(i int) int64 { return f.meta.RowGroups[i].NumRows }

// ReadRowGroup reads the named columns of row group rg, in the order given. The caller releases the record.
//
// A field of the record has the Type of its SourceColumn, but strings are Dictionary<Uint32, String> in row groups
// whose pages are all dictionary-encoded: the dictionary is the one of the file, not sorted, and may hold values no
// row has; the index of a null is 0 even if the dictionary is empty. Other values of nulls are zero.
//
// It fails with a *FileError that wraps ErrChanged if the object is no longer the one listed, ErrCorrupt,
// ErrTooLarge or ErrUnsupported if the file is to blame, and else the trouble of the store.
func (f *File) ReadRowGroup(ctx context.Context, mem memory.Allocator, rg int, columns []string) (arrow.Record, error) {
	fetched, err := f.Fetch(ctx, rg, columns)
	if err != nil {
		return nil, err
	}
	return fetched.Decode(ctx, mem)
}

// ReadRowGroupInto reads a row group as ReadRowGroup does, and puts the values of INT64 columns to places of the caller's, as
// many as the row group has rows, where there is one for the column. The record then looks at the place. Columns that are
// converted, as decimals are, have memory of their own. A place of another length is a bug and panics; what stands in places
// after an error is undefined.
func (f *File) ReadRowGroupInto(ctx context.Context, mem memory.Allocator, rg int, columns []string, places map[string][]int64) (arrow.Record, error) {
	fetched, err := f.Fetch(ctx, rg, columns)
	if err != nil {
		return nil, err
	}
	for i := range fetched.wanted {
		w := &fetched.wanted[i]
		w.into = places[w.leaf.Name]
		if rows := f.RowGroupRows(rg); w.into != nil && int64(len(w.into)) != rows {
			panic(fmt.Sprintf("lake: a place of %d values for column %s of %d rows", len(w.into), w.leaf.Name, rows))
		}
	}
	return fetched.Decode(ctx, mem)
}

// Fetched is the part of a row group that was read and not yet decoded.
type Fetched struct {
	file   *File
	group  int
	wanted []wantedChunk
	read   [][]byte // what wanted looks at and later fetches may overwrite once it is decoded
}

// Fetch reads the bytes of the named columns of row group rg, so that a reader may decode one row group while the
// next is on its way. Its errors are those of ReadRowGroup.
func (f *File) Fetch(ctx context.Context, rg int, columns []string) (*Fetched, error) {
	if rg < 0 || rg >= len(f.meta.RowGroups) {
		return nil, &FileError{Key: f.obj.Key, Err: fmt.Errorf("row group %d of %d", rg, len(f.meta.RowGroups))}
	}
	wanted, err := f.find(rg, columns)
	if err != nil {
		return nil, err
	}
	if f.meta.RowGroups[rg].NumRows == 0 {
		return &Fetched{f, rg, wanted, nil}, nil
	}
	read, err := f.fetchChunks(ctx, wanted)
	if err != nil {
		return nil, &FileError{Key: f.obj.Key, Err: fmt.Errorf("row group %d: %w", rg, err)}
	}
	if err := f.source.verify(ctx); err != nil {
		return nil, &FileError{Key: f.obj.Key, Err: err}
	}
	return &Fetched{f, rg, wanted, read}, nil
}

// Decode makes the record, once. The caller releases it.
func (r *Fetched) Decode(ctx context.Context, mem memory.Allocator) (arrow.Record, error) {
	defer func() {
		r.file.lake.keepBuffers(r.read)
		r.read = nil // once
	}()
	return r.file.decodeChunks(ctx, mem, r.group, r.wanted)
}

// FetchBytes is how many bytes Fetch will hold for the named columns, 0 for columns it does not know.
func (f *File) FetchBytes(rg int, columns []string) (n int64) {
	if f.meta.RowGroups[rg].NumRows == 0 {
		return 0
	}
	for i, c := range f.leaves {
		if slices.Contains(columns, c.Name) && i < len(f.meta.RowGroups[rg].Columns) {
			n += f.meta.RowGroups[rg].Columns[i].MetaData.TotalCompressedSize
		}
	}
	return n
}

// wantedChunk is a column chunk to be read.
type wantedChunk struct {
	leaf          *leaf
	meta          *format.ColumnMetaData
	start, length int64
	data          []byte
	into          []int64 // where the values are wanted; nil: in new memory
}

func (f *File) find(rg int, columns []string) ([]wantedChunk, error) {
	wanted := make([]wantedChunk, 0, len(columns))
	for _, name := range columns {
		i := slices.IndexFunc(f.leaves, func(l leaf) bool { return l.Name == name })
		if i < 0 {
			return nil, &FileError{Key: f.obj.Key, Column: name, Err: fmt.Errorf("%w: no such column", ErrNotFound)}
		}
		if reason := f.leaves[i].reason; reason != "" {
			return nil, &FileError{Key: f.obj.Key, Column: name, Err: unsupportedf("%s: %s", f.leaves[i].Parquet, reason)}
		}
		w := wantedChunk{leaf: &f.leaves[i], meta: &f.meta.RowGroups[rg].Columns[i].MetaData}
		if f.meta.RowGroups[rg].NumRows > 0 {
			w.start, w.length = chunkRange(w.meta)
		}
		wanted = append(wanted, w)
	}
	if n, limit := f.DecodedBytes(rg, columns), f.lake.limits.MaxRowGroupBytes; n > limit {
		return nil, &FileError{Key: f.obj.Key, Err: fmt.Errorf("row group %d: %w", rg, tooLargef("%d columns of %d rows take %d bytes at least, limit %d", len(columns), f.meta.RowGroups[rg].NumRows, n, limit))}
	}
	return wanted, nil
}

// DecodedBytes is the least memory that the named columns of row group rg take once they are decoded, by what the
// footer says: of texts the indices alone, since a dictionary may be as small as it likes.
func (f *File) DecodedBytes(rg int, columns []string) (n int64) {
	rows := f.meta.RowGroups[rg].NumRows
	for i := range f.leaves {
		if !slices.Contains(columns, f.leaves[i].Name) || f.leaves[i].Type == arrow.Null {
			continue
		}
		width := int64(4) // of an index or an offset
		if fixed, ok := f.leaves[i].Type.(arrow.FixedWidthDataType); ok {
			width = int64(fixed.BitWidth() / 8)
		}
		n += rows * width
	}
	return n
}

// fetchChunks reads the bytes of the chunks, those close to each other in one request, and gives the buffers it took.
func (f *File) fetchChunks(ctx context.Context, wanted []wantedChunk) (read [][]byte, _ error) {
	var total int64
	order := make([]*wantedChunk, len(wanted))
	for i := range wanted {
		order[i] = &wanted[i]
		total += wanted[i].length
	}
	if limit := f.lake.limits.MaxRowGroupBytes; total > limit {
		return nil, tooLargef("%d bytes to read, limit %d", total, limit)
	}
	slices.SortFunc(order, func(a, b *wantedChunk) int { return cmp.Compare(a.start, b.start) })
	for len(order) > 0 {
		n, end := coalesce(order)
		start := order[0].start
		data := f.held(start, end)
		if data == nil {
			data = f.lake.readBuffer(int(end - start))
			if err := f.fill(ctx, data, start); err != nil {
				return nil, err
			}
			read = append(read, data)
		}
		for _, w := range order[:n] {
			w.data = data[w.start-start : w.start-start+w.length]
		}
		order = order[n:]
	}
	return read, nil
}

// coalesce says how many of the first chunks, sorted by start, are read at once, and where they end.
func coalesce(order []*wantedChunk) (n int, end int64) {
	start := order[0].start
	end = start + order[0].length
	for n = 1; n < len(order); n++ {
		next := order[n].start + order[n].length
		if order[n].start > end+maxGap || max(end, next)-start > maxRequest {
			break
		}
		end = max(end, next)
	}
	return n, end
}

func (f *File) decodeChunks(ctx context.Context, mem memory.Allocator, rg int, wanted []wantedChunk) (arrow.Record, error) {
	rows := f.meta.RowGroups[rg].NumRows
	d := f.lake.decoder()
	defer f.lake.scratch.Put(d)
	d.falseFlag = falseFlag.MatchString(f.meta.CreatedBy)
	fields := make([]arrow.Field, 0, len(wanted))
	arrays := make([]arrow.Array, 0, len(wanted))
	defer func() {
		for _, a := range arrays {
			a.Release()
		}
	}()
	for i := range wanted {
		if err := ctx.Err(); err != nil {
			return nil, &FileError{Key: f.obj.Key, Err: err}
		}
		a, err := d.decodeChunk(mem, &wanted[i], int(rows))
		if err != nil {
			return nil, &FileError{Key: f.obj.Key, Column: wanted[i].leaf.Name, Err: fmt.Errorf("row group %d: %w", rg, err)}
		}
		arrays = append(arrays, a)
		fields = append(fields, arrow.Field{Name: wanted[i].leaf.Name, Type: a.DataType(), Nullable: wanted[i].leaf.Optional})
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), arrays, rows), nil
}

// decodeChunk is the column boundary at which a panic of a decoder becomes an error.
func (d *decoder) decodeChunk(mem memory.Allocator, w *wantedChunk, rows int) (arr arrow.Array, err error) {
	err = guard(func() error {
		c := &chunk{leaf: w.leaf, rows: rows, codec: w.meta.Codec, falseFlag: d.falseFlag, into: w.into}
		if err := c.walkPages(w.data, &d.lake.limits); err != nil {
			return err
		}
		var err error
		arr, err = d.column(mem, c)
		return err
	})
	w.data = nil // free it before the next column is decoded
	return arr, err
}
