package words

import "strings"

// Column is the Chinese header of a column of the tables of scores, lists, 5S and lift. ok is false for columns of
// other tables, see HeaderIn.
func Column(name string) (label string, ok bool) {
	if label, ok = columns[name]; !ok {
		label, ok = liftColumns[name]
	}
	return label, ok
}

// Header is Column, or the id where there is none.
func Header(name string) string {
	if label, ok := Column(name); ok {
		return label
	}
	return name
}

var columns = map[string]string{
	"as_of_date": "数据日期", "list": "清单", "role": "对象", "subject_id": "对象 ID", "subject_name": "名称",
	"merchant_id": "店铺 ID", "category1_id": "一级类目 ID", "product_id": "商品 ID", "talent_id": "达人 ID", "style_id": "同款 ID",
	"eligible": "是否入选", "rank": "名次", "rank_before": "上次名次", "level": "档位", "multiplier": "系数",
	"movement": "变动", "since": "起始数据日期", "cause_data": "变动原因：数据", "cause_others": "变动原因：名额", "cause_late_data": "变动原因：更正数据", "cause_rules": "变动原因：规则", "product_score": "商品分", "shop_score": "店铺体验分", "talent_score": "带货口碑分",
	"lower_score": "保守分", "orders": "有效订单数", "gmv_net15_fen": "15 天退款后成交额", "failed_gates": "未达标门槛", "reasons": "原因",
	"needs": "还需什么", "change_of": "最小改进项", "change_from": "现值", "change_to": "须达到", "change_events": "须减少的件数",
	"change_volume": "总件数", "standing": "有资格（按门槛与次数）", "pass_streak": "连续达标次数", "fail_streak": "连续未达标次数", "gates_since": "各门槛起始日期",
	"cold_start": "冷启动名额", "stale": "沿用上一次", "override": "人工处理", "valid_from": "生效日期", "valid_to": "失效日期", "rules_version": "规则版本",

	"gate": "门槛", "value": "数值", "threshold": "要求", "margin": "差额", "state": "结论", "in_band": "在缓冲带内",

	"status": "状态", "score": "分数", "grade": "等级", "tier": "商品档", "goods_score": "本店商品分",
	"quality_score": "品质力", "price_score": "价格力", "service_score": "服务", "popularity_score": "热度", "information_score": "信息力",
	"logistics_score": "物流体验", "competitiveness_score": "竞争力", "content_score": "内容",
	"window_days": "窗口天数", "coverage_ratio": "已覆盖权重", "change": "较上一次", "violation_points": "违规积分",

	"indicator": "指标", "covered_days": "数据齐备天数", "dimension": "维度", "numerator": "分子", "denominator": "分母", "mean": "类目均值", "strength": "均值强度",
	"anchor_best": "5.0 分锚点", "anchor_good": "4.7 分锚点", "anchor_fair": "4.3 分锚点", "anchor_poor": "3.0 分锚点",
	"norm_level": "比较范围", "points": "得分", "weight": "权重", "effective_weight": "折算权重", "contribution": "贡献",

	"month": "适用月份", "category_id": "类目 ID", "entities": "样本数", "own": "自有锚点", "widened": "锚点被拉开",
	"dt": "评分数据日期", "score_hundredths": "分数×100", "quality_hundredths": "品质力×100",

	"unit_price_fen": "单件价格", "benchmark_shops": "可比店铺数", "benchmark_orders": "可比订单数", "benchmark_fen": "基准价",
	"price_ratio": "价格/基准价", "stars": "价格星级",

	"days_present": "有数据天数", "gmv_paid_fen": "支付 GMV",
	"comparable_items": "可比商品数", "comparable_gmv_fen": "可比商品成交额", "low_price_gmv_fen": "三星及以上成交额", "low_price_gmv_share_ratio": "三星及以上占比",
	"viewers": "观看人次", "watch_seconds": "观看秒数", "interactions": "互动次数", "upheld_reports": "成立举报数",
	"watch_seconds_per_viewer": "人均观看秒数", "interactions_per_1000_viewers": "千次观看互动数", "upheld_reports_per_10000_viewers": "万次观看成立举报数",
	"content_gmv_fen":  "直播与短视频成交额",
	"active_promoters": "动销达人数", "distribution_gmv_fen": "达人分销成交额", "distribution_gmv_share_ratio": "达人分销占比", "partner_talent_score": "合作达人带货口碑分",
	"live_days": "开播天数", "self_broadcast_gmv_fen": "店铺自播成交额", "self_broadcast_buyers": "90 天自播买家数",
	"self_broadcast_repeat_buyers": "90 天自播买家中复购人数", "self_broadcast_r1_ratio": "自播买家 90 天复购率",
	"always_on_products": "常挂品数", "pan_shelf_gmv_fen": "泛货架成交额", "pan_shelf_gmv_share_ratio": "泛货架占比", "search_gmv_fen": "搜索成交额", "search_gmv_share_ratio": "搜索占比",
	"low_price_index": "低价好物指数", "content_index": "优质内容指数", "distribution_index": "达人分销指数", "self_broadcast_index": "店铺自播指数", "pan_shelf_index": "泛货架指数",
	"low_price_gap_fen": "低价好物差距", "content_gap_fen": "优质内容差距", "distribution_gap_fen": "达人分销差距", "self_broadcast_gap_fen": "店铺自播差距",
	"pan_shelf_gap_fen": "泛货架差距", "next": "下一步",

	"distribution_impressions": "分销曝光", "distribution_clicks": "分销点击", "distribution_click_ratio": "分销点击率", "distribution_lines": "分销成交件数", "distribution_covered_lines": "其中数据齐备天数内成交件数（分销）",
	"distribution_conversion_ratio": "分销转化率", "distribution_conversion_lower": "分销转化率下限", "distribution_conversion_upper": "分销转化率上限",
	"distribution_settled_gmv_fen": "分销已满 15 天成交额", "distribution_settled_refund_fen": "其中 15 天内退款（分销）", "distribution_refund_rate_ratio": "分销退款率",
	"distribution_buyers": "90 天分销买家数", "distribution_repeat_buyers": "90 天分销买家中复购人数", "distribution_r1_ratio": "分销买家 90 天复购率", "distribution_rank": "分销店内名次",
	"self_broadcast_impressions": "自播曝光", "self_broadcast_clicks": "自播点击", "self_broadcast_click_ratio": "自播点击率", "self_broadcast_lines": "自播成交件数", "self_broadcast_covered_lines": "其中数据齐备天数内成交件数（自播）",
	"self_broadcast_conversion_ratio": "自播转化率", "self_broadcast_conversion_lower": "自播转化率下限", "self_broadcast_conversion_upper": "自播转化率上限",
	"self_broadcast_settled_gmv_fen": "自播已满 15 天成交额", "self_broadcast_settled_refund_fen": "其中 15 天内退款（自播）", "self_broadcast_refund_rate_ratio": "自播退款率",
	"self_broadcast_rank": "自播店内名次",
	"better":              "转化更好的渠道", "won_buyers": "分销带来的买家数", "won_live_buyers": "其中 30 天内到自播间购买", "won_live_ratio": "分销转自播比例",
}

// Forms of headers.
const (
	English = "en"
	Chinese = "zh"
	Both    = "both"
)

// HeaderIn is the header of a column of a published table in a form: its id, its Chinese name, or "名称 id". Money is in
// fen. A column that has no Chinese name keeps its id.
func HeaderIn(form, table, name string) string {
	label, ok := columnOf(table, name)
	if strings.HasSuffix(name, "_fen") {
		label += "（分）"
	}
	switch {
	case form == Chinese && ok:
		return label
	case form == Both && ok:
		return strings.Join([]string{label, name}, " ")
	}
	return name
}
