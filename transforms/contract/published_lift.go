package contract

// Enumerations of lift. The position of a value is its code in memory; never reorder, only append.
var (
	// LiftPeriods are ranges of first eligibility, each ending on the newest day whose outcome window has closed.
	LiftPeriods = []string{"30d", "90d", "all"}
	// LiftStatuses say whether there is a lift, or why not.
	LiftStatuses = []string{"estimated", "insufficient", "sample_ratio_mismatch", "mixed_arms", "control_near_zero"}
	// LiftGrades are grades of evidence, best first: a holdout, a panel, weighting, attribution alone.
	LiftGrades = []string{"A", "B", "C", "D"}
	// LiftEstimators are the ways to a lift.
	LiftEstimators = []string{"log_ratio_cuped", "log_ratio", "fieller", "difference_cuped", "difference", "sdid", "did", "overlap_weighting", "attribution", "aipw_att"}
	// LiftPriors are whose mean a lift is pulled to.
	LiftPriors = []string{"category", "platform"}
	// LiftScopes are what chuanliu_programme has rows of.
	LiftScopes = []string{"programme", "category", "platform"}
	// QuotaKinds are the kinds of rows of traffic_quota.
	QuotaKinds = []string{"merchant", "cold_start", "unallocated"}
	// RewardKinds are the kinds of rows of talent_rewards.
	RewardKinds = []string{"talent", "unallocated"}
)

// Codes of LiftStatuses.
const (
	LiftEstimated = iota
	LiftInsufficient
	LiftSRM
	LiftMixed
	LiftControlNearZero
)

// Codes of LiftGrades.
const (
	GradeHoldout = iota
	GradePanel
	GradeWeighting
	GradeAttribution
)

// Codes of LiftEstimators.
const (
	EstimatorLogRatioCUPED = iota
	EstimatorLogRatio
	EstimatorFieller
	EstimatorDifferenceCUPED
	EstimatorDifference
	EstimatorSDID
	EstimatorDID
	EstimatorWeighting
	EstimatorAttribution
	EstimatorAIPW
)

// Codes of LiftPriors.
const (
	PriorCategory = iota
	PriorPlatform
)

// Codes of LiftScopes.
const (
	LiftOfProgramme = iota
	LiftOfCategory
	LiftOfPlatform
)

// Codes of QuotaKinds and RewardKinds.
const (
	QuotaMerchant = iota
	QuotaColdStart
	QuotaUnallocated

	RewardTalent      = 0
	RewardUnallocated = 1
)

// figure may be negative or missing.
func figure(name, doc string) Column { return null(signed(number(name, doc))) }

// money may be negative or missing.
func money(name, doc string) Column { return null(signed(fen(name, doc))) }

// interval are both ends of an interval.
func interval(name, unit, doc string) []Column {
	return []Column{figure(name+"_lo"+unit, doc+": lower end"), figure(name+"_hi"+unit, "upper end")}
}

// liftPeriod are the columns of a range of first eligibility.
func liftPeriod() []Column {
	return []Column{
		enum("period", LiftPeriods, "days of first eligibility: the last 30, 90, or all, whose outcome window has closed"),
		date("first_day", "first of them"),
		date("last_day", "last of them"),
	}
}

