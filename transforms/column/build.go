package column

import (
	"fmt"
	"math"
	"slices"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
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

// held is how a column's values are kept until the record is made.
type held uint8

const (
	heldWide  held = iota // INT64, TIMESTAMP, and the bits of FLOAT64
	heldDays              // DATE32
	heldFlags             // BOOL, one byte each
	heldIndex             // DICTIONARY
)

func heldAs(t arrow.DataType) held {
	switch t.ID() {
	case arrow.INT64, arrow.TIMESTAMP, arrow.FLOAT64:
		return heldWide
	case arrow.DATE32:
		return heldDays
	case arrow.BOOL:
		return heldFlags
	case arrow.DICTIONARY:
		return heldIndex
	}
	panic(fmt.Sprintf("column: no builder for %s", t))
}

// What stands for a missing value until the record is made; that of heldWide is Null. Days and indices have it
// beside them, since every value of theirs may be meant.
const (
	noFlag  = 2
	noIndex = math.MaxUint32
)

// Cell collects the values of one column.
type Cell struct {
	column *contract.Column
	dict   *Dict // of the codes given to Int, for identifiers of type STRING
	held   held

	wide     []int64
	days     []int32
	flags    []byte
	index    []uint32
	nullDays []int // rows of days that are missing

	text words
	code map[int64]uint32 // Dict code → entry
	last struct {         // code that was looked up last
		code  int64
		entry uint32
		ok    bool
	}
}

// Len is the number of values so far.
func (c *Cell) Len() int {
	switch c.held {
	case heldWide:
		return len(c.wide)
	case heldDays:
		return len(c.days)
	case heldFlags:
		return len(c.flags)
	}
	return len(c.index)
}

func (c *Cell) grow(n int) {
	switch c.held {
	case heldWide:
		c.wide = slices.Grow(c.wide, n)
	case heldDays:
		c.days = slices.Grow(c.days, n)
	case heldFlags:
		c.flags = slices.Grow(c.flags, n)
	case heldIndex:
		c.index = slices.Grow(c.index, n)
	}
}

func (c *Cell) reset() {
	c.wide, c.days, c.flags, c.index, c.nullDays = c.wide[:0], c.days[:0], c.flags[:0], c.index[:0], c.nullDays[:0]
	c.text.reset()
	clear(c.code)
	c.last.ok = false
}

// Int appends an integer, a code, a day, a flag (0 or 1) or Null.
func (c *Cell) Int(v int64) {
	if v == Null {
		c.Null()
		return
	}
	switch c.held {
	case heldWide:
		c.wide = append(c.wide, v)
	case heldDays:
		c.days = append(c.days, int32(v))
	case heldFlags:
		c.flags = append(c.flags, byte(v))
	case heldIndex:
		c.index = append(c.index, c.entryOf(v))
	}
}

// Repeat appends v, as Int takes it, n times.
func (c *Cell) Repeat(v int64, n int) {
	if n == 0 {
		return
	}
	c.Int(v)
	switch c.held {
	case heldWide:
		c.wide = repeatLast(c.wide, n)
	case heldDays:
		if v == Null {
			for at := len(c.days); at < len(c.days)+n-1; at++ {
				c.nullDays = append(c.nullDays, at)
			}
		}
		c.days = repeatLast(c.days, n)
	case heldFlags:
		c.flags = repeatLast(c.flags, n)
	case heldIndex:
		c.index = repeatLast(c.index, n)
	}
}

// repeatLast makes n of the last value.
func repeatLast[T any](s []T, n int) []T {
	v, at := s[len(s)-1], len(s)
	s = slices.Grow(s, n-1)[:at+n-1]
	for i := at; i < len(s); i++ {
		s[i] = v
	}
	return s
}

// Extend appends n values of a column of integers, instants or reals and returns them for the caller to set, as Int
// takes them; reals by RatioBits. They are not zero before.
func (c *Cell) Extend(n int) []int64 {
	if c.held != heldWide {
		panic(fmt.Sprintf("column: %s is not made of int64", c.column.Name))
	}
	at := len(c.wide)
	c.wide = slices.Grow(c.wide, n)[:at+n]
	return c.wide[at:]
}

// Ints appends values, each as Int takes it.
func (c *Cell) Ints(values []int64) {
	if c.held == heldWide {
		c.wide = append(c.wide, values...)
		return
	}
	for _, v := range values {
		c.Int(v)
	}
}

// Codes appends values[at] for every position to a column of an enumeration. Null is no such value.
func (c *Cell) Codes(positions []uint8, values []int64) {
	if c.column.Kind != contract.Enum {
		panic(fmt.Sprintf("column: %s is no enumeration", c.column.Name))
	}
	for _, at := range positions {
		c.index = append(c.index, uint32(values[at]))
	}
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
	c.wide = append(c.wide, realBits(v))
}

// RealOrNull is Real, null for NaN.
func (c *Cell) RealOrNull(v float64) {
	if math.IsNaN(v) {
		c.Null()
		return
	}
	c.Real(v)
}

// realBits are the IEEE bits of v. Minus zero becomes zero: its bits are those of Null.
func realBits(v float64) int64 {
	if v == 0 {
		return 0
	}
	return int64(math.Float64bits(v))
}

// Ratio appends num/den as a float, null where den is 0 or either is Null.
func (c *Cell) Ratio(num, den int64) { c.Int(RatioBits(num, den)) }

// RatioBits are the IEEE bits of num/den, Null where den is 0 or either is Null.
func RatioBits(num, den int64) int64 {
	if den == 0 || den == Null || num == Null {
		return Null
	}
	return realBits(float64(num) / float64(den))
}

// Text appends a string.
func (c *Cell) Text(s string) { c.index = append(c.index, c.text.find(s)) }

// Entry puts a text into the record's dictionary, without a look whether it is there already, for RepeatEntry.
// It holds until the record is made.
func (c *Cell) Entry(text []byte) uint32 { return c.text.add(text) }

// RepeatEntry appends the text of an entry n times.
func (c *Cell) RepeatEntry(entry uint32, n int) {
	if n > 0 {
		c.index = repeatLast(append(c.index, entry), n)
	}
}

// entryOf is the entry of a code in the record's own dictionary; that of an enumeration is the code.
func (c *Cell) entryOf(v int64) uint32 {
	switch {
	case c.dict == nil:
		return uint32(v)
	case c.last.ok && c.last.code == v:
		return c.last.entry
	}
	i, ok := c.code[v]
	if !ok {
		if c.code == nil {
			c.code = map[int64]uint32{}
		}
		i = c.text.add([]byte(c.dict.Value(v)))
		c.code[v] = i
	}
	c.last.code, c.last.entry, c.last.ok = v, i, true
	return i
}

// Null appends a missing value; in a required column that is a bug of the caller.
func (c *Cell) Null() {
	if !c.column.Null {
		panic(fmt.Sprintf("column: null in required column %s", c.column.Name))
	}
	switch c.held {
	case heldWide:
		c.wide = append(c.wide, Null)
	case heldDays:
		c.nullDays = append(c.nullDays, len(c.days))
		c.days = append(c.days, 0)
	case heldFlags:
		c.flags = append(c.flags, noFlag)
	case heldIndex:
		c.index = append(c.index, noIndex)
	}
}

// words is the dictionary of one column of one record.
type words struct {
	known map[string]uint32 // entries made by find
	last  string            // found last
	at    uint32
	data  []byte
	ends  []int32 // of the entries in data, after a 0
}

func (w *words) add(text []byte) uint32 {
	if len(w.ends) == 0 {
		w.ends = append(w.ends, 0)
	}
	w.data = append(w.data, text...)
	if len(w.data) > math.MaxInt32 {
		panic("column: texts of one record beyond 2 GiB")
	}
	w.ends = append(w.ends, int32(len(w.data)))
	return uint32(len(w.ends) - 2)
}

// find is the entry of a text that may be there already; the same text often comes many times in a row.
func (w *words) find(s string) uint32 {
	if w.last == s && len(w.known) > 0 {
		return w.at
	}
	i, ok := w.known[s]
	if !ok {
		if w.known == nil {
			w.known = map[string]uint32{}
		}
		i = w.add([]byte(s))
		w.known[s] = i
	}
	w.last, w.at = s, i
	return i
}

func (w *words) reset() {
	clear(w.known)
	w.data, w.ends, w.last = w.data[:0], w.ends[:0], ""
}

// array is the dictionary as Arrow has it.
func (w *words) array() arrow.Array {
	ends := w.ends
	if len(ends) == 0 {
		ends = []int32{0}
	}
	buffers := []*memory.Buffer{nil, memory.NewBufferBytes(bytesOf(ends)), memory.NewBufferBytes(w.data)}
	d := array.NewData(arrow.BinaryTypes.String, len(ends)-1, buffers, nil, 0, 0)
	defer d.Release()
	return array.MakeFromData(d)
}

// bytesOf views numbers as bytes.
func bytesOf[T int32 | int64 | uint32](v []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*int(unsafe.Sizeof(*new(T))))
}

