package jobs_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/mapping"
)

type netRow struct {
	Role    string   `parquet:"role"`
	Subject string   `parquet:"subject_id"`
	Window  int64    `parquet:"window_days"`
	Paid    int64    `parquet:"gmv_paid_fen"`
	Net     *int64   `parquet:"gmv_net_fen"`
	Net15   *int64   `parquet:"gmv_net15_fen"`
	Net30   *int64   `parquet:"gmv_net30_fen"`
	Flow    *int64   `parquet:"refund_amt_fen"`
	Rate    *float64 `parquet:"refund_rate_ratio"`
}

type appliedRow struct {
	Window  int64 `parquet:"window_days"`
	Applied bool  `parquet:"refunds_applied"`
}

type knownGateRow struct {
	List  string   `parquet:"list"`
	Gate  string   `parquet:"gate"`
	Value *float64 `parquet:"value"`
	State string   `parquet:"state"`
}

type listNetRow struct {
	Net15 *int64 `parquet:"gmv_net15_fen"`
}

type checkRow struct {
	Table  string `parquet:"table_name"`
	Check  string `parquet:"check_name"`
	Status string `parquet:"status"`
	Value  int64  `parquet:"value"`
}

type goodsRow struct {
	Merchant int64    `parquet:"merchant_id"`
	Goods    *float64 `parquet:"goods_score"`
	LowPrice *float64 `parquet:"low_price_index"`
	Share    *float64 `parquet:"low_price_gmv_share_ratio"`
}

type testedRow struct {
	Settled *int64 `parquet:"distribution_settled_gmv_fen"`
	Refund  *int64 `parquet:"distribution_settled_refund_fen"`
}

// Where refunds begin later than the orders, figures net of refunds are of the windows that begin no earlier, and are those of a
// market whose refunds were always there; the others are null, and no gate passes because nobody is seen to return anything.
func TestRefundsThatBeginLate(t *testing.T) {
	t.Parallel()
	d := newDemo(t, 70)
	rows := func(o jobs.Outcome) map[netRow]netRow {
		out := map[netRow]netRow{}
		for _, r := range published[netRow](t, d, o, "gmv") {
			out[netRow{Role: r.Role, Subject: r.Subject, Window: r.Window}] = r
		}
		return out
	}
	o := d.night(lastDay)
	whole := rows(o)
	for _, r := range whole { // both tables begin on one day
		if r.Net == nil || r.Net15 == nil || r.Net30 == nil || r.Flow == nil {
			t.Fatalf("%+v", r)
		}
	}
	if slices.ContainsFunc(o.Warnings, func(w string) bool { return strings.HasPrefix(w, "refunds begin") }) {
		t.Errorf("warnings %q", o.Warnings)
	}
	begin := lastDay - 49 // in the lagged windows of 30 days: of net15 yes, of net30 no
	for day := lastDay - 69; day < begin; day++ {
		d.neverHad("refunds", day)
	}
	o = d.night(lastDay)
	known := func(window, lag calendar.Day) bool { return lastDay-lag-window+1 >= begin }
	late, rates := rows(o), 0
	for key, r := range late {
		was, window := whole[key], calendar.Day(r.Window)
		for _, f := range []struct {
			name     string
			lag      calendar.Day
			got, was *int64
		}{{"net", 0, r.Net, was.Net}, {"net15", 15, r.Net15, was.Net15}, {"net30", 30, r.Net30, was.Net30}, {"flow", 0, r.Flow, was.Flow}} {
			switch want := known(window, f.lag); {
			case (f.got != nil) != want:
				t.Fatalf("%+v: %s known %t, want %t", key, f.name, f.got != nil, want)
			case want && *f.got != *f.was:
				t.Fatalf("%+v: %s is %d, with all refunds %d", key, f.name, *f.got, *f.was)
			}
		}
		if r.Rate != nil {
			rates++
		}
		if r.Rate != nil && (!known(window, 30) || *r.Rate != *was.Rate) {
			t.Fatalf("%+v: refund rate %g", key, *r.Rate)
		}
	}
	if len(late) == 0 || rates == 0 {
		t.Errorf("%d rows, %d rates", len(late), rates)
	}
	for _, r := range published[appliedRow](t, d, o, "repeat_purchase") {
		if r.Applied != known(calendar.Day(r.Window), 0) {
			t.Fatalf("refunds applied in %d days: %t", r.Window, r.Applied)
		}
	}
	if !slices.ContainsFunc(o.Warnings, func(w string) bool {
		return strings.HasPrefix(w, "refunds begin on 2025-12-13, later than the orders: ")
	}) {
		t.Errorf("warnings %q", o.Warnings)
	}
	for _, c := range published[checkRow](t, d, o, "data_quality") {
		if c.Check == "begins_later" && (c.Table != "refunds" || c.Status != "not_computable" || c.Value != 20) {
			t.Errorf("%+v", c)
		}
	}
	judged := 0
	for _, r := range published[knownGateRow](t, d, o, "eligibility_gates") {
		if r.List != "subsidy_item" || r.Gate != "refund_rate" {
			continue
		}
		if judged++; r.Value != nil || r.State != "not_known" {
			t.Fatalf("%+v", r)
		}
	}
	if judged == 0 {
		t.Error("no product is judged for a subsidy")
	}
}

