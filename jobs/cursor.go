package jobs

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// cell is one value of a published table: text in text, everything else in bits, as contract.Kind says.
type cell struct {
	null bool
	bits int64
	text string
}

// compare orders cells of one column, nulls last.
func (a cell) compare(b cell, kind contract.Kind) int {
	switch {
	case a.null || b.null:
		return compareBools(a.null, b.null)
	case kind == contract.Real:
		return cmp.Compare(a.real(), b.real())
	}
	return cmp.Or(strings.Compare(a.text, b.text), cmp.Compare(a.bits, b.bits))
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func (a cell) real() float64 { return math.Float64frombits(uint64(a.bits)) }

// show writes the cell for people.
func (a cell) show(c *contract.Column) string {
	switch {
	case a.null:
		return "null"
	case a.text != "":
		return a.text
	}
	switch c.Kind {
	case contract.Real:
		return fmt.Sprint(a.real())
	case contract.Bool:
		return fmt.Sprint(a.bits == 1)
	case contract.Date:
		return calendar.Day(a.bits).String()
	case contract.Text, contract.Enum:
		return ""
	}
	return fmt.Sprint(a.bits)
}

// json is the cell for programs.
func (a cell) json(c *contract.Column) any {
	switch {
	case a.null:
		return nil
	case a.text != "":
		return a.text
	}
	switch c.Kind {
	case contract.Real:
		return a.real()
	case contract.Bool:
		return a.bits == 1
	case contract.Text, contract.Enum, contract.Date:
		return a.show(c)
	}
	return a.bits
}

// cursor walks the rows of a published table, holding one row group at a time.
type cursor struct {
	table  *contract.Table
	file   *lake.File
	read   []int // positions of the columns read, in contract order
	group  int
	rec    arrow.Record
	at     int   // row in rec
	number int64 // row in the file
	cells  []func(row int) cell
}

// newCursor reads the named columns, all if none are named, of a file that has them.
func newCursor(file *lake.File, t *contract.Table, columns ...string) *cursor {
	c := &cursor{table: t, file: file, at: -1, number: -1}
	for i := range t.Columns {
		if len(columns) == 0 {
			c.read = append(c.read, i)
		}
	}
	for _, name := range columns {
		c.read = append(c.read, t.Index(name))
	}
	return c
}

func (c *cursor) names() []string {
	names := make([]string, len(c.read))
	for i, at := range c.read {
		names[i] = c.table.Columns[at].Name
	}
	return names
}

// next steps to the next row and tells whether there is one.
func (c *cursor) next(ctx context.Context) (bool, error) {
	c.at++
	c.number++
	for c.rec == nil || c.at >= int(c.rec.NumRows()) {
		if c.group == c.file.NumRowGroups() {
			return false, nil
		}
		if err := c.load(ctx); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (c *cursor) load(ctx context.Context) error {
	c.close()
	rec, err := c.file.ReadRowGroup(ctx, memory.DefaultAllocator, c.group, c.names())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	c.rec, c.at = rec, 0
	c.group++
	c.cells = make([]func(int) cell, len(c.table.Columns))
	for i, at := range c.read {
		read, err := cellsOf(rec.Column(i))
		if err != nil {
			return fmt.Errorf("%w: %s: column %s: %w", ErrDamaged, c.file.Object().Key, c.table.Columns[at].Name, err)
		}
		c.cells[at] = read
	}
	return nil
}

// cell is the value of a column, by its position in the contract, in the current row.
func (c *cursor) cell(column int) cell { return c.cells[column](c.at) }

func (c *cursor) close() {
	if c.rec != nil {
		c.rec.Release()
		c.rec = nil
	}
}

// key are the current row's values of the columns at these positions.
func (c *cursor) key(columns []int) []cell {
	key := make([]cell, len(columns))
	for i, at := range columns {
		key[i] = c.cell(at)
	}
	return key
}

// positions are where the table has the named columns.
func positions(t *contract.Table, names []string) []int {
	at := make([]int, len(names))
	for i, name := range names {
		at[i] = t.Index(name)
	}
	return at
}

// compareKeys orders the keys of two rows.
func compareKeys(t *contract.Table, columns []int, a, b []cell) int {
	for i, at := range columns {
		if c := a[i].compare(b[i], t.Columns[at].Kind); c != 0 {
			return c
		}
	}
	return 0
}

// showKey writes a key as "role=merchant, subject_id=7".
func showKey(t *contract.Table, columns []int, key []cell) string {
	parts := make([]string, len(columns))
	for i, at := range columns {
		parts[i] = t.Columns[at].Name + "=" + key[i].show(&t.Columns[at])
	}
	return strings.Join(parts, ", ")
}

// cellsOf is how the cells of an array of one of the contract's types are read.
func cellsOf(a arrow.Array) (func(row int) cell, error) {
	switch a := a.(type) {
	case *array.Int64:
		return nullable(a, func(i int) cell { return cell{bits: a.Value(i)} }), nil
	case *array.Timestamp:
		return nullable(a, func(i int) cell { return cell{bits: int64(a.Value(i))} }), nil
	case *array.Date32:
		return nullable(a, func(i int) cell { return cell{bits: int64(a.Value(i))} }), nil
	case *array.Float64:
		return nullable(a, func(i int) cell { return cell{bits: int64(math.Float64bits(a.Value(i)))} }), nil
	case *array.Boolean:
		return nullable(a, func(i int) cell {
			if a.Value(i) {
				return cell{bits: 1}
			}
			return cell{}
		}), nil
	case *array.String:
		return nullable(a, func(i int) cell { return cell{text: a.Value(i)} }), nil
	case *array.Dictionary:
		if words, ok := a.Dictionary().(*array.String); ok {
			return nullable(a, func(i int) cell { return cell{text: words.Value(a.GetValueIndex(i))} }), nil
		}
	}
	return nil, fmt.Errorf("type %s is not one that windvane publishes", a.DataType())
}

func nullable(a arrow.Array, value func(int) cell) func(int) cell {
	if a.NullN() == 0 {
		return value
	}
	return func(i int) cell {
		if a.IsNull(i) {
			return cell{null: true}
		}
		return value(i)
	}
}
