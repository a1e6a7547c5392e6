package lake_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/windvane/windvane/jobs/lake"
)

// A foreign column is a type as some other writer may have it, with values and what must be read.
type foreignColumn struct {
	node  parquet.Node
	value func(rng *rand.Rand, row int) parquet.Value // nil: all are null
	want  arrow.DataType
	text  func(v parquet.Value) string // the value as Arrow prints it
}

func int64Text(v parquet.Value) string  { return fmt.Sprint(v.Int64()) }
func int32Text(v parquet.Value) string  { return fmt.Sprint(v.Int32()) }
func stringText(v parquet.Value) string { return string(v.ByteArray()) }

func integerValue(rng *rand.Rand, row int) parquet.Value {
	return parquet.Int64Value([]int64{int64(row), -int64(row), rng.Int64(), 7}[rng.IntN(4)])
}

func smallValue(rng *rand.Rand, row int) parquet.Value { return parquet.Int64Value(rng.Int64N(50)) }

func int32Value(rng *rand.Rand, row int) parquet.Value {
	return parquet.Int32Value([]int32{int32(row), -int32(row), rng.Int32()}[rng.IntN(3)])
}

func wordValue(rng *rand.Rand, row int) parquet.Value {
	return parquet.ByteArrayValue([]byte([]string{"", "a", "短视频", "mall"}[rng.IntN(4)]))
}

func textValue(rng *rand.Rand, row int) parquet.Value {
	return parquet.ByteArrayValue(fmt.Appendf(nil, "商品 %d %x", row, rng.Uint64()))
}

