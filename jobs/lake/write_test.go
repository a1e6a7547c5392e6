package lake_test

import (
	"context"
	"errors"
	"iter"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go"

	"github.com/windvane/windvane/jobs/lake"
)

func TestBytesDependOnTheRowsAlone(t *testing.T) {
	l := open(t, "mem://")
	schema := everyType()
	rec := randomRecord(memory.DefaultAllocator, schema, 5000, 0.2, rand.New(rand.NewPCG(1, 2)))
	opts := lake.WriteOptions{RowGroupRows: 1700, PageRows: 100}
	want, err := l.WriteParquet(context.Background(), "x", schema, opts, seq(rec))
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int64{1, 7, 1700, 4999} {
		got, err := l.WriteParquet(context.Background(), "x", schema, opts, inBatches(rec, size))
		if err != nil || got != want {
			t.Errorf("in batches of %d: %+v, want %+v, %v", size, got, want, err)
		}
	}
}

// inBatches cuts rec into batches; each dictionary of a batch has its words in another order.
func inBatches(rec arrow.Record, size int64) iter.Seq2[arrow.Record, error] {
	return func(yield func(arrow.Record, error) bool) {
		for from := int64(0); from < rec.NumRows(); from += size {
			part := rebuilt(rec.NewSlice(from, min(from+size, rec.NumRows())))
			if !yield(part, nil) {
				return
			}
		}
	}
}

// rebuilt makes dictionaries anew, from the last row to the first.
func rebuilt(rec arrow.Record) arrow.Record {
	columns := rec.Columns()
	out := append([]arrow.Array(nil), columns...)
	for i, c := range columns {
		d, ok := c.(*array.Dictionary)
		if !ok {
			continue
		}
		words := d.Dictionary().(*array.String)
		b := array.NewDictionaryBuilder(memory.DefaultAllocator, dictType).(*array.BinaryDictionaryBuilder)
		for row := d.Len() - 1; row >= 0; row-- { // fixes the order of the words
			if d.IsValid(row) {
				_ = b.AppendString(words.Value(d.GetValueIndex(row)))
			}
		}
		_ = b.NewArray()
		for row := range d.Len() {
			if d.IsNull(row) {
				b.AppendNull()
			} else {
				_ = b.AppendString(words.Value(d.GetValueIndex(row)))
			}
		}
		out[i] = b.NewArray()
	}
	return array.NewRecord(rec.Schema(), out, rec.NumRows())
}

