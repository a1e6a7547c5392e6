package contract

// Publications are the tables readers get, in the order of docs/tables.md.
func Publications() []*Table {
	return []*Table{Overview, GMV, GMVSplit, Excluded, LateData, Repeat, MonthlyBuyers, Cohorts, Trust,
		PricePower, ProductScore, ShopScore, TalentScore, ScoreIndicators, ScoreNorms, ProductScoreHistory, ShopScoreHistory, TalentScoreHistory, Fives, ProductTest,
		EligibilityTraffic, EligibilitySubsidy, EligibilityBenefit, EligibilityCampaign, EligibilityGates,
		ChuanliuLift, ChuanliuProgramme, ChuanliuCaps, TalentRewards, TrafficQuota, DataQuality, Rejects}
}

// subject begins every table with one row per role × subject.
func subject(cols ...Column) []Column {
	return append([]Column{
		date("as_of_date", "the business day the figures describe"),
		enum("role", Roles, "scope of the row"),
		text("subject_id", "id of the scope as text; empty for the platform, (none) what no products snapshot of the day or before gives a category"),
	}, cols...)
}

// gmvForms are the additive forms of GMV, by the lines' pay day unless said.
func gmvForms() []Column {
	return []Column{
		fen("gmv_order_fen", "下单 GMV: lines placed in the window, paid or not, test orders excluded, by the day they were created"),
		fen("gmv_paid_raw_fen", "paid lines, abnormal ones included, test orders excluded"),
		fen("gmv_paid_fen", "支付 GMV, the headline: gmv_valid lines, buyer_paid + platform_subsidy, goods only"),
		null(fen("gmv_net_fen", "退款后 GMV: gmv_paid less refunds of those lines that succeeded by the as-of date; null: refunds not known of the whole window: not computable, or some of its days with orders lie before the first day of refunds")),
		fen("gmv_paid_lag15_fen", "gmv_paid of the window that ends 15 days before the as-of date"),
		null(fen("gmv_net15_fen", "the same window less refunds within 15 days of payment; stable once published; null: refunds not known of the whole window")),
		fen("gmv_paid_lag30_fen", "gmv_paid of the window that ends 30 days before the as-of date"),
		null(fen("gmv_net30_fen", "the same window less refunds within 30 days of payment; null: refunds not known of the whole window")),
		count("lines", "gmv_valid order lines"),
		count("quantity", "units of gmv_valid lines"),
	}
}

var windowDays = count("window_days", "length of the window that ends on the as-of date")
var daysPresent = count("days_present", "days of the window that have data, of a category those from the first products snapshot on: what was sold before lies under (none); fewer than window_days: the figures are partial")

// lagPresent are days_present of the lagged forms' windows.
func lagPresent() []Column {
	return []Column{
		count("days_present_lag15", "such days of the window of gmv_paid_lag15 and gmv_net15"),
		count("days_present_lag30", "such days of the window of gmv_paid_lag30, gmv_net30 and the refund rate"),
	}
}

// GMV: every GMV form by scope and window.
var GMV = &Table{
	Name: "gmv", Class: Published, Doc: "one row per role × subject × window (1, 7, 30, 60, 90, 365 days) with any order, but tests, in it or in its windows lagged by 15 and 30 days, or a refund in it",
	Key: []string{"role", "subject_id", "window_days"},
	Columns: subject(append(append(append([]Column{windowDays, daysPresent}, lagPresent()...), gmvForms()...),
		count("orders", "distinct parent orders with a gmv_valid line; an order is counted on its pay day"),
		null(fen("refund_amt_fen", "refunds that succeeded in the window, by the day they succeeded (cash view); null: refunds not known of the whole window")),
		null(number("refund_rate_ratio", "1 - gmv_net30 / gmv_paid_lag30; null: nothing paid, or refunds not known of the whole window")),
		null(count("buyers", "distinct buyers with a gmv_valid line paid in the window, exact; null: of a day of it buyers are not known, see docs/security.md")),
		null(count("new_buyers", "of those, without a purchase in this scope in the 365 days before the window; null: history too short, which of categories begins with the first products snapshot")),
		null(count("returning_buyers", "buyers less new_buyers")),
		null(fen("atv_buyer_fen", "客单价: gmv_paid / buyers, rounded half up; null: no buyer")),
		null(fen("atv_order_fen", "笔单价: gmv_paid / orders, rounded half up; null: no order")),
	)...),
}

