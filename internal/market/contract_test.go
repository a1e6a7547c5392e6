package market_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/windvane/windvane/internal/market"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

func TestEveryTableKeepsItsContract(t *testing.T) {
	o := small()
	k, s := generate(t, o)
	first := o.AsOf - calendar.Day(o.Days) + 1
	for _, table := range contract.Inputs() {
		t.Run(table.Name, func(t *testing.T) {
			checkFiles(t, k, table, days(first, o.AsOf))
			checkColumns(t, k, table)
			rows := k.rows(t, table.Name)
			if len(rows) == 0 {
				t.Fatal("no rows at all")
			}
			if int64(len(rows)) != s.Rows[table.Name] {
				t.Errorf("%d rows, the summary says %d", len(rows), s.Rows[table.Name])
			}
			checkDays(t, table, rows)
			checkKeys(t, table, rows)
			checkRanges(t, table, rows)
		})
	}
}

// checkFiles wants a part and a marker for every day.
func checkFiles(t *testing.T, k *keeper, table *contract.Table, days []calendar.Day) {
	for _, d := range days {
		if _, ok := k.files[market.PartKey(table, d, 0)]; !ok {
			t.Errorf("%s is missing", market.PartKey(table, d, 0))
		}
		if _, ok := k.plain[market.SuccessKey(table, d)]; !ok {
			t.Errorf("%s is missing", market.SuccessKey(table, d))
		}
	}
}

// checkColumns wants the contract's schema, nulls only where they may be, and enums coded in order.
func checkColumns(t *testing.T, k *keeper, table *contract.Table) {
	for key, records := range k.files {
		if !slices.Contains(keysOf(table, key), key) {
			continue
		}
		for _, rec := range records {
			if !rec.Schema().Equal(table.Schema(nil)) {
				t.Fatalf("%s: the schema is %s", key, rec.Schema())
			}
			for i, c := range table.Columns {
				col := rec.Column(i)
				if !c.Null && col.NullN() > 0 {
					t.Errorf("%s: %s has %d nulls", key, c.Name, col.NullN())
				}
				if c.Kind == contract.Enum {
					dict := col.(*array.Dictionary).Dictionary().(*array.String)
					for code, want := range c.Values {
						if dict.Value(code) != want {
							t.Fatalf("%s: %s has %s at code %d, want %s", key, c.Name, dict.Value(code), code, want)
						}
					}
				}
			}
		}
	}
}

// keysOf is key itself if it belongs to the table.
func keysOf(table *contract.Table, key string) []string {
	if len(key) > len("dumps/")+len(table.Name) && key[:len("dumps/")+len(table.Name)+1] == "dumps/"+table.Name+"/" {
		return []string{key}
	}
	return nil
}

// checkDays wants one of the table's moments on the partition's day. Orders are stricter: the day of
// created_at while unpaid, of paid_at once paid.
func checkDays(t *testing.T, table *contract.Table, rows []row) {
	for _, r := range rows {
		if table == contract.Orders {
			want := r.day("paid_at")
			if want < 0 {
				want = r.day("created_at")
			}
			if r.dt != want {
				t.Fatalf("order line of %s stands in dt=%s", want, r.dt)
			}
			continue
		}
		if len(table.DayOf) > 0 && !slices.ContainsFunc(table.DayOf, func(name string) bool { return r.day(name) == r.dt }) {
			t.Fatalf("no event of %v falls on dt=%s: %v", table.DayOf, r.dt, r.cells)
		}
	}
}

// checkKeys wants no key twice in a partition.
func checkKeys(t *testing.T, table *contract.Table, rows []row) {
	seen := map[string]bool{}
	for _, r := range rows {
		key := fmt.Sprint(r.dt)
		for _, name := range table.Key {
			key += fmt.Sprint("|", r.cells[name])
		}
		if seen[key] {
			t.Fatalf("key %s twice", key)
		}
		seen[key] = true
	}
}

// checkRanges wants no negative numbers, and the ranges that the contract tells in words.
func checkRanges(t *testing.T, table *contract.Table, rows []row) {
	limits := map[string][2]float64{
		"rating": {1, 5}, "info_score": {0, 100}, "purchasable_hours": {0, 24}, "units_per_item": {1, 1e3},
		"quantity": {1, 1e3}, "level": {1, 3}, "impressions": {0, 1e9},
	}
	for _, r := range rows {
		for _, c := range table.Columns {
			var v float64
			switch x := r.cells[c.Name].(type) {
			case int64:
				v = float64(x)
			case float64:
				v = x
			default:
				continue
			}
			if limit, ok := limits[c.Name]; v < 0 || ok && (v < limit[0] || v > limit[1]) {
				t.Fatalf("%s is %v in %v", c.Name, v, r.cells)
			}
		}
	}
}
