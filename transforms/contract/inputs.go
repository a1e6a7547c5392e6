package contract

// Inputs are the tables a company's warehouse dumps, in the order of docs/tables.md.
// Required for any run: orders. Every other table adds the figures it feeds.
func Inputs() []*Table {
	return []*Table{
		Orders, Refunds, Shipments, Reviews, Complaints, Chats, Contents, ProductTraffic, Violations,
		Products, Merchants, Talents, Categories, ChuanliuEligibility, ChuanliuExposures, Overrides, Calendar,
	}
}

// lineCopies are the columns that refunds, shipments and reviews carry, copied from their order line.
func lineCopies(cols ...Column) []Column {
	return append(cols,
		copied(null(id("author_id", Talent, "account whose live or video the sale happened in"))),
		copied(null(id("content_id", Content, "live session or video of the sale"))),
		copied(enum("scene", Scenes, "where the sale happened")),
		copied(enum("order_kind", OrderKinds, "kind of the order")),
		copied(null(text("risk_reason", "why the order is abnormal; null or empty: it is not"))),
		copied(count("quantity", "units of the line")),
		copied(fen("buyer_paid_fen", "paid by the buyer for the goods of the line")),
		copied(fen("platform_subsidy_fen", "paid by the platform for the goods of the line")),
	)
}

// Orders: one row per order line and state. A line created on c and paid on p > c stands in dt=c
// (unpaid, for ever) and in dt=p; created and paid on one day, it stands once.
var Orders = &Table{
	Name: "orders", Class: Event, Doc: "one row per order line; dt is the day of created_at while unpaid, of paid_at once paid",
	DayOf: []string{"created_at", "paid_at"}, DayLast: true, Key: []string{"order_line_id"}, Latest: "updated_at",
	Columns: []Column{
		key("order_line_id", "the order line"),
		key("order_id", "the parent order"),
		buyer("buyer_id", "who bought"),
		id("merchant_id", Merchant, "the shop that sells"),
		id("product_id", Product, "the product"),
		null(id("sku_id", SKU, "the variant")),
		null(id("promoter_id", Talent, "talent credited with the sale; null: nobody")),
		null(id("author_id", Talent, "account whose live or video it happened in")),
		null(id("content_id", Content, "live session or video")),
		enum("scene", Scenes, "where the sale happened"),
		instant("created_at", "order placed"),
		null(instant("paid_at", "order paid; null: not paid")),
		count("quantity", "units"),
		fen("buyer_paid_fen", "paid by the buyer for the goods, freight excluded, discounts already out"),
		fen("platform_subsidy_fen", "paid by the platform for the goods"),
		fen("freight_fen", "freight; not part of GMV"),
		enum("order_kind", OrderKinds, "kind of the order"),
		null(text("risk_reason", "why the order is abnormal (brushing, bot, …); null or empty: it is not")),
	},
}

// Refunds: one row per refund whose state changed on dt.
var Refunds = &Table{
	Name: "refunds", Class: Event, Doc: "one row per refund with an event on dt (applied, intervened, liability decided, succeeded, closed)",
	DayOf: []string{"applied_at", "intervened_at", "liable_at", "succeeded_at", "closed_at"}, Key: []string{"refund_id"}, Latest: "updated_at",
	Columns: lineCopies(
		key("refund_id", "the refund"),
		key("order_line_id", "its order line"),
		key("order_id", "the parent order"),
		buyer("buyer_id", "who bought"),
		id("merchant_id", Merchant, "the shop"),
		id("product_id", Product, "the product"),
		copied(null(id("promoter_id", Talent, "talent credited with the sale"))),
		instant("paid_at", "when the line was paid"),
		instant("applied_at", "refund asked for"),
		null(instant("intervened_at", "the platform was called in")),
		null(instant("liable_at", "liability decided")),
		null(instant("succeeded_at", "money returned")),
		null(instant("closed_at", "closed without or after success")),
		fen("amount_fen", "goods only, subsidy taken back included"),
		flag("is_full", "the whole line is refunded"),
		enum("kind", RefundKinds, "with or without return of the goods"),
		enum("reason", RefundReasons, "the buyer's reason"),
		flag("is_first", "first refund of that order at that merchant"),
		null(flag("self_completed", "the merchant completed it without the platform")),
		null(enum("liable", Liables, "who is liable")),
	),
}

// Shipments: one row per order line with a shipping event on dt.
var Shipments = &Table{
	Name: "shipments", Class: Event, Doc: "one row per order line with an event on dt (pick-up due, picked up, signed)",
	DayOf: []string{"pickup_due_at", "picked_up_at", "signed_at"}, Key: []string{"order_line_id"}, Latest: "updated_at",
	Columns: lineCopies(
		key("order_line_id", "the order line"),
		key("order_id", "the parent order"),
		id("merchant_id", Merchant, "the shop"),
		id("product_id", Product, "the product"),
		copied(null(id("promoter_id", Talent, "talent credited with the sale"))),
		instant("paid_at", "when the line was paid"),
		null(instant("pickup_due_at", "promised pick-up by the carrier")),
		null(instant("picked_up_at", "picked up by the carrier")),
		null(instant("promised_at", "promised delivery")),
		null(instant("signed_at", "signed for by the buyer")),
		null(within(0, 8760, number("route_median_hours", "median hours pick-up to signature on this route, at most a year"))),
		flag("no_shipping", "virtual or fetched goods: nothing is shipped"),
	),
}

