package words

import "strings"

// of is the word for a code, the code itself where there is none.
func of(words map[string]string, code string) string {
	if w, ok := words[code]; ok {
		return w
	}
	return code
}

// Role names a role.
func Role(code string) string { return of(roles, code) }

var roles = map[string]string{"product": "商品", "merchant": "店铺", "talent": "达人"}

// ScoreName names the score of a role.
func ScoreName(role string) string { return of(scoreNames, role) }

var scoreNames = map[string]string{"product": "商品分", "merchant": "店铺体验分", "talent": "带货口碑分"}

// Resource names a resource.
func Resource(code string) string { return of(resources, code) }

var resources = map[string]string{"traffic": "流量", "subsidy": "补贴", "benefit": "权益", "campaign": "活动门槛"}

// Reason says a reason code of a list. 资格 is standing: what gates and streaks say, not whether it is on the list.
func Reason(code string) string { return of(reasons, code) }

var reasons = map[string]string{
	"gate_failed":      "有门槛未达标",
	"history_short":    "有评分的运行次数还不够",
	"no_score":         "门槛所看的评分暂无（有效订单不足）",
	"not_known":        "门槛所需的数据缺失",
	"waiting_to_enter": "已达标，连续次数未满，尚无资格",
	"held_in_band":     "略低于门槛，在缓冲带内，资格不变",
	"leaving_slowly":   "未达标，连续次数未满，资格暂不取消",
	"severe_at_once":   "触及立即生效的门槛（如严重违规），不待连续次数",
	"zero_weight":      "按今晚所算，档位系数为 0",
	"shop_cap":         "本店在该类目的名额已满",
	"cold_start":       "冷启动名额",
	"override_allow":   "人工准入",
	"override_deny":    "人工拒绝",
	"override_opt_out": "主动退出",
	"override_appeal":  "申诉中，仍按门槛决定",
	"first_run":        "清单首次运行，达标即有资格",
	"stale":            "输入迟到，沿用上一次清单",
	"churn_held":       "变动过大，沿用上一次清单",
	"gone":             "已不在快照中且近期无成交",
	"own_account":      "已成为店铺自有账号，不再作为独立达人评定",
}

// Reasons says the reason codes of a list, which are separated by commas.
func Reasons(codes string) string { return each(codes, Reason) }

// each says every one of several codes.
func each(codes string, say func(string) string) string {
	if codes == "" {
		return ""
	}
	parts := strings.Split(codes, ",")
	for i, code := range parts {
		parts[i] = say(code)
	}
	return strings.Join(parts, "；")
}

// Movement says how a subject moved since the run before.
func Movement(code string) string { return of(movements, code) }

var movements = map[string]string{"entered": "新进入", "stayed": "保持", "left": "移出", "out": "不在榜"}

// GateState says how a gate was decided.
func GateState(code string) string { return of(gateStates, code) }

var gateStates = map[string]string{
	"passed": "达标", "passed_by_floor": "无评分，底线门槛放行", "passed_by_unless": "符合例外，放行",
	"failed": "未达标", "not_known": "无数据", "history_short": "有评分的次数不够",
}

// ScoreStatus says the status of a score.
func ScoreStatus(code string) string { return of(scoreStatuses, code) }

var scoreStatuses = map[string]string{"no_score": "暂无评分（有效订单不足，不等于低分）", "scored": "有评分", "capped": "严重违规，分数封顶"}

// PriceStatus says whether a price can be compared, or why not.
func PriceStatus(code string) string { return of(priceStatuses, code) }

var priceStatuses = map[string]string{
	"comparable": "可比", "no_style": "不可比：没有同款信息", "few_shops": "不可比：同款的其他店铺太少", "few_orders": "不可比：同款的有效订单太少",
	"bait": "不可比：价格异常偏低", "spread": "不可比：本商品内价差过大",
}

// IndicatorState says how an indicator went into a score.
func IndicatorState(code string) string { return of(indicatorStates, code) }

var indicatorStates = map[string]string{"used": "计入", "prior": "暂无数据，按类目均值", "not_applicable": "不适用，不计", "not_computable": "缺输入表，不计"}

// NormLevel says whose anchors an indicator met.
func NormLevel(code string) string { return of(normLevels, code) }

var normLevels = map[string]string{"platform": "全平台", "category1": "一级类目", "category2": "二级类目", "category3": "三级类目"}

// Needs says what kind of change would make a subject qualify.
func Needs(code string) string { return of(needs, code) }

var needs = map[string]string{
	"nothing": "门槛已全部达标", "time": "只差时间：保持现在的分数即可", "score": "须提高分数", "gate": "须达到另一项门槛",
	"more_than_one_change": "须同时改进多项",
}

// measures names what gates look at.
var measures = map[string]string{
	"product_score": "商品分", "product_quality": "品质力", "shop_score": "店铺体验分", "talent_score": "带货口碑分",
	"price_stars": "价格星级", "brand_not_comparable": "品牌商品且价格不可比", "valid_orders_30d": "近 30 天有效订单",
	"refund_rate_to_category": "退款率与类目（或全平台）均值之比", "severe_violations_30d": "30 天内严重违规", "severe_violations_90d": "90 天内严重违规",
	"distribution_orders_90d": "近 90 天达人分销订单", "live_days_30d": "近 30 天开播天数",
	// gates whose usual ids are not their measures
	"valid_orders": "近 30 天有效订单", "refund_rate": "退款率与类目（或全平台）均值之比", "no_severe": "90 天内严重违规", "shop": "店铺体验分",
	"distribution_orders": "近 90 天达人分销订单", "live_days": "近 30 天开播天数",
}

// Gate names a gate of a list.
func (b Book) Gate(list, id string) string {
	name := of(measures, b.measureOf(list, id))
	g := b.GateRules(list, id)
	switch {
	case g == nil:
		return name
	case g.Over == "mean":
		return name + "（近几次均值）"
	case g.Over == "days" && g.AtLeast != nil && !b.Exact: // the threshold is that of other rules
		return name + "达标的次数"
	case g.Over == "days" && g.AtLeast != nil:
		return name + "达到 " + Points(*g.AtLeast) + " 的次数"
	}
	return name
}

// IsScore tells whether a gate's value is points, not a count of runs or something else.
func (b Book) IsScore(list, id string, threshold float64) bool {
	switch b.measureOf(list, id) {
	case "product_score", "product_quality", "shop_score", "talent_score":
		return threshold <= 5
	}
	return false
}

// Gates names gates of a list, which are separated by commas.
func (b Book) Gates(list, ids string) string {
	return each(ids, func(id string) string { return b.Gate(list, id) })
}