func TestAFileWithoutRows(t *testing.T) {
	l := open(t, "mem://")
	schema := everyType()
	written, err := l.WriteParquet(context.Background(), "x", schema, lake.WriteOptions{}, seq())
	if err != nil || written.Rows != 0 {
		t.Fatalf("%+v, %v", written, err)
	}
	f, err := l.OpenParquet(context.Background(), listed(t, l, "x"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.NumRows() != 0 || f.NumRowGroups() != 0 || len(f.Columns()) != schema.NumFields() {
		t.Errorf("%d rows, %d columns", f.NumRows(), len(f.Columns()))
	}
	if table := arrowTable(t, l, "x"); table.NumRows() != 0 || int(table.NumCols()) != schema.NumFields() {
		t.Errorf("for Arrow: %d rows, %d columns", table.NumRows(), table.NumCols())
	}
}

func TestWhatMayNotBeWritten(t *testing.T) {
	l := open(t, "mem://")
	broken := errors.New("broken")
	float := arrow.NewSchema([]arrow.Field{{Name: "ratio", Type: arrow.PrimitiveTypes.Float64}}, nil)
	floats := func(v float64, valid bool) arrow.Record {
		b := array.NewRecordBuilder(memory.DefaultAllocator, float)
		b.Field(0).(*array.Float64Builder).AppendValues([]float64{1, v}, []bool{true, valid})
		return b.NewRecord()
	}
	for name, c := range map[string]struct {
		batches iter.Seq2[arrow.Record, error]
		text    string
	}{
		"NaN":              {seq(floats(math.NaN(), true)), "column ratio: a value is NaN or infinite"},
		"infinity":         {seq(floats(math.Inf(-1), true)), "column ratio: a value is NaN or infinite"},
		"null in required": {seq(floats(0, false)), "column ratio: a null in a field that is not nullable"},
		"another schema":   {seq(randomRecord(memory.DefaultAllocator, wideSchema(), 1, 0, rand.New(rand.NewPCG(1, 1)))), "4 columns"},
		"a failed source":  {func(yield func(arrow.Record, error) bool) { yield(nil, broken) }, "broken"},
	} {
		_, err := l.WriteParquet(context.Background(), "x", float, lake.WriteOptions{}, c.batches)
		if err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if objects, _ := l.List(context.Background(), ""); len(objects) != 0 {
		t.Errorf("left behind: %v", objects)
	}
}

// TestStatisticsAndIndexes reads our file with parquet-go: bounds of pages hold for their values, offsets lead to
// them, and the sorting is noted.
func TestStatisticsAndIndexes(t *testing.T) {
	l := open(t, "mem://")
	schema := everyType()
	rec := randomRecord(memory.DefaultAllocator, schema, 3000, 0.3, rand.New(rand.NewPCG(9, 2)))
	opts := lake.WriteOptions{RowGroupRows: 1100, PageRows: 90, Sorted: []string{"r4", "r0"}}
	if _, err := l.WriteParquet(context.Background(), "x", schema, opts, seq(rec)); err != nil {
		t.Fatal(err)
	}
	f := openWithOther(t, l)
	for _, g := range f.RowGroups() {
		sorting := g.SortingColumns()
		if len(sorting) != 2 || sorting[0].Path()[0] != "r4" || sorting[1].Descending() || sorting[1].NullsFirst() {
			t.Errorf("sorting %v", sorting)
		}
		for i, chunk := range g.ColumnChunks() {
			mustHaveTrueBounds(t, schema.Field(i).Name, chunk)
		}
	}
}

func mustHaveTrueBounds(t *testing.T, name string, chunk parquet.ColumnChunk) {
	t.Helper()
	index, err := chunk.ColumnIndex()
	if err != nil {
		t.Fatalf("column %s: %v", name, err)
	}
	offsets, err := chunk.OffsetIndex()
	if err != nil {
		t.Fatalf("column %s: %v", name, err)
	}
	if index.NumPages() != (1100+89)/90 && index.NumPages() != (800+89)/90 || offsets.NumPages() != index.NumPages() {
		t.Errorf("column %s: %d pages", name, index.NumPages())
	}
	mustBound(t, name, chunk)
}

// mustBound holds the values of every page against the column index.
func mustBound(t *testing.T, name string, chunk parquet.ColumnChunk) {
	t.Helper()
	index, err := chunk.ColumnIndex()
	if err != nil {
		t.Fatalf("column %s: %v", name, err)
	}
	offsets, err := chunk.OffsetIndex()
	if err != nil {
		t.Fatalf("column %s: %v", name, err)
	}
	for p := range index.NumPages() {
		pages := chunk.Pages()
		if err := pages.SeekToRow(offsets.FirstRowIndex(p)); err != nil {
			t.Fatal(err)
		}
		page, err := pages.ReadPage()
		if err != nil {
			t.Fatal(err)
		}
		values := make([]parquet.Value, page.NumValues())
		n, _ := page.Values().ReadValues(values)
		nulls := int64(0)
		for _, v := range values[:n] {
			if v.IsNull() {
				nulls++
				continue
			}
			typ := chunk.Type()
			if typ.Compare(v, index.MinValue(p)) < 0 || typ.Compare(v, index.MaxValue(p)) > 0 {
				t.Fatalf("column %s, page %d: %v is outside %v to %v", name, p, v, index.MinValue(p), index.MaxValue(p))
			}
		}
		if nulls != index.NullCount(p) {
			t.Errorf("column %s, page %d: %d nulls, the index says %d", name, p, nulls, index.NullCount(p))
		}
		_ = pages.Close()
	}
}