// array takes the values over.
func (c *Cell) array(t arrow.DataType, mem memory.Allocator) arrow.Array {
	var data, validity *memory.Buffer
	var nulls int
	switch c.held {
	case heldWide:
		validity, nulls = takeNulls(c, c.wide, Null, mem)
		data = memory.NewBufferBytes(bytesOf(c.wide))
	case heldDays:
		validity, nulls = c.nullDaysBitmap(mem), len(c.nullDays)
		data = memory.NewBufferBytes(bytesOf(c.days))
	case heldFlags:
		validity, nulls = takeNulls(c, c.flags, noFlag, mem)
		data = packFlags(c.flags, mem)
	case heldIndex:
		validity, nulls = takeNulls(c, c.index, noIndex, mem)
		data = memory.NewBufferBytes(bytesOf(c.index))
	}
	defer data.Release()
	if validity != nil {
		defer validity.Release()
	}
	buffers := []*memory.Buffer{validity, data}
	if c.held != heldIndex {
		d := array.NewData(t, c.Len(), buffers, nil, nulls, 0)
		defer d.Release()
		return array.MakeFromData(d)
	}
	dict := c.dictionary()
	defer dict.Release()
	d := array.NewDataWithDictionary(t, c.Len(), buffers, nulls, 0, dict.Data().(*array.Data))
	defer d.Release()
	return array.MakeFromData(d)
}

