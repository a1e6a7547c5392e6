package words

// liftColumns are the headers of the tables of 川流 lift that other tables do not have.
var liftColumns = map[string]string{
	"period": "周期", "first_day": "首个入组日", "last_day": "末个入组日", "evidence_grade": "证据等级", "estimator": "估计方法",
	"treatment_pairs": "实验组人店对数", "holdout_pairs": "对照组人店对数", "treatment_served": "实验组曝光对数", "holdout_served": "对照组曝光对数",
	"treatment_buyers": "实验组成交对数", "holdout_buyers": "对照组成交对数", "treatment_orders": "实验组自播订单数", "holdout_orders": "对照组自播订单数",
	"treatment_gmv_fen": "实验组自播退款后成交额", "holdout_gmv_fen": "对照组自播退款后成交额", "treatment_mean_fen": "实验组每对成交额", "holdout_mean_fen": "对照组每对成交额",
	"holdout_expected_ratio": "对照组应占比例", "srm_p": "分流比例检验 p 值",
	"effect_fen": "每对增量", "effect_lo_fen": "每对增量下限", "effect_hi_fen": "每对增量上限",
	"inc_fen": "增量成交额", "inc_lo_fen": "增量成交额下限", "inc_hi_fen": "增量成交额上限", "observed_fen": "实际成交额", "base_fen": "无川流时成交额",
	"lift_ratio": "提升率", "lift_lo_ratio": "提升率下限", "lift_hi_ratio": "提升率上限", "p_value": "p 值", "share_ratio": "占比",
	"bh_q": "BH 校正 p 值", "family": "同批检验店铺数", "always_lo_ratio": "随时有效下限", "always_hi_ratio": "随时有效上限", "e_value": "e 值",
	"ebh_q": "e-BH 校正值", "discovered": "名单认定有提升", "mde_ratio": "最小可检出提升",
	"raw_lift_ratio": "未校正提升率", "raw_lift_lo_ratio": "未校正下限", "raw_lift_hi_ratio": "未校正上限", "cuped_theta": "CUPED 系数", "cuped_variance_ratio": "CUPED 剩余方差比",
	"winsor_cap_fen": "截尾上限", "treatment_capped": "实验组截尾对数", "holdout_capped": "对照组截尾对数",
	"winsor_lift_ratio": "截尾提升率", "winsor_lift_lo_ratio": "截尾提升率下限", "winsor_lift_hi_ratio": "截尾提升率上限",
	"order_value_lift_ratio": "笔单价提升率", "order_value_lift_lo_ratio": "笔单价提升率下限", "order_value_lift_hi_ratio": "笔单价提升率上限",
	"shrunk_lift_ratio": "收缩提升率", "shrunk_lo_ratio": "收缩提升率下限", "shrunk_hi_ratio": "收缩提升率上限", "positive_probability": "提升为正的概率",
	"prior": "收缩参照", "prior_lift_ratio": "参照提升率", "prior_sd": "店铺间离散度", "shrunk_inc_fen": "收缩增量成交额",
	"best_day": "最高单日", "best_day_lift_ratio": "最高单日订单提升率（未收缩）", "best_day_of": "候选天数",
	"best_day_treatment_orders": "当日实验组订单数", "best_day_holdout_orders": "当日对照组订单数", "best_day_lo_ratio": "最高单日下限（已计入选取）", "best_day_hi_ratio": "最高单日上限（已计入选取）",
	"best_day_shrunk_ratio": "最高单日收缩提升率", "best_day_shrunk_lo_ratio": "最高单日收缩下限", "best_day_shrunk_hi_ratio": "最高单日收缩上限", "best_day_inc_fen": "最高单日收缩增量成交额",
	"wide_effect_fen": "全渠道每对增量", "wide_effect_lo_fen": "全渠道每对增量下限", "wide_effect_hi_fen": "全渠道每对增量上限", "wide_inc_fen": "全渠道增量成交额",
	"attributed_fen": "归因成交额（非增量）", "placebo_p": "安慰剂 p 值", "scaled_l2": "前期拟合误差", "pretrend_p": "前期趋势检验 p 值", "donors": "对照店铺数", "warnings": "存疑说明",
	"weighted_treated": "加权比较参加店铺数", "weighted_controls": "加权比较未参加店铺数", "weighted_ess": "未参加店铺等效数", "weighted_difference": "加权后最大标准化差异",
	"weighted_trimmed_ratio": "加权截去店铺比例", "weighted_negative_p": "开始前阴性对照 p 值",

	"scope": "范围", "treatment_users": "实验组用户数", "holdout_users": "对照组用户数", "both_users": "两组皆有的用户数",
	"wide_lift_ratio": "全平台提升率", "wide_lift_lo_ratio": "全平台提升率下限", "wide_lift_hi_ratio": "全平台提升率上限",
	"retained_ratio": "留存比例", "retained_lo_ratio": "留存比例下限", "retained_hi_ratio": "留存比例上限", "displaced_fen": "仅转移的成交额", "displaced_lo_fen": "仅转移的成交额下限", "displaced_hi_fen": "仅转移的成交额上限",
	"merchants": "店铺数", "merchants_estimated": "有独立估计的店铺数", "merchants_inc_fen": "各店增量合计",

	"size_class": "规模档", "least_pairs": "本档最少对数", "most_pairs": "本档最多对数", "outcome_days": "结果天数", "pairs": "有成交对数", "cap_fen": "截尾额",
	"kind": "类别", "raw_inc_fen": "两组直接之差", "reward_impressions": "奖励曝光数",
	"merchant_name": "店铺名称", "base_impressions": "日均川流曝光", "lift_of": "提升率来源", "inc_per_day_fen": "日均增量成交额", "response_fen": "增量系数 a",
	"cap_impressions": "曝光上限", "quota_impressions": "曝光配额", "expected_fen": "预计增量成交额", "last_thousand_fen": "最后一千次曝光带来",
}

