package lake_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go"

	"github.com/windvane/windvane/jobs/lake"
)

// What is read to places is what is read without, stands there, and nothing beside it is touched.
func TestNumbersAreReadToPlaces(t *testing.T) {
	ctx := context.Background()
	for _, opts := range [][]parquet.WriterOption{
		{parquet.DataPageVersion(1), parquet.Compression(&parquet.Uncompressed)},
		{parquet.DataPageVersion(2), parquet.Compression(&parquet.Zstd), parquet.PageBufferSize(50)},
	} {
		l := open(t, "mem://")
		data, _, _ := foreignFile(t, 500, 211, 0.2, opts...)
		put(t, l, "x", string(data))
		f, err := l.OpenParquet(ctx, listed(t, l, "x"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var columns []string
		for _, c := range f.Columns() {
			columns = append(columns, c.Name)
		}
		placed := 0
		for g := range f.NumRowGroups() {
			rows := int(f.RowGroupRows(g))
			room, places := map[string][]int64{}, map[string][]int64{}
			for _, name := range columns {
				room[name] = slices.Repeat([]int64{-77}, rows+2)
				places[name] = room[name][1 : rows+1]
			}
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			want, err := f.ReadRowGroup(ctx, mem, g, columns)
			if err != nil {
				t.Fatal(err)
			}
			got, err := f.ReadRowGroupInto(ctx, mem, g, columns, places)
			if err != nil {
				t.Fatal(err)
			}
			mustEqual(t, got, want)
			for i, name := range columns {
				if v := wide(want.Column(i)); v != nil && !slices.Contains([]string{"u32", "int96", "int96_opt"}, name) {
					placed++
					if &wide(got.Column(i))[0] != &places[name][0] || !slices.Equal(places[name], v) {
						t.Errorf("%s does not stand in its place", name)
					}
				} else if slices.ContainsFunc(places[name], func(v int64) bool { return v != -77 }) {
					t.Errorf("%s was put to a place that it does not fit", name)
				}
				if room[name][0] != -77 || room[name][rows+1] != -77 {
					t.Errorf("%s was written beside its place", name)
				}
			}
			got.Release()
			want.Release()
			mem.AssertSize(t, 0)
		}
		if f.NumRowGroups() < 2 || placed < 20 {
			t.Errorf("%d columns of %d row groups had a place", placed, f.NumRowGroups())
		}
	}
}

func wide(a arrow.Array) []int64 {
	switch a := a.(type) {
	case *array.Int64:
		return a.Int64Values()
	case *array.Uint64:
		return arrow.Int64Traits.CastFromBytes(arrow.Uint64Traits.CastToBytes(a.Uint64Values()))
	case *array.Timestamp:
		return arrow.Int64Traits.CastFromBytes(arrow.TimestampTraits.CastToBytes(a.TimestampValues()))
	}
	return nil
}

func TestAPlaceOfAnotherLengthIsABug(t *testing.T) {
	ctx, l := context.Background(), open(t, "mem://")
	rec := recordOf(arrow.PrimitiveTypes.Int64, 10, func(b array.Builder, row int) { b.(*array.Int64Builder).Append(int64(row)) })
	if _, err := l.WriteParquet(ctx, "x", rec.Schema(), lake.WriteOptions{}, seq(rec)); err != nil {
		t.Fatal(err)
	}
	f, err := l.OpenParquet(ctx, listed(t, l, "x"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	defer func() {
		if got := fmt.Sprint(recover()); got != "lake: a place of 9 values for column x of 10 rows" {
			t.Errorf("panic %v", got)
		}
	}()
	_, err = f.ReadRowGroupInto(ctx, memory.DefaultAllocator, 0, []string{"x"}, map[string][]int64{"x": make([]int64, 9)})
	t.Errorf("no panic, error %v", err)
}