func (c *Cell) dictionary() arrow.Array {
	if c.column.Kind != contract.Enum {
		return c.text.array()
	}
	var values words
	for _, v := range c.column.Values {
		values.add([]byte(v))
	}
	return values.array()
}

// takeNulls counts the values that stand for a missing one, makes them zero and marks them in a bitmap, nil if there
// are none.
func takeNulls[T byte | int64 | uint32](c *Cell, values []T, null T, mem memory.Allocator) (*memory.Buffer, int) {
	nulls := 0
	for _, v := range values {
		if v == null {
			nulls++
		}
	}
	if nulls == 0 {
		return nil, 0
	}
	if !c.column.Null {
		panic(fmt.Sprintf("column: null in required column %s", c.column.Name))
	}
	b := zeroed(len(values), mem)
	bitmap := b.Bytes()
	for i, v := range values {
		if v == null {
			values[i] = 0
		} else {
			bitmap[i>>3] |= 1 << (i & 7)
		}
	}
	return b, nulls
}

func (c *Cell) nullDaysBitmap(mem memory.Allocator) *memory.Buffer {
	if len(c.nullDays) == 0 {
		return nil
	}
	b := zeroed(len(c.days), mem)
	bitutil.SetBitsTo(b.Bytes(), 0, int64(len(c.days)), true)
	for _, i := range c.nullDays {
		bitutil.ClearBit(b.Bytes(), i)
	}
	return b
}

// packFlags makes bits of flags.
func packFlags(flags []byte, mem memory.Allocator) *memory.Buffer {
	b := zeroed(len(flags), mem)
	bitmap := b.Bytes()
	for i, v := range flags {
		bitmap[i>>3] |= v & 1 << (i & 7)
	}
	return b
}

// zeroed is a bitmap of n bits.
func zeroed(n int, mem memory.Allocator) *memory.Buffer {
	b := memory.NewResizableBuffer(mem)
	b.Resize(int(bitutil.BytesForBits(int64(n))))
	clear(b.Bytes())
	return b
}
