package column_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
)

func TestLookupAgainstAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.OneOf(rapid.Int64Range(-3, 30), rapid.Int64(), rapid.Int64Range(1e9, 1e9+200), rapid.Just[int64](column.Null))
		keys := rapid.SliceOfDistinct(key, rapid.ID).Draw(t, "keys")
		if rapid.Bool().Draw(t, "ascending") {
			slices.Sort(keys)
		}
		rows := map[int64]int{}
		for i, k := range keys {
			rows[k] = i
		}
		l := column.NewLookup(keys, keys)
		asked := append(rapid.SliceOf(key).Draw(t, "asked"), keys...)
		got := make([]int64, len(asked))
		l.Rows(asked, got)
		for i, k := range asked {
			want, ok := rows[k]
			if !ok {
				want = -1
			}
			if got[i] != int64(want) || l.Row(k) != want {
				t.Fatalf("key %d is in row %d and %d, want %d", k, got[i], l.Row(k), want)
			}
			if want >= 0 && l.Values(0)[want] != k {
				t.Fatalf("the value of key %d is another row's", k)
			}
		}
		if l.Len() != len(keys) {
			t.Fatalf("%d rows, want %d", l.Len(), len(keys))
		}
	})
}
