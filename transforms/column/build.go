package column

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/transforms/contract"
)

// Builder makes the Arrow record of a contract table, row by row, one call per column and row.
type Builder struct {
	table   *contract.Table
	ids     *IDs
	columns []*Cell
}

// NewBuilder builds rows of table t.
func NewBuilder(t *contract.Table, ids *IDs) *Builder {
	b := &Builder{table: t, ids: ids}
	for i := range t.Columns {
		c := &t.Columns[i]
		cell := &Cell{column: c, dict: ids.Dict(*c)}
		if c.ArrowType(ids.Types) == arrow.DataType(contract.StringType) && c.Kind != contract.Enum {
			cell.words = map[string]int64{}
		}
		b.columns = append(b.columns, cell)
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
func (b *Builder) Len() int { return len(b.columns[0].values) }

// Cell collects the values of one column.
type Cell struct {
	column *contract.Column
	dict   *Dict            // of the codes given to Int, for identifiers of type STRING
	words  map[string]int64 // text → index in the record's own dictionary
	list   []string
	codes  map[int64]int64 // Dict code → index in the record's own dictionary
	values []int64
	nulls  int
}

// Int appends an integer, a code, a day, a flag (0 or 1) or Null.
func (c *Cell) Int(v int64) {
	if v == Null {
		c.Null()
		return
	}
	if c.dict != nil {
		c.code(v)
		return
	}
	c.values = append(c.values, v)
}

// Flag appends a truth value.
func (c *Cell) Flag(v bool) {
	if v {
		c.Int(1)
	} else {
		c.Int(0)
	}
}

// Real appends a float; NaN and infinities are bugs of the caller.
func (c *Cell) Real(v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		panic(fmt.Sprintf("column: %s: %v never reaches a table", c.column.Name, v))
	}
	c.values = append(c.values, realBits(v))
}

// realBits are the IEEE bits of v. Minus zero becomes zero: its bits are those of Null.
func realBits(v float64) int64 {
	if v == 0 {
		return 0
	}
	return int64(math.Float64bits(v))
}

// Ratio appends num/den as a float, null where den is 0 or either is Null.
func (c *Cell) Ratio(num, den int64) {
	if den == 0 || den == Null || num == Null {
		c.Null()
		return
	}
	c.Real(float64(num) / float64(den))
}

// Text appends a string.
func (c *Cell) Text(s string) {
	i, ok := c.words[s]
	if !ok {
		i = int64(len(c.list))
		c.words[s] = i
		c.list = append(c.list, s)
	}
	c.values = append(c.values, i)
}

func (c *Cell) code(v int64) {
	i, ok := c.codes[v]
	if !ok {
		if c.codes == nil {
			c.codes = map[int64]int64{}
		}
		i = int64(len(c.list))
		c.codes[v] = i
		c.list = append(c.list, c.dict.Value(v))
	}
	c.values = append(c.values, i)
}

// Null appends a missing value; in a required column that is a bug of the caller.
func (c *Cell) Null() {
	if !c.column.Null {
		panic(fmt.Sprintf("column: null in required column %s", c.column.Name))
	}
	c.nulls++
	c.values = append(c.values, Null)
}

// Record finishes the rows. The caller releases it.
func (b *Builder) Record(mem memory.Allocator) arrow.Record {
	n := b.Len()
	schema := b.table.Schema(b.ids.Types)
	arrays := make([]arrow.Array, len(b.columns))
	for i, c := range b.columns {
		if len(c.values) != n {
			panic(fmt.Sprintf("column: table %s: %d values of %s, %d rows", b.table.Name, len(c.values), c.column.Name, n))
		}
		arrays[i] = c.array(schema.Field(i).Type, mem)
	}
	rec := array.NewRecord(schema, arrays, int64(n))
	for _, a := range arrays {
		a.Release()
	}
	return rec
}

func (c *Cell) array(t arrow.DataType, mem memory.Allocator) arrow.Array {
	n := len(c.values)
	validity := c.validity(mem)
	data := memory.NewResizableBuffer(mem)
	defer data.Release()
	switch t.ID() {
	case arrow.INT64, arrow.TIMESTAMP, arrow.FLOAT64:
		data.Resize(n * 8)
		out := arrow.Int64Traits.CastFromBytes(data.Bytes())
		for i, v := range c.values {
			if v == Null && c.nulls > 0 {
				v = 0
			}
			out[i] = v
		}
	case arrow.DATE32:
		data.Resize(n * 4)
		out := arrow.Int32Traits.CastFromBytes(data.Bytes())
		for i, v := range c.values {
			out[i] = int32(v)
		}
	case arrow.BOOL:
		data.Resize(int(bitutil.BytesForBits(int64(n))))
		clear(data.Bytes())
		for i, v := range c.values {
			if v == 1 {
				bitutil.SetBit(data.Bytes(), i)
			}
		}
	case arrow.DICTIONARY:
		return c.dictionary(validity, mem)
	default:
		panic(fmt.Sprintf("column: no builder for %s", t))
	}
	d := array.NewData(t, n, []*memory.Buffer{validity, data}, nil, c.nulls, 0)
	defer d.Release()
	if validity != nil {
		validity.Release()
	}
	return array.MakeFromData(d)
}

// validity is the null bitmap, nil when nothing is null.
func (c *Cell) validity(mem memory.Allocator) *memory.Buffer {
	if c.nulls == 0 {
		return nil
	}
	b := memory.NewResizableBuffer(mem)
	b.Resize(int(bitutil.BytesForBits(int64(len(c.values)))))
	clear(b.Bytes())
	for i, v := range c.values {
		if v != Null {
			bitutil.SetBit(b.Bytes(), i)
		}
	}
	return b
}

func (c *Cell) dictionary(validity *memory.Buffer, mem memory.Allocator) arrow.Array {
	n := len(c.values)
	data := memory.NewResizableBuffer(mem)
	defer data.Release()
	data.Resize(n * 4)
	out := arrow.Uint32Traits.CastFromBytes(data.Bytes())
	for i, v := range c.values {
		if v == Null {
			v = 0
		}
		out[i] = uint32(v)
	}
	words := c.list
	if c.column.Kind == contract.Enum {
		words = c.column.Values
	}
	sb := array.NewStringBuilder(mem)
	defer sb.Release()
	sb.AppendValues(words, nil)
	dict := sb.NewArray()
	defer dict.Release()
	d := array.NewDataWithDictionary(contract.StringType, n, []*memory.Buffer{validity, data}, c.nulls, 0, dict.Data().(*array.Data))
	defer d.Release()
	if validity != nil {
		validity.Release()
	}
	return array.MakeFromData(d)
}
