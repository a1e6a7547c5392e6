//go:build shareddata

package olist_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/windvane/windvane/internal/testkit/dumps"
	"github.com/windvane/windvane/internal/testkit/olist"
	"github.com/windvane/windvane/internal/testkit/recount"
	"github.com/windvane/windvane/internal/testkit/shareddata"
)

// loaded reads the data set once for all tests: none changes it.
var loaded struct {
	once      sync.Once
	source    *olist.Source
	reference *olist.Reference
	err       error
}

func load(t *testing.T) (*olist.Source, *olist.Reference) {
	t.Helper()
	dir, l := shareddata.Dir(t, "olist"), &loaded
	l.once.Do(func() {
		if l.source, l.err = olist.Load(dir); l.err == nil {
			l.reference, l.err = olist.LoadReference(dir)
		}
	})
	if l.err != nil {
		t.Fatal(l.err)
	}
	return l.source, l.reference
}

// none fails the test with every mismatch, at most 40 of them.
func none(t *testing.T, mismatches []string) {
	t.Helper()
	for i, m := range mismatches {
		if i == 40 {
			t.Fatalf("… and %d more", len(mismatches)-i)
		}
		t.Error(m)
	}
}

// The naive recount must agree with the independent reference before it may judge the product.
func TestRecountAgreesWithReference(t *testing.T) {
	source, reference := load(t)
	t.Run("every status paid: days, months, sellers, products, categories", func(t *testing.T) {
		none(t, reference.CompareAllPaid(recount.Count(source.Sales(olist.AllPaid))))
	})
	t.Run("by status: three filters as three forms of GMV", func(t *testing.T) {
		none(t, reference.CompareByStatus(recount.Count(source.Sales(olist.ByStatus))))
	})
	t.Run("paid unless canceled: orders by month", func(t *testing.T) {
		none(t, reference.CompareUnlessCanceled(recount.Count(source.Sales(olist.PaidUnlessCanceled)).Months()))
	})
	sales := source.Sales(olist.AllPaid)
	for _, asOf := range reference.WindowDates() {
		t.Run("windows as of "+string(asOf), func(t *testing.T) {
			none(t, reference.CompareWindows(recount.Describe(sales, olist.FirstDay, asOf, "platform", "merchant"), 365))
		})
	}
	t.Run("MAB and R2 at the end of every month", func(t *testing.T) {
		for d := olist.FirstDay.MonthEnd(); d <= olist.LastDay; d = d.Add(1).MonthEnd() {
			twoMonths := d.Add(-70) // all that the figures of a month and of the one before depend on
			none(t, reference.CompareMonth(recount.Describe(sales, twoMonths, d, "platform")))
		}
	})
	t.Run("R3 over all cohorts", func(t *testing.T) {
		none(t, reference.CompareCohorts(recount.Describe(sales, olist.FirstDay, olist.LastDay, "platform")))
	})
}

// The comparison must notice one cent, one line and one row.
func TestCompareNoticesOneCent(t *testing.T) {
	source, reference := load(t)
	sales := source.Sales(olist.AllPaid)
	for name, spoil := range map[string]func(){
		"a cent on an order line": func() { sales[0].Fen++ },
		"a line on another day":   func() { sales[0].Day = sales[0].Day.Add(1) },
		"a line too few":          func() { sales = sales[1:] },
	} {
		sales = source.Sales(olist.AllPaid)
		spoil()
		if len(reference.CompareAllPaid(recount.Count(sales))) == 0 {
			t.Errorf("%s went unnoticed", name)
		}
	}
}

type dumpedLine struct {
	OrderLineID string `parquet:"order_line_id"`
	BuyerID     string `parquet:"customer_unique_id,optional"`
	Status      string `parquet:"order_status,optional"`
	PurchasedAt int64  `parquet:"order_purchase_timestamp,timestamp(microsecond:local)"`
	Price       int64  `parquet:"price,decimal(2:10)"`
}

