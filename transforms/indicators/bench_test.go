package indicators_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/indicators"
	"github.com/windvane/windvane/transforms/rules"
)

// sparse are days on which every fifth subject, in order, has a row; some rows are of nobody that is known.
func sparse(subjects int, key string, measures ...string) column.Days {
	random := rand.New(rand.NewPCG(1, 2))
	var all []column.Dated
	for day := asOf - 104; day <= asOf; day++ {
		var ids []int64
		for id := random.Int64N(9); id < int64(subjects+subjects/50); id += 1 + random.Int64N(9) {
			ids = append(ids, 1_000_000+2*id)
		}
		f := column.NewFrame(len(ids))
		f.Set(key, ids)
		for _, m := range append([]string{"paid_day"}, measures...) {
			values := make([]int64, f.N)
			for i := range values {
				values[i] = random.Int64N(20)
				if m == "paid_day" {
					values[i] = int64(day - calendar.Day(values[i]))
				}
			}
			f.Set(m, values)
		}
		all = append(all, column.Dated{Day: day, Frame: f})
	}
	return func(yield func(column.Dated, error) bool) {
		for _, d := range all {
			if !yield(d, nil) {
				return
			}
		}
	}
}

func BenchmarkCollect(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprintf("products=%.0e", float64(n)), func(b *testing.B) {
			in := indicators.Input{AsOf: asOf, Rules: &rules.Rules{LagDays: lag, MinimumOrders: 10, HalfLifeDays: 30},
				Score: &rules.Score{Windows: []int{30, 60, 90}, FullBy: "valid", FullOrders: 30}}
			for i := range n {
				in.Subjects = append(in.Subjects, 1_000_000+2*int64(i))
			}
			in.Orders = indicators.Source{Subject: "product_id", Days: sparse(n, "product_id", "orders", "paid_fen")}
			in.Events = []indicators.Source{
				{Subject: "product_id", Days: sparse(n, "product_id", "signed", "due", "missed"), Measures: []string{"signed", "due", "missed"}},
				{Subject: "product_id", Days: sparse(n, "product_id", "refunds", "quality"), Measures: []string{"refunds", "quality"}, PaidDay: true},
				{Subject: "product_id", Days: sparse(n, "product_id", "mismatch"), Measures: []string{"mismatch"}, Lagged: true},
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := indicators.Collect(in); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "products/s")
		})
	}
}
