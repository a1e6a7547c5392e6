package market_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/internal/market"
	"github.com/windvane/windvane/transforms/calendar"
)

// tally is a day of truth/days, recounted.
type tally struct {
	Created, Paid, Valid         int64
	Order, PaidRaw, PaidGMV, Net int64
	Orders, Buyers               int64
}

// recount works the totals out from the dumped rows alone, by the words of definitions.md.
func recount(t *testing.T, k *keeper) map[calendar.Day]tally {
	t.Helper()
	returned, whole := map[int64]int64{}, map[int64]bool{}
	for _, r := range newest(k.rows(t, "refunds"), "refund_id") {
		if !r.null("succeeded_at") {
			returned[r.int("order_line_id")] += r.int("amount_fen")
			whole[r.int("order_line_id")] = whole[r.int("order_line_id")] || r.is("is_full")
		}
	}
	out := map[calendar.Day]tally{}
	orders, buyers := map[[2]int64]bool{}, map[[2]int64]bool{}
	for _, r := range k.rows(t, "orders") {
		d := out[r.dt]
		if r.day("created_at") == r.dt {
			d.Created++
			if r.text("order_kind") != "test" {
				d.Order += r.goods()
			}
		}
		if !r.null("paid_at") {
			d.Paid++
			if r.text("order_kind") != "test" {
				d.PaidRaw += r.goods()
			}
		}
		if r.valid() {
			d.Valid++
			d.PaidGMV += r.goods()
			back := min(returned[r.int("order_line_id")], r.goods())
			if whole[r.int("order_line_id")] {
				back = r.goods()
			}
			d.Net += r.goods() - back
			orders[[2]int64{int64(r.dt), r.int("order_id")}] = true
			buyers[[2]int64{int64(r.dt), r.int("buyer_id")}] = true
		}
		out[r.dt] = d
	}
	for key := range orders {
		d := out[calendar.Day(key[0])]
		d.Orders++
		out[calendar.Day(key[0])] = d
	}
	for key := range buyers {
		d := out[calendar.Day(key[0])]
		d.Buyers++
		out[calendar.Day(key[0])] = d
	}
	return out
}

func TestTruthDaysEqualARecountOfTheRows(t *testing.T) {
	o := small()
	o.Days, o.LinesPerDay = 25, 3_000
	k, s := generate(t, o)
	told := map[calendar.Day]tally{}
	sum := int64(0)
	for _, r := range k.under(t, market.TruthKey("days")) {
		told[calendar.Day(r.int("dt"))] = tally{
			r.int("lines_created"), r.int("lines_paid"), r.int("lines_valid"), r.int("gmv_order_fen"),
			r.int("gmv_paid_raw_fen"), r.int("gmv_paid_fen"), r.int("gmv_net_fen"), r.int("orders"), r.int("buyers"),
		}
		sum += r.int("gmv_net_fen")
	}
	if len(told) != o.Days {
		t.Fatalf("%d days told, want %d", len(told), o.Days)
	}
	if diff := cmp.Diff(told, recount(t, k)); diff != "" {
		t.Errorf("truth/days and the rows differ (-told +counted):\n%s", diff)
	}
	if s.Totals.GMVNet != sum {
		t.Errorf("the summary's net GMV is %d, the days' %d", s.Totals.GMVNet, sum)
	}
	if s.Totals.GMVNet >= s.Totals.GMVPaid || s.Totals.GMVPaid >= s.Totals.GMVPaidRaw {
		t.Errorf("want net %d < paid %d < raw %d", s.Totals.GMVNet, s.Totals.GMVPaid, s.Totals.GMVPaidRaw)
	}
}
