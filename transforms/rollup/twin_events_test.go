package rollup_test

import (
	"math"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// tallyRefund: each event of a refund counts on its own day, whatever the day of the others.
func tallyRefund(w world, f figures, subject int64, r row) {
	if !w.isScoreValid(r) {
		return
	}
	group := func() *figure { return f.of(subject, int64(zone().Day(r["paid_at"]))) }
	if isToday(r, "applied_at") && r["is_first"] == 1 && contract.RefundReasons[r["reason"]] == "quality" {
		group().add("quality_refunds", 1)
	}
	if isToday(r, "intervened_at") {
		group().order("disputed_orders", r["order_id"])
	}
	if isToday(r, "liable_at") && r["liable"] != null {
		group().add("disputes", 1)
		group().add("promoter_liable", one(contract.Liables[r["liable"]] == "promoter"))
	}
	if isToday(r, "closed_at") && r["self_completed"] != null {
		tallyClosing(group(), r)
	}
}

// tallyClosing: how long it took counts only where the merchant completed it, apart for each kind.
func tallyClosing(g *figure, r row) {
	g.add("closed", 1)
	if r["self_completed"] == 0 {
		g.add("not_self_completed", 1)
		return
	}
	took := min(168*60*60, max(0, seconds(r["applied_at"], r["closed_at"])))
	kind := contract.RefundKinds[r["kind"]] // refund_only, return_refund
	g.add(kind, 1)
	g.add(kind+"_seconds", took)
}

// tallyShipment: pre-sales and what is not shipped count as signed, but neither in pick-ups nor in transit.
func tallyShipment(w world, f figures, subject int64, r row) {
	if !w.isScoreValid(r) {
		return
	}
	logistics := contract.OrderKinds[r["order_kind"]] != "presale" && r["no_shipping"] == 0
	if logistics && isToday(r, "pickup_due_at") {
		g := f.of(subject)
		g.order("due", r["order_id"])
		if inTime := r["picked_up_at"] != null && r["picked_up_at"] <= r["pickup_due_at"]; !inTime {
			g.order("missed", r["order_id"])
		}
	}
	if !isToday(r, "signed_at") {
		return
	}
	g := f.of(subject)
	g.order("signed", r["order_id"])
	if logistics && r["picked_up_at"] != null && r["route_median_hours"] != null {
		g.add("transits", 1)
		g.add("transit_seconds", max(0, seconds(r["picked_up_at"], r["signed_at"])))
		hours := math.Float64frombits(uint64(r["route_median_hours"]))
		g.add("median_seconds", int64(math.Floor(hours*3600+0.5)))
	}
}

// tallyReview: only the first review of an order at a merchant counts.
func tallyReview(w world, f figures, subject int64, r row) {
	if !w.isScoreValid(r) || r["is_first"] == 0 {
		return
	}
	g := f.of(subject)
	g.add("reviews", 1)
	g.add("rating_sum", r["rating"])
	if r["rating"] <= 2 {
		g.add("bad", 1)
		if known := r["is_quality_issue"] != null; !known || r["is_quality_issue"] == 1 {
			g.add("quality_bad", 1)
		}
	}
}

func tallyComplaint(_ world, f figures, subject int64, r row) {
	if r["upheld"] == 0 {
		return
	}
	g := f.of(subject)
	switch contract.ComplaintKinds[r["kind"]] {
	case "not_as_described":
		g.add("mismatch", 1)
		g.add("misleading", 1)
	case "counterfeit":
		g.add("mismatch", 1)
	case "false_advertising":
		g.add("misleading", 1)
	case "logistics":
		g.add("logistics", 1)
	}
}

// moment is a moment of the day, the day before or (in a dump made again) the day after, often the first or the last
// second.
func (d draw) moment(name string) int64 {
	second := []int64{0, 86_399, int64(d(name+" second", 86_400))}[d(name+" edge", 3)]
	return at(today+calendar.Day(d(name+" day", 3)-1), second)
}

func (d draw) momentOrNull(name string) int64 {
	if d("no "+name, 4) == 0 {
		return null
	}
	return d.moment(name)
}

// copied are the columns that refunds, shipments and reviews carry of their order line: lines of few orders, each of
// one buyer, paid in one moment of the last days.
func (d draw) copied(w world, n int) row {
	r := d.line(w)
	order := int64(d("order", 1+n/2))
	r["order_id"], r["buyer_id"], r["paid_at"] = order, 40+order%3, at(today-calendar.Day(order%5), order%86_400)
	r["content_id"] = null
	return r
}

// refunds draws n refunds, several of a line.
func (d draw) refunds(w world, n int) []row {
	rows := make([]row, n)
	for i := range rows {
		r := d.copied(w, n)
		r["refund_id"], r["order_line_id"] = int64(i), int64(d("line", n))
		r["amount_fen"], r["is_full"] = int64(d("amount", 600)), int64(d("full", 2))
		r["applied_at"] = d.moment("applied") - int64(d("days since applied", 12))*86_400_000_000 - int64(d("microsecond", 3))
		for _, name := range []string{"intervened_at", "liable_at", "succeeded_at", "closed_at"} {
			r[name] = d.momentOrNull(name)
		}
		r["kind"], r["reason"], r["is_first"] = int64(d("refund kind", len(contract.RefundKinds))), int64(d("reason", len(contract.RefundReasons))), int64(d("first", 2))
		if d("quality", 3) == 0 {
			r["reason"] = contract.ReasonQuality
		}
		r["self_completed"], r["liable"] = d.orNull("self completed", 0, 2), d.orNull("liable", 0, len(contract.Liables))
		rows[i] = r
	}
	return rows
}

// shipments draws the shipments of n lines.
func (d draw) shipments(w world, n int) []row {
	rows := make([]row, n)
	for i := range rows {
		r := d.copied(w, n)
		r["order_line_id"], r["no_shipping"] = int64(i), one(d("no shipping", 5) == 0)
		for _, name := range []string{"pickup_due_at", "picked_up_at", "promised_at", "signed_at"} {
			r[name] = d.momentOrNull(name)
		}
		if d("picked up when due", 5) == 0 {
			r["picked_up_at"] = r["pickup_due_at"]
		}
		r["route_median_hours"] = null
		if hours := d("median", 200); hours < 150 {
			r["route_median_hours"] = bits(float64(hours) / 7)
		}
		rows[i] = r
	}
	return rows
}

// bits is a real number as frames hold it.
func bits(v float64) int64 { return int64(math.Float64bits(v)) }

func (d draw) reviews(w world, n int) []row {
	rows := make([]row, n)
	for i := range rows {
		r := d.copied(w, n)
		r["review_id"], r["order_line_id"], r["reviewed_at"] = int64(i), int64(d("line", n)), at(today, 0)
		r["rating"], r["is_first"], r["is_quality_issue"] = int64(1+d("rating", 5)), int64(d("first", 2)), d.orNull("quality issue", 0, 2)
		rows[i] = r
	}
	return rows
}

func (d draw) complaints(n int) []row {
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{"complaint_id": int64(i), "merchant_id": int64(10 + d("merchant", 3)), "product_id": d.orNull("product", 30, 3),
			"promoter_id": d.orNull("promoter", 20, 3), "content_id": d.orNull("content", 50, 2), "kind": int64(d("kind", len(contract.ComplaintKinds))),
			"upheld": int64(d("upheld", 2)), "liable": int64(d("liable", len(contract.Liables))), "decided_at": at(today, 0)}
	}
	return rows
}
