package words

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/windvane/windvane/transforms/rules"
)

// Change is the smallest change with which a subject would qualify for a list, as tables tell it.
type Change struct {
	List, Role, Needs string
	Of                string   // indicator or gate; empty: none
	From, To          *float64 // nil: not known
	Events, Volume    *float64 // of rates; nil: not a rate
	Failed            string   // gates that failed, by comma
	Reasons           string   // reason codes, by comma
}

// onlyShort tells whether nothing but too few runs with a score stands in the way.
func (c Change) onlyShort() bool {
	return c.Needs == "more_than_one_change" && c.because("history_short") && !c.because("gate_failed") && !c.because("no_score") && !c.because("not_known")
}

// withoutScore tells whether the subject lacks a score rather than a good one.
func (c Change) withoutScore() bool {
	return c.Needs == "score" && c.Of == "" && c.because("no_score")
}

// because tells whether a reason is among those of the row.
func (c Change) because(reason string) bool {
	return slices.Contains(strings.Split(c.Reasons, ","), reason)
}

// minimum is how many orders a score asks for.
func (b Book) minimum() string {
	if b.Rules == nil || !b.Exact {
		return ""
	}
	return fmt.Sprintf("（窗口内至少 %d 单）", b.Rules.MinimumOrders)
}

// Chinese is a sentence that staff can tell a merchant; empty: nothing would help, since it is no subject any more.
func (c Change) Chinese(b Book) string {
	switch {
	case c.onlyShort():
		return "有评分的运行次数还不够，暂不能判断：" + b.Gates(c.List, c.Failed)
	case c.Needs == "more_than_one_change" && c.Failed != "":
		return Needs(c.Needs) + "：" + b.Gates(c.List, c.Failed)
	case c.withoutScore():
		return "须先有评分：有效订单还不够" + b.minimum()
	case c.Needs == "score" && c.Of == "":
		return "须提高分数，但没有哪一项指标单独改进就够"
	case c.Of == "":
		return Needs(c.Needs)
	case c.Needs == "gate":
		return c.gate(b)
	}
	return c.indicator(b)
}

// English is the same for programs and for staff who read English; names are ids.
func (c Change) English() string {
	switch {
	case c.Needs == "":
		return ""
	case c.onlyShort():
		return "too few runs with a score to judge by: " + c.Failed
	case c.Needs == "more_than_one_change" && c.Failed == "": // a held list of an older binary
		return "more than one change is needed"
	case c.Needs == "more_than_one_change":
		return "more than one change is needed: " + c.Failed
	case c.withoutScore():
		return "a score is needed first: there are too few valid orders"
	case c.Needs == "score" && c.Of == "":
		return "a better score is needed; no single indicator brings it"
	case c.Needs == "time":
		return "nothing but time, if the scores stay"
	case c.Needs == "nothing":
		return "all gates pass"
	case c.To == nil:
		return c.Of + " is not known; it has to be, and pass"
	case c.Needs == "gate":
		if c.From == nil {
			return fmt.Sprintf("%s from unknown to %s", c.Of, Number(*c.To, 4))
		}
		from, to := Apart(*c.From, *c.To, 4)
		return fmt.Sprintf("%s from %s to %s", c.Of, from, to)
	}
	f := figures[c.Of]
	from, to := f.unit.english().pair(orZero(c.From), *c.To, Less(c.Of))
	s := fmt.Sprintf("%s%s from %s to %s", c.Of, f.unit.noteEN(), from, to)
	switch {
	case c.Events == nil || c.Volume == nil || f.badEN == "":
	case c.Of == "price_coverage":
		s += fmt.Sprintf(": %s of the sales of %s %s have to be at 3 stars or better", percent.write(1-*c.To, 2, math.Ceil), Number(*c.Volume, 1), f.ofEN)
	case c.weighted():
		s += fmt.Sprintf(": %s fewer %s of %s %s, weighted by recency", c.fewer(), f.badEN, Number(*c.Volume, 1), f.ofEN)
	default:
		s += fmt.Sprintf(": %s fewer %s of %s %s", c.fewer(), f.badEN, Number(*c.Volume, 1), f.ofEN)
	}
	return s
}

// english is the unit in whose form English sentences write a figure: without Chinese words.
func (u unit) english() unit {
	if u == percent || u == percentile {
		return percent
	}
	return plain
}

func (u unit) noteEN() string {
	switch u {
	case hours:
		return " (hours)"
	case points:
		return " (points)"
	case percentile:
		return " (percentile in the category)"
	case perMyriad:
		return " (per 10,000)"
	}
	return ""
}

