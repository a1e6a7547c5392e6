package indicators_test

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/indicators"
	"github.com/windvane/windvane/transforms/rules"
)

var asOf = calendar.Of(2026, 5, 15)

const lag = 15

// event is one row of a rollup: of one subject, on a day; paid is the pay day of refunds.
type event struct {
	subject   int64
	day, paid calendar.Day
	values    map[string]int64
}

// days are the rollup's days from its table's first on.
func days(subject string, from calendar.Day, events []event, measures ...string) column.Days {
	return func(yield func(column.Dated, error) bool) {
		for day := from; day <= asOf; day++ {
			columns := map[string][]int64{subject: nil, "paid_day": nil}
			for _, e := range events {
				if e.day != day {
					continue
				}
				columns[subject], columns["paid_day"] = append(columns[subject], e.subject), append(columns["paid_day"], int64(e.paid))
				for _, m := range measures {
					columns[m] = append(columns[m], e.values[m])
				}
			}
			f := column.NewFrame(len(columns[subject]))
			for name, values := range columns {
				f.Set(name, values)
			}
			for _, m := range measures {
				if columns[m] == nil {
					f.Set(m, []int64{})
				}
			}
			if !yield(column.Dated{Day: day, Frame: f}, nil) {
				return
			}
		}
	}
}

// told is a figure of all subjects; nil: not computable.
type told struct{ X, N []float64 }

func tell(f indicators.Figure, subjects int) (out told) {
	for row := 0; f != nil && row < subjects; row++ {
		x, n := f(row)
		out.X, out.N = append(out.X, x), append(out.N, n)
	}
	return out
}

var sourceMeasures = map[string][]string{
	indicators.Refunds: {"quality_refunds"}, indicators.Shipments: {"signed"}, indicators.Reviews: {"bad"}, indicators.Complaints: {"mismatch"},
	indicators.Traffic: {"impressions"},
}

