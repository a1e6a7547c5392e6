package rollup

import "github.com/windvane/windvane/transforms/contract"

// The rollups that scores, prices and lists are made of. Each counts a row only on the day of its own event; those of
// refunds keep the pay day, so that the merge of days can lag.

// ScoredScopes are the scopes that have a score.
func ScoredScopes() []contract.Scope {
	all := contract.Scopes()
	return []contract.Scope{all[contract.RoleMerchant], all[contract.RoleTalent], all[contract.RoleProduct]}
}

func scoreRollups() []*Rollup {
	var all []*Rollup
	for _, s := range ScoredScopes() {
		all = append(all, ScoreOrdersOf(s), RefundEventsOf(s), ShipmentEventsOf(s), ReviewsOf(s), ComplaintsOf(s))
	}
	return append(all, TalentProducts(), MerchantPromoters(), DistributionOrders(), UnitPrices(), Chats(), AccountContents(), MerchantContents(), ProductTraffic(), TalentTraffic(),
		ViolationPoints(), ProductFacts(), ShelfMinutes(), MerchantFacts(), AccountFacts(), Overrides())
}

var byOrder = []string{"order_id"}

// ofScope is the flag of a scope's rows among those with a flag: its name is the flag's for a scope that has all rows.
func ofScope(flag string, s contract.Scope) string {
	if s.Where == "" {
		return flag
	}
	return flag + "_" + s.Where
}

func count(name, flag, doc string) Measure { return Measure{Name: name, Op: Count, If: flag, Doc: doc} }

func distinctOrders(name, flag, doc string) Measure {
	return Measure{Name: name, Op: Distinct, Of: "order_id", If: flag, Doc: doc}
}

func sum(name, of, flag, doc string) Measure {
	return Measure{Name: name, Op: Sum, Of: of, If: flag, Doc: doc}
}

func only(name, doc string) Measure { return Measure{Name: name, Op: Only, Of: name, Doc: doc} }

// ScoreOrdersOf are the valid orders of a scope: what rates are divided by.
func ScoreOrdersOf(s contract.Scope) *Rollup {
	return &Rollup{
		Name: s.Name() + "_score_orders", Doc: "score_valid orders of the day per " + s.Name(),
		Source: contract.Orders, PartitionBy: byBuyer, SumBy: []string{s.Subject}, Where: ofScope("is_score", s), By: s.Keys(),
		Measures: []Measure{
			distinctOrders("orders", "", "distinct parent orders with a score_valid line"),
			sum("paid_fen", "amount_fen", "", "支付 GMV of those lines"),
		},
	}
}

// RefundEventsOf are what happened to refunds of score_valid lines on the day, by pay day.
func RefundEventsOf(s contract.Scope) *Rollup {
	return &Rollup{
		Name: s.Name() + "_refund_events", Doc: "events of the day of refunds of score_valid lines per " + s.Name() + " and pay day",
		Source: contract.Refunds, PartitionBy: byOrder, Where: ofScope("is_score_event", s), By: s.Keys("paid_day"),
		Measures: []Measure{
			count("quality_refunds", "is_quality", "first refunds of their order, applied for on the day for reason quality"),
			distinctOrders("disputed_orders", "is_intervened", "orders into which the platform was called on the day"),
			count("disputes", "is_decided", "refunds whose liability was decided on the day"),
			count("promoter_liable", "is_promoter_liable", "of those, the promoter is liable"),
			count("closed", "is_closed", "refunds closed on the day of which is known who completed them"),
			count("not_self_completed", "is_not_self", "of those, not completed by the merchant"),
			count("refund_only", "is_self_refund_only", "closed by the merchant, without return of the goods"),
			sum("refund_only_seconds", "handling_seconds", "is_self_refund_only", "from application to closing, at most 168 hours each"),
			count("return_refund", "is_self_return", "closed by the merchant, with return"),
			sum("return_refund_seconds", "handling_seconds", "is_self_return", "from application to closing, at most 168 hours each"),
		},
	}
}

// ShipmentEventsOf are the pick-ups due and the signatures of the day.
func ShipmentEventsOf(s contract.Scope) *Rollup {
	return &Rollup{
		Name: s.Name() + "_shipment_events", Doc: "pick-ups due on the day and signatures of the day, of score_valid lines per " + s.Name(),
		Source: contract.Shipments, PartitionBy: byOrder, Where: ofScope("is_score_event", s), By: s.Keys(),
		Measures: []Measure{
			distinctOrders("due", "is_due", "orders with a pick-up due on the day; no pre-sales, nothing that is not shipped"),
			distinctOrders("missed", "is_missed", "of those, not picked up in time"),
			distinctOrders("signed", "is_signed", "orders signed for on the day"),
			count("transits", "is_transit", "lines signed on the day with a pick-up and a route median; no pre-sales"),
			sum("transit_seconds", "transit_seconds", "is_transit", "of those, pick-up to signature"),
			sum("median_seconds", "median_seconds", "is_transit", "the medians of their routes"),
		},
	}
}

