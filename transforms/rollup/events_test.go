package rollup_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// soon and later are moments of today, yesterday and tomorrow moments of the days beside it, as rows are changed to.
var (
	yesterday = int(at(today-1, 80_000))
	soon      = int(at(today, 30_000))
	later     = int(at(today, 60_000))
	tomorrow  = int(at(today+1, 10_000))
)

// wantFigures reduces rows of one group and compares every figure of it. What want does not name is 0; nil wants no row.
func wantFigures(t *testing.T, source *contract.Table, name string, want row, rows ...row) {
	t.Helper()
	got := oneRow(t, source, world{ids: column.NewIDs(nil), maxUnits: 20}, name, rows...)
	if (got == nil) != (want == nil) {
		t.Fatalf("%s has the row %v, want %v", name, got, want)
	}
	if want == nil {
		return
	}
	full := row{}
	for _, m := range declaration(name).Measures {
		full[m.Name] = want[m.Name]
	}
	for _, key := range declaration(name).By {
		delete(got, key)
	}
	if diff := cmp.Diff(full, got); diff != "" {
		t.Error(name, diff)
	}
}

func declaration(name string) *rollup.Rollup {
	for _, r := range rollup.All() {
		if r.Name == name {
			return r
		}
	}
	panic("no rollup " + name)
}

// shipped is the shipment of a plain line, of which nothing happened today.
func shipped(changes ...any) row {
	r := plain("paid_at", int(at(today-2, 0)), "pickup_due_at", null, "picked_up_at", null, "promised_at", null, "signed_at", null,
		"route_median_hours", int(bits(24)), "no_shipping", 0)
	return r.with(changes...)
}

func TestPickUps(t *testing.T) {
	due, missed := row{"due": 1}, row{"due": 1, "missed": 1}
	for _, c := range []struct {
		name string
		row  row
		want row
	}{
		{"in time", shipped("pickup_due_at", later, "picked_up_at", soon), due},
		{"the day before", shipped("pickup_due_at", soon, "picked_up_at", yesterday), due},
		{"at the last moment", shipped("pickup_due_at", later, "picked_up_at", later), due},
		{"a microsecond late", shipped("pickup_due_at", later, "picked_up_at", later+1), missed},
		{"later today", shipped("pickup_due_at", soon, "picked_up_at", later), missed},
		{"not yet", shipped("pickup_due_at", soon), missed},
		{"tomorrow, as a dump made again knows", shipped("pickup_due_at", soon, "picked_up_at", tomorrow), missed},
		{"signed for without a pick-up", shipped("pickup_due_at", soon, "signed_at", later), row{"due": 1, "missed": 1, "signed": 1}},
		{"due in the last second of the day", shipped("pickup_due_at", int(at(today, 86_399))), missed},
		{"due in the first second of the day", shipped("pickup_due_at", int(at(today, 0))), missed},
		{"due yesterday, picked up today: counted yesterday", shipped("pickup_due_at", yesterday, "picked_up_at", soon), nil},
		{"due tomorrow, picked up today: counted tomorrow", shipped("pickup_due_at", tomorrow, "picked_up_at", soon), nil},
		{"no promise", shipped("picked_up_at", soon), nil},
		{"a pre-sale", shipped("pickup_due_at", soon, "order_kind", contract.OrderPresale), nil},
		{"nothing is shipped", shipped("pickup_due_at", soon, "no_shipping", 1), nil},
		{"a gift", shipped("pickup_due_at", soon, "order_kind", contract.OrderGift), nil},
		{"2 yuan", shipped("pickup_due_at", soon, "buyer_paid_fen", 200), nil},
		{"too many units", shipped("pickup_due_at", soon, "quantity", 21), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantFigures(t, contract.Shipments, "merchant_shipment_events", c.want, c.row)
			wantFigures(t, contract.Shipments, "product_shipment_events", c.want, c.row)
			wantFigures(t, contract.Shipments, "talent_shipment_events", nil, c.row)
			wantFigures(t, contract.Shipments, "talent_shipment_events", c.want, c.row.with("promoter_id", 20))
		})
	}
}

