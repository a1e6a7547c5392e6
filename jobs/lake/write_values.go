package lake

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// appendPresent appends the values of rows [from, to) that are not null. Like spread it has no branch.
func appendPresent[T any](dst, values []T, arr arrow.Array, from, to int) []T {
	if arr.NullN() == 0 {
		return append(dst, values[from:to]...)
	}
	bitmap, offset := arr.NullBitmapBytes(), arr.Data().Offset()
	next := len(dst)
	dst = slices.Grow(dst, to-from)[:next+to-from]
	for i := from; i < to; i++ {
		at := offset + i
		dst[next] = values[i]
		next += int(bitmap[at>>3] >> (at & 7) & 1)
	}
	return dst[:next]
}

// integers are values of Int64, Int32, Date32 and Timestamp columns.
type integers[T int32 | int64] struct {
	values []T
	delta  bool
}

func newIntegers[T int32 | int64]() *integers[T] { return &integers[T]{} }

func (b *integers[T]) append(arr arrow.Array, from, to int) error {
	// All four types hold plain integers in their second buffer.
	data := arr.Data()
	values := asSlice[T](data.Buffers()[1].Bytes())[data.Offset() : data.Offset()+data.Len()]
	b.values = appendPresent(b.values, values, arr, from, to)
	return nil
}

// choose takes DELTA_BINARY_PACKED if it saves a quarter or more: it encodes and decodes about as fast as zstd
// leaves plain values alone, and what it saves zstd need not look at.
func (b *integers[T]) choose() (format.Encoding, []byte, int) {
	b.delta = b.deltaBits() <= float64(sizeOf[T]()*8)*0.75
	if b.delta {
		return format.DeltaBinaryPacked, nil, 0
	}
	return format.Plain, nil, 0
}

// deltaBits estimates the bits a value takes delta-encoded, from blocks of 33 values spread over the buffer.
func (b *integers[T]) deltaBits() float64 {
	const block, samples = 33, 64
	step := max(block, len(b.values)/samples)
	total, blocks := 0, 0
	for i := 0; i+block <= len(b.values); i += step {
		least, greatest := int64(math.MaxInt64), int64(math.MinInt64)
		for k := i + 1; k < i+block; k++ {
			d := int64(b.values[k]) - int64(b.values[k-1]) // a wrap costs bits, not correctness
			least, greatest = min(least, d), max(greatest, d)
		}
		total += bits.Len64(uint64(greatest - least))
		blocks++
	}
	if blocks == 0 {
		return 0
	}
	return float64(total) / float64(blocks)
}

func (b *integers[T]) encode(dst []byte, from, to int) ([]byte, error) {
	if !b.delta {
		return append(dst, asBytes(b.values[from:to])...), nil
	}
	var e delta.BinaryPackedEncoding
	var out []byte
	var err error
	at := len(dst)
	switch v := any(b.values[from:to]).(type) {
	case []int32:
		out, err = e.EncodeInt32(dst[at:], v)
	case []int64:
		out, err = e.EncodeInt64(dst[at:], v)
	}
	return join(dst, out, err)
}

// join appends what an encoding made behind dst, which it may have done in the memory of dst or elsewhere.
func join(dst, out []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	at := len(dst)
	if len(out) > 0 && cap(dst)-at >= len(out) && &out[0] == &dst[:at+1][at] {
		return dst[:at+len(out)], nil
	}
	return append(dst, out...), nil
}

func (b *integers[T]) bounds(from, to int) (least, greatest []byte, ok bool) {
	if from == to {
		return nil, nil, false
	}
	lo, hi := b.values[from], b.values[from]
	for _, v := range b.values[from:to] {
		lo, hi = min(lo, v), max(hi, v)
	}
	return b.bound(lo), b.bound(hi), true
}

func (b *integers[T]) bound(v T) []byte { return bytes.Clone(asBytes([]T{v})) }

func (b *integers[T]) compare(x, y []byte) int {
	return cmp.Compare(asSlice[T](x)[0], asSlice[T](y)[0])
}

func (b *integers[T]) reset() { b.values = b.values[:0] }

var errNotFinite = errors.New("a value is NaN or infinite")

// doubles are values of Float64 columns.
type doubles struct{ values []float64 }

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

func (b *doubles) choose() (format.Encoding, []byte, int) { return format.Plain, nil, 0 }

func (b *doubles) encode(dst []byte, from, to int) ([]byte, error) {
	return append(dst, asBytes(b.values[from:to])...), nil
}

