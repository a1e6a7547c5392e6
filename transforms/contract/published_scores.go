package contract

// Enumerations of scores and lists. The position of a value is its code in memory; never reorder, only append.
var (
	// PriceStatuses say whether a product's price can be compared, or why not.
	PriceStatuses = []string{"comparable", "no_style", "few_shops", "few_orders", "bait", "spread"}
	// ScoreStatuses of a subject: no_score: too few orders, which is not a low score; scored; capped: a severe violation
	// holds the score down.
	ScoreStatuses = []string{"no_score", "scored", "capped"}
	// IndicatorStates say how an indicator went into a score.
	IndicatorStates = []string{"used", "prior", "not_applicable", "not_computable"}
	// NormLevels are where an indicator's anchors come from.
	NormLevels = []string{"platform", "category1", "category2", "category3"}
	// ScoreRoles are the roles that have a score.
	ScoreRoles = []string{"product", "merchant", "talent"}
	// Movements of a subject on a list since the run before.
	Movements = []string{"entered", "stayed", "left", "out"}
	// Needs say what kind of change would make a subject qualify.
	Needs = []string{"nothing", "time", "score", "gate", "more_than_one_change"}
	// GateStates say how a gate was decided.
	GateStates = []string{"passed", "passed_by_floor", "passed_by_unless", "failed", "not_known", "history_short"}
)

// Codes of ScoreRoles.
const (
	ScoreProduct = iota
	ScoreMerchant
	ScoreTalent
)

// The dimensions of the three scores: the ids that rules may give them, and columns of the score tables.
var (
	ProductDimensions = []string{"quality", "price", "service", "popularity", "information"}
	ShopDimensions    = []string{"product", "logistics", "service", "competitiveness"}
	TalentDimensions  = []string{"competitiveness", "product", "service", "content"}
)

// PricePower: the price of each product sold lately against the same style in other shops.
var PricePower = &Table{
	Name: "price_power", Class: Published, Doc: "one row per product with a valid order in the price window (7 days) of which it is known how many units an item has: the products snapshot of the day, or the nearest before, has the product",
	Key: []string{"product_id"},
	Columns: []Column{
		date("as_of_date", "the business day the figures describe"),
		id("product_id", Product, "the product"),
		null(id("merchant_id", Merchant, "its shop; null: the newest products snapshot lacks the product")),
		null(id("style_id", Style, "same-style cluster; null: none")),
		fen("unit_price_fen", "price of a unit, freight included: median over the orders of the window, the lower one of two"),
		count("orders", "such orders of the window"),
		count("benchmark_shops", "other shops that sold the style"),
		count("benchmark_orders", "their orders, likewise"),
		null(fen("benchmark_fen", "median unit price over the orders of the other shops; null: fewer shops or orders than the rules ask for")),
		null(number("price_ratio", "unit_price / benchmark")),
		null(count("stars", "5 best to 1; null: not comparable, which is neutral")),
		enum("status", PriceStatuses, "comparable, or why not"),
	},
}

func scoreTable(name, doc string, subject []Column, dimensions []string, more ...Column) *Table {
	cols := append([]Column{date("as_of_date", "the business day the figures describe")}, subject...)
	cols = append(cols,
		enum("status", ScoreStatuses, "scored, capped by a severe violation, or no_score"),
		null(number("score", "3.00 to 5.00, two decimals; null: no score")),
		null(text("grade", "A+, A, B, C or D; null: no score")),
	)
	cols = append(cols, more...)
	cols = append(cols, null(number("lower_score", "the same score with every rate at its Wilson 95 % upper bound: what is certain")))
	for _, d := range dimensions {
		cols = append(cols, null(number(d+"_score", "dimension "+d+", 3 to 5; null: no indicator of it, or no score")))
	}
	cols = append(cols,
		count("orders", "valid orders in the window"),
		count("window_days", "length of the window: it lengthens for small subjects"),
		number("coverage_ratio", "share of the score's weight whose indicators are there; the others share theirs"),
		null(number("change", "score less that of the run before, which may lie days back; null: one of them is missing")),
		count("violation_points", "points of general violation tickets in force"),
		text("rules_version", "version of the rules"),
	)
	return &Table{Name: name, Class: Published, Doc: doc, Key: []string{subject[0].Name}, Columns: cols}
}

