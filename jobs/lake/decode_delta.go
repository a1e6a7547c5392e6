package lake

import (
	"encoding/binary"
	"math/bits"
)

// decodeLengths decodes n delta-encoded lengths and gives their sum and the bytes behind them.
func decodeLengths(src []byte, n int) (lengths []int32, sum int64, rest []byte, err error) {
	h, blocks, err := openPacked(src, n)
	if err != nil {
		return nil, 0, nil, err
	}
	lengths = make([]int32, n)
	if rest, err = decodePacked(lengths, h, blocks); err != nil {
		return nil, 0, nil, err
	}
	for _, l := range lengths {
		if l < 0 {
			return nil, 0, nil, corruptf("a length of %d", l)
		}
		sum += int64(l)
	}
	return lengths, sum, rest, nil
}

// The byte array decoders append n values to data and the offset of each to offsets, and fail with ErrTooLarge
// before data would grow beyond limit.

func decodePlainByteArray(data []byte, offsets []int32, src []byte, n int, limit int64) ([]byte, []int32, error) {
	if int64(len(data))+int64(len(src)) > limit+4*int64(n) {
		return nil, nil, tooLargef("strings of more than %d bytes", limit)
	}
	for range n {
		if len(src) < 4 {
			return nil, nil, corruptf("values are missing")
		}
		size := binary.LittleEndian.Uint32(src)
		if src = src[4:]; uint64(size) > uint64(len(src)) {
			return nil, nil, corruptf("a value claims %d bytes, %d are left", size, len(src))
		}
		offsets = append(offsets, int32(len(data)))
		data = append(data, src[:size]...)
		src = src[size:]
	}
	return data, offsets, nil
}

func decodeDeltaLengthByteArray(data []byte, offsets []int32, src []byte, n int, limit int64) ([]byte, []int32, error) {
	lengths, sum, rest, err := decodeLengths(src, n)
	if err != nil {
		return nil, nil, err
	}
	if sum > int64(len(rest)) {
		return nil, nil, corruptf("values claim %d bytes, %d are left", sum, len(rest))
	}
	if int64(len(data))+sum > limit {
		return nil, nil, tooLargef("strings of more than %d bytes", limit)
	}
	at := int32(len(data))
	for _, l := range lengths {
		offsets = append(offsets, at)
		at += l
	}
	return append(data, rest[:sum]...), offsets, nil
}

// decodeDeltaByteArray joins prefixes of the value before with suffixes, so few bytes can claim many.
func decodeDeltaByteArray(data []byte, offsets []int32, src []byte, n int, limit int64) ([]byte, []int32, error) {
	prefixes, shared, src, err := decodeLengths(src, n)
	if err != nil {
		return nil, nil, err
	}
	suffixes, sum, src, err := decodeLengths(src, n)
	if err != nil {
		return nil, nil, err
	}
	if sum > int64(len(src)) {
		return nil, nil, corruptf("values claim %d bytes, %d are left", sum, len(src))
	}
	total, carry := bits.Add64(uint64(shared), uint64(sum), 0)
	if carry != 0 || int64(len(data))+int64(total) > limit {
		return nil, nil, tooLargef("strings of more than %d bytes", limit)
	}
	start := len(data) // of the value before, which has length last
	last := int32(0)
	for i, p := range prefixes {
		if p > last {
			return nil, nil, corruptf("a prefix of %d bytes of a value of %d", p, last)
		}
		offsets = append(offsets, int32(len(data)))
		next := len(data)
		data = append(data, data[start:start+int(p)]...)
		data = append(data, src[:suffixes[i]]...)
		src = src[suffixes[i]:]
		start, last = next, p+suffixes[i]
	}
	return data, offsets, nil
}
