package column_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
)

// Whatever the span of the values, at both sides of every width, and however many are large, each comes back.
func TestIntsGiveBackWhatTheyWereMadeOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		least := rapid.OneOf(rapid.Int64Range(-10, 10), rapid.Int64()).Draw(t, "least")
		width := rapid.SampledFrom([]uint64{0, 1, 1<<8 - 2, 1<<8 - 1, 1 << 8, 1<<16 - 2, 1<<16 - 1, 1<<32 - 2, 1<<32 - 1, math.MaxUint64}).Draw(t, "width")
		greatest := int64(math.MaxInt64)
		if room := uint64(math.MaxInt64) - uint64(least); width <= room {
			greatest = int64(uint64(least) + width)
		}
		near := int64(min(uint64(greatest)-uint64(least), uint64(rapid.SampledFrom([]int{3, 253, 254, 255, 70_000}).Draw(t, "near"))))
		some := rapid.OneOf(rapid.Int64Range(least, least+near), rapid.SampledFrom([]int64{least, least + near, column.Null}))
		if rapid.IntRange(0, 3).Draw(t, "far apart") == 0 {
			some = rapid.OneOf(rapid.Int64Range(least, greatest), rapid.SampledFrom([]int64{least, greatest, column.Null}))
		}
		values := rapid.SliceOfN(some, 0, 60).Draw(t, "values")
		for range min(len(values), rapid.IntRange(0, 4).Draw(t, "large ones")) { // few stand apart, many do not
			values[rapid.IntRange(0, len(values)-1).Draw(t, "at")] = rapid.OneOf(rapid.Just(greatest), rapid.Int64Range(least, greatest)).Draw(t, "large")
		}
		got := column.NewInts(values)
		if got.Len() != len(values) {
			t.Fatalf("%d values, want %d", got.Len(), len(values))
		}
		all := got.Values()
		for i, want := range values {
			if v := got.At(i); v != want || all[i] != want {
				t.Fatalf("value %d: %d and %d, want %d", i, v, all[i], want)
			}
		}
	})
}

func TestSameIsOneValueForAll(t *testing.T) {
	for _, v := range []int64{0, -7, column.Null} {
		if c := column.Same(v, 3); c.Len() != 3 || c.At(0) != v || c.At(2) != v {
			t.Errorf("%d values, %d and %d, want %d", c.Len(), c.At(0), c.At(2), v)
		}
	}
}

func TestIntsThatLieFarApartComeBack(t *testing.T) {
	values := make([]int64, 1000)
	for i := range values {
		values[i] = int64(column.Hash(int64(i)))
	}
	values[7], values[8], values[9] = math.MaxInt64, column.Null, math.MinInt64+1
	for i, v := range column.NewInts(values).Values() {
		if v != values[i] {
			t.Fatalf("value %d: %d, want %d", i, v, values[i])
		}
	}
}
