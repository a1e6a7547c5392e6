package twin

// The rows of the published tables. The tag of a field is the column; a nil pointer is a null.

// GMVForms are the additive forms of GMV.
type GMVForms struct {
	GMVOrderFen     int64  `column:"gmv_order_fen"`
	GMVPaidRawFen   int64  `column:"gmv_paid_raw_fen"`
	GMVPaidFen      int64  `column:"gmv_paid_fen"`
	GMVNetFen       *int64 `column:"gmv_net_fen"`
	GMVPaidLag15Fen int64  `column:"gmv_paid_lag15_fen"`
	GMVNet15Fen     *int64 `column:"gmv_net15_fen"`
	GMVPaidLag30Fen int64  `column:"gmv_paid_lag30_fen"`
	GMVNet30Fen     *int64 `column:"gmv_net30_fen"`
	Lines           int64  `column:"lines"`
	Quantity        int64  `column:"quantity"`
}

// LagPresent are the days with data of the lagged forms' windows.
type LagPresent struct {
	DaysPresentLag15 int64 `column:"days_present_lag15"`
	DaysPresentLag30 int64 `column:"days_present_lag30"`
}

// Subject begins the rows of all tables by scope.
type Subject struct {
	AsOfDate  Day    `column:"as_of_date"`
	Role      string `column:"role"`
	SubjectID string `column:"subject_id"`
}

// GMVRow is a row of contract.GMV.
type GMVRow struct {
	Subject
	WindowDays  int64 `column:"window_days"`
	DaysPresent int64 `column:"days_present"`
	LagPresent
	GMVForms
	Orders          int64    `column:"orders"`
	RefundAmtFen    *int64   `column:"refund_amt_fen"`
	RefundRateRatio *float64 `column:"refund_rate_ratio"`
	Buyers          int64    `column:"buyers"`
	NewBuyers       *int64   `column:"new_buyers"`
	ReturningBuyers *int64   `column:"returning_buyers"`
	ATVBuyerFen     *int64   `column:"atv_buyer_fen"`
	ATVOrderFen     *int64   `column:"atv_order_fen"`
}

// GMVSplitRow is a row of contract.GMVSplit.
type GMVSplitRow struct {
	Subject
	WindowDays int64  `column:"window_days"`
	Channel    string `column:"channel"`
	Scene      string `column:"scene"`
	GMVForms
	OrdersTouching int64 `column:"orders_touching"`
}

// ExcludedRow is a row of contract.Excluded.
type ExcludedRow struct {
	Subject
	WindowDays int64  `column:"window_days"`
	Reason     string `column:"reason"`
	Lines      int64  `column:"lines"`
	GMVFen     int64  `column:"gmv_fen"`
}

// LateDataRow is a row of contract.LateData.
type LateDataRow struct {
	AsOfDate        Day    `column:"as_of_date"`
	DT              Day    `column:"dt"`
	AgeDays         int64  `column:"age_days"`
	GMVPaidFen      int64  `column:"gmv_paid_fen"`
	GMVNetFen       *int64 `column:"gmv_net_fen"`
	GMVPaidMovedFen *int64 `column:"gmv_paid_moved_fen"`
	GMVNetMovedFen  *int64 `column:"gmv_net_moved_fen"`
	Settled         bool   `column:"settled"`
}

// RepeatRow is a row of contract.Repeat.
type RepeatRow struct {
	Subject
	WindowDays     int64    `column:"window_days"`
	DaysPresent    int64    `column:"days_present"`
	Buyers         int64    `column:"buyers"`
	RepeatBuyers   int64    `column:"repeat_buyers"`
	R1Ratio        *float64 `column:"r1_ratio"`
	DayGaps        int64    `column:"day_gaps"`
	MeanGapDays    *float64 `column:"mean_gap_days"`
	RefundsApplied bool     `column:"refunds_applied"`
}

// MonthlyBuyersRow is a row of contract.MonthlyBuyers.
type MonthlyBuyersRow struct {
	Subject
	Month          Day      `column:"month"`
	Closed         bool     `column:"closed"`
	DaysPresent    int64    `column:"days_present"`
	Buyers         int64    `column:"buyers"`
	R2Buyers       int64    `column:"r2_buyers"`
	RetainedBuyers *int64   `column:"retained_buyers"`
	R2Ratio        *float64 `column:"r2_ratio"`
}

// CohortsRow is a row of contract.Cohorts.
type CohortsRow struct {
	Subject
	CohortMonth     Day    `column:"cohort_month"`
	MonthOffset     int64  `column:"month_offset"`
	Buyers          int64  `column:"buyers"`
	ActiveBuyers    int64  `column:"active_buyers"`
	R330Buyers      *int64 `column:"r3_30_buyers"`
	R360Buyers      *int64 `column:"r3_60_buyers"`
	R390Buyers      *int64 `column:"r3_90_buyers"`
	HistoryComplete bool   `column:"history_complete"`
}

