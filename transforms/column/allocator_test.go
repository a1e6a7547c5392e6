package column_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
)

// Buffers against plain slices: no buffer is given out twice, all bytes are zero at first, and growing keeps them.
func TestBuffersAreZeroAndNobodyElses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := column.NewBuffers(int64(rapid.IntRange(0, 1<<20).Draw(t, "keep")))
		held := map[byte][]byte{} // each filled with its key
		for step := range byte(rapid.IntRange(1, 60).Draw(t, "steps")) {
			size := rapid.SampledFrom([]int{0, 10, 32 << 10, 33_000, 40_000, 65_536, 70_001, 200_000}).Draw(t, "size")
			switch keys := keysOf(held); {
			case len(keys) == 0 || rapid.Bool().Draw(t, "allocate"):
				b := a.Allocate(size)
				if len(b) != size || len(bytes.Trim(b, "\x00")) > 0 {
					t.Fatalf("%d bytes for %d, or not zero", len(b), size)
				}
				held[step+1] = fill(b, step+1)
			case rapid.Bool().Draw(t, "free"):
				key := rapid.SampledFrom(keys).Draw(t, "which")
				a.Free(held[key])
				delete(held, key)
			default:
				key := rapid.SampledFrom(keys).Draw(t, "which")
				before := len(held[key])
				b := a.Reallocate(size, held[key])
				if len(b) != size || len(bytes.Trim(b[min(before, size):], "\x00")) > 0 {
					t.Fatalf("grown from %d to %d bytes: not zero behind", before, len(b))
				}
				if len(bytes.Trim(b[:min(before, size)], string(rune(key)))) > 0 {
					t.Fatal("growing lost what was there")
				}
				held[key] = fill(b, key)
			}
			for key, b := range held {
				if len(bytes.Trim(b, string(rune(key)))) > 0 {
					t.Fatal("two hold the same memory")
				}
			}
		}
	})
}

func keysOf(m map[byte][]byte) (keys []byte) {
	for k := byte(1); k <= 61; k++ {
		if _, ok := m[k]; ok {
			keys = append(keys, k)
		}
	}
	return keys
}

func fill(b []byte, with byte) []byte {
	for i := range b {
		b[i] = with
	}
	return b
}