// Reviews: one row per review of an order line.
var Reviews = &Table{
	Name: "reviews", Class: Event, Doc: "one row per review; dt is the day of reviewed_at",
	DayOf: []string{"reviewed_at"}, Key: []string{"review_id"}, Latest: "updated_at",
	Columns: lineCopies(
		key("review_id", "the review"),
		key("order_line_id", "its order line"),
		key("order_id", "the parent order"),
		id("merchant_id", Merchant, "the shop"),
		id("product_id", Product, "the product"),
		copied(null(id("promoter_id", Talent, "talent credited with the sale"))),
		within(1, 5, count("rating", "stars, 1 to 5")),
		flag("is_first", "first review of that order at that merchant"),
		null(flag("is_quality_issue", "the text names a quality problem")),
		instant("paid_at", "when the line was paid"),
		instant("reviewed_at", "when it was written"),
	),
}

// Complaints: one row per decided complaint.
var Complaints = &Table{
	Name: "complaints", Class: Event, Doc: "one row per complaint; dt is the day of decided_at",
	DayOf: []string{"decided_at"}, Key: []string{"complaint_id"}, Latest: "updated_at",
	Columns: []Column{
		key("complaint_id", "the complaint"),
		id("merchant_id", Merchant, "the shop"),
		null(id("product_id", Product, "the product")),
		null(id("promoter_id", Talent, "talent credited with the sale")),
		null(id("content_id", Content, "live session or video complained of")),
		enum("kind", ComplaintKinds, "what about"),
		flag("upheld", "decided for the buyer"),
		enum("liable", Liables, "who is liable"),
		instant("decided_at", "when it was decided"),
	},
}

// Chats: one row per customer-service chat.
var Chats = &Table{
	Name: "chats", Class: Event, Doc: "one row per chat; dt is the day of started_at",
	DayOf: []string{"started_at"}, Key: []string{"chat_id"}, Latest: "updated_at",
	Columns: []Column{
		key("chat_id", "the chat"),
		id("merchant_id", Merchant, "the shop"),
		instant("started_at", "first message of the buyer"),
		null(count("first_human_reply_seconds", "until the first reply by a person; null: none came")),
		flag("in_service_hours", "between 08:00 and 23:00"),
		null(within(1, 5, count("rating", "1 to 5; null: not rated"))),
	},
}

// Contents: daily figures of live sessions and short videos.
var Contents = &Table{
	Name: "contents", Class: Daily, Doc: "one row per live session or short video with figures of dt",
	Key: []string{"content_id"}, Latest: "updated_at",
	Columns: []Column{
		id("content_id", Content, "live session or video"),
		id("author_id", Talent, "account it ran on"),
		null(id("owner_merchant_id", Merchant, "shop the account belongs to")),
		enum("kind", ContentKinds, "live session or short video"),
		instant("started_at", "began or published"),
		null(instant("ended_at", "live: ended")),
		count("viewers", "distinct viewers"),
		count("views", "views"),
		count("watch_seconds", "total watch time"),
		count("likes", "likes"),
		count("comments", "comments"),
		count("shares", "shares"),
		count("new_followers", "followers won"),
		count("product_clicks", "clicks on products"),
		count("cart_products", "products in its cart"),
		count("upheld_reports", "reports against it that were upheld"),
		count("good_ratings", "good ratings"),
		count("bad_ratings", "bad ratings"),
	},
}

// ProductTraffic: daily impressions and clicks.
var ProductTraffic = &Table{
	Name: "product_traffic", Class: Daily, Doc: "one row per product × promoter × scene with figures of dt",
	Key: []string{"product_id", "promoter_id", "scene"}, Latest: "updated_at",
	Columns: []Column{
		id("product_id", Product, "the product"),
		null(id("promoter_id", Talent, "talent who showed it; null: nobody")),
		enum("scene", Scenes, "where it was shown"),
		id("merchant_id", Merchant, "the shop"),
		count("impressions", "times shown"),
		count("clicks", "times clicked"),
	},
}

// Violations: one row per decided violation ticket.
var Violations = &Table{
	Name: "violations", Class: Event, Doc: "one row per ticket; dt is the day of decided_at",
	DayOf: []string{"decided_at"}, Key: []string{"ticket_id"}, Latest: "updated_at",
	Columns: []Column{
		key("ticket_id", "the ticket"),
		enum("subject_role", SubjectRoles, "who broke the rule"),
		text("subject_id", "merchant_id or talent_id as text"),
		enum("severity", Severities, "severe: fake goods, fraud"),
		count("points", "penalty points"),
		instant("decided_at", "when it was decided"),
	},
}

