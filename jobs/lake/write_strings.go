package lake

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math"
	"math/bits"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/parquet-go/parquet-go/format"
)

// stringValues are the strings of a row group: each distinct one once, in the order of first appearance, which
// depends on the rows alone.
type stringValues struct {
	data    []byte
	offsets []uint32 // of the distinct strings; one more than there are
	heads   []uint64 // their first bytes, which mostly tell which of two is less
	// Subjects come in the order of their texts: as long as every new string is greater than all before, nothing has to be
	// looked up, and positions order as their strings do. slots hold positions + 1 by hash, from the first string on that is
	// not; 0: free, as at least half of them are.
	ascending bool
	slots     []uint32
	values    []uint32 // positions of the values
	encoding  format.Encoding
	seen      []uint64 // bit set of the distinct strings of a page
	remap     []uint32 // of the dictionary of the array at hand: position + 1
	prefixes  prefixes // of the page at hand, if they are left out
}

func newStrings() *stringValues { return &stringValues{offsets: []uint32{0}, ascending: true} }

func (b *stringValues) append(arr arrow.Array, from, to int) error {
	switch a := arr.(type) {
	case *array.String:
		return b.appendStrings(a, from, to)
	case *array.Dictionary:
		return b.appendDictionary(a, from, to)
	default:
		return unsupportedf("writing %s", arr.DataType())
	}
}

func (b *stringValues) appendStrings(a *array.String, from, to int) error {
	for i := from; i < to; i++ {
		if a.IsValid(i) {
			at, err := b.position(a.Value(i))
			if err != nil {
				return err
			}
			b.values = append(b.values, at)
		}
	}
	return nil
}

// appendDictionary looks each entry of the array's dictionary up once.
func (b *stringValues) appendDictionary(a *array.Dictionary, from, to int) error {
	words := a.Dictionary().(*array.String)
	b.remap = grow(b.remap, words.Len())
	clear(b.remap)
	indices := a.Indices().(*array.Uint32).Uint32Values()[from:to]
	before := len(b.values)
	if a.NullN() > 0 {
		b.values = appendPresent(b.values, a.Indices().(*array.Uint32).Uint32Values(), a, from, to)
		indices = b.values[before:]
	} else {
		b.values = slices.Grow(b.values, len(indices))[:before+len(indices)]
	}
	values := b.values[before:]
	for i, x := range indices {
		at := b.remap[x]
		if at == 0 {
			found, err := b.position(words.Value(int(x)))
			if err != nil {
				return err
			}
			at = found + 1
			b.remap[x] = at
		}
		values[i] = at - 1
	}
	return nil
}

// position is where s stands among the distinct strings; it is added if it is new.
func (b *stringValues) position(s string) (uint32, error) {
	if b.ascending {
		last := len(b.offsets) - 2
		switch {
		case last < 0 || s > string(b.at(uint32(last))):
			return b.add(s)
		case s == string(b.at(uint32(last))):
			return uint32(last), nil
		}
		b.ascending = false
		b.index(max(len(b.slots), 1<<bits.Len(uint(2*len(b.offsets)))))
	}
	if 2*len(b.offsets) > len(b.slots) {
		b.index(2 * len(b.slots))
	}
	slot := b.slot(s)
	if *slot > 0 {
		return *slot - 1, nil
	}
	at, err := b.add(s)
	*slot = at + 1
	return at, err
}

// index puts the strings into n slots, a power of two.
func (b *stringValues) index(n int) {
	b.slots = grow(b.slots, n)
	clear(b.slots)
	for at := range uint32(len(b.offsets) - 1) {
		*b.slot(string(b.at(at))) = at + 1
	}
}

// stringSeed is another one in every process, so that nobody can choose strings that collide. No byte depends on it.
var stringSeed = maphash.MakeSeed()

// slot is that of a string, or the free one where it belongs.
func (b *stringValues) slot(s string) *uint32 {
	mask := uint64(len(b.slots) - 1)
	at := maphash.String(stringSeed, s) & mask
	for b.slots[at] != 0 && string(b.at(b.slots[at]-1)) != s {
		at = (at + 1) & mask
	}
	return &b.slots[at]
}

func (b *stringValues) add(s string) (uint32, error) {
	if len(b.data)+len(s) > math.MaxInt32 {
		return 0, tooLargef("strings of a row group of more than %d bytes", math.MaxInt32)
	}
	at := uint32(len(b.offsets) - 1)
	b.data = append(b.data, s...)
	b.offsets = append(b.offsets, uint32(len(b.data)))
	b.heads = append(b.heads, head(s))
	return at, nil
}

