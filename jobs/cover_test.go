package jobs_test

import (
	"testing"

	"github.com/windvane/windvane/transforms/calendar"
)

type coverRow struct {
	Role        string   `parquet:"role"`
	Subject     string   `parquet:"subject_id"`
	Indicator   string   `parquet:"indicator"`
	State       string   `parquet:"state"`
	Covered     int64    `parquet:"covered_days"`
	Numerator   *float64 `parquet:"numerator"`
	Denominator *float64 `parquet:"denominator"`
}

// Reviews that begin twenty days after the orders are held against the signatures of ten days, and say so; those of three days
// against nothing.
func TestReviewsThatBeginLate(t *testing.T) {
	t.Parallel()
	d := newDemo(t, 30)
	read := func() map[[2]string]coverRow {
		rows := map[[2]string]coverRow{}
		for _, r := range published[coverRow](t, d, d.night(lastDay), "score_indicators") {
			if r.Role == "merchant" {
				rows[[2]string{r.Subject, r.Indicator}] = r
			}
		}
		return rows
	}
	whole := read()
	for _, days := range []int64{10, 3} {
		for day := lastDay - 29; day <= lastDay-calendar.Day(days); day++ {
			d.neverHad("reviews", day)
		}
		rows, fewer, sum, all := read(), 0, 0.0, 0.0
		for key, r := range rows {
			was := whole[key]
			if key[1] != "quality_bad_review" {
				if r.Covered != was.Covered || r.State != was.State || (r.Denominator == nil) != (was.Denominator == nil) || r.Denominator != nil && *r.Denominator != *was.Denominator {
					t.Fatalf("%v: %+v, with all reviews %+v", key, r, was)
				}
				continue
			}
			if r.Covered != days {
				t.Fatalf("%v is covered on %d days, want %d", key, r.Covered, days)
			}
			if days < 7 {
				if r.State != "not_computable" || r.Denominator != nil {
					t.Fatalf("%v of %d days: %+v", key, days, r)
				}
				continue
			}
			if *r.Denominator > *was.Denominator || *r.Numerator > *was.Numerator {
				t.Fatalf("%v: %g of %g, with all reviews %g of %g", key, *r.Numerator, *r.Denominator, *was.Numerator, *was.Denominator)
			}
			if *r.Denominator < *was.Denominator {
				fewer++
			}
			sum, all = sum+*r.Denominator, all+*was.Denominator
		}
		if days >= 7 && (fewer == 0 || sum < 0.2*all || sum > 0.7*all) {
			t.Errorf("%g signed orders of ten days, %g of thirty", sum, all)
		}
	}
}

// Where all dumps begin on one day, refunds and complaints of the first days are of orders that nobody knows: they count nowhere, and
// what is covered are the days of which both sides are there.
func TestDumpsThatAllBeginOnOneDay(t *testing.T) {
	d := newDemo(t, 60)
	const days = 20
	for day := lastDay - 59; day <= lastDay-days; day++ {
		for _, table := range []string{"orders", "refunds", "shipments", "reviews", "complaints", "chats", "contents", "product_traffic", "violations"} {
			d.neverHad(table, day)
		}
	}
	lagged := map[string]bool{"quality_refund": true, "dispute": true, "mismatch_complaint": true, "logistics_complaint": true, "misleading": true}
	x, n := 0.0, 0.0
	for _, r := range published[coverRow](t, d, d.night(lastDay), "score_indicators") {
		want := int64(days) // of every window, which has at least 30
		if lagged[r.Indicator] {
			want = days - 15
			if r.Denominator == nil || *r.Denominator == 0 && *r.Numerator != 0 || *r.Denominator < *r.Numerator {
				t.Fatalf("%+v", r)
			}
			x, n = x+*r.Numerator, n+*r.Denominator
		}
		if r.Indicator == "missed_pickup" || r.Indicator == "effective_gmv" || r.Indicator == "slow_reply" || r.Indicator == "content_reports" || lagged[r.Indicator] {
			if r.Covered != want {
				t.Fatalf("%+v: want %d days", r, want)
			}
		}
	}
	if x == 0 || n == 0 {
		t.Errorf("%g of %g", x, n)
	}
}
