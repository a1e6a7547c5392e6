package jobs

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rollup"
)

// The base of the pool is the same whether a day is read whole or a row group at a time, by however many workers: what was
// shown of each merchant in the last seven days, by the three of them that came.
func TestTheBaseOfThePoolIsAddedUpByRowGroups(t *testing.T) {
	out, err := lake.Open(t.Context(), "mem://", lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	ids, r, asOf := column.NewIDs(nil), rollup.ChuanliuShown(), calendar.Of(2026, 1, 31)
	at := slices.IndexFunc(rollup.From(r.Source.Name), func(o *rollup.Rollup) bool { return o.Name == r.Name })
	random := rand.New(rand.NewPCG(3, 1))
	merchants, want := []int64{9, 2, 7, 40}, make([]int64, 4) // nobody shows anything of 40
	var days []Partition
	for _, day := range []struct {
		ago   calendar.Day
		large bool
	}{{0, true}, {3, false}, {6, true}, {7, true}} {
		ago, large := day.ago, day.large
		p := Partition{Day: asOf - ago, Digest: "x", Rows: make([]int64, len(rollup.From(r.Source.Name)))}
		columns := map[string][]int64{}
		for merchant := range int64(10) {
			for buyer := range int64(300) {
				impressions := random.Int64N(5) + 1
				columns["merchant_id"], columns["buyer_id"] = append(columns["merchant_id"], merchant), append(columns["buyer_id"], buyer)
				columns["impressions"] = append(columns["impressions"], impressions)
				if i := slices.Index(merchants, merchant); i >= 0 && ago < baseDays {
					want[i] += impressions
				}
			}
		}
		f := column.NewFrame(len(columns["buyer_id"]))
		for name, values := range columns {
			f.Set(name, values)
		}
		if p.Rows[at] = int64(f.N); large {
			p.Rows[at] = rollupRows + 1 // read as large ones are
		}
		days = append(days, p)
		if _, err := out.WriteParquet(t.Context(), rollupKey(r.Name, p), r.Table().Schema(nil), lake.WriteOptions{RowGroupRows: 700, Sorted: r.By}, frameRecords(r.Table(), ids, f)); err != nil {
			t.Fatal(err)
		}
	}
	for _, workers := range []int{1, 3} {
		n := &night{runner: &Runner{Out: out, Settings: Settings{Workers: workers}, ids: ids, state: newState(out, ids, 0)}, asOf: asOf, partitions: map[string][]Partition{r.Source.Name: days}}
		got, err := n.boosted(t.Context(), merchants)
		if err != nil {
			t.Fatal(err)
		}
		for i, sum := range want {
			if got[i] != float64(sum)/3 {
				t.Errorf("%d workers, merchant %d: %v, want %v", workers, merchants[i], got[i], float64(sum)/3)
			}
		}
		if want[0] == 0 || got[3] != 0 {
			t.Errorf("%v of %v: the test tells nothing", got, want)
		}
	}
}

// Without a day of exposures there is no base; the rules give every merchant the least one.
func TestTheBaseOfThePoolWithoutADay(t *testing.T) {
	n := &night{runner: &Runner{}, asOf: calendar.Of(2026, 1, 31), partitions: map[string][]Partition{}}
	got, err := n.boosted(t.Context(), []int64{1, 2})
	if err != nil || !slices.Equal(got, []float64{0, 0}) {
		t.Errorf("%v, %v", got, err)
	}
}
