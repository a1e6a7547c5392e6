package rules

// Way is how an indicator becomes a value and points.
type Way uint8

const (
	// Rate is x bad of n, shrunk to the category, then the curve.
	Rate Way = iota + 1
	// Mean is a sum over n, not shrunk, then the curve.
	Mean
	// Percentile is a good-direction figure, ranked in its category, the curve on 1 − q.
	Percentile
	// Points is a figure that is in points already: stars, scores, the listing's quality.
	Points
)

// Empty is what n = 0 means.
type Empty uint8

const (
	// Prior: no data yet; the value is the category's mean.
	Prior Empty = iota + 1
	// Drop: not applicable; the indicator is left out and the others of its dimension weigh more.
	Drop
)

// Counts is what x and n of a rate count.
type Counts uint8

const (
	// Events of days, which weigh by recency where the score is weighted.
	Events Counts = iota + 1
	// Buyers of the whole window: no day weighs more than another.
	Buyers
	// Share: n items, and x is n times a share of money, whole only by chance; no day weighs more than another.
	Share
)

// Known is what the code knows of an indicator.
type Known struct {
	ID     string
	Way    Way
	Empty  Empty
	Counts Counts  // of rates; 0: not one
	Scale  float64 // what x / n is multiplied with before it meets the anchors; 0 is 1
	Table  string  // input table it needs beside orders; empty: none
	Doc    string  // formula, in the words of definitions.md
}

// ProductIndicators, ShopIndicators and TalentIndicators are what windvane computes for each score.
var (
	ProductIndicators = []Known{
		{"quality_refund", Rate, Prior, Events, 0, "refunds", "orders of the lagged window whose first refund, within the lag of payment, has reason quality / valid orders of the lagged window"},
		{"bad_review", Rate, Prior, Events, 0, "reviews", "first reviews with 1 or 2 stars / signed orders"},
		{"mismatch_complaint", Rate, Prior, Events, 0, "complaints", "upheld complaints of goods not as described or counterfeit / valid orders of the lagged window"},
		{"price_power", Points, Drop, 0, 0, "products", "points of the price stars"},
		{"missed_pickup", Rate, Drop, Events, 0, "shipments", "orders not picked up when promised / orders whose pick-up was due"},
		{"transit_ratio", Mean, Drop, 0, 0, "shipments", "hours from pick-up to signature / median hours of the routes, summed over signed lines with both"},
		{"dispute", Rate, Prior, Events, 0, "refunds", "orders of the lagged window into which the platform was called within the lag / valid orders of the lagged window"},
		{"refund_hours", Mean, Drop, 0, 0, "refunds", "mean hours, at most 168 each, of refunds that the merchant completed"},
		{"gmv_per_mille", Percentile, Drop, 0, 0, "product_traffic", "支付 GMV per 1,000 impressions, as percentile of the category"},
		{"effective_gmv", Percentile, Drop, 0, 0, "", "支付 GMV of score_valid lines by day of the window that has orders, as percentile of the category"},
		{"info_score", Points, Drop, 0, 0, "products", "3 + 2 × info_score / 100"},
	}
	ShopIndicators = []Known{
		{"quality_bad_review", Rate, Prior, Events, 0, "reviews", "first reviews with 1 or 2 stars, unless they name no quality problem / signed orders"},
		{"quality_refund", Rate, Prior, Events, 0, "refunds", "orders of the lagged window whose first refund, within the lag of payment, has reason quality / valid orders of the lagged window"},
		{"missed_pickup", Rate, Drop, Events, 0, "shipments", "orders not picked up when promised / orders whose pick-up was due"},
		{"transit_ratio", Mean, Drop, 0, 0, "shipments", "hours from pick-up to signature / median hours of the routes, summed over signed lines with both"},
		{"logistics_complaint", Rate, Prior, Events, 0, "complaints", "upheld complaints of logistics / valid orders of the lagged window"},
		{"not_self_completed", Rate, Prior, Events, 0, "refunds", "refunds that the merchant did not complete itself / refunds closed"},
		{"chat_unhappy", Rate, Drop, Events, 0, "chats", "chats rated 1 or 2 / chats rated"},
		{"refund_only_hours", Mean, Drop, 0, 0, "refunds", "mean hours, at most 168 each, of refunds without return that the merchant completed"},
		{"return_refund_hours", Mean, Drop, 0, 0, "refunds", "the same of refunds with return"},
		{"slow_reply", Rate, Drop, Events, 0, "chats", "chats begun 08:00–23:00 without a person's reply within 180 seconds / chats begun 08:00–23:00"},
		{"not_repeat", Rate, Prior, Buyers, 0, "", "buyers of 90 days without a second purchase day / buyers: 1 − R1(90)"},
		{"price_coverage", Rate, Drop, Share, 0, "products", "1 − share of 支付 GMV of comparable items with 3 stars or more; n = comparable items"},
	}
	TalentIndicators = []Known{
		{"price_coverage", Rate, Drop, Share, 0, "products", "1 − share of distributed 支付 GMV of comparable items with 3 stars or more; n = comparable items"},
		{"conversion", Percentile, Drop, 0, 0, "product_traffic", "orders / clicks with this promoter, as percentile of the category"},
		{"not_repeat", Rate, Prior, Buyers, 0, "", "buyers of 90 days without a second purchase day with this talent / buyers"},
		{"quality_refund", Rate, Prior, Events, 0, "refunds", "distributed orders of the lagged window whose first refund, within the lag of payment, has reason quality / valid distributed orders of the lagged window"},
		{"bad_review", Rate, Prior, Events, 0, "reviews", "first reviews of distributed orders with 1 or 2 stars / signed distributed orders"},
		{"product_score", Points, Drop, 0, 0, "", "mean 商品分 of what was sold, weighted with 支付 GMV"},
		{"promoter_liable", Rate, Prior, Events, 0, "refunds", "disputes decided with the promoter liable / disputes decided"},
		{"logistics_complaint", Rate, Prior, Events, 0, "complaints", "upheld complaints of logistics on distributed orders / valid distributed orders of the lagged window"},
		{"shop_score", Points, Drop, 0, 0, "", "mean 店铺体验分 of the shops sold for, weighted with 支付 GMV"},
		{"content_reports", Rate, Drop, Events, 10000, "contents", "upheld reports / viewers, per 10,000"},
		{"misleading", Rate, Prior, Events, 0, "complaints", "upheld complaints of false advertising or goods not as described / valid distributed orders of the lagged window"},
		{"content_bad_rating", Rate, Drop, Events, 0, "contents", "bad ratings / ratings of contents"},
	}
)
