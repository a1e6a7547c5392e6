// Package lines shows tests the rows of a built table as maps, which they compare with what they expect.
package lines

import (
	"iter"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/windvane/windvane/transforms/calendar"
)

// Line is one row by column name. A null is nil; whole numbers are int, days, codes and text string.
type Line = map[string]any

// T is what tests and property tests have in common.
type T interface {
	Helper()
	Fatal(args ...any)
}

// Of reads all rows. An error of the sequence ends the test.
func Of(t T, records iter.Seq2[arrow.Record, error]) (out []Line) {
	t.Helper()
	for rec, err := range records {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, OfRecord(rec)...)
	}
	return out
}

// OfRecord reads the rows of one record, which stays its owner's.
func OfRecord(rec arrow.Record) []Line {
	out := make([]Line, rec.NumRows())
	for i := range out {
		out[i] = Line{}
		for j, f := range rec.Schema().Fields() {
			out[i][f.Name] = cell(rec.Column(j), i)
		}
	}
	return out
}

func cell(a arrow.Array, i int) any {
	if a.IsNull(i) {
		return nil
	}
	switch a := a.(type) {
	case *array.Int64:
		return int(a.Value(i))
	case *array.Float64:
		return a.Value(i)
	case *array.Boolean:
		return a.Value(i)
	case *array.Date32:
		return calendar.Day(a.Value(i)).String()
	}
	return strings.Clone(a.ValueStr(i)) // the record's memory is used again
}

// Pick keeps some columns.
func Pick(lines []Line, columns ...string) []Line {
	out := []Line{}
	for _, l := range lines {
		kept := Line{}
		for _, c := range columns {
			kept[c] = l[c]
		}
		out = append(out, kept)
	}
	return out
}

// Where keeps the lines with a value.
func Where(lines []Line, column string, value any) []Line {
	return slices.DeleteFunc(slices.Clone(lines), func(l Line) bool { return l[column] != value })
}