func TestSignatures(t *testing.T) {
	const hour = 3600
	picked := int(at(today-1, 60_000-6*hour)) // 30 hours before later
	for _, c := range []struct {
		name string
		row  row
		want row
	}{
		{"thirty hours on a route of a day", shipped("picked_up_at", picked, "signed_at", later), row{"signed": 1, "transits": 1, "transit_seconds": 30 * hour, "median_seconds": 24 * hour}},
		{"the median of a route has a fraction", shipped("picked_up_at", picked, "signed_at", later, "route_median_hours", int(bits(20.0002))),
			row{"signed": 1, "transits": 1, "transit_seconds": 30 * hour, "median_seconds": 72_001}}, // 72,000.72
		{"parts of a second are dropped", shipped("picked_up_at", picked, "signed_at", later+999_999), row{"signed": 1, "transits": 1, "transit_seconds": 30 * hour, "median_seconds": 24 * hour}},
		{"no median", shipped("picked_up_at", picked, "signed_at", later, "route_median_hours", null), row{"signed": 1}},
		{"no pick-up", shipped("signed_at", later), row{"signed": 1}},
		{"clocks that differ take no time back", shipped("picked_up_at", later+3_000_000, "signed_at", later), row{"signed": 1, "transits": 1, "median_seconds": 24 * hour}},
		{"a pre-sale is signed for, its transit does not count", shipped("picked_up_at", picked, "signed_at", later, "order_kind", contract.OrderPresale), row{"signed": 1}},
		{"so is what is not shipped", shipped("picked_up_at", picked, "signed_at", later, "no_shipping", 1), row{"signed": 1}},
		{"a gift is not", shipped("picked_up_at", picked, "signed_at", later, "order_kind", contract.OrderGift), nil},
		{"yesterday", shipped("picked_up_at", picked, "signed_at", yesterday), nil},
		{"tomorrow, as a dump made again knows", shipped("picked_up_at", soon, "signed_at", tomorrow), nil},
		{"due, picked up and signed for today", shipped("pickup_due_at", later, "picked_up_at", soon, "signed_at", later),
			row{"due": 1, "signed": 1, "transits": 1, "transit_seconds": 30_000, "median_seconds": 24 * hour}},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantFigures(t, contract.Shipments, "merchant_shipment_events", c.want, c.row)
		})
	}
}

func TestQualityRefunds(t *testing.T) {
	quality := row{"quality_refunds": 1}
	for _, c := range []struct {
		name string
		row  row
		want row
	}{
		{"applied for today", refunded("applied_at", soon), quality},
		{"in the first moment of the day", refunded("applied_at", int(at(today, 0))), quality},
		{"in the last one of yesterday", refunded("applied_at", int(at(today, 0))-1), nil},
		{"not the first refund of its order", refunded("applied_at", soon, "is_first", 0), nil},
		{"for another reason", refunded("applied_at", soon, "reason", 1), nil},
		{"succeeded today, applied for yesterday", refunded("succeeded_at", soon), nil},
		{"applied for and closed today", refunded("applied_at", soon, "closed_at", later), quality},
		{"a second refund called the platform in", refunded("applied_at", soon, "is_first", 0, "intervened_at", later), row{"disputed_orders": 1}},
		{"of a pre-sale", refunded("applied_at", soon, "order_kind", contract.OrderPresale), quality},
		{"of a gift", refunded("applied_at", soon, "order_kind", contract.OrderGift), nil},
		{"of a line of 2 yuan", refunded("applied_at", soon, "buyer_paid_fen", 199, "platform_subsidy_fen", 1), nil},
		{"of a line of more with the subsidy", refunded("applied_at", soon, "buyer_paid_fen", 200, "platform_subsidy_fen", 1), quality},
		{"of an abnormal line", refunded("applied_at", soon, "quantity", 21), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantFigures(t, contract.Refunds, "merchant_refund_events", c.want, c.row)
			wantFigures(t, contract.Refunds, "product_refund_events", c.want, c.row)
			wantFigures(t, contract.Refunds, "talent_refund_events", nil, c.row)
			wantFigures(t, contract.Refunds, "talent_refund_events", c.want, c.row.with("promoter_id", 20))
		})
	}
}

