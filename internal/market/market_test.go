package market_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/internal/market"
)

// small is a market that is made in a second.
func small() market.Options {
	o := market.DefaultOptions()
	o.Days, o.LinesPerDay = 15, 5_000
	o.Merchants, o.Talents, o.Products, o.Buyers = 120, 300, 1_500, 6_000
	o.PartRows = 1 << 13
	return o
}

func TestSameSeedSameBytes(t *testing.T) {
	var want map[string]string
	for _, workers := range []int{1, 4} {
		o := small()
		o.Workers = workers
		k, _ := generate(t, o)
		got := k.digests(t)
		if want == nil {
			want = got
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d workers make other files than 1 (-1 +%d):\n%s", workers, workers, diff)
		}
	}
	o := small()
	o.Seed++
	k, _ := generate(t, o)
	if cmp.Equal(want, k.digests(t)) {
		t.Error("another seed makes the same market")
	}
}
