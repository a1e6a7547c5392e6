// Package lines shows tests the rows of a built table as maps, which they compare with what they expect.
package lines

import (
	"iter"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/windvane/windvane/transforms/calendar"
)

// Line is one row by column name. A null is nil; whole numbers are int, days calendar.Day, codes and text string.
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
		for i := range int(rec.NumRows()) {
			l := Line{}
			for j, f := range rec.Schema().Fields() {
				l[f.Name] = cell(rec.Column(j), i)
			}
			out = append(out, l)
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
	case *array.Date32:
		return calendar.Day(a.Value(i))
	case *array.Dictionary:
		return a.Dictionary().(*array.String).Value(a.GetValueIndex(i))
	}
	panic("lines: a column of type " + a.DataType().String()) // no builder makes one
}