// GMVSplit: the additive forms by channel and scene.
var GMVSplit = &Table{
	Name: "gmv_split", Class: Published, Doc: "one row per role × subject × window × channel × scene; sums over channel and scene equal gmv, except orders_touching",
	Key: []string{"role", "subject_id", "window_days", "channel", "scene"},
	Columns: subject(append(append([]Column{windowDays,
		enum("channel", Channels, "self, distribution, none; unknown where no talents snapshot tells whose account it is"),
		enum("scene", Scenes, "where the sale happened"),
	}, gmvForms()...),
		count("orders_touching", "distinct parent orders with a gmv_valid line in this cell; one order may touch several"),
	)...),
}

// Excluded: what was left out of GMV and why.
var Excluded = &Table{
	Name: "excluded", Class: Published, Doc: "one row per role (platform, merchant) × subject × window × reason: paid lines that are not gmv_valid",
	Key: []string{"role", "subject_id", "window_days", "reason"},
	Columns: subject(windowDays,
		text("reason", "risk:<risk_reason>, max_units_per_line, or test"),
		count("lines", "paid lines"),
		fen("gmv_fen", "buyer_paid + platform_subsidy of those lines"),
	),
}

// LateData: how the GMV of a day moved after it was first published.
var LateData = &Table{
	Name: "late_data", Class: Published, Doc: "one row per day × age: the GMV of dt as known age_days later",
	Key: []string{"dt", "age_days"},
	Columns: []Column{
		date("as_of_date", "the business day the figures describe"),
		date("dt", "the pay day"),
		count("age_days", "0, 1, 3, 7, 15, 30: days between dt and the as-of date of the night that knew it"),
		fen("gmv_paid_fen", "gmv_paid of dt as known then"),
		null(fen("gmv_net_fen", "gmv_net of dt as known then; null: refunds of dt not known")),
		null(signed(fen("gmv_paid_moved_fen", "change of gmv_paid since age 0; null: age 0 was never published"))),
		null(signed(fen("gmv_net_moved_fen", "change of gmv_net since age 0"))),
		flag("settled", "dt lies outside the days that are still restated"),
	},
}

// Repeat: repeat purchase by scope and window.
var Repeat = &Table{
	Name: "repeat_purchase", Class: Published, Doc: "one row per role × subject × window (1, 7, 30, 90, 365 days) with a purchase in it",
	Key: []string{"role", "subject_id", "window_days"},
	Columns: subject(windowDays,
		count("days_present", "days of the window that have data, without those of which buyers of purchases or of refunds are lost, see docs/security.md; fewer than window_days: the figures are partial"),
		count("buyers", "distinct buyers with a purchase day in the window; fully refunded lines do not count"),
		count("repeat_buyers", "of those, with purchases on two or more days of the window"),
		null(number("r1_ratio", "复购率: repeat_buyers / buyers; null: no buyer")),
		count("day_gaps", "successive pairs of purchase days of one buyer inside the window"),
		null(number("mean_gap_days", "mean days between successive purchase days; null: no repeat buyer")),
		flag("refunds_applied", "full refunds were taken out; false: not of the whole window, of which refunds are not known"),
	),
}

// MonthlyBuyers: calendar months, MAB and R2.
var MonthlyBuyers = &Table{
	Name: "monthly_buyers", Class: Published, Doc: "one row per role (platform, category, merchant, talent) × subject × calendar month, the current one and the 13 before",
	Key: []string{"role", "subject_id", "month"},
	Columns: subject(
		date("month", "first day of the month"),
		flag("closed", "the month has ended by the as-of date"),
		count("days_present", "days of the month, to date, that have data, lie in the history kept and whose buyers are known, of a category those from the first products snapshot on"),
		count("buyers", "MAB: distinct buyers with a gmv_valid line in the month (to date), refunds ignored"),
		null(count("r2_buyers", "distinct buyers with a purchase that was not fully refunded; null: of some of those days it is not known whose were, see docs/security.md")),
		null(count("retained_buyers", "of r2_buyers, those who also bought in the next month; null: r2_buyers is, or that month has not closed")),
		null(number("r2_ratio", "回购率: retained_buyers / r2_buyers; null: retained_buyers is, or r2_buyers is 0")),
	),
}

