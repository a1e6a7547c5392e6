package market_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/windvane/windvane/transforms/calendar"
)

// row is one row of a table: cells by column name, and the partition it stands in.
type row struct {
	dt    calendar.Day
	cells map[string]any
}

func (r row) int(name string) int64   { return r.cells[name].(int64) }
func (r row) is(name string) bool     { return r.cells[name].(bool) }
func (r row) text(name string) string { return r.cells[name].(string) }
func (r row) null(name string) bool   { return r.cells[name] == nil }

// day is the business day of a moment, or -1 for null.
func (r row) day(name string) calendar.Day {
	if r.null(name) {
		return -1
	}
	return calendar.Day((r.int(name) + 8*3_600_000_000) / 86_400_000_000)
}

// goods is what buyer and platform paid.
func (r row) goods() int64 { return r.int("buyer_paid_fen") + r.int("platform_subsidy_fen") }

// valid is gmv_valid by definitions.md, sections 1 and 1a.
func (r row) valid() bool {
	return !r.null("paid_at") && r.text("order_kind") != "test" && r.null("risk_reason") && r.int("quantity") <= 20
}

// rows reads all rows of an input table, in order of the files.
func (k *keeper) rows(t testing.TB, table string) []row {
	t.Helper()
	return k.under(t, "dumps/"+table+"/")
}

func (k *keeper) under(t testing.TB, prefix string) []row {
	t.Helper()
	var keys []string
	for key := range k.files {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	var out []row
	for _, key := range keys {
		dt := partition(t, key)
		for _, rec := range k.files[key] {
			for i := range int(rec.NumRows()) {
				r := row{dt, make(map[string]any, rec.NumCols())}
				for c := range int(rec.NumCols()) {
					r.cells[rec.ColumnName(c)] = value(rec.Column(c), i)
				}
				out = append(out, r)
			}
		}
	}
	return out
}

// partition is the day in a key, or -1 if it has none.
func partition(t testing.TB, key string) calendar.Day {
	t.Helper()
	_, after, ok := strings.Cut(key, "/dt=")
	if !ok {
		return -1
	}
	d, err := calendar.Parse(after[:10])
	if err != nil {
		t.Fatalf("key %s: %v", key, err)
	}
	return d
}

// newest keeps the last row of each key: the state as known at the end.
func newest(rows []row, key string) map[int64]row {
	out := map[int64]row{}
	for _, r := range rows {
		out[r.int(key)] = r
	}
	return out
}

// days are the days of a market.
func days(first, last calendar.Day) []calendar.Day {
	var out []calendar.Day
	for d := first; d <= last; d++ {
		out = append(out, d)
	}
	return out
}
