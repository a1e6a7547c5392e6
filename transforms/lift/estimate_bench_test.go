package lift_test

import (
	"math/rand/v2"
	"testing"

	"github.com/windvane/windvane/transforms/lift"
)

// BenchmarkEstimate estimates ten thousand merchants in three periods; their cells are those of twenty.
func BenchmarkEstimate(b *testing.B) {
	f := brands(rand.New(rand.NewPCG(61, 61)), 20, 1500, planted)
	const merchants = 10_000
	all := &lift.Figures{Periods: f.Periods, Pairs: merchants * 1500}
	for i := range merchants {
		m := f.Merchants[i%20]
		m.Code = int64(i + 1)
		all.Merchants = append(all.Merchants, m)
	}
	o := options(0.3)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := lift.Estimate(all, o); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(merchants)*float64(b.N)/b.Elapsed().Seconds(), "merchants/s")
}
