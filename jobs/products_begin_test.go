package jobs_test

import (
	"fmt"
	"testing"

	"github.com/windvane/windvane/transforms/calendar"
)

type categoryRow struct {
	Role      string   `parquet:"role"`
	Subject   string   `parquet:"subject_id"`
	Window    int64    `parquet:"window_days"`
	Present   int64    `parquet:"days_present"`
	Buyers    int64    `parquet:"buyers"`
	New       *int64   `parquet:"new_buyers"`
	Returning *int64   `parquet:"returning_buyers"`
	NewOrders *int64   `parquet:"new_buyer_orders"`
	NewRatio  *float64 `parquet:"new_buyer_order_ratio"`
	SetOrders *int64   `parquet:"full_set_orders"`
	SetFen    *int64   `parquet:"full_set_gmv_fen"`
}

type categoryCohortRow struct {
	Role     string       `parquet:"role"`
	Subject  string       `parquet:"subject_id"`
	Month    calendar.Day `parquet:"cohort_month,date"`
	Complete bool         `parquet:"history_complete"`
}

type categoryMonthRow struct {
	Role    string       `parquet:"role"`
	Subject string       `parquet:"subject_id"`
	Month   calendar.Day `parquet:"month,date"`
	Present int64        `parquet:"days_present"`
}

// What was bought before the first snapshot of products is of no category: of a category history begins there, whatever is declared
// of the orders, and brands are not known of windows that reach further back.
func TestProductsThatBeginLate(t *testing.T) {
	t.Parallel()
	d := newDemo(t, 60)
	since := lastDay - 800
	d.settings.HistoryCompleteFrom = &since
	d.checkCategories("with all products", 60)
	for day := lastDay - 59; day <= lastDay-10; day++ {
		d.drop("products", day)
	}
	d.checkCategories("with those of ten days", 10)
}

// checkCategories holds the night against products that are known of the last days.
func (d *deployment) checkCategories(name string, days int64) {
	d.t.Helper()
	o := d.night(lastDay)
	seen := map[string]int{}
	for _, table := range []string{"gmv", "trust", "repeat_purchase"} {
		for _, r := range published[categoryRow](d.t, d, o, table) {
			category, known := r.Role == "category" && r.Subject != "(none)", r.Role != "category" || days == 60
			what := fmt.Sprintf("%s: %s of %s %s over %d days", name, table, r.Role, r.Subject, r.Window)
			want := min(r.Window, 60)
			if category {
				want = min(r.Window, days)
			}
			if r.Present != want {
				d.t.Errorf("%s: %d days present, want %d", what, r.Present, want)
			}
			switch {
			case table == "gmv" && ((r.New != nil) != known || (r.Returning != nil) != known):
				d.t.Errorf("%s: new buyers %v, returning %v", what, r.New, r.Returning)
			case table == "trust" && ((r.NewOrders != nil) != known || (r.NewRatio != nil) != known):
				d.t.Errorf("%s: orders of new buyers %v", what, r.NewOrders)
			case table == "trust" && ((r.SetOrders != nil) != (days == 60) || (r.SetFen != nil) != (days == 60)):
				d.t.Errorf("%s: full sets %v", what, r.SetOrders)
			case category:
				seen[table]++
			}
		}
	}
	for _, r := range published[categoryCohortRow](d.t, d, o, "cohorts") {
		if want := r.Role != "category" || days == 60; r.Complete != want {
			d.t.Errorf("%s: cohort %s of %s %s, history complete %v", name, r.Month, r.Role, r.Subject, r.Complete)
		}
	}
	for _, r := range published[categoryMonthRow](d.t, d, o, "monthly_buyers") {
		if r.Month == lastDay.Month() && (r.Present == 31) != (r.Role != "category" || r.Subject == "(none)" || days == 60) {
			d.t.Errorf("%s: %d days of %s %s in %s", name, r.Present, r.Role, r.Subject, r.Month)
		}
	}
	if len(seen) != 3 {
		d.t.Errorf("%s: categories in %v", name, seen)
	}
}

// Where no product names a brand there is nothing that tells of full sets: none is not zero of them.
func TestProductsThatNameNoBrand(t *testing.T) {
	d := newDeployment(t)
	sets := func() (known, rows int) {
		for _, r := range published[categoryRow](t, d, d.night(lastDay), "trust") {
			if rows++; r.SetOrders != nil && r.SetFen != nil {
				known++
			}
		}
		return known, rows
	}
	if known, rows := sets(); known != rows || rows == 0 {
		t.Errorf("full sets are known of %d of %d rows", known, rows)
	}
	d.settings.Tables = without("products", "brand_id")
	if known, rows := sets(); known != 0 || rows == 0 {
		t.Errorf("without brands full sets are known of %d of %d rows", known, rows)
	}
}
