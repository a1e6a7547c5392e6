package indicators_test

import (
	"maps"
	"math"
	"slices"
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
	return daysOf(subject, from, nil, events, measures...)
}

// daysOf are those of them that the table has; nil: all.
func daysOf(subject string, from calendar.Day, present calendar.Presence, events []event, measures ...string) column.Days {
	return func(yield func(column.Dated, error) bool) {
		for day := from; day <= asOf; day++ {
			if present != nil && !present[day] {
				continue
			}
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
	indicators.Orders:  {"orders", "paid_fen"},
	indicators.Refunds: {"quality_refunds"}, indicators.Shipments: {"signed"}, indicators.Reviews: {"bad"}, indicators.Complaints: {"mismatch"},
	indicators.Traffic: {"impressions"},
}

// market is what tables hold, of two subjects, and which days they have.
type market struct {
	events map[string][]event
	has    map[string]calendar.Presence
}

// drawMarket draws tables that begin on some day or the first one, and that may lack days.
func drawMarket(t *rapid.T, first calendar.Day) market {
	m := market{map[string][]event{}, map[string]calendar.Presence{}}
	for _, table := range slices.Sorted(maps.Keys(sourceMeasures)) {
		from, has := first, calendar.Presence{}
		if rapid.Bool().Draw(t, table+" begins late") {
			from = asOf - calendar.Day(rapid.IntRange(0, int(asOf-first)-1).Draw(t, "since"))
		}
		for day := from; day <= asOf; day++ {
			has[day] = day == from || rapid.IntRange(0, 15).Draw(t, "absent") > 0
		}
		m.has[table] = has
		for range rapid.IntRange(0, 25).Draw(t, table) {
			e := event{subject: rapid.Int64Range(1, 2).Draw(t, "subject"), day: asOf - calendar.Day(rapid.IntRange(0, int(asOf-first)).Draw(t, "ago")), values: map[string]int64{}}
			e.paid = e.day - calendar.Day(rapid.IntRange(0, lag+1).Draw(t, "delay"))
			for _, name := range sourceMeasures[table] {
				e.values[name] = rapid.Int64Range(0, 9).Draw(t, name)
			}
			m.events[table] = append(m.events[table], e)
		}
	}
	return m
}

// source hands a table over as jobs does.
func (m market) source(table string, first calendar.Day) indicators.Source {
	s := indicators.Source{Subject: "product_id", PaidDay: table == indicators.Refunds, Lagged: table == indicators.Complaints, Measures: sourceMeasures[table], Table: table,
		Present: m.has[table], Days: daysOf("product_id", first, m.has[table], m.events[table], sourceMeasures[table]...)}
	if s.PaidDay { // a day that is not there takes nothing from what was paid on it
		s.Present = calendar.Presence{}
		for day := m.first(table); day <= asOf; day++ {
			s.Present[day] = true
		}
	}
	return s
}

func (m market) first(table string) calendar.Day {
	first, _ := m.has[table].First()
	return first
}

// sum adds up one measure of a table's rows on the days it has.
func (m market) sum(subject int64, table, measure string, counts func(e event) bool) (n float64) {
	for _, e := range m.events[table] {
		if e.subject == subject && m.has[table][e.day] && counts(e) {
			n += float64(e.values[measure])
		}
	}
	return n
}

// Both sides of an indicator are of the days that all its tables have, whichever of them begin late or lack days, the orders among
// them, and of all days of the window where none does.
func TestRatesAreOfTheDaysThatAllTheirTablesCover(t *testing.T) {
	const window = 30
	r := &rules.Rules{LagDays: lag, MinimumOrders: 1}
	score := &rules.Score{Windows: []int{window}, FullBy: "valid", FullOrders: 1}
	late, young := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		first := asOf - window - lag + 1
		m := drawMarket(t, first)
		in := indicators.Input{AsOf: asOf, Rules: r, Score: score, Subjects: []int64{1, 2}, Orders: m.source(indicators.Orders, first)}
		for _, table := range slices.Sorted(maps.Keys(sourceMeasures)) {
			if table != indicators.Orders {
				in.Events = append(in.Events, m.source(table, first))
			}
		}
		sums, err := indicators.Collect(in)
		if err != nil {
			t.Fatal(err)
		}
		figures := sums.Figures(contract.ScoreProduct)
		figures["gmv_per_mille"] = sums.PerTraffic("gmv_per_mille", indicators.Paid, "impressions", 1)
		orders := m.has[indicators.Orders]
		got, want := map[string]told{}, map[string]told{}
		for _, w := range []struct {
			id     string
			tables []string
			counts func(day calendar.Day) bool // a day of the window
			x, n   func(subject int64, counted func(day calendar.Day) bool) float64
		}{
			{"quality_refund", []string{indicators.Refunds}, func(day calendar.Day) bool { return orders[day-lag] && day-lag >= m.first(indicators.Refunds) },
				func(s int64, counted func(calendar.Day) bool) float64 {
					return m.sum(s, indicators.Refunds, "quality_refunds", func(e event) bool { return counted(e.paid+lag) && e.day <= e.paid+lag })
				}, func(s int64, counted func(calendar.Day) bool) float64 {
					return m.sum(s, indicators.Orders, "orders", func(e event) bool { return counted(e.day + lag) })
				}},
			{"bad_review", []string{indicators.Reviews, indicators.Shipments}, func(day calendar.Day) bool { return m.has[indicators.Reviews][day] && m.has[indicators.Shipments][day] },
				func(s int64, counted func(calendar.Day) bool) float64 {
					return m.sum(s, indicators.Reviews, "bad", func(e event) bool { return counted(e.day) })
				}, func(s int64, counted func(calendar.Day) bool) float64 {
					return m.sum(s, indicators.Shipments, "signed", func(e event) bool { return counted(e.day) })
				}},
			{"mismatch_complaint", []string{indicators.Complaints}, func(day calendar.Day) bool { return m.has[indicators.Complaints][day] && orders[day-lag] },
				func(s int64, counted func(calendar.Day) bool) float64 {
					return m.sum(s, indicators.Complaints, "mismatch", func(e event) bool { return counted(e.day) })
				}, func(s int64, counted func(calendar.Day) bool) float64 {
					return m.sum(s, indicators.Orders, "orders", func(e event) bool { return counted(e.day + lag) })
				}},
			{"gmv_per_mille", []string{indicators.Traffic}, func(day calendar.Day) bool { return m.has[indicators.Traffic][day] && orders[day] },
				func(s int64, counted func(calendar.Day) bool) float64 {
					return m.sum(s, indicators.Orders, "paid_fen", func(e event) bool { return counted(e.day) })
				}, func(s int64, counted func(calendar.Day) bool) float64 {
					return m.sum(s, indicators.Traffic, "impressions", func(e event) bool { return counted(e.day) })
				}},
		} {
			covered, begins := 0, false
			for day := asOf - window + 1; day <= asOf; day++ {
				if w.counts(day) {
					covered++
				}
			}
			for _, table := range w.tables {
				begins = begins || m.first(table) > m.first(indicators.Orders)
			}
			if days := sums.Cover(w.id)[window]; days != covered {
				t.Fatalf("%s is covered on %d days, want %d", w.id, days, covered)
			}
			got[w.id] = tell(figures[w.id], 2)
			if begins {
				late++
			} else if m.first(indicators.Orders) > first {
				young++
			}
			if begins && covered < indicators.MinimumCover {
				want[w.id] = told{}
				continue
			}
			f := told{}
			for s := range int64(2) {
				counted := func(day calendar.Day) bool { return day > asOf-window && day <= asOf && w.counts(day) }
				x, n := w.x(s+1, counted), w.n(s+1, counted)
				if w.id == "gmv_per_mille" {
					if x, n = x/n, 1; math.IsNaN(x) || math.IsInf(x, 0) {
						x, n = 0, 0
					}
				}
				f.X, f.N = append(f.X, x), append(f.N, n)
			}
			want[w.id] = f
		}
		if diff := gocmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Fatalf("tables have %v: %s", m.has, diff)
		}
	})
	if late == 0 || young == 0 {
		t.Errorf("%d indicators of tables that begin late, %d of young histories: the test has lost its object", late, young)
	}
}

