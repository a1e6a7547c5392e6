package lake

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// stringValues are the strings of a row group: each distinct one once, in the order of first appearance, which
// depends on the rows alone.
type stringValues struct {
	data    []byte
	offsets []uint32 // of the distinct strings; one more than there are
	// Subjects come in the order of their texts: as long as every new string is greater than all before, nothing has to be
	// looked up, and positions order as their strings do. index holds the strings from the first on that is not.
	ascending bool
	index     map[string]uint32
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
	before := len(b.values)
	b.values = appendPresent(b.values, a.Indices().(*array.Uint32).Uint32Values(), a, from, to)
	values := b.values[before:]
	for i, x := range values {
		if b.remap[x] == 0 {
			at, err := b.position(words.Value(int(x)))
			if err != nil {
				return err
			}
			b.remap[x] = at + 1
		}
		values[i] = b.remap[x] - 1
	}
	return nil
}

// position is where s stands among the distinct strings; it is added if it is new.
func (b *stringValues) position(s string) (uint32, error) {
	if b.ascending {
		last := len(b.offsets) - 2
		switch order := b.afterLast(s); {
		case order > 0:
			return b.add(s)
		case order == 0:
			return uint32(last), nil
		}
		b.startIndex()
	}
	if at, ok := b.index[s]; ok {
		return at, nil
	}
	at, err := b.add(s)
	if err == nil {
		b.index[strings.Clone(s)] = at
	}
	return at, err
}

// afterLast compares s with the string added last; whatever comes first is after it.
func (b *stringValues) afterLast(s string) int {
	if len(b.offsets) == 1 {
		return 1
	}
	return strings.Compare(s, string(b.at(uint32(len(b.offsets)-2))))
}

// startIndex is for a string that is less than one before it.
func (b *stringValues) startIndex() {
	b.ascending = false
	if b.index == nil {
		b.index = make(map[string]uint32)
	}
	all := string(b.data)
	for at := range len(b.offsets) - 1 {
		b.index[all[b.offsets[at]:b.offsets[at+1]]] = uint32(at)
	}
}

func (b *stringValues) add(s string) (uint32, error) {
	if len(b.data)+len(s) > math.MaxInt32 {
		return 0, tooLargef("strings of a row group of more than %d bytes", math.MaxInt32)
	}
	at := uint32(len(b.offsets) - 1)
	b.data = append(b.data, s...)
	b.offsets = append(b.offsets, uint32(len(b.data)))
	return at, nil
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
		var e rle.DictionaryEncoding
		out, err := e.EncodeInt32(dst[len(dst):], asInt32(b.values[from:to]))
		return join(dst, out, err)
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

// bounds compares each distinct string of the page once, and none if they ascend.
func (b *stringValues) bounds(from, to int) (least, greatest []byte, ok bool) {
	if from == to {
		return nil, nil, false
	}
	if b.ascending {
		lo, hi := minMax(b.values[from:to])
		return bytes.Clone(b.at(lo)), bytes.Clone(b.at(hi)), true
	}
	b.seen = grow(b.seen, (len(b.offsets)+62)/64)
	clear(b.seen)
	least = b.at(b.values[from])
	greatest = least
	for _, v := range b.values[from:to] {
		if b.seen[v/64]&(1<<(v%64)) != 0 {
			continue
		}
		b.seen[v/64] |= 1 << (v % 64)
		s := b.at(v)
		if bytes.Compare(s, least) < 0 {
			least = s
		} else if bytes.Compare(s, greatest) > 0 {
			greatest = s
		}
	}
	return bytes.Clone(least), bytes.Clone(greatest), true
}

func (b *stringValues) compare(x, y []byte) int { return bytes.Compare(x, y) }

func (b *stringValues) reset() {
	clear(b.index)
	b.data, b.offsets, b.values, b.ascending = b.data[:0], b.offsets[:1], b.values[:0], true
}
