package words_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/reports/words"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/rules"
)

// book names things by the built-in rules.
func book() words.Book { return words.Book{Rules: &config.DefaultRules()[0], Exact: true} }

// liftTables are the tables of 川流 lift.
var liftTables = []*contract.Table{contract.ChuanliuLift, contract.ChuanliuProgramme, contract.ChuanliuCaps, contract.TalentRewards, contract.TrafficQuota}

// listTables are the tables of lists and scores.
func listTables() []*contract.Table {
	var tables []*contract.Table
	for _, t := range contract.Publications() {
		if strings.HasPrefix(t.Name, "eligibility_") || strings.Contains(t.Name, "score") || t == contract.PricePower || t == contract.Fives || t == contract.ProductTest || slices.Contains(liftTables, t) {
			tables = append(tables, t)
		}
	}
	return tables
}

func TestEveryColumnOfScoresAndListsHasAName(t *testing.T) {
	if n := len(listTables()); n != 21 {
		t.Errorf("%d tables of scores, lists and lift, want 21", n)
	}
	for _, table := range listTables() {
		seen := map[string]string{}
		for _, c := range table.Columns {
			label, ok := words.Column(c.Name)
			if !ok {
				t.Errorf("%s: column %s has no Chinese name", table.Name, c.Name)
			}
			if other, twice := seen[label]; twice {
				t.Errorf("%s: %s and %s are both called %s", table.Name, other, c.Name, label)
			}
			if seen[label] = c.Name; strings.ContainsAny(label, "\",\r\n") {
				t.Errorf("column %s: %q would need quotes in CSV", c.Name, label)
			}
		}
	}
}

func TestEveryCodeHasAWord(t *testing.T) {
	var reasons eligibility.Reasons = 1<<(eligibility.OwnAccount+1) - 1
	for name, c := range map[string]struct {
		codes []string
		say   func(string) string
	}{
		"reason": {strings.Split(reasons.String(), ","), words.Reason}, "movement": {contract.Movements, words.Movement}, "needs": {contract.Needs, words.Needs},
		"gate state": {contract.GateStates, words.GateState}, "score status": {contract.ScoreStatuses, words.ScoreStatus},
		"price status": {contract.PriceStatuses, words.PriceStatus}, "indicator state": {contract.IndicatorStates, words.IndicatorState},
		"norm level": {contract.NormLevels, words.NormLevel}, "role": {contract.ScoreRoles, words.Role}, "score": {contract.ScoreRoles, words.ScoreName},
		"resource": {rules.Resources, words.Resource}, "lift status": {contract.LiftStatuses, words.LiftStatus}, "lift grade": {contract.LiftGrades, words.LiftGrade},
	} {
		var all []string
		for _, code := range c.codes {
			w := c.say(code)
			if w == code || slices.Contains(all, w) {
				t.Errorf("%s %s is called %q, which is its id or another's", name, code, w)
			}
			all = append(all, w)
		}
	}
}

func TestEveryMeasureHasAName(t *testing.T) {
	for _, m := range rules.Measures {
		if got := (words.Book{}).Gate("any", m); got == m {
			t.Errorf("measure %s has no name", m)
		}
	}
}

// TestIndicatorsAreWrittenAsTheyAreMeasured holds units against how indicators become points.
func TestIndicatorsAreWrittenAsTheyAreMeasured(t *testing.T) {
	for role, known := range map[string][]rules.Known{"product": rules.ProductIndicators, "merchant": rules.ShopIndicators, "talent": rules.TalentIndicators} {
		for _, k := range known {
			if name := book().Indicator(role, k.ID); name == k.ID {
				t.Errorf("%s %s has no name", role, k.ID)
			}
			got := words.Value(k.ID, 0.5)
			switch want := map[rules.Way]string{rules.Rate: "50.00%", rules.Mean: "0.50 ", rules.Percentile: "50.00%", rules.Points: "0.50 分"}[k.Way]; {
			case k.Scale == 10_000:
				if got != "0.50/万" {
					t.Errorf("%s %s writes %s", role, k.ID, got)
				}
			case !strings.HasPrefix(got, want):
				t.Errorf("%s %s writes %s, want %s", role, k.ID, got, want)
			}
			if less := k.Way == rules.Rate || k.Way == rules.Mean; words.Less(k.ID) != less {
				t.Errorf("%s %s: less is better is %v", role, k.ID, !less)
			}
		}
	}
}

func p(v float64) *float64 { return &v }

