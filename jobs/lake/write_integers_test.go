package lake

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"pgregory.net/rapid"
)

// Where narrowed is true, readers of either width find the same bytes; it is false where these would not be the same.
// Either is drawn for itself: values of random widths alone would leave one of the two to chance.
func TestNarrowedDeltasAreTheSameBytes(t *testing.T) {
	var e delta.BinaryPackedEncoding
	within := []int64{0, 1, -1, 1<<30 - 1, -1 << 30}
	beyond := []int64{1 << 30, -1<<30 - 1, 1 << 31, math.MaxInt64, math.MinInt64}
	property := func(t *rapid.T, fits bool) {
		width := rapid.IntRange(1, 31).Draw(t, "width")
		value := rapid.OneOf(rapid.Custom(func(t *rapid.T) int64 { return rapid.Int64().Draw(t, "v") >> (64 - width) }), rapid.SampledFrom(within))
		wide := rapid.SliceOfN(value, 0, 300).Draw(t, "values")
		if !fits {
			outlier := rapid.OneOf(rapid.SampledFrom(beyond), rapid.Int64Range(1<<30, math.MaxInt64), rapid.Int64Range(math.MinInt64, -1<<30-1))
			for range rapid.IntRange(1, 3).Draw(t, "outliers") {
				wide = slices.Insert(wide, rapid.IntRange(0, len(wide)).Draw(t, "at"), outlier.Draw(t, "outlier"))
			}
		}
		narrow := make([]int32, len(wide))
		ok := narrowed(narrow, wide)
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
	}
	for _, fits := range []bool{true, false} {
		t.Run(fmt.Sprintf("fits=%v", fits), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { property(t, fits) })
		})
	}
}
