package column

import (
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/windvane/windvane/transforms/contract"
)

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
	missing  bool  // some value of another kind may be missing

	text  words
	codes codeEntries // of the codes of dict
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
	c.missing = false
	c.text.reset()
	c.codes.reset()
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
	c.wide, c.missing = slices.Grow(c.wide, n)[:at+n], true
	return c.wide[at:]
}

// Ints appends values, each as Int takes it.
func (c *Cell) Ints(values []int64) {
	if c.held == heldWide {
		c.wide, c.missing = append(c.wide, values...), true
		return
	}
	for _, v := range values {
		c.Int(v)
	}
}

// Codes appends values[at], codes as Int takes them and none Null, for every position to a column of texts or of an
// enumeration.
func (c *Cell) Codes(positions []uint8, values []int64) {
	if c.held != heldIndex {
		panic(fmt.Sprintf("column: %s holds no codes", c.column.Name))
	}
	var entries [math.MaxUint8 + 1]uint32
	for at, v := range values {
		entries[at] = c.entryOf(v)
	}
	before := len(c.index)
	c.index = slices.Grow(c.index, len(positions))[:before+len(positions)]
	out := c.index[before:]
	for i, at := range positions {
		out[i] = entries[at]
	}
}

// EntryOf is the entry of a code, as Int takes them and not Null, for Entries. It holds until the record is made.
func (c *Cell) EntryOf(code int64) uint32 { return c.entryOf(code) }

// Entries appends what entries of a column of texts or of an enumeration stand for.
func (c *Cell) Entries(entries []uint32) {
	if c.held != heldIndex {
		panic(fmt.Sprintf("column: %s holds no codes", c.column.Name))
	}
	c.index = append(c.index, entries...)
}

// Flag appends a truth value to a column of them.
func (c *Cell) Flag(v bool) {
	flag := byte(0)
	if v {
		flag = 1
	}
	c.flags = append(c.flags, flag)
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

// RealBits are the IEEE bits of v, Null for NaN; an infinity is a bug of the caller.
func RealBits(v float64) int64 {
	if v-v != 0 { // NaN for NaN and infinities
		return notFinite(v)
	}
	return realBits(v)
}

func notFinite(v float64) int64 {
	if math.IsNaN(v) {
		return Null
	}
	panic(fmt.Sprintf("column: %v never reaches a table", v))
}

// realBits are the IEEE bits of v. Minus zero becomes zero, as the sum with zero is: its bits are those of Null.
func realBits(v float64) int64 { return int64(math.Float64bits(v + 0)) }

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

// Identifier appends an identifier of a domain as text, as IDs.Text writes it, null for Null. A column that takes identifiers
// takes those of one domain, and no codes by Int.
func (c *Cell) Identifier(ids *IDs, d contract.Domain, code int64) {
	if code == Null {
		c.Null()
		return
	}
	c.index = append(c.index, c.codes.of(code, func() uint32 {
		var text [64]byte
		return c.text.add(ids.AppendText(text[:0], d, code))
	}))
}

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
	if c.dict == nil {
		if v < 0 {
			panic(fmt.Sprintf("column: code %d in column %s", v, c.column.Name))
		}
		return uint32(v)
	}
	return c.codes.of(v, func() uint32 { return c.text.add([]byte(c.dict.Value(v))) })
}

// Null appends a missing value; in a required column that is a bug of the caller.
func (c *Cell) Null() {
	if !c.column.Null {
		panic(fmt.Sprintf("column: null in required column %s", c.column.Name))
	}
	c.missing = true
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
