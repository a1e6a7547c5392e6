package lake

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// SourceColumn describes one leaf column of a file as it would be read.
type SourceColumn struct {
	Name     string         // dotted path
	Type     arrow.DataType // as read; nil if it cannot be read. Strings come as Dictionary<Uint32, String> where the file has them so
	Optional bool           // may hold nulls
	Repeated bool           // in a list or map, or itself repeated
	Nested   bool           // inside a group; like Repeated it cannot be read
	Int96    bool           // a timestamp of a type that does not say whether it is UTC; read as if it were
	Parquet  string         // the type in the file's words, for messages: "INT32 DECIMAL(9,2)"
}

// leaf is a column of the schema with what decoding needs.
type leaf struct {
	SourceColumn
	physical format.Type
	width    int // bytes of a FIXED_LEN_BYTE_ARRAY or INT96
	convert  conversion
	reason   string // why it cannot be read; empty if it can
}

// conversion is what happens to physical values on their way to Arrow.
type conversion uint8

const (
	asIs          conversion = iota // same bytes
	widenUint32                     // INT32 read as unsigned, to int64
	toDecimal128                    // INT32, INT64, BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY, to 16 bytes little-endian
	int96ToMicros                   // Julian day and nanoseconds of the day
)

const maxDecimal128Precision = 38

// flatten turns the depth-first list of schema elements into leaves.
func flatten(schema []format.SchemaElement, maxColumns int) ([]leaf, error) {
	if len(schema) == 0 {
		return nil, corruptf("the schema is empty")
	}
	f := flattener{schema: schema, next: 1, maxColumns: maxColumns}
	for range schema[0].NumChildren.V {
		if err := f.element(nil, false); err != nil {
			return nil, err
		}
	}
	if f.next != len(schema) {
		return nil, corruptf("the schema has %d elements, its tree %d", len(schema), f.next)
	}
	return f.leaves, nil
}

type flattener struct {
	schema     []format.SchemaElement
	next       int
	maxColumns int
	leaves     []leaf
}

func (f *flattener) element(path []string, repeated bool) error {
	if f.next >= len(f.schema) {
		return corruptf("the schema ends inside its tree")
	}
	if len(path) > maxThriftDepth {
		return corruptf("the schema is nested deeper than %d", maxThriftDepth)
	}
	e := &f.schema[f.next]
	f.next++
	path = append(path[:len(path):len(path)], e.Name)
	repeated = repeated || e.RepetitionType.V == format.Repeated
	if !e.Type.Valid {
		for range e.NumChildren.V {
			if err := f.element(path, repeated); err != nil {
				return err
			}
		}
		return nil
	}
	if len(f.leaves) >= f.maxColumns {
		return tooLargef("more than %d columns", f.maxColumns)
	}
	f.leaves = append(f.leaves, newLeaf(e, path, repeated))
	return nil
}

func newLeaf(e *format.SchemaElement, path []string, repeated bool) leaf {
	l := leaf{
		SourceColumn: SourceColumn{
			Name: strings.Join(path, "."), Repeated: repeated, Nested: len(path) > 1,
			Optional: e.RepetitionType.V == format.Optional, Parquet: parquetText(e),
		},
		physical: e.Type.V,
	}
	switch {
	case l.Repeated:
		l.reason = "repeated columns are not read"
	case l.Nested:
		l.reason = "columns inside groups are not read"
	default:
		l.mapType(e)
	}
	return l
}

// parquetText is the type as people know it.
func parquetText(e *format.SchemaElement) string {
	text := e.Type.V.String()
	if e.Type.V == format.FixedLenByteArray {
		text = fmt.Sprintf("%s(%d)", text, e.TypeLength.V)
	}
	switch {
	case e.LogicalType.Value != nil:
		return text + " " + e.LogicalType.String()
	case e.ConvertedType.Valid && e.ConvertedType.V == deprecated.Decimal:
		return fmt.Sprintf("%s DECIMAL(%d,%d)", text, e.Precision.V, e.Scale.V)
	case e.ConvertedType.Valid:
		return text + " " + convertedName(e.ConvertedType.V)
	}
	return text
}

// convertedName is the name of an annotation of the old kind, which parquet-go does not give.
func convertedName(t deprecated.ConvertedType) string {
	names := [...]string{
		"UTF8", "MAP", "MAP_KEY_VALUE", "LIST", "ENUM", "DECIMAL", "DATE", "TIME_MILLIS", "TIME_MICROS",
		"TIMESTAMP_MILLIS", "TIMESTAMP_MICROS", "UINT_8", "UINT_16", "UINT_32", "UINT_64",
		"INT_8", "INT_16", "INT_32", "INT_64", "JSON", "BSON", "INTERVAL",
	}
	if t < 0 || int(t) >= len(names) {
		return fmt.Sprintf("CONVERTED(%d)", t)
	}
	return names[t]
}

