package lift

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
)

// isParquet looks at the first bytes, whatever the file is called.
func isParquet(file string) (bool, error) {
	info, err := os.Stat(file)
	if err != nil {
		return false, err
	}
	if info.IsDir() {
		return false, fmt.Errorf("%s is a folder; name one CSV or Parquet file", file)
	}
	if !info.Mode().IsRegular() { // a pipe: what is read of it is gone
		return false, nil
	}
	in, err := os.Open(file)
	if err != nil {
		return false, err
	}
	defer in.Close()
	start := make([]byte, 4)
	_, err = io.ReadFull(in, start)
	return err == nil && (string(start) == "PAR1" || string(start) == "PARE"), nil
}

// readParquet reads the wanted columns of a Parquet file.
func readParquet(ctx context.Context, file, missing string, wants []want) (*frame, error) {
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return nil, err
	}
	l, err := lake.Open(ctx, filepath.Dir(real), lake.Options{})
	if err != nil {
		return nil, err
	}
	defer l.Close()
	obj, err := l.Stat(ctx, filepath.Base(real))
	if err != nil {
		return nil, err
	}
	p, err := l.OpenParquet(ctx, obj)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	f := newFrame(file, "row", missing, wants)
	columns := p.Columns()
	there := make([]string, len(columns))
	for i, c := range columns {
		there[i] = c.Name
	}
	if _, err := f.find(there); err != nil {
		return nil, err
	}
	var row int64
	for g := range p.NumRowGroups() {
		if err := f.readGroup(ctx, p, g, row); err != nil {
			return nil, err
		}
		row += p.RowGroupRows(g)
	}
	return f, f.check()
}

// readGroup adds a row group, whose rows follow those before.
func (f *frame) readGroup(ctx context.Context, p *lake.File, group int, before int64) error {
	var names []string
	place := map[string]int{} // a column may be wanted by two flags and is read once
	for _, c := range f.columns {
		if _, known := place[c.want.column]; !known {
			place[c.want.column] = len(names)
			names = append(names, c.want.column)
		}
	}
	rec, err := p.ReadRowGroup(ctx, memory.DefaultAllocator, group, names)
	if err != nil {
		return err
	}
	defer rec.Release()
	cells := make([]arrow.Array, len(f.columns))
	for k, c := range f.columns {
		cells[k] = rec.Column(place[c.want.column])
	}
rows:
	for i := range int(rec.NumRows()) {
		line := before + int64(i) + 1
		for k := range cells {
			ok, err := f.setCell(k, line, cells[k], i)
			if err != nil {
				return err
			}
			if !ok {
				continue rows
			}
		}
		f.keep(line)
	}
	return nil
}

// setCell takes a cell of an Arrow column.
func (f *frame) setCell(k int, line int64, a arrow.Array, i int) (bool, error) {
	c := f.columns[k]
	if isNull(a, i) && c.want.optional {
		return f.set(k, line, "")
	}
	if isNull(a, i) {
		return f.lacks(line, c, "null")
	}
	if v, ok := numberCell(a, i); ok && c.want.number {
		return f.setNumber(k, line, v)
	}
	if c.want.number {
		switch a.DataType().ID() {
		case arrow.STRING, arrow.DICTIONARY, arrow.DECIMAL128:
		default:
			return false, f.errorf(line, c.want.column, "a %s is not a number; is it the column meant?", a.DataType())
		}
	}
	return f.set(k, line, textCell(a, i))
}

// isNull tells whether a cell holds no value. Arrow says so neither of a column of nothing but nulls, which has no bitmap,
// nor of an index that points to a null.
func isNull(a arrow.Array, i int) bool {
	switch a := a.(type) {
	case *array.Null:
		return true
	case *array.Dictionary:
		return a.IsNull(i) || isNull(a.Dictionary(), a.GetValueIndex(i))
	}
	return a.IsNull(i)
}

// numberCell is the number in a cell; not ok if it holds something else.
func numberCell(a arrow.Array, i int) (float64, bool) {
	switch a := a.(type) {
	case *array.Int32:
		return float64(a.Value(i)), true
	case *array.Int64:
		return float64(a.Value(i)), true
	case *array.Uint64:
		return float64(a.Value(i)), true
	case *array.Float32:
		return float64(a.Value(i)), true
	case *array.Float64:
		return a.Value(i), true
	case *array.Boolean:
		if a.Value(i) {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// textCell is a cell as a CSV file would have it.
func textCell(a arrow.Array, i int) string {
	switch a := a.(type) {
	case *array.String:
		return a.Value(i)
	case *array.Dictionary:
		return textCell(a.Dictionary(), a.GetValueIndex(i))
	case *array.Decimal128:
		return a.Value(i).ToString(a.DataType().(*arrow.Decimal128Type).Scale)
	case *array.Date32:
		return a.Value(i).ToTime().Format(time.DateOnly)
	case *array.Timestamp:
		return a.Value(i).ToTime(a.DataType().(*arrow.TimestampType).Unit).UTC().Format("2006-01-02T15:04:05.000000000")
	case *array.FixedSizeBinary:
		return fmt.Sprintf("%x", a.Value(i))
	case *array.Float64:
		return strconv.FormatFloat(a.Value(i), 'g', -1, 64)
	}
	return a.ValueStr(i)
}
