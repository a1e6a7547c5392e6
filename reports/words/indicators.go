package words

import (
	"math"
	"strconv"
	"strings"
)

// unit is how a figure is written.
type unit uint8

const (
	plain unit = iota
	percent
	hours
	times      // a ratio to something usual
	points     // 3 to 5
	percentile // 0 to 1 within the category; more is better
	perMyriad  // out of 10,000
)

// figure is what people call an indicator's parts.
type figure struct {
	unit        unit
	bad, of     string // Chinese, with their measure words: 条差评, 单签收
	badEN, ofEN string
}

var orders = "单有效订单"

var figures = map[string]figure{
	"quality_refund":      {percent, "单品质退款", orders, "quality refunds", "valid orders"},
	"bad_review":          {percent, "条差评", "单签收", "bad first reviews", "signed orders"},
	"quality_bad_review":  {percent, "条质量差评", "单签收", "bad first reviews", "signed orders"},
	"mismatch_complaint":  {percent, "件成立的投诉", orders, "upheld complaints", "valid orders"},
	"missed_pickup":       {percent, "单揽收超时", "单应揽收", "missed pick-ups", "pick-ups due"},
	"dispute":             {percent, "单平台介入", orders, "disputes", "valid orders"},
	"logistics_complaint": {percent, "件成立的物流投诉", orders, "upheld logistics complaints", "valid orders"},
	"not_self_completed":  {percent, "单非自主完结", "单已完结售后", "refunds not completed by the shop itself", "refunds closed"},
	"chat_unhappy":        {percent, "次不满意", "次已评价会话", "unhappy chats", "rated chats"},
	"slow_reply":          {percent, "次未及时回复", "次会话", "slow replies", "chats"},
	"not_repeat":          {percent, "位未复购买家", "位买家", "buyers without a second purchase", "buyers"},
	"price_coverage":      {percent, "个非好价商品", "个可比商品", "items above the benchmark", "comparable items"},
	"promoter_liable":     {percent, "件带货方担责", "件已判纠纷", "disputes with the promoter liable", "disputes decided"},
	"misleading":          {percent, "件成立的投诉", orders, "upheld complaints", "valid orders"},
	"content_bad_rating":  {percent, "次内容差评", "次内容评价", "bad ratings", "ratings"},
	"content_reports":     {perMyriad, "次成立的举报", "人次观看", "upheld reports", "viewers"},
	"transit_ratio":       {unit: times},
	"refund_hours":        {unit: hours},
	"refund_only_hours":   {unit: hours},
	"return_refund_hours": {unit: hours},
	"gmv_per_mille":       {unit: percentile},
	"effective_gmv":       {unit: percentile},
	"conversion":          {unit: percentile},
	"price_power":         {unit: points},
	"info_score":          {unit: points},
	"product_score":       {unit: points},
	"shop_score":          {unit: points},
}

// Value writes a figure of an indicator as people know it: 3.70%, 22.5 小时.
func Value(indicator string, v float64) string {
	return figures[indicator].unit.write(v, 2, math.Round)
}

// Against writes a figure as it is held against the anchors: of a percentile the share of the category before it.
func Against(indicator string, v float64) string {
	if figures[indicator].unit == percentile {
		return "前 " + Value(indicator, 1-v)
	}
	return Value(indicator, v)
}

// Mean writes a figure in the unit of numerator / denominator, which for some indicators is not that of Value.
func Mean(indicator string, v float64) string {
	if figures[indicator].unit == perMyriad {
		v *= 10_000
	}
	return Value(indicator, v)
}

// Less tells whether smaller figures of the indicator are better.
func Less(indicator string) bool {
	u := figures[indicator].unit
	return u != points && u != percentile
}

func (u unit) write(v float64, digits int, round func(float64) float64) string {
	suffix := ""
	switch u {
	case percent, percentile:
		suffix = "%"
	case hours:
		suffix = " 小时"
	case points:
		suffix = " 分"
	case perMyriad:
		suffix = "/万"
	case times:
		suffix = " 倍"
	}
	power := math.Pow(10, float64(digits))
	return fixed(nearly(round, v*u.scale()*power)/power, digits) + suffix
}

// nearly rounds, taking what is a whole number but for noise as whole.
func nearly(round func(float64) float64, v float64) float64 {
	if whole := math.Round(v); math.Abs(v-whole) < 1e-6 {
		return whole
	}
	return round(v)
}

// pair writes two figures with as many digits as it takes to tell the step between them, at least two, the second
// rounded to the side on which it still suffices.
func (u unit) pair(from, to float64, less bool) (a, b string) {
	safe := math.Ceil
	if less {
		safe = math.Floor
	}
	scale := u.scale()
	for digits := 2; digits <= 6; digits++ {
		a, b = u.write(from, digits, math.Round), u.write(to, digits, safe)
		power := math.Pow(10, float64(digits))
		if told := nearly(safe, to*scale*power) / power; a != b && math.Abs(told-to*scale) <= math.Abs(from-to)*scale/20 {
			break
		}
	}
	return a, b
}

// scale is what a figure is multiplied with to be written.
func (u unit) scale() float64 {
	if u == percent || u == percentile {
		return 100
	}
	return 1
}

func fixed(v float64, digits int) string { return strconv.FormatFloat(v, 'f', digits, 64) }

// Points writes points of a score: two digits, up to four where there are more.
func Points(v float64) string {
	if s := Number(v, 4); len(s) > len("4.00") {
		return s
	}
	return fixed(v, 2)
}

// Apart writes two numbers with at most so many digits and commas, or with as many more as it takes to tell them apart, up
// to nine.
func Apart(a, b float64, digits int) (string, string) {
	for a != b && digits < 9 && Number(a, digits) == Number(b, digits) {
		digits++
	}
	return Number(a, digits), Number(b, digits)
}

// Number writes a number with at most so many digits and commas.
func Number(v float64, digits int) string {
	s := fixed(v, digits)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	whole, rest, dot := strings.Cut(s, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if dot {
		whole += "." + rest
	}
	if whole == "0" {
		sign = "" // what is left of a small negative number
	}
	return sign + whole
}
