package fives_test

import (
	"math"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/windvane/windvane/internal/testkit/lines"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/fives"
)

var asOf = calendar.Of(2026, 5, 15)

const null = column.Null

var nan = math.NaN()

type line = lines.Line

// table are the rows of fives.
func table(t lines.T, s *fives.Shops) []line {
	t.Helper()
	return lines.Of(t, fives.Compare(s).Table(asOf, column.NewIDs(nil)))
}

// near compares reals with a tolerance of rounding.
var near = cmpopts.EquateApprox(1e-12, 1e-9)

// four are three shops of one category and one that has none. Of the three, shop 1 leads, shop 3 sold nothing.
func four() *fives.Shops {
	return &fives.Shops{
		Codes: []int64{1, 2, 3, 4}, Categories: []int64{70, 70, 70, null}, Days: 28,
		Paid: []int64{1_000, 500, 0, 200}, Content: []int64{600, 100, 0, 200}, PanShelf: []int64{400, 300, 0, 0}, Search: []int64{100, 250, 0, 0},
		Distribution: []int64{300, 0, 0, 150}, SelfBroadcast: []int64{200, 100, 0, 0},
		Items: []int64{2, 1, 0, 1}, Comparable: []int64{400, 100, 0, 80}, LowPrice: []int64{100, 100, 0, 0}, Goods: []float64{4.5, 4.8, nan, 4.5},
		Contents: fives.Contents{Viewers: []int64{1_000, 500, 0, 100}, WatchSeconds: []int64{30_000, 20_000, 0, 1_000}, Interactions: []int64{50, 10, 0, 2},
			Reports: []int64{3, 0, 0, 0}, LiveDays: []int64{20, 10, 0, 30}},
		Partners:   fives.Partners{Active: []int64{5, 0, 0, 1}, Score: []float64{4.25, nan, nan, 4.5}},
		LiveBuyers: []int64{10, 4, 0, 0}, LiveRepeat: []int64{3, 2, 0, 0}, AlwaysOn: []int64{7, 7, 0, 1},
	}
}

// The numbers below were worked out by hand from the definitions.
func TestAShopIsComparedInsideItsCategory(t *testing.T) {
	want := line{
		"as_of_date": asOf.String(), "merchant_id": 1, "category1_id": 70, "days_present": 28, "gmv_paid_fen": 1_000,
		"comparable_items": 2, "comparable_gmv_fen": 400, "low_price_gmv_fen": 100, "low_price_gmv_share_ratio": 0.25, "goods_score": 4.5,
		"viewers": 1_000, "watch_seconds": 30_000, "interactions": 50, "upheld_reports": 3,
		"watch_seconds_per_viewer": 30.0, "interactions_per_1000_viewers": 50.0, "upheld_reports_per_10000_viewers": 30.0, "content_gmv_fen": 600,
		"active_promoters": 5, "distribution_gmv_fen": 300, "distribution_gmv_share_ratio": 0.3, "partner_talent_score": 4.25,
		"live_days": 20, "self_broadcast_gmv_fen": 200, "self_broadcast_buyers": 10, "self_broadcast_repeat_buyers": 3, "self_broadcast_r1_ratio": 0.3,
		"always_on_products": 7, "pan_shelf_gmv_fen": 400, "pan_shelf_gmv_share_ratio": 0.4, "search_gmv_fen": 100, "search_gmv_share_ratio": 0.1,
		// share 0.25 below 1, and 4.5 below 4.8: both 1/4
		"low_price_index": 25.0,
		// 30 s below 40 s: 1/4; 50 above 20: 3/4; 30 reports worse than none: 1 − 3/4
		"content_index": 100 * (0.25 + 0.75 + 0.25) / 3,
		// first of three twice: 5/6; share 0.3 above 0: 3/4; the only score: 1/2
		"distribution_index": 100 * (5.0/6 + 5.0/6 + 0.75 + 0.5) / 4,
		// 20 of 0, 10, 20 and 200 of 0, 100, 200: 5/6; R1 0.3 below 0.5: 1/4
		"self_broadcast_index": 100 * (5.0/6 + 5.0/6 + 0.25) / 3,
		// 7 of 0, 7, 7: (1 + 2/2)/3; 400 of 0, 300, 400: 5/6; 0.4 below 0.6 and 0.1 below 0.5: 1/4
		"pan_shelf_index": 100 * (2.0/3 + 5.0/6 + 0.25 + 0.25) / 4,
		// P75 of three is halfway between the second and the third
		"low_price_gap_fen": 0, "content_gap_fen": 350 - 600, "distribution_gap_fen": 150 - 300, "self_broadcast_gap_fen": 150 - 200, "pan_shelf_gap_fen": 350 - 400,
		"next": nil,
	}
	if diff := gocmp.Diff(want, table(t, four())[0], near); diff != "" {
		t.Error(diff)
	}
}