// foreignColumns covers each physical type with each encoding that parquet-go writes.
func foreignColumns() map[string]foreignColumn {
	i64 := parquet.Leaf(parquet.Int64Type)
	i32 := parquet.Leaf(parquet.Int32Type)
	bin := parquet.Leaf(parquet.ByteArrayType)
	columns := map[string]foreignColumn{
		"i64_plain":    {parquet.Encoded(i64, &parquet.Plain), integerValue, arrow.PrimitiveTypes.Int64, int64Text},
		"i64_delta":    {parquet.Encoded(i64, &parquet.DeltaBinaryPacked), integerValue, arrow.PrimitiveTypes.Int64, int64Text},
		"i64_split":    {parquet.Encoded(i64, &parquet.ByteStreamSplit), integerValue, arrow.PrimitiveTypes.Int64, int64Text},
		"i64_dict":     {parquet.Encoded(i64, &parquet.RLEDictionary), smallValue, arrow.PrimitiveTypes.Int64, int64Text},
		"i64_opt":      {parquet.Optional(parquet.Encoded(i64, &parquet.Plain)), integerValue, arrow.PrimitiveTypes.Int64, int64Text},
		"i64_optdict":  {parquet.Optional(parquet.Encoded(i64, &parquet.RLEDictionary)), smallValue, arrow.PrimitiveTypes.Int64, int64Text},
		"i64_optdelta": {parquet.Optional(parquet.Encoded(i64, &parquet.DeltaBinaryPacked)), integerValue, arrow.PrimitiveTypes.Int64, int64Text},
		"i32_plain":    {parquet.Encoded(i32, &parquet.Plain), int32Value, arrow.PrimitiveTypes.Int32, int32Text},
		"i32_delta":    {parquet.Optional(parquet.Encoded(i32, &parquet.DeltaBinaryPacked)), int32Value, arrow.PrimitiveTypes.Int32, int32Text},
		"i32_split":    {parquet.Encoded(i32, &parquet.ByteStreamSplit), int32Value, arrow.PrimitiveTypes.Int32, int32Text},
		"u8":           {parquet.Uint(8), func(rng *rand.Rand, row int) parquet.Value { return parquet.Int32Value(int32(row % 256)) }, arrow.PrimitiveTypes.Int32, int32Text},
		"i16":          {parquet.Int(16), func(rng *rand.Rand, row int) parquet.Value { return parquet.Int32Value(int32(int16(row))) }, arrow.PrimitiveTypes.Int32, int32Text},
		"u32":          {parquet.Uint(32), int32Value, arrow.PrimitiveTypes.Int64, func(v parquet.Value) string { return fmt.Sprint(v.Uint32()) }},
		"u64":          {parquet.Optional(parquet.Uint(64)), integerValue, arrow.PrimitiveTypes.Uint64, func(v parquet.Value) string { return fmt.Sprint(v.Uint64()) }},
		"date":         {parquet.Date(), int32SmallValue, arrow.FixedWidthTypes.Date32, nil},
		"ts_ms":        {parquet.Timestamp(parquet.Millisecond), integerValue, &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}, nil},
		"ts_us_local":  {parquet.TimestampAdjusted(parquet.Microsecond, false), integerValue, &arrow.TimestampType{Unit: arrow.Microsecond}, nil},
		"ts_ns":        {parquet.Optional(parquet.Timestamp(parquet.Nanosecond)), integerValue, &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}, nil},
		"int96":        {parquet.Leaf(parquet.Int96Type), int96Value, &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, nil},
		"int96_opt":    {parquet.Optional(parquet.Leaf(parquet.Int96Type)), int96Value, &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, nil},
		"bool":         {parquet.Leaf(parquet.BooleanType), boolValue, arrow.FixedWidthTypes.Boolean, nil},
		"bool_rle":     {parquet.Optional(parquet.Encoded(parquet.Leaf(parquet.BooleanType), &parquet.RLE)), boolValue, arrow.FixedWidthTypes.Boolean, nil},
		"bool_opt":     {parquet.Optional(parquet.Leaf(parquet.BooleanType)), boolValue, arrow.FixedWidthTypes.Boolean, nil},
		"f32":          {parquet.Optional(parquet.Leaf(parquet.FloatType)), floatValue, arrow.PrimitiveTypes.Float32, nil},
		"f64_split":    {parquet.Encoded(parquet.Leaf(parquet.DoubleType), &parquet.ByteStreamSplit), doubleValue, arrow.PrimitiveTypes.Float64, nil},
		"str_plain":    {parquet.Encoded(parquet.String(), &parquet.Plain), textValue, arrow.BinaryTypes.String, stringText},
		"str_dict":     {parquet.Encoded(parquet.String(), &parquet.RLEDictionary), wordValue, dictType, stringText},
		"str_optdict":  {parquet.Optional(parquet.Encoded(parquet.String(), &parquet.RLEDictionary)), wordValue, dictType, stringText},
		"str_length":   {parquet.Optional(parquet.Encoded(parquet.String(), &parquet.DeltaLengthByteArray)), textValue, arrow.BinaryTypes.String, stringText},
		"str_delta":    {parquet.Encoded(parquet.String(), &parquet.DeltaByteArray), textValue, arrow.BinaryTypes.String, stringText},
		"bin_plain":    {parquet.Optional(bin), wordValue, arrow.BinaryTypes.String, stringText},
		"enum":         {parquet.Encoded(parquet.Enum(), &parquet.RLEDictionary), wordValue, dictType, stringText},
		"fixed":        {parquet.Leaf(parquet.FixedLenByteArrayType(5)), fixedValue(5), &arrow.FixedSizeBinaryType{ByteWidth: 5}, nil},
		"dec_i32":      {parquet.Decimal(2, 9, parquet.Int32Type), int32SmallValue, &arrow.Decimal128Type{Precision: 9, Scale: 2}, int32Text},
		"dec_i64":      {parquet.Optional(parquet.Decimal(2, 18, parquet.Int64Type)), integerValue, &arrow.Decimal128Type{Precision: 18, Scale: 2}, int64Text},
		"dec_fixed":    {parquet.Optional(parquet.Decimal(4, 20, parquet.FixedLenByteArrayType(9))), fixedValue(9), &arrow.Decimal128Type{Precision: 20, Scale: 4}, decimalText},
		"dec_wide":     {parquet.Decimal(0, 38, parquet.FixedLenByteArrayType(16)), fixedValue(16), &arrow.Decimal128Type{Precision: 38}, decimalText},
		"null":         {parquet.Optional(parquet.Leaf(unknownType{parquet.Int32Type})), nil, arrow.Null, nil}, // as pyarrow writes a column of None
		"null_bool":    {parquet.Optional(parquet.Leaf(unknownType{parquet.BooleanType})), nil, arrow.Null, nil},
		"null_str":     {parquet.Optional(parquet.Encoded(parquet.Leaf(unknownType{parquet.ByteArrayType}), &parquet.RLEDictionary)), nil, arrow.Null, nil},
		"dec_bytes":    {parquet.Optional(parquet.Decimal(4, 30, parquet.ByteArrayType)), variableValue, &arrow.Decimal128Type{Precision: 30, Scale: 4}, decimalText},
	}
	return columns
}

// unknownType is a physical type of which all values are null, as its annotation says.
type unknownType struct{ parquet.Type }

// LogicalType is that of columns without values.
func (unknownType) LogicalType() *format.LogicalType {
	return &format.LogicalType{Value: &format.NullType{}}
}

func int32SmallValue(rng *rand.Rand, row int) parquet.Value {
	return parquet.Int32Value(int32(rng.IntN(40_000) - 20_000))
}

func int96Value(rng *rand.Rand, row int) parquet.Value {
	nanos := uint64(rng.Int64N(86_400_000_000_000))
	day := uint32(2_440_588 + rng.IntN(40_000) - 20_000)
	if row%10 == 0 {
		day = 1_721_426 // 0001-01-01, "never": does not fit nanoseconds
	}
	return parquet.Int96Value(deprecated.Int96{uint32(nanos), uint32(nanos >> 32), day})
}

