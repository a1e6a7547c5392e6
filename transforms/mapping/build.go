package mapping

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

// allocate makes room for n values. The caller releases the buffer.
func allocate[T arrow.FixedWidthType](mem memory.Allocator, n int) (*memory.Buffer, []T) {
	var one T
	buf := memory.NewResizableBuffer(mem)
	buf.Resize(n * int(unsafe.Sizeof(one)))
	return buf, arrow.GetData[T](buf.Bytes())
}

// allocateBits makes a bitmap of n bits, all zero. The caller releases the buffer.
func allocateBits(mem memory.Allocator, n int) *memory.Buffer {
	buf := memory.NewResizableBuffer(mem)
	buf.Resize(int(bitutil.BytesForBits(int64(n))))
	clear(buf.Bytes())
	return buf
}

// assemble makes an array of a type from values and validity (nil: no nulls), and takes over both buffers.
func assemble(dt arrow.DataType, n int, values, valid *memory.Buffer, nulls int) arrow.Array {
	data := array.NewData(dt, n, []*memory.Buffer{valid, values}, nil, nulls, 0)
	defer data.Release()
	values.Release()
	if valid != nil {
		valid.Release()
	}
	return array.MakeFromData(data)
}

// validity is the bitmap of an array's values from bit 0, nil if it has no nulls. The caller releases it.
func validity(mem memory.Allocator, a arrow.Array) *memory.Buffer {
	if a.NullN() == 0 {
		return nil
	}
	shared := a.Data().Buffers()[0]
	if a.Data().Offset() == 0 {
		shared.Retain()
		return shared
	}
	own := allocateBits(mem, a.Len())
	bitutil.CopyBitmap(shared.Bytes(), a.Data().Offset(), a.Len(), own.Bytes(), 0)
	return own
}

// retyped is the array's data under another type of the same layout. It shares the buffers.
func retyped(a arrow.Array, dt arrow.DataType) arrow.Array {
	d := a.Data()
	data := array.NewData(dt, d.Len(), slices.Clone(d.Buffers()), nil, d.NullN(), d.Offset())
	defer data.Release()
	return array.MakeFromData(data)
}

// transform makes a column from another's values, with the same nulls. The caller releases it.
func transform[From, To arrow.FixedWidthType](mem memory.Allocator, a arrow.Array, dt arrow.DataType, f func(row int, v From) To) arrow.Array {
	from := arrow.GetValues[From](a.Data(), 1)
	buf, to := allocate[To](mem, a.Len())
	if a.NullN() == 0 {
		for i, v := range from {
			to[i] = f(i, v)
		}
		return assemble(dt, a.Len(), buf, nil, 0)
	}
	clear(to)
	for i, v := range from {
		if a.IsValid(i) {
			to[i] = f(i, v)
		}
	}
	return assemble(dt, a.Len(), buf, validity(mem, a), a.NullN())
}

// nullable makes a column row by row; f is asked for rows that are valid in a, and its second result
// false makes the row null. The caller releases it.
func nullable[To arrow.FixedWidthType](mem memory.Allocator, a arrow.Array, dt arrow.DataType, f func(row int) (To, bool)) arrow.Array {
	n := a.Len()
	buf, to := allocate[To](mem, n)
	clear(to)
	valid, nulls := allocateBits(mem, n), n
	for i := range n {
		if a.IsNull(i) {
			continue
		}
		v, ok := f(i)
		if ok {
			to[i] = v
			bitutil.SetBit(valid.Bytes(), i)
			nulls--
		}
	}
	return assemble(dt, n, buf, valid, nulls)
}

// dictionary joins indices and values to text as the contract has it, and releases the indices.
func dictionary(indices, values arrow.Array) arrow.Array {
	defer indices.Release()
	return array.NewDictionaryArray(contract.StringType, indices, values)
}

// newStrings is an array of strings outside any allocator's account, for the life of its user.
func newStrings(values []string) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.AppendValues(values, nil)
	return b.NewArray()
}

// take is the array of the named rows of a. The caller releases it.
func take(mem memory.Allocator, a arrow.Array, rows []uint32) arrow.Array {
	switch a := a.(type) {
	case *array.Dictionary:
		return dictionary(take(mem, a.Indices(), rows), a.Dictionary())
	case *array.Boolean:
		return takeBits(mem, a, rows)
	case *array.Int64, *array.Timestamp:
		return takeFixed[int64](mem, a, rows)
	case *array.Float64:
		return takeFixed[float64](mem, a, rows)
	case *array.Date32:
		return takeFixed[int32](mem, a, rows)
	case *array.Uint32:
		return takeFixed[uint32](mem, a, rows)
	}
	panic(fmt.Sprintf("mapping: the contract has no column of type %s", a.DataType()))
}

func takeFixed[T arrow.FixedWidthType](mem memory.Allocator, a arrow.Array, rows []uint32) arrow.Array {
	from := arrow.GetValues[T](a.Data(), 1)
	buf, to := allocate[T](mem, len(rows))
	for i, row := range rows {
		to[i] = from[row]
	}
	valid, nulls := takeValidity(mem, a, rows)
	return assemble(a.DataType(), len(rows), buf, valid, nulls)
}

func takeBits(mem memory.Allocator, a *array.Boolean, rows []uint32) arrow.Array {
	buf := allocateBits(mem, len(rows))
	for i, row := range rows {
		if a.Value(int(row)) {
			bitutil.SetBit(buf.Bytes(), i)
		}
	}
	valid, nulls := takeValidity(mem, a, rows)
	return assemble(a.DataType(), len(rows), buf, valid, nulls)
}

// takeValidity is the bitmap of the named rows and their nulls, nil if there are none.
func takeValidity(mem memory.Allocator, a arrow.Array, rows []uint32) (valid *memory.Buffer, nulls int) {
	if a.NullN() == 0 {
		return nil, 0
	}
	valid = allocateBits(mem, len(rows))
	for i, row := range rows {
		if a.IsValid(int(row)) {
			bitutil.SetBit(valid.Bytes(), i)
		} else {
			nulls++
		}
	}
	return valid, nulls
}

// withoutRows makes the rows in off null. It takes over a.
func (c *conversion) withoutRows(a arrow.Array, off rowSet) arrow.Array {
	if off == nil {
		return a
	}
	defer a.Release()
	d := a.Data()
	valid, nulls := allocateBits(c.mem, d.Offset()+d.Len()), 0
	for i := range d.Len() {
		if a.IsValid(i) && !off.has(i) {
			bitutil.SetBit(valid.Bytes(), d.Offset()+i)
		} else {
			nulls++
		}
	}
	defer valid.Release()
	buffers := slices.Clone(d.Buffers())
	buffers[0] = valid
	var dict *array.Data
	if d.Dictionary() != nil {
		dict = d.Dictionary().(*array.Data)
	}
	data := array.NewDataWithDictionary(a.DataType(), d.Len(), buffers, nulls, d.Offset(), dict)
	defer data.Release()
	return array.MakeFromData(data)
}