// A refund counts against the orders of its pay day. Where dumps begin on one day there are refunds of earlier orders, and no such orders.
func TestRefundsOfOrdersThatAreNotThereDoNotCount(t *testing.T) {
	const begin = 20
	m := market{map[string][]event{}, map[string]calendar.Presence{indicators.Orders: {}, indicators.Refunds: {}}}
	for day := asOf - begin; day <= asOf; day++ {
		m.has[indicators.Orders][day], m.has[indicators.Refunds][day] = true, true
		m.events[indicators.Orders] = append(m.events[indicators.Orders], event{subject: 1, day: day, values: map[string]int64{"orders": 100}})
	}
	m.events[indicators.Refunds] = []event{{subject: 1, day: asOf - 18, paid: asOf - 25, values: map[string]int64{"quality_refunds": 1}}}
	figure := func() told {
		sums, err := indicators.Collect(indicators.Input{AsOf: asOf, Rules: &rules.Rules{LagDays: lag}, Score: &rules.Score{Windows: []int{30}}, Subjects: []int64{1},
			Orders: m.source(indicators.Orders, asOf-begin), Events: []indicators.Source{m.source(indicators.Refunds, asOf-begin)}})
		if err != nil {
			t.Fatal(err)
		}
		if days := sums.Cover("quality_refund"); days[30] != 6 || days[10] != 6 || days[5] != 5 || days[0] != 0 {
			t.Errorf("covered days %v", days)
		}
		return tell(sums.Figures(contract.ScoreProduct)["quality_refund"], 1)
	}
	if got := figure(); got.X[0] != 0 || got.N[0] != 600 {
		t.Errorf("a refund of an order before the first: %v of %v", got.X[0], got.N[0])
	}
	m.events[indicators.Refunds] = append(m.events[indicators.Refunds], event{subject: 1, day: asOf - 15, paid: asOf - begin, values: map[string]int64{"quality_refunds": 1}})
	if got := figure(); got.X[0] != 1 || got.N[0] != 600 {
		t.Errorf("with one of the first day: %v of %v", got.X[0], got.N[0])
	}
}