// Cohorts: buyers by month of first purchase.
var Cohorts = &Table{
	Name: "cohorts", Class: Published, Doc: "one row per role (platform, category, merchant, talent) × subject × month of first purchase × calendar-month offset",
	Key: []string{"role", "subject_id", "cohort_month", "month_offset"},
	Columns: subject(
		date("cohort_month", "first day of the month of the buyers' first purchase in this scope (none earlier in the history kept)"),
		count("month_offset", "calendar months since cohort_month"),
		count("buyers", "buyers of the cohort"),
		count("active_buyers", "of those, with a purchase in the month cohort_month + month_offset (to date)"),
		null(count("r3_30_buyers", "on the row of offset 0: with another purchase day within 30 days of the first; null until the month's last day + 30 has passed")),
		null(count("r3_60_buyers", "the same within 60 days")),
		null(count("r3_90_buyers", "the same within 90 days")),
		flag("history_complete", "at least 365 days of history (of categories: since the first products snapshot) before the month; false: early buyers may not be first-time buyers"),
	),
}

// Trust: the figures of relationship between buyers and operators.
var Trust = &Table{
	Name: "trust", Class: Published, Doc: "one row per role (platform, category, merchant, talent) × subject × window (30, 90, 365 days)",
	Key: []string{"role", "subject_id", "window_days"},
	Columns: subject(windowDays, daysPresent,
		count("orders", "distinct parent orders"),
		null(count("new_buyer_orders", "orders of new buyers; null: history too short, as of new_buyers in gmv")),
		null(number("new_buyer_order_ratio", "new_buyer_orders / orders")),
		fen("gmv_paid_fen", "支付 GMV"),
		null(fen("returning_gmv_fen", "of that, of returning buyers")),
		null(number("returning_gmv_ratio", "returning_gmv / gmv_paid")),
		null(count("buyers", "distinct buyers; null: of a day of the window they are not known")),
		null(fen("gmv_per_buyer_fen", "gmv_paid / buyers, rounded half up")),
		null(count("followers", "followers of the account (talent) or of the accounts it owns (merchant); null: no talents snapshot or another role")),
		null(fen("gmv_per_follower_fen", "gmv_paid / followers, rounded half up")),
		null(count("distribution_buyers", "merchants: buyers through distribution in the window that ends 30 days before the as-of date; may be some though buyers is 0 there; null: another role, or channels not known of all days since that window began: no talents snapshots, or days with orders lie before the first one")),
		null(count("converted_buyers", "of those, who bought in the merchant's own live within 30 days after; null: as before")),
		null(number("conversion_ratio", "converted_buyers / distribution_buyers")),
		null(count("full_set_orders", "orders with three or more lines of one brand; null: products snapshots begin after orders of the window, or the newest names no brand")),
		null(count("full_set_buyers", "distinct buyers of those")),
		null(fen("full_set_gmv_fen", "gmv_paid of those orders' lines of that brand")),
		null(fen("full_set_aov_fen", "full_set_gmv / full_set_orders, rounded half up")),
	),
}

// Overview: the platform at a glance.
var Overview = &Table{
	Name: "overview", Class: Published, Doc: "one row per period: the as-of day, the last 7 and 30 days, the calendar month and quarter to date",
	Key:     []string{"period"},
	Columns: overviewColumns(),
}

