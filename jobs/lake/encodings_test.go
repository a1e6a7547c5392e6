package lake_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/windvane/windvane/jobs/lake"
)

// mostDistinct is how many entries a dictionary of doubles may have.
const mostDistinct = 1 << 16

// doublesOf is a record of one column, null where value is NaN.
func doublesOf(rows int, value func(row int) float64) arrow.Record {
	return recordOf(arrow.PrimitiveTypes.Float64, rows, func(b array.Builder, row int) {
		if v := value(row); math.IsNaN(v) {
			b.AppendNull()
		} else {
			b.(*array.Float64Builder).Append(v)
		}
	})
}

// recordOf is a record of one column that may be null.
func recordOf(typ arrow.DataType, rows int, add func(b array.Builder, row int)) arrow.Record {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{{Name: "x", Type: typ, Nullable: true}}, nil))
	defer b.Release()
	for row := range rows {
		add(b.Field(0), row)
	}
	return b.NewRecord()
}

// pagesOfOne adds the same value in every row but for some: a page of nulls, one with a few of them.
func pagesOfOne[T any, B interface {
	Append(T)
	AppendNull()
}](value T) func(b array.Builder, row int) {
	return func(b array.Builder, row int) {
		if page := row / 700; page == 2 || page == 4 && row%5 == 0 {
			b.AppendNull()
		} else {
			any(b).(B).Append(value)
		}
	}
}

// stringsOf is a record of one column, null where value is "null".
func stringsOf(rows int, value func(row int) string) arrow.Record {
	return recordOf(dictType, rows, func(b array.Builder, row int) {
		if v := value(row); v == "null" {
			b.AppendNull()
		} else if err := b.(*array.BinaryDictionaryBuilder).AppendString(v); err != nil {
			panic(err)
		}
	})
}

