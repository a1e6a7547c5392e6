package jobs_test

import (
	"os"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
)

type productTestRow struct {
	Merchant       *int64   `parquet:"merchant_id"`
	Product        int64    `parquet:"product_id"`
	Days           int64    `parquet:"days_present"`
	Covered        int64    `parquet:"covered_days"`
	Clicks         *int64   `parquet:"distribution_clicks"`
	Lines          *int64   `parquet:"distribution_lines"`
	CoveredLines   *int64   `parquet:"distribution_covered_lines"`
	Conversion     *float64 `parquet:"distribution_conversion_ratio"`
	Paid           *int64   `parquet:"distribution_gmv_fen"`
	Settled        *int64   `parquet:"distribution_settled_gmv_fen"`
	Buyers         *int64   `parquet:"distribution_buyers"`
	Rank           *int64   `parquet:"distribution_rank"`
	LiveClicks     *int64   `parquet:"self_broadcast_clicks"`
	LiveLines      *int64   `parquet:"self_broadcast_lines"`
	LiveCovered    *int64   `parquet:"self_broadcast_covered_lines"`
	LiveConversion *float64 `parquet:"self_broadcast_conversion_ratio"`
	LiveRank       *int64   `parquet:"self_broadcast_rank"`
	LivePaid       *int64   `parquet:"self_broadcast_gmv_fen"`
	LiveSettled    *int64   `parquet:"self_broadcast_settled_gmv_fen"`
	Better         string   `parquet:"better"`
	Won            *int64   `parquet:"won_buyers"`
	WonLive        *int64   `parquet:"won_live_buyers"`
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

// testFigures are counts of one product; covered are the lines of the days that traffic has, too.
type testFigures struct{ Clicks, Lines, Covered, Paid, LiveClicks, LiveLines, LiveCovered, LivePaid, Won, WonLive int64 }

// recountTests counts product_test anew from the dumps. Clicks are of the days that have orders, too.
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
		ordered, shown := d.has("orders", day), d.has("product_traffic", day)
		for _, o := range rowsOf[testOrderRow](t, ordered, d.dump("orders", day)) {
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
				covered := int64(0)
				if shown {
					covered = 1
				}
				switch {
				case ch == "distribution":
					f.Lines, f.Covered, f.Paid = f.Lines+1, f.Covered+covered, f.Paid+o.Paid+o.Subsidy
				case ch == "self" && o.Scene == "live":
					f.LiveLines, f.LiveCovered, f.LivePaid = f.LiveLines+1, f.LiveCovered+covered, f.LivePaid+o.Paid+o.Subsidy
				}
			}
			out[o.Product] = f
		}
		for _, r := range rowsOf[testTrafficRow](t, shown && ordered, d.dump("product_traffic", day)) {
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

// has tells whether a partition is there.
func (d *deployment) has(table string, day calendar.Day) bool {
	_, err := os.Stat(d.dump(table, day))
	return err == nil
}

// rowsOf are the rows of a partition, none if it is not asked for.
func rowsOf[T any](t *testing.T, asked bool, dir string) []T {
	t.Helper()
	if !asked {
		return nil
	}
	return rowsIn[T](t, dir, "*.parquet")
}

// Traffic that lacks days of the orders, as it does where it begins later, is held against the lines of the days that both have, and they stand
// in the table; that of a day without orders counts nowhere, and of two days of thirty nothing is divided.
func TestTrafficThatBeginsLate(t *testing.T) {
	d := newDemo(t, 30)
	for day := lastDay - 29; day <= lastDay-20; day++ {
		d.neverHad("product_traffic", day)
	}
	d.settings.AbsentDays = map[string][]calendar.Day{"product_traffic": {lastDay - 3}, "orders": {lastDay - 8}}
	d.neverHad("product_traffic", lastDay-3)
	d.neverHad("orders", lastDay-8)
	o := d.night(lastDay)
	wantProductTest(t, d, o, 30)
	fewer := 0
	for _, r := range published[productTestRow](t, d, o, "product_test") {
		if r.Days != 29 || r.Covered != 18 || *r.CoveredLines > *r.Lines || *r.LiveCovered > *r.LiveLines {
			t.Fatalf("%+v", r)
		}
		if *r.CoveredLines < *r.Lines && *r.LiveCovered < *r.LiveLines {
			fewer++
		}
	}
	if fewer == 0 {
		t.Error("no product sold on days without traffic")
	}
	for day := lastDay - 19; day < lastDay-1; day++ {
		d.neverHad("product_traffic", day)
	}
	for _, r := range published[productTestRow](t, d, d.night(lastDay), "product_test") {
		if r.Days != 29 || r.Covered != 2 || r.Lines == nil || r.LiveLines == nil || r.Better != "unclear" {
			t.Fatalf("%+v", r)
		}
		if r.Clicks != nil || r.CoveredLines != nil || r.LiveClicks != nil || r.LiveCovered != nil || r.Conversion != nil || r.LiveConversion != nil || r.Rank != nil || r.LiveRank != nil {
			t.Fatalf("of two days: %+v", r)
		}
	}
}

// wantProductTest holds every figure of product_test that needs no refunds against the dumps. Buyers won are known after
// 60 days of history.
func wantProductTest(t *testing.T, d *deployment, o jobs.Outcome, days int) (won int64) {
	t.Helper()
	want, got := recountTests(t, d, days), map[int64]testFigures{}
	for _, r := range published[productTestRow](t, d, o, "product_test") {
		if r.Merchant == nil || r.Clicks == nil || r.CoveredLines == nil || r.Lines == nil || (r.Settled == nil) != (days < 45) || (r.Buyers == nil) != (days < 90) || (r.Won == nil) != (days < 60) {
			t.Fatalf("product %d has or lacks figures: %+v", r.Product, r)
		}
		f := testFigures{*r.Clicks, *r.Lines, *r.CoveredLines, *r.Paid, *r.LiveClicks, *r.LiveLines, *r.LiveCovered, *r.LivePaid, 0, 0}
		for _, a := range []struct {
			clicks, lines int64
			conversion    *float64
		}{{f.Clicks, f.Covered, r.Conversion}, {f.LiveClicks, f.LiveCovered, r.LiveConversion}} {
			if (a.conversion != nil) != (a.clicks > 0) || a.conversion != nil && *a.conversion != float64(a.lines)/float64(a.clicks) {
				t.Fatalf("product %d: %d lines of %d clicks: %+v", r.Product, a.lines, a.clicks, r)
			}
		}
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
