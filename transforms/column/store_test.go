package column_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
)

// Whatever is kept and taken over, every span tells the bytes it was made of: short ones, empty ones, and ones longer
// than a chunk.
func TestStoreTellsWhatItKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stores [2]column.Store
		var spans [2][]column.Span
		var want [2][][]byte
		keep := func(into int) {
			data := bytes.Repeat([]byte{rapid.Byte().Draw(t, "byte")}, rapid.OneOf(rapid.IntRange(0, 50), rapid.IntRange(1000, 5000), rapid.Just(3<<20)).Draw(t, "length"))
			spans[into], want[into] = append(spans[into], stores[into].Keep(data)), append(want[into], bytes.Clone(data))
			clear(data) // it was copied
		}
		for range rapid.IntRange(0, 10).Draw(t, "kept") {
			keep(rapid.IntRange(0, 1).Draw(t, "into"))
		}
		stores[0].Take(&stores[1], spans[1])
		spans[0], want[0] = append(spans[0], spans[1]...), append(want[0], want[1]...)
		keep(0)
		for i, s := range spans[0] {
			if !bytes.Equal(stores[0].At(s), want[0][i]) {
				t.Fatalf("span %d: %d bytes, want %d", i, len(stores[0].At(s)), len(want[0][i]))
			}
		}
	})
}
