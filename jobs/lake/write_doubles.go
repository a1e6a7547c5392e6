package lake

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/parquet-go/parquet-go/format"
)

var errNotFinite = errors.New("a value is NaN or infinite")

// doubles are values of Float64 columns.
type doubles struct {
	values     []float64
	distinct   distinctDoubles
	dictionary bool
}

func (b *doubles) append(arr arrow.Array, from, to int) error {
	before := len(b.values)
	b.values = appendPresent(b.values, arr.(*array.Float64).Float64Values(), arr, from, to)
	for _, v := range b.values[before:] {
		if v-v != 0 { // NaN for NaN and infinities
			return errNotFinite
		}
	}
	return nil
}

// choose takes a dictionary if it saves half, as it does of scores, bounds and weights: zstd has that much less to look at.
// Of many values three tenths are enough: zstd finds hardly more in bytes of whole doubles than it does in indices and in
// each double once, and takes much longer. Small files stay small.
func (b *doubles) choose() (format.Encoding, []byte, int) {
	b.dictionary = false
	if len(b.values) < fewForDictionary || !b.distinct.collect(b.values) {
		return format.Plain, nil, 0
	}
	n, tenths := len(b.distinct.values), 5
	if len(b.values) >= manyDoubles {
		tenths = 7
	}
	if indexed := 8*n + len(b.values)*bitWidth(n)/8; 10*indexed >= tenths*8*len(b.values) {
		return format.Plain, nil, 0
	}
	b.dictionary = true
	return format.RLEDictionary, asBytes(b.distinct.values), n
}

// uniform tells zeros apart.
func (b *doubles) uniform() bool { return allAlike(asSlice[uint64](asBytes(b.values))) }

func (b *doubles) encode(dst []byte, from, to int) ([]byte, error) {
	if b.dictionary {
		return appendIndices(dst, b.distinct.positions[from:to])
	}
	return append(dst, asBytes(b.values[from:to])...), nil
}

// bounds follow the format: a least of zero is -0, a greatest +0.
func (b *doubles) bounds(from, to int) (least, greatest []byte, ok bool) {
	if from == to {
		return nil, nil, false
	}
	lo, hi := b.values[from], b.values[from]
	for _, v := range b.values[from:to] { // min and max are slower: they look for NaN
		if v < lo {
			lo = v
		} else if v > hi {
			hi = v
		}
	}
	if lo == 0 {
		lo = math.Copysign(0, -1)
	}
	if hi == 0 {
		hi = 0
	}
	return boundOf(lo), boundOf(hi), true
}

func boundOf(v float64) []byte {
	return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v))
}

func (b *doubles) compare(x, y []byte) int {
	return cmp.Compare(math.Float64frombits(binary.LittleEndian.Uint64(x)), math.Float64frombits(binary.LittleEndian.Uint64(y)))
}

func (b *doubles) reset() { b.values = b.values[:0] }

// fewForDictionary are too few numbers for a dictionary, which has a page and so a header of its own.
const fewForDictionary = 1 << 10

// manyDoubles are worth more for the time that zstd takes than for their size.
const manyDoubles = 1 << 15

// mostDistinct is how many entries a dictionary of doubles may have: indices of 16 bits are packed many at once.
const mostDistinct = 1 << 16

// Of the first doubles of a row group no more than these are distinct where a dictionary may pay.
const (
	firstDoubles  = 1 << 15
	firstDistinct = firstDoubles / 8 * 7
)

// distinctDoubles finds the distinct values of a row group, told apart by their bits, in the order of first appearance.
type distinctDoubles struct {
	values    []float64
	positions []uint32 // of every value of the row group
	slots     []doubleSlot
	shift     int // from a hash to a slot
}

type doubleSlot struct {
	bits     uint64 // noDouble: free
	position uint32
}

// noDouble are the bits of a NaN, which no column has.
const noDouble = math.MaxUint64

// collect takes the values of a row group, and is false, with the work unfinished, if too many are distinct.
func (d *distinctDoubles) collect(values []float64) bool {
	d.values, d.positions = d.values[:0], grow(d.positions, len(values))
	d.resize(max(len(d.slots), 1<<8)) // as many as it took the last time
	for i, v := range values {
		slot := d.slot(math.Float64bits(v))
		if slot.bits == noDouble {
			if n := len(d.values); n == mostDistinct || n == firstDistinct && i < firstDoubles {
				return false
			}
			if 2*len(d.values) == len(d.slots) {
				d.resize(2 * len(d.slots))
				slot = d.slot(math.Float64bits(v))
			}
			*slot = doubleSlot{math.Float64bits(v), uint32(len(d.values))}
			d.values = append(d.values, v)
		}
		d.positions[i] = slot.position
	}
	return true
}

// slot is that of a value, or the free one where it belongs.
func (d *distinctDoubles) slot(x uint64) *doubleSlot {
	at := (x ^ x>>32) * 0x9e3779b97f4a7c15 >> d.shift // Fibonacci hashing; numbers of few digits have zeros in their low bits
	for d.slots[at].bits != x && d.slots[at].bits != noDouble {
		at = (at + 1) % uint64(len(d.slots))
	}
	return &d.slots[at]
}

// resize makes n slots, a power of two, and puts the values into them.
func (d *distinctDoubles) resize(n int) {
	d.slots, d.shift = grow(d.slots, n), 64-bits.TrailingZeros(uint(n))
	for i := range d.slots {
		d.slots[i].bits = noDouble
	}
	for position, v := range d.values {
		*d.slot(math.Float64bits(v)) = doubleSlot{math.Float64bits(v), uint32(position)}
	}
}