// The first file of refunds tells nothing of what was paid before it: it ends nothing that was not known the night before.
func TestTheFirstDayOfRefunds(t *testing.T) {
	t.Parallel()
	d := newDemo(t, 70)
	for day := lastDay - 69; day < lastDay; day++ {
		d.neverHad("refunds", day)
	}
	before, o := d.night(lastDay-1), d.night(lastDay)
	for _, r := range published[netRow](t, d, o, "gmv") {
		if (r.Net != nil) != (r.Window == 1) || r.Net15 != nil || r.Net30 != nil || r.Rate != nil {
			t.Fatalf("%+v", r)
		}
	}
	states := func(night string) map[string]int {
		out := map[string]int{}
		for _, r := range rowsIn[knownGateRow](t, d.out, night, "eligibility_gates.parquet") {
			if r.Gate == "refund_rate" {
				out[r.State]++
			}
		}
		return out
	}
	if a, b := states(before.Prefix), states(o.Prefix); len(a) != 1 || len(b) != 1 || a["not_known"] == 0 || b["not_known"] == 0 {
		t.Errorf("gates of the night before %v, of the first with refunds %v", a, b)
	}
	for _, r := range published[listNetRow](t, d, o, "eligibility_subsidy") {
		if r.Net15 != nil {
			t.Fatalf("gmv_net15 of a list is %d", *r.Net15)
		}
	}
	settled := 0
	for _, r := range published[testedRow](t, d, o, "product_test") {
		if r.Settled != nil {
			settled++
		}
		if r.Refund != nil {
			t.Fatalf("%d fen are refunded", *r.Refund)
		}
	}
	if settled == 0 {
		t.Error("nothing is settled")
	}
}

// Without refunds nothing weighs the products of a shop: their mean is null, and 低价好物 goes by the share alone.
func TestGoodsScoresNeedRefunds(t *testing.T) {
	d := newDemo(t, 70)
	known := 0
	for _, r := range published[shopRow](t, d, d.night(lastDay), "shop_score") {
		if r.Goods != nil {
			known++
		}
	}
	if known == 0 {
		t.Fatal("no shop has a goods_score")
	}
	for day := lastDay - 69; day < lastDay-20; day++ {
		d.neverHad("refunds", day)
	}
	o, indexes := d.night(lastDay), 0
	for _, r := range published[shopRow](t, d, o, "shop_score") {
		if r.Goods != nil {
			t.Fatalf("shop %d: %g", r.Merchant, *r.Goods)
		}
	}
	for _, r := range published[goodsRow](t, d, o, "fives") {
		if r.Goods != nil || (r.LowPrice == nil) != (r.Share == nil) {
			t.Fatalf("%+v", r)
		}
		if r.LowPrice != nil {
			indexes++
		}
	}
	if indexes == 0 {
		t.Error("no shop has a low_price_index")
	}
}

// A product is held against its level-1 category, one without a category against the platform, not against the others without.
func TestRefundRatesOfProductsWithoutACategory(t *testing.T) {
	t.Parallel()
	d := newDemo(t, 70)
	d.settings.Tables = map[string]mapping.Table{"products": {Columns: map[string]mapping.Column{"category1_id": {Column: "category1_id", When: map[string][]string{"brand_flag": {"false"}}}}}}
	o := d.night(lastDay)
	rates := map[string]*float64{}
	for _, r := range published[netRow](t, d, o, "gmv") {
		if r.Window == 30 {
			rates[r.Role+" "+r.Subject] = r.Rate
		}
	}
	categories := map[string]*string{}
	for _, r := range published[struct {
		List     string  `parquet:"list"`
		Subject  string  `parquet:"subject_id"`
		Category *string `parquet:"category1_id"`
	}](t, d, o, "eligibility_subsidy") {
		categories[r.Subject] = r.Category
	}
	judged := map[bool]int{} // by whether they have a category
	for _, r := range published[struct {
		List    string   `parquet:"list"`
		Subject string   `parquet:"subject_id"`
		Gate    string   `parquet:"gate"`
		Value   *float64 `parquet:"value"`
	}](t, d, o, "eligibility_gates") {
		own := rates["product "+r.Subject]
		if r.List != "subsidy_item" || r.Gate != "refund_rate" || own == nil {
			continue
		}
		category := categories[r.Subject]
		of := rates["platform "]
		if category != nil {
			of = rates["category "+*category]
		}
		got := math.NaN()
		if r.Value != nil {
			got = *r.Value
		}
		if want := *own / *of; math.IsNaN(got) || math.Abs(got-want) > 1e-9 {
			t.Errorf("product %s, which has a category: %t: %g, want %g", r.Subject, category != nil, got, want)
		}
		if *own > 0 {
			judged[category != nil]++
		}
	}
	if judged[true] == 0 || judged[false] < 2 || *rates["category (none)"] == *rates["platform "] {
		t.Errorf("judged %v: the test tells nothing", judged)
	}
}
