package column

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/transforms/contract"
)

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
	if !c.missing || !slices.Contains(values, null) {
		return nil, 0
	}
	if !c.column.Null {
		panic(fmt.Sprintf("column: null in required column %s", c.column.Name))
	}
	b := zeroed(len(values), mem)
	bitmap, nulls := b.Bytes(), 0
	for i, v := range values { // without a guess which are null
		present := T(1)
		if v == null {
			present = 0
		}
		values[i] = v & -present
		bitmap[i>>3] |= byte(present) << (i & 7)
		nulls += int(1 - present)
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

// bytesOf views numbers as bytes.
func bytesOf[T int32 | int64 | uint32](v []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*int(unsafe.Sizeof(*new(T))))
}
