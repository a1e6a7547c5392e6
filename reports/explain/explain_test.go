package explain_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/reports/explain"
	"github.com/windvane/windvane/reports/words"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// tables are hand-made rows as testdata/*.rows.json has them: table → rows of column → value. A column that is left
// out is null.
type tables map[string][]map[string]any

// rowsOf turns JSON into rows in the types of the contract.
func rowsOf(t *testing.T, in tables, table *contract.Table) []explain.Row {
	t.Helper()
	var rows []explain.Row
	for _, r := range in[table.Name] {
		row := explain.Row{"resource": strings.TrimPrefix(table.Name, "eligibility_")}
		for name, v := range r {
			if n, ok := v.(float64); ok && (table.Column(name).Kind == contract.Count || table.Column(name).Kind == contract.Fen) {
				v = int64(n)
			}
			row[name] = v
		}
		rows = append(rows, row)
	}
	return rows
}

func read(t *testing.T, name string) tables {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var in tables
	if err := json.Unmarshal(data, &in); err != nil {
		t.Fatal(err)
	}
	return in
}

func build(t *testing.T, role string, in tables, b words.Book) explain.Explanation {
	t.Helper()
	table, dimensions := contract.ProductScore, contract.ProductDimensions
	switch role {
	case "merchant":
		table, dimensions = contract.ShopScore, contract.ShopDimensions
	case "talent":
		table, dimensions = contract.TalentScore, contract.TalentDimensions
	}
	rows := explain.Rows{Score: rowsOf(t, in, table)[0], Indicators: rowsOf(t, in, contract.ScoreIndicators), Lists: map[string]explain.Row{}}
	if prices := rowsOf(t, in, contract.PricePower); len(prices) > 0 {
		rows.Price = prices[0]
	}
	if shops := rowsOf(t, in, contract.ShopScore); role == "product" && len(shops) > 0 {
		rows.Shop = shops[0]
	}
	for _, list := range []*contract.Table{contract.EligibilityTraffic, contract.EligibilitySubsidy, contract.EligibilityBenefit, contract.EligibilityCampaign} {
		for _, row := range rowsOf(t, in, list) {
			id, _ := row["list"].(string)
			rows.Lists[id] = row
		}
	}
	rows.Gates = rowsOf(t, in, contract.EligibilityGates)
	id, _ := rows.Score[table.Key[0]].(string)
	head := explain.Head{AsOf: "2026-03-01", Sequence: 1, Run: "20260302T020000Z-0000", Role: role, Subject: id, Dimensions: dimensions}
	return explain.Build(head, contract.ShopDimensions, rows, b)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-update rewrites it): %s", name, diff)
	}
}

func exact() words.Book { return words.Book{Rules: &config.DefaultRules()[0], Exact: true} }

