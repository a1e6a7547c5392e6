package mapping

import (
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/windvane/windvane/transforms/contract"
)

// conversion is one column of one record on its way to the contract's type.
type conversion struct {
	*plan
	mem    memory.Allocator
	env    Env
	reject func(row int, reason Reason, value string)
}

// convert makes the contract's column of a source column whose type was accepted. What it rejects has any
// value. The error is that of damaged data. The caller releases the array.
func (c *conversion) convert(a arrow.Array) (arrow.Array, error) {
	if a.DataType().ID() == arrow.NULL {
		return c.nulls(a.Len()), nil
	}
	if d, ok := a.(*array.Dictionary); ok {
		if err := checkIndices(d); err != nil {
			return nil, err
		}
		if c.dictionaryEncoded() && isText(d.DataType()) {
			return c.dictionaryText(d), nil
		}
		return c.throughDictionary(d)
	}
	switch c.Kind {
	case contract.ID:
		if c.dictionaryEncoded() {
			return c.text(a), nil
		}
		return c.identifier(a), nil
	case contract.Key:
		return c.key(a), nil
	case contract.Buyer:
		return c.buyer(a), nil
	case contract.Fen:
		return c.money(a), nil
	case contract.Count:
		return c.count(a), nil
	case contract.Real:
		return c.real(a), nil
	case contract.Bool:
		return c.boolean(a), nil
	case contract.Instant:
		return c.instant(a), nil
	case contract.Date:
		return c.date(a), nil
	case contract.Text:
		return c.text(a), nil
	case contract.Enum:
		return c.enumerate(a), nil
	}
	panic(fmt.Sprintf("mapping: column %s has no kind", c.Name))
}

// dictionaryEncoded tells whether the column is text of open values: Text, or ID of a STRING domain.
func (c *conversion) dictionaryEncoded() bool {
	return c.Kind == contract.Text || c.Kind == contract.ID && c.env.IDs[c.Domain]
}

// throughDictionary converts each value of a dictionary once and spreads the results over the rows.
func (c *conversion) throughDictionary(d *array.Dictionary) (arrow.Array, error) {
	type verdict struct {
		reason Reason
		value  string
	}
	bad := map[int]verdict{}
	once := *c
	once.reject = func(row int, reason Reason, value string) {
		if _, found := bad[row]; !found {
			bad[row] = verdict{reason, value}
		}
	}
	values, err := once.convert(d.Dictionary())
	if err != nil {
		return nil, err
	}
	defer values.Release()
	indices := c.indices(d)
	defer indices.Release()
	if len(bad) > 0 {
		eachValid(indices, func(row int) {
			if v, found := bad[int(indices.Value(row))]; found {
				c.reject(row, v.reason, v.value)
			}
		})
	}
	return c.spread(values, indices), nil
}

// eachValid calls f for every row of an array that is not null.
func eachValid(a arrow.Array, f func(row int)) {
	if a.NullN() == 0 {
		for i := range a.Len() {
			f(i)
		}
		return
	}
	for i := range a.Len() {
		if a.IsValid(i) {
			f(i)
		}
	}
}

// indices are a dictionary's indices as uint32. The caller releases them.
func (c *conversion) indices(d *array.Dictionary) *array.Uint32 {
	return indices(c.mem, d.Indices()).(*array.Uint32)
}

func indices(mem memory.Allocator, a arrow.Array) arrow.Array {
	u32 := arrow.PrimitiveTypes.Uint32
	switch a := a.(type) {
	case *array.Uint32:
		a.Retain()
		return a
	case *array.Int32:
		return retyped(a, u32)
	case *array.Int8:
		return transform(mem, a, u32, func(_ int, v int8) uint32 { return uint32(v) })
	case *array.Int16:
		return transform(mem, a, u32, func(_ int, v int16) uint32 { return uint32(v) })
	case *array.Int64:
		return transform(mem, a, u32, func(_ int, v int64) uint32 { return uint32(v) })
	case *array.Uint8:
		return transform(mem, a, u32, func(_ int, v uint8) uint32 { return uint32(v) })
	case *array.Uint16:
		return transform(mem, a, u32, func(_ int, v uint16) uint32 { return uint32(v) })
	case *array.Uint64:
		return transform(mem, a, u32, func(_ int, v uint64) uint32 { return uint32(v) })
	}
	panic(fmt.Sprintf("mapping: a dictionary has indices of type %s", a.DataType()))
}

// checkIndices refuses indices outside the dictionary: damaged data that would fail far from here.
func checkIndices(d *array.Dictionary) error {
	size := d.Dictionary().Len()
	if u, ok := d.Indices().(*array.Uint32); ok && allBelow(u.Uint32Values(), size) {
		return nil
	}
	for i := range d.Len() {
		if d.IsNull(i) {
			continue // the index of a null may be anything
		}
		if v := d.GetValueIndex(i); v < 0 || v >= size {
			return fmt.Errorf("a dictionary of %d values is asked for value %d", size, v)
		}
	}
	return nil
}

// allBelow tells whether all indices, those of nulls included, lie below size.
func allBelow(indices []uint32, size int) bool {
	var top uint32
	for _, v := range indices {
		top = max(top, v)
	}
	return len(indices) == 0 || int64(top) < int64(size)
}

// spread is the column whose row i is values[indices[i]]. The caller releases it.
func (c *conversion) spread(values arrow.Array, indices *array.Uint32) arrow.Array {
	if indices.NullN() == 0 {
		return take(c.mem, values, indices.Uint32Values())
	}
	// Null rows may have any index; the first value stands in and becomes null.
	if values.Len() == 0 {
		return c.nulls(indices.Len())
	}
	rows, off := make([]uint32, indices.Len()), newRowSet(indices.Len())
	for i := range rows {
		if indices.IsNull(i) {
			off.add(i)
		} else {
			rows[i] = indices.Value(i)
		}
	}
	return c.withoutRows(take(c.mem, values, rows), off)
}
