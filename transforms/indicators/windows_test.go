package indicators_test

import (
	"testing"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/indicators"
	"github.com/windvane/windvane/transforms/rules"
)

// Rules may give as many windows as a year has days: the shortest with enough orders is taken, whatever its position.
func TestTheShortestWindowWithEnoughOrders(t *testing.T) {
	score := &rules.Score{FullBy: "valid", FullOrders: 1000}
	for days := 1; days <= 300; days++ {
		score.Windows = append(score.Windows, days)
	}
	for _, ago := range []int{1, 100, 254, 255, 256, 280} {
		enough := event{subject: 1, day: asOf - calendar.Day(ago), values: map[string]int64{"orders": 50, "paid_fen": 7}}
		sums, err := indicators.Collect(indicators.Input{AsOf: asOf, Rules: &rules.Rules{LagDays: lag, MinimumOrders: 50}, Score: score, Subjects: []int64{1},
			Orders: indicators.Source{Subject: "product_id", Days: days("product_id", enough.day, []event{enough}, "orders", "paid_fen")}})
		if err != nil {
			t.Fatal(err)
		}
		if window, orders := sums.Window.At(0), sums.Orders.At(0); window != int64(ago+1) || orders != 50 {
			t.Errorf("orders %d days ago: window of %d days with %d orders", ago, window, orders)
		}
	}
}

// A first window that is full by what was signed, or by few orders, is none where a score needs more valid orders than it has: the next
// longer one may have them, as that of a shop whose pre-sales were paid before the window and signed in it.
func TestAFullWindowHasTheOrdersThatAScoreNeeds(t *testing.T) {
	type sales map[calendar.Day]int64 // by days ago
	for _, c := range []struct {
		name           string
		fullBy         string
		full           int64
		valid, signed  sales
		window, orders int64
	}{
		{"signed in the first window, paid before it", "signed", 500, sales{5: 20, 40: 800}, sales{10: 620}, 60, 820},
		{"signed in the first window, with what a score needs", "signed", 500, sales{5: 30, 40: 800}, sales{10: 620}, 30, 30},
		{"enough nowhere", "signed", 500, sales{5: 20, 40: 9}, sales{10: 620}, 90, 29},
		{"enough in the longest alone", "signed", 500, sales{5: 20, 40: 9, 70: 1}, sales{10: 620}, 90, 30},
		{"valid orders that fill it are fewer than a score needs", "valid", 10, sales{5: 12, 40: 28}, nil, 60, 40},
	} {
		t.Run(c.name, func(t *testing.T) {
			told := func(measure string, by sales) (all []event) {
				for ago, n := range by {
					all = append(all, event{subject: 1, day: asOf - ago, values: map[string]int64{measure: n}})
				}
				return all
			}
			sums, err := indicators.Collect(indicators.Input{AsOf: asOf, Rules: &rules.Rules{LagDays: lag, MinimumOrders: 30},
				Score: &rules.Score{Windows: []int{30, 60, 90}, FullBy: c.fullBy, FullOrders: c.full}, Subjects: []int64{1},
				Orders: indicators.Source{Subject: "merchant_id", Days: days("merchant_id", asOf-89, told("orders", c.valid), "orders", "paid_fen")},
				Signed: days("merchant_id", asOf-29, told("signed", c.signed), "signed")})
			if err != nil {
				t.Fatal(err)
			}
			if window, orders := sums.Window.At(0), sums.Orders.At(0); window != c.window || orders != c.orders {
				t.Errorf("window of %d days with %d orders, want %d and %d", window, orders, c.window, c.orders)
			}
		})
	}
}

// A product whose window is longer than the history sold on no more days than the others did.
func TestPaidPerDayIsOfTheDaysThatHaveOrders(t *testing.T) {
	orders := indicators.Source{Subject: "product_id", Present: calendar.Presence{}}
	var sold []event
	for ago := range calendar.Day(31) { // 1 sells on the last 30 days; 2 on 29 of them, and on the 31st
		orders.Present[asOf-ago] = true
		for subject := range int64(2) {
			if subject == 0 && ago < 30 || subject == 1 && ago != 5 {
				sold = append(sold, event{subject: subject + 1, day: asOf - ago, values: map[string]int64{"orders": 1, "paid_fen": 10_000}})
			}
		}
	}
	orders.Days = days("product_id", asOf-30, sold, "orders", "paid_fen")
	sums, err := indicators.Collect(indicators.Input{AsOf: asOf, Rules: &rules.Rules{LagDays: lag, MinimumOrders: 30},
		Score: &rules.Score{Windows: []int{30, 60, 90}, FullBy: "valid", FullOrders: 30}, Subjects: []int64{1, 2}, Orders: orders})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := sums.Window.At(0), sums.Window.At(1); a != 30 || b != 60 {
		t.Fatalf("windows of %d and %d days", a, b)
	}
	if got := tell(sums.PaidPerDay(), 2); got.X[0] != 10_000 || got.X[1] != 300_000./31 {
		t.Errorf("a day: %v", got.X)
	}
}

// The orders of 30 days that gates ask for are of 30 days, whatever windows a score has.
func TestRecentOrdersAreOfThirtyDays(t *testing.T) {
	const lookback = 14
	var sold []event
	for ago := range calendar.Day(40) {
		sold = append(sold, event{subject: 1, day: asOf - ago, values: map[string]int64{"orders": 4}})
	}
	sums, err := indicators.Collect(indicators.Input{AsOf: asOf, Rules: &rules.Rules{LagDays: 7, MinimumOrders: 30},
		Score: &rules.Score{Windows: []int{7, lookback}, FullBy: "valid", FullOrders: 30}, Subjects: []int64{1},
		Orders: indicators.Source{Subject: "product_id", Days: days("product_id", asOf-39, sold, "orders", "paid_fen")}})
	if err != nil {
		t.Fatal(err)
	}
	if recent, orders := sums.Recent.At(0), sums.Orders.At(0); recent != 120 || orders != 56 {
		t.Errorf("%d orders of 30 days, %d of the window", recent, orders)
	}
}
