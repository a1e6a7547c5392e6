package rollup_test

import (
	"maps"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// scoreMin is the amount that score_valid lines exceed.
const scoreMin = 200

// class says what may count a line (definitions, sections 1 and 1a).
func (w world) class(r row, fen int64) int64 {
	minor := []int64{contract.OrderGift, contract.OrderLuckyBag, contract.OrderSample}
	switch {
	case r["paid_at"] == column.Null:
		return contract.ClassUnpaid
	case r["order_kind"] == contract.OrderTest:
		return contract.ClassTest
	case r["risk_reason"] != column.Null || w.maxUnits > 0 && r["quantity"] > w.maxUnits:
		return contract.ClassAbnormal
	case slices.Contains(minor, r["order_kind"]) || fen <= scoreMin:
		return contract.ClassGMVValid
	}
	return contract.ClassScoreValid
}

// channel says who sold.
func (w world) channel(r row, day calendar.Day) int64 {
	account := r["author_id"]
	if account == column.Null {
		account = r["promoter_id"]
	}
	if account == column.Null {
		return contract.ChannelNone
	}
	accounts := nearest(w.accounts, day)
	if accounts == nil {
		return contract.ChannelUnknown
	}
	if owner, ok := accounts[account]; ok && owner[0] == r["merchant_id"] {
		return contract.ChannelSelf
	}
	if r["promoter_id"] != column.Null {
		return contract.ChannelDistribution
	}
	return contract.ChannelNone
}

// product are category, brand and units per item of the line's product, as far as the snapshot of the day knows.
func (w world) product(r row, day calendar.Day) []int64 {
	if p, ok := nearest(w.products, day)[r["product_id"]]; ok {
		return p
	}
	return []int64{column.Null, column.Null, column.Null}
}

func one(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// order adds to a row of orders what rollups ask of it.
func (w world) order(r row) row {
	r = maps.Clone(r)
	r["amount_fen"] = r["buyer_paid_fen"] + r["platform_subsidy_fen"]
	class := w.class(r, r["amount_fen"])
	channel := w.channel(r, today)
	product := w.product(r, today)
	gmv := class == contract.ClassScoreValid || class == contract.ClassGMVValid
	r["class"], r["channel"], r["category1_id"], r["brand_id"] = class, channel, product[0], product[1]
	r["is_placed"] = one(r["order_kind"] != contract.OrderTest && zone().Day(r["created_at"]) == today)
	r["is_raw"] = one(gmv || class == contract.ClassAbnormal)
	r["is_gmv"] = one(gmv)
	r["is_excluded"] = one(class == contract.ClassAbnormal || class == contract.ClassTest)
	r["has_promoter"] = one(r["promoter_id"] != column.Null)
	r["is_gmv_has_promoter"] = r["is_gmv"] * r["has_promoter"]
	r["is_distribution"] = one(channel == contract.ChannelDistribution)
	r["is_self_live"] = one(channel == contract.ChannelSelf && r["scene"] == contract.SceneLive)
	r["excluded_reason"] = w.ids.TextDict().Code(w.reason(r))
	return r
}

func (w world) reason(r row) string {
	switch {
	case r["class"] == contract.ClassTest:
		return "test"
	case r["risk_reason"] == column.Null:
		return "max_units_per_line"
	}
	return "risk:" + w.ids.TextDict().Value(r["risk_reason"])
}

// refund adds to a row of refunds what rollups ask of it.
func (w world) refund(r row) row {
	r = maps.Clone(r)
	paid := zone().Day(r["paid_at"])
	r["paid_day"] = int64(paid)
	r["line_fen"] = r["buyer_paid_fen"] + r["platform_subsidy_fen"]
	r["class"] = w.class(r, r["line_fen"])
	gmv := r["class"] == contract.ClassScoreValid || r["class"] == contract.ClassGMVValid
	r["is_refund"] = one(gmv && r["succeeded_at"] != column.Null && zone().Day(r["succeeded_at"]) == today)
	r["refund_fen"] = min(r["amount_fen"], r["line_fen"])
	if r["is_full"] == 1 {
		r["refund_fen"] = r["line_fen"]
	}
	r["channel"], r["category1_id"] = w.channel(r, paid), w.product(r, paid)[0]
	return r
}

// line are the columns that orders and refunds share.
func (d draw) line(w world) row {
	r := row{"merchant_id": int64(10 + d("merchant", 3)), "product_id": int64(30 + d("product", 5)),
		"promoter_id": d.orNull("promoter", 20, 3), "author_id": d.orNull("author", 20, 3), "scene": int64(d("scene", 3)),
		"quantity": int64(1 + d("quantity", 6)), "buyer_paid_fen": int64(d("paid", 5) * 100), "platform_subsidy_fen": int64(d("subsidy", 3)),
		"order_kind": int64(d("kind", len(contract.OrderKinds))), "risk_reason": column.Null}
	if d("normal", 2) == 0 {
		r["order_kind"] = contract.OrderNormal
	}
	if d("risky", 5) == 0 {
		r["risk_reason"] = w.ids.TextDict().Code([]string{"bot", "brushing"}[d("risk", 2)])
	}
	return r
}

// orders draws n lines; an order has one buyer.
func (d draw) orders(w world, n, orders int) []row {
	rows := make([]row, n)
	for i := range rows {
		r := d.line(w)
		order := int64(d("order", orders))
		r["order_line_id"], r["order_id"], r["buyer_id"] = int64(i), order, order%max(1, int64(orders)/2)-2
		r["freight_fen"] = int64(d("freight", 3))
		r["created_at"] = at(today-calendar.Day(d("created", 2)), int64(d("second", 86_400)))
		r["paid_at"] = at(today, 86_399)
		if d("unpaid", 5) == 0 {
			r["paid_at"] = column.Null
		}
		rows[i] = r
	}
	return rows
}
