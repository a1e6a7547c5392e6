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