func boolValue(rng *rand.Rand, row int) parquet.Value  { return parquet.BooleanValue(rng.IntN(3) == 0) }
func floatValue(rng *rand.Rand, row int) parquet.Value { return parquet.FloatValue(rng.Float32()) }
func doubleValue(rng *rand.Rand, row int) parquet.Value {
	return parquet.DoubleValue(rng.NormFloat64())
}
func variableValue(rng *rand.Rand, row int) parquet.Value {
	b := make([]byte, rng.IntN(13))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return parquet.ByteArrayValue(b)
}

func fixedValue(width int) func(rng *rand.Rand, row int) parquet.Value {
	return func(rng *rand.Rand, row int) parquet.Value {
		b := make([]byte, width)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return parquet.FixedLenByteArrayValue(b)
	}
}

// decimalText is the unscaled number of big-endian two's complement bytes.
func decimalText(v parquet.Value) string {
	b := v.ByteArray()
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n.String()
}

// gotText is a value of a read array in the words of foreignColumn.text.
func gotText(a arrow.Array, i int) string {
	switch a := a.(type) {
	case *array.Dictionary:
		return a.Dictionary().(*array.String).Value(a.GetValueIndex(i))
	case *array.String:
		return a.Value(i)
	case *array.Decimal128:
		return a.Value(i).BigInt().String()
	case *array.Timestamp:
		return fmt.Sprint(int64(a.Value(i)))
	case *array.Date32:
		return fmt.Sprint(int32(a.Value(i)))
	case *array.FixedSizeBinary:
		return string(a.Value(i))
	case *array.Float32:
		return fmt.Sprint(a.Value(i))
	case *array.Float64:
		return fmt.Sprint(a.Value(i))
	default:
		return a.ValueStr(i)
	}
}

// wantText is the naive twin: one parquet.Value at a time.
func wantText(c foreignColumn, v parquet.Value) string {
	switch {
	case c.text != nil:
		return c.text(v)
	case v.Kind() == parquet.Int96:
		t := v.Int96()
		nanos := int64(uint64(t[0]) | uint64(t[1])<<32)
		return fmt.Sprint((int64(t[2])-2_440_588)*86_400_000_000 + nanos/1000)
	case v.Kind() == parquet.Int64:
		return fmt.Sprint(v.Int64())
	case v.Kind() == parquet.Int32:
		return fmt.Sprint(v.Int32())
	case v.Kind() == parquet.Float:
		return fmt.Sprint(v.Float())
	case v.Kind() == parquet.Double:
		return fmt.Sprint(v.Double())
	case v.Kind() == parquet.Boolean:
		return fmt.Sprint(v.Boolean())
	default:
		return string(v.ByteArray())
	}
}

// foreignFile writes rows of all foreign columns with parquet-go and gives the rows too.
func foreignFile(t testing.TB, rows, perRowGroup int, nulls float64, opts ...parquet.WriterOption) ([]byte, []parquet.Row, *parquet.Schema) {
	t.Helper()
	columns := foreignColumns()
	group := parquet.Group{}
	for name, c := range columns {
		group[name] = c.node
	}
	schema := parquet.NewSchema("foreign", group)
	rng := rand.New(rand.NewPCG(3, 4))
	var buf bytes.Buffer
	w := parquet.NewWriter(&buf, append([]parquet.WriterOption{schema}, opts...)...)
	var written []parquet.Row
	for i := range rows {
		var row parquet.Row
		for x, path := range schema.Columns() {
			c := columns[path[0]]
			switch {
			case !c.node.Optional():
				row = append(row, c.value(rng, i).Level(0, 0, x))
			case c.value == nil || rng.Float64() < nulls:
				row = append(row, parquet.NullValue().Level(0, 0, x))
			default:
				row = append(row, c.value(rng, i).Level(0, 1, x))
			}
		}
		if _, err := w.WriteRows([]parquet.Row{row}); err != nil {
			t.Fatal(err)
		}
		written = append(written, row)
		if (i+1)%perRowGroup == 0 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), written, schema
}

