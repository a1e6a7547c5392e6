package repeat_test

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/repeat"
)

// rowsOfKeys are rows that have nothing but keys, without subjects for the platform.
func rowsOfKeys(keys []repeat.Key, platform bool) (r repeat.Rows) {
	for _, k := range keys {
		if !platform {
			r.Subject = append(r.Subject, k.Subject)
		}
		r.Buyer = append(r.Buyer, k.Buyer)
	}
	return r
}

func TestRowsAreInOrderIfNoneComesBeforeTheOneAheadOfIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		platform := rapid.Bool().Draw(t, "platform")
		subjects := rapid.SampledFrom([]int64{column.Null, math.MinInt64 + 1, math.MaxInt64})
		buyers := rapid.SampledFrom([]int64{math.MinInt64 + 1, -1, 0, 1, math.MaxInt64})
		keys := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) repeat.Key {
			k := repeat.Key{Subject: subjects.Draw(t, "subject"), Buyer: buyers.Draw(t, "buyer")}
			if platform {
				k.Subject = 0
			}
			return k
		}), 0, 20).Draw(t, "keys")
		before := func(a, b repeat.Key) int {
			if (a.Subject == column.Null) != (b.Subject == column.Null) {
				return -cmp.Compare(a.Subject, b.Subject)
			}
			return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Buyer, b.Buyer))
		}
		if rapid.Bool().Draw(t, "sorted") {
			slices.SortFunc(keys, before)
		}
		if rapid.Bool().Draw(t, "swapped") && len(keys) > 1 {
			i := rapid.IntRange(1, len(keys)-1).Draw(t, "at")
			keys[i-1], keys[i] = keys[i], keys[i-1]
		}
		err := repeat.CheckOrder(column.SubjectOrder{}, rowsOfKeys(keys, platform))
		if sorted := slices.IsSortedFunc(keys, before); sorted != (err == nil) || err != nil && !errors.Is(err, repeat.ErrNotSorted) {
			t.Fatalf("%v: %v", keys, err)
		}
	})
}
