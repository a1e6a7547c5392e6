package lake

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// fileWriter writes one Parquet file: magic, row groups, page index, footer.
//
// parquet-go's own Writer takes nullable and dictionary columns as parquet.Value rows only, which is several times
// slower than its encodings are; this writer feeds Arrow buffers to the encodings.
type fileWriter struct {
	out     *output
	opts    WriteOptions
	zstd    *zstd.Encoder
	columns []*columnWriter
	pending int // rows not yet written
	rows    int64
	sorting []format.SortingColumn
	schema  []format.SchemaElement
	groups  []format.RowGroup
	indexes [][]pageIndex // by row group and column
}

func newFileWriter(out *output, schema *arrow.Schema, opts WriteOptions) (*fileWriter, error) {
	f := &fileWriter{out: out, opts: opts}
	if err := f.setSchema(schema); err != nil {
		return nil, err
	}
	for _, name := range opts.Sorted {
		i := schema.FieldIndices(name)
		if len(i) != 1 {
			return nil, fmt.Errorf("sorted by %s: no such column", name)
		}
		f.sorting = append(f.sorting, format.SortingColumn{ColumnIdx: int32(i[0])})
	}
	var err error
	if f.zstd, err = encoder(opts.Level); err != nil {
		return nil, err
	}
	_, err = out.Write([]byte(magic))
	return f, err
}

func (f *fileWriter) codec() format.CompressionCodec {
	if f.opts.Level == Uncompressed {
		return format.Uncompressed
	}
	return format.Zstd
}

func (f *fileWriter) setSchema(schema *arrow.Schema) error {
	n := int32(schema.NumFields())
	f.schema = append(f.schema, format.SchemaElement{Name: "schema", NumChildren: thrift.New(n)})
	for _, field := range schema.Fields() {
		c, e, err := newColumnWriter(field)
		if err != nil {
			return err
		}
		f.columns = append(f.columns, c)
		f.schema = append(f.schema, e)
	}
	return nil
}

// flush writes the pending rows as one row group.
func (f *fileWriter) flush() error {
	if len(f.groups) == math.MaxInt16 { // the format counts them in 16 bits
		return tooLargef("more than %d row groups", math.MaxInt16)
	}
	g := format.RowGroup{
		NumRows: int64(f.pending), Ordinal: int16(len(f.groups)), FileOffset: f.out.offset, SortingColumns: f.sorting,
	}
	indexes := make([]pageIndex, 0, len(f.columns))
	for _, c := range f.columns {
		meta, index, err := c.flush(f)
		if err != nil {
			return fmt.Errorf("column %s: %w", c.field.Name, err)
		}
		g.Columns = append(g.Columns, format.ColumnChunk{MetaData: meta})
		g.TotalByteSize += meta.TotalUncompressedSize
		g.TotalCompressedSize += meta.TotalCompressedSize
		indexes = append(indexes, index)
	}
	f.groups = append(f.groups, g)
	f.indexes = append(f.indexes, indexes)
	f.rows += int64(f.pending)
	f.pending = 0
	return nil
}

