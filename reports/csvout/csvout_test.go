package csvout_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/reports/csvout"
	"github.com/windvane/windvane/reports/words"
	"github.com/windvane/windvane/transforms/contract"
)

// sample has one column of every kind that is published.
var sample = &contract.Table{Name: "sample", Columns: []contract.Column{
	{Name: "shop_id", Kind: contract.ID, Domain: contract.Merchant, Null: true},
	{Name: "name", Kind: contract.Text, Null: true},
	{Name: "gmv_fen", Kind: contract.Fen, Null: true},
	{Name: "lift_ratio", Kind: contract.Real, Null: true},
	{Name: "closed", Kind: contract.Bool, Null: true},
	{Name: "month", Kind: contract.Date, Null: true},
	{Name: "at", Kind: contract.Instant, Null: true},
	{Name: "scene", Kind: contract.Enum, Values: contract.Scenes, Null: true},
}}

func record(t testing.TB, mem memory.Allocator, rows string) arrow.Record {
	t.Helper()
	rec, _, err := array.RecordFromJSON(mem, sample.Schema(nil), strings.NewReader(rows), array.WithUseNumber())
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func render(t testing.TB, o csvout.Options, rows string) string {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	rec := record(t, mem, rows)
	defer rec.Release()
	var out bytes.Buffer
	w, err := csvout.NewWriter(&out, sample, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

const header = "shop_id,name,gmv_fen,lift_ratio,closed,month,at,scene\r\n"

func TestEveryKindOfCell(t *testing.T) {
	got := render(t, csvout.Options{}, `[
	  {"shop_id": 7, "name": "plain", "gmv_fen": -1200, "lift_ratio": 0.1, "closed": true, "month": "2026-01-01", "at": "2026-01-31 16:00:00.000001", "scene": "live"},
	  {"shop_id": 1234567890123456789, "name": "", "gmv_fen": 1234567890123456789, "lift_ratio": 0.00001, "closed": false, "month": "1969-12-31", "at": "1969-12-31 23:59:59", "scene": "mall"},
	  {}]`)
	want := header +
		"7,plain,-1200,0.1,true,2026-01-01,2026-01-31T16:00:00.000001Z,live\r\n" +
		"1234567890123456789,\"\",1234567890123456789,0.00001,false,1969-12-31,1969-12-31T23:59:59.000000Z,mall\r\n" +
		",,,,,,,\r\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestExcelFlavour(t *testing.T) {
	got := render(t, csvout.Options{BOM: true}, `[
	  {"shop_id": 999999999999999, "name": "123456789012345", "gmv_fen": 1234567890123456},
	  {"shop_id": 1000000000000000, "name": "1234567890123456", "gmv_fen": 1},
	  {"name": "007"}, {"name": "0"}, {"name": "12e34"}, {"name": "e34"}, {"name": "12e"}, {"name": "1.5"}]`)
	want := "\ufeff" + header +
		"999999999999999,123456789012345,1234567890123456,,,,,\r\n" +
		"'1000000000000000,'1234567890123456,1,,,,,\r\n" +
		",'007,,,,,,\r\n,0,,,,,,\r\n,'12e34,,,,,,\r\n,e34,,,,,,\r\n,12e,,,,,,\r\n,1.5,,,,,,\r\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHeadersForPeople(t *testing.T) {
	for _, c := range []struct{ form, want string }{
		{"", "shop_id,name,gmv_fen,lift_ratio,closed,month,at,scene\r\n"},
		{words.English, "shop_id,name,gmv_fen,lift_ratio,closed,month,at,scene\r\n"},
		{words.Chinese, "shop_id,name,gmv_fen,提升率,closed,适用月份,at,scene\r\n"},
		{words.Both, "shop_id,name,gmv_fen,提升率 lift_ratio,closed,适用月份 month,at,scene\r\n"},
	} {
		if got := render(t, csvout.Options{Headers: c.form}, "[]"); got != c.want {
			t.Errorf("%q: %q, want %q", c.form, got, c.want)
		}
	}
	if err := (csvout.Options{Headers: "fr"}).Validate(); err == nil || !strings.Contains(err.Error(), `"fr" is none of en, zh, both`) {
		t.Errorf("Validate = %v", err)
	}
}

func TestTextThatSpreadsheetsWouldRun(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a formula", `=cmd|'/c calc'!A1`, `'=cmd|'/c calc'!A1`},
		{"a plus", "+1", "'+1"},
		{"a minus", "-1", "'-1"},
		{"an at sign", "@SUM(A1)", "'@SUM(A1)"},
		{"a tab", "\t=1", "'\t=1"},
		{"a carriage return", "\r=1", "\"'\r=1\""},
		{"a line feed", "\n=1", "\"'\n=1\""},
		{"a full-width equals sign", "＝1", "'＝1"},
		{"a full-width plus", "＋1", "'＋1"},
		{"a full-width minus", "－1", "'－1"},
		{"a full-width at sign", "＠1", "'＠1"},
		{"an equals sign inside", "a=b", "a=b"},
		{"quotes and commas", `say "hi", friend`, `"say ""hi"", friend"`},
		{"spaces at the ends", " a ", `" a "`},
		{"Chinese", "川流计划", "川流计划"},
		{"a formula in quotes", `="a,b"`, `"'=""a,b"""`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := render(t, csvout.Options{}, `[{"name": `+strconv.Quote(c.text)+`}]`)
			if want := header + "," + c.want + ",,,,,,\r\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// Whatever the text: a reader gets it back, behind at most one apostrophe, and no cell begins like a formula.
func TestAnyTextReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("=+-@\t\n\"',＝ 0")))).Draw(t, "text")
		b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{{Name: "name", Type: arrow.BinaryTypes.String}}, nil))
		b.Field(0).(*array.StringBuilder).Append(text)
		rec := b.NewRecord()
		table := &contract.Table{Name: "t", Columns: sample.Columns[1:2]}
		var out bytes.Buffer
		w, _ := csvout.NewWriter(&out, table, csvout.Options{BOM: rapid.Bool().Draw(t, "bom")})
		if err := errors.Join(w.Write(rec), w.Flush()); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(bytes.NewReader(out.Bytes())).ReadAll()
		if err != nil || len(rows) != 2 {
			t.Fatalf("read back %d rows, %v: %q", len(rows), err, out.String())
		}
		got := rows[1][0]
		if strings.ContainsAny(got[:min(1, len(got))], "=+-@\t\r\n") {
			t.Fatalf("%q begins like a formula", got)
		}
		same := func(s string) bool {
			return strings.ReplaceAll(s, "\r\n", "\n") == strings.ReplaceAll(text, "\r\n", "\n")
		} // encoding/csv folds CRLF
		if !same(got) && !same(strings.TrimPrefix(got, "'")) {
			t.Fatalf("%q came back as %q", text, got)
		}
	})
}

func TestAnyRatioReadsBackExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64().Draw(t, "v")
		b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{{Name: "lift_ratio", Type: arrow.PrimitiveTypes.Float64}}, nil))
		b.Field(0).(*array.Float64Builder).Append(v)
		var out bytes.Buffer
		w, _ := csvout.NewWriter(&out, &contract.Table{Name: "t", Columns: sample.Columns[3:4]}, csvout.Options{})
		if err := errors.Join(w.Write(b.NewRecord()), w.Flush()); err != nil {
			t.Fatal(err)
		}
		cell := strings.Split(out.String(), "\r\n")[1]
		if back, err := strconv.ParseFloat(cell, 64); err != nil || back != v {
			t.Fatalf("%v became %s and %v back", v, cell, back)
		}
	})
}

func TestARecordThatIsNotTheTable(t *testing.T) {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{{Name: "other", Type: arrow.BinaryTypes.String}}, nil))
	w, err := csvout.NewWriter(io.Discard, sample, csvout.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(b.NewRecord()); err == nil || !strings.Contains(err.Error(), "columns shop_id") {
		t.Errorf("Write = %v, want an error that names shop_id", err)
	}
}

func BenchmarkWrite(b *testing.B) {
	rows := "[" + strings.Repeat(`{"shop_id": 7, "name": "某某旗舰店", "gmv_fen": 123456, "lift_ratio": 0.123456789, "closed": true, "month": "2026-01-01", "at": "2026-01-31 16:00:00", "scene": "live"},`, 9999) + "{}]"
	rec := record(b, memory.DefaultAllocator, rows)
	w, _ := csvout.NewWriter(io.Discard, sample, csvout.Options{})
	for b.Loop() {
		if err := w.Write(rec); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(1e4*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