func overviewColumns() []Column {
	cols := []Column{
		date("as_of_date", "the business day the figures describe"),
		enum("period", Periods, "which days"),
		date("first_day", "first day of the period"),
		date("last_day", "last day: the as-of date"),
		count("days", "days of the period"),
		count("days_present", "days of the period that have data"),
	}
	cols = append(cols, lagPresent()...)
	cols = append(cols, gmvForms()...)
	cols = append(cols,
		null(number("gmv_paid_dod_ratio", "growth of gmv_paid against the same period one day earlier; null: those days are not all present or had no GMV")),
		null(number("gmv_paid_wow_ratio", "against the same period seven days earlier")),
		null(number("gmv_paid_mom_ratio", "against the period one month earlier: as many days that end on the same day of the month; the month and quarter to date against those to the same day")),
		null(number("gmv_paid_yoy_ratio", "against the period one year earlier, likewise")),
		null(text("campaigns", "names of the campaigns of the configured calendar that have days in the period, joined by a comma; empty: none; null: no calendar")),
		null(count("campaign_days", "days of the period in a campaign; null: no calendar")),
		null(count("dod_campaign_days", "those of the period that gmv_paid_dod_ratio compares with: where the two numbers differ, the ratio shows the campaign and not growth alone")),
		null(count("wow_campaign_days", "those of the period that gmv_paid_wow_ratio compares with")),
		null(count("mom_campaign_days", "those of the period that gmv_paid_mom_ratio compares with")),
		null(count("yoy_campaign_days", "those of the period that gmv_paid_yoy_ratio and the other yoy ratios compare with")),
		null(number("gmv_paid_campaign_ratio", "growth of gmv_paid on the campaign days of the period against the same days, counted from the peak, of the campaigns that they are like; null: no campaign day, one without such a day, days without data, or no GMV then")),
		count("orders", "distinct parent orders"),
		null(count("buyers", "distinct buyers of the period; MAB where the period is the month; null: of a day of it buyers are not known")),
		null(count("buyers_30d", "distinct buyers of the last 30 days; null: as before")),
		null(number("buyers_yoy_ratio", "growth of buyers against the same days one year earlier")),
		count("active_merchants", "merchants with a gmv_valid line"),
		count("active_talents", "talents with a gmv_valid line"),
		null(count("active_operators", "active merchants + active talents not owned by a merchant; null: no talents snapshot")),
		null(number("active_operators_yoy_ratio", "growth against the same days one year earlier")),
		null(count("carted_products", "distinct products in any cart on any day of the period; null: no products snapshot of every day")),
		null(number("carted_products_yoy_ratio", "growth against the same days one year earlier")),
		null(fen("atv_buyer_fen", "客单价: gmv_paid / buyers, rounded half up")),
		null(fen("atv_order_fen", "笔单价: gmv_paid / orders, rounded half up")),
		null(number("r1_90_ratio", "复购率 of the 90 days that end on the as-of date; null: nobody bought, or fewer than 90 days of history")),
		null(number("refund_rate_ratio", "1 - gmv_net30 / gmv_paid_lag30")),
	)
	for _, c := range Channels {
		cols = append(cols, null(number("channel_"+c+"_ratio", "share of gmv_paid through channel "+c)))
	}
	for _, s := range Scenes {
		cols = append(cols, null(number("scene_"+s+"_ratio", "share of gmv_paid in scene "+s)))
	}
	return append(cols,
		null(number("self_broadcast_ratio", "自播: share of gmv_paid with channel self and scene live")),
		null(number("pan_shelf_ratio", "泛货架: share of recommend, mall, search and shop")),
	)
}

// Statuses of a data-quality check.
var Statuses = []string{"ok", "warning", "not_computable", "failed"}

// DataQuality: what was checked and what it found.
var DataQuality = &Table{
	Name: "data_quality", Class: Published, Doc: "one row per input table × day × check of this night",
	Key: []string{"table_name", "dt", "check_name"},
	Columns: []Column{
		date("as_of_date", "the business day the figures describe"),
		text("table_name", "input table"),
		date("dt", "the partition"),
		text("check_name", "rows, rejects, duplicates, presence, extra_columns, …"),
		enum("status", Statuses, "result"),
		null(signed(count("value", "what was counted"))),
		text("detail", "in words; empty if there is nothing to say"),
	},
}

// Rejects: rows that were not used.
var Rejects = &Table{
	Name: "rejects", Class: Published, Doc: "one row per rejected input row of this night's partitions (the first 1,000 of each file and reason; data_quality holds the counts)",
	Key: []string{"table_name", "dt", "file", "row_number", "reason"},
	Columns: []Column{
		date("as_of_date", "the business day the figures describe"),
		text("table_name", "input table"),
		date("dt", "the partition"),
		text("file", "object key"),
		count("row_number", "position in the file, from 0"),
		enum("reason", RejectReasons, "reason code"),
		text("column_name", "the column; empty for duplicates"),
		text("value", "what was found; never shown for buyer ids"),
	},
}

// RejectReasons are the reason codes of rejected rows.
var RejectReasons = []string{"null_required", "unknown_value", "negative", "out_of_range", "outside_day", "not_exact_money", "bad_id", "duplicate_conflict", "bad_text"}