// ReviewsOf are the first reviews of the day.
func ReviewsOf(s contract.Scope) *Rollup {
	return &Rollup{
		Name: s.Name() + "_reviews", Doc: "first reviews of score_valid orders written on the day per " + s.Name(),
		Source: contract.Reviews, PartitionBy: byOrder, Where: ofScope("is_score_first", s), By: s.Keys(),
		Measures: []Measure{
			count("reviews", "", "first reviews"),
			count("bad", "is_bad", "of those, 1 or 2 stars"),
			count("quality_bad", "is_quality_bad", "of those, not known to name something else than quality"),
			sum("rating_sum", "rating", "", "stars"),
		},
	}
}

// ComplaintsOf are the upheld complaints of the day.
func ComplaintsOf(s contract.Scope) *Rollup {
	return &Rollup{
		Name: s.Name() + "_complaints", Doc: "complaints upheld on the day per " + s.Name(),
		Source: contract.Complaints, PartitionBy: []string{s.Subject}, Where: "is_upheld_" + s.Name(), By: s.Keys(),
		Measures: []Measure{
			count("mismatch", "is_mismatch", "not as described, or counterfeit"),
			count("logistics", "is_logistics", "logistics"),
			count("misleading", "is_misleading", "false advertising, or not as described"),
		},
	}
}

// TalentProducts are what each talent sold, product by product.
func TalentProducts() *Rollup {
	return &Rollup{
		Name: "talent_products", Doc: "score_valid sales of the day per talent and product",
		Source: contract.Orders, PartitionBy: byBuyer, SumBy: []string{"promoter_id"}, Where: "is_score_has_promoter", By: []string{"promoter_id", "product_id", "merchant_id"},
		Measures: []Measure{count("lines", "", "lines"), sum("paid_fen", "amount_fen", "", "支付 GMV")},
	}
}

// MerchantPromoters are the talents who sold for each shop.
func MerchantPromoters() *Rollup {
	return &Rollup{
		Name: "merchant_promoters", Doc: "gmv_valid distribution sales of the day per merchant and promoter",
		Source: contract.Orders, PartitionBy: []string{"merchant_id", "product_id"}, Where: "is_gmv_distribution", By: []string{"merchant_id", "promoter_id"},
		Measures: []Measure{count("lines", "", "lines"), sum("paid_fen", "amount_fen", "", "支付 GMV")},
	}
}

// DistributionOrders are the orders that talents brought to each shop: one is one, however many scenes and talents its
// lines came through.
func DistributionOrders() *Rollup {
	return &Rollup{
		Name: "merchant_distribution_orders", Doc: "gmv_valid distribution orders of the day per merchant",
		Source: contract.Orders, PartitionBy: byBuyer, SumBy: []string{"merchant_id"}, Where: "is_gmv_distribution", By: []string{"merchant_id"},
		Measures: []Measure{distinctOrders("orders", "", "distinct parent orders with such a line")},
	}
}

// UnitPrices are the prices of a unit at which each product was sold.
func UnitPrices() *Rollup {
	return &Rollup{
		Name: "unit_prices", Doc: "score_valid orders of the day per product and unit price, of products whose units per item a snapshot tells",
		Source: contract.Orders, PartitionBy: byBuyer, SumBy: []string{"product_id"}, Where: "is_priced", By: []string{"product_id", "unit_price_fen"},
		Measures: []Measure{distinctOrders("orders", "", "distinct parent orders")},
	}
}

// Chats are the customer-service chats of the day.
func Chats() *Rollup {
	return &Rollup{
		Name: "merchant_chats", Doc: "chats begun on the day per merchant",
		Source: contract.Chats, PartitionBy: []string{"merchant_id"}, By: []string{"merchant_id"},
		Measures: []Measure{
			count("rated", "is_rated", "rated chats"),
			count("unhappy", "is_unhappy", "of those, 1 or 2"),
			count("in_service", "is_in_service", "begun 08:00 to 23:00"),
			count("slow", "is_slow", "of those, without a person's reply within 180 seconds"),
		},
	}
}

func contentMeasures() []Measure {
	return []Measure{
		count("lives", "is_live", "live sessions"),
		sum("viewers", "viewers", "", "viewers, each content for itself"),
		sum("watch_seconds", "watch_seconds", "", "watch time"),
		sum("interactions", "interactions", "", "likes, comments and shares"),
		sum("upheld_reports", "upheld_reports", "", "upheld reports"),
		sum("good_ratings", "good_ratings", "", "good ratings"),
		sum("bad_ratings", "bad_ratings", "", "bad ratings"),
	}
}

