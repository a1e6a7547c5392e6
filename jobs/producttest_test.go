package jobs_test

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
)

type productTestRow struct {
	Merchant    *int64 `parquet:"merchant_id"`
	Product     int64  `parquet:"product_id"`
	Clicks      *int64 `parquet:"distribution_clicks"`
	Lines       *int64 `parquet:"distribution_lines"`
	Paid        *int64 `parquet:"distribution_gmv_fen"`
	Settled     *int64 `parquet:"distribution_settled_gmv_fen"`
	Buyers      *int64 `parquet:"distribution_buyers"`
	Rank        *int64 `parquet:"distribution_rank"`
	LiveClicks  *int64 `parquet:"self_broadcast_clicks"`
	LiveLines   *int64 `parquet:"self_broadcast_lines"`
	LivePaid    *int64 `parquet:"self_broadcast_gmv_fen"`
	LiveSettled *int64 `parquet:"self_broadcast_settled_gmv_fen"`
	Better      string `parquet:"better"`
	Won         *int64 `parquet:"won_buyers"`
	WonLive     *int64 `parquet:"won_live_buyers"`
}

type testOrderRow struct {
	Order    int64   `parquet:"order_id"`
	Buyer    int64   `parquet:"buyer_id"`
	Merchant int64   `parquet:"merchant_id"`
	Product  int64   `parquet:"product_id"`
	Promoter *int64  `parquet:"promoter_id"`
	Author   *int64  `parquet:"author_id"`
	Scene    string  `parquet:"scene"`
	Kind     string  `parquet:"order_kind"`
	Risk     *string `parquet:"risk_reason"`
	Quantity int64   `parquet:"quantity"`
	Paid     int64   `parquet:"buyer_paid_fen"`
	Subsidy  int64   `parquet:"platform_subsidy_fen"`
	PaidAt   *int64  `parquet:"paid_at,timestamp(microsecond)"`
}

type testTrafficRow struct {
	Product  int64  `parquet:"product_id"`
	Promoter *int64 `parquet:"promoter_id"`
	Merchant int64  `parquet:"merchant_id"`
	Scene    string `parquet:"scene"`
	Clicks   int64  `parquet:"clicks"`
}

type accountRow struct {
	Talent int64  `parquet:"talent_id"`
	Owner  *int64 `parquet:"owner_merchant_id"`
}

// testFigures are counts of one product.
type testFigures struct{ Clicks, Lines, Paid, LiveClicks, LiveLines, LivePaid, Won, WonLive int64 }

// recountTests counts product_test anew from the dumps.
func recountTests(t *testing.T, d *deployment, days int) map[int64]testFigures {
	t.Helper()
	type pair struct{ subject, buyer int64 }
	out, through, inLive := map[int64]testFigures{}, map[pair][]calendar.Day{}, map[pair][]calendar.Day{}
	shop := map[int64]int64{}
	for day := lastDay - calendar.Day(days) + 1; day <= lastDay; day++ {
		owner := map[int64]int64{}
		for _, a := range rowsIn[accountRow](t, d.dump("talents", day), "*.parquet") {
			if a.Owner != nil {
				owner[a.Talent] = *a.Owner
			}
		}
		channel := func(merchant int64, promoter, author *int64) string {
			account := author
			if account == nil {
				account = promoter
			}
			switch {
			case account != nil && owner[*account] == merchant:
				return "self"
			case account != nil && promoter != nil:
				return "distribution"
			}
			return "none"
		}
		for _, o := range rowsIn[testOrderRow](t, d.dump("orders", day), "*.parquet") {
			if o.PaidAt == nil || o.Kind == "test" || o.Risk != nil || o.Quantity > 20 {
				continue
			}
			f, ch := out[o.Product], channel(o.Merchant, o.Promoter, o.Author)
			shop[o.Product] = o.Merchant
			if ch == "distribution" {
				through[pair{o.Product, o.Buyer}] = append(through[pair{o.Product, o.Buyer}], day)
			}
			if ch == "self" && o.Scene == "live" {
				inLive[pair{o.Merchant, o.Buyer}] = append(inLive[pair{o.Merchant, o.Buyer}], day)
			}
			if day > lastDay-30 {
				switch {
				case ch == "distribution":
					f.Lines, f.Paid = f.Lines+1, f.Paid+o.Paid+o.Subsidy
				case ch == "self" && o.Scene == "live":
					f.LiveLines, f.LivePaid = f.LiveLines+1, f.LivePaid+o.Paid+o.Subsidy
				}
			}
			out[o.Product] = f
		}
		for _, r := range rowsIn[testTrafficRow](t, d.dump("product_traffic", day), "*.parquet") {
			if day <= lastDay-30 {
				continue
			}
			f := out[r.Product]
			switch ch := channel(r.Merchant, r.Promoter, nil); {
			case ch == "distribution":
				f.Clicks += r.Clicks
			case ch == "self" && r.Scene == "live":
				f.LiveClicks += r.Clicks
			}
			out[r.Product] = f
		}
	}
	for p, days := range through {
		f := out[p.subject]
		won, later := int64(0), int64(0)
		for _, day := range days {
			if day > lastDay-30 || day <= lastDay-60 {
				continue
			}
			won = 1
			for _, l := range inLive[pair{shop[p.subject], p.buyer}] {
				if l > day && l <= day+30 {
					later = 1
				}
			}
		}
		f.Won, f.WonLive = f.Won+won, f.WonLive+later
		out[p.subject] = f
	}
	return out
}

// wantProductTest holds every figure of product_test that needs no refunds against the dumps. Buyers won are known after
// 60 days of history.
func wantProductTest(t *testing.T, d *deployment, o jobs.Outcome, days int) (won int64) {
	t.Helper()
	want, got := recountTests(t, d, days), map[int64]testFigures{}
	for _, r := range published[productTestRow](t, d, o, "product_test") {
		if r.Merchant == nil || r.Clicks == nil || r.Lines == nil || (r.Settled == nil) != (days < 45) || (r.Buyers == nil) != (days < 90) || (r.Won == nil) != (days < 60) {
			t.Fatalf("product %d has or lacks figures: %+v", r.Product, r)
		}
		f := testFigures{*r.Clicks, *r.Lines, *r.Paid, *r.LiveClicks, *r.LiveLines, *r.LivePaid, 0, 0}
		if r.Won != nil {
			f.Won, f.WonLive = *r.Won, *r.WonLive
			won += f.WonLive
		}
		if f != (testFigures{}) { // else it was shown only
			got[r.Product] = f
		}
	}
	for product, f := range want {
		if f == (testFigures{}) {
			delete(want, product)
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" || len(got) == 0 {
		t.Errorf("product_test of %d products: %s", len(got), diff)
	}
	return won
}
