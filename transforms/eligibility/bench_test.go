package eligibility_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/rules"
)

// crowd is a night of n products of n/20 shops in 30 categories, on a list with four gates, a cap and cold start.
func crowd(n int) (*rules.List, *considered, eligibility.History, *eligibility.Before) {
	rnd := rand.New(rand.NewPCG(1, 2))
	l := subsidy()
	l.Gates, l.ColdStart = l.Gates[:3:3], 0.1
	l.Gates = append(l.Gates, rules.Gate{ID: "orders", Measure: "valid_orders_30d", AtLeast: bound(5)})
	for i := range l.Gates[:3] {
		l.Gates[i].AtLeast = bound(4.20)
	}
	l.Levels[0].NoScore = 1
	s := subjects(n)
	s.Shop, s.Info, s.ColdStart = make([]int32, n), make([]float64, n), make([]bool, n)
	orders, b := make([]float64, n), emptyBefore(n)
	for i := range n {
		s.Shop[i], s.Category[i] = rnd.Int32N(int32(n/20+1)), rnd.Int32N(30)
		s.Orders[i], s.GMVNet15[i] = rnd.Int64N(100), rnd.Int64N(1e9)
		s.Lower[i], s.Info[i], orders[i] = 3+2*rnd.Float64(), float64(rnd.IntN(100)), float64(s.Orders[i])
		b.Standing[i], b.Member[i], b.PassStreak[i] = i%2 == 0, i%2 == 0, int16(i%5)
	}
	s.Measures["valid_orders_30d"] = orders
	h := eligibility.History{}
	for _, measure := range []string{"product_score", "product_quality", "shop_score"} {
		for range 7 {
			run := make([]int16, n)
			for i := range run {
				run[i] = int16(400 + rnd.IntN(100))
			}
			h[measure] = append(h[measure], run)
		}
	}
	for i := range s.ColdStart {
		if i%10 == 0 {
			s.ColdStart[i], h["product_score"][0][i] = true, 0
		}
	}
	return l, s, h, b
}

func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprintf("products=%.0e", float64(n)), func(b *testing.B) {
			l, s, h, before := crowd(n)
			b.ReportAllocs()
			for b.Loop() {
				decided(theRules(), l, asOf, s, h, before, nil, false)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "products/s")
		})
	}
}

func BenchmarkAllocate(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("merchants=%.0e", float64(n)), func(b *testing.B) {
			rnd := rand.New(rand.NewPCG(1, 2))
			x, y := make([]float64, n), make([]float64, n)
			for i := range x {
				x[i], y[i] = rnd.ExpFloat64()*1e6, rnd.ExpFloat64()*20_000
			}
			pool := rules.Pool{Impressions: 200_000_000, Reserve: 0.1, LeastImpressions: 1000, CapShare: 0.1, CapMultiple: 5}
			b.ReportAllocs()
			for b.Loop() {
				eligibility.Allocate(pool, x, y, 100)
			}
		})
	}
}