// TestEncodingsThatDependOnTheValues writes columns on both sides of every choice: the encoding is the one meant, the bytes
// are the same however the rows are cut, three readers find the same values, and bounds hold.
func TestEncodingsThatDependOnTheValues(t *testing.T) {
	nan := math.NaN()
	id := func(n int) string { return fmt.Sprintf("%08d", n) }
	cases := map[string]struct {
		rec  arrow.Record
		want format.Encoding
	}{
		"few doubles":                 {doublesOf(1023, func(int) float64 { return 4.85 }), format.Plain},
		"the same double":             {doublesOf(5000, func(int) float64 { return 4.85 }), format.RLEDictionary},
		"scores, some missing":        {doublesOf(5000, func(row int) float64 { return []float64{nan, float64(row % 501), 4.4}[row%3] / 100 }), format.RLEDictionary},
		"both zeros":                  {doublesOf(5000, func(row int) float64 { return math.Copysign(0, float64(row%3-1)) }), format.RLEDictionary},
		"no double":                   {doublesOf(500, func(int) float64 { return nan }), format.Plain},
		"all doubles distinct":        {doublesOf(5000, func(row int) float64 { return float64(row) / 7 }), format.Plain},
		"as many doubles as may be":   {doublesOf(5*mostDistinct, func(row int) float64 { return float64(row/8*7%mostDistinct) * 1e300 / 7 }), format.RLEDictionary},
		"six tenths of a few":         {doublesOf(5000, func(row int) float64 { return float64(row%2000) / 7 }), format.Plain},
		"six tenths of many":          {doublesOf(40_000, func(row int) float64 { return float64(row%16_000) / 7 }), format.RLEDictionary},
		"eight tenths of many":        {doublesOf(40_000, func(row int) float64 { return float64(row%24_000) / 7 }), format.Plain},
		"distinct at first":           {doublesOf(100_000, func(row int) float64 { return float64(row%28673) / 7 }), format.Plain},
		"distinct a little less long": {doublesOf(100_000, func(row int) float64 { return float64(row%28672) / 7 }), format.RLEDictionary},
		"one more":                    {doublesOf(5*mostDistinct, func(row int) float64 { return float64(row % (mostDistinct + 1)) }), format.Plain},
		"windows": {recordOf(arrow.PrimitiveTypes.Int64, 5000, func(b array.Builder, row int) {
			b.(*array.Int64Builder).Append([]int64{365, 1, 7, 30}[row/2%4])
		}), format.RLEDictionary},
		"days below zero, some missing": {recordOf(arrow.FixedWidthTypes.Date32, 5000, func(b array.Builder, row int) {
			if row%7 == 0 {
				b.AppendNull()
				return
			}
			b.(*array.Date32Builder).Append(arrow.Date32([]int{-1, -4095, -30}[row%3]))
		}), format.RLEDictionary},
		"few integers, one too far away": {recordOf(arrow.PrimitiveTypes.Int64, 5000, func(b array.Builder, row int) {
			b.(*array.Int64Builder).Append([]int64{365, 1, 7, 30}[row%4] + int64(row/4999)<<40)
		}), format.DeltaBinaryPacked},
		"few integers, in order": {recordOf(arrow.PrimitiveTypes.Int64, 5000, func(b array.Builder, row int) { b.(*array.Int64Builder).Append(int64(row / 1000)) }), format.DeltaBinaryPacked},
		"windows of few rows":    {recordOf(arrow.PrimitiveTypes.Int64, 1023, func(b array.Builder, row int) { b.(*array.Int64Builder).Append(int64(row % 2 * 365)) }), format.DeltaBinaryPacked},
		"differences of 31 bits": {recordOf(arrow.PrimitiveTypes.Int64, 5000, func(b array.Builder, row int) {
			b.(*array.Int64Builder).Append([]int64{1<<30 - 1, -1 << 30, 1 << 30, -1<<30 - 1, math.MaxInt64, math.MinInt64, int64(row)}[max(row%700-693, 0)] + int64(row))
		}), format.DeltaBinaryPacked},
		"the same integer, and nulls": {recordOf(arrow.PrimitiveTypes.Int64, 5000, pagesOfOne[int64, *array.Int64Builder](-7)), format.DeltaBinaryPacked},
		"the same day, and nulls":     {recordOf(arrow.FixedWidthTypes.Date32, 5000, pagesOfOne[arrow.Date32, *array.Date32Builder](20_000)), format.DeltaBinaryPacked},
		"true, and nulls":             {recordOf(arrow.FixedWidthTypes.Boolean, 5000, pagesOfOne[bool, *array.BooleanBuilder](true)), format.Plain},
		"false":                       {recordOf(arrow.FixedWidthTypes.Boolean, 5000, func(b array.Builder, _ int) { b.(*array.BooleanBuilder).Append(false) }), format.Plain},
		"the same real, and nulls":    {recordOf(arrow.PrimitiveTypes.Float64, 5000, pagesOfOne[float64, *array.Float64Builder](4.4)), format.RLEDictionary},
		"ascending strings":           {stringsOf(5000, id), format.DeltaByteArray},
		"ascending, each many times":  {stringsOf(5000, func(row int) string { return id(row / 6) }), format.DeltaByteArray},
		"ascending, with a page of nulls": {stringsOf(5000, func(row int) string {
			if row/700 == 2 || row%9 == 0 {
				return "null"
			}
			return id(row)
		}), format.DeltaByteArray},
		"ascending, prefixes of the next": {stringsOf(120, func(row int) string { return strings.Repeat("x", row/2) }), format.DeltaByteArray},
		"ascending, nothing in common":    {stringsOf(200, func(row int) string { return string(rune('a'+row)) + "-of-its-own" }), format.Plain},
		"each another length":             {stringsOf(5000, func(row int) string { return fmt.Sprint(uint32(row) * 2654435761) }), format.Plain},
		"few, in turn":                    {stringsOf(5000, func(row int) string { return []string{"a", "b", "c"}[row%3] }), format.RLEDictionary},
		"the same string":                 {stringsOf(5000, func(int) string { return "live" }), format.RLEDictionary},
		"the empty string first":          {stringsOf(5000, func(row int) string { return []string{"", "null", "a", "b"}[row*4/5000] }), format.RLEDictionary},
		"ascending, then again":           {stringsOf(5000, func(row int) string { return id(row % 2500) }), format.DeltaByteArray},
		"ascending but for the last":      {stringsOf(5000, func(row int) string { return id((row + 1) % 5000) }), format.DeltaByteArray},
		"a new one between":               {stringsOf(5000, func(row int) string { return []string{"a", "c", "b", "null", "c"}[row%5] }), format.RLEDictionary},
		"bounds in the ninth byte": {stringsOf(5000, func(row int) string {
			return []string{"12345678", "12345678b", "12345678\x00", "12345678a", "9", "1"}[row*7%6]
		}), format.RLEDictionary},
		"no string": {stringsOf(500, func(int) string { return "null" }), format.RLEDictionary},
	}
	l := open(t, "mem://")
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			opts := lake.WriteOptions{RowGroupRows: 5 * mostDistinct, PageRows: 700}
			written, err := l.WriteParquet(context.Background(), "x", c.rec.Schema(), opts, seq(c.rec))
			if err != nil {
				t.Fatal(err)
			}
			got := readBack(t, memory.DefaultAllocator, l, "x", []string{"x"})
			mustEqual(t, got, plainStrings(memory.DefaultAllocator, c.rec))
			mustHaveTheSameBits(t, got.Column(0), c.rec.Column(0))
			mustAgreeWithArrow(t, l, "x", got)
			mustHaveEncoding(t, l, c.want)
			if again, err := l.WriteParquet(context.Background(), "x", c.rec.Schema(), opts, inBatches(c.rec, 999)); err != nil || again != written {
				t.Errorf("in batches: %+v, want %+v, %v", again, written, err)
			}
		})
	}
}