func liftColumns() []Column {
	cols := append([]Column{
		date("as_of_date", "the business day the figures describe"),
		id("merchant_id", Merchant, "the merchant"),
		null(id("category1_id", Category, "main category, level 1; null: none, or no merchants snapshot")),
	}, liftPeriod()...)
	cols = append(cols,
		enum("status", LiftStatuses, "estimated, or why there is no lift: insufficient (the holdout is smaller than the rules ask for; the merchant still counts in all totals), sample_ratio_mismatch or mixed_arms (the experiment cannot be trusted: nothing is shown), control_near_zero (a ratio to it says nothing; the effect is shown)"),
		enum("evidence_grade", LiftGrades, "grade of evidence: A holdout, B panel against non-participants, C weighting against non-participants, which speaks of the category and not of the merchant, D attribution alone, which is never called incremental"),
		enum("estimator", LiftEstimators, "how the headline was found"),
		count("treatment_pairs", "pairs of merchant and buyer whose boost would fire, assigned to be shown, served or not"),
		count("holdout_pairs", "those held out"),
		null(count("treatment_served", "of the treatment, with an exposure in the outcome window; null: no exposures table, or a day of the outcome windows has no dump of it")),
		null(count("holdout_served", "of the holdout, which should be 0; null: as treatment_served")),
		count("treatment_buyers", "pairs with a self-broadcast purchase in the outcome window"),
		count("holdout_buyers", "the same of the holdout"),
		signed(count("treatment_orders", "their self-broadcast orders")),
		signed(count("holdout_orders", "the same of the holdout")),
		signed(fen("treatment_gmv_fen", "their self-broadcast net GMV of the outcome window: what was observed")),
		signed(fen("holdout_gmv_fen", "the same of the holdout")),
		figure("treatment_mean_fen", "treatment_gmv / treatment_pairs; null: no pair"),
		figure("holdout_mean_fen", "holdout_gmv / holdout_pairs; null: no pair"),
		number("holdout_expected_ratio", "share of the holdout among pairs by the configuration"),
		null(within(0, 1, number("srm_p", "probability of a split at least as far from the expected one; null: no pair"))),

		figure("effect_fen", "headline: what a treated pair bought more, fen; null: see status"))
	cols = append(cols, interval("effect", "_fen", "fixed interval, valid at one planned date only")...)
	cols = append(cols,
		money("inc_fen", "incremental self-broadcast net GMV: effect × treatment_pairs, rounded half up; grade B: paid GMV, refunds not taken out, of the whole weeks since the start; grade C: what the category's lift says of the same"),
		money("inc_lo_fen", "fixed interval: lower end"),
		money("inc_hi_fen", "upper end"),
		money("observed_fen", "what inc is a part of: treatment_gmv; grades B and C: self-broadcast paid GMV of the whole weeks since the start"),
		money("base_fen", "observed − inc: what would have been sold without"),
		figure("lift_ratio", "headline: inc / base; grade C: that of the category's participants, the same in all its rows; null: see status"))
	cols = append(cols, interval("lift", "_ratio", "fixed interval, valid at one planned date only")...)
	cols = append(cols,
		null(within(0, 1, number("p_value", "two-sided, of the same test as the interval; null: no lift"))),
		figure("share_ratio", "inc / observed: the same effect as a share of the total"),
		null(within(0, 1, number("bh_q", "p_value adjusted by Benjamini–Hochberg over the family; null: not of the family"))),
		null(count("family", "merchants of the period that are tested together: enough holdout and a clean split, whatever came out; null: not of the family")),
		figure("always_lo_ratio", "always-valid interval of the lift, whenever one looks: lower end; period all only"),
		figure("always_hi_ratio", "upper end"),
		null(number("e_value", "evidence against no effect, valid at any night and under any dependence: 20 is strong; at most 1e300; period all only")),
		null(within(0, 1, number("ebh_q", "smallest false discovery rate at which e-BH names the merchant; period all only"))),
		null(flag("discovered", "named by e-BH at the rules' rate: period all only")),
		null(number("mde_ratio", "smallest lift that would be found with the rules' power; null: no lift")),

		figure("raw_lift_ratio", "without the covariate: treatment_mean / holdout_mean − 1"))
	cols = append(cols, interval("raw_lift", "_ratio", "its fixed interval")...)
	cols = append(cols,
		figure("cuped_theta", "weight of the covariate, variance-optimal; null: not adjusted"),
		figure("cuped_variance_ratio", "variance of the adjusted effect over that of the raw one, by the arms' own variances: 1 − ρ²; null: not adjusted"),
		null(fen("winsor_cap_fen", "outcomes of pairs above count as this; null: none yet, or the arms are not compared")),
		null(count("treatment_capped", "pairs above the cap")),
		null(count("holdout_capped", "the same of the holdout")),
		figure("winsor_lift_ratio", "lift of the capped outcomes, beside the headline: another estimand"))
	cols = append(cols, interval("winsor_lift", "_ratio", "its fixed interval")...)
	cols = append(cols, figure("order_value_lift_ratio", "lift of GMV per order: whether orders grew or their number"))
	cols = append(cols, interval("order_value_lift", "_ratio", "its fixed interval, clustered by pair")...)
	cols = append(cols,
		figure("shrunk_lift_ratio", "lift pulled to that of its like, the less sure the more: the one to rank by and to quote"),
		figure("shrunk_lo_ratio", "its interval: lower end"),
		figure("shrunk_hi_ratio", "upper end"),
		null(within(0, 1, number("positive_probability", "posterior probability of a lift above 0"))),
		null(enum("prior", LiftPriors, "whose mean it was pulled to")),
		figure("prior_lift_ratio", "that mean"),
		null(number("prior_sd", "how far lifts lie apart, standard deviation of ln(1 + lift) between merchants")),
		money("shrunk_inc_fen", "observed × shrunk lift / (1 + shrunk lift), rounded half up"),

		null(date("best_day", "the day with the highest lift of orders, by best_day_shrunk; null: no day with enough orders, too few days to tell how days differ, or the experiment cannot be trusted")),
		null(count("best_day_of", "days it was chosen from: those on which the holdout was to be expected to place as many orders as the rules ask for")),
		null(signed(count("best_day_treatment_orders", "self-broadcast orders of that day of the treated pairs in their outcome window"))),
		null(signed(count("best_day_holdout_orders", "the same of the holdout"))),
		figure("best_day_lift_ratio", "raw lift of that day, of orders per pair, which overstates since it was chosen for it; null: the holdout placed none"),
		figure("best_day_lo_ratio", "its interval, exact and right for all best_day_of days at once, so for the chosen one too: lower end"),
		figure("best_day_hi_ratio", "upper end; null: no end, the holdout placed no order"),
		figure("best_day_shrunk_ratio", "the same pulled to the merchant's other days and to other merchants: the one to quote"),
		figure("best_day_shrunk_lo_ratio", "its interval: lower end"),
		figure("best_day_shrunk_hi_ratio", "upper end"),
		money("best_day_inc_fen", "best_day_treatment_orders × shrunk / (1 + shrunk) × mean paid GMV of an order on the best_day_of days, rounded half up"),

		figure("wide_effect_fen", "total check: what a treated pair bought more in all channels and scenes of the merchant; below effect_fen a part only moved"))
	cols = append(cols, interval("wide_effect", "_fen", "its fixed interval")...)
	return append(cols,
		money("wide_inc_fen", "wide_effect × treatment_pairs"),
		money("attributed_fen", "self-broadcast paid GMV of treated pairs on a day of exposure or the day after: never called incremental; null: as treatment_served"),
		null(within(0, 1, number("placebo_p", "grade B: share of non-participants with as large an effect, the merchant among them; null: another grade"))),
		null(number("scaled_l2", "panel: misfit before the start over that of equal weights, or over the merchant's own ups and downs if those are larger; null: no panel was made. Of grade D: why it is not B")),
		null(within(0, 1, number("pretrend_p", "panel: the same p of an effect in the last third of the time before the start, where there is none; null: no panel, or it did not fit"))),
		null(count("donors", "panel: non-participants compared with; null: no panel was made")),
		null(count("weighted_treated", "weighting: participants of the category compared, after trimming if scores could be found; null: none was made. This and the five columns after it are the category's. Of grade D: why it is not C, or the merchant itself was trimmed")),
		null(count("weighted_controls", "weighting: non-participants compared with, likewise; null: none was made")),
		null(number("weighted_ess", "weighting: equally weighted non-participants that those are worth; null: none was made, or the arms cannot be compared at all")),
		null(number("weighted_difference", "weighting: largest difference between participants and non-participants in a covariate after weighting, in standard deviations; null: as weighted_ess")),
		null(within(0, 1, number("weighted_trimmed_ratio", "weighting: share of merchants of both kinds left out since hardly anyone like them stayed out; null: as weighted_ess"))),
		null(within(0, 1, number("weighted_negative_p", "weighting: p of an effect on sales before the start, where there is none; null: as weighted_ess"))),
		text("warnings", "codes of doubts, by comma; empty: none"),
		text("rules_version", "version of the rules"),
	)
}

