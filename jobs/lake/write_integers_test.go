package lake

import (
	"bytes"
	"math"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"pgregory.net/rapid"
)

// Where narrowed is true, readers of either width find the same bytes; it is false where these would not be the same.
func TestNarrowedDeltasAreTheSameBytes(t *testing.T) {
	var e delta.BinaryPackedEncoding
	extremes := []int64{0, 1, -1, 1<<30 - 1, -1 << 30, 1 << 30, -1<<30 - 1, 1 << 31, math.MaxInt64, math.MinInt64}
	seen := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 64).Draw(t, "width")
		value := rapid.OneOf(rapid.Custom(func(t *rapid.T) int64 { return rapid.Int64().Draw(t, "v") >> (64 - width) }), rapid.SampledFrom(extremes[:5]))
		if width > 30 {
			value = rapid.OneOf(value, rapid.SampledFrom(extremes))
		}
		wide := rapid.SliceOfN(value, 0, 300).Draw(t, "values")
		narrow := make([]int32, len(wide))
		ok := narrowed(narrow, wide)
		seen[ok]++
		fits := true
		for _, v := range wide {
			fits = fits && v >= -1<<30 && v < 1<<30
		}
		if ok != fits {
			t.Fatalf("narrowed %v: %v, want %v", wide, ok, fits)
		}
		if !ok {
			return
		}
		want, err := e.EncodeInt64(nil, wide)
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.EncodeInt32(nil, narrow)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%v: %x, want %x, %v", wide, got, want, err)
		}
	})
	if seen[true] < 10 || seen[false] < 10 {
		t.Errorf("of each kind: %v", seen)
	}
}
