package main

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/windvane/windvane/internal/testkit/recount"
	"github.com/windvane/windvane/internal/testkit/twin"
)

// smallShop is a shop whose orders are all paid on one day, some of which are returned for their quality.
type smallShop struct {
	id, orders, returned int
}

// TestSmallShopsAreNeitherCondemnedNorTrusted: 5 orders are no score. One return of 40 orders weighs less than 150 of
// 5,000 in the score, which is pulled to the mean, and more in what is certain, which lists rank by.
func TestSmallShopsAreNeitherCondemnedNorTrusted(t *testing.T) {
	const few, small, large = 101, 102, 103
	day := twin.NewDay(2026, time.January, 31)
	root := t.TempDir()
	dumps := smallShops(day, smallShop{few, 5, 1}, smallShop{small, 40, 1}, smallShop{large, 5000, 150})
	if err := twin.WriteDumps(filepath.Join(root, "dumps"), dumps, twin.DumpOptions{IntIDs: true, Success: true}); err != nil {
		t.Fatal(err)
	}
	s := newStand(t, root, "")
	s.night(recount.Date(day.String()))
	r, row := s.read(recount.Date(day.String()), "shop_score", "merchant_id", "status", "score", "lower_score", "orders", "window_days"), map[int64]int{}
	for i := range r.N {
		row[r.Int(i, "merchant_id")] = i
		t.Log(r.Line(i))
	}
	if i := row[few]; r.Text(i, "status") != "no_score" || !r.Null(i, "score") || !r.Null(i, "lower_score") || r.Int(i, "orders") != 5 || r.Int(i, "window_days") != 90 {
		t.Errorf("the shop of 5 orders: %s", r.Line(i))
	}
	if a, b := r.Real(row[small], "score"), r.Real(row[large], "score"); a <= b {
		t.Errorf("1 of 40 has the score %v, 150 of 5,000 have %v", a, b)
	}
	if a, b := r.Real(row[small], "lower_score"), r.Real(row[large], "lower_score"); a >= b {
		t.Errorf("1 of 40 certainly has %v, 150 of 5,000 have %v", a, b)
	}
	if got := s.steps(recount.Date(day.String()), "merchant")[small]["quality_refund"]; got.x != 1 || got.n != 40 {
		t.Errorf("quality refunds of the small shop: %v of %v", got.x, got.n)
	}
}

// smallShops are the dumps of 21 days; all orders are of the first and all refunds of the second.
func smallShops(last twin.Day, shops ...smallShop) twin.Partitions {
	p := twin.Partitions{Orders: map[twin.Day][]twin.Order{}, Refunds: map[twin.Day][]twin.Refund{}}
	for d := last - 20; d <= last; d++ {
		p.Orders[d], p.Refunds[d] = nil, nil
	}
	paid := (last - 20).Date()
	applied := paid.AddDate(0, 0, 1)
	for _, s := range shops {
		for i := range s.orders {
			id, merchant := fmt.Sprint(s.id*100_000+i), fmt.Sprint(s.id)
			p.Orders[last-20] = append(p.Orders[last-20], twin.Order{OrderLineID: id, OrderID: id, BuyerID: id, MerchantID: merchant, ProductID: merchant, Scene: "mall",
				CreatedAt: paid, PaidAt: &paid, Quantity: 1, BuyerPaidFen: 5_000, OrderKind: "normal"})
			if i < s.returned {
				p.Refunds[last-19] = append(p.Refunds[last-19], twin.Refund{RefundID: id, OrderLineID: id, OrderID: id, BuyerID: id, MerchantID: merchant, ProductID: merchant,
					PaidAt: paid, AppliedAt: applied, AmountFen: 5_000, IsFull: true, Kind: "return_refund", Reason: "quality", IsFirst: true, Scene: "mall",
					OrderKind: "normal", Quantity: 1, BuyerPaidFen: 5_000})
			}
		}
	}
	return p
}
