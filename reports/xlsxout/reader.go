package xlsxout

import (
	"fmt"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/windvane/windvane/transforms/contract"
)

// reader gives the cells of one row of a record by column.
type reader struct {
	row   int
	cells map[string]func(row int) any
}

// newReader finds every column of the table. A null is nil; ids and text are strings, days moments, flags bool, money
// and counts int64, the rest float64.
func newReader(t *contract.Table, rec arrow.Record) (*reader, error) {
	r := &reader{cells: make(map[string]func(int) any, len(t.Columns))}
	for i := range t.Columns {
		name := t.Columns[i].Name
		at := rec.Schema().FieldIndices(name)
		if len(at) != 1 {
			return nil, fmt.Errorf("the record has %d columns %s", len(at), name)
		}
		a := rec.Column(at[0])
		read, err := valuesOf(a)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", name, err)
		}
		r.cells[name] = func(row int) any {
			if a.IsNull(row) {
				return nil
			}
			return read(row)
		}
	}
	return r, nil
}

func valuesOf(a arrow.Array) (func(row int) any, error) {
	switch a := a.(type) {
	case *array.Int64:
		return func(i int) any { return a.Value(i) }, nil
	case *array.Float64:
		return func(i int) any { return a.Value(i) }, nil
	case *array.Boolean:
		return func(i int) any { return a.Value(i) }, nil
	case *array.Date32:
		return func(i int) any { return a.Value(i).ToTime() }, nil
	case *array.String:
		return func(i int) any { return a.Value(i) }, nil
	case *array.Dictionary:
		if words, ok := a.Dictionary().(*array.String); ok {
			return func(i int) any { return words.Value(a.GetValueIndex(i)) }, nil
		}
	}
	return nil, fmt.Errorf("type %s is not one that lists have", a.DataType())
}

func (r *reader) value(name string) any { return r.cells[name](r.row) }

// text is a cell as text; empty for a null.
func (r *reader) text(name string) string {
	s, _ := r.value(name).(string)
	return s
}

func (r *reader) flag(name string) bool {
	b, _ := r.value(name).(bool)
	return b
}

func (r *reader) day(name string) string {
	if d, ok := r.value(name).(time.Time); ok {
		return d.Format(time.DateOnly)
	}
	return ""
}

func (r *reader) real(name string) *float64 {
	if v, ok := r.value(name).(float64); ok {
		return &v
	}
	return nil
}
