package column

import (
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/transforms/contract"
)

// Builder makes Arrow records of a contract table, one column at a time: value by value, or many at once.
// The values are kept as Arrow keeps them, so that a record takes them over without a copy.
type Builder struct {
	table   *contract.Table
	ids     *IDs
	schema  *arrow.Schema
	columns []*Cell
}

// NewBuilder builds rows of table t.
func NewBuilder(t *contract.Table, ids *IDs) *Builder {
	b := &Builder{table: t, ids: ids, schema: t.Schema(ids.Types)}
	for i := range t.Columns {
		c := &t.Columns[i]
		b.columns = append(b.columns, &Cell{column: c, dict: ids.Dict(*c), held: heldAs(b.schema.Field(i).Type)})
	}
	return b
}

// Column is the builder of one column. Resolve it once, outside the loop over rows.
func (b *Builder) Column(name string) *Cell {
	i := b.table.Index(name)
	if i < 0 {
		panic(fmt.Sprintf("column: table %s declares no column %s", b.table.Name, name))
	}
	return b.columns[i]
}

// Columns are the builders of all columns in contract order.
func (b *Builder) Columns() []*Cell { return b.columns }

// Len is the number of rows so far.
func (b *Builder) Len() int { return b.columns[0].Len() }

// Grow makes room for n more rows.
func (b *Builder) Grow(n int) {
	for _, c := range b.columns {
		c.grow(n)
	}
}

// Reset starts over in the memory of the record made last. Nobody may look at that record any more.
func (b *Builder) Reset() {
	for _, c := range b.columns {
		c.reset()
	}
}

// Record finishes the rows. The caller releases it.
func (b *Builder) Record(mem memory.Allocator) arrow.Record {
	n := b.Len()
	arrays := make([]arrow.Array, len(b.columns))
	for i, c := range b.columns {
		if c.Len() != n {
			panic(fmt.Sprintf("column: table %s: %d values of %s, %d rows", b.table.Name, c.Len(), c.column.Name, n))
		}
		arrays[i] = c.array(b.schema.Field(i).Type, mem)
	}
	rec := array.NewRecord(b.schema, arrays, int64(n))
	for _, a := range arrays {
		a.Release()
	}
	return rec
}
