package rollup_test

import (
	"math"

	"github.com/windvane/windvane/transforms/contract"
)

// tallyScoreOrder: an order with several lines of a subject is one order.
func tallyScoreOrder(w world, f figures, subject int64, r row) {
	if w.isScoreValid(r) {
		g := f.of(subject)
		g.order("orders", r["order_id"])
		g.add("paid_fen", r["buyer_paid_fen"]+r["platform_subsidy_fen"])
	}
}

func tallyTalentProduct(w world, f figures, r row) {
	if w.isScoreValid(r) && r["promoter_id"] != null {
		g := f.of(r["promoter_id"], r["product_id"], r["merchant_id"])
		g.add("lines", 1)
		g.add("paid_fen", r["buyer_paid_fen"]+r["platform_subsidy_fen"])
	}
}

// tallyMerchantPromoter: distribution is a promoter's sale that ran on no account of the shop; where no snapshot
// tells whose an account is, it is not known to be one.
func tallyMerchantPromoter(w world, f figures, r row) {
	if !w.isDistribution(r) {
		return
	}
	g := f.of(r["merchant_id"], r["promoter_id"])
	g.add("lines", 1)
	g.add("paid_fen", r["buyer_paid_fen"]+r["platform_subsidy_fen"])
}

// isDistribution says whether a row is a gmv_valid line through distribution.
func (w world) isDistribution(r row) bool {
	class := w.class(r, r["buyer_paid_fen"]+r["platform_subsidy_fen"])
	return (class == contract.ClassScoreValid || class == contract.ClassGMVValid) && w.channel(r, today) == contract.ChannelDistribution
}

// tallyDistributionOrder: an order of several scenes and promoters is one.
func tallyDistributionOrder(w world, f figures, r row) {
	if w.isDistribution(r) {
		f.of(r["merchant_id"]).order("orders", r["order_id"])
	}
}

// tallyShelf: what could be bought without a live, to the minute.
func tallyShelf(_ world, f figures, r row) {
	if hours := math.Float64frombits(uint64(r["purchasable_hours"])); hours > 0 && r["live_only"] == 0 {
		f.of(r["product_id"]).add("purchasable_minutes", int64(math.Floor(hours*60+0.5)))
	}
}

// tallyUnitPrice: a unit price is floor((buyer_paid + platform_subsidy + freight) / (quantity * units_per_item)); none where it is not
// known how many units an item has.
func tallyUnitPrice(w world, f figures, r row) {
	if each := w.product(r, today)[2]; w.isScoreValid(r) && each != null {
		units := r["quantity"] * each
		f.of(r["product_id"], (r["buyer_paid_fen"]+r["platform_subsidy_fen"]+r["freight_fen"])/units).order("orders", r["order_id"])
	}
}

// tallyChat: replies count in service hours only, where none came or one after three minutes is slow.
func tallyChat(_ world, f figures, r row) {
	g := f.of(r["merchant_id"])
	if r["rating"] != null {
		g.add("rated", 1)
		g.add("unhappy", one(r["rating"] <= 2))
	}
	if r["in_service_hours"] == 1 {
		g.add("in_service", 1)
		inTime := r["first_human_reply_seconds"] != null && r["first_human_reply_seconds"] <= 3*60
		g.add("slow", one(!inTime))
	}
}

func tallyContent(subject string) tally {
	return func(_ world, f figures, r row) {
		if r[subject] == null {
			return
		}
		g := f.of(r[subject])
		g.add("lives", one(contract.ContentKinds[r["kind"]] == "live"))
		g.add("interactions", r["likes"]+r["comments"]+r["shares"])
		for _, name := range []string{"viewers", "watch_seconds", "upheld_reports", "good_ratings", "bad_ratings"} {
			g.add(name, r[name])
		}
	}
}

func tallyTalentTraffic(_ world, f figures, r row) {
	if r["promoter_id"] != null {
		g := f.of(r["promoter_id"])
		g.add("impressions", r["impressions"])
		g.add("clicks", r["clicks"])
	}
}