// ProductScore, ShopScore and TalentScore: 商品分, 店铺体验分, 带货口碑分.
var (
	ProductScore = scoreTable("product_score", "商品分: one row per product of the snapshot or with a valid order in the days that its score looks at (window and lag, 105)", []Column{
		id("product_id", Product, "the product"),
		null(id("merchant_id", Merchant, "its shop; of a product that the snapshot lacks, as the run before had it, else as its orders of the last day with a score_valid one have it")),
		null(id("category1_id", Category, "category, level 1")),
	}, ProductDimensions, null(text("tier", "G4 to G0; G2 and better is 好货; null: no score")))
	ShopScore = scoreTable("shop_score", "店铺体验分: one row per shop of the snapshot or with a valid order in the days that its score looks at (window and lag, 105)", []Column{
		id("merchant_id", Merchant, "the shop"),
		null(id("category1_id", Category, "main category, level 1")),
	}, ShopDimensions, null(number("goods_score", "商品分 of its products, weighted with their gmv_net15 of 30 days; null: none has one, or refunds not known of the whole window")))
	TalentScore = scoreTable("talent_score", "带货口碑分: one row per independent talent of the snapshot or with a valid order in the days that its score looks at (window and lag, 105); a shop's own accounts are judged by its shop score", []Column{
		id("talent_id", Talent, "the talent"),
		null(id("category1_id", Category, "main category, level 1")),
	}, TalentDimensions)
)

// ScoreIndicators: every step from figures to points, so that a score can be worked out by hand.
var ScoreIndicators = &Table{
	Name: "score_indicators", Class: Published, Doc: "one row per subject with a valid order in its window × indicator: value = (numerator + strength × mean) / (denominator + strength) for rates; points by the line through the anchors; score = sum of points × effective_weight, before violations",
	Key: []string{"role", "subject_id", "indicator"},
	Columns: []Column{
		date("as_of_date", "the business day the figures describe"),
		enum("role", ScoreRoles, "whose score"),
		text("subject_id", "id as text"),
		text("indicator", "indicator, as the rules name it"),
		text("dimension", "dimension"),
		enum("state", IndicatorStates, "used; prior: no data yet, the mean stands in; not_applicable: left out; not_computable: an input table is missing, or begins later than the orders and covers too few days"),
		count("covered_days", "days of the window (score tables: window_days) that all its tables have: orders and refunds, by pay day, those of the lagged window; complaints and the orders that many days before; numerator and denominator are of those days alone. With fewer than 7 an indicator that divides one table by another is not_computable if one of its tables begins later than the orders. not_repeat, price_power and info_score, which are not of the window's days: all"),
		null(number("numerator", "bad events, or the sum of what is averaged; percentiles and points: the figure itself. Where the days of a score weigh (rules: weighted; talents by default) recency-weighted, but for not_repeat, price_coverage, effective_gmv, price_power, info_score, product_score and shop_score")),
		null(number("denominator", "out of how many, weighted likewise; percentiles and points: 1")),
		null(number("mean", "mean of the category that small samples are pulled to")),
		null(number("strength", "how many observations that mean counts for")),
		null(number("value", "what meets the anchors")),
		null(number("anchor_best", "value that earns 5.0 points")),
		null(number("anchor_good", "4.7 points")),
		null(number("anchor_fair", "4.3 points")),
		null(number("anchor_poor", "3.0 points")),
		null(enum("norm_level", NormLevels, "whose norms these are; a category without enough subjects of its own is held against a wider one, the platform without enough against the anchors of the rules")),
		null(number("points", "3 to 5")),
		number("weight", "weight by the rules"),
		number("effective_weight", "weight after what is left out is shared among the rest"),
		null(number("contribution", "points × effective_weight")),
	},
}

