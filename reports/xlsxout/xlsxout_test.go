package xlsxout_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/reports/words"
	"github.com/windvane/windvane/reports/xlsxout"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
)

// base is a row that every test changes a little.
const base = `"as_of_date": "2026-03-01", "role": "product", "eligible": false, "movement": "out", "since": "2026-02-27", "orders": 0, "failed_gates": "",
  "reasons": "", "needs": "nothing", "standing": false, "pass_streak": 0, "fail_streak": 0, "gates_since": "", "cold_start": false, "stale": false,
  "valid_from": "2026-03-02", "valid_to": "2026-03-02", "rules_version": "2026-11"`

// row is a row of JSON: base, and what the test says, which wins.
func row(more string) string {
	all := map[string]json.RawMessage{}
	for _, part := range []string{base, more} {
		if err := json.Unmarshal([]byte("{"+part+"}"), &all); err != nil {
			panic(fmt.Sprintf("%v: %s", err, part))
		}
	}
	data, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func record(t testing.TB, mem memory.Allocator, rows ...string) arrow.Record {
	t.Helper()
	rec, _, err := array.RecordFromJSON(mem, contract.EligibilityCampaign.Schema(nil), strings.NewReader("["+strings.Join(rows, ",")+"]"), array.WithUseNumber())
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func options() xlsxout.Options {
	return xlsxout.Options{AsOf: "2026-03-01", Sequence: 2, Book: words.Book{Rules: &config.DefaultRules()[0], Exact: true}}
}

// written is a workbook of these rows.
func written(t testing.TB, o xlsxout.Options, rows ...string) []byte {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	var out bytes.Buffer
	w, err := xlsxout.New(&out, contract.EligibilityCampaign, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows { // a record a row: how rows are cut into records must not matter
		rec := record(t, mem, r)
		err := w.Write(rec)
		rec.Release()
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func reread(t testing.TB, data []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// column is the header's place of a column in a sheet.
func column(t testing.TB, f *excelize.File, sheet, id string) string {
	t.Helper()
	rows, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(rows[1], id)
	if at < 0 {
		t.Fatalf("sheet %s has no column %s: %v", sheet, id, rows[1])
	}
	name, _ := excelize.ColumnNumberToName(at + 1)
	return name
}

func cell(t testing.TB, f *excelize.File, sheet, id string, row int, o ...excelize.Options) string {
	t.Helper()
	v, err := f.GetCellValue(sheet, fmt.Sprint(column(t, f, sheet, id), row), o...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestMembersAndOthersOfEachList(t *testing.T) {
	f := reread(t, written(t, options(),
		row(`"list": "campaign_item_a", "subject_id": "7", "subject_name": "保温杯", "merchant_id": "20", "category1_id": "111", "eligible": true, "rank": 1, "rank_before": 3,
		  "level": "A", "multiplier": 1, "movement": "entered", "product_score": 4.77, "shop_score": 4.68, "lower_score": 4.6, "orders": 4673, "gmv_net15_fen": 210593992,
		  "reasons": "first_run", "pass_streak": 1`),
		row(`"list": "campaign_item_a", "subject_id": "8", "failed_gates": "product_score", "reasons": "gate_failed", "needs": "score", "change_of": "bad_review",
		  "change_from": 0.037037037, "change_to": 0.025462962, "change_events": 5, "change_volume": 432, "fail_streak": 2`),
		row(`"list": "campaign_talent_a", "role": "talent", "subject_id": "9", "talent_score": 4.1, "reasons": "no_score", "needs": "score"`)))
	if diff := cmp.Diff([]string{"说明", "活动·A 级·商品 入选", "活动·A 级·商品 其他与原因", "活动·A 级·达人 其他与原因"}, f.GetSheetList()); diff != "" {
		t.Error(diff)
	}
	rows, _ := f.GetRows("活动·A 级·商品 入选")
	want := [][]string{
		{"名次", "上次名次", "一级类目 ID", "对象 ID", "名称", "店铺 ID", "档位", "系数", "变动", "起始数据日期", "商品分", "店铺体验分", "保守分", "有效订单数",
			"15 天退款后成交额（元）", "原因", "未达标门槛", "连续达标次数", "连续未达标次数", "冷启动名额", "沿用上一次", "人工处理", "生效日期", "失效日期"},
		{"rank", "rank_before", "category1_id", "subject_id", "subject_name", "merchant_id", "level", "multiplier", "movement", "since", "product_score", "shop_score",
			"lower_score", "orders", "gmv_net15_yuan", "reasons", "failed_gates", "pass_streak", "fail_streak", "cold_start", "stale", "override", "valid_from", "valid_to"},
		{"1", "3", "111", "7", "保温杯", "20", "A", "1.00", "新进入", "2026-02-27", "4.77", "4.68", "4.60", "4,673", "2,105,939.92", "清单首次运行，达标即有资格", "", "1", "0",
			"否", "否", "", "2026-03-02", "2026-03-02"},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	const others = "活动·A 级·商品 其他与原因"
	for id, want := range map[string]string{"reasons": "有门槛未达标", "failed_gates": "商品分（近几次均值）", "needs": "须提高分数",
		"change": "首评差评率 3.70% → 2.54%：在目前 432 单签收中少 5 条差评即达标", "rank_before": "", "gmv_net15_yuan": ""} {
		if got := cell(t, f, others, id, 3); got != want {
			t.Errorf("%s is %q, want %q", id, got, want)
		}
	}
	talents, _ := f.GetRows("活动·A 级·达人 其他与原因")
	if slices.Contains(talents[1], "product_score") || !slices.Contains(talents[1], "talent_score") {
		t.Errorf("talents have the columns %v", talents[1])
	}
}

// All that is told of a member that is no subject any more is that it left: nothing would help it.
func TestWhoIsGoneIsToldToImproveNothing(t *testing.T) {
	f := reread(t, written(t, options(), row(`"list": "campaign_item_a", "subject_id": "8", "movement": "left", "reasons": "gone", "needs": null`)))
	for id, want := range map[string]string{"reasons": "已不在快照中且近期无成交", "movement": "移出", "needs": "", "change": ""} {
		if got := cell(t, f, "活动·A 级·商品 其他与原因", id, 3); got != want {
			t.Errorf("%s is %q, want %q", id, got, want)
		}
	}
}

// Who would leave a list that is held is a member of it: its sheet tells why.
func TestMembersOfAHeldListAreToldWhatTheyFail(t *testing.T) {
	f := reread(t, written(t, options(), row(`"list": "campaign_item_a", "subject_id": "7", "eligible": true, "rank": 1, "failed_gates": "product_score", "reasons": "gate_failed,churn_held"`)))
	for id, want := range map[string]string{"reasons": "有门槛未达标；变动过大，沿用上一次清单", "failed_gates": "商品分（近几次均值）"} {
		if got := cell(t, f, "活动·A 级·商品 入选", id, 3); got != want {
			t.Errorf("%s is %q, want %q", id, got, want)
		}
	}
}

func TestTheFirstSheetSaysWhatItIs(t *testing.T) {
	o := options()
	o.Book.Before = &rules.Rules{Version: "2025-01"}
	f := reread(t, written(t, o, row(`"list": "campaign_item_a", "subject_id": "7"`)))
	rows, _ := f.GetRows("说明")
	var all []string
	for _, r := range rows {
		all = append(all, strings.Join(r, "|"))
	}
	for _, want := range []string{"数据日期 as_of_date|2026-03-01|第 2 次提交", "规则版本 rules_version|2026-11", "前一版规则|2025-01|至 1970-01-01 前一日为止；均值与连续次数跨越两版，每晚仍按当晚的规则", "有效期 valid_from – valid_to|2026-03-02|2026-03-02",
		"活动·A 级·商品 其他与原因|campaign_item_a|其他：未入选的原因与最小改进|1", "名次|rank|place inside list and category, from 1; on a list that was held who comes from another category stands behind the last who is still there, and places that are free before that one stay empty; null: not on the list",
		"15 天退款后成交额|gmv_net15_yuan|元；表中为 gmv_net15_fen，单位分。gmv_net_15 of 30 days; null: refunds not known of the whole window"} {
		if !slices.Contains(all, want) {
			t.Errorf("no line %q in\n%s", want, strings.Join(all, "\n"))
		}
	}
}

func TestHeadersStayInSightAndFilter(t *testing.T) {
	data := written(t, options(), row(`"list": "campaign_item_a", "subject_id": "7"`), row(`"list": "campaign_item_a", "subject_id": "8"`))
	panes, err := reread(t, data).GetPanes("活动·A 级·商品 其他与原因")
	if err != nil || !panes.Freeze || panes.YSplit != 2 {
		t.Errorf("panes %+v, %v", panes, err)
	}
	if sheet := part(t, data, "xl/worksheets/sheet2.xml"); !strings.Contains(sheet, `</sheetData><autoFilter ref="A2:W4"/>`) {
		t.Errorf("no filter in %.300s … %s", sheet, sheet[max(0, len(sheet)-300):])
	}
}

func TestEveryPartIsThereOnce(t *testing.T) {
	data := written(t, options(), row(`"list": "campaign_item_a", "subject_id": "7"`), row(`"list": "campaign_item_s", "subject_id": "8"`))
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range z.File {
		if seen[f.Name] {
			t.Errorf("%s is there twice", f.Name)
		}
		seen[f.Name] = true
		if !strings.HasSuffix(f.Name, ".xml") && !strings.HasSuffix(f.Name, ".rels") {
			continue
		}
		for d := xml.NewDecoder(strings.NewReader(part(t, data, f.Name))); ; {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
		}
	}
	for _, name := range []string{"[Content_Types].xml", "xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml", "xl/worksheets/sheet3.xml"} {
		if !seen[name] {
			t.Errorf("%s is missing", name)
		}
	}
	if workbook := part(t, data, "xl/workbook.xml"); strings.Count(workbook, "_xlnm._FilterDatabase") != 2 {
		t.Errorf("filters have no names: %s", workbook)
	}
}

// part is one file of the workbook.
func part(t testing.TB, data []byte, name string) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

func TestTextStaysText(t *testing.T) {
	for _, text := range []string{"=1+1", "=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "007", "0000000000000000012", "1234567890123456789", "12e34", "1/2",
		"TRUE", "<b>&\"x\"", "_x000D_", "_x000D_x000D_", "__x41_", "_x005F_", " 空格 ", "a\nb", "a\rb", "川流", strings.Repeat("长", 32_767)} {
		t.Run(text[:min(len(text), 20)], func(t *testing.T) {
			data := written(t, options(), row(fmt.Sprintf(`"list": "campaign_item_a", "subject_id": %q, "subject_name": %q, "merchant_id": %q, "override": %q`, text, text, text, text)))
			f := reread(t, data)
			const sheet = "活动·A 级·商品 其他与原因"
			for _, id := range []string{"subject_id", "subject_name", "merchant_id", "override"} {
				at := column(t, f, sheet, id) + "3"
				if got := cell(t, f, sheet, id, 3); got != text {
					t.Errorf("%s came back as %q", id, got)
				}
				kind, err := f.GetCellType(sheet, at)
				if err != nil || kind != excelize.CellTypeInlineString && kind != excelize.CellTypeSharedString {
					t.Errorf("%s is of type %v, %v", id, kind, err)
				}
				if formula, err := f.GetCellFormula(sheet, at); formula != "" || err != nil {
					t.Errorf("%s is the formula %q, %v", id, formula, err)
				}
			}
			if strings.Contains(part(t, data, "xl/worksheets/sheet2.xml"), "<f>") {
				t.Error("the sheet has a formula")
			}
		})
	}
}

// Whatever the text, a reader gets it back as text; what XML cannot hold is U+FFFD.
func TestAnyTextReadsBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("=+-@\t\n\r\"'_x0041_<>&]]> ")))).Draw(r, "text")
		quoted, err := json.Marshal(text)
		if err != nil {
			r.Fatal(err)
		}
		f := reread(t, written(t, options(), row(`"list": "campaign_item_a", "subject_id": "7", "override": `+string(quoted))))
		want := strings.Map(func(c rune) rune {
			if c == '\t' || c == '\n' || c == '\r' || c >= ' ' && c <= 0xd7ff || c >= 0xe000 && c <= 0xfffd || c >= 0x10000 {
				return c
			}
			return 0xfffd
		}, text)
		if got := cell(t, f, "活动·A 级·商品 其他与原因", "override", 3); got != want {
			r.Fatalf("%q came back as %q", text, got)
		}
	})
}

func TestTextThatCellsCannotHold(t *testing.T) {
	for text, want := range map[string]string{"a\x00b\x1b": "a\ufffdb\ufffd", strings.Repeat("𝒳", 20_000): strings.Repeat("𝒳", 16_383)} {
		quoted, _ := json.Marshal(text)
		f := reread(t, written(t, options(), row(`"list": "campaign_item_a", "subject_id": "7", "subject_name": `+string(quoted))))
		if got := cell(t, f, "活动·A 级·商品 其他与原因", "subject_name", 3); got != want {
			t.Errorf("%.30q came back as %.30q of %d bytes", text, got, len(got))
		}
	}
}

func TestNumbersAreExact(t *testing.T) {
	f := reread(t, written(t, options(), row(`"list": "campaign_item_a", "subject_id": "7", "eligible": true, "multiplier": 1.265, "orders": 1234567, "gmv_net15_fen": 999999999999999`),
		row(`"list": "campaign_item_a", "subject_id": "8", "eligible": true, "gmv_net15_fen": -5, "product_score": 4.4`)))
	const sheet = "活动·A 级·商品 入选"
	raw := excelize.Options{RawCellValue: true}
	for _, c := range []struct {
		id   string
		row  int
		want string
	}{{"multiplier", 3, "1.265"}, {"orders", 3, "1234567"}, {"gmv_net15_yuan", 3, "9999999999999.99"}, {"gmv_net15_yuan", 4, "-0.05"}, {"product_score", 4, "4.4"}} {
		if got := cell(t, f, sheet, c.id, c.row, raw); got != c.want {
			t.Errorf("%s of row %d is %s, want %s", c.id, c.row, got, c.want)
		}
	}
	day, err := excelize.ExcelDateToTime(46083, false)
	if got := cell(t, f, sheet, "valid_from", 3, raw); err != nil || got != "46083" || day.Format(time.DateOnly) != "2026-03-02" {
		t.Errorf("valid_from is %s (%s), %v", got, day, err)
	}
}

func TestAFullSheetGoesOnInTheNext(t *testing.T) {
	o := options()
	o.SheetRows = 2
	var rows []string
	for i := range 5 {
		rows = append(rows, row(fmt.Sprintf(`"list": "campaign_item_a", "subject_id": "%d"`, i)))
	}
	f := reread(t, written(t, o, rows...))
	if diff := cmp.Diff([]string{"说明", "活动·A 级·商品 其他与原因", "活动·A 级·商品 其他与原因(2)", "活动·A 级·商品 其他与原因(3)"}, f.GetSheetList()); diff != "" {
		t.Error(diff)
	}
	if got := cell(t, f, "活动·A 级·商品 其他与原因(3)", "subject_id", 3); got != "4" {
		t.Errorf("the last row is of %s", got)
	}
}

func TestSheetNamesAreShortAndUnlike(t *testing.T) {
	long := strings.Repeat("很长的清单名", 8)
	f := reread(t, written(t, xlsxout.Options{AsOf: "2026-03-01"}, row(`"list": "a/b", "subject_id": "1"`), row(`"list": "A?b", "subject_id": "1"`),
		row(`"list": "`+long+`1", "subject_id": "1"`), row(`"list": "`+long+`2", "subject_id": "1"`), row(`"list": "", "subject_id": "1"`)))
	want := []string{"说明", "a_b 其他与原因", "A_b~2 其他与原因", string([]rune(long)[:25]) + " 其他与原因", string([]rune(long)[:23]) + "~2 其他与原因", "_ 其他与原因"}
	if diff := cmp.Diff(want, f.GetSheetList()); diff != "" {
		t.Error(diff)
	}
}

func TestTheSameRowsGiveTheSameBytes(t *testing.T) {
	rows := []string{row(`"list": "campaign_item_a", "subject_id": "7", "eligible": true`), row(`"list": "campaign_item_a", "subject_id": "8"`), row(`"list": "campaign_item_s", "subject_id": "8"`)}
	first := written(t, options(), rows...)
	for range 5 {
		if !bytes.Equal(first, written(t, options(), rows...)) {
			t.Fatal("the bytes differ")
		}
	}
}

func TestATableWithoutRows(t *testing.T) {
	f := reread(t, written(t, options()))
	if got := f.GetSheetList(); len(got) != 1 {
		t.Errorf("sheets %v", got)
	}
}

func TestATableThatHasNoLists(t *testing.T) {
	if _, err := xlsxout.New(io.Discard, contract.GMV, options()); err == nil || !strings.Contains(err.Error(), "table gmv has no lists") {
		t.Errorf("New = %v", err)
	}
}

func BenchmarkWrite(b *testing.B) {
	var rows []string
	for i := range 10_000 {
		rows = append(rows, row(fmt.Sprintf(`"list": "campaign_item_a", "subject_id": "%d", "subject_name": "某某保温杯 500ml", "merchant_id": "200001", "category1_id": "111", "failed_gates": "product_score",
		  "reasons": "gate_failed", "needs": "score", "change_of": "bad_review", "change_from": 0.0370%d, "change_to": 0.025462962, "change_events": 5, "change_volume": 432, "product_score": 4.3, "shop_score": 4.5,
		  "lower_score": 3.9, "orders": %d, "gmv_net15_fen": %d`, 30000000+i, i, i, i*377)))
	}
	rec := record(b, memory.DefaultAllocator, rows...)
	for b.Loop() {
		w, err := xlsxout.New(io.Discard, contract.EligibilityCampaign, options())
		if err != nil {
			b.Fatal(err)
		}
		for range 10 {
			if err := w.Write(rec); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Finish(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(1e5*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
