package score_test

import "github.com/windvane/windvane/transforms/rules"

// Rules as definitions.md prints them.
func testRules() *rules.Rules {
	return &rules.Rules{
		MinimumOrders: 30,
		Norms: rules.Norms{
			MinimumN: 30, MinimumEntities: 200, StrengthMin: 20, StrengthMax: 500,
			Quantiles: [4]float64{.20, .50, .80, .97}, Points: [4]float64{5, 4.7, 4.3, 3},
		},
		Grades: []rules.Grade{
			{Name: "A+", AtLeast: 4.85, Tier: "G4"}, {Name: "A", AtLeast: 4.7, Tier: "G3"}, {Name: "B", AtLeast: 4.4, Tier: "G2"},
			{Name: "C", AtLeast: 4, Tier: "G1"}, {Name: "D", Tier: "G0"},
		},
		Violations:  rules.Violations{SevereCap: 3.99, SevereDays: 30, FreePoints: 4, PointDays: 90, PerPoint: .05, Most: .5},
		Price:       rules.Price{Mode: "star", Bonus: .2, Points: [5]float64{5, 4.85, 4.7, 4.55, 4.4}},
		QualityGate: rules.QualityGate{Dimension: "quality", AtLeast: 4.4, PricePoints: 4.4, Grade: "C"},
		Product:     productScore(), Shop: shopScore(), Talent: talentScore(),
	}
}

func rated(id string, weight, strength float64, anchors ...float64) rules.Indicator {
	return rules.Indicator{ID: id, Weight: weight, Strength: strength, Anchors: [4]float64(anchors)}
}

func plain(id string, weight float64) rules.Indicator { return rules.Indicator{ID: id, Weight: weight} }

// floored gives an indicator of price its floor.
func floored(i rules.Indicator) rules.Indicator {
	i.LeastPoints = 4.4
	return i
}

func productScore() rules.Score {
	return rules.Score{Dimensions: []rules.Dimension{
		{ID: "quality", Indicators: []rules.Indicator{
			rated("quality_refund", .20, 50, .004, .010, .020, .050),
			rated("bad_review", .15, 50, .004, .012, .025, .060),
			rated("mismatch_complaint", .05, 50, .0005, .001, .003, .010),
		}},
		{ID: "price", Indicators: []rules.Indicator{floored(plain("price_power", .20))}},
		{ID: "service", Indicators: []rules.Indicator{
			rated("missed_pickup", .08, 50, .02, .05, .10, .25),
			rated("transit_ratio", .04, 0, .85, 1, 1.2, 1.6),
			rated("dispute", .04, 50, .001, .003, .008, .020),
			rated("refund_hours", .04, 0, 8, 24, 48, 120),
		}},
		{ID: "heat", Indicators: []rules.Indicator{plain("gmv_per_mille", .06), plain("effective_gmv", .04)}},
		{ID: "info", Indicators: []rules.Indicator{plain("info_score", .10)}},
	}}
}

func shopScore() rules.Score {
	return rules.Score{Dimensions: []rules.Dimension{
		{ID: "goods", Indicators: []rules.Indicator{
			rated("quality_bad_review", .20, 50, .004, .012, .025, .060),
			rated("quality_refund", .20, 50, .004, .010, .020, .050),
		}},
		{ID: "logistics", Indicators: []rules.Indicator{
			rated("missed_pickup", .10, 50, .02, .05, .10, .25),
			rated("transit_ratio", .08, 0, .85, 1, 1.2, 1.6),
			rated("logistics_complaint", .07, 100, .001, .003, .008, .020),
		}},
		{ID: "service", Indicators: []rules.Indicator{
			rated("not_self_completed", .08, 30, .05, .12, .25, .50),
			rated("chat_unhappy", .07, 30, .03, .08, .15, .30),
			rated("refund_only_hours", .03, 0, 4, 12, 24, 72),
			rated("return_refund_hours", .03, 0, 24, 48, 72, 168),
			rated("slow_reply", .04, 30, .05, .15, .30, .60),
		}},
		{ID: "competitiveness", Indicators: []rules.Indicator{
			rated("not_repeat", .06, 50, .55, .75, .88, .98),
			floored(rated("price_coverage", .04, 20, .10, .35, .65, .95)),
		}},
	}}
}

func talentScore() rules.Score {
	return rules.Score{Weighted: true, Dimensions: []rules.Dimension{
		{ID: "competitiveness", Indicators: []rules.Indicator{
			floored(rated("price_coverage", .12, 20, .10, .35, .65, .95)),
			plain("conversion", .08),
			rated("not_repeat", .10, 50, .55, .75, .88, .98),
		}},
		{ID: "goods", Indicators: []rules.Indicator{
			rated("quality_refund", .14, 50, .004, .010, .020, .050),
			rated("bad_review", .11, 50, .004, .012, .025, .060),
			plain("product_score", .05),
		}},
		{ID: "service", Indicators: []rules.Indicator{
			rated("promoter_liable", .10, 30, .02, .05, .12, .30),
			rated("logistics_complaint", .05, 100, .001, .003, .008, .020),
			plain("shop_score", .05),
		}},
		{ID: "content", Indicators: []rules.Indicator{
			rated("content_reports", .08, 50, .2, .5, 1.5, 5),
			rated("misleading", .08, 50, .0005, .001, .003, .010),
			rated("content_bad_rating", .04, 50, .01, .03, .06, .15),
		}},
	}}
}