// Both sides of an indicator are of the days that all its tables cover, whichever of them begin late, and of all days of
// the window where none does.
func TestRatesAreOfTheDaysThatAllTheirTablesCover(t *testing.T) {
	const window = 30
	r := &rules.Rules{LagDays: lag, MinimumOrders: 1}
	score := &rules.Score{Windows: []int{window}, FullBy: "valid", FullOrders: 1}
	late := 0
	rapid.Check(t, func(t *rapid.T) {
		first := asOf - window - lag + 1
		begins := map[string]calendar.Day{}
		in := indicators.Input{AsOf: asOf, Rules: r, Score: score, Subjects: []int64{1, 2}}
		some := func(name string, of ...string) (events []event) {
			for range rapid.IntRange(0, 12).Draw(t, name) {
				e := event{subject: rapid.Int64Range(1, 2).Draw(t, "subject"), day: asOf - calendar.Day(rapid.IntRange(0, window+lag-1).Draw(t, "ago")), values: map[string]int64{}}
				e.paid = e.day - calendar.Day(rapid.IntRange(0, lag+1).Draw(t, "delay"))
				for _, m := range of {
					e.values[m] = rapid.Int64Range(0, 9).Draw(t, m)
				}
				events = append(events, e)
			}
			return events
		}
		orders := some("orders", "orders", "paid_fen")
		in.Orders = indicators.Source{Subject: "product_id", Days: days("product_id", first, orders, "orders", "paid_fen")}
		all := map[string][]event{}
		for _, table := range []string{indicators.Refunds, indicators.Shipments, indicators.Reviews, indicators.Complaints, indicators.Traffic} {
			measures, from := sourceMeasures[table], first
			all[table] = some(table, measures...)
			s := indicators.Source{Subject: "product_id", PaidDay: table == indicators.Refunds, Lagged: table == indicators.Complaints, Measures: measures, Table: table}
			if rapid.Bool().Draw(t, table+" begins late") {
				from = asOf - calendar.Day(rapid.IntRange(0, window+lag-2).Draw(t, "since"))
				begins[table], s.From = from, from
			}
			s.Days = days("product_id", from, all[table], measures...)
			in.Events = append(in.Events, s)
		}
		sums, err := indicators.Collect(in)
		if err != nil {
			t.Fatal(err)
		}
		figures := sums.Figures(contract.ScoreProduct)
		figures["gmv_per_mille"] = sums.PerTraffic("gmv_per_mille", indicators.Paid, "impressions", 1)
		in30 := func(d calendar.Day) bool { return d > asOf-window && d <= asOf }
		lagged := func(paid calendar.Day) bool { return in30(paid + lag) }
		sum := func(subject int64, events []event, measure string, counts func(e event) bool) (n float64) {
			for _, e := range events {
				if e.subject == subject && counts(e) {
					n += float64(e.values[measure])
				}
			}
			return n
		}
		covered := func(tables ...string) (from calendar.Day) {
			for _, table := range tables {
				from = max(from, begins[table])
			}
			return from
		}
		want := map[string]told{}
		for _, w := range []struct {
			id            string
			from, through calendar.Day // through: the last pay day that can be covered, or the last day
			x, n          func(subject int64, from calendar.Day) float64
		}{
			{"quality_refund", covered(indicators.Refunds), asOf - lag, func(s int64, from calendar.Day) float64 {
				return sum(s, all[indicators.Refunds], "quality_refunds", func(e event) bool { return lagged(e.paid) && e.paid >= from && e.day-e.paid <= lag && e.day >= from })
			}, func(s int64, from calendar.Day) float64 {
				return sum(s, orders, "orders", func(e event) bool { return lagged(e.day) && e.day >= from })
			}},
			{"bad_review", covered(indicators.Reviews, indicators.Shipments), asOf, func(s int64, from calendar.Day) float64 {
				return sum(s, all[indicators.Reviews], "bad", func(e event) bool { return in30(e.day) && e.day >= from })
			}, func(s int64, from calendar.Day) float64 {
				return sum(s, all[indicators.Shipments], "signed", func(e event) bool { return in30(e.day) && e.day >= from })
			}},
			{"mismatch_complaint", covered(indicators.Complaints), asOf, func(s int64, from calendar.Day) float64 {
				return sum(s, all[indicators.Complaints], "mismatch", func(e event) bool { return in30(e.day) && e.day >= from })
			}, func(s int64, from calendar.Day) float64 {
				return sum(s, orders, "orders", func(e event) bool { return lagged(e.day) && e.day >= from-lag })
			}},
			{"gmv_per_mille", covered(indicators.Traffic), asOf, nil, nil},
		} {
			days := int(w.through-w.from) + 1
			if w.from != 0 {
				late++
				if got, ok := sums.Cover(w.id); !ok || got != max(0, days) {
					t.Fatalf("%s is covered on %d days, want %d", w.id, got, days)
				}
			}
			switch {
			case w.from != 0 && days < indicators.MinimumCover:
				want[w.id] = told{}
			case w.x == nil:
				f := told{X: make([]float64, 2), N: make([]float64, 2)}
				for s := range int64(2) {
					of := func(e event) bool { return in30(e.day) && e.day >= w.from }
					paid, shown := sum(s+1, orders, "paid_fen", of), sum(s+1, all[indicators.Traffic], "impressions", of)
					if shown > 0 {
						f.X[s], f.N[s] = paid/shown, 1
					}
				}
				want[w.id] = f
			default:
				want[w.id] = told{X: []float64{w.x(1, w.from), w.x(2, w.from)}, N: []float64{w.n(1, w.from), w.n(2, w.from)}}
			}
		}
		got := map[string]told{}
		for id := range want {
			got[id] = tell(figures[id], 2)
		}
		if diff := gocmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Fatalf("tables begin %v: %s", begins, diff)
		}
	})
	if late == 0 {
		t.Error("no table began late: the test has lost its object")
	}
}
