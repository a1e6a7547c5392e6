package market

import (
	"math/bits"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// pool is an allocator that gives buffers out again once the last record that holds them is released.
type pool struct {
	from memory.Allocator
	mu   sync.Mutex
	free map[int][][]byte // by capacity, a power of two
}

func newPool() *pool {
	return &pool{from: memory.NewGoAllocator(), free: map[int][][]byte{}}
}

func (p *pool) Allocate(size int) []byte {
	class := 1 << bits.Len(uint(max(size, 64)-1))
	p.mu.Lock()
	defer p.mu.Unlock()
	if free := p.free[class]; len(free) > 0 {
		b := free[len(free)-1]
		p.free[class] = free[:len(free)-1]
		return b[:size]
	}
	return p.from.Allocate(class)[:size]
}

func (p *pool) Reallocate(size int, b []byte) []byte {
	if cap(b) >= size {
		return b[:size]
	}
	bigger := p.Allocate(size)
	copy(bigger, b)
	p.Free(b)
	return bigger
}

func (p *pool) Free(b []byte) {
	if cap(b) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free[cap(b)] = append(p.free[cap(b)], b[:0])
}

// column is one open column of a batch: plain memory that is filled by row number. Of the slices only the
// one of the column's type is set.
type column struct {
	decl  *contract.Column
	typ   arrow.DataType
	width int // bytes a value; 0: one bit

	data  *memory.Buffer
	valid *memory.Buffer // nil: the column has no nulls

	i64   []int64
	f64   []float64
	i32   []int32
	codes []uint32
	nulls int

	dict  arrow.Array       // of a dictionary column; shared by all batches
	words map[string]uint32 // of a text column without a shared dictionary
	order []string
}

func newColumn(decl *contract.Column, dict arrow.Array) *column {
	c := &column{decl: decl, typ: decl.ArrowType(nil), dict: dict}
	switch c.typ.ID() {
	case arrow.BOOL:
		c.width = 0
	case arrow.DATE32, arrow.DICTIONARY:
		c.width = 4
	default:
		c.width = 8
	}
	if decl.Kind == contract.Enum {
		c.dict = stringArray(decl.Values)
	}
	return c
}

func stringArray(values []string) arrow.Array {
	b := array.NewStringBuilder(memory.NewGoAllocator())
	defer b.Release()
	b.AppendValues(values, nil)
	return b.NewArray()
}

// open gets memory for n rows and keeps the first used of what was open before.
func (c *column) open(mem memory.Allocator, n, used int) {
	data, valid := c.data, c.valid
	c.data = newBuffer(mem, c.bytes(n))
	if c.width == 0 {
		clear(c.data.Bytes())
	}
	if c.decl.Null {
		c.valid = newBuffer(mem, (n+7)/8)
		fill(c.valid.Bytes(), 0xff)
	}
	if used > 0 { // used is a multiple of 8
		copy(c.data.Bytes(), data.Bytes()[:c.bytes(used)])
		data.Release()
		if valid != nil {
			copy(c.valid.Bytes(), valid.Bytes()[:used/8])
			valid.Release()
		}
	} else {
		c.nulls, c.words, c.order = 0, nil, nil
	}
	c.view()
}

func (c *column) bytes(n int) int {
	if c.width == 0 {
		return (n + 7) / 8
	}
	return n * c.width
}

// view casts the memory to the column's type.
func (c *column) view() {
	switch c.typ.ID() {
	case arrow.FLOAT64:
		c.f64 = arrow.Float64Traits.CastFromBytes(c.data.Bytes())
	case arrow.DATE32:
		c.i32 = arrow.Int32Traits.CastFromBytes(c.data.Bytes())
	case arrow.DICTIONARY:
		c.codes = arrow.Uint32Traits.CastFromBytes(c.data.Bytes())
	case arrow.INT64, arrow.TIMESTAMP:
		c.i64 = arrow.Int64Traits.CastFromBytes(c.data.Bytes())
	}
}

func newBuffer(mem memory.Allocator, size int) *memory.Buffer {
	b := memory.NewResizableBuffer(mem)
	b.Resize(size)
	return b
}

func fill(b []byte, v byte) {
	for i := range b {
		b[i] = v
	}
}

// null marks row i; its memory gets zero so that equal rows have equal bytes.
func (c *column) null(i int) {
	c.nulls++
	c.valid.Bytes()[i>>3] &^= 1 << (i & 7)
	switch {
	case c.i64 != nil:
		c.i64[i] = 0
	case c.codes != nil:
		c.codes[i] = 0
	case c.f64 != nil:
		c.f64[i] = 0
	}
}

// set puts a number or a moment.
func (c *column) set(i int, v int64) { c.i64[i] = v }

// setOr puts v where known holds and null elsewhere.
func (c *column) setOr(i int, v int64, known bool) {
	if !known {
		c.null(i)
		return
	}
	c.i64[i] = v
}

func (c *column) code(i int, v uint8)        { c.codes[i] = uint32(v) }
func (c *column) index(i int, v int)         { c.codes[i] = uint32(v) }
func (c *column) real(i int, v float64)      { c.f64[i] = v }
func (c *column) date(i int, d calendar.Day) { c.i32[i] = int32(d) }
func (c *column) flag(i int, v bool) {
	if v {
		c.data.Bytes()[i>>3] |= 1 << (i & 7)
	}
}

// text puts a word; for columns without a shared dictionary.
func (c *column) text(i int, v string) {
	if c.words == nil {
		c.words = map[string]uint32{}
	}
	at, ok := c.words[v]
	if !ok {
		at = uint32(len(c.order))
		c.words[v] = at
		c.order = append(c.order, v)
	}
	c.codes[i] = at
}

// array hands the first n rows over.
func (c *column) array(n int) arrow.Array {
	buffers := []*memory.Buffer{nil, c.data}
	if c.nulls > 0 {
		buffers[0] = c.valid
	}
	var data *array.Data
	if c.typ.ID() == arrow.DICTIONARY {
		dict := c.dict
		if dict == nil {
			dict = stringArray(c.order)
		}
		data = array.NewDataWithDictionary(c.typ, n, buffers, c.nulls, 0, dict.Data().(*array.Data))
	} else {
		data = array.NewData(c.typ, n, buffers, nil, c.nulls, 0)
	}
	defer data.Release()
	c.release()
	return array.MakeFromData(data)
}

func (c *column) release() {
	c.data.Release()
	if c.valid != nil {
		c.valid.Release()
	}
	c.data, c.valid = nil, nil
}