// head is the number that the first eight bytes make, with zeros for those that are missing: of two strings with different
// heads the one with the smaller is less.
func head(s string) uint64 {
	var first [8]byte
	copy(first[:], s)
	return binary.BigEndian.Uint64(first[:])
}

func (b *stringValues) at(i uint32) []byte { return b.data[b.offsets[i]:b.offsets[i+1]] }

// choose takes the dictionary if it and its indices are smaller than the plain values, and leaves prefixes out if that
// takes less than half of that: so it is with subjects in the order of their texts.
func (b *stringValues) choose() (format.Encoding, []byte, int) {
	distinct := len(b.offsets) - 1
	size := len(b.data) + 4*distinct + len(b.values)*bitWidth(distinct)/8
	b.encoding = format.RLEDictionary
	if plain := b.plainSize(size); plain < size {
		b.encoding, size = format.Plain, plain
	}
	if b.suffixSize(size/2) < size/2 {
		b.encoding = format.DeltaByteArray
	}
	if b.encoding != format.RLEDictionary {
		return b.encoding, nil, 0
	}
	page := make([]byte, 0, len(b.data)+4*distinct)
	for i := range distinct {
		page = appendByteArray(page, b.at(uint32(i)))
	}
	return b.encoding, page, distinct
}

func (b *stringValues) uniform() bool { return len(b.offsets) <= 2 }

// plainSize is what the plain values take, or at least most. Mostly the first few do.
func (b *stringValues) plainSize(most int) (size int) {
	for _, v := range b.values {
		if size >= most {
			break
		}
		size += 4 + int(b.offsets[v+1]-b.offsets[v])
	}
	return size
}

func (b *stringValues) encode(dst []byte, from, to int) ([]byte, error) {
	switch b.encoding {
	case format.RLEDictionary:
		return appendIndices(dst, b.values[from:to])
	case format.DeltaByteArray:
		return b.encodeSuffixes(dst, from, to)
	}
	for _, v := range b.values[from:to] {
		dst = appendByteArray(dst, b.at(v))
	}
	return dst, nil
}

func appendByteArray(dst, v []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(v))), v...)
}

// bounds compares each distinct string of the page once, if its head does not tell, and none if they ascend.
func (b *stringValues) bounds(from, to int) (least, greatest []byte, ok bool) {
	if from == to {
		return nil, nil, false
	}
	if b.ascending {
		lo, hi := minMax(b.values[from:to])
		return bytes.Clone(b.at(lo)), bytes.Clone(b.at(hi)), true
	}
	if len(b.offsets) <= 64+1 {
		lo, hi := b.boundsOfFew(b.values[from:to])
		return bytes.Clone(b.at(lo)), bytes.Clone(b.at(hi)), true
	}
	b.seen = grow(b.seen, (len(b.offsets)+62)/64)
	clear(b.seen)
	lo, hi := b.values[from], b.values[from]
	for _, v := range b.values[from:to] {
		if head := b.heads[v]; head > b.heads[lo] && head < b.heads[hi] {
			continue
		}
		if b.seen[v/64]&(1<<(v%64)) != 0 {
			continue
		}
		b.seen[v/64] |= 1 << (v % 64)
		if bytes.Compare(b.at(v), b.at(lo)) < 0 {
			lo = v
		} else if bytes.Compare(b.at(v), b.at(hi)) > 0 {
			hi = v
		}
	}
	return bytes.Clone(b.at(lo)), bytes.Clone(b.at(hi)), true
}

// boundsOfFew are bounds where there are at most 64 distinct strings.
func (b *stringValues) boundsOfFew(values []uint32) (lo, hi uint32) {
	var seen uint64
	for _, v := range values {
		seen |= 1 << (v % 64)
	}
	lo = uint32(bits.TrailingZeros64(seen))
	for hi = lo; seen != 0; seen &= seen - 1 {
		v := uint32(bits.TrailingZeros64(seen))
		if bytes.Compare(b.at(v), b.at(lo)) < 0 {
			lo = v
		}
		if bytes.Compare(b.at(v), b.at(hi)) > 0 {
			hi = v
		}
	}
	return lo, hi
}

func (b *stringValues) compare(x, y []byte) int { return bytes.Compare(x, y) }

func (b *stringValues) reset() {
	b.data, b.offsets, b.heads, b.values, b.ascending = b.data[:0], b.offsets[:1], b.heads[:0], b.values[:0], true
}