func text(t *testing.T, e explain.Explanation, b words.Book) string {
	t.Helper()
	var out strings.Builder
	if err := explain.Write(&out, &e, b); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestGolden(t *testing.T) {
	for _, c := range []struct{ name, role string }{
		{"product", "product"},             // two lists: on one, and one review short of the other
		{"shop", "merchant"},               // a severe violation, and a manual decision
		{"talent_without_score", "talent"}, // too few orders: not a low score
	} {
		t.Run(c.name, func(t *testing.T) {
			e := build(t, c.role, read(t, c.name+".rows.json"), exact())
			golden(t, c.name+".txt", text(t, e, exact()))
			var out bytes.Buffer
			enc := json.NewEncoder(&out)
			enc.SetIndent("", " ")
			enc.SetEscapeHTML(false)
			if err := enc.Encode(e); err != nil {
				t.Fatal(err)
			}
			golden(t, c.name+".json", out.String())
		})
	}
}

func TestWithOtherRulesRunsLeftAreUnknown(t *testing.T) {
	b := exact()
	b.Exact = false
	e := build(t, "product", read(t, "product.rows.json"), b)
	got := text(t, e, b)
	for _, no := range []string{"再有 1 次", "附带条件"} {
		if strings.Contains(got, no) {
			t.Errorf("%q is told, though the night's rules are not at hand", no)
		}
	}
	if !strings.Contains(got, "不是当晚所用的规则") || e.RulesAtHand || e.Lists[0].RunsToEnter != nil {
		t.Errorf("nothing says that the rules are others:\n%s", got)
	}
}

func TestTwoVersionsOfTheRulesAreNamed(t *testing.T) {
	b := exact()
	since := *b.Rules
	since.EffectiveFrom = calendar.Of(2026, 2, 20)
	b.Rules, b.Before = &since, &rules.Rules{Version: "2025-01"}
	e := build(t, "product", read(t, "product.rows.json"), b)
	if got := text(t, e, b); *e.RulesSince != "2026-02-20" || *e.RulesBefore != "2025-01" || !strings.Contains(got, "规则版本 2026-11 自 2026-02-20 起生效，此前为 2025-01：") {
		t.Errorf("%v %v\n%s", *e.RulesSince, *e.RulesBefore, got[:400])
	}
	if e := build(t, "product", read(t, "product.rows.json"), exact()); e.RulesSince != nil || e.RulesBefore != nil {
		t.Error("two versions are told where there is one")
	}
}

func TestWithoutRulesIdsAreNames(t *testing.T) {
	e := build(t, "product", read(t, "product.rows.json"), words.Book{})
	if got := text(t, e, words.Book{}); !strings.Contains(got, "■ campaign_item_a campaign_item_a") || !strings.Contains(got, "bad_review") {
		t.Error(got)
	}
}

// TestTheTerminalIsNotSteered by names of the dumps.
func TestTheTerminalIsNotSteered(t *testing.T) {
	in := read(t, "product.rows.json")
	in["eligibility_campaign"][0]["subject_name"] = "\x1b[31m红\r\n"
	if got := text(t, build(t, "product", in, exact()), exact()); strings.ContainsAny(got, "\x1b\r") {
		t.Errorf("%q", got[:80])
	}
}

// Standing is not being on the list: what is told of runs is told of the one that they decide.
func TestRunsAreToldWhereTheyDecide(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	for _, c := range []struct {
		name         string
		row          map[string]any
		enter, leave *int64
		told         string
		no           []string
	}{
		{"a member that is failing", map[string]any{"eligible": true, "standing": true, "reasons": "gate_failed,leaving_slowly"}, nil, n(2),
			"连续：已连续 1 次未达标，再有 2 次将移出", nil},
		{"it stands, and its level weighs nothing", map[string]any{"eligible": false, "movement": "left", "standing": true, "reasons": "gate_failed,leaving_slowly,zero_weight"}, nil, nil,
			"原因：未达标，连续次数未满，资格暂不取消", []string{"将移出", "保留"}},
		{"it stands in the band, and its level weighs nothing", map[string]any{"eligible": false, "movement": "left", "standing": true, "fail_streak": 0., "reasons": "gate_failed,held_in_band,zero_weight"}, nil, nil,
			"原因：略低于门槛，在缓冲带内，资格不变", []string{"将移出", "保留"}},
		{"its shop has no place for it", map[string]any{"eligible": false, "standing": true, "reasons": "gate_failed,leaving_slowly,shop_cap"}, nil, nil, "连续：已连续 1 次未达标\n", []string{"将移出", "保留"}},
		{"people keep it out", map[string]any{"eligible": false, "standing": true, "reasons": "gate_failed,leaving_slowly,override_deny"}, nil, nil, "连续：已连续 1 次未达标\n", []string{"将移出", "保留"}},
		{"people keep it out, and it waits", map[string]any{"eligible": false, "standing": false, "pass_streak": 1., "fail_streak": 0., "reasons": "waiting_to_enter,override_opt_out"}, nil, nil,
			"连续：已连续 1 次达标\n", []string{"等待进入", "取得资格"}},
		{"a member by cold start", map[string]any{"eligible": true, "standing": false, "cold_start": true, "reasons": "no_score,cold_start"}, nil, nil, "连续：已连续 1 次未达标\n", []string{"取得资格", "进入"}},
		{"a member by cold start that still stands", map[string]any{"eligible": true, "standing": true, "cold_start": true, "reasons": "no_score,leaving_slowly,zero_weight,cold_start"}, nil, nil,
			"连续：已连续 1 次未达标\n", []string{"将移出"}},
		{"a member that people let in, and that waits", map[string]any{"eligible": true, "standing": false, "pass_streak": 1., "fail_streak": 0., "reasons": "waiting_to_enter,override_allow"}, nil, nil,
			"原因：已达标，连续次数未满，尚无资格", []string{"等待进入", "取得资格"}},
		{"a member that people let in, and that fails", map[string]any{"eligible": true, "standing": true, "reasons": "gate_failed,leaving_slowly,override_allow"}, nil, nil, "连续：已连续 1 次未达标\n", []string{"将移出"}},
		{"a member of a held list whose level weighs nothing tonight", map[string]any{"eligible": true, "standing": true, "failed_gates": "", "needs": "nothing", "pass_streak": 6., "fail_streak": 0., "reasons": "zero_weight,churn_held"}, nil, nil,
			"原因：按今晚所算，档位系数为 0 zero_weight\n  原因：变动过大，沿用上一次清单 churn_held\n  还需：门槛已全部达标\n", nil},
		{"the same, and it failed before", map[string]any{"eligible": true, "standing": true, "reasons": "gate_failed,zero_weight,churn_held"}, nil, nil,
			"只算已计入的运行：已连续 1 次未达标\n", []string{"将移出"}},
		{"it waits: it will stand, and what its level weighs is not told of who is on no list", map[string]any{"eligible": false, "standing": false, "failed_gates": "", "needs": "nothing", "pass_streak": 1., "fail_streak": 0., "reasons": "waiting_to_enter"}, n(2), nil,
			"连续：已连续 1 次达标，再有 2 次取得资格\n", []string{"还需 2 次", "进入"}},
		{"nobody decided anything of it", map[string]any{"eligible": false, "standing": false, "reasons": "gate_failed"}, n(3), nil, "连续：已连续 1 次未达标；凭门槛取得资格须连续达标 3 次", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := read(t, "product.rows.json")
			in["eligibility_campaign"], in["eligibility_subsidy"] = nil, nil
			row := in["eligibility_traffic"][0]
			maps.Copy(row, map[string]any{"movement": "stayed", "failed_gates": "product_score", "needs": "score", "pass_streak": 0., "fail_streak": 1.})
			maps.Copy(row, c.row)
			e := build(t, "product", in, exact())
			if diff := cmp.Diff([]*int64{c.enter, c.leave}, []*int64{e.Lists[0].RunsToEnter, e.Lists[0].RunsToLeave}); diff != "" {
				t.Errorf("runs to enter and to leave: %s", diff)
			}
			got := text(t, e, exact())
			if !strings.Contains(got, c.told) {
				t.Errorf("%s is not told:\n%s", c.told, got)
			}
			for _, no := range c.no {
				if strings.Contains(got, no) {
					t.Errorf("%s is told:\n%s", no, got)
				}
			}
		})
	}
}

