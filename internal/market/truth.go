package market

import (
	"github.com/windvane/windvane/transforms/contract"
)

// TruthTables are the tables under truth/: what was planted, and what was counted while the market was
// made. They are no inputs of windvane; tests and docs compare its results with them.
func TruthTables() []*contract.Table {
	return []*contract.Table{truthDays(), truthMerchants(), truthProducts(), truthTalents(), truthChuanliu()}
}

// TruthKey is the key of the named truth table.
func TruthKey(name string) string { return "truth/" + name + ".parquet" }

func plain(name string, kind contract.Kind, doc string) contract.Column {
	return contract.Column{Name: name, Kind: kind, Doc: doc}
}

func maybe(c contract.Column) contract.Column { c.Null = true; return c }

func truthDays() *contract.Table {
	return &contract.Table{
		Name: "days", Class: contract.Static, Doc: "one row per day, counted while generating", Key: []string{"dt"},
		Columns: []contract.Column{
			plain("dt", contract.Date, "the day"),
			plain("lines_created", contract.Count, "order lines created on dt"),
			plain("lines_paid", contract.Count, "lines paid on dt, of any kind"),
			plain("lines_valid", contract.Count, "of those, gmv_valid: kind not test, no risk reason, at most 20 units"),
			plain("gmv_order_fen", contract.Fen, "lines created on dt, kind not test, paid or not"),
			plain("gmv_paid_raw_fen", contract.Fen, "lines paid on dt, kind not test"),
			plain("gmv_paid_fen", contract.Fen, "lines paid on dt, gmv_valid"),
			plain("gmv_net_fen", contract.Fen, "gmv_paid less refunds of those lines that succeeded by the as-of date"),
			plain("orders", contract.Count, "distinct orders with a gmv_valid line paid on dt"),
			plain("buyers", contract.Count, "distinct buyers with one"),
		},
	}
}

func (g *generator) writeTruthDays(t *table) {
	day := t.col("dt")
	created, paid, valid := t.col("lines_created"), t.col("lines_paid"), t.col("lines_valid")
	order, raw, gmv, net := t.col("gmv_order_fen"), t.col("gmv_paid_raw_fen"), t.col("gmv_paid_fen"), t.col("gmv_net_fen")
	orders, buyers := t.col("orders"), t.col("buyers")
	for k := range g.days {
		i, d := t.row(), &g.days[k]
		day.date(i, d.Day)
		created.set(i, d.LinesCreated)
		paid.set(i, d.LinesPaid)
		valid.set(i, d.LinesValid)
		order.set(i, d.GMVOrder)
		raw.set(i, d.GMVPaidRaw)
		gmv.set(i, d.GMVPaid)
		net.set(i, d.GMVNet)
		orders.set(i, d.Orders)
		buyers.set(i, d.Buyers)
	}
}

func truthMerchants() *contract.Table {
	return &contract.Table{
		Name: "merchants", Class: contract.Static, Doc: "one row per shop: its planted character", Key: []string{"merchant_id"},
		Columns: []contract.Column{
			plain("merchant_id", contract.Key, "the shop"),
			plain("size_rank", contract.Count, "order of popularity, from 1"),
			plain("care", contract.Real, "standard normal; correlates all rates of the shop: the higher, the fewer of its cases go wrong"),
			plain("late_pickup_ratio", contract.Real, "chance that a shipped line is picked up after the promised moment"),
			plain("speed_ratio", contract.Real, "pick-up to signature against the route's median, before noise of mean 1"),
			plain("slow_reply_ratio", contract.Real, "chance that in service hours no person replies within 180 seconds"),
			plain("bad_chat_ratio", contract.Real, "chance that a rated chat gets 1 or 2"),
			plain("handling_hours", contract.Real, "mean hours of a refund without return that goes smoothly"),
			plain("dispute_ratio", contract.Real, "chance that the platform is called into a refund after the signature"),
			plain("not_self_completed_ratio", contract.Real, "chance that such a refund is completed by the platform, by dispute or because the shop's time is up"),
			plain("abnormal_ratio", contract.Real, "chance that a line has a risk reason"),
			plain("price_ratio", contract.Real, "price level against the style's price"),
		},
	}
}

func (g *generator) writeTruthMerchants(t *table) {
	c := t.col
	id, rank, late, speed := c("merchant_id"), c("size_rank"), c("late_pickup_ratio"), c("speed_ratio")
	slow, bad, handling := c("slow_reply_ratio"), c("bad_chat_ratio"), c("handling_hours")
	dispute, notSelf, abnormal, price := c("dispute_ratio"), c("not_self_completed_ratio"), c("abnormal_ratio"), c("price_ratio")
	care := c("care")
	for k := range g.merchants {
		i, m := t.row(), &g.merchants[k]
		id.set(i, m.id)
		rank.set(i, int64(k+1))
		late.real(i, m.lateness)
		speed.real(i, m.speed)
		slow.real(i, m.slowReply)
		bad.real(i, m.badService)
		handling.real(i, m.handling)
		care.real(i, m.care)
		dispute.real(i, m.dispute)
		notSelf.real(i, m.dispute+(1-m.dispute)*m.unattended)
		abnormal.real(i, m.brushing)
		price.real(i, m.priceLevel)
	}
}

