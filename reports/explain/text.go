package explain

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/windvane/windvane/reports/words"
)

// none stands for a null.
const none = "–"

// page prints one explanation.
type page struct {
	out  strings.Builder
	book words.Book
	e    *Explanation
}

// Write prints the explanation for people.
func Write(w io.Writer, e *Explanation, b words.Book) error {
	p := page{book: b, e: e}
	p.head()
	p.score(e.Role, &e.Score)
	p.indicators()
	p.price()
	if e.Shop != nil {
		p.line("")
		p.score("merchant", e.Shop)
	}
	for i := range e.Lists {
		p.list(&e.Lists[i])
	}
	if len(e.Lists) == 0 {
		p.line("\n没有清单考虑过它 no list")
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

func (p *page) line(format string, args ...any) {
	fmt.Fprintf(&p.out, format+"\n", args...)
}

func (p *page) head() {
	e := p.e
	name := ""
	if e.Name != nil {
		name = "「" + words.Printable(*e.Name) + "」"
	}
	p.line("%s %s %s%s", words.Role(e.Role), e.Role, words.Printable(e.SubjectID), name)
	facts := []string{"数据日期 " + e.AsOf, fmt.Sprintf("第 %d 次提交", e.Sequence)}
	if e.MerchantID != nil {
		facts = append(facts, "店铺 "+words.Printable(*e.MerchantID))
	}
	if e.Category1ID != nil {
		facts = append(facts, "一级类目 "+words.Printable(*e.Category1ID))
	}
	p.line("%s", strings.Join(append(facts, "规则版本 "+e.RulesVersion), " · "))
	if e.RulesSince != nil {
		p.line("规则版本 %s 自 %s 起生效，此前为 %s：均值与连续次数跨越两版，每晚的分数和结论仍按当晚的规则", e.RulesVersion, *e.RulesSince, words.Printable(*e.RulesBefore))
	}
	if !e.RulesAtHand {
		p.line("注意：本机配置的规则不是当晚所用的规则；名称借用现有规则，还需几次无从得知")
	}
	p.line("")
}

func (p *page) score(role string, s *Score) {
	title := words.ScoreName(role) + " " + scoreID(role)
	if role != p.e.Role {
		title = "所属店铺 " + words.Printable(s.SubjectID) + " 的" + title
	}
	if s.Score == nil {
		p.line("%s：%s %s", title, words.ScoreStatus(s.Status), s.Status)
	} else {
		p.line("%s：%.2f　等级 %s %s%s　较上一次 %s　%s %s", title, *s.Score, word(s.Grade), p.book.Grade(word(s.Grade)), tier(s.Tier), signed(s.Change, 2),
			words.ScoreStatus(s.Status), s.Status)
	}
	var dimensions []string
	for _, d := range s.Dimensions {
		dimensions = append(dimensions, fmt.Sprintf("%s %s %s", p.book.Dimension(role, d.ID), d.ID, fixed(d.Score, 2)))
	}
	p.line("  维度：%s", strings.Join(dimensions, " · "))
	facts := fmt.Sprintf("  保守分 %s · 覆盖权重 %.2f%% · 窗口 %d 天 · 有效订单 %s · 违规积分 %d", fixed(s.LowerScore, 2), s.Coverage*100, s.WindowDays, words.Number(float64(s.Orders), 0), s.Points)
	if s.GoodsScore != nil {
		facts += " · 本店商品分 " + fixed(s.GoodsScore, 2)
	}
	p.line("%s", facts)
	p.deduction(s)
}

// deduction says what lies between the indicators and the score.
func (p *page) deduction(s *Score) {
	if s.Sum == nil {
		return
	}
	took := ""
	if math.Abs(*s.Sum-*s.Score) > 0.0051 {
		took = fmt.Sprintf("，违规处理后 %.2f", *s.Score)
	}
	p.line("  指标合计 %.6f%s", *s.Sum, took)
}

func scoreID(role string) string {
	if role == "merchant" {
		return "shop_score"
	}
	return role + "_score"
}

func tier(t *string) string {
	if t == nil {
		return ""
	}
	return " · " + *t
}

func (p *page) indicators() {
	if len(p.e.Indicators) == 0 {
		p.line("\n窗口内没有有效订单，没有指标可列")
		return
	}
	p.line("\n指标：每一步都可手工复算；小样本按强度向类目均值收缩，折算权重 = 缺项的权重分给其余各项")
	t := newTable("指标", "", "状态", "分子/分母", "类目均值×强度", "对比值", "锚点 5.0 / 4.7 / 4.3 / 3.0", "比较范围", "得分", "权重→折算", "贡献")
	for i := range p.e.Indicators {
		in := &p.e.Indicators[i]
		t.AppendRow(table.Row{p.book.Indicator(p.e.Role, in.ID), in.ID, words.IndicatorState(in.State) + " " + in.State, fraction(in), pull(in), value(in), anchors(in),
			level(in), fixed(in.Points, 4), fmt.Sprintf("%s→%s", words.Number(in.Weight, 4), words.Number(in.Effective, 4)), fixed(in.Contribution, 4)})
	}
	p.table(t)
}

func fraction(in *Indicator) string {
	if in.Numerator == nil || in.Denominator == nil {
		return none
	}
	if *in.Denominator == 1 && in.Mean == nil {
		return words.Number(*in.Numerator, 2) // percentiles and points: the figure itself
	}
	return words.Number(*in.Numerator, 2) + "/" + words.Number(*in.Denominator, 2)
}

func pull(in *Indicator) string {
	if in.Mean == nil {
		return none
	}
	mean := words.Mean(in.ID, *in.Mean)
	if in.Strength == nil {
		return mean
	}
	return mean + "×" + words.Number(*in.Strength, 1)
}

func value(in *Indicator) string {
	if in.Value == nil {
		return none
	}
	return words.Against(in.ID, *in.Value)
}

func anchors(in *Indicator) string {
	if len(in.Anchors) == 0 {
		return none
	}
	parts := make([]string, len(in.Anchors))
	for i, a := range in.Anchors {
		if parts[i] = none; a != nil {
			parts[i] = words.Value(in.ID, *a)
		}
	}
	return strings.Join(parts, " / ")
}

func level(in *Indicator) string {
	if in.NormLevel == nil {
		return none
	}
	return words.NormLevel(*in.NormLevel)
}

func (p *page) price() {
	if p.e.Role != "product" {
		return
	}
	if p.e.Price == nil {
		p.line("\n价格力 price_power：价格窗口内没有有效订单，不参与比价（中性）")
		return
	}
	f := p.e.Price
	p.line("\n价格力 price_power：%s %s", words.PriceStatus(f.Status), f.Status)
	s := fmt.Sprintf("  单件价格 %s 元（%s 单）", yuan(f.UnitPriceFen), words.Number(float64(f.Orders), 0))
	if f.StyleID != nil {
		s += fmt.Sprintf(" · 同款 %s：其他店铺 %d 家、%s 单", words.Printable(*f.StyleID), f.BenchmarkShops, words.Number(float64(f.BenchmarkOrders), 0))
	}
	if f.BenchmarkFen != nil {
		s += " · 基准价 " + yuan(*f.BenchmarkFen) + " 元"
	}
	if f.Ratio != nil {
		s += fmt.Sprintf(" · 价格/基准 %.2f%%", *f.Ratio*100)
	}
	if f.Stars != nil {
		s += fmt.Sprintf(" · %d 星", *f.Stars)
	} else {
		s += " · 不可比，对分数中性"
	}
	p.line("%s", s)
}

func (p *page) list(l *List) {
	on := "未入选"
	if l.Eligible {
		on = "入选"
	}
	p.line("\n■ %s %s（%s %s）：%s", p.book.List(l.ID), l.ID, words.Resource(l.Resource), l.Resource, on)
	p.line("  名次 %s（上次 %s） · 档位 %s · 系数 %s · %s %s · 自 %s 起", whole(l.Rank), whole(l.RankBefore), word(l.Level), number(l.Multiplier),
		words.Movement(l.Movement), l.Movement, l.Since)
	if l.Level != nil {
		if grants := p.book.Grants(l.ID, *l.Level); grants != "" {
			p.line("  所得：%s", grants)
		}
	}
	if l.Causes != nil {
		p.line("  变动原因：%s", l.Causes.words())
	}
	p.gates(l)
	for _, code := range l.Reasons {
		p.line("  原因：%s %s", words.Reason(code), code)
	}
	p.line("  还需：%s", l.NeedsChinese)
	p.line("  连续：%s", l.Streak())
	if l.Override != nil {
		p.line("  人工处理 override：%s", words.Printable(*l.Override))
	}
	if l.Stale {
		p.line("  输入迟到，沿用上一次清单 stale；门槛一栏是今晚不完整的数据所说，不是清单所据")
	}
	if l.because("churn_held") {
		p.line("  清单沿用上一次 churn_held；门槛一栏、未达标、档位系数为 0 与还需是今晚所说，名次、档位与系数是上一次的")
	}
	if r := p.book.ListRules(l.ID); r != nil && p.book.Exact && r.Condition != "" {
		p.line("  附带条件：%s", r.Condition)
	}
	p.line("  有效期 %s 至 %s · 规则版本 %s", l.ValidFrom, l.ValidTo, l.RulesVersion)
}

func (p *page) gates(l *List) {
	t := newTable("  门槛", "", "数值", "要求", "差额", "结论", "自", "")
	for _, g := range l.Gates {
		band := ""
		if g.InBand {
			band = "在缓冲带内"
		}
		value, margin := number(g.Value), signed(g.Margin, 4)
		switch {
		case g.Value == nil:
		case p.book.IsScore(l.ID, g.ID, g.Threshold):
			value = words.Points(*g.Value)
		default: // digits enough to see on which side it stands
			value, _ = words.Apart(*g.Value, g.Threshold, 4)
		}
		t.AppendRow(table.Row{"  " + p.book.Gate(l.ID, g.ID), g.ID, value, p.bound(l.ID, &g), margin, words.GateState(g.State) + " " + g.State, word(g.Since), band})
	}
	p.table(t)
}

// bound is the threshold with its direction, which the table tells by the sign of the margin, and else the rules.
func (p *page) bound(list string, g *Gate) string {
	sign := "≥"
	if r := p.book.GateRules(list, g.ID); r != nil && r.AtMost != nil {
		sign = "≤"
	}
	if g.Margin != nil && g.Value != nil && *g.Margin != 0 {
		sign = "≥"
		if (*g.Value-g.Threshold > 0) != (*g.Margin > 0) {
			sign = "≤"
		}
	}
	if p.book.IsScore(list, g.ID, g.Threshold) {
		return sign + " " + words.Points(g.Threshold)
	}
	return sign + " " + words.Number(g.Threshold, 4)
}

// words say the causes that count, with their ids; +1 speaks for entering, -1 for leaving.
func (c *Causes) words() string {
	var parts []string
	add := func(id string, n int64) {
		if n != 0 {
			parts = append(parts, fmt.Sprintf("%s cause_%s %+d", strings.TrimPrefix(words.Header("cause_"+id), "变动原因："), id, n))
		}
	}
	add("data", c.Data)
	add("others", c.Others)
	if c.LateData != nil {
		add("late_data", *c.LateData)
	}
	add("rules", c.Rules)
	return strings.Join(parts, " · ")
}

// Streak says in words how the subject's runs in a row stand. What becomes of its place is said where they decide that alone.
func (l *List) Streak() string {
	if l.Stale || l.because("churn_held") {
		return "沿用上一次清单，只算已计入的运行：" + l.counted("连续次数为 0")
	}
	return l.counted("处于门槛与缓冲带之间，连续次数为 0")
}

func (l *List) counted(none string) string {
	switch {
	case l.PassStreak > 0 && l.RunsToEnter != nil:
		return fmt.Sprintf("已连续 %d 次达标，再有 %d 次取得资格", l.PassStreak, *l.RunsToEnter)
	case l.PassStreak > 0:
		return fmt.Sprintf("已连续 %d 次达标", l.PassStreak)
	case l.FailStreak > 0 && l.RunsToLeave != nil:
		return fmt.Sprintf("已连续 %d 次未达标，再有 %d 次将移出", l.FailStreak, *l.RunsToLeave)
	case l.FailStreak > 0 && l.RunsToEnter != nil:
		return fmt.Sprintf("已连续 %d 次未达标；凭门槛取得资格须连续达标 %d 次", l.FailStreak, *l.RunsToEnter)
	case l.FailStreak > 0:
		return fmt.Sprintf("已连续 %d 次未达标", l.FailStreak)
	}
	return none
}

func newTable(header ...string) table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.Style().Box.PaddingLeft, t.Style().Box.PaddingRight = "", "  "
	t.Style().Format.Header = text.FormatDefault
	row := make(table.Row, len(header))
	for i, h := range header {
		row[i] = h
	}
	t.AppendHeader(row)
	return t
}

func (p *page) table(t table.Writer) {
	for line := range strings.SplitSeq(t.Render(), "\n") {
		p.line("%s", strings.TrimRight(line, " "))
	}
}

func fixed(v *float64, digits int) string {
	if v == nil {
		return none
	}
	return strconv.FormatFloat(*v, 'f', digits, 64)
}

func number(v *float64) string {
	if v == nil {
		return none
	}
	return words.Number(*v, 4)
}

func signed(v *float64, digits int) string {
	switch {
	case v == nil:
		return none
	case *v > 0:
		more, _ := words.Apart(*v, 0, digits)
		return "+" + more
	}
	less, _ := words.Apart(*v, 0, digits)
	return less
}

func whole(v *int64) string {
	if v == nil {
		return none
	}
	return words.Number(float64(*v), 0)
}

func word(s *string) string {
	if s == nil {
		return none
	}
	return *s
}

// yuan writes fen with two decimals.
func yuan(fen int64) string {
	sign := ""
	if fen < 0 {
		sign, fen = "-", -fen
	}
	return fmt.Sprintf("%s%s.%02d", sign, words.Number(float64(fen/100), 0), fen%100)
}