func TestDisputes(t *testing.T) {
	const merchant, promoter, buyer, nobody = 0, 1, 2, 4
	for _, c := range []struct {
		name string
		row  row
		want row
	}{
		{"the platform is called in", refunded("intervened_at", soon), row{"disputed_orders": 1}},
		{"it was yesterday", refunded("intervened_at", yesterday), nil},
		{"called in yesterday, decided today", refunded("intervened_at", yesterday, "liable_at", soon, "liable", merchant), row{"disputes": 1}},
		{"the promoter is liable", refunded("liable_at", soon, "liable", promoter), row{"disputes": 1, "promoter_liable": 1}},
		{"the buyer is", refunded("liable_at", soon, "liable", buyer), row{"disputes": 1}},
		{"nobody is", refunded("liable_at", soon, "liable", nobody), row{"disputes": 1}},
		{"it is not known who", refunded("liable_at", soon), nil},
		{"decided yesterday", refunded("liable_at", yesterday, "liable", promoter), nil},
		{"decided tomorrow, as a dump made again knows", refunded("intervened_at", soon, "liable_at", tomorrow, "liable", promoter), row{"disputed_orders": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantFigures(t, contract.Refunds, "merchant_refund_events", c.want, c.row)
		})
	}
}

func TestHowLongRefundsTake(t *testing.T) {
	const hour = 3600
	applied := func(hours int) int { return later - hours*hour*1_000_000 }
	only := func(seconds int64) row { return row{"closed": 1, "refund_only": 1, "refund_only_seconds": seconds} }
	for _, c := range []struct {
		name string
		row  row
		want row
	}{
		{"ten hours", refunded("applied_at", applied(10), "closed_at", later, "self_completed", 1, "is_first", 0), only(10 * hour)},
		{"forty, with return", refunded("applied_at", applied(40), "closed_at", later, "self_completed", 1, "kind", contract.RefundReturn),
			row{"closed": 1, "return_refund": 1, "return_refund_seconds": 40 * hour}},
		{"a second less than a week", refunded("applied_at", applied(168)+1_000_000, "closed_at", later, "self_completed", 1), only(168*hour - 1)},
		{"a week", refunded("applied_at", applied(168), "closed_at", later, "self_completed", 1), only(168 * hour)},
		{"longer counts as a week", refunded("applied_at", applied(1000), "closed_at", later, "self_completed", 1), only(168 * hour)},
		{"parts of a second are dropped", refunded("applied_at", applied(30)-999_999, "closed_at", later, "self_completed", 1), only(30 * hour)},
		{"clocks that differ take no time back", refunded("applied_at", later+3_000_000, "closed_at", later, "self_completed", 1, "is_first", 0), only(0)},
		{"not by the merchant", refunded("applied_at", applied(30), "closed_at", later, "self_completed", 0), row{"closed": 1, "not_self_completed": 1}},
		{"it is not known by whom", refunded("applied_at", applied(30), "closed_at", later), nil},
		{"closed yesterday", refunded("closed_at", yesterday, "self_completed", 1), nil},
		{"succeeded today, still open", refunded("succeeded_at", soon, "self_completed", 1), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantFigures(t, contract.Refunds, "merchant_refund_events", c.want, c.row)
		})
	}
}

// Refunds of one day are kept apart by the day of payment, so that only some of them count in a lagged window.
func TestRefundEventsKeepTheirPayDay(t *testing.T) {
	rows := []row{refunded("applied_at", soon), refunded("applied_at", soon, "order_id", 2, "refund_id", 6),
		refunded("applied_at", soon, "order_id", 3, "refund_id", 7, "paid_at", int(at(today-40, 86_399)))}
	got := reduced(t, contract.Refunds, "merchant_refund_events", "paid_day", "quality_refunds", rows...)
	if diff := cmp.Diff(map[int64]int64{int64(today - 2): 2, int64(today - 40): 1}, got); diff != "" {
		t.Error(diff)
	}
}

