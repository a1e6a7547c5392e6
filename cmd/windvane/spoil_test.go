package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"

	"github.com/windvane/windvane/jobs/lake"
)

// spoil rewrites the only file of a table's day with other cells: value is asked for every one, and gives nil for a null.
// It writes with Arrow, which unlike our own writer writes anything. A day without rows stays as it is.
func spoil(t *testing.T, input, table, day string, value func(f arrow.Field, row int) (v any, change bool)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(input, "dumps", table, "dt="+day, "*.parquet"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%s of %s has %d files, %v", table, day, len(files), err)
	}
	l, err := lake.Open(t.Context(), filepath.Dir(files[0]), lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	rec, err := readWhole(t.Context(), l, filepath.Base(files[0]))
	if errors.Is(err, errNoRows) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	fields, columns := slices.Clone(rec.Schema().Fields()), slices.Clone(rec.Columns())
	for i := range fields {
		if fields[i].Type.ID() == arrow.DICTIONARY {
			fields[i].Type = arrow.BinaryTypes.String
		}
		fields[i].Nullable = true
		columns[i] = spoiltColumn(t, columns[i], fields[i], value)
	}
	out, err := os.Create(files[0])
	if err != nil {
		t.Fatal(err)
	}
	whole := array.NewTableFromRecords(arrow.NewSchema(fields, nil), []arrow.Record{array.NewRecord(arrow.NewSchema(fields, nil), columns, rec.NumRows())})
	if err := pqarrow.WriteTable(whole, out, 1<<20, nil, pqarrow.DefaultWriterProps()); err != nil { // closes the file
		t.Fatal(err)
	}
}

func spoiltColumn(t *testing.T, a arrow.Array, f arrow.Field, value func(f arrow.Field, row int) (any, bool)) arrow.Array {
	t.Helper()
	b := array.NewBuilder(memory.DefaultAllocator, f.Type)
	defer b.Release()
	for i := range a.Len() {
		v, change := value(f, i)
		switch {
		case change && v == nil, !change && a.IsNull(i):
			b.AppendNull()
		case !change && f.Type.ID() == arrow.TIMESTAMP: // an extreme one has no text that reads back
			appendValue(t, b, int64(a.(*array.Timestamp).Value(i)))
		case !change && f.Type.ID() == arrow.DATE32:
			appendValue(t, b, int64(a.(*array.Date32).Value(i)))
		case !change:
			if err := b.AppendValueFromString(a.ValueStr(i)); err != nil {
				t.Fatalf("column %s: %v", f.Name, err)
			}
		default:
			appendValue(t, b, v)
		}
	}
	return b.NewArray()
}

func appendValue(t *testing.T, b array.Builder, v any) {
	t.Helper()
	switch b := b.(type) {
	case *array.Int64Builder:
		b.Append(v.(int64))
	case *array.Int32Builder:
		b.Append(int32(v.(int64)))
	case *array.Float64Builder:
		b.Append(v.(float64))
	case *array.StringBuilder:
		b.Append(v.(string))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(v.(int64)))
	case *array.Date32Builder:
		b.Append(arrow.Date32(v.(int64)))
	default:
		t.Fatalf("no values for %T", b)
	}
}
