package console

import "github.com/windvane/windvane/transforms/contract"

// headlines are the columns shown of a table, and the one that ranks its rows.
type headlines struct {
	columns []string
	rankBy  string // empty: the order of the table
}

// headline gives the headlines of a table; a table that has none shows all columns in its own order.
func headline(t *contract.Table) headlines {
	switch t {
	case contract.Overview:
		return headlines{columns: after(t, "period", "as_of_date")}
	case contract.GMV:
		return headlines{[]string{"role", "subject_id", "window_days", "gmv_paid_fen", "gmv_net_fen", "orders", "buyers", "new_buyers",
			"atv_buyer_fen", "atv_order_fen", "refund_rate_ratio"}, "gmv_paid_fen"}
	case contract.GMVSplit:
		return headlines{[]string{"role", "subject_id", "window_days", "channel", "scene", "gmv_paid_fen", "gmv_net_fen", "lines",
			"orders_touching"}, "gmv_paid_fen"}
	case contract.Excluded:
		return headlines{after(t, "role", "as_of_date"), "gmv_fen"}
	case contract.Repeat:
		return headlines{after(t, "role", "as_of_date"), "buyers"}
	case contract.Trust:
		return headlines{[]string{"role", "subject_id", "window_days", "gmv_paid_fen", "buyers", "new_buyer_order_ratio",
			"returning_gmv_ratio", "gmv_per_buyer_fen", "followers", "gmv_per_follower_fen", "conversion_ratio"}, "gmv_paid_fen"}
	case contract.LateData, contract.DataQuality, contract.Rejects:
		return headlines{columns: after(t, "", "as_of_date")}
	case contract.ProductScore, contract.ShopScore, contract.TalentScore:
		return headlines{after(t, t.Key[0], "as_of_date"), "orders"}
	case contract.Fives:
		columns := []string{"merchant_id", "gmv_paid_fen"}
		for _, d := range contract.FivesDimensions {
			columns = append(columns, d+"_index", d+"_gap_fen")
		}
		return headlines{append(columns, "next"), "gmv_paid_fen"}
	case contract.ProductTest:
		return headlines{[]string{"merchant_id", "product_id", "distribution_clicks", "distribution_lines", "distribution_conversion_ratio", "distribution_refund_rate_ratio",
			"distribution_rank", "self_broadcast_clicks", "self_broadcast_lines", "self_broadcast_conversion_ratio", "self_broadcast_refund_rate_ratio", "self_broadcast_rank",
			"better", "won_buyers", "won_live_buyers"}, "distribution_lines"}
	case contract.ChuanliuLift:
		return headlines{[]string{"merchant_id", "period", "status", "evidence_grade", "treatment_pairs", "holdout_pairs", "inc_fen", "lift_ratio",
			"lift_lo_ratio", "lift_hi_ratio", "shrunk_lift_ratio", "shrunk_lo_ratio", "shrunk_hi_ratio", "ebh_q", "mde_ratio", "warnings"}, "shrunk_inc_fen"}
	case contract.ChuanliuProgramme:
		return headlines{columns: []string{"scope", "subject_id", "period", "status", "treatment_users", "holdout_users", "inc_fen", "lift_ratio",
			"lift_lo_ratio", "lift_hi_ratio", "always_lo_ratio", "always_hi_ratio", "share_ratio", "mde_ratio", "merchants_inc_fen", "warnings"}, rankBy: "treatment_users"}
	case contract.TalentRewards:
		return headlines{[]string{"kind", "talent_id", "inc_fen", "talent_score", "eligible", "failed_gates", "multiplier", "share_ratio", "reward_impressions"}, "reward_impressions"}
	case contract.TrafficQuota:
		return headlines{[]string{"kind", "merchant_id", "merchant_name", "level", "base_impressions", "lift_of", "lift_ratio", "quota_impressions",
			"expected_fen", "last_thousand_fen"}, "quota_impressions"}
	case contract.ChuanliuCaps:
		return headlines{columns: after(t, "", "as_of_date")}
	case contract.PricePower:
		return headlines{after(t, "product_id", "as_of_date"), "orders"}
	case contract.EligibilityTraffic, contract.EligibilitySubsidy, contract.EligibilityBenefit, contract.EligibilityCampaign:
		return headlines{[]string{"list", "subject_id", "subject_name", "eligible", "rank", "level", "multiplier", "movement",
			"product_score", "shop_score", "talent_score", "orders", "failed_gates", "reasons"}, "orders"}
	case contract.ScoreIndicators, contract.ScoreNorms, contract.EligibilityGates:
		return headlines{columns: after(t, "", "as_of_date")}
	case contract.MonthlyBuyers, contract.Cohorts:
		return headlines{columns: after(t, "role", "as_of_date")}
	}
	return headlines{columns: after(t, "", "")}
}

// after is first and all columns of the table behind it but those and without; an empty first is none.
func after(t *contract.Table, first, without string) []string {
	var names []string
	if first != "" {
		names = append(names, first)
	}
	for _, c := range t.Columns {
		if c.Name != first && c.Name != without {
			names = append(names, c.Name)
		}
	}
	return names
}
