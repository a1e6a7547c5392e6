package jobs_test

import (
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/mapping"
)

// ofList is a product's row of a list, and how its gates came out.
func ofList(t *testing.T, d *deployment, o jobs.Outcome, list, product string) string {
	t.Helper()
	row := "no row"
	for _, r := range published[causeRow](t, d, o, "eligibility_"+strings.SplitN(list, "_", 2)[0]) {
		if r.List == list && r.Subject == product {
			shop := "nobody's"
			if r.Merchant != nil {
				shop = "of " + *r.Merchant
			}
			row = fmt.Sprintf("%s, %s: %s", shop, r.Movement, r.Reasons)
		}
	}
	for _, g := range published[struct {
		List    string `parquet:"list"`
		Subject string `parquet:"subject_id"`
		Gate    string `parquet:"gate"`
		State   string `parquet:"state"`
	}](t, d, o, "eligibility_gates") {
		if g.List == list && g.Subject == product {
			row += fmt.Sprintf("; %s %s", g.Gate, g.State)
		}
	}
	return row
}

// What a shop takes down goes on being its shop's, night after night: a severe ticket removes it at once.
func TestAProductThatIsTakenDownIsStillItsShops(t *testing.T) {
	d := newDeployment(t)
	for day := lastDay - 1; day <= lastDay; day++ {
		d.deliver(twin.Partitions{Products: map[twin.Day][]twin.Product{twin.Day(day): products(twin.Day(day))[1:]}})
	}
	d.condemn(lastDay, []string{"11"})
	for day := lastDay - 2; day <= lastDay; day++ {
		want := map[calendar.Day]string{
			lastDay - 2: "of 11, entered: first_run; no_severe passed; product_score passed_by_floor; shop_score passed_by_floor",
			lastDay - 1: "of 11, stayed: ; no_severe passed; product_score passed_by_floor; shop_score passed_by_floor",
			lastDay:     "of 11, left: gate_failed,severe_at_once; no_severe failed; product_score passed_by_floor; shop_score passed_by_floor",
		}[day]
		if diff := gocmp.Diff(want, ofList(t, d, d.night(day), "traffic_item", "31")); diff != "" {
			t.Errorf("%s: %s", day, diff)
		}
	}
}

// A product that no snapshot has named is sold by a shop that nobody knows: it passes no gate on that, and is no newcomer of the cold start.
func TestAProductThatNobodyKnowsTheShopOf(t *testing.T) {
	d := newDeployment(t)
	d.settings.Tables = map[string]mapping.Table{"products": {Absent: true}}
	d.condemn(lastDay, []string{"12"}) // there is a table of violations
	o := d.night(lastDay)
	for list, want := range map[string]string{
		"traffic_item":    "nobody's, out: not_known; no_severe not_known; product_score passed_by_floor; shop_score not_known",
		"campaign_item_a": "nobody's, out: no_score,not_known; no_severe not_known; product_score not_known; shop_score not_known",
	} {
		if diff := gocmp.Diff(want, ofList(t, d, o, list, "31")); diff != "" {
			t.Errorf("%s: %s", list, diff)
		}
	}
	err := d.with(func(r *jobs.Runner) error {
		return r.Validate(t.Context(), lastDay, lastDay, jobs.ValidateOptions{Tables: []string{"products"}}, func(found jobs.TableReport) error {
			if !strings.Contains(strings.Join(found.Missing, " "), "no product passes a list's gates on its shop") {
				t.Errorf("validate says %q", found.Missing)
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A shop that is in no snapshot and has sold nothing has no score, but its tickets count.
func TestTicketsOfAShopWithoutSales(t *testing.T) {
	d := newDeployment(t)
	for day := lastDay - 1; day <= lastDay; day++ {
		d.deliver(twin.Partitions{Products: map[twin.Day][]twin.Product{twin.Day(day): append(products(twin.Day(day)), twin.Product{ProductID: "3", MerchantID: "12", UnitsPerItem: 1})}})
	}
	d.condemn(lastDay, []string{"12"})
	for day := lastDay - 1; day <= lastDay; day++ {
		want := "of 12, entered: first_run; no_severe passed; product_score passed_by_floor; shop_score passed_by_floor"
		if day == lastDay {
			want = "of 12, left: gate_failed,severe_at_once; no_severe failed; product_score passed_by_floor; shop_score passed_by_floor"
		}
		if diff := gocmp.Diff(want, ofList(t, d, d.night(day), "traffic_item", "3")); diff != "" {
			t.Errorf("%s: %s", day, diff)
		}
	}
}
