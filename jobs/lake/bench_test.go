package lake_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
)

// benchColumns are columns as order lines and their copies have them.
func benchColumns() map[string]struct {
	typ   arrow.DataType
	value func(b array.Builder, row int, rng *rand.Rand)
} {
	int64s := func(f func(row int, rng *rand.Rand) int64) func(array.Builder, int, *rand.Rand) {
		return func(b array.Builder, row int, rng *rand.Rand) { b.(*array.Int64Builder).Append(f(row, rng)) }
	}
	type column = struct {
		typ   arrow.DataType
		value func(b array.Builder, row int, rng *rand.Rand)
	}
	i64 := arrow.PrimitiveTypes.Int64
	return map[string]column{
		"int64/ascending": {i64, int64s(func(row int, _ *rand.Rand) int64 { return 1e15 + int64(row)*3 })},
		"int64/ids":       {i64, int64s(func(_ int, rng *rand.Rand) int64 { return int64(rng.ExpFloat64() * 20_000) })},
		"int64/hashes":    {i64, int64s(func(_ int, rng *rand.Rand) int64 { return rng.Int64() })},
		"int64/fen":       {i64, int64s(func(_ int, rng *rand.Rand) int64 { return 990 + 100*rng.Int64N(500) })},
		"int64/counts":    {i64, int64s(func(_ int, rng *rand.Rand) int64 { return max(0, rng.Int64N(20)-16) })},
		"int64/windows":   {i64, int64s(func(row int, _ *rand.Rand) int64 { return []int64{1, 7, 30, 60, 90, 365}[row/5%6] })},
		"int64/zero":      {i64, int64s(func(int, *rand.Rand) int64 { return 0 })},
		"timestamp": {&arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, func(b array.Builder, _ int, rng *rand.Rand) {
			b.(*array.TimestampBuilder).Append(arrow.Timestamp(1_700_000_000_000_000 + rng.Int64N(86_400_000_000)))
		}},
		"date32":  {arrow.FixedWidthTypes.Date32, func(b array.Builder, row int, _ *rand.Rand) { b.(*array.Date32Builder).Append(20_000) }},
		"float64": {arrow.PrimitiveTypes.Float64, func(b array.Builder, _ int, rng *rand.Rand) { b.(*array.Float64Builder).Append(rng.NormFloat64()) }},
		"float64/points": {arrow.PrimitiveTypes.Float64, func(b array.Builder, _ int, rng *rand.Rand) {
			b.(*array.Float64Builder).Append(math.Sqrt(float64(rng.IntN(40_000))))
		}},
		"bool": {arrow.FixedWidthTypes.Boolean, func(b array.Builder, _ int, rng *rand.Rand) { b.(*array.BooleanBuilder).Append(rng.IntN(5) == 0) }},
		"string/enum": {dictType, func(b array.Builder, _ int, rng *rand.Rand) {
			_ = b.(*array.BinaryDictionaryBuilder).AppendString([]string{"live", "short_video", "mall", "search", "shop"}[rng.IntN(5)])
		}},
		"string/names": {arrow.BinaryTypes.String, func(b array.Builder, row int, rng *rand.Rand) {
			b.(*array.StringBuilder).Append(fmt.Sprintf("商品 %d", rng.IntN(30_000)))
		}},
	}
}

const benchRows = 1 << 20

func benchRecord(name string, nullable bool) arrow.Record {
	c := benchColumns()[name]
	schema := arrow.NewSchema([]arrow.Field{{Name: "x", Type: c.typ, Nullable: nullable}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	rng := rand.New(rand.NewPCG(5, 6))
	for row := range benchRows {
		if nullable && rng.IntN(5) == 0 {
			b.Field(0).AppendNull()
			continue
		}
		c.value(b.Field(0), row, rng)
	}
	return b.NewRecord()
}

func benchNames() []string {
	return []string{
		"int64/ascending", "int64/ids", "int64/hashes", "int64/fen", "int64/counts", "int64/windows", "int64/zero",
		"timestamp", "date32", "float64", "float64/points", "bool", "string/enum", "string/names",
	}
}

func eachBench(b *testing.B, run func(b *testing.B, l *lake.Lake, rec arrow.Record)) {
	l := open(b, "mem://")
	for _, name := range benchNames() {
		for _, nullable := range []bool{false, true} {
			full := name + "/required"
			if nullable {
				full = name + "/nullable"
			}
			rec := benchRecord(name, nullable)
			b.Run(full, func(b *testing.B) { run(b, l, rec) })
			rec.Release()
		}
	}
}

var benchOptions = lake.WriteOptions{RowGroupRows: 1 << 17, PageRows: 1 << 14}

func BenchmarkWriteParquet(b *testing.B) {
	eachBench(b, func(b *testing.B, l *lake.Lake, rec arrow.Record) {
		b.ReportAllocs()
		var written lake.Written
		for b.Loop() {
			var err error
			if written, err = lake.WriteParquetTo(context.Background(), io.Discard, rec.Schema(), benchOptions, seq(rec)); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(benchRows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		b.ReportMetric(float64(written.Bytes)/benchRows, "B/row")
	})
}

// Most files of a night are small: what does one cost, whatever is in it?
func BenchmarkWriteSmallParquet(b *testing.B) {
	rec := benchRecord("int64/ids", false)
	defer rec.Release()
	few := rec.NewSlice(0, 100)
	defer few.Release()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := lake.WriteParquetTo(context.Background(), io.Discard, few.Schema(), benchOptions, seq(few)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadRowGroup(b *testing.B) {
	ctx := context.Background()
	eachBench(b, func(b *testing.B, l *lake.Lake, rec arrow.Record) {
		if _, err := l.WriteParquet(ctx, "x", rec.Schema(), lake.WriteOptions{}, seq(rec)); err != nil {
			b.Fatal(err)
		}
		f, err := l.OpenParquet(ctx, listed(b, l, "x"))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		b.ReportAllocs()
		for b.Loop() {
			for rg := range f.NumRowGroups() {
				got, err := f.ReadRowGroup(ctx, memory.DefaultAllocator, rg, []string{"x"})
				if err != nil {
					b.Fatal(err)
				}
				got.Release()
			}
		}
		b.ReportMetric(float64(benchRows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
	})
}