// ChuanliuLift: what 川流 brought each merchant.
var ChuanliuLift = &Table{
	Name: "chuanliu_lift", Class: Published, Doc: "川流 lift: one row per merchant with eligible pairs × period. Units are pairs, analysed as assigned; the outcome is self-broadcast net GMV of 14 days from first eligibility (rules)",
	Key: []string{"merchant_id", "period"}, Columns: liftColumns(),
}

// ChuanliuProgramme: what 川流 brought as a whole.
var ChuanliuProgramme = &Table{
	Name: "chuanliu_programme", Class: Published, Doc: "川流 lift of programmes, categories and the platform: one row per scope × subject × period. Programmes are estimated over users, so that a user with several merchants counts once; categories and the platform add up merchants",
	Key: []string{"scope", "subject_id", "period"}, Columns: programmeColumns(),
}

func programmeColumns() []Column {
	cols := append([]Column{
		date("as_of_date", "the business day the figures describe"),
		enum("scope", LiftScopes, "programme: by users; category and platform: sums over merchants"),
		text("subject_id", "programme as named in the dumps, category as text; (none): not named; empty: the platform"),
	}, liftPeriod()...)
	cols = append(cols,
		enum("status", LiftStatuses, "estimated, or why there is no lift"),
		enum("evidence_grade", LiftGrades, "grade of evidence; of sums: that of the holdouts they are made of"),
		null(count("treatment_users", "users with a pair shown; null: not counted by users")),
		null(count("holdout_users", "users with a pair held out")),
		null(count("both_users", "users with pairs in both arms: assignment was by pair; their covariance is taken into account")),
		count("treatment_pairs", "their pairs"),
		count("holdout_pairs", "pairs held out"),
		null(within(0, 1, number("srm_p", "probability of a split of users at least as far from the expected one; with both_users of pairs, as users were seen to fall; null: nobody, or not counted by users"))),
		figure("effect_fen", "what a treated pair bought more, clustered by user"))
	cols = append(cols, interval("effect", "_fen", "fixed interval")...)
	cols = append(cols,
		money("inc_fen", "incremental self-broadcast net GMV of the treated pairs; of sums: Σ inc of the merchants, insufficient ones included"),
		money("inc_lo_fen", "fixed interval: lower end"),
		money("inc_hi_fen", "upper end"),
		money("observed_fen", "what the treated pairs bought in self-broadcast"),
		money("base_fen", "observed − inc"),
		figure("lift_ratio", "inc / base, never the mean of merchants' lifts"))
	cols = append(cols, interval("lift", "_ratio", "fixed interval, valid at one planned date only")...)
	cols = append(cols,
		null(within(0, 1, number("p_value", "two-sided, of the same test as the interval"))),
		figure("share_ratio", "inc / observed"),
		figure("always_lo_ratio", "always-valid interval of the lift: lower end; programmes, period all only"),
		figure("always_hi_ratio", "upper end"),
		null(number("e_value", "evidence against no effect, valid at any night; at most 1e300; programmes, period all only")),
		null(number("mde_ratio", "smallest lift that would be found with the rules' power")),
		figure("cuped_variance_ratio", "variance of the adjusted effect over that of the raw one, by the arms' own variances; null: not adjusted"),
		figure("wide_effect_fen", "what a treated user bought more at all merchants in 14 days from first eligibility; programmes only"))
	cols = append(cols, interval("wide_effect", "_fen", "its fixed interval")...)
	cols = append(cols, figure("wide_lift_ratio", "the same effect over what a held-out user bought at all merchants"))
	cols = append(cols, interval("wide_lift", "_ratio", "its fixed interval")...)
	cols = append(cols, figure("retained_ratio", "wide effect over the effect per user, neither adjusted by the covariate, of the pairs of users' first days of eligibility: the share that did not move from other merchants or channels; null: the effect is not distinguishable from 0, too few users, pairs were assigned, or not counted by users"))
	cols = append(cols, interval("retained", "_ratio", "its interval")...)
	return append(cols,
		money("displaced_fen", "(effect per user − wide effect), neither adjusted by the covariate, × treated users, of the pairs of users' first days of eligibility: what only moved of theirs; programmes only"),
		money("displaced_lo_fen", "its fixed interval: lower end"),
		money("displaced_hi_fen", "upper end"),
		count("merchants", "merchants with eligible pairs"),
		count("merchants_estimated", "of them, with a lift of their own"),
		money("merchants_inc_fen", "Σ inc over merchants with a clean split; programmes: over those with a lift by their own holdout, to compare with"),
		figure("prior_lift_ratio", "mean lift that merchants are pulled to; null: too few merchants, or a programme"),
		null(number("prior_sd", "how far their lifts lie apart, standard deviation of ln(1 + lift)")),
		text("warnings", "codes of doubts, by comma; empty: none"),
		text("rules_version", "version of the rules"),
	)
}

