package lake

import (
	"encoding/binary"

	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/parquet-go/bitpack"
)

// The hybrid of run-length and bit-packed runs, which holds definition levels, booleans and dictionary indices.
// It is decoded here because the decoder of parquet-go allocates what a run claims before it looks how many values
// are wanted, and because levels of a flat column go straight into an Arrow bitmap.
//
// Source: https://github.com/apache/parquet-format/blob/master/Encodings.md#RLE

// run is one run: either count values equal to value, or packed groups of eight.
type run struct {
	count     int    // values; of a bit-packed run perhaps more than packed holds
	bitPacked bool   // else run-length
	value     uint32 // of a run-length run
	packed    []byte // of a bit-packed run; the bytes behind its length may be loaded
}

// nextRun takes a run of values of the given bit width, at most 32, off src.
func nextRun(src []byte, width uint) (run, []byte, error) {
	head, n := binary.Uvarint(src)
	if n <= 0 {
		return run{}, nil, corruptf("a run without a header")
	}
	src = src[n:]
	if head>>1 > 1<<31 {
		return run{}, nil, corruptf("a run of %d values", head>>1)
	}
	count := int(head >> 1)
	if head&1 == 1 {
		// Some writers cut the last run off where the values end; so it may be short.
		size := min(count*int(width), len(src))
		return run{count: count * 8, bitPacked: true, packed: src[:size]}, src[size:], nil
	}
	size := int(width+7) / 8
	if size > len(src) {
		return run{}, nil, corruptf("a run without a value")
	}
	r := run{count: count}
	for i := range size {
		r.value |= uint32(src[i]) << (8 * i)
	}
	return r, src[size:], nil
}

// decodeBits decodes n values of width 1 into bits [offset, offset+n) of dst.
func decodeBits(dst []byte, offset, n int, src []byte) error {
	for n > 0 {
		r, rest, err := nextRun(src, 1)
		if err != nil {
			return err
		}
		src = rest
		take := min(n, r.count)
		if r.bitPacked {
			if take = min(take, 8*len(r.packed)); take == 0 {
				return corruptf("%d levels are missing", n)
			}
			bitutil.CopyBitmap(r.packed, 0, take, dst, offset)
		} else {
			bitutil.SetBitsTo(dst, int64(offset), int64(take), r.value&1 == 1)
		}
		offset, n = offset+take, n-take
	}
	return nil
}

// decodeIndices decodes len(dst) dictionary indices, the first byte of src being their width, and checks that they
// are below size.
func decodeIndices(dst []uint32, src []byte, size int) error {
	if len(dst) == 0 {
		return nil
	}
	if len(src) == 0 {
		return corruptf("%d dictionary indices are missing", len(dst))
	}
	width := uint(src[0])
	if width > 32 {
		return corruptf("dictionary indices of %d bits", width)
	}
	if err := decodeUint32(dst, src[1:], width); err != nil {
		return err
	}
	if top := maxUint32(dst); int64(top) >= int64(size) {
		return corruptf("dictionary index %d, the dictionary has %d values", top, size)
	}
	return nil
}

func decodeUint32(dst []uint32, src []byte, width uint) error {
	for len(dst) > 0 {
		r, rest, err := nextRun(src, width)
		if err != nil {
			return err
		}
		src = rest
		take := min(len(dst), r.count)
		if r.bitPacked {
			take = unpack(dst[:take], r.packed, width)
		} else {
			fill(dst[:take], r.value)
		}
		dst = dst[take:]
	}
	return nil
}

// unpack decodes as many values as packed holds, at most len(dst), and says how many.
func unpack(dst []uint32, packed []byte, width uint) int {
	if width == 0 {
		clear(dst)
		return len(dst)
	}
	n := min(len(dst), 8*len(packed)/int(width))
	if n > 0 {
		bitpack.Unpack(asInt32(dst[:n]), packed[:cap(packed)], width)
	}
	return n
}

func fill[T any](dst []T, v T) {
	for i := range dst {
		dst[i] = v
	}
}

func maxUint32(values []uint32) uint32 {
	var top uint32
	for _, v := range values {
		top = max(top, v)
	}
	return top
}
