package contract

// TestVerdicts say which channel turns clicks into order lines better.
var TestVerdicts = []string{"distribution", "self_broadcast", "unclear"}

// Codes of TestVerdicts.
const (
	BetterDistribution = iota
	BetterSelfBroadcast
	BetterUnclear
)

// testArm are the figures of one of the two channels that a product is tried in.
func testArm(prefix, who, account string) []Column {
	p := func(c Column) Column {
		c.Name = prefix + "_" + c.Name
		return c
	}
	return []Column{
		p(null(count("impressions", "times shown "+account+", on the covered days; null: lines are, or traffic covers too few days"))),
		p(null(count("clicks", "of them, clicked; null: as before"))),
		p(null(number("click_ratio", "clicks / impressions; null: not shown"))),
		p(null(count("lines", "gmv_valid order lines through "+who+", 30 days; null: channels not known of all of these days: no talents snapshots, or days with orders lie before the first one"))),
		p(null(fen("gmv_fen", "their 支付 GMV; null: as before"))),
		p(null(count("covered_lines", "of the lines, those of the covered days: what conversion counts; null: clicks are"))),
		p(null(number("conversion_ratio", "covered_lines / clicks; null: no click"))),
		p(null(number("conversion_lower", "one-sided 95 % lower bound of the conversion by Wilson, at most covered_lines = clicks; null: no click"))),
		p(null(number("conversion_upper", "one-sided 95 % upper bound; null: no click"))),
		p(null(fen("settled_gmv_fen", "gmv_paid of the 30 days that ended 15 days ago: what has had its time to come back; null: channels not known of all of these days, or the history is shorter"))),
		p(null(signed(fen("settled_refund_fen", "of that, refunded within 15 days of payment; null: also if refunds are not known of all of these days")))),
		p(null(number("refund_rate_ratio", "settled_refund / settled_gmv; null: nothing settled"))),
		p(null(count("buyers", "buyers of 90 days with a purchase day of the product that remains (a line was not fully refunded) on which they bought it through "+who+"; null: channels not known of all of these days, or the history is shorter"))),
		p(null(count("repeat_buyers", "of those, with two or more purchase days of the product that remain in the 90 days, through whatever channel; null: as before"))),
		p(null(number("r1_ratio", "repeat_buyers / buyers; null: no buyer"))),
		p(null(count("rank", "place among the products of the shop by conversion_lower, then gmv, then product_id, from 1; null: no click, or no shop known"))),
	}
}

// ProductTest: 测款测人群.
var ProductTest = &Table{
	Name: "product_test", Class: Published, Doc: "测款测人群: one row per merchant × product that distribution or self-broadcast showed or sold in the days the figures look at: how it does with other accounts' buyers against the shop's own lives, and whom distribution won for the shop. Accounts are told apart by the talents snapshot of the day",
	Key: []string{"product_id"},
	Columns: append(append(append([]Column{
		date("as_of_date", "the business day the figures describe"),
		null(id("merchant_id", Merchant, "its shop, as in product_score")),
		id("product_id", Product, "the product; it belongs to one shop"),
		null(id("category1_id", Category, "category, level 1")),
		count("days_present", "days of the 30 that have orders; fewer: the figures are partial"),
		count("covered_days", "of those, days that product_traffic has, too: traffic and conversion are of these alone. Fewer than days_present and than 7: too few, they are null"),
	}, testArm("distribution", "distribution, in any scene", "by talents who are no accounts of the shop")...),
		testArm("self_broadcast", "self-broadcast: channel self in the scene live", "in lives of the shop's accounts")...),
		enum("better", TestVerdicts, "where clicks become lines more often; unclear: the intervals from conversion_lower to conversion_upper overlap, or one of them is missing"),
		null(count("won_buyers", "buyers of the product through distribution in the 30 days that ended 30 days ago; null: channels not known of all of the 60 days, or fewer days of history")),
		null(count("won_live_buyers", "of those, bought anything in the shop's own live on one of the 30 days after such a purchase; the day itself does not count; null: also of a product that the newest products snapshot lacks")),
		null(number("won_live_ratio", "won_live_buyers / won_buyers; null: no such buyer")),
	),
}