// Complaints of the first LagDays days are about orders that nobody knows.
func TestComplaintsOfAYoungHistory(t *testing.T) {
	m := market{map[string][]event{}, map[string]calendar.Presence{indicators.Orders: {}, indicators.Complaints: {}}}
	for day := asOf - 19; day <= asOf; day++ {
		m.has[indicators.Orders][day], m.has[indicators.Complaints][day] = true, true
		m.events[indicators.Orders] = append(m.events[indicators.Orders], event{subject: 1, day: day, values: map[string]int64{"orders": 100}})
		if (asOf-day)%5 < 2 {
			m.events[indicators.Complaints] = append(m.events[indicators.Complaints], event{subject: 1, day: day, values: map[string]int64{"mismatch": 1}})
		}
	}
	sums, err := indicators.Collect(indicators.Input{AsOf: asOf, Rules: &rules.Rules{LagDays: lag}, Score: &rules.Score{Windows: []int{30}}, Subjects: []int64{1},
		Orders: m.source(indicators.Orders, asOf-19), Events: []indicators.Source{m.source(indicators.Complaints, asOf-19)}})
	if err != nil {
		t.Fatal(err)
	}
	if got := tell(sums.Figures(contract.ScoreProduct)["mismatch_complaint"], 1); got.X[0] != 2 || got.N[0] != 500 {
		t.Errorf("%v of %v", got.X[0], got.N[0])
	}
	if days := sums.Cover("mismatch_complaint")[30]; days != 5 {
		t.Errorf("covered on %d days", days)
	}
}

// Where days weigh, what was paid on them weighs as what was shown on them: who earns as much by showing as much has the same figure,
// early or late, also where the traffic lacks a day that the orders have.
func TestWhatIsPaidWeighsAsWhatIsShown(t *testing.T) {
	for _, lacks := range []calendar.Day{-1, 10} {
		m := market{map[string][]event{}, map[string]calendar.Presence{indicators.Orders: {}, indicators.Traffic: {}}}
		for ago := range calendar.Day(30) {
			m.has[indicators.Orders][asOf-ago], m.has[indicators.Traffic][asOf-ago] = true, ago != lacks
			for subject, sells := range []bool{ago < 5 || ago == lacks, ago >= 25} {
				if !sells {
					continue
				}
				e := event{subject: int64(subject + 1), day: asOf - ago, values: map[string]int64{"orders": 1, "paid_fen": 100, "impressions": 10}}
				for table := range m.has {
					m.events[table] = append(m.events[table], e)
				}
			}
		}
		sums, err := indicators.Collect(indicators.Input{AsOf: asOf, Rules: &rules.Rules{LagDays: lag, HalfLifeDays: 30}, Score: &rules.Score{Windows: []int{30}, Weighted: true},
			Subjects: []int64{1, 2}, Orders: m.source(indicators.Orders, asOf-29), Events: []indicators.Source{m.source(indicators.Traffic, asOf-29)}})
		if err != nil {
			t.Fatal(err)
		}
		want := told{[]float64{10_000, 10_000}, []float64{1, 1}}
		if diff := gocmp.Diff(want, tell(sums.PerTraffic("gmv_per_mille", indicators.Paid, "impressions", 1000), 2), cmpopts.EquateApprox(0, 1e-6)); diff != "" {
			t.Errorf("traffic lacks the day %d days ago: %s", lacks, diff)
		}
		if paid := sums.Paid.At(1); paid != 500 {
			t.Errorf("%d fen are the GMV of the window, which weighs nothing", paid)
		}
	}
}