// ChuanliuCaps: the frozen caps of winsorised means.
var ChuanliuCaps = &Table{
	Name: "chuanliu_caps", Class: Published, Doc: "one row per month × class of size: where outcomes of pairs are capped in that month, measured on the last day of the month before with both arms together, blind to what came out; the first month uses its first night's, a month in which the classes or outcome_days are changed those of the first night by the new ones",
	Key: []string{"month", "size_class"},
	Columns: []Column{
		date("as_of_date", "the business day the table belongs to"),
		date("month", "first day of the month for which the caps hold"),
		count("size_class", "class of size of the merchant by its pairs, 0 the smallest"),
		count("least_pairs", "pairs from which a merchant is of the class"),
		null(count("most_pairs", "pairs up to which it is; null: no end")),
		count("outcome_days", "days of the outcomes; caps of other bounds or days than the rules of the night say are not taken"),
		count("pairs", "pairs of the class with a purchase"),
		fen("cap_fen", "the cap, an edge of the histogram: ten per cent apart"),
	},
}

// TalentRewards: the split of the reward pool.
var TalentRewards = &Table{
	Name: "talent_rewards", Class: Published, Doc: "one row per talent whose buyers were eligible, and one of what was left over: the day's traffic for talents, split by the incremental GMV of the buyers they won; the rewards sum to the pool exactly",
	Key: []string{"kind", "talent_id"},
	Columns: []Column{
		date("as_of_date", "the business day the figures describe"),
		enum("kind", RewardKinds, "a talent, or what is left over"),
		text("talent_id", "id as text; empty: what is left over"),
		enum("period", LiftPeriods, "days of first eligibility the reward goes by"),
		count("treatment_pairs", "pairs shown whose buyers the talent won"),
		count("holdout_pairs", "pairs held out"),
		signed(fen("treatment_gmv_fen", "self-broadcast net GMV of the pairs shown")),
		signed(fen("inc_fen", "of that, incremental: at each merchant the share that its shrunken lift, or its category's, says; rounded half up")),
		money("raw_inc_fen", "the plain difference of the talent's own pairs between the arms, summed over merchants with holdout pairs of the talent: too noisy to pay by; null: none"),
		null(number("talent_score", "带货口碑分; null: none")),
		null(number("product_score", "商品分 of what the talent sold, as in 带货口碑分; null: none")),
		money("gmv_net15_fen", "distributed gmv_net15 of 30 days; null: refunds not known of the whole window"),
		flag("eligible", "all conditions hold"),
		text("failed_gates", "conditions that do not: talent_score, product_score, gmv_net15, inc, lift_above_zero (that of the platform may be none: nobody is paid), by comma"),
		number("multiplier", "1, or the rules' multiplier from their score on; 0: not eligible"),
		number("share_ratio", "share of the pool"),
		count("reward_impressions", "the reward"),
		text("rules_version", "version of the rules"),
	},
}

