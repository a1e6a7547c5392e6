package console_test

import (
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/reports/console"
	"github.com/windvane/windvane/transforms/contract"
)

var trusted = []string{"role", "subject_id", "window_days", "gmv_paid_fen", "returning_gmv_ratio"}

const trust = `[
	{"role": "platform", "subject_id": "", "window_days": 30, "gmv_paid_fen": 123456789, "returning_gmv_ratio": 0.12345},
	{"role": "merchant", "subject_id": "7", "window_days": 30, "gmv_paid_fen": 50, "returning_gmv_ratio": null},
	{"role": "merchant", "subject_id": "\u001b[31m8", "window_days": 30, "gmv_paid_fen": -100000, "returning_gmv_ratio": 1},
	{"role": "merchant", "subject_id": "9", "window_days": 90, "gmv_paid_fen": 60, "returning_gmv_ratio": 0}]`

func TestPrint(t *testing.T) {
	for _, c := range []struct {
		name string
		o    console.Options
		want string
	}{
		{"the largest come first, money in yuan, ratios in percent, nulls as dashes", console.Options{}, `
role      subject_id  window_days  gmv_paid [yuan]  returning_gmv [%]
───────────────────────────────────────────────────────────────────────
platform                       30     1,234,567.89              12.35
merchant  9                    90             0.60               0.00
merchant  7                    30             0.50                  –
merchant  ?[31m8               30        -1,000.00             100.00
`},
		{"only the top rows of those asked for, and how many more there are",
			console.Options{Where: map[string]string{"role": "merchant"}, Top: 1}, `
role      subject_id  window_days  gmv_paid [yuan]  returning_gmv [%]
───────────────────────────────────────────────────────────────────────
merchant  9                    90             0.60               0.00
… 2 more rows
`},
		{"no row is said so", console.Options{Where: map[string]string{"window_days": "365"}}, "\nno rows\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			defer mem.AssertSize(t, 0)
			c.o.Columns = trusted
			got := render(t, mem, contract.Trust, c.o, trust)
			if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n"), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFewRowsOfManyColumnsLieOnTheirSide(t *testing.T) {
	got := render(t, memory.DefaultAllocator, contract.Overview, console.Options{}, `[{"period": "day", "days": 1, "gmv_paid_fen": 100}]`)
	lines := strings.Split(got, "\n")
	if want := len(contract.Overview.Columns) + 1; len(lines) != want { // all but as_of_date, a rule, the end
		t.Errorf("%d lines, want %d:\n%s", len(lines), want, got)
	}
	if !strings.HasPrefix(lines[0], "period") || !strings.HasSuffix(lines[0], "day") {
		t.Errorf("first line %q names no row", lines[0])
	}
}

// Means and models give parts of a fen: they are money all the same.
func TestPartsOfAFenAreYuan(t *testing.T) {
	got := render(t, memory.DefaultAllocator, contract.TrafficQuota, console.Options{Columns: []string{"merchant_id", "expected_fen"}},
		`[{"merchant_id": "7", "expected_fen": 12345.6}]`)
	for _, want := range []string{"expected [yuan]", "123.46"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

func TestEveryTableHasHeadlines(t *testing.T) {
	for _, table := range contract.Publications() {
		if _, err := console.New(table, console.Options{}); err != nil {
			t.Error(err)
		}
	}
}

func TestUnknownColumn(t *testing.T) {
	_, err := console.New(contract.Trust, console.Options{Columns: []string{"gmv"}})
	if err == nil || err.Error() != "table trust has no column gmv; docs/tables.md names those it has" {
		t.Errorf("error %v", err)
	}
}

// print prints the rows of a table written as JSON.
func render(t *testing.T, mem memory.Allocator, table *contract.Table, o console.Options, rows string) string {
	t.Helper()
	p, err := console.New(table, o)
	if err != nil {
		t.Fatal(err)
	}
	rec, _, err := array.RecordFromJSON(mem, plain(table), strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Release()
	if err := p.Add(rec); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := p.Print(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// plain is the schema of a table with plain text, all nullable: the rows here name a few columns only.
func plain(t *contract.Table) *arrow.Schema {
	var fields []arrow.Field
	for _, f := range t.Schema(nil).Fields() {
		if arrow.TypeEqual(f.Type, contract.StringType) {
			f.Type = arrow.BinaryTypes.String
		}
		f.Nullable = true
		fields = append(fields, f)
	}
	return arrow.NewSchema(fields, nil)
}
