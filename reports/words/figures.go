package words

// figureTables are the tables of GMV, buyers and quality. Their names may mean something else than in the tables of
// scores, lists and lift: first_day is the first day of a period there, of the eligible pairs here.
var figureTables = map[string]bool{
	"overview": true, "gmv": true, "gmv_split": true, "excluded": true, "late_data": true, "repeat_purchase": true,
	"monthly_buyers": true, "cohorts": true, "trust": true, "data_quality": true, "rejects": true,
}

var figureColumns = map[string]string{
	"as_of_date": "数据日期", "role": "对象", "subject_id": "对象 ID", "period": "周期", "first_day": "首日", "last_day": "末日",
	"window_days": "窗口天数", "days": "天数", "days_present": "有数据天数", "days_present_lag15": "15 天前窗口的有数据天数",
	"days_present_lag30": "30 天前窗口的有数据天数", "channel": "渠道", "scene": "场景", "month": "月份", "dt": "日期",

	"gmv_order_fen": "下单 GMV", "gmv_paid_raw_fen": "支付 GMV（含异常订单）", "gmv_paid_fen": "支付 GMV", "gmv_net_fen": "退款后 GMV",
	"gmv_paid_lag15_fen": "15 天前窗口的支付 GMV", "gmv_net15_fen": "15 天前窗口的支付 GMV（减 15 天内退款）",
	"gmv_paid_lag30_fen": "30 天前窗口的支付 GMV", "gmv_net30_fen": "30 天前窗口的支付 GMV（减 30 天内退款）",
	"gmv_fen": "成交额", "refund_amt_fen": "窗口内退款额", "refund_rate_ratio": "30 天退款率",
	"lines": "订单行数", "quantity": "件数", "orders": "订单数", "orders_touching": "涉及的订单数", "atv_buyer_fen": "客单价", "atv_order_fen": "笔单价",
	"gmv_paid_dod_ratio": "支付 GMV 较前一日", "gmv_paid_wow_ratio": "支付 GMV 较 7 天前", "gmv_paid_mom_ratio": "支付 GMV 较上月", "gmv_paid_yoy_ratio": "支付 GMV 较上年",
	"campaigns": "大促与节假日", "campaign_days": "大促天数", "dod_campaign_days": "前一日口径的大促天数", "wow_campaign_days": "7 天前口径的大促天数",
	"mom_campaign_days": "上月口径的大促天数", "yoy_campaign_days": "上年口径的大促天数", "gmv_paid_campaign_ratio": "大促日支付 GMV 较可比大促",
	"gmv_paid_moved_fen": "支付 GMV 变动", "gmv_net_moved_fen": "退款后 GMV 变动", "age_days": "距该日天数", "settled": "不再重算", "reason": "原因",

	"buyers": "买家数", "buyers_30d": "近 30 天买家数", "buyers_yoy_ratio": "买家数较上年", "new_buyers": "新买家数", "returning_buyers": "老买家数",
	"repeat_buyers": "复购买家数", "r1_ratio": "复购率 R1", "r1_90_ratio": "90 天复购率", "day_gaps": "购买间隔个数", "mean_gap_days": "平均购买间隔天数",
	"refunds_applied": "已剔除全额退款", "closed": "月份已结束", "r2_buyers": "回购基数买家数", "retained_buyers": "次月回购买家数", "r2_ratio": "回购率 R2",
	"cohort_month": "首购月", "month_offset": "之后第几个月", "active_buyers": "当月购买的买家数", "r3_30_buyers": "30 天内再购买家数",
	"r3_60_buyers": "60 天内再购买家数", "r3_90_buyers": "90 天内再购买家数", "history_complete": "历史足够长",
	"new_buyer_orders": "新买家订单数", "new_buyer_order_ratio": "新买家订单占比", "returning_gmv_fen": "老买家支付 GMV", "returning_gmv_ratio": "老买家支付 GMV 占比",
	"gmv_per_buyer_fen": "人均支付 GMV", "followers": "粉丝数", "gmv_per_follower_fen": "每粉丝支付 GMV",
	"distribution_buyers": "30 天前窗口的分销买家数", "converted_buyers": "其中 30 天内到自播间购买", "conversion_ratio": "分销转自播比例",
	"full_set_orders": "成套订单数", "full_set_buyers": "成套买家数", "full_set_gmv_fen": "成套支付 GMV", "full_set_aov_fen": "成套笔单价",

	"active_merchants": "动销店铺数", "active_talents": "动销达人数", "active_operators": "动销经营者数", "active_operators_yoy_ratio": "动销经营者数较上年",
	"carted_products": "加购商品数", "carted_products_yoy_ratio": "加购商品数较上年",
	"channel_self_ratio": "自有账号占比", "channel_distribution_ratio": "达人分销占比", "channel_none_ratio": "无带货账号占比", "channel_unknown_ratio": "账号归属未知占比",
	"scene_live_ratio": "直播占比", "scene_short_video_ratio": "短视频占比", "scene_recommend_ratio": "推荐占比", "scene_mall_ratio": "商城占比",
	"scene_search_ratio": "搜索占比", "scene_shop_ratio": "店铺页占比", "scene_other_ratio": "其他场景占比", "self_broadcast_ratio": "自播占比", "pan_shelf_ratio": "泛货架占比",

	"table_name": "输入表", "check_name": "检查项", "status": "结果", "value": "数值", "detail": "说明",
	"file": "文件", "row_number": "行号（从 0 起）", "column_name": "列",
}

// columnOf is the Chinese header of a column of a published table.
func columnOf(table, name string) (label string, ok bool) {
	if figureTables[table] {
		label, ok = figureColumns[name]
		return label, ok
	}
	return Column(name)
}