func TestTheSmallestChangeInASentence(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  words.Change
		zh, eng string
	}{
		{"a rate of a product", words.Change{List: "campaign_item_a", Role: "product", Needs: "score", Of: "bad_review", From: p(16. / 432), To: p(11. / 432), Events: p(5), Volume: p(432)},
			"首评差评率 3.70% → 2.54%：在目前 432 单签收中少 5 条差评即达标",
			"bad_review from 3.70% to 2.54%: 5 fewer bad first reviews of 432 signed orders"},
		{"a rate that moves little has more digits", words.Change{Role: "product", Needs: "score", Of: "dispute", From: p(.01), To: p(.0099996), Events: p(1), Volume: p(2_500_000)},
			"纠纷介入率 1.00000% → 0.99996%：在目前 2,500,000 单有效订单中少 1 单平台介入即达标",
			"dispute from 1.00000% to 0.99996%: 1 fewer disputes of 2,500,000 valid orders"},
		{"the target is rounded so that it suffices", words.Change{Role: "product", Needs: "score", Of: "refund_hours", From: p(48.004), To: p(23.999)},
			"退款时长 48.00 小时 → 23.99 小时 即达标", "refund_hours (hours) from 48.00 to 23.99"},
		{"a percentile rises", words.Change{Role: "product", Needs: "score", Of: "gmv_per_mille", From: p(.45), To: p(.62001)},
			"千次曝光成交额在类目中由前 55.00% 升到前 37.99% 即达标", "gmv_per_mille (percentile in the category) from 45.00% to 62.01%"},
		{"repeat buyers are more, not fewer", words.Change{Role: "merchant", Needs: "score", Of: "not_repeat", From: p(.8), To: p(.785), Events: p(12), Volume: p(800)},
			"90 天未复购率 80.00% → 78.50%：在目前 800 位买家中多 12 位复购即达标",
			"not_repeat from 80.00% to 78.50%: 12 fewer buyers without a second purchase of 800 buyers"},
		{"weighted counts are about", words.Change{Role: "talent", Needs: "score", Of: "quality_refund", From: p(.02), To: p(.01), Events: p(2.31), Volume: p(231.4)},
			"品退率 2.00% → 1.00%：在目前约 231.4 单有效订单中少约 2.4 单品质退款即达标（按日期远近折算）",
			"quality_refund from 2.00% to 1.00%: 2.4 fewer quality refunds of 231.4 valid orders, weighted by recency"},
		{"weighted counts of a shop are about", words.Change{Role: "merchant", Needs: "score", Of: "missed_pickup", From: p(.02), To: p(.01), Events: p(2.31), Volume: p(231.4)},
			"承诺揽收未达率 2.00% → 1.00%：在目前约 231.4 单应揽收中少约 2.4 单揽收超时即达标（按日期远近折算）",
			"missed_pickup from 2.00% to 1.00%: 2.4 fewer missed pick-ups of 231.4 pick-ups due, weighted by recency"},
		{"weighted counts of a product are about", words.Change{Role: "product", Needs: "score", Of: "dispute", From: p(.02), To: p(.01), Events: p(2), Volume: p(231.4)},
			"纠纷介入率 2.00% → 1.00%：在目前约 231.4 单有效订单中少约 2 单平台介入即达标（按日期远近折算）",
			"dispute from 2.00% to 1.00%: 2 fewer disputes of 231.4 valid orders, weighted by recency"},
		{"buyers do not weigh", words.Change{Role: "talent", Needs: "score", Of: "not_repeat", From: p(.8), To: p(.79), Events: p(8), Volume: p(800)},
			"90 天未复购率 80.00% → 79.00%：在目前 800 位买家中多 8 位复购即达标",
			"not_repeat from 80.00% to 79.00%: 8 fewer buyers without a second purchase of 800 buyers"},
		{"a part of a buyer, as older nights have it, is one more", words.Change{Role: "talent", Needs: "score", Of: "not_repeat", From: p(.8), To: p(.7853), Events: p(11.7), Volume: p(800)},
			"90 天未复购率 80.00% → 78.53%：在目前 800 位买家中多 12 位复购即达标",
			"not_repeat from 80.00% to 78.53%: 12 fewer buyers without a second purchase of 800 buyers"},
		{"a share of sales", words.Change{Role: "talent", Needs: "score", Of: "price_coverage", From: p(.6), To: p(.4125), Events: p(3.75), Volume: p(20)},
			"非好价成交占比 60.00% → 41.25%：可比商品 20 个，其中三星及以上的成交占比须升到 58.75% 即达标",
			"price_coverage from 60.00% to 41.25%: 58.75% of the sales of 20 comparable items have to be at 3 stars or better"},
		{"a gate on orders", words.Change{List: "subsidy_item", Role: "product", Needs: "gate", Of: "valid_orders", From: p(80), To: p(100)},
			"近 30 天有效订单 80 → 100：再有 20 单即达标", "valid_orders from 80 to 100"},
		{"a gate on the shop", words.Change{List: "campaign_item_a", Role: "product", Needs: "gate", Of: "shop_score", From: p(4.3517), To: p(4.4)},
			"所属店铺体验分（近几次均值） 4.3517 → 4.40 即达标", "shop_score from 4.3517 to 4.4"},
		{"a gate on the shop between hundredths", words.Change{List: "campaign_item_a", Role: "product", Needs: "gate", Of: "shop_score", From: p(4.4617), To: p(4.465)},
			"所属店铺体验分（近几次均值） 4.4617 → 4.465 即达标", "shop_score from 4.4617 to 4.465"},
		{"refunds between hundredths", words.Change{List: "subsidy_item", Role: "product", Needs: "gate", Of: "refund_rate", From: p(1.834), To: p(1.4655)},
			"退款率须由类目均值（无类目或类目无成交时为全平台均值）的 1.834 倍降到 1.4655 倍以内即达标", "refund_rate from 1.834 to 1.4655"},
		{"a gate without data", words.Change{List: "subsidy_item", Role: "product", Needs: "gate", Of: "price_stars"},
			"价格星级：目前没有数据，有数据且达标即可", "price_stars is not known; it has to be, and pass"},
		{"severe violations", words.Change{List: "benefit_shop", Role: "merchant", Needs: "gate", Of: "no_severe", From: p(1), To: p(0)},
			"90 天内严重违规 1 次 → 0 次：须等违规满 90 天，或申诉成立", "no_severe from 1 to 0"},
		{"severe violations count for 30 days where the rule says so", words.Change{List: "traffic_live", Role: "talent", Needs: "gate", Of: "no_severe", From: p(1), To: p(0)},
			"30 天内严重违规 1 次 → 0 次：须等违规满 30 天，或申诉成立", "no_severe from 1 to 0"},
		{"refunds just over the line", words.Change{List: "subsidy_item", Role: "product", Needs: "gate", Of: "refund_rate", From: p(1.50003), To: p(1.5)},
			"退款率须由类目均值（无类目或类目无成交时为全平台均值）的 1.50003 倍降到 1.50000 倍以内即达标", "refund_rate from 1.50003 to 1.5"},
		{"a rate just over the line", words.Change{Role: "product", Needs: "score", Of: "dispute", From: p(.01504), To: p(.015), Events: p(1), Volume: p(25_000)},
			"纠纷介入率 1.504% → 1.500%：在目前 25,000 单有效订单中少 1 单平台介入即达标",
			"dispute from 1.504% to 1.500%: 1 fewer disputes of 25,000 valid orders"},
		{"refunds", words.Change{List: "subsidy_item", Role: "product", Needs: "gate", Of: "refund_rate", From: p(1.834), To: p(1.5)},
			"退款率须由类目均值（无类目或类目无成交时为全平台均值）的 1.83 倍降到 1.50 倍以内即达标", "refund_rate from 1.834 to 1.5"},
		{"several things", words.Change{List: "campaign_item_a", Role: "product", Needs: "more_than_one_change", Failed: "product_score,no_severe", Reasons: "gate_failed"},
			"须同时改进多项：商品分（近几次均值）；90 天内严重违规", "more than one change is needed: product_score,no_severe"},
		{"too few runs", words.Change{List: "campaign_item_a", Role: "product", Needs: "more_than_one_change", Failed: "product_score,shop_score", Reasons: "history_short"},
			"有评分的运行次数还不够，暂不能判断：商品分（近几次均值）；店铺体验分（近几次均值）", "too few runs with a score to judge by: product_score,shop_score"},
		{"too few runs of a member that is leaving", words.Change{List: "campaign_item_a", Role: "product", Needs: "more_than_one_change", Failed: "shop_score", Reasons: "history_short,leaving_slowly"},
			"有评分的运行次数还不够，暂不能判断：店铺体验分（近几次均值）", "too few runs with a score to judge by: shop_score"},
		{"too few runs, on a list that is held", words.Change{List: "campaign_item_a", Role: "product", Needs: "more_than_one_change", Failed: "shop_score", Reasons: "history_short,churn_held"},
			"有评分的运行次数还不够，暂不能判断：店铺体验分（近几次均值）", "too few runs with a score to judge by: shop_score"},
		{"too few runs and a gate that fails", words.Change{List: "campaign_item_a", Role: "product", Needs: "more_than_one_change", Failed: "shop_score,no_severe", Reasons: "gate_failed,history_short"},
			"须同时改进多项：店铺体验分（近几次均值）；90 天内严重违规", "more than one change is needed: shop_score,no_severe"},
		{"a held list of an older binary, which names no gates", words.Change{Needs: "more_than_one_change", Reasons: "churn_held"}, "须同时改进多项", "more than one change is needed"},
		{"no score, on a list that is held", words.Change{Role: "product", Needs: "score", Failed: "product_score", Reasons: "no_score,churn_held"},
			"须先有评分：有效订单还不够（窗口内至少 30 单）", "a score is needed first: there are too few valid orders"},
		{"no score", words.Change{Role: "product", Needs: "score", Reasons: "no_score"},
			"须先有评分：有效订单还不够（窗口内至少 30 单）", "a score is needed first: there are too few valid orders"},
		{"nothing helps", words.Change{Role: "product", Needs: "score", Reasons: "gate_failed"},
			"须提高分数，但没有哪一项指标单独改进就够", "a better score is needed; no single indicator brings it"},
		{"of who is no subject any more", words.Change{List: "campaign_item_a", Role: "product", Reasons: "gone"}, "", ""},
		{"time", words.Change{Needs: "time"}, "只差时间：保持现在的分数即可", "nothing but time, if the scores stay"},
		{"nothing", words.Change{Needs: "nothing"}, "门槛已全部达标", "all gates pass"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.change.Chinese(book()); got != c.zh {
				t.Errorf("got  %s\nwant %s", got, c.zh)
			}
			if got := c.change.English(); got != c.eng {
				t.Errorf("got  %s\nwant %s", got, c.eng)
			}
		})
	}
}

