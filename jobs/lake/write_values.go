package lake

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/parquet-go/parquet-go/encoding/delta"
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

func (b *integers[T]) uniform() bool { return allAlike(b.values) }

// allAlike tells whether all values are equal.
func allAlike[T comparable](values []T) bool {
	for _, v := range values {
		if v != values[0] {
			return false
		}
	}
	return true
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
	lo, hi := minMax(b.values[from:to])
	return b.bound(lo), b.bound(hi), true
}

// minMax are the least and the greatest of some numbers, none of which is NaN.
func minMax[T cmp.Ordered](values []T) (lo, hi T) {
	lo, hi = values[0], values[0]
	for _, v := range values {
		if v < lo {
			lo = v
		} else if v > hi {
			hi = v
		}
	}
	return lo, hi
}

func (b *integers[T]) bound(v T) []byte { return bytes.Clone(asBytes([]T{v})) }

func (b *integers[T]) compare(x, y []byte) int {
	return cmp.Compare(asSlice[T](x)[0], asSlice[T](y)[0])
}

func (b *integers[T]) reset() { b.values = b.values[:0] }

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

func (b *booleans) uniform() bool {
	set := bitutil.CountSetBits(b.bits, 0, b.n)
	return set == 0 || set == b.n
}

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