// bounds follow the format: a least of zero is -0, a greatest +0.
func (b *doubles) bounds(from, to int) (least, greatest []byte, ok bool) {
	if from == to {
		return nil, nil, false
	}
	lo, hi := b.values[from], b.values[from]
	for _, v := range b.values[from:to] {
		lo, hi = min(lo, v), max(hi, v)
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

// booleans are bits.
type booleans struct {
	bits []byte
	n    int
}

func (b *booleans) append(arr arrow.Array, from, to int) error {
	values := arr.(*array.Boolean)
	b.bits = extend(b.bits, int(bitutil.BytesForBits(int64(b.n+to-from))))
	for i := from; i < to; i++ {
		if values.IsValid(i) {
			bitutil.SetBitTo(b.bits, b.n, values.Value(i))
			b.n++
		}
	}
	return nil
}

func (b *booleans) choose() (format.Encoding, []byte, int) { return format.Plain, nil, 0 }

func (b *booleans) encode(dst []byte, from, to int) ([]byte, error) {
	at := len(dst)
	dst = append(dst, make([]byte, bitutil.BytesForBits(int64(to-from)))...)
	bitutil.CopyBitmap(b.bits, from, to-from, dst[at:], 0)
	return dst, nil
}

func (b *booleans) bounds(from, to int) (least, greatest []byte, ok bool) {
	if from == to {
		return nil, nil, false
	}
	set := bitutil.CountSetBits(b.bits, from, to-from)
	least, greatest = []byte{0}, []byte{0}
	if set == to-from {
		least[0] = 1
	}
	if set > 0 {
		greatest[0] = 1
	}
	return least, greatest, true
}

func (b *booleans) compare(x, y []byte) int { return bytes.Compare(x, y) }

func (b *booleans) reset() { b.bits, b.n = b.bits[:0], 0 }

// stringValues are the strings of a row group: each distinct one once, in the order of first appearance, which
// depends on the rows alone.
type stringValues struct {
	index      map[string]uint32
	data       []byte
	offsets    []uint32 // of the distinct strings; one more than there are
	values     []uint32 // positions of the values
	dictionary bool
	seen       []uint64 // bit set of the distinct strings of a page
	remap      []uint32 // of the dictionary of the array at hand: position + 1
}

func newStrings() *stringValues {
	return &stringValues{index: make(map[string]uint32), offsets: []uint32{0}}
}

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
	indices := a.Indices().(*array.Uint32).Uint32Values()
	for i := from; i < to; i++ {
		if !a.IsValid(i) {
			continue
		}
		x := indices[i]
		if b.remap[x] == 0 {
			at, err := b.position(words.Value(int(x)))
			if err != nil {
				return err
			}
			b.remap[x] = at + 1
		}
		b.values = append(b.values, b.remap[x]-1)
	}
	return nil
}

// position is where s stands among the distinct strings; it is added if it is new.
func (b *stringValues) position(s string) (uint32, error) {
	if at, ok := b.index[s]; ok {
		return at, nil
	}
	if len(b.data)+len(s) > math.MaxInt32 {
		return 0, tooLargef("strings of a row group of more than %d bytes", math.MaxInt32)
	}
	at := uint32(len(b.offsets) - 1)
	b.data = append(b.data, s...)
	b.offsets = append(b.offsets, uint32(len(b.data)))
	b.index[strings.Clone(s)] = at
	return at, nil
}

func (b *stringValues) at(i uint32) []byte { return b.data[b.offsets[i]:b.offsets[i+1]] }

// choose takes the dictionary if it and its indices are smaller than the plain values.
func (b *stringValues) choose() (format.Encoding, []byte, int) {
	distinct := len(b.offsets) - 1
	plain := 0
	for _, v := range b.values {
		plain += 4 + int(b.offsets[v+1]-b.offsets[v])
	}
	b.dictionary = len(b.data)+4*distinct+len(b.values)*bitWidth(distinct)/8 <= plain
	if !b.dictionary {
		return format.Plain, nil, 0
	}
	page := make([]byte, 0, len(b.data)+4*distinct)
	for i := range distinct {
		page = appendByteArray(page, b.at(uint32(i)))
	}
	return format.RLEDictionary, page, distinct
}

func appendByteArray(dst, v []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(v))), v...)
}

func (b *stringValues) encode(dst []byte, from, to int) ([]byte, error) {
	if b.dictionary {
		var e rle.DictionaryEncoding
		out, err := e.EncodeInt32(dst[len(dst):], asInt32(b.values[from:to]))
		return join(dst, out, err)
	}
	for _, v := range b.values[from:to] {
		dst = appendByteArray(dst, b.at(v))
	}
	return dst, nil
}

// bounds compares each distinct string of the page once.
func (b *stringValues) bounds(from, to int) (least, greatest []byte, ok bool) {
	if from == to {
		return nil, nil, false
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
	b.data, b.offsets, b.values = b.data[:0], b.offsets[:1], b.values[:0]
}
