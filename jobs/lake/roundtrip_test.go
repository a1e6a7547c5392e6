package lake_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"

	"github.com/windvane/windvane/jobs/lake"
)

var dictType = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint32, ValueType: arrow.BinaryTypes.String}

// everyType is a schema with each type that is written, required and nullable.
func everyType() *arrow.Schema {
	types := []arrow.DataType{
		arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Float64, arrow.FixedWidthTypes.Boolean,
		arrow.FixedWidthTypes.Date32, &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, arrow.BinaryTypes.String, dictType,
	}
	var fields []arrow.Field
	for i, typ := range types {
		fields = append(fields, arrow.Field{Name: fmt.Sprintf("r%d", i), Type: typ}, arrow.Field{Name: fmt.Sprintf("n%d", i), Type: typ, Nullable: true})
	}
	return arrow.NewSchema(fields, nil)
}

// randomRecord has nulls in nullable fields with probability nulls.
func randomRecord(mem memory.Allocator, schema *arrow.Schema, rows int, nulls float64, rng *rand.Rand) arrow.Record {
	b := array.NewRecordBuilder(mem, schema)
	defer b.Release()
	for i, f := range schema.Fields() {
		for row := range rows {
			if f.Nullable && rng.Float64() < nulls {
				b.Field(i).AppendNull()
				continue
			}
			appendRandom(b.Field(i), row, rng)
		}
	}
	return b.NewRecord()
}

func appendRandom(b array.Builder, row int, rng *rand.Rand) {
	switch b := b.(type) {
	case *array.Int64Builder:
		b.Append([]int64{int64(row), rng.Int64(), math.MinInt64, math.MaxInt64}[rng.IntN(4)])
	case *array.Int32Builder:
		b.Append([]int32{int32(row), rng.Int32(), math.MinInt32}[rng.IntN(3)])
	case *array.Float64Builder:
		b.Append([]float64{rng.NormFloat64(), 0, math.Copysign(0, -1), float64(row)}[rng.IntN(4)])
	case *array.BooleanBuilder:
		b.Append(rng.IntN(3) == 0)
	case *array.Date32Builder:
		b.Append(arrow.Date32(20000 + row/100))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(1_700_000_000_000_000 + rng.Int64N(1e12)))
	case *array.StringBuilder:
		b.Append(randomString(row, rng))
	case *array.BinaryDictionaryBuilder:
		if err := b.AppendString([]string{"", "live", "短视频", "mall"}[rng.IntN(4)]); err != nil {
			panic(err)
		}
	}
}

func randomString(row int, rng *rand.Rand) string {
	switch rng.IntN(4) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("商户 %d", row)
	case 2:
		return fmt.Sprint(rng.Uint64())
	default:
		return "the same"
	}
}

// plainStrings turns dictionary columns into strings, so that records can be compared by value.
func plainStrings(mem memory.Allocator, rec arrow.Record) arrow.Record {
	columns := make([]arrow.Array, rec.NumCols())
	fields := rec.Schema().Fields()
	for i := range columns {
		columns[i] = rec.Column(i)
		columns[i].Retain()
		d, ok := rec.Column(i).(*array.Dictionary)
		if !ok {
			continue
		}
		b := array.NewStringBuilder(mem)
		words := d.Dictionary().(*array.String)
		for row := range d.Len() {
			if d.IsNull(row) {
				b.AppendNull()
			} else {
				b.Append(words.Value(d.GetValueIndex(row)))
			}
		}
		columns[i].Release()
		columns[i] = b.NewArray()
		b.Release()
		fields[i].Type = arrow.BinaryTypes.String
	}
	out := array.NewRecord(arrow.NewSchema(fields, nil), columns, rec.NumRows())
	for _, c := range columns {
		c.Release()
	}
	return out
}

// readBack reads all row groups and puts them together.
func readBack(t testing.TB, mem memory.Allocator, l *lake.Lake, key string, columns []string) arrow.Record {
	t.Helper()
	ctx := context.Background()
	f, err := l.OpenParquet(ctx, listed(t, l, key))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var parts []arrow.Record
	for rg := range f.NumRowGroups() {
		rec, err := f.ReadRowGroup(ctx, mem, rg, columns)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, plainStrings(mem, rec))
		rec.Release()
	}
	defer func() {
		for _, p := range parts {
			p.Release()
		}
	}()
	return concatenate(t, mem, parts)
}

