package main

import (
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/gmv"
	"github.com/windvane/windvane/transforms/indicators"
	"github.com/windvane/windvane/transforms/rollup"
)

// Peers must not be asked for longer windows than a night reads, nor for fewer rollups.
func TestWindowsAreThoseOfANight(t *testing.T) {
	days := map[string]int{}
	for _, w := range nightWindows() {
		days[w.rollup.Name] = w.days
		if !w.rows && len(w.rollup.By) > mostKeys {
			t.Errorf("%s has %d keys", w.rollup.Name, len(w.rollup.By))
		}
	}
	for _, r := range rollup.All() {
		if _, asked := days[r.Name]; asked == (r.Name == "sales") { // of the cube a night reads days with products that nobody has listed alone
			t.Errorf("%s is asked for: %t", r.Name, asked)
		}
	}
	day, err := calendar.Parse(asOf)
	if err != nil {
		t.Fatal(err)
	}
	rules := config.DefaultRules().On(day)
	lookback := gmv.Lookback
	for _, s := range []int{indicators.LookbackDays(rules, &rules.Product), indicators.LookbackDays(rules, &rules.Shop), indicators.LookbackDays(rules, &rules.Talent)} {
		lookback = min(lookback, s)
	}
	if lookback < nightDays {
		t.Errorf("GMV and scores look back %d days, the peers are asked for %d", lookback, nightDays)
	}
	for name, want := range map[string]int{"product_buyers": 90, "talent_shipment_events": 90, "unit_prices": 7, "merchant_contents": 30, "carted_products": 31, "product_facts": 1} {
		if days[name] != want {
			t.Errorf("%s: %d days, want %d", name, days[name], want)
		}
	}
}

// Days added up by key, in one pass or several, are the rows that a reader adds up by hand.
func TestRowsAreAddedUpByKey(t *testing.T) {
	first := []row{{of(1), "live", 7, of(9007199254740993)}, {nil, "商城", 8, of(-5)}, {of(2), "live", 7, of(40)}}
	second := []row{{of(1), "live", 7, of(2)}, {nil, "商城", 8, of(7)}, {of(2), "mall", 7, of(1)}, {of(2), "live", 8, of(1)}}
	want := sumsOf(t, record(t, row{of(1), "live", 7, of(9007199254740995)}, row{nil, "商城", 8, of(2)}, row{of(2), "live", 7, of(40)},
		row{of(2), "mall", 7, of(1)}, row{of(2), "live", 8, of(1)}))
	for _, passes := range []uint64{1, 3, 16} {
		total := newSummer(shops)
		for pass := range passes {
			addDays(t, total, pass, passes, record(t, first...), record(t, second...))
		}
		if d := differences(want, total.sums()); len(d) > 0 {
			t.Errorf("%d passes: %v", passes, d)
		}
	}
}

func TestDaysOfAKeyAreCounted(t *testing.T) {
	spec := tableSpec{Name: "carted", Keys: []string{"shop_id"}, Measures: []string{daysMeasure}}
	a := newAdder(spec)
	if got := a.stored(); !slices.Equal(got, []string{"shop_id"}) {
		t.Fatalf("reads %v", got)
	}
	for _, day := range []arrow.Record{record(t, row{of(1), "", 0, nil}, row{of(2), "", 0, nil}), record(t, row{of(2), "", 0, nil})} {
		if err := a.add(day, 0, 1); err == nil {
			t.Fatal("four columns were taken for one key")
		}
		keys := array.NewRecord(arrow.NewSchema(day.Schema().Fields()[:1], nil), day.Columns()[:1], day.NumRows())
		if err := a.add(keys, 0, 1); err != nil {
			t.Fatal(err)
		}
	}
	total := newSummer(spec)
	a.tell(total)
	if got := total.sums(); got.Rows != 2 || got.Sums[daysMeasure] != "3" || got.Squares[daysMeasure] != "5" { // 1 and 2 days
		t.Errorf("%+v", got)
	}
}

func TestNullsAreNotAddedUp(t *testing.T) {
	if err := newAdder(shops).add(record(t, threeRows()...), 0, 1); err == nil {
		t.Error("a null measure was added up")
	}
}

func addDays(t *testing.T, total *summer, pass, passes uint64, days ...arrow.Record) {
	t.Helper()
	a := newAdder(shops)
	for _, d := range days {
		if err := a.add(d, pass, passes); err != nil {
			t.Fatal(err)
		}
	}
	a.tell(total)
}