// reduced is one figure of a rollup by one of its columns.
func reduced(t *testing.T, source *contract.Table, name, by, figure string, rows ...row) map[int64]int64 {
	t.Helper()
	w := world{ids: column.NewIDs(nil), products: snapshots{today: {30: {null, null, 1}, 31: {null, null, 6}}}, maxUnits: 20}
	table, out := declaration(name).Table(), map[int64]int64{}
	for _, r := range run(t, source, rows, w, how{workers: 1, batch: 10, memory: column.Memory{Budget: column.NewBudget(0)}})[name] {
		out[r[table.Index(by)]] += r[table.Index(figure)]
	}
	return out
}

func TestReviewsThatCount(t *testing.T) {
	review := func(changes ...any) row {
		r := plain("review_id", 9, "rating", 1, "is_first", 1, "is_quality_issue", null, "reviewed_at", soon)
		return r.with(changes...)
	}
	for _, c := range []struct {
		name string
		row  row
		want row
	}{
		{"a bad one that names quality", review("is_quality_issue", 1), row{"reviews": 1, "bad": 1, "quality_bad": 1, "rating_sum": 1}},
		{"a bad one of which nobody knows what it names", review("rating", 2), row{"reviews": 1, "bad": 1, "quality_bad": 1, "rating_sum": 2}},
		{"a bad one that names something else", review("rating", 2, "is_quality_issue", 0), row{"reviews": 1, "bad": 1, "rating_sum": 2}},
		{"three stars are not bad", review("rating", 3, "is_quality_issue", 1), row{"reviews": 1, "rating_sum": 3}},
		{"five stars", review("rating", 5), row{"reviews": 1, "rating_sum": 5}},
		{"not the first", review("is_first", 0, "is_quality_issue", 1), nil},
		{"of a sample", review("order_kind", contract.OrderSample), nil},
		{"of a pre-sale", review("order_kind", contract.OrderPresale), row{"reviews": 1, "bad": 1, "quality_bad": 1, "rating_sum": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantFigures(t, contract.Reviews, "merchant_reviews", c.want, c.row)
			wantFigures(t, contract.Reviews, "product_reviews", c.want, c.row)
			wantFigures(t, contract.Reviews, "talent_reviews", nil, c.row)
			wantFigures(t, contract.Reviews, "talent_reviews", c.want, c.row.with("promoter_id", 20))
		})
	}
}

func TestComplaintsThatCount(t *testing.T) {
	complaint := func(kind string, changes ...any) row {
		r := row{"complaint_id": 1, "merchant_id": 10, "product_id": 30, "promoter_id": 20, "content_id": null, "upheld": 1, "liable": 4, "decided_at": at(today, 5)}
		return r.with("kind", contract.Complaints.Column("kind").Code(kind)).with(changes...)
	}
	for _, c := range []struct {
		name string
		row  row
		want row
	}{
		{"not as described is a mismatch and misleads", complaint("not_as_described"), row{"mismatch": 1, "misleading": 1}},
		{"counterfeit does not mislead", complaint("counterfeit"), row{"mismatch": 1}},
		{"false advertising is no mismatch", complaint("false_advertising"), row{"misleading": 1}},
		{"logistics", complaint("logistics"), row{"logistics": 1}},
		{"service counts nowhere", complaint("service"), row{}},
		{"rejected", complaint("counterfeit", "upheld", 0), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, name := range []string{"merchant_complaints", "product_complaints", "talent_complaints"} {
				wantFigures(t, contract.Complaints, name, c.want, c.row)
			}
			wantFigures(t, contract.Complaints, "talent_complaints", nil, c.row.with("promoter_id", null))
			wantFigures(t, contract.Complaints, "product_complaints", nil, c.row.with("product_id", null))
			wantFigures(t, contract.Complaints, "merchant_complaints", c.want, c.row.with("promoter_id", null, "product_id", null))
		})
	}
}