// ScoreNorms: the frozen anchors, means and strengths of categories.
var ScoreNorms = &Table{
	Name: "score_norms", Class: Published, Doc: "one row per month × role × indicator × category: what scores of that month are compared with, measured on the last day of the month before",
	Key: []string{"month", "role", "indicator", "level", "category_id"},
	Columns: []Column{
		date("as_of_date", "the business day the table belongs to"),
		date("month", "first day of the month for which the norms hold"),
		enum("role", ScoreRoles, "whose score"),
		text("indicator", "indicator"),
		count("level", "category level; 0: the platform"),
		text("category_id", "category as text; empty: the platform"),
		count("entities", "subjects with 30 or more (rules: minimum_n) of what the denominator counts, not weighted by recency; where it is hours, of the lines that they are of"),
		flag("own", "the category has enough of them for anchors of its own; else the anchors are those of the rules"),
		number("mean", "pooled rate or mean"),
		number("strength", "of the pull to the mean, by the method of moments within the rules' bounds; 0: not a rate"),
		number("anchor_best", "P20 of the category"),
		number("anchor_good", "P50"),
		number("anchor_fair", "P80"),
		number("anchor_poor", "P97"),
		flag("widened", "the quantiles were equal and moved apart"),
	},
}

func historyTable(name string, subject Column, more ...Column) *Table {
	cols := []Column{date("as_of_date", "the business day the table belongs to"), subject, date("dt", "as-of date of the score"),
		null(count("score_hundredths", "score × 100; null: no score on dt"))}
	return &Table{Name: name, Class: Published, Doc: "one row per subject × run of the last 30 with a score: what gates over several days look at", Key: []string{subject.Name, "dt"}, Columns: append(cols, more...)}
}

// The scores of the last 30 runs.
var (
	ProductScoreHistory = historyTable("product_score_history", id("product_id", Product, "the product"), null(count("quality_hundredths", "dimension quality × 100; null: not computable on dt. A 0 of an older binary says the same")))
	ShopScoreHistory    = historyTable("shop_score_history", id("merchant_id", Merchant, "the shop"))
	TalentScoreHistory  = historyTable("talent_score_history", id("talent_id", Talent, "the talent"))
)

// EligibilityRoles are the roles of subjects of lists.
var EligibilityRoles = ScoreRoles

