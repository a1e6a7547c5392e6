package jobs_test

import (
	"testing"
	"time"

	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/transforms/mapping"
)

// What comes into a day's dump by the tolerance alone counts on that day, once: an order that was placed and a refund that succeeded
// five minutes before it.
func TestWithinTheToleranceCountsOnTheDay(t *testing.T) {
	for _, tolerance := range []time.Duration{10 * time.Minute, 48 * time.Hour} { // in the second the application is moved too
		t.Run(tolerance.String(), func(t *testing.T) { withinTheTolerance(t, tolerance) })
	}
}

func withinTheTolerance(t *testing.T, tolerance time.Duration) {
	t.Helper()
	d, day := newDeployment(t), twin.Day(lastDay)
	late := time.Unix(int64(day)*86_400, 0).UTC().Add(-8*time.Hour - 5*time.Minute)
	placed, sold := orders(day)[0], orders(day - 2)[0]
	placed.OrderLineID, placed.OrderID, placed.CreatedAt, placed.PaidAt, placed.BuyerPaidFen = "900001", "900002", late, nil, 5_000
	back := twin.Refund{RefundID: "900003", OrderLineID: sold.OrderLineID, OrderID: sold.OrderID, BuyerID: sold.BuyerID, MerchantID: sold.MerchantID,
		ProductID: sold.ProductID, PromoterID: sold.PromoterID, AuthorID: sold.AuthorID, PaidAt: *sold.PaidAt, AppliedAt: *sold.PaidAt, SucceededAt: &late,
		AmountFen: 400, Kind: "refund_only", Reason: "other", Scene: sold.Scene, OrderKind: sold.OrderKind, Quantity: 1, BuyerPaidFen: sold.BuyerPaidFen}
	d.settings.Tables = map[string]mapping.Table{"orders": {Tolerance: 10 * time.Minute}, "refunds": {Tolerance: tolerance}}
	platform := func() map[int64]orderedRow {
		out := map[int64]orderedRow{}
		for _, r := range published[orderedRow](t, d, d.night(lastDay), "gmv") {
			if r.Role == "platform" {
				out[r.Window] = r
			}
		}
		return out
	}
	before := platform()
	d.deliver(twin.Partitions{Orders: map[twin.Day][]twin.Order{day: append(orders(day), placed)}, Refunds: map[twin.Day][]twin.Refund{day: append(refunds(day), back)}})
	for window, r := range platform() {
		was := before[window]
		if r.Order != was.Order+5_000 || r.Paid != was.Paid || *r.Flow != *was.Flow+400 {
			t.Errorf("%d days: placed %d, before %d; returned %d, before %d", window, r.Order, was.Order, *r.Flow, *was.Flow)
		}
		if window > 1 && *r.Net != *was.Net-400 {
			t.Errorf("%d days: net %d, before %d", window, *r.Net, *was.Net)
		}
	}
}

type orderedRow struct {
	Role   string `parquet:"role"`
	Window int64  `parquet:"window_days"`
	Order  int64  `parquet:"gmv_order_fen"`
	Paid   int64  `parquet:"gmv_paid_fen"`
	Net    *int64 `parquet:"gmv_net_fen"`
	Flow   *int64 `parquet:"refund_amt_fen"`
}