// LiftStatus says whether there is a lift, or why not.
func LiftStatus(code string) string { return of(liftStatuses, code) }

var liftStatuses = map[string]string{
	"estimated": "已估计", "insufficient": "样本不足，不单独给出", "sample_ratio_mismatch": "分流比例异常，不给出", "mixed_arms": "用户同时出现在两组，不给出",
	"control_near_zero": "对照组接近零，只给绝对增量",
}

// LiftGrade says what evidence a lift rests on.
func LiftGrade(code string) string { return of(liftGrades, code) }

var liftGrades = map[string]string{"A": "随机对照", "B": "与未参加店铺的面板比较", "C": "与未参加店铺的加权比较（类目整体，非本店）", "D": "仅归因，不算增量"}

// LiftWarning says a doubt about a lift.
func LiftWarning(code string) string { return of(liftWarnings, code) }

// LiftWarnings says the doubts about a lift, which are separated by commas.
func LiftWarnings(codes string) string { return each(codes, LiftWarning) }

var liftWarnings = map[string]string{
	"normal_approximation_doubtful": "样本量相对偏度不足，正态近似存疑", "control_mean_not_distinguishable_from_zero": "对照组均值与零无法区分",
	"few_clusters": "用户不足 40，区间偏窄", "too_few_units": "样本过少", "no_variance": "全部取值相同，没有区间", "mean_not_positive": "均值不为正，不能取对数",
	"before_burn_in": "样本不到计划的十分之一，随时有效区间尚不可靠", "holdout_served": "对照组有曝光，提升被低估", "refunds_not_known": "退款未知或不全，未能全部扣除",
	"channels_not_known":         "部分日期成交渠道未知，其自播成交未计入，单数与金额偏少，效果偏小",
	"programmes_of_other_shares": "所属项目的对照比例不同，合并比较会混入项目差异",
	"tail_matters":               "效果集中在大额成交", "moved_within_the_shop": "全渠道增量小于自播增量，一部分只是转移", "pooled_variance": "订单少，方差取自同规模店铺",
	"uncalibrated": "未经随机对照校准", "shared_users": "用户同属多家店铺，合计的区间偏窄", "both_arms": "部分用户两组皆有",
	"effect_not_distinguishable_from_zero": "效果与零无法区分", "pre_period_fit_poor": "开始前拟合不佳", "few_control_units": "对照店铺不足 10 家",
	"lift_of_the_category": "提升率属于类目参加店铺整体，并非本店", "effective_sample_small": "加权后等效店铺不足 30 家",
	"refunds_not_taken_out": "按支付额计，未扣退款", "split_of_all_merchants_broken": "全部店铺合计的分流比例异常，不给出",
	"covariates_imbalanced_after_weighting": "加权后两组仍不均衡", "negative_control_not_zero": "开始前已有差异",
}
