package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/windvane/windvane/config"
)

// edited is a text with other texts replaced once, each of which must be there.
func edited(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("the file has no %q", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

// smallRules is a short file that is valid; its lines are those of the messages below.
func smallRules(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("testdata/small.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestTheSmallRulesAreValid(t *testing.T) {
	set, err := config.LoadRules(strings.NewReader(smallRules(t)))
	if err != nil || len(set) != 1 {
		t.Errorf("%d versions, %v", len(set), err)
	}
}

func TestRulesThatAreWrong(t *testing.T) {
	for _, c := range []struct {
		name string
		edit []string // texts of the small file, and what takes their place
		want []string
	}{
		{
			"an unknown key",
			[]string{"lag_days: 15", "lag_dais: 15"},
			[]string{
				`rules: versions[0].lag_dais: unknown key (line 5, column 5)`,
				`rules: versions[0].lag_days: it is missing (line 2, column 5)`,
			},
		},
		{
			"a list that was renamed and is still there",
			[]string{"      - id: benefit_shop\n", "      - id: benefit_shop\n        formerly: benefit_shop\n"},
			[]string{`rules: versions[0].lists[0].formerly: "benefit_shop" is a list of these rules: it was not renamed (line 58, column 19)`},
		},
		{
			"a key stands twice",
			[]string{"lag_days: 15", "lag_days: 15\n    lag_days: 16"},
			[]string{
				`rules: versions[0].lag_days: the key stands here twice (line 6, column 5)`,
			},
		},
		{
			"wrong types",
			[]string{
				"lag_days: 15", "lag_days: 1.5",
				"minimum_orders: 30\n    lag", "minimum_orders: many\n    lag",
				"windows: [30, 60]", "windows: 30",
				"weighted: true", "weighted: maybe",
				"most: 0.5", "most: [1]",
				"bonus: 0.2", `bonus: "0.2"`,
			},
			[]string{
				`rules: versions[0].minimum_orders: found string, expected a whole number (line 4, column 21)`,
				`rules: versions[0].lag_days: found float, expected a whole number (line 5, column 15)`,
				`rules: versions[0].violations.most: found sequence, expected a number (line 11, column 108)`,
				`rules: versions[0].price.bonus: found string, expected a number (line 14, column 14)`,
				`rules: versions[0].product_score.windows: found integer, expected a list (line 23, column 16)`,
				`rules: versions[0].talent_score.weighted: found string, expected true or false (line 48, column 17)`,
			},
		},
		{
			"numbers in quotes, and texts that are numbers",
			[]string{
				"lag_days: 15", `lag_days: "15"`,
				"bonus: 0.2", `bonus: "0.2"`,
				"version: a", "version: 2026.10",
				"weighted: true", `weighted: "true"`,
			},
			[]string{
				`rules: versions[0].version: found float, expected text (line 2, column 14)`,
				`rules: versions[0].lag_days: found string, expected a whole number (line 5, column 15)`,
				`rules: versions[0].price.bonus: found string, expected a number (line 14, column 14)`,
				`rules: versions[0].talent_score.weighted: found string, expected true or false (line 48, column 17)`,
			},
		},
		{
			"counts and lengths",
			[]string{
				"minimum_orders: 30\n    lag", "minimum_orders: 0\n    lag",
				"lag_days: 15", "lag_days: 91",
				"half_life_days: 30", "half_life_days: 99999999999999999999",
				"version: a", "version: a b",
			},
			[]string{
				`rules: versions[0].half_life_days: the number is too large (line 6, column 21)`,
				`rules: versions[0].version: "a b" is not a name of letters, digits, ., _ and -, at most 63 (line 2, column 14)`,
				`rules: versions[0].minimum_orders: 0 is below 1 (line 4, column 21)`,
				`rules: versions[0].lag_days: 91 is outside [0, 90] (line 5, column 15)`,
			},
		},
		{
			"the pool of no list",
			[]string{"pool: {impressions", "pool: {list: traffic, impressions"},
			[]string{
				`rules: versions[0].pool.list: "traffic" is no list of merchants (line 72, column 18)`,
			},
		},
		{
			"lift out of range",
			[]string{
				"confidence: 0.95", "confidence: 95",
				"mixed_share: 0.0001", "mixed_share: 1",
				"method: paule_mandel", "method: reml",
				"[3000, 10000]", "[3000, 300]",
				"minimum_pre_days: 28", "minimum_pre_days: 90",
				"maximum_donors: 50", "maximum_donors: 5",
				"maximum_score: 0.9", "maximum_score: 1",
				"minimum_treated: 20", "minimum_treated: 2",
				"bonus_score: 4.7", "bonus_score: 4.3",
				"quota_period: 30d", "quota_period: 7d",
			},
			[]string{
				`rules: versions[0].lift.confidence: 95 is outside (0, 1) (line 74, column 52)`,
				`rules: versions[0].lift.mixed_share: 1 is outside [0, 1) (line 75, column 21)`,
				`rules: versions[0].lift.shrinkage.method: "reml" is none of paule_mandel, dersimonian_laird (line 75, column 68)`,
				`rules: versions[0].lift.shrinkage.size_classes[1]: 300 is not above 3000, the one before (line 75, column 118)`,
				`rules: versions[0].lift.panel.minimum_pre_days: 90 is outside [1, 89] (line 76, column 44)`,
				`rules: versions[0].lift.panel.maximum_donors: 5 is outside [20, 10000] (line 76, column 106)`,
				`rules: versions[0].lift.weighting.minimum_treated: 2 is below 10 (line 77, column 37)`,
				`rules: versions[0].lift.weighting.maximum_score: 1 is outside (0, 1) (line 77, column 77)`,
				`rules: versions[0].lift.reward.bonus_score: 4.3 is below talent_score, 4.4 (line 78, column 88)`,
				`rules: versions[0].lift.quota_period: "7d" is none of 30d, 90d, all (line 78, column 143)`,
			},
		},
		{
			"a gate that no merchant can fail",
			[]string{"minimum_donors: 20", "minimum_donors: 19"},
			[]string{
				`rules: versions[0].lift.panel.minimum_donors: among 19 donors no gap is less likely than 1/20, so none fails by placebo_alpha, 0.05; from 20 donors on it can (line 76, column 86)`,
			},
		},
		{
			"a day that is none",
			[]string{"2026-01-01", "2026-02-30"},
			[]string{
				`rules: versions[0].effective_from: day "2026-02-30" is not written as 2026-01-31 (line 3, column 21)`,
			},
		},
		{
			"lists of another length",
			[]string{
				"[0.2, 0.5, 0.8, 0.97]", "[0.2, 0.5, 0.8]",
				"[5, 4.85, 4.7, 4.55, 4.4]", "[5, 4.85, 4.7, 4.55, 4.4, 4.4]",
			},
			[]string{
				`rules: versions[0].norms.quantiles: found 3 values, expected 4 (line 7, column 99)`,
				`rules: versions[0].price.points: found 6 values, expected 5 (line 19, column 15)`,
			},
		},
		{
			"a missing section takes no other problem with it",
			[]string{"    stability: {enter_after: 3, leave_after: 3, band: 0.05, mean_runs: 7, mean_needs: 4, valid_days: 1, max_churn: 0.3, churn_from: 50}\n", ""},
			[]string{
				`rules: versions[0].stability: it is missing (line 2, column 5)`,
			},
		},
		{
			"missing values, deep inside",
			[]string{
				", weight: 0.2, anchors: [8, 24", "  , anchors: [8, 24",
				"            no_score: 0\n", "",
				"bonus: 0.2", "bonus: null",
			},
			[]string{
				`rules: versions[0].price.bonus: it is missing (line 13, column 7)`,
				`rules: versions[0].product_score.dimensions[0].indicators[1].weight: it is missing (line 32, column 15)`,
				`rules: versions[0].lists[0].levels[0].no_score: it is missing (line 65, column 13)`,
			},
		},
		{
			"a null in a list",
			[]string{"[8, 24, 48, 120]", "[8, null, 48, 120]"},
			[]string{
				`rules: versions[0].product_score.dimensions[0].indicators[1].anchors[1]: found null, expected a number (line 32, column 72)`,
			},
		},
		{
			"weights that do not sum to 1",
			[]string{"weight: 0.2", "weight: 0.25"},
			[]string{
				`rules: versions[0].product_score.dimensions: the weights sum to 1.05, not to 1 (line 28, column 9)`,
			},
		},
		{
			"weights beyond their range",
			[]string{
				"weight: 0.2", "weight: -0.2",
				"name: 品退率, weight: 0.5", "name: 品退率, weight: .nan",
			},
			[]string{
				`rules: versions[0].product_score.dimensions[0].indicators[0].weight: NaN is outside (0, 1] (line 31, column 55)`,
				`rules: versions[0].product_score.dimensions[0].indicators[1].weight: -0.2 is outside (0, 1] (line 32, column 54)`,
			},
		},
		{
			"an indicator of another score",
			[]string{"id: refund_hours", "id: slow_reply"},
			[]string{
				`rules: versions[0].product_score.dimensions[0].indicators[1].id: "slow_reply" is none of quality_refund, bad_review, mismatch_complaint, price_power, missed_pickup, transit_ratio, dispute, refund_hours, gmv_per_mille, effective_gmv, info_score (line 32, column 20)`,
			},
		},
		{
			"an indicator twice",
			[]string{"id: refund_hours", "id: quality_refund"},
			[]string{
				`rules: versions[0].product_score.dimensions[0].indicators[1].id: "quality_refund" stands here twice (line 32, column 20)`,
				`rules: versions[0].product_score.dimensions[0].indicators[1].strength: it is missing (line 32, column 15)`,
			},
		},
		{
			"what a way does not have",
			[]string{
				"weight: 1}", "weight: 1, strength: 5, anchors: [1, 2, 3, 4]}",
				"anchors: [8, 24, 48, 120]", "anchors: [8, 24, 48, 120], strength: 30",
			},
			[]string{
				`rules: versions[0].product_score.dimensions[0].indicators[1].strength: refund_hours is not shrunk, so it has no strength (line 32, column 96)`,
				`rules: versions[0].talent_score.dimensions[0].indicators[0].anchors: product_score has no anchors: it is ranked in its category, or in points already (line 53, column 81)`,
				`rules: versions[0].talent_score.dimensions[0].indicators[0].strength: product_score is not shrunk, so it has no strength (line 53, column 69)`,
			},
		},
		{
			"what a way needs",
			[]string{
				"strength: 50, anchors: [0.004, 0.01, 0.02, 0.05]}", "strength: 50}",
				"weight: 1, strength: 50, anchors: [0.004, 0.01, 0.02, 0.05]", "weight: 1, anchors: [0.004, 0.02, 0.01, 0.05]",
			},
			[]string{
				`rules: versions[0].product_score.dimensions[0].indicators[0].anchors: it is missing (line 31, column 15)`,
				`rules: versions[0].shop_score.dimensions[0].indicators[0].anchors[2]: 0.01 is not above 0.02, the one before (line 43, column 83)`,
				`rules: versions[0].shop_score.dimensions[0].indicators[0].strength: it is missing (line 43, column 15)`,
			},
		},
		{
			"a price that could punish",
			[]string{", least_points: 4.4", ""},
			[]string{
				`rules: versions[0].product_score.dimensions[1].indicators[0].least_points: it is missing; a price may reward, never punish (line 33, column 47)`,
			},
		},
		{
			"norms",
			[]string{
				"[0.2, 0.5, 0.8, 0.97]", "[0.2, 0.5, 0.5, 1]",
				"[5, 4.7, 4.3, 3]", "[5, 4.7, 4.8, 2]",
				"strength_max: 500", "strength_max: 10",
			},
			[]string{
				`rules: versions[0].norms.strength_max: 10 is below strength_min, 20 (line 7, column 83)`,
				`rules: versions[0].norms.quantiles[3]: 1 is outside (0, 1) (line 7, column 114)`,
				`rules: versions[0].norms.quantiles[2]: 0.5 is not above 0.5, the one before (line 7, column 109)`,
				`rules: versions[0].norms.points[3]: 2 is outside [3, 5] (line 7, column 140)`,
				`rules: versions[0].norms.points[2]: 4.8 is not below 4.7, the one before (line 7, column 135)`,
			},
		},
		{
			"grades",
			[]string{
				"at_least: 4.4, tier", "at_least: 2, tier",
				"label: poor, at_least: 3, tier: G0", "label: '', at_least: 3.5, tier: G1",
			},
			[]string{
				`rules: versions[0].grades[1].tier: "G1" stands here twice (line 10, column 51)`,
				`rules: versions[0].grades[1].label: it is empty (line 10, column 26)`,
				`rules: versions[0].grades[0].at_least: 2 is outside [3, 5] (line 9, column 42)`,
				`rules: versions[0].grades[1].at_least: 3.5 is above 3; the last grade holds whatever is left (line 10, column 40)`,
			},
		},
		{
			"price",
			[]string{
				"mode: star", "mode: stars",
				"[0.9, 0.97, 1.01, 1.1]", "[0.9, 0.9, 1.01, 11]",
				"4.55, 4.4]", "4.75, 4.4]",
				"bait_ratio: 0.5", "bait_ratio: 1.5",
				"spread_ratio: 5", "spread_ratio: .inf",
			},
			[]string{
				`rules: versions[0].price.mode: "stars" is none of star, bonus (line 13, column 13)`,
				`rules: versions[0].price.stars[3]: 11 is outside (0, 10] (line 18, column 31)`,
				`rules: versions[0].price.stars[1]: 0.9 is not above 0.9, the one before (line 18, column 20)`,
				`rules: versions[0].price.points[3]: 4.75 is above 4.7, the one before (line 19, column 30)`,
				`rules: versions[0].price.bait_ratio: 1.5 is outside [0, 1] (line 20, column 19)`,
				`rules: versions[0].price.spread_ratio: +Inf is outside [1, 1000] (line 21, column 21)`,
			},
		},
		{
			"windows",
			[]string{
				"windows: [30, 60]", "windows: [60, 30]",
				"windows: [90]", "windows: []",
				"full_by: signed", "full_by: paid",
			},
			[]string{
				`rules: versions[0].product_score.windows[1]: 30 is not above 60, the one before (line 23, column 21)`,
				`rules: versions[0].shop_score.full_by: "paid" is none of valid, signed (line 37, column 16)`,
				`rules: versions[0].talent_score.windows: there is no window (line 45, column 16)`,
			},
		},
		{
			"the quality gate names what there is",
			[]string{
				"dimension: quality", "dimension: heat",
				"grade: B", "grade: C",
			},
			[]string{
				`rules: versions[0].quality_gate.dimension: "heat" is none of quality, price (line 54, column 31)`,
				`rules: versions[0].quality_gate.grade: "C" is none of A, B (line 54, column 78)`,
			},
		},
		{
			"the quality gate binds price, and is not of its dimension",
			[]string{"dimension: quality", "dimension: price"},
			[]string{
				`rules: versions[0].quality_gate.dimension: "price" holds price_power, which the gate bounds; name another dimension (line 54, column 31)`,
			},
		},
		{
			"stability",
			[]string{
				"band: 0.05", "band: -0.05",
				"mean_needs: 4", "mean_needs: 8",
				"max_churn: 0.3", "max_churn: 30",
			},
			[]string{
				`rules: versions[0].stability.band: -0.05 is outside [0, 2] (line 55, column 55)`,
				`rules: versions[0].stability.mean_needs: 8 is outside [1, 7] (line 55, column 88)`,
				`rules: versions[0].stability.max_churn: 30 is outside [0, 1] (line 55, column 117)`,
			},
		},
		{
			"a bound outside the scale",
			[]string{"of_days: 30, at_least: 4.7", "of_days: 30, at_least: 5.2"},
			[]string{
				`rules: versions[0].lists[0].gates[0].at_least: 5.2 is outside [3, 5] (line 62, column 96)`,
			},
		},
		{
			"both bounds, and none",
			[]string{
				"at_least: 4.7}", "at_least: 4.7, at_most: 4.9}",
				"at_most: 0, at_once", "at_once",
			},
			[]string{
				`rules: versions[0].lists[0].gates[0].at_most: at_least is also given; a gate has one bound (line 62, column 110)`,
				`rules: versions[0].lists[0].gates[1].at_least: it is missing; a gate has at_least or at_most (line 63, column 13)`,
			},
		},
		{
			"measures",
			[]string{
				"measure: shop_score, over: days", "measure: shop_scor, over: days",
				"measure: severe_violations_90d", "measure: price_stars",
			},
			[]string{
				`rules: versions[0].lists[0].gates[0].measure: "shop_scor" is none of product_score, product_quality, shop_score, talent_score, price_stars, brand_not_comparable, valid_orders_30d, refund_rate_to_category, severe_violations_30d, severe_violations_90d, distribution_orders_90d, live_days_30d (line 62, column 39)`,
				`rules: versions[0].lists[0].gates[1].measure: a merchant has no price_stars (line 63, column 38)`,
				`rules: versions[0].lists[0].gates[1].at_most: 0 is outside [1, 5] (line 63, column 60)`,
			},
		},
		{
			"a history of what has none",
			[]string{"at_most: 0, at_once", "over: mean, at_most: 0, at_once"},
			[]string{
				`rules: versions[0].lists[0].gates[1].over: severe_violations_90d has no history, only product_score, product_quality, shop_score, talent_score (line 63, column 67)`,
			},
		},
		{
			"more days than there are",
			[]string{"days: 20, of_days: 30", "days: 31, of_days: 30"},
			[]string{
				`rules: versions[0].lists[0].gates[0].days: 31 is outside [1, 30] (line 62, column 69)`,
			},
		},
		{
			"days without over",
			[]string{"over: days, ", ""},
			[]string{
				`rules: versions[0].lists[0].gates[0].days: it belongs to over: days (line 62, column 57)`,
				`rules: versions[0].lists[0].gates[0].of_days: it belongs to over: days (line 62, column 70)`,
			},
		},
		{
			"unless is a yes or no",
			[]string{"at_once: true", "unless: valid_orders_30d"},
			[]string{
				`rules: versions[0].lists[0].gates[1].unless: valid_orders_30d is not a measure that is 1 or 0 (line 63, column 81)`,
			},
		},
		{
			"ids, roles, resources",
			[]string{
				"id: benefit_shop", "id: Benefit",
				"resource: benefit", "resource: benefits",
				"role: merchant", "role: shop",
				"id: no_severe", "id: shop_score",
			},
			[]string{
				`rules: versions[0].lists[0].id: "Benefit" is not a name of lower-case letters, digits and _, at most 63 (line 57, column 13)`,
				`rules: versions[0].lists[0].resource: "benefits" is none of traffic, subsidy, benefit, campaign (line 59, column 19)`,
				`rules: versions[0].lists[0].role: "shop" is none of product, merchant, talent (line 60, column 15)`,
				`rules: versions[0].lists[0].gates[1].id: "shop_score" stands here twice (line 63, column 18)`,
			},
		},
		{
			"bounds finer than scores are compared",
			[]string{
				"of_days: 30, at_least: 4.7", "of_days: 30, at_least: 4.70001",
				"band: 0.05", "band: 0.00005",
			},
			[]string{
				`rules: versions[0].stability.band: 0.00005 has more than four decimals (line 55, column 55)`,
				`rules: versions[0].lists[0].gates[0].at_least: 4.70001 has more than four decimals (line 62, column 96)`,
			},
		},
		{
			"a scale of what has no history",
			[]string{"measure: shop_score\n            over: mean", "measure: severe_violations_90d\n            over: mean"},
			[]string{
				`rules: versions[0].lists[0].levels[0].over: severe_violations_90d has no history, only product_score, product_quality, shop_score, talent_score (line 66, column 19)`,
			},
		},
		{
			"levels descend",
			[]string{"level: A, at_least: 3, multiplier: 1}", "level: A+, at_least: 4.9, multiplier: 1.3}"},
			[]string{
				`rules: versions[0].lists[0].levels[0].steps[1].level: "A+" stands here twice (line 69, column 25)`,
				`rules: versions[0].lists[0].levels[0].steps[1].multiplier: 1.3 is above 1.2, the one before (line 69, column 56)`,
				`rules: versions[0].lists[0].levels[0].steps[1].at_least: 4.9 is not below 4.85, the one before (line 69, column 39)`,
			},
		},
		{
			"shares and caps",
			[]string{
				"cold_start: 0", "cold_start: 1\n        cap_per_shop: {share: 0, least: 2, most: 1}",
				"reserve: 0.1", "reserve: 1",
			},
			[]string{
				`rules: versions[0].lists[0].cold_start: 1 is outside [0, 1) (line 71, column 21)`,
				`rules: versions[0].lists[0].cap_per_shop: only lists of products have one (line 72, column 23)`,
				`rules: versions[0].lists[0].cap_per_shop.share: 0 is outside (0, 1] (line 72, column 31)`,
				`rules: versions[0].lists[0].cap_per_shop.most: 1 is below 2 (line 72, column 50)`,
				`rules: versions[0].pool.reserve: 1 is outside [0, 1) (line 73, column 40)`,
			},
		},
		{
			"empty lists",
			[]string{"        gates:\n          - {id: shop_score, measure: shop_score, over: days, days: 20, of_days: 30, at_least: 4.7}\n          - {id: no_severe, measure: severe_violations_90d, at_most: 0, at_once: true}\n", "        gates: []\n"},
			[]string{
				`rules: versions[0].lists[0].gates: there are 0 gates; a list has 1 to 32 (line 61, column 16)`,
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := config.LoadRules(strings.NewReader(edited(t, smallRules(t), c.edit...)))
			if err == nil || set != nil {
				t.Fatal("it loads")
			}
			if diff := cmp.Diff(c.want, strings.Split(err.Error(), "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