// finish writes what is pending, the page index and the footer.
func (f *fileWriter) finish() error {
	if f.pending > 0 {
		if err := f.flush(); err != nil {
			return err
		}
	}
	if err := f.writeIndexes(); err != nil {
		return err
	}
	meta := format.FileMetaData{
		Version: 2, Schema: f.schema, NumRows: f.rows, RowGroups: f.groups, CreatedBy: createdBy,
	}
	if meta.RowGroups == nil {
		meta.RowGroups = thrift.Slice[format.RowGroup]{} // a required field, also when it is empty
	}
	for range f.columns {
		meta.ColumnOrders = append(meta.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
	}
	n, err := f.writeThrift(&meta)
	if err != nil {
		return err
	}
	tail := binary.LittleEndian.AppendUint32(nil, uint32(n))
	if _, err := f.out.Write(append(tail, magic...)); err != nil {
		return err
	}
	return f.out.buf.Flush()
}

// writeIndexes puts all column indexes before all offset indexes, as the format recommends.
func (f *fileWriter) writeIndexes() error {
	for g := range f.groups {
		for i := range f.columns {
			if f.indexes[g][i].column == nil {
				continue
			}
			chunk := &f.groups[g].Columns[i]
			chunk.ColumnIndexOffset = f.out.offset
			n, err := f.writeThrift(f.indexes[g][i].column)
			if err != nil {
				return err
			}
			chunk.ColumnIndexLength = int32(n)
		}
	}
	for g := range f.groups {
		for i := range f.columns {
			chunk := &f.groups[g].Columns[i]
			chunk.OffsetIndexOffset = f.out.offset
			n, err := f.writeThrift(&f.indexes[g][i].offset)
			if err != nil {
				return err
			}
			chunk.OffsetIndexLength = int32(n)
		}
	}
	return nil
}

func (f *fileWriter) writeThrift(v any) (int, error) {
	data, err := marshal(v)
	if err != nil {
		return 0, err
	}
	return f.out.Write(data)
}

func marshal(v any) ([]byte, error) {
	data, err := thrift.Marshal(new(thrift.CompactProtocol), v)
	if err != nil {
		return nil, fmt.Errorf("encode metadata: %w", err)
	}
	return data, nil
}

// newColumnWriter maps an Arrow field to Parquet.
func newColumnWriter(field arrow.Field) (*columnWriter, format.SchemaElement, error) {
	e := format.SchemaElement{Name: field.Name, RepetitionType: thrift.New(format.Required)}
	if field.Nullable {
		e.RepetitionType.V = format.Optional
	}
	c := &columnWriter{field: field}
	set := func(t format.Type, b valueBuffer) {
		e.Type, c.physical, c.values = thrift.New(t), t, b
	}
	switch typ := field.Type.(type) {
	case *arrow.Int64Type:
		set(format.Int64, newIntegers[int64]())
	case *arrow.Int32Type:
		set(format.Int32, newIntegers[int32]())
	case *arrow.Float64Type:
		set(format.Double, &doubles{})
	case *arrow.BooleanType:
		set(format.Boolean, &booleans{})
	case *arrow.Date32Type:
		set(format.Int32, newIntegers[int32]())
		e.LogicalType.Value, e.ConvertedType = &format.DateType{}, thrift.New(deprecated.Date)
	case *arrow.TimestampType:
		set(format.Int64, newIntegers[int64]())
		if err := setTimestamp(&e, typ); err != nil {
			return nil, e, fmt.Errorf("column %s: %w", field.Name, err)
		}
	case *arrow.StringType:
		set(format.ByteArray, newStrings())
		e.LogicalType.Value, e.ConvertedType = &format.StringType{}, thrift.New(deprecated.UTF8)
	case *arrow.DictionaryType:
		if !arrow.TypeEqual(typ, dictionaryType) {
			return nil, e, fmt.Errorf("column %s: %w", field.Name, unsupportedf("writing %s", typ))
		}
		set(format.ByteArray, newStrings())
		e.LogicalType.Value, e.ConvertedType = &format.StringType{}, thrift.New(deprecated.UTF8)
	default:
		return nil, e, fmt.Errorf("column %s: %w", field.Name, unsupportedf("writing %s", typ))
	}
	return c, e, nil
}

// setTimestamp also sets the old annotation, which has no nanoseconds and no local time.
func setTimestamp(e *format.SchemaElement, typ *arrow.TimestampType) error {
	t := &format.TimestampType{IsAdjustedToUTC: typ.TimeZone != ""}
	if typ.TimeZone != "" && typ.TimeZone != "UTC" {
		return unsupportedf("writing %s", typ)
	}
	switch typ.Unit {
	case arrow.Millisecond:
		t.Unit.Value = &format.MilliSeconds{}
		e.ConvertedType = thrift.New(deprecated.TimestampMillis)
	case arrow.Microsecond:
		t.Unit.Value = &format.MicroSeconds{}
		e.ConvertedType = thrift.New(deprecated.TimestampMicros)
	case arrow.Nanosecond:
		t.Unit.Value = &format.NanoSeconds{}
	default:
		return unsupportedf("writing %s", typ)
	}
	e.ConvertedType.Valid = e.ConvertedType.Valid && t.IsAdjustedToUTC
	e.LogicalType.Value = t
	return nil
}
