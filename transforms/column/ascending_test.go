package column_test

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
)

func TestAscendingIsAStableSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.OneOf(rapid.Uint64Range(0, 3), rapid.Uint64(), rapid.Uint64Range(1<<40, 1<<40+300))
		keys := rapid.SliceOf(key).Draw(t, "keys")
		want := make([]uint32, len(keys))
		for i := range want {
			want[i] = uint32(i)
		}
		slices.SortStableFunc(want, func(a, b uint32) int { return cmp.Compare(keys[a], keys[b]) })
		if got := column.Ascending(keys); !slices.Equal(got, want) {
			t.Fatalf("%v in the order %v, want %v", keys, got, want)
		}
	})
}

func TestNullComesLast(t *testing.T) {
	for _, v := range []int64{math.MinInt64 + 1, -1, 0, 1, math.MaxInt64} {
		if column.NullLast(v) >= column.NullLast(column.Null) {
			t.Errorf("%d does not stand before null", v)
		}
	}
	if column.NullLast(-1) >= column.NullLast(0) || column.NullLast(0) >= column.NullLast(1) {
		t.Error("keys do not order as their values")
	}
}