func TestNextIsTheLargestGap(t *testing.T) {
	var got []any
	for _, l := range table(t, four()) {
		got = append(got, l["next"])
	}
	// shop 2: content 350 − 100 = 250 against 150, 50, 50 and 0. Shop 3: content and pan_shelf are 350 behind, the first
	// counts. Shop 4 has no category: the platform's P75 are 100, 300, 187.5 → 188, 125 and 325; pan_shelf is furthest.
	if diff := gocmp.Diff([]any{nil, "content", "content", "pan_shelf"}, got); diff != "" {
		t.Error(diff)
	}
	want := line{"low_price_gap_fen": 100, "content_gap_fen": 100, "distribution_gap_fen": 38, "self_broadcast_gap_fen": 125, "pan_shelf_gap_fen": 325}
	if diff := gocmp.Diff(want, pick(table(t, four())[3], want)); diff != "" {
		t.Error(diff)
	}
}

// pick are the columns that like has.
func pick(l, like line) line {
	out := line{}
	for name := range like {
		out[name] = l[name]
	}
	return out
}

func TestAShopWithoutFiguresHasNoShares(t *testing.T) {
	want := line{"gmv_paid_fen": 0, "low_price_gmv_share_ratio": nil, "goods_score": nil, "low_price_index": nil, "viewers": 0, "watch_seconds_per_viewer": nil,
		"content_index": nil, "distribution_gmv_share_ratio": nil, "partner_talent_score": nil, "self_broadcast_r1_ratio": nil, "search_gmv_share_ratio": nil,
		"distribution_index": 100 * (1.0 / 3), "self_broadcast_index": 100 * (1.0 / 6), "pan_shelf_index": 100 * (1.0 / 6)}
	if diff := gocmp.Diff(want, pick(table(t, four())[2], want), near); diff != "" {
		t.Error(diff)
	}
}

// What no table tells is null, and takes no part in next.
func TestWhatIsNotComputableIsNull(t *testing.T) {
	for _, c := range []struct {
		name  string
		take  func(s *fives.Shops)
		nulls []string
	}{
		{"no products", func(s *fives.Shops) {
			s.Items, s.Comparable, s.LowPrice, s.AlwaysOn = nil, nil, nil, nil
		}, []string{"comparable_items", "comparable_gmv_fen", "low_price_gmv_fen", "low_price_gmv_share_ratio", "low_price_gap_fen", "always_on_products"}},
		{"no contents", func(s *fives.Shops) { s.Contents = fives.Contents{} }, []string{"viewers", "watch_seconds", "interactions", "upheld_reports",
			"watch_seconds_per_viewer", "interactions_per_1000_viewers", "upheld_reports_per_10000_viewers", "content_index", "live_days"}},
		{"no talents", func(s *fives.Shops) {
			s.Distribution, s.SelfBroadcast, s.LiveBuyers, s.LiveRepeat, s.Partners = nil, nil, nil, nil, fives.Partners{}
		}, []string{"active_promoters", "distribution_gmv_fen", "distribution_gmv_share_ratio", "partner_talent_score", "distribution_index", "distribution_gap_fen",
			"self_broadcast_gmv_fen", "self_broadcast_buyers", "self_broadcast_repeat_buyers", "self_broadcast_r1_ratio", "self_broadcast_gap_fen"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole, s := table(t, four())[1], four()
			c.take(s)
			got := table(t, s)[1]
			want := line{}
			for _, name := range c.nulls {
				want[name] = nil
			}
			if diff := gocmp.Diff(want, pick(got, want)); diff != "" {
				t.Error(diff)
			}
			for name, v := range whole {
				_, gone := want[name]
				if v != nil && got[name] == nil && !gone {
					t.Errorf("%s became null too", name)
				}
			}
		})
	}
}

func TestNoShopsAndMoreThanARecord(t *testing.T) {
	if rows := table(t, &fives.Shops{Codes: []int64{}, Categories: []int64{}, Paid: []int64{}, Content: []int64{}, PanShelf: []int64{}, Search: []int64{}}); len(rows) != 0 {
		t.Errorf("%d rows of no shops", len(rows))
	}
	const many = 1<<16 + 10
	s := &fives.Shops{}
	for _, values := range []*[]int64{&s.Codes, &s.Categories, &s.Paid, &s.Content, &s.PanShelf, &s.Search} {
		*values = make([]int64, many)
	}
	for i := range s.Codes {
		s.Codes[i], s.Paid[i] = int64(i), int64(i)
	}
	rows := table(t, s)
	if len(rows) != many || rows[many-1]["merchant_id"] != many-1 || rows[many-1]["gmv_paid_fen"] != many-1 {
		t.Errorf("%d rows, the last %v", len(rows), rows[len(rows)-1])
	}
}

// Every column of the contract that may be null says when.
func TestEveryNullIsExplained(t *testing.T) {
	for _, c := range contract.Fives.Columns {
		if c.Null && !strings.Contains(c.Doc, "null: ") {
			t.Errorf("%s: %s", c.Name, c.Doc)
		}
	}
}
