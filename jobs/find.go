package jobs

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// finder looks rows up in the tables of one commit.
type finder struct {
	archive Archive
	night   *committed
}

// match is a column and the value it must have, as text.
type match struct{ column, value string }

// openTable opens a table of the commit, nil if it has none of that name. That its size is the one in the manifest is
// checked; its bytes are not, which verify does.
func (f finder) openTable(ctx context.Context, t *contract.Table) (*lake.File, error) {
	at := slices.IndexFunc(f.night.manifest.Outputs, func(o Output) bool { return o.Table == t.Name })
	if at < 0 {
		return nil, nil
	}
	o := f.night.manifest.Outputs[at]
	obj, err := f.archive.Out.Stat(ctx, o.Key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if obj.Size != o.Bytes {
		return nil, fmt.Errorf("%w: %s has %d bytes, its manifest says %d", ErrDamaged, o.Key, obj.Size, o.Bytes)
	}
	return f.archive.open(ctx, obj)
}

// find reads the rows that match in all columns. Row groups are left out by their statistics, which the order of the
// table makes narrow; of the others the matched columns are read first, and the rest only where a row was found.
func (f finder) find(ctx context.Context, t *contract.Table, by ...match) ([]map[string]any, error) {
	file, err := f.openTable(ctx, t)
	if file == nil || err != nil {
		return nil, err
	}
	defer file.Close()
	var out []map[string]any
	for g := range file.NumRowGroups() {
		if !mayHold(file, g, by) {
			continue
		}
		rows, err := matching(ctx, file, g, by)
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			if out, err = appendRows(ctx, out, file, t, g, rows); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// mayHold tells whether the statistics of a row group leave room for the values.
func mayHold(file *lake.File, group int, by []match) bool {
	for _, m := range by {
		bounds, ok := file.Bounds(group, m.column)
		if !ok {
			continue
		}
		if bounds.Least == nil || !within(file, m, bounds) {
			return false
		}
	}
	return true
}

func within(file *lake.File, m match, b lake.Bounds) bool {
	at := slices.IndexFunc(file.Columns(), func(c lake.SourceColumn) bool { return c.Name == m.column })
	if at < 0 {
		return false
	}
	if file.Columns()[at].Type.ID() != arrow.INT64 {
		return bytes.Compare(b.Least, []byte(m.value)) <= 0 && bytes.Compare([]byte(m.value), b.Greatest) <= 0
	}
	v, ok := wholeID(m.value)
	return ok && int64(binary.LittleEndian.Uint64(b.Least)) <= v && v <= int64(binary.LittleEndian.Uint64(b.Greatest))
}

// wholeID reads an id as a number if it is written as numbers are: 007 is not 7.
func wholeID(text string) (int64, bool) {
	v, err := strconv.ParseInt(text, 10, 64)
	return v, err == nil && strconv.FormatInt(v, 10) == text
}

// matching are the rows of a row group that match.
func matching(ctx context.Context, file *lake.File, group int, by []match) ([]int, error) {
	names := make([]string, len(by))
	for i, m := range by {
		names[i] = m.column
	}
	rec, err := file.ReadRowGroup(ctx, memory.DefaultAllocator, group, names)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	defer rec.Release()
	var rows []int
	for i := range rec.Columns() {
		is, err := equals(rec.Column(i), by[i].value)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: column %s: %w", ErrDamaged, file.Object().Key, by[i].column, err)
		}
		if i == 0 {
			for row := range int(rec.NumRows()) {
				if is(row) {
					rows = append(rows, row)
				}
			}
			continue
		}
		rows = slices.DeleteFunc(rows, func(row int) bool { return !is(row) })
	}
	return rows, nil
}

// equals tells of a row whether its cell is the value; text is compared once per word of the dictionary.
func equals(a arrow.Array, value string) (func(row int) bool, error) {
	if a.DataType().ID() == arrow.INT64 {
		want, ok := wholeID(value)
		read, err := cellsOf(a)
		return func(row int) bool { c := read(row); return ok && !c.null && c.bits == want }, err
	}
	read, err := cellsOf(a)
	return func(row int) bool { return read(row).text == value && !a.IsNull(row) }, err
}

// appendRows reads all columns of some rows.
func appendRows(ctx context.Context, out []map[string]any, file *lake.File, t *contract.Table, group int, rows []int) ([]map[string]any, error) {
	c := newCursor(file, t)
	defer c.close()
	c.group = group
	if err := c.load(ctx); err != nil {
		return nil, err
	}
	for _, row := range rows {
		c.at = row
		values := make(map[string]any, len(t.Columns))
		for i := range t.Columns {
			values[t.Columns[i].Name] = plainValue(&t.Columns[i], c.cell(i))
		}
		out = append(out, values)
	}
	return out, nil
}

// plainValue is a cell as reports take it: ids and days as text, so that no digit is lost.
func plainValue(col *contract.Column, c cell) any {
	switch {
	case c.null:
		return nil
	case col.Kind == contract.ID && c.text == "":
		return strconv.FormatInt(c.bits, 10)
	case col.Kind == contract.Date:
		return calendar.Day(c.bits).String()
	case col.Kind == contract.Real:
		return c.real()
	case col.Kind == contract.Bool:
		return c.bits == 1
	case col.Kind == contract.Count || col.Kind == contract.Fen:
		return c.bits
	}
	return c.text
}
