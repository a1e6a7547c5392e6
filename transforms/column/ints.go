package column

import (
	"math"
	"slices"
)

// Ints are whole numbers of many subjects that do not change any more, each in as few bytes as most of them take: one, two or
// four where most lie close above the least, none where all are the same. The few that are larger stand apart: sales fall
// like a power of the rank, and the largest subject is no reason to hold all in eight bytes. Null is one of the numbers.
type Ints struct {
	n     int
	first int64 // value of code 1
	none  int64 // value of code 0: Null, or the value of all
	ones  []uint8
	twos  []uint16
	fours []uint32
	all   []int64

	rows   []uint32 // where the largest code stands: ascending
	values []int64  // of these rows
}

// integer are the types that numbers come in.
type integer interface {
	~int8 | ~int16 | ~int32 | ~int64
}

// rareBytes is what a number takes that stands apart.
const rareBytes = 4 + 8

// NewInts holds a copy of values, of which there are fewer than 2³².
func NewInts[T integer](values []T) *Ints {
	least, nulls := int64(math.MaxInt64), 0
	for _, value := range values {
		if v := int64(value); v == Null {
			nulls++
		} else {
			least = min(least, v)
		}
	}
	c := &Ints{n: len(values), first: least, none: Null}
	if nulls == len(values) {
		return c
	}
	var above [3]int // values that need more than one, two, four bytes
	same := true
	for _, value := range values {
		v := int64(value)
		same = same && v == least
		if code := uint64(v) - uint64(least); v != Null {
			above[0] += number(code >= math.MaxUint8-1)
			above[1] += number(code >= math.MaxUint16-1)
			above[2] += number(code >= math.MaxUint32-1)
		}
	}
	one, two, four := len(values)+rareBytes*above[0], 2*len(values)+rareBytes*above[1], 4*len(values)+rareBytes*above[2]
	switch {
	case same:
		c.none = least
	case one <= min(two, four, 8*len(values)):
		c.ones = codes[uint8](c, values)
	case two <= min(four, 8*len(values)):
		c.twos = codes[uint16](c, values)
	case four <= 8*len(values):
		c.fours = codes[uint32](c, values)
	default:
		c.all = make([]int64, len(values))
		for i, v := range values {
			c.all[i] = int64(v)
		}
	}
	return c
}

func number(is bool) int {
	if is {
		return 1
	}
	return 0
}

// Same are n times the same value.
func Same(value int64, n int) *Ints { return &Ints{n: n, none: value} }

// codes are those of values; the largest code says that a value stands apart.
func codes[C uint8 | uint16 | uint32, T integer](c *Ints, values []T) []C {
	out, apart := make([]C, len(values)), ^C(0)
	for i, value := range values {
		v := int64(value)
		if v == Null {
			continue
		}
		if code := uint64(v) - uint64(c.first); code < uint64(apart)-1 {
			out[i] = C(code) + 1
			continue
		}
		out[i] = apart
		c.rows, c.values = append(c.rows, uint32(i)), append(c.values, v)
	}
	c.rows, c.values = slices.Clip(c.rows), slices.Clip(c.values)
	return out
}

// Len is the number of subjects.
func (c *Ints) Len() int { return c.n }

// At is the value of subject i.
func (c *Ints) At(i int) int64 {
	var code, apart uint64
	switch {
	case c.ones != nil:
		code, apart = uint64(c.ones[i]), math.MaxUint8
	case c.twos != nil:
		code, apart = uint64(c.twos[i]), math.MaxUint16
	case c.fours != nil:
		code, apart = uint64(c.fours[i]), math.MaxUint32
	case c.all != nil:
		return c.all[i]
	}
	switch code {
	case 0:
		return c.none
	case apart:
		at, _ := slices.BinarySearch(c.rows, uint32(i))
		return c.values[at]
	}
	return int64(uint64(c.first) + code - 1)
}

// Values are all values, for the few who need a slice.
func (c *Ints) Values() []int64 {
	out := make([]int64, c.n)
	for i := range out {
		out[i] = c.At(i)
	}
	return out
}