func truthProducts() *contract.Table {
	return &contract.Table{
		Name: "products", Class: contract.Static, Doc: "one row per product: its planted character", Key: []string{"product_id"},
		Columns: []contract.Column{
			plain("product_id", contract.Key, "the product"),
			plain("merchant_id", contract.Key, "its shop"),
			plain("defect_ratio", contract.Real, "chance that a line is defective"),
			plain("quality_refund_ratio", contract.Real, "chance that a paid line has a refund for reason quality in the end"),
			plain("price_fen", contract.Fen, "price of an item before daily moves and discounts"),
		},
	}
}

func (g *generator) writeTruthProducts(t *table) {
	id, merchant, defect := t.col("product_id"), t.col("merchant_id"), t.col("defect_ratio")
	refund, price := t.col("quality_refund_ratio"), t.col("price_fen")
	for k := range g.products {
		i, q := t.row(), &g.products[k]
		id.set(i, q.id)
		merchant.set(i, g.merchants[q.merchant].id)
		defect.real(i, float64(q.defect))
		refund.real(i, float64(q.defect)*(1-cancelRate)*defectRefund*qualityShare)
		price.set(i, int64(q.price))
	}
}

func truthTalents() *contract.Table {
	return &contract.Table{
		Name: "talents", Class: contract.Static, Doc: "one row per account: its planted character", Key: []string{"talent_id"},
		Columns: []contract.Column{
			plain("talent_id", contract.Key, "the account"),
			plain("care", contract.Real, "standard normal; correlates the rates of the account: the higher, the fewer of its cases go wrong"),
			plain("streaming_ratio", contract.Real, "chance to be live on a day"),
			plain("misleading_ratio", contract.Real, "chance that a sound distributed line does not match the talent's words"),
			plain("report_ratio", contract.Real, "upheld reports per viewer"),
			plain("bad_rating_ratio", contract.Real, "bad ratings per content rating"),
			plain("partners", contract.Count, "shops whose goods it shows"),
		},
	}
}

func (g *generator) writeTruthTalents(t *table) {
	id, care, streaming, misleading := t.col("talent_id"), t.col("care"), t.col("streaming_ratio"), t.col("misleading_ratio")
	reported, bad, partners := t.col("report_ratio"), t.col("bad_rating_ratio"), t.col("partners")
	for k := range g.talents {
		i, a := t.row(), &g.talents[k]
		id.set(i, a.id)
		care.real(i, a.care)
		streaming.real(i, a.streaming)
		misleading.real(i, a.misleading)
		reported.real(i, a.reported)
		bad.real(i, a.badRatings)
		partners.set(i, int64(a.partners))
	}
}

func truthChuanliu() *contract.Table {
	return &contract.Table{
		Name: "chuanliu", Class: contract.Static, Doc: "one row per participating shop", Key: []string{"merchant_id"},
		Columns: []contract.Column{
			plain("merchant_id", contract.Key, "the shop"),
			plain("lift_ratio", contract.Real, "planted lift of self-broadcast orders of the treatment arm in the 14 days from eligibility"),
			maybe(plain("best_day", contract.Date, "the day on which best_day_lift_ratio held instead")),
			maybe(plain("best_day_lift_ratio", contract.Real, "planted lift of that day")),
			plain("treatment_pairs", contract.Count, "eligible pairs in the treatment arm"),
			plain("holdout_pairs", contract.Count, "eligible pairs in the holdout arm"),
			plain("base_orders", contract.Count, "self-broadcast orders of the treatment arm that would have been placed anyway"),
			plain("caused_orders", contract.Count, "orders that followed from them; caused / base is the lift as it happened"),
		},
	}
}

func (g *generator) writeTruthChuanliu(t *table) {
	id, lift, day, dayLift := t.col("merchant_id"), t.col("lift_ratio"), t.col("best_day"), t.col("best_day_lift_ratio")
	treatment, holdout := t.col("treatment_pairs"), t.col("holdout_pairs")
	base, caused := t.col("base_orders"), t.col("caused_orders")
	for k := range g.merchants {
		m := &g.merchants[k]
		if !m.participates {
			continue
		}
		i := t.row()
		id.set(i, m.id)
		lift.real(i, m.lift)
		if m.bestDayLift > 0 {
			day.date(i, m.bestDay)
			dayLift.real(i, m.bestDayLift)
		} else {
			day.null(i)
			dayLift.null(i)
		}
		treatment.set(i, g.arms[k][0])
		holdout.set(i, g.arms[k][1])
		base.set(i, g.traffic.lifts.base[k])
		caused.set(i, g.traffic.lifts.caused[k])
	}
}

func (g *generator) writeTruth() error {
	write := []func(*table){
		g.writeTruthDays, g.writeTruthMerchants, g.writeTruthProducts, g.writeTruthTalents, g.writeTruthChuanliu,
	}
	for i, decl := range TruthTables() {
		t := g.writer.open(decl, TruthKey(decl.Name))
		write[i](t)
		if err := t.close(true); err != nil {
			return err
		}
	}
	return nil
}
