package lake

import (
	"bytes"
	"fmt"
	"math/bits"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
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

// allAlike tells whether all values are equal.
func allAlike[T comparable](values []T) bool {
	for _, v := range values {
		if v != values[0] {
			return false
		}
	}
	return true
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

// appendIndices appends indices of a dictionary as RLE_DICTIONARY: the same bytes as parquet-go's DictionaryEncoding, which
// looks for the width of the widest value by value.
func appendIndices(dst []byte, indices []uint32) ([]byte, error) {
	var a, b, c, d uint32
	rest := indices
	for ; len(rest) >= 4; rest = rest[4:] {
		a, b, c, d = a|rest[0], b|rest[1], c|rest[2], d|rest[3]
	}
	for _, x := range rest {
		a |= x
	}
	e := rle.Encoding{BitWidth: bits.Len32(a | b | c | d)}
	dst = append(dst, byte(e.BitWidth))
	out, err := e.EncodeInt32(dst[len(dst):], asInt32(indices))
	return join(dst, out, err)
}

// minMax are the least and the greatest of some integers. It has no branch, and two chains that need not wait for each other.
func minMax[T int32 | int64 | uint32](values []T) (lo, hi T) {
	lo, hi = values[0], values[0]
	least, greatest := lo, hi
	for ; len(values) >= 4; values = values[4:] {
		a, b, c, d := values[0], values[1], values[2], values[3]
		lo, hi = min(lo, min(a, b)), max(hi, max(a, b))
		least, greatest = min(least, min(c, d)), max(greatest, max(c, d))
	}
	for _, v := range values {
		lo, hi = min(lo, v), max(hi, v)
	}
	return min(lo, least), max(hi, greatest)
}

// booleans are bits.
type booleans struct {
	bits []byte
	n    int
}

func (b *booleans) append(arr arrow.Array, from, to int) error {
	values := arr.(*array.Boolean)
	b.bits = extend(b.bits, int(bitutil.BytesForBits(int64(b.n+to-from))))
	if values.NullN() == 0 {
		data := values.Data()
		bitutil.CopyBitmap(data.Buffers()[1].Bytes(), data.Offset()+from, to-from, b.bits, b.n)
		b.n += to - from
		return nil
	}
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