// tallyProductTraffic: the promoter's account tells the channel, as of a sale that names no author.
func tallyProductTraffic(w world, f figures, r row) {
	sale := row{"author_id": null, "promoter_id": r["promoter_id"], "merchant_id": r["merchant_id"]}
	channel := w.channel(sale, today)
	distribution := one(channel == contract.ChannelDistribution)
	live := one(channel == contract.ChannelSelf && contract.Scenes[r["scene"]] == "live")
	g := f.of(r["product_id"])
	for _, name := range []string{"impressions", "clicks"} {
		g.add(name, r[name])
		g.add("distribution_"+name, distribution*r[name])
		g.add("self_live_"+name, live*r[name])
	}
}

func tallyViolation(_ world, f figures, r row) {
	g := f.of(r["subject_role"], r["subject_id"], r["severity"])
	g.add("tickets", 1)
	g.add("points", r["points"])
}

// tallyFacts: a snapshot has one row of a key, whose columns are taken as they are.
func tallyFacts(keys []string, columns ...string) tally {
	return func(_ world, f figures, r row) {
		var key []int64
		for _, name := range keys {
			key = append(key, r[name])
		}
		for _, name := range columns {
			f.of(key...).add(name, r[name])
		}
	}
}

func (d draw) chats(n int) []row {
	rows := make([]row, n)
	for i := range rows {
		reply := []int64{null, 0, 179, 180, 181, int64(d("seconds", 1000))}[d("reply", 6)]
		rows[i] = row{"chat_id": int64(i), "merchant_id": int64(10 + d("merchant", 3)), "started_at": at(today, 0), "first_human_reply_seconds": reply,
			"in_service_hours": int64(d("in service", 2)), "rating": d.orNull("rating", 1, 5)}
	}
	return rows
}

func (d draw) contents(n int) []row {
	rows := make([]row, n)
	for i := range rows {
		r := row{"content_id": int64(i), "author_id": int64(20 + d("author", 4)), "owner_merchant_id": d.orNull("owner", 10, 2),
			"kind": int64(d("kind", len(contract.ContentKinds))), "started_at": at(today, 0), "ended_at": null}
		for _, name := range []string{"viewers", "views", "watch_seconds", "likes", "comments", "shares", "new_followers", "product_clicks",
			"cart_products", "upheld_reports", "good_ratings", "bad_ratings"} {
			r[name] = int64(d(name, 50))
		}
		rows[i] = r
	}
	return rows
}

func (d draw) traffic(n int) []row {
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{"product_id": int64(30 + d("product", 5)), "promoter_id": d.orNull("promoter", 20, 3), "scene": int64(d("scene", len(contract.Scenes))),
			"merchant_id": int64(10 + d("merchant", 3)), "impressions": int64(d("impressions", 500)), "clicks": int64(d("clicks", 50))}
	}
	return rows
}

func (d draw) violations(w world, n int) []row {
	rows := make([]row, n)
	for i := range rows {
		subject := w.ids.TextDict().Code([]string{"9", "10", "-11", "talent 12"}[d("subject", 4)])
		rows[i] = row{"ticket_id": int64(i), "subject_role": int64(d("role", len(contract.SubjectRoles))), "subject_id": subject,
			"severity": int64(d("severity", len(contract.Severities))), "points": int64(d("points", 13)), "decided_at": at(today, 0)}
	}
	return rows
}

// name draws a text; several subjects may share one.
func (d draw) name(w world) int64 {
	return w.ids.TextDict().Code([]string{"", "青岚", "windmill", "Windmill"}[d("name", 4)])
}

