package lake

import (
	"encoding/binary"
	"math/bits"

	"github.com/parquet-go/parquet-go/encoding/delta"
)

// prefixes are the lengths of what values have in common with the one before, the lengths of what they add to it, and this.
type prefixes struct {
	shared, added []int32
	suffixes      []byte
}

// lengthBytes is about what the two lengths of a value take after delta-encoding.
const lengthBytes = 1

// suffixSize is about what the values take as DELTA_BYTE_ARRAY, or at least most.
func (b *stringValues) suffixSize(most int) int {
	size := lengthBytes * len(b.values)
	for i, v := range b.values {
		if size >= most {
			break
		}
		if i == 0 || v != b.values[i-1] {
			size += len(b.at(v)) - b.shared(i)
		}
	}
	return size
}

// shared is the length of what value i has in common with the one before.
func (b *stringValues) shared(i int) int {
	if i == 0 {
		return 0
	}
	return commonPrefix(b.at(b.values[i]), b.at(b.values[i-1]))
}

// commonPrefix is the length of what two strings begin with.
func commonPrefix(s, t []byte) (n int) {
	for n+8 <= min(len(s), len(t)) {
		if unlike := binary.LittleEndian.Uint64(s[n:]) ^ binary.LittleEndian.Uint64(t[n:]); unlike != 0 {
			return n + bits.TrailingZeros64(unlike)/8
		}
		n += 8
	}
	for n < min(len(s), len(t)) && s[n] == t[n] {
		n++
	}
	return n
}

// encodeSuffixes appends values [from, to) as DELTA_BYTE_ARRAY: the lengths of the prefixes, those of the suffixes, the
// suffixes. The first value of a page has no value before it. Each string mostly comes many times, and is looked at once.
func (b *stringValues) encodeSuffixes(dst []byte, from, to int) ([]byte, error) {
	p, values := &b.prefixes, b.values[from:to]
	p.shared, p.added, p.suffixes = grow(p.shared, len(values)), grow(p.added, len(values)), p.suffixes[:0]
	for i := 0; i < len(values); {
		s, shared := b.at(values[i]), 0
		if i > 0 {
			shared = b.shared(from + i)
		}
		p.suffixes = append(p.suffixes, s[shared:]...)
		p.shared[i], p.added[i] = int32(shared), int32(len(s)-shared)
		for i++; i < len(values) && values[i] == values[i-1]; i++ {
			p.shared[i], p.added[i] = int32(len(s)), 0
		}
	}
	var e delta.BinaryPackedEncoding
	for _, lengths := range [][]int32{p.shared, p.added} {
		out, err := e.EncodeInt32(dst[len(dst):], lengths)
		if dst, err = join(dst, out, err); err != nil {
			return nil, err
		}
	}
	return append(dst, p.suffixes...), nil
}
