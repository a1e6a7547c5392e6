package jobs

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// A file of ours whose footer claims more rows than any machine holds is an error that says so, as of any other damage, and
// does not end the process for want of memory.
func TestAFooterOfTooManyRowsIsDamage(t *testing.T) {
	l, err := lake.Open(t.Context(), "mem://", lake.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	b := array.NewInt64Builder(memory.DefaultAllocator)
	b.AppendValues([]int64{1, 2, 3}, nil)
	schema := arrow.NewSchema([]arrow.Field{{Name: "gmv_paid_fen", Type: arrow.PrimitiveTypes.Int64}}, nil)
	if _, err := l.WriteParquet(t.Context(), "x", schema, lake.WriteOptions{}, one(array.NewRecord(schema, []arrow.Array{b.NewArray()}, 3))); err != nil {
		t.Fatal(err)
	}
	data, err := l.ReadAll(t.Context(), "x", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	const rows, groups = 1 << 26, 20_000 // 10 TiB a column
	damaged := withFooter(t, data, func(meta *format.FileMetaData) {
		g := &meta.RowGroups[0]
		g.NumRows, g.Columns[0].MetaData.NumValues = rows, rows
		meta.NumRows, meta.RowGroups = rows*groups, slices.Repeat(meta.RowGroups, groups)
	})
	if err := l.PutBytes(t.Context(), "y", damaged); err != nil {
		t.Fatal(err)
	}
	objects, err := l.List(t.Context(), "y")
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.OpenParquet(t.Context(), objects[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readTable(t.Context(), f, contract.GMV, &column.IDs{}, "gmv_paid_fen"); !errors.Is(err, errLost) {
		t.Errorf("read of %d rows: %v", f.NumRows(), err)
	}
}

// withFooter is a Parquet file with another footer.
func withFooter(t *testing.T, data []byte, change func(*format.FileMetaData)) []byte {
	t.Helper()
	at := len(data) - 8 - int(binary.LittleEndian.Uint32(data[len(data)-8:]))
	var meta format.FileMetaData
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), data[at:len(data)-8], &meta); err != nil {
		t.Fatal(err)
	}
	change(&meta)
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), &meta)
	if err != nil {
		t.Fatal(err)
	}
	out := append(slices.Clone(data[:at]), footer...)
	return append(binary.LittleEndian.AppendUint32(out, uint32(len(footer))), "PAR1"...)
}