// Products: the state of all products at the end of dt.
var Products = &Table{
	Name: "products", Class: Snapshot, Doc: "one row per product at the end of dt", Key: []string{"product_id"}, Latest: "updated_at",
	Columns: []Column{
		id("product_id", Product, "the product"),
		id("merchant_id", Merchant, "the shop that sells it"),
		text("name", "title"),
		null(id("brand_id", Brand, "brand")),
		null(id("category1_id", Category, "category, level 1")),
		null(id("category2_id", Category, "category, level 2")),
		null(id("category3_id", Category, "category, level 3")),
		null(id("style_id", Style, "same-style cluster (GTIN, or brand, model and specification)")),
		atLeast(1, count("units_per_item", "units in one item, at least 1")),
		null(within(0, 100, number("info_score", "quality of the listing, 0 to 100"))),
		instant("listed_at", "first listed"),
		within(0, 24, number("purchasable_hours", "hours of the day it could be bought, 0 to 24")),
		flag("live_only", "sold in live sessions only"),
		flag("in_cart", "in any cart during dt"),
		flag("is_virtual", "nothing is shipped"),
		flag("brand_flag", "brand or fast brand"),
	},
}

// Merchants: the state of all shops at the end of dt.
var Merchants = &Table{
	Name: "merchants", Class: Snapshot, Doc: "one row per shop at the end of dt", Key: []string{"merchant_id"}, Latest: "updated_at",
	Columns: []Column{
		id("merchant_id", Merchant, "the shop"),
		text("name", "name"),
		enum("kind", MerchantKinds, "brand, fast_brand (快品牌), source (源头好货), other"),
		null(id("category1_id", Category, "main category, level 1")),
		date("joined_on", "day the shop joined"),
	},
}

// Talents: the state of all accounts at the end of dt.
var Talents = &Table{
	Name: "talents", Class: Snapshot, Doc: "one row per account (达人, or a shop's own) at the end of dt", Key: []string{"talent_id"}, Latest: "updated_at",
	Columns: []Column{
		id("talent_id", Talent, "the account"),
		text("name", "name"),
		null(id("owner_merchant_id", Merchant, "shop the account belongs to; null: an independent talent")),
		null(id("category1_id", Category, "main category, level 1")),
		count("followers", "followers"),
		date("joined_on", "day the account joined"),
	},
}

// Categories: the category tree.
var Categories = &Table{
	Name: "categories", Class: Snapshot, Doc: "one row per category at the end of dt; optional", Key: []string{"category_id"}, Latest: "updated_at",
	Columns: []Column{
		id("category_id", Category, "the category"),
		within(1, 3, count("level", "1, 2 or 3")),
		null(id("parent_id", Category, "the category above")),
		text("name", "name"),
	},
}

// ChuanliuEligibility: the moment a boost would fire, logged for both arms. The arm is part of the key: a pair that is
// logged in both is a fault of the experiment that has to be seen, not a duplicate.
var ChuanliuEligibility = &Table{
	Name: "chuanliu_eligibility", Class: Event, Doc: "one row per merchant × buyer whose boost would fire on dt, both arms",
	DayOf: []string{"eligible_at"}, Key: []string{"merchant_id", "buyer_id", "arm"}, Latest: "updated_at",
	Columns: []Column{
		id("merchant_id", Merchant, "the shop to be recommended"),
		buyer("buyer_id", "who would see it"),
		enum("arm", Arms, "treatment is shown, holdout is not"),
		instant("eligible_at", "when the boost would fire"),
		null(id("source_promoter_id", Talent, "talent whose distribution made the buyer eligible")),
		null(text("programme", "programme; null or empty: the only one")),
	},
}

// ChuanliuExposures: what was shown.
var ChuanliuExposures = &Table{
	Name: "chuanliu_exposures", Class: Daily, Doc: "one row per merchant × buyer shown on dt",
	Key: []string{"merchant_id", "buyer_id"}, Latest: "updated_at",
	Columns: []Column{
		id("merchant_id", Merchant, "the shop"),
		buyer("buyer_id", "who saw it"),
		count("impressions", "times shown"),
		instant("first_shown_at", "first time shown on dt"),
	},
}

// Overrides: manual decisions of operations staff.
var Overrides = &Table{
	Name: "overrides", Class: Snapshot, Doc: "one row per manual decision valid at the end of dt; optional",
	Key: []string{"subject_role", "subject_id", "resource", "valid_from"}, Latest: "updated_at",
	Columns: []Column{
		enum("subject_role", OverrideRoles, "whom it concerns"),
		text("subject_id", "id as text"),
		enum("resource", Resources, "which list"),
		enum("action", Actions, "what is decided"),
		text("reason", "why"),
		text("author", "who decided"),
		date("valid_from", "first day"),
		date("valid_to", "last day"),
	},
}

// Calendar: promotions that explain volume.
var Calendar = &Table{
	Name: "calendar", Class: Static, Doc: "one row per day of a promotion; optional", Key: []string{"date"},
	Columns: []Column{
		date("date", "the day"),
		text("promotion", "11.11, 6.18, …"),
		within(1, 3, count("level", "1 small to 3 platform-wide")),
	},
}
