package producttest_test

import (
	"math"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/internal/testkit/lines"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/producttest"
)

var asOf = calendar.Of(2026, 5, 15)

const null = column.Null

type line = lines.Line

// table are the rows of product_test.
func table(t lines.T, p *producttest.Products) []line {
	t.Helper()
	return lines.Of(t, compare(t, p).Table(asOf, column.NewIDs(nil)))
}

func compare(t interface{ Fatal(args ...any) }, p *producttest.Products) *producttest.Result {
	r, err := producttest.Compare(p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var near = cmpopts.EquateApprox(0, 1e-6)

func pick(lines []line, columns ...string) (out []line) {
	for _, l := range lines {
		kept := line{}
		for _, c := range columns {
			kept[c] = l[c]
		}
		out = append(out, kept)
	}
	return out
}

// five are three products of shop 7, one of shop 8 and one that nobody showed or sold.
func five() *producttest.Products {
	return &producttest.Products{
		Codes: []int64{1, 2, 3, 4, 5}, Merchants: column.NewInts([]int64{7, 7, 7, 8, 7}), Categories: column.NewInts([]int64{70, 70, null, 70, 70}), Days: 30,
		Distribution: producttest.Arm{Impressions: []int64{40_000, 500, 0, 0, 0}, Clicks: []int64{2_000, 40, 0, 0, 0}, Covered: []int64{30, 3, 0, 0, 0}, Lines: []int64{30, 3, 0, 0, 0}, Paid: []int64{3_000, 300, 0, 0, 0},
			Settled: []int64{2_000, 0, 0, 0, 0}, Refunded: []int64{500, 0, 0, 0, 0}, Buyers: []int64{80, 3, 0, 0, 0}, Repeat: []int64{20, 0, 0, 0, 0}},
		SelfBroadcast: producttest.Arm{Impressions: []int64{10_000, 0, 100, 50, 0}, Clicks: []int64{1_000, 0, 10, 2, 0}, Covered: []int64{60, 0, 1, 3, 0}, Lines: []int64{60, 0, 1, 3, 0}, Paid: []int64{6_000, 0, 90, 200, 0},
			Settled: []int64{4_000, 0, 0, 0, 0}, Refunded: []int64{400, 0, 0, 0, 0}, Buyers: []int64{100, 0, 1, 2, 0}, Repeat: []int64{40, 0, 0, 1, 0}},
		Won: []int64{50, 2, 0, 0, 0}, WonLive: []int64{10, 0, 0, 0, 0},
	}
}

// Bounds by the closed form of Wilson's interval, worked out outside the project; 3 of 40 is the test value of
// definitions, section 3.
func TestAMarketByHand(t *testing.T) {
	rows := table(t, five())
	got := pick(rows, "merchant_id", "product_id", "category1_id", "distribution_click_ratio", "distribution_conversion_ratio", "distribution_refund_rate_ratio",
		"distribution_r1_ratio", "distribution_rank", "self_broadcast_conversion_ratio", "self_broadcast_rank", "better", "won_live_ratio")
	want := []line{
		{"merchant_id": 7, "product_id": 1, "category1_id": 70, "distribution_click_ratio": .05, "distribution_conversion_ratio": .015, "distribution_refund_rate_ratio": .25,
			"distribution_r1_ratio": .25, "distribution_rank": 2, "self_broadcast_conversion_ratio": .06, "self_broadcast_rank": 1, "better": "self_broadcast", "won_live_ratio": .2},
		{"merchant_id": 7, "product_id": 2, "category1_id": 70, "distribution_click_ratio": .08, "distribution_conversion_ratio": .075, "distribution_refund_rate_ratio": nil,
			"distribution_r1_ratio": .0, "distribution_rank": 1, "self_broadcast_conversion_ratio": nil, "self_broadcast_rank": nil, "better": "unclear", "won_live_ratio": .0},
		{"merchant_id": 7, "product_id": 3, "category1_id": nil, "distribution_click_ratio": nil, "distribution_conversion_ratio": nil, "distribution_refund_rate_ratio": nil,
			"distribution_r1_ratio": nil, "distribution_rank": nil, "self_broadcast_conversion_ratio": .1, "self_broadcast_rank": 2, "better": "unclear", "won_live_ratio": nil},
		{"merchant_id": 8, "product_id": 4, "category1_id": 70, "distribution_click_ratio": nil, "distribution_conversion_ratio": nil, "distribution_refund_rate_ratio": nil,
			"distribution_r1_ratio": nil, "distribution_rank": nil, "self_broadcast_conversion_ratio": 1.5, "self_broadcast_rank": 1, "better": "unclear", "won_live_ratio": nil},
	}
	if diff := gocmp.Diff(want, got, near); diff != "" {
		t.Error(diff)
	}
	bounds := pick(rows[:2], "distribution_conversion_lower", "distribution_conversion_upper", "self_broadcast_conversion_lower", "self_broadcast_conversion_upper")
	wantBounds := []line{
		{"distribution_conversion_lower": 0.011140, "distribution_conversion_upper": 0.020171, "self_broadcast_conversion_lower": 0.048794, "self_broadcast_conversion_upper": 0.073580},
		{"distribution_conversion_lower": 0.030370, "distribution_conversion_upper": .173480, "self_broadcast_conversion_lower": nil, "self_broadcast_conversion_upper": nil},
	}
	if diff := gocmp.Diff(wantBounds, bounds, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Error(diff)
	}
	if more := rows[3]; more["self_broadcast_conversion_upper"] != 1.0 || more["self_broadcast_conversion_lower"].(float64) >= 1 {
		t.Errorf("more lines than clicks: bounds %v to %v", more["self_broadcast_conversion_lower"], more["self_broadcast_conversion_upper"])
	}
}

func TestWhatIsNotComputableIsNull(t *testing.T) {
	p := five()
	p.Distribution.Clicks, p.Distribution.Refunded, p.Distribution.Buyers, p.Distribution.Repeat, p.Won, p.WonLive = nil, nil, nil, nil, nil, nil
	l := table(t, p)[0]
	for _, c := range []string{"distribution_clicks", "distribution_click_ratio", "distribution_conversion_ratio", "distribution_conversion_lower", "distribution_rank",
		"distribution_settled_refund_fen", "distribution_refund_rate_ratio", "distribution_buyers", "distribution_r1_ratio", "won_buyers", "won_live_buyers", "won_live_ratio"} {
		if l[c] != nil {
			t.Errorf("%s is %v", c, l[c])
		}
	}
	if l["distribution_lines"] != 30 || l["better"] != "unclear" {
		t.Errorf("%v", l)
	}
}

// Lines of days without traffic are told, and no conversion is made of them.
func TestConversionIsOfTheCoveredDays(t *testing.T) {
	p := five()
	p.Covered, p.Distribution.Covered[0], p.SelfBroadcast.Covered[0] = 10, 10, 20
	got := pick(table(t, p)[:1], "days_present", "covered_days", "distribution_lines", "distribution_covered_lines", "distribution_conversion_ratio",
		"self_broadcast_lines", "self_broadcast_covered_lines", "self_broadcast_conversion_ratio")
	want := []line{{"days_present": 30, "covered_days": 10, "distribution_lines": 30, "distribution_covered_lines": 10, "distribution_conversion_ratio": .005,
		"self_broadcast_lines": 60, "self_broadcast_covered_lines": 20, "self_broadcast_conversion_ratio": .02}}
	if diff := gocmp.Diff(want, got, near); diff != "" {
		t.Error(diff)
	}
}

func TestAProductOfNoKnownShopHasNoRank(t *testing.T) {
	p := five()
	p.Merchants = column.NewInts([]int64{7, null, 7, 8, 7})
	rows := table(t, p)
	if rows[1]["merchant_id"] != nil || rows[1]["distribution_rank"] != nil || rows[0]["distribution_rank"] != 1 {
		t.Errorf("%v", pick(rows, "merchant_id", "distribution_rank"))
	}
}

// Ranks of a shop are 1 to n in the order of the lower bound, bounds hold the ratio, and what a product of another shop
// does moves nothing.
func TestRanksAndBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "products")
		some := func(name string, most int64) []int64 {
			return rapid.SliceOfN(rapid.Int64Range(0, most), n, n).Draw(t, name)
		}
		merchants := some("merchant", 2)
		p := &producttest.Products{Merchants: column.NewInts(merchants), Categories: column.Same(0, n),
			Distribution:  producttest.Arm{Clicks: some("clicks", 50), Covered: some("lines", 20), Paid: some("paid", 3)},
			SelfBroadcast: producttest.Arm{Clicks: some("live clicks", 50), Covered: some("live lines", 20), Paid: some("live paid", 3)}}
		for i := range n {
			p.Codes = append(p.Codes, int64(i))
		}
		r := compare(t, p)
		rows := map[int]int{} // rows of the table by product
		for i := range n {
			if p.Distribution.Clicks[i]+p.Distribution.Covered[i]+p.Distribution.Paid[i]+p.SelfBroadcast.Clicks[i]+p.SelfBroadcast.Covered[i]+p.SelfBroadcast.Paid[i] > 0 {
				rows[i] = len(rows)
			}
		}
		seen := map[int64]map[int64]int{}
		for i, row := range rows {
			c, lower, upper := r.Distribution.Conversion(row)
			if math.IsNaN(c) != (p.Distribution.Clicks[i] == 0) || !math.IsNaN(c) && !(0 <= lower && lower <= min(c, 1)+1e-12 && min(c, 1) <= upper+1e-12 && upper <= 1) {
				t.Fatalf("%d lines of %d clicks: %g in %g to %g", p.Distribution.Covered[i], p.Distribution.Clicks[i], c, lower, upper)
			}
			if rank := r.Distribution.Rank(row); rank > 0 {
				if seen[merchants[i]] == nil {
					seen[merchants[i]] = map[int64]int{}
				}
				seen[merchants[i]][rank] = row
			} else if p.Distribution.Clicks[i] > 0 {
				t.Fatalf("product %d was clicked and has no rank", i)
			}
		}
		lower := func(row int) float64 { _, v, _ := r.Distribution.Conversion(row); return v }
		for shop, byRank := range seen {
			for rank := int64(1); rank <= int64(len(byRank)); rank++ {
				row, ok := byRank[rank]
				if before, has := byRank[rank-1]; !ok || has && lower(before) < lower(row) {
					t.Fatalf("shop %d, rank %d: %v", shop, rank, byRank)
				}
			}
		}
		other := *p
		other.Distribution.Clicks = append([]int64(nil), p.Distribution.Clicks...)
		for i, shop := range merchants {
			if _, is := rows[i]; is && shop == 2 {
				other.Distribution.Clicks[i] += 7
			}
		}
		again := compare(t, &other)
		for i, row := range rows {
			if merchants[i] != 2 && again.Distribution.Rank(row) != r.Distribution.Rank(row) {
				t.Fatalf("product %d: rank %d became %d by what another shop did", i, r.Distribution.Rank(row), again.Distribution.Rank(row))
			}
		}
	})
}