func concatenate(t testing.TB, mem memory.Allocator, parts []arrow.Record) arrow.Record {
	t.Helper()
	if len(parts) == 0 {
		return nil
	}
	var columns []arrow.Array
	var rows int64
	for _, p := range parts {
		rows += p.NumRows()
	}
	for i := range int(parts[0].NumCols()) {
		var chunks []arrow.Array
		for _, p := range parts {
			chunks = append(chunks, p.Column(i))
		}
		c, err := array.Concatenate(chunks, mem)
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, c)
	}
	rec := array.NewRecord(parts[0].Schema(), columns, rows)
	for _, c := range columns {
		c.Release()
	}
	return rec
}

func names(schema *arrow.Schema) []string {
	var out []string
	for _, f := range schema.Fields() {
		out = append(out, f.Name)
	}
	return out
}

func TestEveryTypeRoundTrips(t *testing.T) {
	shapes := []struct {
		name  string
		rows  int
		nulls float64
		opts  lake.WriteOptions
	}{
		{"one row", 1, 0, lake.WriteOptions{}},
		{"no nulls", 1000, 0, lake.WriteOptions{}},
		{"some nulls, uneven pages and row groups", 10_001, 0.2, lake.WriteOptions{RowGroupRows: 3001, PageRows: 333}},
		{"few nulls", 5000, 0.001, lake.WriteOptions{PageRows: 77}},
		{"all null", 1000, 1, lake.WriteOptions{PageRows: 100}},
		{"better compression", 1000, 0.5, lake.WriteOptions{Level: lake.Better}},
		{"no compression", 1000, 0.5, lake.WriteOptions{Level: lake.Uncompressed}},
	}
	eachStore(t, func(t *testing.T, l *lake.Lake) {
		for _, shape := range shapes {
			t.Run(shape.name, func(t *testing.T) {
				mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
				defer mem.AssertSize(t, 0)
				schema := everyType()
				rec := randomRecord(mem, schema, shape.rows, shape.nulls, rand.New(rand.NewPCG(1, 2)))
				defer rec.Release()
				want := plainStrings(mem, rec)
				defer want.Release()
				written, err := l.WriteParquet(context.Background(), "t/x.parquet", schema, shape.opts, seq(rec))
				if err != nil {
					t.Fatal(err)
				}
				if written.Rows != int64(shape.rows) || written.Bytes != listed(t, l, "t/x.parquet").Size || len(written.SHA256) != 64 {
					t.Errorf("written %+v", written)
				}
				got := readBack(t, mem, l, "t/x.parquet", names(schema))
				defer got.Release()
				mustEqual(t, got, want)
				mustAgreeWithArrow(t, l, "t/x.parquet", got)
			})
		}
	})
}

func mustEqual(t *testing.T, got, want arrow.Record) {
	t.Helper()
	if got.NumRows() != want.NumRows() || got.NumCols() != want.NumCols() {
		t.Fatalf("got %d×%d, want %d×%d", got.NumRows(), got.NumCols(), want.NumRows(), want.NumCols())
	}
	for i := range int(got.NumCols()) {
		if !array.Equal(got.Column(i), want.Column(i)) {
			t.Errorf("column %s differs", want.ColumnName(i))
		}
	}
}

// mustAgreeWithArrow reads the object with Arrow's own reader: two implementations must agree.
func mustAgreeWithArrow(t *testing.T, l *lake.Lake, key string, want arrow.Record) {
	t.Helper()
	ctx := context.Background()
	data, err := l.ReadAll(ctx, key, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	r, err := file.NewParquetReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	pr, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	table, err := pr.ReadTable(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	tr := array.NewTableReader(table, max(table.NumRows(), 1))
	defer tr.Release()
	for tr.Next() {
		mustEqual(t, tr.Record(), want)
	}
}
