package column

import (
	"encoding/binary"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"
)

// setNulls puts Null into out where the array is null.
func setNulls(out []int64, a arrow.Array) {
	if a.NullN() == 0 {
		return
	}
	bitmap, offset := a.NullBitmapBytes(), a.Data().Offset()
	for from := 0; from < len(out); from += 64 {
		rows := out[from:min(from+64, len(out))]
		nulls := ^bitsAt(bitmap, offset+from) << (64 - len(rows)) >> (64 - len(rows))
		if nulls == 1<<len(rows)-1 {
			for i := range rows {
				rows[i] = Null
			}
			continue
		}
		for ; nulls != 0; nulls &= nulls - 1 {
			rows[bits.TrailingZeros64(nulls)] = Null
		}
	}
}

// bitsAt are 64 bits of a bitmap from one on; those behind its end are 0.
func bitsAt(bitmap []byte, at int) uint64 {
	bytes, shift := bitmap[at>>3:], at&7
	if len(bytes) < 9 {
		var padded [9]byte
		copy(padded[:], bytes)
		bytes = padded[:]
	}
	return binary.LittleEndian.Uint64(bytes)>>shift | uint64(bytes[8])<<(64-shift)
}