func TestRepliesInTime(t *testing.T) {
	for _, c := range []struct {
		reply, inService, rating int64
		want                     row
	}{
		{reply: 179, inService: 1, rating: null, want: row{"in_service": 1}},
		{reply: 180, inService: 1, rating: null, want: row{"in_service": 1}},
		{reply: 181, inService: 1, rating: null, want: row{"in_service": 1, "slow": 1}},
		{reply: null, inService: 1, rating: null, want: row{"in_service": 1, "slow": 1}},
		{reply: 0, inService: 1, rating: 2, want: row{"in_service": 1, "rated": 1, "unhappy": 1}},
		{reply: null, inService: 0, rating: 3, want: row{"rated": 1}},
		{reply: 500, inService: 0, rating: 1, want: row{"rated": 1, "unhappy": 1}},
	} {
		t.Run(fmt.Sprintf("reply %d service %d rating %d", c.reply, c.inService, c.rating), func(t *testing.T) {
			chat := row{"chat_id": 1, "merchant_id": 10, "started_at": at(today, 0), "first_human_reply_seconds": c.reply, "in_service_hours": c.inService, "rating": c.rating}
			wantFigures(t, contract.Chats, "merchant_chats", c.want, chat)
		})
	}
}

// Product 31 is sold by the half dozen; of product 99 no snapshot knows anything.
func TestUnitPrices(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []row
		want  map[int64]int64 // orders by unit price in fen
	}{
		{"one unit", []row{plain()}, map[int64]int64{1000: 1}},
		{"subsidy and freight are part of the price", []row{plain("platform_subsidy_fen", 50, "freight_fen", 7)}, map[int64]int64{1057: 1}},
		{"three units: rounded down", []row{plain("quantity", 3, "freight_fen", 1)}, map[int64]int64{333: 1}},
		{"two items of six units", []row{plain("product_id", 31, "quantity", 2, "freight_fen", 199)}, map[int64]int64{99: 1}},
		{"how many units an item has of a product that no snapshot knows is not known", []row{plain("product_id", 99, "quantity", 2)}, map[int64]int64{}},
		{"cheaper than a fen", []row{plain("product_id", 31, "quantity", 20, "buyer_paid_fen", 100, "platform_subsidy_fen", 101, "freight_fen", 0),
			plain("product_id", 31, "quantity", 20, "order_id", 2, "buyer_paid_fen", 119, "platform_subsidy_fen", 83)}, map[int64]int64{1: 2}},
		{"two lines of an order at one price are one order", []row{plain(), plain("order_line_id", 2)}, map[int64]int64{1000: 1}},
		{"at two prices the order is at both", []row{plain(), plain("order_line_id", 2, "quantity", 2)}, map[int64]int64{1000: 1, 500: 1}},
		{"freight alone does not make a line valid", []row{plain("buyer_paid_fen", 200, "freight_fen", 1000)}, map[int64]int64{}},
		{"no gift", []row{plain("order_kind", contract.OrderGift)}, map[int64]int64{}},
		{"not paid", []row{plain("paid_at", null)}, map[int64]int64{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, reduced(t, contract.Orders, "unit_prices", "unit_price_fen", "orders", c.lines...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A product could be bought for a time, in hours.
func TestMinutesOnTheShelf(t *testing.T) {
	w := world{ids: column.NewIDs(nil)}
	for _, c := range []struct {
		name     string
		hours    float64
		liveOnly int64
		want     int64 // minutes; null: it stands on no shelf
	}{
		{"the whole day", 24, 0, 1440},
		{"half an hour", 0.5, 0, 30},
		{"to the next minute", 21.991, 0, 1319},
		{"half a minute counts", 0.5 / 60, 0, 1},
		{"less does not", 0.4 / 60, 0, null},
		{"not at all", 0, 0, null},
		{"in lives only", 24, 1, null},
	} {
		t.Run(c.name, func(t *testing.T) {
			product := row{}
			for _, column := range contract.Products.Columns {
				product[column.Name] = 0
			}
			product["name"], product["purchasable_hours"], product["live_only"] = w.ids.TextDict().Code("kettle"), bits(c.hours), c.liveOnly
			got := int64(null)
			if r := oneRow(t, contract.Products, w, "shelf_minutes", product); r != nil {
				got = r["purchasable_minutes"]
			}
			if got != c.want {
				t.Errorf("%d minutes, want %d", got, c.want)
			}
		})
	}
}

// Account 22 belongs to shop 10, account 23 to shop 99, 20 to nobody.
func TestPromotersWhoSellForAShop(t *testing.T) {
	w := world{ids: column.NewIDs(nil), accounts: snapshots{today: {20: {null, 5}, 22: {10, 5}, 23: {99, 5}}}, maxUnits: 20}
	for _, c := range []struct {
		name string
		line row
		want row // nil: not counted
	}{
		{"a talent", plain("promoter_id", 20), row{"lines": 1, "paid_fen": 1000}},
		{"the account of another shop", plain("promoter_id", 23), row{"lines": 1, "paid_fen": 1000}},
		{"an account that no snapshot knows", plain("promoter_id", 55), row{"lines": 1, "paid_fen": 1000}},
		{"the shop's own account", plain("promoter_id", 22), nil},
		{"a talent in the shop's own live", plain("promoter_id", 20, "author_id", 22), nil},
		{"nobody is credited", plain(), nil},
		{"a gift is gmv_valid", plain("promoter_id", 20, "order_kind", contract.OrderGift), row{"lines": 1, "paid_fen": 1000}},
		{"an abnormal line", plain("promoter_id", 20, "risk_reason", int(w.ids.TextDict().Code("bot"))), nil},
		{"not paid", plain("promoter_id", 20, "paid_at", null), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := oneRow(t, contract.Orders, w, "merchant_promoters", c.line)
			for _, key := range []string{"merchant_id", "promoter_id"} {
				delete(got, key)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	unknown := world{ids: w.ids, maxUnits: 20}
	if got := oneRow(t, contract.Orders, unknown, "merchant_promoters", plain("promoter_id", 20)); got != nil {
		t.Errorf("without accounts nobody is known to be of another shop: %v", got)
	}
}

// One order of three lines: two products of merchant 10, one of merchant 11; talent 20 is credited with two of them.
func TestAnOrderCountsOnceForEachSubject(t *testing.T) {
	for _, c := range []struct {
		source *contract.Table
		figure string
		suffix string
		line   func(changes ...any) row
	}{
		{contract.Orders, "orders", "_score_orders", plain},
		{contract.Shipments, "due", "_shipment_events", func(c ...any) row { return shipped("pickup_due_at", soon).with(c...) }},
		{contract.Shipments, "missed", "_shipment_events", func(c ...any) row { return shipped("pickup_due_at", soon).with(c...) }},
		{contract.Shipments, "signed", "_shipment_events", func(c ...any) row { return shipped("signed_at", soon).with(c...) }},
		{contract.Refunds, "disputed_orders", "_refund_events", func(c ...any) row { return refunded("intervened_at", soon).with(c...) }},
	} {
		t.Run(c.source.Name+" "+c.figure, func(t *testing.T) {
			rows := []row{c.line("promoter_id", 20), c.line("order_line_id", 2, "product_id", 31, "promoter_id", 20, "refund_id", 6),
				c.line("order_line_id", 3, "product_id", 30, "merchant_id", 11, "refund_id", 7), c.line("order_line_id", 4, "order_id", 2, "refund_id", 8)}
			for _, s := range []struct {
				name, subject string
				want          map[int64]int64
			}{
				{"merchant", "merchant_id", map[int64]int64{10: 2, 11: 1}},
				{"product", "product_id", map[int64]int64{30: 2, 31: 1}},
				{"talent", "promoter_id", map[int64]int64{20: 1}},
			} {
				if diff := cmp.Diff(s.want, reduced(t, c.source, s.name+c.suffix, s.subject, c.figure, rows...)); diff != "" {
					t.Error(s.name, diff)
				}
			}
		})
	}
}

// An order of which one line was picked up late is missed, though another was in time; the line that is in transit
// counts with its own hours.
func TestAnOrderOfALateAndATimelyLine(t *testing.T) {
	rows := []row{shipped("pickup_due_at", soon, "picked_up_at", later), shipped("order_line_id", 2, "pickup_due_at", later, "picked_up_at", soon),
		shipped("order_line_id", 3, "pickup_due_at", later, "picked_up_at", soon, "signed_at", later),
		shipped("order_line_id", 4, "pickup_due_at", later, "picked_up_at", soon, "signed_at", later)}
	wantFigures(t, contract.Shipments, "merchant_shipment_events",
		row{"due": 1, "missed": 1, "signed": 1, "transits": 2, "transit_seconds": 60_000, "median_seconds": 2 * 24 * 3600}, rows...)
}

// The amount of lines that scores count is summed per line, whatever their orders.
func TestScoreOrdersLeaveOutLinesNotOrders(t *testing.T) {
	rows := []row{plain(), plain("order_line_id", 2, "order_kind", contract.OrderGift), plain("order_line_id", 3, "platform_subsidy_fen", 5),
		plain("order_line_id", 4, "order_id", 2, "buyer_paid_fen", 200)}
	wantFigures(t, contract.Orders, "merchant_score_orders", row{"orders": 1, "paid_fen": 2005}, rows...)
	wantFigures(t, contract.Orders, "talent_products", nil, rows...)
	credited := plain("promoter_id", 20)
	wantFigures(t, contract.Orders, "talent_products", row{"lines": 2, "paid_fen": 2000}, credited, plain("promoter_id", 20, "order_line_id", 2))
}

// A row stands in the dumps of several days, and in each as often as the dump is made again: every event counts on its
// own day and on no other.
func TestEveryEventCountsOnOneDay(t *testing.T) {
	d := fromSeed(13)
	w := d.world()
	for _, c := range []struct {
		source *contract.Table
		name   string
		total  func(w world, r row) row // what a row counts, whatever the day
	}{
		{contract.Refunds, "merchant_refund_events", func(w world, r row) row {
			closed := one(w.isScoreValid(r) && r["closed_at"] != null && r["self_completed"] != null)
			decided := one(w.isScoreValid(r) && r["liable_at"] != null && r["liable"] != null)
			return row{"quality_refunds": one(w.isScoreValid(r) && r["is_first"] == 1 && r["reason"] == contract.ReasonQuality), "disputes": decided,
				"disputed_orders": one(w.isScoreValid(r) && r["intervened_at"] != null), "closed": closed, "not_self_completed": closed * (1 - r["self_completed"]*closed)}
		}},
		{contract.Shipments, "product_shipment_events", func(w world, r row) row {
			due := one(w.isScoreValid(r) && r["pickup_due_at"] != null && r["no_shipping"] == 0 && r["order_kind"] != contract.OrderPresale)
			late := one(r["picked_up_at"] == null || r["picked_up_at"] > r["pickup_due_at"])
			return row{"due": due, "missed": due * late, "signed": one(w.isScoreValid(r) && r["signed_at"] != null)}
		}},
	} {
		t.Run(c.source.Name, func(t *testing.T) {
			rows, want, got := d.rows(c.source, w, 500), row{}, row{}
			for i, r := range rows {
				r["order_id"] = int64(i) // every row an order of its own, so that days add up
				for name, v := range c.total(w, r) {
					want[name] += v
				}
			}
			table := declaration(c.name).Table()
			for day := today - 15; day <= today+2; day++ {
				for _, line := range run(t, c.source, rows, w, how{workers: 1, batch: 500, memory: column.Memory{Budget: column.NewBudget(0)}, day: day})[c.name] {
					for name := range want {
						got[name] += line[table.Index(name)]
					}
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
