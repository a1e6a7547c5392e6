package fives_test

import (
	"math/rand/v2"
	"testing"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/fives"
)

// BenchmarkCompare compares shops in thirty categories and makes their table.
func BenchmarkCompare(b *testing.B) {
	for _, size := range []struct {
		name  string
		shops int
	}{{"shops=1e4", 1e4}, {"shops=1e5", 1e5}} {
		b.Run(size.name, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 2))
			s := &fives.Shops{Goods: make([]float64, size.shops), Partners: fives.Partners{Active: make([]int64, size.shops), Score: make([]float64, size.shops)}}
			for _, values := range integers(s) {
				*values = make([]int64, size.shops)
				for i := range *values {
					(*values)[i] = rng.Int64N(1e9)
				}
			}
			for i := range s.Codes {
				s.Codes[i], s.Categories[i], s.Goods[i], s.Partners.Score[i] = int64(i), rng.Int64N(30), 3+2*rng.Float64(), 3+2*rng.Float64()
			}
			b.ReportAllocs()
			for b.Loop() {
				for rec, err := range fives.Compare(s).Table(asOf, column.NewIDs(nil)) {
					if err != nil || rec.NumRows() == 0 {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(size.shops)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkReadAlwaysOn reads a month of a million products.
func BenchmarkReadAlwaysOn(b *testing.B) {
	const products, days = 1e6, 30
	codes, merchants, minutes := make([]int64, products), make([]int64, products), make([]int64, products)
	for i := range codes {
		codes[i], merchants[i], minutes[i] = int64(i)*7, 11+int64(i)%3, 1440
	}
	f := column.NewFrame(products)
	f.Set("product_id", codes)
	f.Set("purchasable_minutes", minutes)
	frames := make([]*column.Frame, days)
	for i := range frames {
		frames[i] = f
	}
	p := fives.Products{Rows: column.NewLookup(codes), Merchant: column.NewInts(merchants), LiveOnly: column.Same(0, products)}
	for b.Loop() {
		if _, err := fives.ReadAlwaysOn(shops(), p, successive(frames...)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(products*days*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
