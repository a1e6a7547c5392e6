package jobs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

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

// Where no snapshot of products and no run tells whose a product is, its orders do: it is judged by the score and the tickets of that shop.
func TestShopsOfProductsByTheirOrders(t *testing.T) {
	d := newDeployment(t)
	d.settings.Tables = map[string]mapping.Table{"products": {Absent: true}}
	for _, c := range []struct {
		condemned string
		want      map[string]string
	}{
		{"12", map[string]string{
			"traffic_item":    "of 11, entered: first_run; no_severe passed; product_score passed_by_floor; shop_score passed_by_floor",
			"campaign_item_a": "of 11, out: no_score; no_severe passed; product_score not_known; shop_score not_known",
		}},
		{"11", map[string]string{
			"traffic_item":    "of 11, out: gate_failed; no_severe failed; product_score passed_by_floor; shop_score passed_by_floor",
			"campaign_item_a": "of 11, out: gate_failed,no_score; no_severe failed; product_score not_known; shop_score not_known",
		}},
	} {
		anew := d.copied()
		anew.condemn(lastDay, []string{c.condemned})
		o := anew.night(lastDay)
		for list, want := range c.want {
			if diff := gocmp.Diff(want, ofList(t, anew, o, list, "31")); diff != "" {
				t.Errorf("%s, tickets of %s: %s", list, c.condemned, diff)
			}
		}
	}
}

// A product listed and taken down between two dumps is of the shop that its orders of the last day name: of several the one that sold most, then
// the one whose id is first. What is no valid order names none. The next night has it from the run before.
func TestAProductThatNoSnapshotHasNamed(t *testing.T) {
	d := newDeployment(t)
	fake, sold := "fraud", 0
	sell := func(day calendar.Day, product, shop string, fen int64, risk *string) twin.Order {
		o := orders(twin.Day(day))[0]
		sold++
		o.OrderLineID = text(9_000_000 + sold)
		o.OrderID, o.MerchantID, o.ProductID, o.BuyerPaidFen, o.RiskReason = o.OrderLineID, shop, product, fen, risk
		return o
	}
	for day, more := range map[calendar.Day][]twin.Order{
		lastDay - 3: {sell(lastDay-3, "41", "11", 9_000, nil), sell(lastDay-3, "42", "11", 9_000, nil)},
		lastDay - 2: {sell(lastDay-2, "41", "12", 400, nil), sell(lastDay-2, "41", "12", 400, nil), sell(lastDay-2, "41", "13", 700, nil), sell(lastDay-2, "41", "14", 5_000, &fake),
			sell(lastDay-2, "42", "9", 500, nil), sell(lastDay-2, "42", "12", 500, nil)},
		lastDay - 1: {sell(lastDay-1, "42", "11", 5_000, &fake)},
	} {
		d.deliver(twin.Partitions{Orders: map[twin.Day][]twin.Order{twin.Day(day): append(orders(twin.Day(day)), more...)}})
	}
	for day := lastDay - 1; day <= lastDay; day++ {
		o := d.night(day)
		for _, product := range []string{"41", "42"} {
			if got := ofList(t, d, o, "traffic_item", product); !strings.HasPrefix(got, "of 12, ") {
				t.Errorf("%s: %s is %s", day, product, got)
			}
		}
		for _, r := range published[struct {
			Product  int64  `parquet:"product_id"`
			Merchant *int64 `parquet:"merchant_id"`
			WonLive  *int64 `parquet:"won_live_buyers"`
		}](t, d, o, "product_test") {
			if r.Merchant == nil || r.Product > 40 && r.WonLive != nil {
				t.Errorf("%s: product_test has %v for %d", day, r.Merchant, r.Product)
			}
		}
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

// overrideRow is a person's decision.
type overrideRow struct {
	Role     string `parquet:"subject_role"`
	Subject  string `parquet:"subject_id"`
	Resource string `parquet:"resource"`
	Action   string `parquet:"action"`
	Reason   string `parquet:"reason"`
	Author   string `parquet:"author"`
	From     int32  `parquet:"valid_from,date"`
	To       int32  `parquet:"valid_to,date"`
}

// What a person decides about a shop without sales that is in no snapshot holds for its products; of a shop without products the note says that
// it names nobody.
func TestDecisionsAboutAShopWithoutSales(t *testing.T) {
	d := newDeployment(t)
	d.deliver(twin.Partitions{Products: map[twin.Day][]twin.Product{twin.Day(lastDay): append(products(twin.Day(lastDay)), twin.Product{ProductID: "3", MerchantID: "12", UnitsPerItem: 1})}})
	var rows []overrideRow
	for _, shop := range []string{"12", "13", "no id"} {
		rows = append(rows, overrideRow{"merchant", shop, "traffic", "deny", "fraud", "risk desk", int32(lastDay) - 1, int32(lastDay) + 30})
	}
	if err := os.MkdirAll(d.dump("overrides", lastDay), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := parquet.WriteFile(filepath.Join(d.dump("overrides", lastDay), "part-0.parquet"), rows); err != nil {
		t.Fatal(err)
	}
	o := d.night(lastDay)
	if got := ofList(t, d, o, "traffic_item", "3"); !strings.HasPrefix(got, "of 12, out: override_deny") {
		t.Errorf("product 3: %s", got)
	}
	if got := ofList(t, d, o, "traffic_item", "31"); !strings.HasPrefix(got, "of 11, entered: first_run;") {
		t.Errorf("product 31: %s", got)
	}
	if told := strings.Join(o.Warnings, "; "); !strings.Contains(told, "overrides: 2 in force name nobody that is known and change nothing: merchant 13, merchant no id;") {
		t.Errorf("the night says %q", told)
	}
}
