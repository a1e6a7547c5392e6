package mapping

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/zeebo/xxh3"
)

// texts reads the values of any text array. The strings point into the array and live as long as it does.
type texts struct {
	bytes  []byte
	narrow []int32 // offsets of STRING and BINARY
	wide   []int64 // offsets of their LARGE forms
}

func textsOf(a arrow.Array) texts {
	if a.Len() == 0 {
		return texts{}
	}
	var t texts
	if buf := a.Data().Buffers()[2]; buf != nil {
		t.bytes = buf.Bytes()
	}
	switch a.DataType().ID() {
	case arrow.STRING, arrow.BINARY:
		t.narrow = arrow.GetOffsets[int32](a.Data(), 1)
	case arrow.LARGE_STRING, arrow.LARGE_BINARY:
		t.wide = arrow.GetOffsets[int64](a.Data(), 1)
	default:
		panic(fmt.Sprintf("mapping: %s is no text", a.DataType()))
	}
	return t
}

// at is the text of a row.
func (t texts) at(i int) string {
	var b []byte
	if t.narrow != nil {
		b = t.bytes[t.narrow[i]:t.narrow[i+1]]
	} else {
		b = t.bytes[t.wide[i]:t.wide[i+1]]
	}
	return unsafe.String(unsafe.SliceData(b), len(b)) // no copy: the array is not written while it is read
}

// text makes dictionary-encoded text of plain text or of whole numbers in decimal.
func (c *conversion) text(a arrow.Array) arrow.Array {
	if isText(a.DataType()) {
		return newEncoder(c).encode(a, textsOf(a).at)
	}
	whole := c.whole(a, c.tooLargeForText())
	defer whole.Release()
	values := arrow.GetValues[int64](whole.Data(), 1)
	return newEncoder(c).encode(whole, func(row int) string { return strconv.FormatInt(values[row], 10) })
}

// tooLargeForText is why a number beyond int64 is rejected.
func (c *conversion) tooLargeForText() Reason {
	if c.Kind == contract.ID {
		return contract.RejectBadID
	}
	return contract.RejectOutOfRange
}

// textFault is why a text cannot be used; ok is false if it can.
func (c *conversion) textFault(s string) (reason Reason, bad bool) {
	switch {
	case s == "" && c.Kind == contract.ID:
		return contract.RejectBadID, true
	case len(s) > MaxText, !utf8.ValidString(s), strings.IndexByte(s, 0) >= 0:
		return contract.RejectBadText, true
	}
	return 0, false
}

// isNothing tells whether a text says that there is none, as of warehouses whose columns are never null and empty by
// default. An id is no such text: an empty one is wrong.
func (c *conversion) isNothing(s string) bool { return s == "" && c.Kind == contract.Text && c.Null }

// encoder gives each distinct text of one record a code: open addressing on the 64-bit hash, each text
// checked once.
type encoder struct {
	c      *conversion
	slots  []uint32 // code+1; 0 is free
	hashes []uint64 // of the codes
	faults []int16  // of the codes: the reason, or -1
	values []string // of the codes, in the memory of the source
	bytes  int      // of values
}

func newEncoder(c *conversion) *encoder {
	return &encoder{c: c, slots: make([]uint32, 1024)}
}

// encode makes the column of the texts that at gives for the valid rows of a.
func (e *encoder) encode(a arrow.Array, at func(row int) string) arrow.Array {
	buf, codes := allocate[uint32](e.c.mem, a.Len())
	clear(codes)
	var off rowSet
	eachValid(a, func(row int) {
		s := at(row)
		if e.c.isNothing(s) {
			if off == nil {
				off = newRowSet(a.Len())
			}
			off.add(row)
			return
		}
		code := e.code(s)
		codes[row] = code
		if f := e.faults[code]; f >= 0 {
			e.c.reject(row, Reason(f), s)
		}
	})
	indices := assemble(arrow.PrimitiveTypes.Uint32, a.Len(), buf, validity(e.c.mem, a), a.NullN())
	values := e.array()
	defer values.Release()
	return e.c.withoutRows(dictionary(indices, values), off)
}