func TestFilesOfOtherWriters(t *testing.T) {
	shapes := []struct {
		name        string
		rows, group int
		nulls       float64
		opts        []parquet.WriterOption
	}{
		{"version 1, snappy", 1000, 400, 0.3, []parquet.WriterOption{parquet.DataPageVersion(1), parquet.Compression(&parquet.Snappy)}},
		{"version 2, snappy", 1000, 400, 0.3, []parquet.WriterOption{parquet.DataPageVersion(2), parquet.Compression(&parquet.Snappy)}},
		{"many small pages, uncompressed", 3000, 3000, 0.1, []parquet.WriterOption{parquet.DataPageVersion(1), parquet.PageBufferSize(64), parquet.Compression(&parquet.Uncompressed)}},
		{"many small pages, version 2, gzip", 1500, 1500, 0.01, []parquet.WriterOption{parquet.DataPageVersion(2), parquet.PageBufferSize(100), parquet.Compression(&parquet.Gzip)}},
		{"zstd", 20_000, 7000, 0.02, []parquet.WriterOption{parquet.DataPageVersion(2), parquet.Compression(&parquet.Zstd)}},
		{"lz4", 1000, 1000, 0.02, []parquet.WriterOption{parquet.DataPageVersion(1), parquet.Compression(&parquet.Lz4Raw)}},
		{"brotli", 1000, 1000, 0.02, []parquet.WriterOption{parquet.DataPageVersion(2), parquet.Compression(&parquet.Brotli)}},
		{"dictionaries given up in the middle", 3000, 3000, 0.1, []parquet.WriterOption{parquet.DataPageVersion(1), parquet.PageBufferSize(64), parquet.DictionaryMaxBytes(150)}},
		{"all null", 500, 500, 1, []parquet.WriterOption{parquet.DataPageVersion(1)}},
		{"no null", 500, 500, 0, []parquet.WriterOption{parquet.DataPageVersion(2)}},
		{"one row", 1, 1, 0, nil},
	}
	l := open(t, "mem://")
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			data, rows, schema := foreignFile(t, s.rows, s.group, s.nulls, s.opts...)
			put(t, l, "x.parquet", string(data))
			mustReadForeign(t, l, "x.parquet", rows, schema)
		})
	}
}

// A column of the type whose values are all null has none; in one that has, the file contradicts itself.
func TestValuesOfNoTypeAreDamage(t *testing.T) {
	l := open(t, "mem://")
	for name, node := range map[string]parquet.Node{
		"optional": parquet.Optional(parquet.Leaf(unknownType{parquet.Int32Type})), "required": parquet.Leaf(unknownType{parquet.Int32Type}),
	} {
		level := 0
		if node.Optional() {
			level = 1
		}
		for rows := range 2 {
			var buf bytes.Buffer
			w := parquet.NewWriter(&buf, parquet.NewSchema("x", parquet.Group{"a": node}))
			if _, err := w.WriteRows([]parquet.Row{{parquet.Int32Value(7).Level(0, level, 0)}}[:rows]); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			put(t, l, "x.parquet", buf.String())
			f, err := l.OpenParquet(context.Background(), listed(t, l, "x.parquet"))
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Columns()[0].Type; !arrow.TypeEqual(got, arrow.Null) {
				t.Errorf("%s: %s", name, got)
			}
			for g := range f.NumRowGroups() {
				if _, err := f.ReadRowGroup(context.Background(), memory.DefaultAllocator, g, []string{"a"}); !errors.Is(err, lake.ErrCorrupt) {
					t.Errorf("%s: %v", name, err)
				}
			}
			f.Close()
		}
	}
}

func mustReadForeign(t *testing.T, l *lake.Lake, key string, rows []parquet.Row, schema *parquet.Schema) {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	ctx := context.Background()
	f, err := l.OpenParquet(ctx, listed(t, l, key))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	columns := foreignColumns()
	var all []string
	for _, path := range schema.Columns() {
		all = append(all, path[0])
	}
	for rg := range f.NumRowGroups() {
		rec, err := f.ReadRowGroup(ctx, mem, rg, all)
		if err != nil {
			t.Fatal(err)
		}
		for x, name := range all {
			mustBeForeign(t, name, columns[name], rec.Column(x), rows[:rec.NumRows()], x)
		}
		rows = rows[rec.NumRows():]
		rec.Release()
	}
	if len(rows) != 0 {
		t.Errorf("%d rows are missing", len(rows))
	}
}

func mustBeForeign(t *testing.T, name string, c foreignColumn, got arrow.Array, rows []parquet.Row, x int) {
	t.Helper()
	givenUp := c.want == arrow.DataType(dictType) && got.DataType().ID() == arrow.STRING
	if typ := got.DataType(); !arrow.TypeEqual(typ, c.want) && !givenUp {
		t.Errorf("column %s: read as %s, want %s", name, typ, c.want)
	}
	for i, row := range rows {
		null := got.IsNull(i) || got.DataType().ID() == arrow.NULL // which has no bitmap
		if row[x].IsNull() != null {
			t.Fatalf("column %s, row %d: null %v, want %v", name, i, null, row[x].IsNull())
		}
		if row[x].IsNull() {
			continue
		}
		if g, w := gotText(got, i), wantText(c, row[x]); g != w {
			t.Fatalf("column %s, row %d: got %s, want %s", name, i, g, w)
		}
	}
}