// mapType sets the Arrow type and the conversion, or the reason why there is none.
func (l *leaf) mapType(e *format.SchemaElement) {
	if _, ok := e.LogicalType.Value.(*format.NullType); ok { // no value tells what type they would have; the physical one is made up
		l.Type = arrow.Null
		return
	}
	if precision, scale, ok := decimalOf(e); ok {
		l.mapDecimal(precision, scale, e)
		return
	}
	switch l.physical {
	case format.Boolean:
		l.Type = arrow.FixedWidthTypes.Boolean
	case format.Int32:
		l.mapInt32(e)
	case format.Int64:
		l.mapInt64(e)
	case format.Int96:
		l.width, l.convert, l.Int96 = 12, int96ToMicros, true
		l.Type = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	case format.Float:
		l.Type = arrow.PrimitiveTypes.Float32
	case format.Double:
		l.Type = arrow.PrimitiveTypes.Float64
	case format.ByteArray:
		l.Type = arrow.BinaryTypes.String
	case format.FixedLenByteArray:
		if l.setWidth(e) {
			l.Type = &arrow.FixedSizeBinaryType{ByteWidth: l.width}
		}
	default:
		l.reason = fmt.Sprintf("physical type %d is unknown", l.physical)
	}
}

func (l *leaf) mapInt32(e *format.SchemaElement) {
	l.Type = arrow.PrimitiveTypes.Int32
	if _, ok := e.LogicalType.Value.(*format.DateType); ok || converted(e, deprecated.Date) {
		l.Type = arrow.FixedWidthTypes.Date32
	}
	if bits, signed, ok := integerOf(e); ok && !signed && bits == 32 {
		l.Type, l.convert = arrow.PrimitiveTypes.Int64, widenUint32
	}
}

func (l *leaf) mapInt64(e *format.SchemaElement) {
	l.Type = arrow.PrimitiveTypes.Int64
	if t, ok := e.LogicalType.Value.(*format.TimestampType); ok {
		l.mapTimestamp(t)
		return
	}
	if bits, signed, ok := integerOf(e); ok && !signed && bits == 64 {
		l.Type = arrow.PrimitiveTypes.Uint64
	}
	switch {
	case converted(e, deprecated.TimestampMillis): // the old annotation is always UTC-adjusted
		l.Type = &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}
	case converted(e, deprecated.TimestampMicros):
		l.Type = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	}
}

func (l *leaf) mapTimestamp(t *format.TimestampType) {
	typ := &arrow.TimestampType{}
	if t.IsAdjustedToUTC {
		typ.TimeZone = "UTC"
	}
	switch t.Unit.Value.(type) {
	case *format.MilliSeconds:
		typ.Unit = arrow.Millisecond
	case *format.MicroSeconds:
		typ.Unit = arrow.Microsecond
	case *format.NanoSeconds:
		typ.Unit = arrow.Nanosecond
	default:
		l.reason = "the unit of the timestamp is unknown"
		return
	}
	l.Type = typ
}

func (l *leaf) mapDecimal(precision, scale int32, e *format.SchemaElement) {
	if precision < 1 || precision > maxDecimal128Precision || scale < 0 || scale > precision {
		l.reason = fmt.Sprintf("DECIMAL(%d,%d) is outside 128 bits", precision, scale)
		return
	}
	switch l.physical {
	case format.Int32, format.Int64, format.ByteArray:
	case format.FixedLenByteArray:
		if !l.setWidth(e) {
			return
		}
	default:
		l.reason = "DECIMAL on " + l.physical.String() + " is not allowed"
		return
	}
	l.convert = toDecimal128
	l.Type = &arrow.Decimal128Type{Precision: precision, Scale: scale}
}

// setWidth takes over the length of a FIXED_LEN_BYTE_ARRAY if it is sane.
func (l *leaf) setWidth(e *format.SchemaElement) bool {
	if e.TypeLength.V < 1 || e.TypeLength.V > 1<<15-1 {
		l.reason = fmt.Sprintf("a length of %d bytes is not allowed", e.TypeLength.V)
		return false
	}
	l.width = int(e.TypeLength.V)
	return true
}

func decimalOf(e *format.SchemaElement) (precision, scale int32, ok bool) {
	if d, ok := e.LogicalType.Value.(*format.DecimalType); ok {
		return d.Precision, d.Scale, true
	}
	return e.Precision.V, e.Scale.V, e.LogicalType.Value == nil && converted(e, deprecated.Decimal)
}

func integerOf(e *format.SchemaElement) (bits int, signed, ok bool) {
	if t, ok := e.LogicalType.Value.(*format.IntType); ok {
		return int(t.BitWidth), t.IsSigned, true
	}
	switch {
	case converted(e, deprecated.Uint32):
		return 32, false, true
	case converted(e, deprecated.Uint64):
		return 64, false, true
	}
	return 0, false, false
}

func converted(e *format.SchemaElement, t deprecated.ConvertedType) bool {
	return e.ConvertedType.Valid && e.ConvertedType.V == t
}