// AccountContents are the contents of each account.
func AccountContents() *Rollup {
	return &Rollup{Name: "talent_contents", Doc: "live sessions and videos of the day per account", Source: contract.Contents,
		PartitionBy: []string{"author_id"}, By: []string{"author_id"}, Measures: contentMeasures()}
}

// MerchantContents are the contents of the accounts that each shop owns.
func MerchantContents() *Rollup {
	return &Rollup{Name: "merchant_contents", Doc: "live sessions and videos of the day of the accounts that each merchant owns", Source: contract.Contents,
		PartitionBy: []string{"owner_merchant_id"}, Where: "is_owned", By: []string{"owner_merchant_id"}, Measures: contentMeasures()}
}

func trafficMeasures() []Measure {
	return []Measure{sum("impressions", "impressions", "", "times shown"), sum("clicks", "clicks", "", "times clicked")}
}

// ProductTraffic is the traffic of each product.
func ProductTraffic() *Rollup {
	return &Rollup{Name: "product_impressions", Doc: "traffic of the day per product", Source: contract.ProductTraffic,
		PartitionBy: []string{"product_id"}, By: []string{"product_id"}, Measures: append(trafficMeasures(),
			sum("distribution_impressions", "impressions", "is_distribution", "of them, by a talent who is no account of the shop"),
			sum("distribution_clicks", "clicks", "is_distribution", "and clicked there"),
			sum("self_live_impressions", "impressions", "is_self_live", "of them, in a live of an account of the shop"),
			sum("self_live_clicks", "clicks", "is_self_live", "and clicked there"))}
}

// TalentTraffic is the traffic that each talent brought to products.
func TalentTraffic() *Rollup {
	return &Rollup{Name: "talent_impressions", Doc: "traffic of the day per talent who showed the product", Source: contract.ProductTraffic,
		PartitionBy: []string{"promoter_id"}, Where: "has_promoter", By: []string{"promoter_id"}, Measures: trafficMeasures()}
}

// ViolationPoints are the tickets of the day.
func ViolationPoints() *Rollup {
	by := []string{"subject_role", "subject_id", "severity"}
	return &Rollup{Name: "violation_points", Doc: "violation tickets decided on the day", Source: contract.Violations,
		PartitionBy: by, By: by, Measures: []Measure{count("tickets", "", "tickets"), sum("points", "points", "", "their points")}}
}

// ProductFacts are what scores and lists want to know of each product.
func ProductFacts() *Rollup {
	return &Rollup{Name: "product_facts", Doc: "products at the end of the day", Source: contract.Products,
		PartitionBy: []string{"product_id"}, By: []string{"product_id"},
		Measures: []Measure{
			only("merchant_id", "the shop"), only("name", "title"), only("category1_id", "category, level 1"), only("category2_id", "level 2"),
			only("category3_id", "level 3"), only("style_id", "same-style cluster"), only("info_score", "quality of the listing, 0 to 100"),
			only("is_virtual", "nothing is shipped"), only("live_only", "sold in live sessions only"), only("brand_flag", "brand or fast brand"),
		}}
}

// ShelfMinutes are how long each product that does not need a live could be bought.
func ShelfMinutes() *Rollup {
	return &Rollup{Name: "shelf_minutes", Doc: "products that could be bought during the day, those sold in live sessions only left out", Source: contract.Products,
		PartitionBy: []string{"product_id"}, Where: "is_on_shelf", By: []string{"product_id"},
		Measures: []Measure{only("purchasable_minutes", "minutes of the day it could be bought, at most 1440")}}
}

// MerchantFacts are what scores and lists want to know of each shop.
func MerchantFacts() *Rollup {
	return &Rollup{Name: "merchant_facts", Doc: "shops at the end of the day", Source: contract.Merchants,
		PartitionBy: []string{"merchant_id"}, By: []string{"merchant_id"},
		Measures: []Measure{only("name", "name"), only("kind", "kind"), only("category1_id", "main category"), only("joined_on", "day the shop joined")}}
}

// AccountFacts are what scores and lists want to know of each account.
func AccountFacts() *Rollup {
	return &Rollup{Name: "account_facts", Doc: "accounts at the end of the day", Source: contract.Talents,
		PartitionBy: []string{"talent_id"}, By: []string{"talent_id"},
		Measures: []Measure{only("name", "name"), only("owner_merchant_id", "shop the account belongs to"), only("category1_id", "main category"),
			only("followers", "followers"), only("joined_on", "day the account joined")}}
}

// Overrides are the manual decisions.
func Overrides() *Rollup {
	by := []string{"subject_role", "subject_id", "resource", "valid_from"}
	return &Rollup{Name: "overrides", Doc: "manual decisions at the end of the day", Source: contract.Overrides, PartitionBy: by, By: by,
		Measures: []Measure{only("action", "what is decided"), only("reason", "why"), only("author", "who decided"), only("valid_to", "last day")}}
}
