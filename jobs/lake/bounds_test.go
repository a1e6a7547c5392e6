package lake_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
)

func TestBoundsOfRowGroups(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true}, {Name: "s", Type: arrow.BinaryTypes.String}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.Int64Builder).AppendValues([]int64{-5, 3, 7, 0, 0, 0}, []bool{true, true, true, false, false, false})
	b.Field(1).(*array.StringBuilder).AppendValues([]string{"b", "a", "c", "", "e", "d"}, nil)
	rec := b.NewRecord()
	defer rec.Release()
	l := open(t, "mem://")
	ctx := context.Background()
	if _, err := l.WriteParquet(ctx, "x", schema, lake.WriteOptions{RowGroupRows: 2, Level: lake.Uncompressed}, seq(rec)); err != nil {
		t.Fatal(err)
	}
	obj, err := l.Stat(ctx, "x")
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.OpenParquet(ctx, obj)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	number := func(n int64) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(n)) }
	for _, c := range []struct {
		group  int
		column string
		want   lake.Bounds
	}{
		{0, "n", lake.Bounds{Least: number(-5), Greatest: number(3)}},
		{1, "n", lake.Bounds{Least: number(7), Greatest: number(7), Nulls: 1}},
		{2, "n", lake.Bounds{Nulls: 2}},
		{0, "s", lake.Bounds{Least: []byte("a"), Greatest: []byte("b")}},
		{2, "s", lake.Bounds{Least: []byte("d"), Greatest: []byte("e")}},
	} {
		got, ok := f.Bounds(c.group, c.column)
		if !ok || !bytes.Equal(got.Least, c.want.Least) || !bytes.Equal(got.Greatest, c.want.Greatest) || got.Nulls != c.want.Nulls {
			t.Errorf("%s of row group %d: %v %v, want %v", c.column, c.group, got, ok, c.want)
		}
	}
	if _, ok := f.Bounds(0, "none"); ok {
		t.Error("a column that is not there has bounds")
	}
}