func TestStreaks(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	for _, c := range []struct {
		list explain.List
		want string
	}{
		{explain.List{PassStreak: 2, RunsToEnter: n(1)}, "已连续 2 次达标，再有 1 次取得资格"},
		{explain.List{PassStreak: 2}, "已连续 2 次达标"},
		{explain.List{Standing: true, FailStreak: 2, RunsToLeave: n(1)}, "已连续 2 次未达标，再有 1 次将移出"},
		{explain.List{FailStreak: 2, RunsToEnter: n(3)}, "已连续 2 次未达标；凭门槛取得资格须连续达标 3 次"},
		{explain.List{FailStreak: 2}, "已连续 2 次未达标"},
		{explain.List{Standing: true}, "处于门槛与缓冲带之间，连续次数为 0"},
		{explain.List{Reasons: []string{"gate_failed", "churn_held"}}, "沿用上一次清单，只算已计入的运行：连续次数为 0"},
		{explain.List{Reasons: []string{"churn_held"}, PassStreak: 2, RunsToEnter: n(1)}, "沿用上一次清单，只算已计入的运行：已连续 2 次达标，再有 1 次取得资格"},
		{explain.List{Stale: true, FailStreak: 1}, "沿用上一次清单，只算已计入的运行：已连续 1 次未达标"},
	} {
		if got := c.list.Streak(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// What a 川流 reward is multiplied with goes by the score of the night: a member is promised nothing of it.
func TestMembersAreNotPromisedWhatRewardsDoNotPay(t *testing.T) {
	in := read(t, "talent_without_score.rows.json")
	row := in["eligibility_campaign"][0]
	maps.Copy(row, map[string]any{"list": "benefit_talent", "eligible": true, "level": "A", "movement": "stayed", "standing": true})
	in["eligibility_benefit"], in["eligibility_campaign"] = in["eligibility_campaign"], nil
	if got := text(t, build(t, "talent", in, exact()), exact()); !strings.Contains(got, "所得：工具，样品优先；川流奖励的倍数按当晚带货口碑分，见 talent_rewards") {
		t.Error(got)
	}
}
