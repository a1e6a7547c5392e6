package indicators_test

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/indicators"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/stats"
)

// Every subject is added up over the window that is its own, whatever those of the others on the same days are: event by
// event, as the definitions say.
func TestEachSubjectIsAddedUpOverItsOwnWindow(t *testing.T) {
	windows, subjects := []int{5, 10, 20}, []int64{2, 3, 5, 8}
	several := 0
	rapid.Check(t, func(t *rapid.T) {
		r := &rules.Rules{LagDays: lag, MinimumOrders: 3, HalfLifeDays: 7}
		score := &rules.Score{Windows: windows, FullBy: "valid", FullOrders: 6, Weighted: rapid.Bool().Draw(t, "weighted")}
		first := asOf - calendar.Day(indicators.LookbackDays(r, score)) + 1
		some := func(name string, measures ...string) (events []event) {
			for range rapid.IntRange(0, 30).Draw(t, name) {
				e := event{subject: rapid.Int64Range(1, 9).Draw(t, "subject"), day: asOf - calendar.Day(rapid.IntRange(0, int(asOf-first)).Draw(t, "ago")), values: map[string]int64{}}
				e.paid = e.day - calendar.Day(rapid.IntRange(0, lag+1).Draw(t, "delay"))
				for _, m := range measures {
					e.values[m] = rapid.Int64Range(0, 4).Draw(t, m)
				}
				events = append(events, e)
			}
			return events
		}
		orders, refunds := some("orders", "orders", "paid_fen"), some("refunds", "quality_refunds", "disputed_orders")
		shipments, complaints := some("shipments", "due", "missed", "transits", "transit_seconds", "median_seconds"), some("complaints", "mismatch")
		traffic := some("traffic", "impressions")
		source := func(events []event, measures ...string) indicators.Source {
			return indicators.Source{Subject: "product_id", Measures: measures, Days: days("product_id", first, events, measures...)}
		}
		byPaidDay, lagged := source(refunds, "quality_refunds", "disputed_orders"), source(complaints, "mismatch")
		byPaidDay.PaidDay, lagged.Lagged = true, true
		sums, err := indicators.Collect(indicators.Input{AsOf: asOf, Rules: r, Score: score, Subjects: subjects, Orders: source(orders, "orders", "paid_fen"),
			Events: []indicators.Source{byPaidDay, source(shipments, "due", "missed", "transits", "transit_seconds", "median_seconds"), lagged, source(traffic, "impressions")}})
		if err != nil {
			t.Fatal(err)
		}
		weight := func(age int) float64 {
			if !score.Weighted {
				return 1
			}
			return float64(stats.RecencyWeight(age, r.HalfLifeDays)) / 1e6
		}
		age := func(day calendar.Day) int { return int(asOf - day) }
		sum := func(subject int64, events []event, measure string, weighs func(e event) float64) (n float64) {
			for _, e := range events {
				if e.subject == subject {
					n += weighs(e) * float64(e.values[measure])
				}
			}
			return n
		}
		figures, got, want := sums.Figures(contract.ScoreProduct), map[string]told{}, map[string]told{}
		figures["gmv_per_mille"] = sums.PerTraffic("gmv_per_mille", indicators.Paid, "impressions", 1)
		observed := sums.Observed(contract.ScoreProduct)
		different := map[int64]bool{}
		for row, subject := range subjects {
			ordersIn := func(days int) float64 {
				return sum(subject, orders, "orders", func(e event) float64 { return truth(age(e.day) < days) })
			}
			window := windows[2]
			if ordersIn(5) >= 6 {
				window = 5
			} else if ordersIn(10) >= 3 {
				window = 10
			}
			if got := sums.Window.At(row); got != int64(window) {
				t.Fatalf("subject %d has a window of %d days, want %d", subject, got, window)
			}
			different[int64(window)] = true
			inWindow := func(e event) float64 { return truth(age(e.day) < window) * weight(age(e.day)) }
			returned := func(e event) float64 {
				delay := int(e.day - e.paid)
				return truth(delay <= lag && age(e.paid) >= lag && age(e.paid) < lag+window) * weight(age(e.paid))
			}
			sold := sum(subject, orders, "orders", func(e event) float64 {
				return truth(age(e.day) >= lag && age(e.day) < lag+window) * weight(age(e.day))
			})
			plain := func(events []event, measure string, lagged int) float64 {
				return sum(subject, events, measure, func(e event) float64 { return truth(age(e.day) >= lagged && age(e.day) < lagged+window) })
			}
			for id, n := range map[string]float64{"quality_refund": plain(orders, "orders", lag), "mismatch_complaint": plain(orders, "orders", lag),
				"missed_pickup": plain(shipments, "due", 0), "transit_ratio": plain(shipments, "transits", 0)} {
				switch tell := observed[id]; {
				case tell == nil && (score.Weighted || id == "transit_ratio"):
					t.Fatalf("nobody tells what %s rests on", id)
				case tell != nil && tell(row) != n:
					t.Fatalf("%s of %d rests on %v observations, want %v", id, subject, tell(row), n)
				}
			}
			var perMille [2]float64
			if shown := sum(subject, traffic, "impressions", inWindow); shown > 0 {
				perMille = [2]float64{sum(subject, orders, "paid_fen", inWindow) / shown, 1}
			}
			for id, figure := range map[string][2]float64{
				"gmv_per_mille":  perMille,
				"quality_refund": {sum(subject, refunds, "quality_refunds", returned), sold}, "dispute": {sum(subject, refunds, "disputed_orders", returned), sold},
				"missed_pickup":      {sum(subject, shipments, "missed", inWindow), sum(subject, shipments, "due", inWindow)},
				"mismatch_complaint": {sum(subject, complaints, "mismatch", func(e event) float64 { return truth(age(e.day) < window) * weight(age(e.day)+lag) }), sold},
			} {
				x, n := figures[id](row)
				g, w := got[id], want[id]
				got[id], want[id] = told{append(g.X, x), append(g.N, n)}, told{append(w.X, figure[0]), append(w.N, figure[1])}
			}
			if got, want := sums.Orders.At(row), int64(ordersIn(window)); got != want {
				t.Fatalf("subject %d has %d orders, want %d", subject, got, want)
			}
		}
		if len(different) > 1 {
			several++
		}
		if diff := gocmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Fatal(diff)
		}
	})
	if several == 0 {
		t.Error("all subjects had the same window: the test has lost its object")
	}
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