func eligibility(resource, name string) *Table {
	return &Table{
		Name: "eligibility_" + resource, Class: Published, Doc: name + ": one row per list × subject considered, eligible or not, and once of each member of the run before that is no subject any more (reason gone or own_account)",
		Key: []string{"list", "subject_id"},
		Columns: []Column{
			date("as_of_date", "the business day the list rests on"),
			text("list", "list, as the rules name it"),
			enum("role", EligibilityRoles, "what the subjects are"),
			text("subject_id", "id as text"),
			null(text("subject_name", "name; null: no snapshot")),
			null(text("merchant_id", "products: the shop as text, as in product_score; null also of who is no subject any more")),
			null(text("category1_id", "category, level 1, as text")),
			flag("eligible", "on the list"),
			null(count("rank", "place inside list and category, from 1; on a list that was held who comes from another category stands behind the last who is still there, and places that are free before that one stay empty; null: not on the list")),
			null(count("rank_before", "place on the run before")),
			null(text("level", "what it gets; null: not on the list")),
			null(number("multiplier", "weight of the traffic, or of the benefit; null: not on the list")),
			enum("movement", Movements, "since the run before"),
			date("since", "as-of date since which it is on the list, or off it"),
			null(signed(count("cause_data", "who entered or left: what the days since the run before, and what people decided, did to its own gates, streaks and overrides, or made it no subject any more; the four causes add up to 1 for entered, -1 for left, and a step may undo another; null: it did not move, or causes are not told (no run before, or its rules are not at hand)"))),
			null(signed(count("cause_others", "what came of places: the cap of its shop and the places kept for cold start, which depend on who else is there"))),
			null(signed(count("cause_late_data", "what days did that the run before had seen and that are read otherwise now; null also: not told from data (late_causes is off)"))),
			null(signed(count("cause_rules", "what another version of the rules did"))),
			null(number("product_score", "商品分")),
			null(number("shop_score", "店铺体验分")),
			null(number("talent_score", "带货口碑分")),
			null(number("lower_score", "what is certain of its own score")),
			count("orders", "valid orders of the last 30 days"),
			null(fen("gmv_net15_fen", "gmv_net_15 of 30 days; null: refunds not known of the whole window")),
			text("failed_gates", "gates that do not pass tonight, by comma; where the list is held (reason churn_held) too"),
			text("reasons", "reason codes, by comma; empty: all gates pass. zero_weight is tonight's on a held list too, whose level and multiplier are those of the run before. gone: a member of the run before that is in no snapshot and sold nothing; own_account: one that is a shop's own account now, which the shop's score judges; all that is shown of both is that they left"),
			null(enum("needs", Needs, "what would make it qualify, streaks aside: nothing, time, a better score, another gate, or more than one thing; null: no subject any more (reason gone or own_account)")),
			null(text("change_of", "the smallest single change with which it would qualify: the indicator or gate to move; null: it qualifies, only time is missing, or no single change helps")),
			null(number("change_from", "where that stands")),
			null(number("change_to", "where it would have to be")),
			null(number("change_events", "rates: so many fewer bad events at today's volume, counted as score_indicators.numerator is")),
			null(number("change_volume", "rates: out of so many")),
			flag("standing", "stands by gates and streaks alone: caps, overrides, cold start and levels that weigh nothing aside"),
			count("pass_streak", "runs in a row that passed; those that held the list do not count"),
			count("fail_streak", "runs in a row that failed, counted alike; a gate that waits for nothing counts always"),
			text("gates_since", "each gate as gate:passes:day or gate:fails:day, by comma: since which as-of date it has passed, or not, without a break"),
			flag("cold_start", "a place kept for subjects without a score"),
			flag("stale", "an input is late: the list of the run before was kept"),
			null(text("override", "manual decision: action, reason, author, last day")),
			date("valid_from", "first day the list holds"),
			date("valid_to", "last day"),
			text("rules_version", "version of the rules"),
		},
	}
}

// The resource lists: 流量, 补贴, 权益, 活动门槛.
var (
	EligibilityTraffic  = eligibility("traffic", "流量")
	EligibilitySubsidy  = eligibility("subsidy", "补贴")
	EligibilityBenefit  = eligibility("benefit", "权益")
	EligibilityCampaign = eligibility("campaign", "活动门槛")
)

// EligibilityGates: each gate of each subject.
var EligibilityGates = &Table{
	Name: "eligibility_gates", Class: Published, Doc: "one row per list × subject × gate",
	Key: []string{"list", "subject_id", "gate"},
	Columns: []Column{
		date("as_of_date", "the business day the list rests on"),
		text("list", "list"),
		text("subject_id", "id as text"),
		text("gate", "gate, as the rules name it"),
		null(number("value", "what was found; null: not known")),
		number("threshold", "what is asked for"),
		null(number("margin", "distance to the threshold, positive on the good side")),
		enum("state", GateStates, "passed; passed_by_floor: no score, and the gate only keeps out the poor; passed_by_unless: its exception holds; failed; not_known: no value, or a shop that nobody knows; history_short: too few runs with a score"),
		flag("in_band", "fails by so little that who stands goes on standing"),
		date("since", "as-of date since which the gate has passed, or has not, without a break; dates without a run break nothing"),
	},
}