type dumpedShipment struct {
	OrderID     string `parquet:"order_id"`
	DeliveredAt *int64 `parquet:"delivered_customer_date,optional,timestamp(microsecond:local)"`
	CarrierAt   *int64 `parquet:"delivered_carrier_date,optional,timestamp(microsecond:local)"`
	LimitAt     int64  `parquet:"shipping_limit_date,timestamp(microsecond:local)"`
	PromisedAt  int64  `parquet:"estimated_delivery_date,timestamp(microsecond:local)"`
}

type dumpedReview struct {
	ReviewLineID string `parquet:"review_line_id"`
	IsFirst      bool   `parquet:"is_first_of_order"`
}

func readDay[T any](t *testing.T, dir, table string, day recount.Date) []T {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dumps.Partition(dir, table, day), "*.parquet"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no file on %s: %v", table, day, err)
	}
	var rows []T
	for _, file := range files {
		part, err := parquet.ReadFile[T](file)
		if err != nil {
			t.Fatalf("read %s: %v", file, err)
		}
		rows = append(rows, part...)
	}
	return rows
}

func TestDump(t *testing.T) {
	source, reference := load(t)
	dir := t.TempDir()
	if err := source.Dump(dir, olist.FirstDay, olist.LastDay); err != nil {
		t.Fatal(err)
	}
	days := recount.Days(olist.FirstDay, olist.LastDay)
	if len(days) != 849 || len(recount.Days(olist.FirstDay, olist.LastPurchase)) != 774 {
		t.Errorf("got %d days, want 849, of which 774 to the last purchase", len(days))
	}
	t.Run("order lines stand on their purchase day, to the cent", func(t *testing.T) { checkLines(t, dir, days, reference) })
	t.Run("shipping events stand on their own day", func(t *testing.T) { checkShipments(t, dir, days, reference) })
	t.Run("reviews cover every line of their order once", func(t *testing.T) { checkReviews(t, dir, days) })
	t.Run("snapshots stand on every day", func(t *testing.T) { checkSnapshots(t, dir, days, reference) })
}

func checkLines(t *testing.T, dir string, days []recount.Date, reference *olist.Reference) {
	seen, cents, empty := map[string]bool{}, int64(0), 0
	for _, day := range days {
		rows := readDay[dumpedLine](t, dir, olist.OrderItems, day)
		if len(rows) == 0 {
			empty++
		}
		for _, r := range rows {
			seen[r.OrderLineID] = true
			cents += r.Price
			if len(r.BuyerID) != 32 || r.PurchasedAt/86_400_000_000 != day.Midnight().Unix()/86_400 {
				t.Fatalf("%s: bad line %+v", day, r)
			}
		}
	}
	if len(seen) != reference.Totals.Rows["order_items"] || cents != int64(reference.Totals.PriceTotal) {
		t.Errorf("got %d distinct lines of %d cents, want %d of %d", len(seen), cents, reference.Totals.Rows["order_items"], reference.Totals.PriceTotal)
	}
	if want := len(days) - len(reference.Totals.DaysAll); empty != want {
		t.Errorf("got %d empty days, want %d", empty, want)
	}
}

func checkShipments(t *testing.T, dir string, days []recount.Date, reference *olist.Reference) {
	delivered, handed, overdue, due := map[string]bool{}, 0, 0, 0
	for _, day := range days {
		on := func(us *int64) bool { return us != nil && *us/86_400_000_000 == day.Midnight().Unix()/86_400 }
		for _, r := range readDay[dumpedShipment](t, dir, olist.ShippingEvents, day) {
			if on(r.DeliveredAt) {
				delivered[r.OrderID] = true
			}
			if on(r.CarrierAt) {
				handed++
				if *r.CarrierAt > r.LimitAt {
					overdue++
				}
			}
			if on(&r.LimitAt) {
				due++
			}
		}
	}
	want := reference.Totals.Delivery
	if float64(handed) != want["items_with_carrier_date"] || float64(overdue) != want["items_handed_to_carrier_after_shipping_limit"] {
		t.Errorf("got %d lines picked up, %d late, want %v, %v", handed, overdue, want["items_with_carrier_date"], want["items_handed_to_carrier_after_shipping_limit"])
	}
	// 96,470 delivered orders and 6 canceled ones have a delivery date.
	if len(delivered) != 96476 {
		t.Errorf("got %d orders delivered, want 96476", len(delivered))
	}
	// Four lines are due after the last dump.
	if due != reference.Totals.Rows["order_items"]-4 {
		t.Errorf("got %d lines due, want %d", due, reference.Totals.Rows["order_items"]-4)
	}
}