// mustHaveTheSameBits tells 0 from -0.
func mustHaveTheSameBits(t *testing.T, got, want arrow.Array) {
	t.Helper()
	g, ok := got.(*array.Float64)
	if !ok {
		return
	}
	w := want.(*array.Float64)
	for row := range w.Len() {
		if w.IsValid(row) && math.Float64bits(g.Value(row)) != math.Float64bits(w.Value(row)) {
			t.Fatalf("row %d: %v, want %v", row, g.Value(row), w.Value(row))
		}
	}
}

// openWithOther opens the file x with parquet-go.
func openWithOther(t *testing.T, l *lake.Lake) *parquet.File {
	t.Helper()
	data, err := l.ReadAll(context.Background(), "x", 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// mustHaveEncoding reads the file with parquet-go.
func mustHaveEncoding(t *testing.T, l *lake.Lake, want format.Encoding) {
	t.Helper()
	f := openWithOther(t, l)
	for g, group := range f.RowGroups() {
		meta := &f.Metadata().RowGroups[g].Columns[0].MetaData
		if !slices.Contains(meta.Encoding, want) || want == format.Plain && len(meta.Encoding) > 2 { // RLE is that of levels
			t.Errorf("encodings %v, want %v", meta.Encoding, want)
		}
		mustBound(t, "x", group.ColumnChunks()[0])
	}
}

// parquet-java (VersionParser.FORMAT) must find an application, a version and a build, or it refuses DELTA_BYTE_ARRAY.
func TestOthersCanTellWhoWroteAFile(t *testing.T) {
	name := regexp.MustCompile(`^(.*?)\s+version\s*(?:([^(]*?)\s*(?:\(\s*build\s*([^)]*?)\s*\))?)?$`)
	if got := name.FindStringSubmatch(lake.CreatedBy); len(got) != 4 || got[1] != "windvane" || got[2] == "" || got[3] == "" {
		t.Errorf("%q is read as %q", lake.CreatedBy, got)
	}
}
