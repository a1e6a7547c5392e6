package lake

import (
	"encoding/binary"

	"github.com/parquet-go/bitpack"
)

// packed is a type whose values DELTA_BINARY_PACKED holds.
type packed interface{ int32 | int64 }

const (
	maxPackedBlock = 1 << 16 // values
	// packedGroup is what the number of values of a miniblock is a multiple of, so that groups of it begin at whole bytes.
	packedGroup = 32
)

// packedHeader is what stands before the blocks of DELTA_BINARY_PACKED data.
type packedHeader struct {
	miniBlocks   int // of a block
	perMiniBlock int // values
	first        int64
}

// openPacked reads the header of data that must hold exactly n values, and gives the blocks behind it. What the header
// claims is held against n and against the bytes that are there, so that a caller may then take memory for n values.
//
// Source: https://github.com/apache/parquet-format/blob/master/Encodings.md#DELTAENC
func openPacked(src []byte, n int) (h packedHeader, blocks []byte, err error) {
	var head [3]uint64
	for i := range head {
		v, size := binary.Uvarint(src)
		if size <= 0 {
			return h, nil, corruptf("delta: a header is cut off")
		}
		head[i], src = v, src[size:]
	}
	block, miniBlocks, total := head[0], head[1], head[2]
	first, size := binary.Varint(src)
	switch {
	case size <= 0:
		return h, nil, corruptf("delta: a header is cut off")
	case total != uint64(n):
		return h, nil, corruptf("delta: %d values where %d belong", total, n)
	case block == 0 || block > maxPackedBlock || block%128 != 0:
		return h, nil, corruptf("delta: blocks of %d values", block)
	case miniBlocks == 0 || miniBlocks > block/packedGroup || block%miniBlocks != 0 || block/miniBlocks%packedGroup != 0:
		return h, nil, corruptf("delta: %d miniblocks in a block of %d values", miniBlocks, block)
	}
	blocks = src[size:]
	if n > 1 && (uint64(n-2)/block+1)*(1+miniBlocks) > uint64(len(blocks)) { // the least delta and the widths
		return h, nil, corruptf("delta: %d bytes for the blocks of %d values", len(blocks), n)
	}
	return packedHeader{int(miniBlocks), int(block / miniBlocks), first}, blocks, nil
}

// decodePacked decodes the blocks behind a header into dst and gives the bytes behind them. It takes no memory, and every
// width is held against the type and the bytes that are there. Sums wrap, as the format says. Bytes behind src, up to its
// capacity, may be loaded.
func decodePacked[T packed](dst []T, h packedHeader, src []byte) (rest []byte, err error) {
	if len(dst) == 0 {
		return src, nil
	}
	if bits := 8 * sizeOf[T](); bits < 64 && (h.first < -1<<(bits-1) || h.first >= 1<<bits) { // those of UINT32 may be unsigned
		return nil, corruptf("delta: a first value of %d for values of %d bits", h.first, bits)
	}
	last := T(h.first)
	dst[0] = last
	for dst = dst[1:]; len(dst) > 0; {
		least, n := binary.Varint(src)
		if n <= 0 || len(src)-n < h.miniBlocks {
			return nil, corruptf("delta: a block is cut off")
		}
		widths := src[n : n+h.miniBlocks]
		src = src[n+h.miniBlocks:]
		for i := 0; i < len(widths) && len(dst) > 0; i++ { // what is said of miniblocks behind the last value does not count
			width := uint(widths[i])
			if width > 64 {
				return nil, corruptf("delta: %d bits", width)
			}
			size := h.perMiniBlock / 8 * int(width)
			if size > len(src) {
				return nil, corruptf("delta: a miniblock of %d bytes, %d are left", size, len(src))
			}
			n := min(h.perMiniBlock, len(dst))
			if int(width) > 8*sizeOf[T]() { // DuckDB takes differences of INT32 as 64 bits; the low ones are right all the same
				last = narrowMiniBlock(dst[:n], src, width, least, last)
			} else {
				last = decodeMiniBlock(dst[:n], src, width, T(least), last)
			}
			dst, src = dst[n:], src[size:]
		}
	}
	return src, nil
}

// decodeMiniBlock adds up the deltas that begin at src, each less than it is by least, and gives the last value.
func decodeMiniBlock[T packed](dst []T, src []byte, width uint, least, last T) T {
	if width == 0 {
		for i := range dst {
			last += least
			dst[i] = last
		}
		return last
	}
	for ; len(dst) >= packedGroup; dst = dst[packedGroup:] {
		last = decodeGroup((*[packedGroup]T)(dst), src, width, least, last)
		src = src[packedGroup/8*width:]
	}
	if len(dst) > 0 {
		var group [packedGroup]T
		decodeGroup(&group, src, width, least, last)
		last = group[copy(dst, group[:])-1]
	}
	return last
}

// decodeGroup decodes a whole group. The deltas of some widths bitpack unpacks with vector instructions; those of others it
// would take one by one, which costs less where they are added up at once.
func decodeGroup[T packed](dst *[packedGroup]T, src []byte, width uint, least, last T) T {
	const room = packedGroup*8 + bitpack.PaddingInt64
	var bits *[room]byte
	if cap(src) >= room {
		bits = (*[room]byte)(src[:room])
	} else {
		var padded [room]byte
		copy(padded[:], src)
		bits = &padded
	}
	if width > 32 && width <= 57 { // a word from the byte on where a value begins holds it all
		mask, bit := uint64(1)<<width-1, uint(0)
		for i := 0; i < packedGroup; i += 2 {
			one := binary.LittleEndian.Uint64(bits[bit>>3&0xff:]) >> (bit & 7)
			bit += width
			two := binary.LittleEndian.Uint64(bits[bit>>3&0xff:]) >> (bit & 7)
			bit += width
			a := last + (T(one&mask) + least)
			last = a + (T(two&mask) + least)
			dst[i], dst[i+1] = a, last
		}
		return last
	}
	bitpack.Unpack(dst[:], bits[:], width)
	for i := 0; i < packedGroup; i += 4 {
		a := last + (dst[i] + least)
		b := a + (dst[i+1] + least)
		c := b + (dst[i+2] + least)
		last = c + (dst[i+3] + least)
		dst[i], dst[i+1], dst[i+2], dst[i+3] = a, b, c, last
	}
	return last
}

// narrowMiniBlock is decodeMiniBlock where the deltas are wider than the values.
func narrowMiniBlock[T packed](dst []T, src []byte, width uint, least int64, last T) T {
	var wide [packedGroup]int64
	for len(dst) > 0 {
		decodeGroup(&wide, src, width, least, int64(last))
		n := min(packedGroup, len(dst))
		for i := range n {
			dst[i] = T(wide[i])
		}
		last = dst[n-1]
		dst, src = dst[n:], src[packedGroup/8*width:]
	}
	return last
}