func checkReviews(t *testing.T, dir string, days []recount.Date) {
	seen, first := map[string]bool{}, 0
	for _, day := range days {
		for _, r := range readDay[dumpedReview](t, dir, olist.OrderReviews, day) {
			seen[r.ReviewLineID] = true
			if r.IsFirst {
				first++
			}
		}
	}
	// Review × line of the order, less 64 reviews without a date and 759 of orders without items.
	if len(seen) != 112295 {
		t.Errorf("got %d distinct line reviews, want 112295", len(seen))
	}
	if first == 0 || first >= len(seen) {
		t.Errorf("got %d first reviews of %d", first, len(seen))
	}
}

func checkSnapshots(t *testing.T, dir string, days []recount.Date, reference *olist.Reference) {
	type anyRow struct {
		SellerID string `parquet:"seller_id"`
	}
	type productRow struct {
		ID       string  `parquet:"product_id"`
		Category *string `parquet:"product_category_name,optional"`
	}
	for _, day := range []recount.Date{days[0], days[400], days[len(days)-1]} {
		if n := len(readDay[anyRow](t, dir, olist.SellersTable, day)); n != reference.Totals.Rows["sellers"] {
			t.Errorf("%s: got %d sellers", day, n)
		}
		without := 0
		products := readDay[productRow](t, dir, olist.ProductsTable, day)
		for _, p := range products {
			if p.Category == nil {
				without++
			}
		}
		if len(products) != reference.Totals.Rows["products"] || without != 610 {
			t.Errorf("%s: got %d products, %d without category, want %d, 610", day, len(products), without, reference.Totals.Rows["products"])
		}
	}
}

func TestMistakes(t *testing.T) {
	source, _ := load(t)
	dir, day := t.TempDir(), recount.Date("2017-11-24")
	count := func() (lines int, cents int64) {
		rows := readDay[dumpedLine](t, dir, olist.OrderItems, day)
		for _, r := range rows {
			cents += r.Price
		}
		return len(rows), cents
	}
	deliver := func() {
		if err := source.DumpOrders(dir, day, day); err != nil {
			t.Fatal(err)
		}
	}
	deliver()
	lines, cents := count()
	if err := dumps.DeliverTwice(dir, olist.OrderItems, day); err != nil {
		t.Fatal(err)
	}
	if twice, twiceCents := count(); twice != 2*lines || twiceCents != 2*cents {
		t.Errorf("delivered twice: got %d lines of %d cents, want %d of %d", twice, twiceCents, 2*lines, 2*cents)
	}
	if err := source.DumpWrongOrders(dir, day); err != nil {
		t.Fatal(err)
	}
	if wrong, _ := count(); wrong != (lines+1)/2 {
		t.Errorf("wrong day: got %d lines, want %d", wrong, (lines+1)/2)
	}
	deliver()
	if again, againCents := count(); again != lines || againCents != cents {
		t.Errorf("corrected: got %d lines of %d cents, want %d of %d", again, againCents, lines, cents)
	}
	if files, err := os.ReadDir(dumps.Partition(dir, olist.OrderItems, day)); err != nil || len(files) < 2 {
		t.Errorf("a busy day arrives in several files, got %d: %v", len(files), err)
	}
}
