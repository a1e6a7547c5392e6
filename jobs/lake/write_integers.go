package lake

import (
	"bytes"
	"cmp"
	"math"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"
)

// integers are values of Int64, Int32, Date32 and Timestamp columns.
type integers[T int32 | int64] struct {
	values   []T
	encoding format.Encoding
	small    bool    // differences take 16 bits or less
	narrow   []int32 // the values of a page
	few      fewIntegers[T]
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
// leaves plain values alone, and what it saves zstd need not look at. Of few values in no order, as windows and days of
// presence are, it takes a dictionary where indices are at most half as wide as differences.
func (b *integers[T]) choose() (format.Encoding, []byte, int) {
	s := b.sample()
	b.encoding = format.Plain
	if s.deltaBits <= float64(sizeOf[T]()*8)*0.75 {
		b.encoding = format.DeltaBinaryPacked
	}
	b.small = s.deltaBits <= packedFast
	pays := func(distinct int) bool { return distinct > 1 && 2*bitWidth(distinct) <= int(s.deltaBits) }
	if len(b.values) >= fewForDictionary && pays(s.distinct) && b.few.collect(b.values) && pays(len(b.few.values)) {
		b.encoding = format.RLEDictionary
		return b.encoding, asBytes(b.few.values), len(b.few.values)
	}
	return b.encoding, nil, 0
}

func (b *integers[T]) uniform() bool { return allAlike(b.values) }

// sampled is what some values of a row group tell of all.
type sampled struct {
	deltaBits float64 // about what a value takes delta-encoded
	distinct  int     // values at least, where they lie close
}

// sample looks at blocks of 33 values spread over the buffer.
func (b *integers[T]) sample() (s sampled) {
	const block, samples = 33, 64
	step := max(block, len(b.values)/samples)
	total, blocks := 0, 0
	var seen [widestFew / 64]uint64
	for i := 0; i+block <= len(b.values); i += step {
		least, greatest := int64(math.MaxInt64), int64(math.MinInt64)
		for k := i + 1; k < i+block; k++ {
			d := int64(b.values[k]) - int64(b.values[k-1]) // a wrap costs bits, not correctness
			least, greatest = min(least, d), max(greatest, d)
			at := uint64(b.values[k]) % widestFew
			seen[at/64] |= 1 << (at % 64)
		}
		total += bits.Len64(uint64(greatest - least))
		blocks++
	}
	if blocks == 0 {
		return s
	}
	for _, word := range seen {
		s.distinct += bits.OnesCount64(word)
	}
	s.deltaBits = float64(total) / float64(blocks)
	return s
}

func (b *integers[T]) encode(dst []byte, from, to int) ([]byte, error) {
	switch b.encoding {
	case format.RLEDictionary:
		return appendIndices(dst, b.few.positions[from:to])
	case format.DeltaBinaryPacked:
		out, err := b.encodeDelta(dst[len(dst):], from, to)
		return join(dst, out, err)
	}
	return append(dst, asBytes(b.values[from:to])...), nil
}

func (b *integers[T]) encodeDelta(dst []byte, from, to int) ([]byte, error) {
	var e delta.BinaryPackedEncoding
	switch v := any(b.values[from:to]).(type) {
	case []int32:
		return e.EncodeInt32(dst, v)
	case []int64:
		if b.small {
			if b.narrow = grow(b.narrow, len(v)); narrowed(b.narrow, v) {
				return e.EncodeInt32(dst, b.narrow)
			}
		}
		return e.EncodeInt64(dst, v)
	}
	return dst, nil
}

// narrowed copies values into as many of half the width, and is true if these have the same DELTA_BINARY_PACKED: no
// difference of two of them, nor of one and zero, leaves the width.
func narrowed(dst []int32, values []int64) bool {
	var above uint64
	for i, v := range values[:len(dst)] {
		dst[i] = int32(v)
		above |= uint64(v + 1<<30)
	}
	return above < 1<<31
}

func (b *integers[T]) bounds(from, to int) (least, greatest []byte, ok bool) {
	if from == to {
		return nil, nil, false
	}
	lo, hi := minMax(b.values[from:to])
	return b.bound(lo), b.bound(hi), true
}

func (b *integers[T]) bound(v T) []byte { return bytes.Clone(asBytes([]T{v})) }

func (b *integers[T]) compare(x, y []byte) int {
	return cmp.Compare(asSlice[T](x)[0], asSlice[T](y)[0])
}

func (b *integers[T]) reset() { b.values = b.values[:0] }

// packedFast are the bits of a difference up to which values of 32 bits are packed many at once.
const packedFast = 16

// widestFew is how far apart integers are that may be few.
const widestFew = 1 << 12

// fewIntegers finds the distinct values of a row group, ascending.
type fewIntegers[T int32 | int64] struct {
	values    []T
	positions []uint32 // of every value of the row group
	ranks     []uint16 // by how far a value lies above the least
}

// collect takes the values of a row group, and is false if they lie too far apart.
func (f *fewIntegers[T]) collect(values []T) bool {
	lo, hi := minMax(values)
	if uint64(hi)-uint64(lo) >= widestFew {
		return false
	}
	f.ranks = grow(f.ranks, widestFew)
	clear(f.ranks)
	for _, v := range values {
		f.ranks[uint64(v-lo)%widestFew] = 1
	}
	f.values = f.values[:0]
	for i, there := range f.ranks {
		if there != 0 {
			f.ranks[i] = uint16(len(f.values))
			f.values = append(f.values, lo+T(i))
		}
	}
	f.positions = grow(f.positions, len(values))
	for i, v := range values {
		f.positions[i] = uint32(f.ranks[uint64(v-lo)%widestFew])
	}
	return true
}