// TrustRow is a row of contract.Trust.
type TrustRow struct {
	Subject
	WindowDays         int64    `column:"window_days"`
	DaysPresent        int64    `column:"days_present"`
	Orders             int64    `column:"orders"`
	NewBuyerOrders     *int64   `column:"new_buyer_orders"`
	NewBuyerOrderRatio *float64 `column:"new_buyer_order_ratio"`
	GMVPaidFen         int64    `column:"gmv_paid_fen"`
	ReturningGMVFen    *int64   `column:"returning_gmv_fen"`
	ReturningGMVRatio  *float64 `column:"returning_gmv_ratio"`
	Buyers             int64    `column:"buyers"`
	GMVPerBuyerFen     *int64   `column:"gmv_per_buyer_fen"`
	Followers          *int64   `column:"followers"`
	GMVPerFollowerFen  *int64   `column:"gmv_per_follower_fen"`
	DistributionBuyers *int64   `column:"distribution_buyers"`
	ConvertedBuyers    *int64   `column:"converted_buyers"`
	ConversionRatio    *float64 `column:"conversion_ratio"`
	FullSetOrders      *int64   `column:"full_set_orders"`
	FullSetBuyers      *int64   `column:"full_set_buyers"`
	FullSetGMVFen      *int64   `column:"full_set_gmv_fen"`
	FullSetAOVFen      *int64   `column:"full_set_aov_fen"`
}

// OverviewRow is a row of contract.Overview.
type OverviewRow struct {
	AsOfDate    Day    `column:"as_of_date"`
	Period      string `column:"period"`
	FirstDay    Day    `column:"first_day"`
	LastDay     Day    `column:"last_day"`
	Days        int64  `column:"days"`
	DaysPresent int64  `column:"days_present"`
	LagPresent
	GMVForms
	GMVPaidDodRatio         *float64 `column:"gmv_paid_dod_ratio"`
	GMVPaidWowRatio         *float64 `column:"gmv_paid_wow_ratio"`
	GMVPaidMomRatio         *float64 `column:"gmv_paid_mom_ratio"`
	GMVPaidYoyRatio         *float64 `column:"gmv_paid_yoy_ratio"`
	Campaigns               *string  `column:"campaigns"`
	CampaignDays            *int64   `column:"campaign_days"`
	DodCampaignDays         *int64   `column:"dod_campaign_days"`
	WowCampaignDays         *int64   `column:"wow_campaign_days"`
	MomCampaignDays         *int64   `column:"mom_campaign_days"`
	YoyCampaignDays         *int64   `column:"yoy_campaign_days"`
	GMVPaidCampaignRatio    *float64 `column:"gmv_paid_campaign_ratio"`
	Orders                  int64    `column:"orders"`
	Buyers                  int64    `column:"buyers"`
	Buyers30d               int64    `column:"buyers_30d"`
	BuyersYoyRatio          *float64 `column:"buyers_yoy_ratio"`
	ActiveMerchants         int64    `column:"active_merchants"`
	ActiveTalents           int64    `column:"active_talents"`
	ActiveOperators         *int64   `column:"active_operators"`
	ActiveOperatorsYoyRatio *float64 `column:"active_operators_yoy_ratio"`
	CartedProducts          *int64   `column:"carted_products"`
	CartedProductsYoyRatio  *float64 `column:"carted_products_yoy_ratio"`
	ATVBuyerFen             *int64   `column:"atv_buyer_fen"`
	ATVOrderFen             *int64   `column:"atv_order_fen"`
	R190Ratio               *float64 `column:"r1_90_ratio"`
	RefundRateRatio         *float64 `column:"refund_rate_ratio"`
	ChannelSelfRatio        *float64 `column:"channel_self_ratio"`
	ChannelDistribution     *float64 `column:"channel_distribution_ratio"`
	ChannelNoneRatio        *float64 `column:"channel_none_ratio"`
	ChannelUnknownRatio     *float64 `column:"channel_unknown_ratio"`
	SceneLiveRatio          *float64 `column:"scene_live_ratio"`
	SceneShortVideoRatio    *float64 `column:"scene_short_video_ratio"`
	SceneRecommendRatio     *float64 `column:"scene_recommend_ratio"`
	SceneMallRatio          *float64 `column:"scene_mall_ratio"`
	SceneSearchRatio        *float64 `column:"scene_search_ratio"`
	SceneShopRatio          *float64 `column:"scene_shop_ratio"`
	SceneOtherRatio         *float64 `column:"scene_other_ratio"`
	SelfBroadcastRatio      *float64 `column:"self_broadcast_ratio"`
	PanShelfRatio           *float64 `column:"pan_shelf_ratio"`
}

// Tables are the published tables of one night, except late_data, which several nights make.
type Tables struct {
	Overview      []OverviewRow
	GMV           []GMVRow
	GMVSplit      []GMVSplitRow
	Excluded      []ExcludedRow
	Repeat        []RepeatRow
	MonthlyBuyers []MonthlyBuyersRow
	Cohorts       []CohortsRow
	Trust         []TrustRow
}

// Compute makes the tables of the night of o.AsOf. Rows come in no particular order.
func Compute(p Partitions, o Options) Tables {
	n := open(p, o)
	return Tables{
		Overview:      n.overview(),
		GMV:           n.gmv(),
		GMVSplit:      n.gmvSplit(),
		Excluded:      n.excluded(),
		Repeat:        n.repeat(),
		MonthlyBuyers: n.monthlyBuyers(),
		Cohorts:       n.cohorts(),
		Trust:         n.trust(),
	}
}

func (n *night) subject(sc scope) Subject {
	return Subject{AsOfDate: n.AsOf, Role: sc.role, SubjectID: sc.subject}
}

// ratio is num/den; nil if either is unknown or den is 0.
func ratio(num, den *int64) *float64 {
	if num == nil || den == nil || *den == 0 {
		return nil
	}
	r := float64(*num) / float64(*den)
	return &r
}

// average is num/den rounded half up; nil if either is unknown or den is 0. Neither is negative.
func average(num, den *int64) *int64 {
	if num == nil || den == nil || *den == 0 {
		return nil
	}
	a := *num / *den
	if *num%*den*2 >= *den {
		a++
	}
	return &a
}