// TrafficQuota: the day's pool of boosted impressions.
var TrafficQuota = &Table{
	Name: "traffic_quota", Class: Published, Doc: "one row per merchant of the list of 川流, one per merchant of its cold start, and one of what was left over: the day's pool of boosted impressions, shared so that it brings the most; the quotas sum to the pool exactly",
	Key: []string{"kind", "merchant_id"},
	Columns: []Column{
		date("as_of_date", "the business day the quota rests on"),
		enum("kind", QuotaKinds, "a merchant, one of the cold start, or what is left over"),
		text("merchant_id", "id as text; empty: what is left over"),
		null(text("merchant_name", "name; null: no snapshot")),
		null(text("category1_id", "category, level 1, as text")),
		null(text("level", "level on the list of 川流")),
		null(number("multiplier", "of the level")),
		null(number("base_impressions", "b: boosted impressions a day, mean of those of the last 7 days of which there are exposures, at least what the rules say")),
		null(enum("evidence_grade", LiftGrades, "grade of evidence of its lift; null: no eligible pair that counts")),
		null(enum("lift_of", LiftSources, "whose lift a goes by: its own, its category's where it has no evidence of its own, else the platform's; null: none")),
		figure("lift_ratio", "that lift, shrunken"),
		null(signed(number("inc_per_day_fen", "incremental GMV a day at the base: observed of the period × lift / (1 + lift) over its days on which anyone can have entered"))),
		null(number("response_fen", "a: max(0, inc_per_day_fen) / ln 2 × multiplier, fen")),
		null(count("cap_impressions", "the most it may get")),
		count("quota_impressions", "what it gets"),
		null(number("expected_fen", "incremental GMV that the quota brings in a day: a × ln(1 + quota / b)")),
		null(number("last_thousand_fen", "of that, what the last 1,000 impressions bring")),
		date("valid_from", "first day the quota holds"),
		date("valid_to", "last day"),
		text("rules_version", "version of the rules"),
	},
}

// LiftSources are whose lift a quota goes by.
var LiftSources = []string{"own", "category", "platform"}

// Codes of LiftSources.
const (
	LiftOwn = iota
	LiftCategory
	LiftPlatform
)
