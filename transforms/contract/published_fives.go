package contract

// FivesDimensions are the dimensions of 5S, in the order of the definitions: 低价好物, 优质内容, 达人分销, 店铺自播, 泛货架.
var FivesDimensions = []string{"low_price", "content", "distribution", "self_broadcast", "pan_shelf"}

// Codes of FivesDimensions.
const (
	FivesLowPrice = iota
	FivesContent
	FivesDistribution
	FivesSelfBroadcast
	FivesPanShelf
)

// fivesIndexes are index and gap of every dimension, and the one to work on next.
func fivesIndexes() []Column {
	made := []string{
		"low_price_gmv_share_ratio and goods_score",
		"watch_seconds_per_viewer, interactions_per_1000_viewers and upheld_reports_per_10000_viewers (fewer is better)",
		"active_promoters, distribution_gmv_fen, distribution_gmv_share_ratio and partner_talent_score",
		"live_days, self_broadcast_gmv_fen and self_broadcast_r1_ratio",
		"always_on_products, pan_shelf_gmv_fen, pan_shelf_gmv_share_ratio and search_gmv_share_ratio",
	}
	gmv := []string{"low_price_gmv_fen", "content_gmv_fen", "distribution_gmv_fen", "self_broadcast_gmv_fen", "pan_shelf_gmv_fen"}
	var cols []Column
	for i, d := range FivesDimensions {
		cols = append(cols, null(number(d+"_index", "0 to 100: 100 × mean of the mid-rank percentiles inside the level-1 category of "+made[i]+
			"; figures that are null are left out; shops without a category are ranked on the platform; null: no figure")))
	}
	for i, d := range FivesDimensions {
		cols = append(cols, null(signed(fen(d+"_gap_fen", "P75 (type 7, rounded half up) of "+gmv[i]+" over the shops of the level-1 category (no category: the platform) less the shop's own; null: not computable"))))
	}
	return append(cols, null(enum("next", FivesDimensions,
		"what to work on next: the dimension with the largest gap above 0, ties in the order low_price, content, distribution, self_broadcast, pan_shelf; content, which has no GMV of its own, takes part with that of live and short_video; null: no gap above 0")))
}

// Fives: 5S of every shop.
var Fives = &Table{
	Name: "fives", Class: Published, Doc: "5S: one row per shop of shop_score: five dimensions over 30 days, their place in the level-1 category, and which to work on next. Shops that sold nothing count with GMV 0",
	Key: []string{"merchant_id"},
	Columns: append([]Column{
		date("as_of_date", "the business day the figures describe"),
		id("merchant_id", Merchant, "the shop"),
		null(id("category1_id", Category, "main category, level 1; null: none, or no merchants snapshot")),
		count("days_present", "days of the 30 that have orders; fewer: the figures are partial"),
		fen("gmv_paid_fen", "支付 GMV of 30 days: what shares are of"),

		null(count("comparable_items", "低价好物: products sold whose price can be compared; null: no products table")),
		null(fen("comparable_gmv_fen", "score_valid GMV of those products; null: no products table")),
		null(fen("low_price_gmv_fen", "of that, of products with 3 stars or better; null: no products table")),
		null(number("low_price_gmv_share_ratio", "low_price_gmv / comparable_gmv; null: nothing comparable sold")),
		null(number("goods_score", "商品分 of its products, weighted with their gmv_net15, as in shop_score; null: none has one, or refunds not known of the whole window")),

		null(count("viewers", "优质内容: viewers of the lives and videos of the shop's own accounts, each content and day for itself; null: no contents, or days with orders lie before the first of them")),
		null(count("watch_seconds", "their watch time; null: as before")),
		null(count("interactions", "likes, comments and shares; null: as before")),
		null(count("upheld_reports", "upheld reports; null: as before")),
		null(number("watch_seconds_per_viewer", "watch_seconds / viewers; null: no viewer")),
		null(number("interactions_per_1000_viewers", "1,000 × interactions / viewers; null: no viewer")),
		null(number("upheld_reports_per_10000_viewers", "10,000 × upheld_reports / viewers; null: no viewer")),
		fen("content_gmv_fen", "gmv_paid in the scenes live and short_video, whoever sold"),

		null(count("active_promoters", "达人分销: distinct talents with a gmv_valid line through distribution; null: channels not known of all of these days: no talents snapshots, or days with orders lie before the first one")),
		null(fen("distribution_gmv_fen", "gmv_paid through distribution; null: channels not known of all of these days")),
		null(number("distribution_gmv_share_ratio", "distribution_gmv / gmv_paid; null: nothing sold")),
		null(number("partner_talent_score", "带货口碑分 of the active promoters that have one, weighted with what they sold for the shop; null: none has one")),

		null(count("live_days", "店铺自播: days with a live of an account of the shop; null: viewers are")),
		null(fen("self_broadcast_gmv_fen", "gmv_paid of channel self in the scene live; null: channels not known of all of these days")),
		null(count("self_broadcast_buyers", "buyers of 90 days with a purchase day that remains (a line was not fully refunded) on which they bought in self-broadcast; null: channels not known of all of these days, or fewer than 90 days of history")),
		null(count("self_broadcast_repeat_buyers", "of those, with two or more purchase days that remain in the 90 days, wherever in the shop they bought; null: as before")),
		null(number("self_broadcast_r1_ratio", "R1(90) of self-broadcast buyers: self_broadcast_repeat_buyers / self_broadcast_buyers; null: no such buyer")),

		null(count("always_on_products", "泛货架: 常挂品: products of the newest snapshot, not live_only, that could be bought for 648 hours or more in the last 30 days, which takes 27 snapshots or more; days as live_only do not count; null: fewer than 27 snapshots in those days")),
		fen("pan_shelf_gmv_fen", "gmv_paid in the scenes recommend, mall, search and shop, whoever sold"),
		null(number("pan_shelf_gmv_share_ratio", "pan_shelf_gmv / gmv_paid; null: nothing sold")),
		fen("search_gmv_fen", "gmv_paid in the scene search"),
		null(number("search_gmv_share_ratio", "search_gmv / gmv_paid; null: nothing sold")),
	}, fivesIndexes()...),
}