// products draws n products. Their numbers begin below 0: identifiers are opaque.
func (d draw) products(w world, n int) []row {
	rows := make([]row, n)
	for i := range rows {
		info := int64(null)
		if score := d("info score", 500); score <= 400 {
			info = bits(float64(score) / 4)
		}
		rows[i] = row{"product_id": int64(i*3 - 6), "merchant_id": int64(10 + d("merchant", 3)), "name": d.name(w), "brand_id": d.orNull("brand", 60, 2),
			"category1_id": d.orNull("category", 70, 2), "category2_id": d.orNull("category 2", 700, 2), "category3_id": d.orNull("category 3", 7000, 2),
			"style_id": d.orNull("style", 80, 3), "units_per_item": int64(1 + d("units", 12)), "info_score": info, "listed_at": at(today-400, 0),
			"purchasable_hours": bits(float64(d("hours", 25))), "live_only": int64(d("live only", 2)), "in_cart": int64(d("cart", 2)),
			"is_virtual": int64(d("virtual", 2)), "brand_flag": int64(d("brand flag", 2))}
	}
	return rows
}

func (d draw) merchants(w world, n int) []row {
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{"merchant_id": int64(i*3 - 6), "name": d.name(w), "kind": int64(d("kind", len(contract.MerchantKinds))),
			"category1_id": d.orNull("category", 70, 2), "joined_on": int64(today) - int64(d("days since", 900))}
	}
	return rows
}

func (d draw) talents(w world, n int) []row {
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{"talent_id": int64(i*3 - 6), "name": d.name(w), "owner_merchant_id": d.orNull("owner", 10, 2),
			"category1_id": d.orNull("category", 70, 2), "followers": int64(d("followers", 9)), "joined_on": int64(today) - int64(d("days since", 900))}
	}
	return rows
}

// overrides draws n decisions, at most one of a subject, resource and first day.
func (d draw) overrides(w world, n int) []row {
	text, rows, seen := w.ids.TextDict(), []row(nil), map[[4]int64]bool{}
	for range n {
		r := row{"subject_role": int64(d("role", len(contract.Overrides.Column("subject_role").Values))), "subject_id": text.Code([]string{"9", "10", "-11", "talent 12"}[d("subject", 4)]),
			"resource": int64(d("resource", len(contract.Resources))), "action": int64(d("action", len(contract.Actions))), "reason": d.name(w), "author": d.name(w),
			"valid_from": int64(today) - int64(d("days since", 4)), "valid_to": int64(today) + int64(d("days left", 9))}
		key := [4]int64{r["subject_role"], r["subject_id"], r["resource"], r["valid_from"]}
		if !seen[key] {
			seen[key], rows = true, append(rows, r)
		}
	}
	return rows
}

// eligible draws n pairs of the log of Chuanliu, some of them in both arms, none twice in one.
func (d draw) eligible(w world, n int) []row {
	rows, seen := []row{}, map[[3]int64]bool{}
	for range n {
		key := [3]int64{int64(10 + d("merchant", 3)), int64(d("buyer", 6)), int64(d("arm", len(contract.Arms)))}
		if seen[key] {
			continue
		}
		seen[key] = true
		programme := int64(null)
		if p := d("programme", 3); p > 0 {
			programme = w.ids.TextDict().Code([]string{"spring", "autumn"}[p-1])
		}
		rows = append(rows, row{"merchant_id": key[0], "buyer_id": key[1], "arm": key[2], "eligible_at": at(today, int64(d("hour", 24))),
			"source_promoter_id": d.orNull("source", 20, 3), "programme": programme})
	}
	return rows
}

// shown draws n pairs that saw something, none twice.
func (d draw) shown(n int) []row {
	rows, seen := []row{}, map[[2]int64]bool{}
	for range n {
		key := [2]int64{int64(10 + d("merchant", 3)), int64(d("buyer", 6))}
		if !seen[key] {
			seen[key] = true
			rows = append(rows, row{"merchant_id": key[0], "buyer_id": key[1], "impressions": int64(1 + d("impressions", 9)), "first_shown_at": at(today, 0)})
		}
	}
	return rows
}