// array is the dictionary. A text that cannot be used is empty in it: its rows leave.
func (e *encoder) array() arrow.Array {
	b := array.NewStringBuilder(e.c.mem)
	defer b.Release()
	b.Reserve(len(e.values))
	b.ReserveData(e.bytes)
	for code, s := range e.values {
		if e.faults[code] >= 0 {
			s = ""
		}
		b.Append(s)
	}
	return b.NewArray()
}

// code is the code of s, a new one if s is new.
func (e *encoder) code(s string) uint32 {
	hash := xxh3.HashString(s)
	mask := uint64(len(e.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		slot := e.slots[at]
		if slot == 0 {
			e.slots[at] = e.add(s, hash) + 1
			return e.grown(e.slots[at] - 1)
		}
		if e.hashes[slot-1] == hash && e.values[slot-1] == s {
			return slot - 1
		}
	}
}

// add appends a new text.
func (e *encoder) add(s string, hash uint64) uint32 {
	fault := int16(-1)
	if reason, bad := e.c.textFault(s); bad {
		fault = int16(reason)
	} else {
		e.bytes += len(s)
	}
	e.values, e.hashes, e.faults = append(e.values, s), append(e.hashes, hash), append(e.faults, fault)
	return uint32(len(e.hashes) - 1)
}

// grown doubles the slots where they are half full, and returns code.
func (e *encoder) grown(code uint32) uint32 {
	if 2*len(e.hashes) <= len(e.slots) {
		return code
	}
	e.slots = make([]uint32, 2*len(e.slots))
	mask := uint64(len(e.slots) - 1)
	for i, hash := range e.hashes {
		at := hash & mask
		for e.slots[at] != 0 {
			at = (at + 1) & mask
		}
		e.slots[at] = uint32(i) + 1
	}
	return code
}

// dictionaryText keeps the source's dictionary; each of its texts is checked once.
func (c *conversion) dictionaryText(d *array.Dictionary) arrow.Array {
	values, void, faults := c.checkedValues(d.Dictionary())
	defer values.Release()
	indices := c.indices(d)
	if len(faults) > 0 {
		texts := textsOf(d.Dictionary())
		eachValid(indices, func(row int) {
			if reason, bad := faults[indices.Value(row)]; bad {
				c.reject(row, reason, texts.at(int(indices.Value(row))))
			}
		})
	}
	if void == nil {
		return dictionary(indices, values)
	}
	off := newRowSet(d.Len())
	eachValid(indices, func(row int) {
		if void.has(int(indices.Value(row))) {
			off.add(row)
		}
	})
	return c.withoutRows(dictionary(indices, values), off)
}

// checkedValues is a dictionary as the contract has it, the set of its null values (nil: none), and what
// is wrong with which others.
func (c *conversion) checkedValues(a arrow.Array) (values arrow.Array, void rowSet, faults map[uint32]Reason) {
	texts := textsOf(a)
	for i := range a.Len() {
		if a.IsNull(i) || c.isNothing(texts.at(i)) {
			if void == nil {
				void = newRowSet(a.Len())
			}
			void.add(i)
			continue
		}
		if reason, bad := c.textFault(texts.at(i)); bad {
			if faults == nil {
				faults = map[uint32]Reason{}
			}
			faults[uint32(i)] = reason
		}
	}
	if a.DataType().ID() == arrow.STRING && void == nil && faults == nil {
		a.Retain()
		return a, nil, nil
	}
	return copyStrings(c.mem, a, texts, func(i int) bool { _, bad := faults[uint32(i)]; return bad || void.has(i) }), void, faults
}

// copyStrings is a text array as STRING; where blank says so the text becomes empty.
func copyStrings(mem memory.Allocator, a arrow.Array, texts texts, blank func(i int) bool) arrow.Array {
	b := array.NewStringBuilder(mem)
	defer b.Release()
	b.Reserve(a.Len())
	for i := range a.Len() {
		if blank(i) {
			b.Append("")
			continue
		}
		b.Append(texts.at(i))
	}
	return b.NewArray()
}
