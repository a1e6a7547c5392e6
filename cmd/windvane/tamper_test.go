package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
)

// tamper rewrites one Parquet file:
//
//	drop COLUMN                  without the column
//	rename COLUMN NAME           the column by another name
//	double COLUMN FACTOR         integers as doubles, times FACTOR
//	words COLUMN                 any values as text
//	set COLUMN VALUE ROWS        VALUE in the first ROWS rows; null is a null
//	rows N                       the first N rows only
//	swap                         the first two rows exchanged
func tamper(ctx context.Context, file, how string, args []string) error {
	l, err := lake.Open(ctx, filepath.Dir(file), lake.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	rec, err := readWhole(ctx, l, filepath.Base(file))
	if err != nil {
		return err
	}
	if rec, err = tampered(rec, how, args); err != nil {
		return err
	}
	one := func(yield func(arrow.Record, error) bool) { yield(rec, nil) }
	_, err = l.WriteParquet(ctx, filepath.Base(file), rec.Schema(), lake.WriteOptions{}, iter.Seq2[arrow.Record, error](one))
	return err
}

// errNoRows says that a file has no row group.
var errNoRows = errors.New("no rows")

// readWhole reads the only row group of a file.
func readWhole(ctx context.Context, l *lake.Lake, key string) (arrow.Record, error) {
	obj, err := l.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	f, err := l.OpenParquet(ctx, obj)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if f.NumRowGroups() == 0 {
		return nil, fmt.Errorf("%s: %w", key, errNoRows)
	}
	if f.NumRowGroups() != 1 {
		return nil, fmt.Errorf("%s has %d row groups", key, f.NumRowGroups())
	}
	var names []string
	for _, c := range f.Columns() {
		names = append(names, c.Name)
	}
	return f.ReadRowGroup(ctx, memory.DefaultAllocator, 0, names)
}

func tampered(rec arrow.Record, how string, args []string) (arrow.Record, error) {
	fields, columns := slices.Clone(rec.Schema().Fields()), slices.Clone(rec.Columns())
	rows := rec.NumRows()
	at := -1
	if len(args) > 0 {
		at = slices.IndexFunc(fields, func(f arrow.Field) bool { return f.Name == args[0] })
	}
	if at < 0 && how != "rows" && how != "swap" {
		return nil, fmt.Errorf("no column %v", args)
	}
	var err error
	switch how {
	case "drop":
		fields, columns = slices.Delete(fields, at, at+1), slices.Delete(columns, at, at+1)
	case "rename":
		fields[at].Name = args[1]
	case "double":
		fields[at].Type = arrow.PrimitiveTypes.Float64
		columns[at], err = rebuilt(columns[at], fields[at].Type, func(i int, v string) string { return times(v, args[1]) })
	case "words":
		fields[at].Type = arrow.BinaryTypes.String
		columns[at], err = rebuilt(columns[at], fields[at].Type, func(_ int, v string) string { return v })
	case "set":
		first, _ := strconv.Atoi(args[2])
		fields[at].Nullable = fields[at].Nullable || args[1] == "null"
		columns[at], err = rebuilt(columns[at], fields[at].Type, func(i int, v string) string {
			if i < first {
				return args[1]
			}
			return v
		})
	case "rows":
		rows, err = strconv.ParseInt(args[0], 10, 64)
		for i := range columns {
			columns[i] = array.NewSlice(columns[i], 0, rows)
		}
	case "swap":
		for i := range columns {
			parts := []arrow.Array{array.NewSlice(columns[i], 1, 2), array.NewSlice(columns[i], 0, 1), array.NewSlice(columns[i], 2, rows)}
			if columns[i], err = array.Concatenate(parts, memory.DefaultAllocator); err != nil {
				return nil, err
			}
		}
	default:
		err = fmt.Errorf("tamper does not know %s", how)
	}
	if err != nil {
		return nil, err
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), columns, rows), nil
}

// times multiplies a number in text form.
func times(v, factor string) string {
	a, err := strconv.ParseFloat(v, 64)
	if err != nil {
		return v
	}
	b, _ := strconv.ParseFloat(factor, 64)
	return strconv.FormatFloat(a*b, 'f', -1, 64)
}

// rebuilt makes an array of the texts that value gives for the texts of another; "null" is a null.
func rebuilt(a arrow.Array, t arrow.DataType, value func(i int, v string) string) (arrow.Array, error) {
	b := array.NewBuilder(memory.DefaultAllocator, t)
	for i := range a.Len() {
		v := "null"
		if !a.IsNull(i) {
			v = a.ValueStr(i)
		}
		if v = value(i, v); v == "null" {
			b.AppendNull()
		} else if err := b.AppendValueFromString(v); err != nil {
			return nil, err
		}
	}
	return b.NewArray(), nil
}