// weighted tells whether events are counted with the weight of their day: rules may ask that of any score, and without it they are whole.
func (c Change) weighted() bool {
	return c.Events != nil && (*c.Events != math.Trunc(*c.Events) || *c.Volume != math.Trunc(*c.Volume)) &&
		slices.ContainsFunc(knownOf(c.Role), func(k rules.Known) bool { return k.ID == c.Of && k.Counts == rules.Events })
}

// knownOf are the indicators of a role's score.
func knownOf(role string) []rules.Known {
	switch role {
	case "product":
		return rules.ProductIndicators
	case "merchant":
		return rules.ShopIndicators
	}
	return rules.TalentIndicators
}

// fewer is how many events fewer suffice: whole ones, unless they weigh.
func (c Change) fewer() string {
	if c.weighted() {
		return Number(upTenth(*c.Events), 1)
	}
	return Number(nearly(math.Ceil, *c.Events), 0)
}

func (c Change) indicator(b Book) string {
	f := figures[c.Of]
	name := b.Indicator(c.Role, c.Of)
	if c.To == nil {
		return name + " 暂无数据"
	}
	from, to := f.unit.pair(orZero(c.From), *c.To, Less(c.Of))
	if f.unit == percentile { // people count from the top
		from, to = f.unit.pair(1-orZero(c.From), 1-*c.To, true)
		return fmt.Sprintf("%s在类目中由前 %s 升到前 %s 即达标", name, from, to)
	}
	head := fmt.Sprintf("%s %s → %s", name, from, to)
	if c.Events == nil || c.Volume == nil || f.bad == "" {
		return head + " 即达标"
	}
	about, note := "", ""
	if c.weighted() {
		about, note = "约", "（按日期远近折算）"
	}
	switch c.Of {
	case "not_repeat":
		return fmt.Sprintf("%s：在目前 %s %s中多 %s 位复购即达标", head, Number(*c.Volume, 1), f.of, c.fewer())
	case "price_coverage":
		return fmt.Sprintf("%s：可比商品 %s 个，其中三星及以上的成交占比须升到 %s 即达标", head, Number(*c.Volume, 1), percent.write(1-*c.To, 2, math.Ceil))
	}
	return fmt.Sprintf("%s：在目前%s %s %s中少%s %s %s即达标", head, about, Number(*c.Volume, 1), f.of, about, c.fewer(), f.bad) + note
}

// gate is the sentence about a gate that is not on the subject's own score.
func (c Change) gate(b Book) string {
	measure, name := b.measureOf(c.List, c.Of), b.Gate(c.List, c.Of)
	if c.To == nil || c.From == nil {
		return name + "：目前没有数据，有数据且达标即可"
	}
	from, to := Apart(*c.From, *c.To, 4)
	switch measure {
	case "shop_score", "product_score", "talent_score", "product_quality":
		if g := b.GateRules(c.List, c.Of); *c.To > 5 || g != nil && g.Over == "days" {
			return fmt.Sprintf("%s %s → %s 次即达标", name, from, to)
		}
		if c.Role == "product" && measure == "shop_score" {
			name = "所属" + name
		}
		return fmt.Sprintf("%s %s → %s 即达标", name, fixed(*c.From, 4), Points(*c.To))
	case "price_stars":
		return fmt.Sprintf("%s %s 星 → %s 星即达标", name, from, to)
	case "valid_orders_30d", "valid_orders":
		return fmt.Sprintf("%s %s → %s：再有 %s 单即达标", name, from, to, Number(math.Ceil(*c.To-*c.From), 0))
	case "refund_rate_to_category", "refund_rate":
		if Number(*c.To, 2) == Number(*c.To, 4) { // else more digits are the rule's, which are not rounded
			from, to = plain.pair(*c.From, *c.To, true)
		}
		return fmt.Sprintf("退款率须由类目均值（无类目或类目无成交时为全平台均值）的 %s 倍降到 %s 倍以内即达标", from, to)
	case "severe_violations_30d":
		return fmt.Sprintf("%s %s 次 → %s 次：须等违规满 30 天，或申诉成立", name, from, to)
	case "severe_violations_90d":
		return fmt.Sprintf("%s %s 次 → %s 次：须等违规满 90 天，或申诉成立", name, from, to)
	}
	return fmt.Sprintf("%s %s → %s 即达标", name, from, to)
}

// upTenth rounds up to a tenth, so that what is told suffices.
func upTenth(v float64) float64 { return nearly(math.Ceil, v*10) / 10 }

func orZero(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}
