package price

import (
	"cmp"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// recordRows is the size of records.
const recordRows = 1 << 16

// Table is price_power, in records of bounded size: each is the consumer's until it asks for the next one.
func Table(asOf calendar.Day, ids *column.IDs, powers []Power) column.Records {
	compare := cmp.Compare[int64]
	if ids.Types[contract.Product] {
		compare = ids.CompareText(contract.Product, contract.NoSubject)
	}
	order := make([]int32, len(powers))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return compare(powers[a].Product, powers[b].Product) })
	return column.Pages(contract.PricePower, ids, len(powers), recordRows, func(b *column.Builder) func(from, to int) {
		return func(from, to int) {
			for _, i := range order[from:to] {
				powers[i].write(b, asOf)
			}
		}
	})
}

func (p *Power) write(b *column.Builder, asOf calendar.Day) {
	b.Column("as_of_date").Int(int64(asOf))
	b.Column("product_id").Int(p.Product)
	b.Column("merchant_id").Int(p.Merchant)
	b.Column("style_id").Int(p.Style)
	b.Column("unit_price_fen").Int(p.Price)
	b.Column("orders").Int(p.Orders)
	b.Column("benchmark_shops").Int(p.Shops)
	b.Column("benchmark_orders").Int(p.OtherOrders)
	b.Column("benchmark_fen").Int(p.Benchmark)
	if p.Benchmark == column.Null {
		b.Column("price_ratio").Null()
	} else {
		b.Column("price_ratio").Real(p.Ratio)
	}
	if p.Stars == 0 {
		b.Column("stars").Null()
	} else {
		b.Column("stars").Int(int64(p.Stars))
	}
	b.Column("status").Int(int64(p.Status))
}
