package lake

import "github.com/parquet-go/parquet-go/encoding/delta"

// prefixes are the lengths of what values have in common with the one before, and of what they add to it.
type prefixes struct{ shared, added []int32 }

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
func (b *stringValues) shared(i int) (n int) {
	if i == 0 {
		return 0
	}
	s, before := b.at(b.values[i]), b.at(b.values[i-1])
	for n < min(len(s), len(before)) && s[n] == before[n] {
		n++
	}
	return n
}

// encodeSuffixes appends values [from, to) as DELTA_BYTE_ARRAY: the lengths of the prefixes, those of the suffixes, the
// suffixes. The first value of a page has no value before it.
func (b *stringValues) encodeSuffixes(dst []byte, from, to int) ([]byte, error) {
	p := &b.prefixes
	p.shared, p.added = p.shared[:0], p.added[:0]
	for i := from; i < to; i++ {
		length, shared := len(b.at(b.values[i])), 0
		switch {
		case i == from:
		case b.values[i] == b.values[i-1]:
			shared = length
		default:
			shared = b.shared(i)
		}
		p.shared, p.added = append(p.shared, int32(shared)), append(p.added, int32(length-shared))
	}
	var e delta.BinaryPackedEncoding
	for _, lengths := range [][]int32{p.shared, p.added} {
		out, err := e.EncodeInt32(dst[len(dst):], lengths)
		if dst, err = join(dst, out, err); err != nil {
			return nil, err
		}
	}
	for i, shared := range p.shared {
		dst = append(dst, b.at(b.values[from+i])[shared:]...)
	}
	return dst, nil
}