func TestAGateIsNamedByTheThresholdOfTheRule(t *testing.T) {
	for line, want := range map[float64]string{4.7: "店铺体验分达到 4.70 的次数", 4.465: "店铺体验分达到 4.465 的次数", 4.4655: "店铺体验分达到 4.4655 的次数"} {
		l := rules.List{ID: "mine", Gates: []rules.Gate{{ID: "shop_score", Measure: "shop_score", Over: "days", Days: 20, OfDays: 30, AtLeast: &line}}}
		b := words.Book{Rules: &rules.Rules{Lists: []rules.List{l}}, Exact: true}
		if got := b.Gate("mine", "shop_score"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		b.Exact = false // the night may have gone by another threshold
		if got := b.Gate("mine", "shop_score"); got != "店铺体验分达标的次数" {
			t.Errorf("by rules that are not those of the night: %s", got)
		}
	}
}

func TestWithoutRulesIdsAreNames(t *testing.T) {
	var b words.Book
	for got, want := range map[string]string{
		b.List("my_list"): "my_list", b.Indicator("product", "bad_review"): "bad_review", b.Dimension("talent", "content"): "content", b.Grade("A"): "A",
		b.Gate("my_list", "product_score"): "商品分", b.Gate("my_list", "colour"): "colour", b.Grants("my_list", "A"): "",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// The same id may mean two things: a table of figures has its own names.
func TestEveryPublishedColumnHasAHeader(t *testing.T) {
	for _, table := range contract.Publications() {
		seen := map[string]string{}
		for _, c := range table.Columns {
			label := words.HeaderIn(words.Chinese, table.Name, c.Name)
			if label == c.Name || strings.ContainsAny(label, "\",\r\n") {
				t.Errorf("%s: column %s has the header %q", table.Name, c.Name, label)
			}
			if other, twice := seen[label]; twice {
				t.Errorf("%s: %s and %s are both called %s", table.Name, other, c.Name, label)
			}
			seen[label] = c.Name
		}
	}
	for _, c := range [][3]string{
		{"chuanliu_lift", "first_day", "首个入组日"}, {"overview", "first_day", "首日"}, {"score_norms", "month", "适用月份"}, {"monthly_buyers", "month", "月份"},
		{"trust", "distribution_buyers", "30 天前窗口的分销买家数"}, {"product_test", "distribution_buyers", "90 天分销买家数"},
	} {
		if got := words.HeaderIn(words.Chinese, c[0], c[1]); got != c[2] {
			t.Errorf("%s of %s is %s, want %s", c[1], c[0], got, c[2])
		}
	}
}

func TestHeaders(t *testing.T) {
	for _, c := range []struct{ form, column, want string }{
		{"", "rank", "rank"}, {words.English, "rank", "rank"}, {words.Chinese, "rank", "名次"}, {words.Both, "rank", "名次 rank"},
		{words.Chinese, "gmv_net15_fen", "15 天退款后成交额（分）"}, {words.Chinese, "window", "window"}, {words.Both, "nobody_fen", "nobody_fen"},
	} {
		if got := words.HeaderIn(c.form, "eligibility_campaign", c.column); got != c.want {
			t.Errorf("%s of %s is %s, want %s", c.form, c.column, got, c.want)
		}
	}
}
