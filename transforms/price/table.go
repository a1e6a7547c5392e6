package price

import (
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// recordRows is the size of records.
const recordRows = 1 << 16

// Table is price_power, in records of bounded size: each is the consumer's until it asks for the next one.
func Table(asOf calendar.Day, ids *column.IDs, powers *Powers) column.Records {
	at := func(i int) int { return i }
	if ids.Types[contract.Product] { // texts are not in the order of their codes
		order, compare := make([]int32, powers.Len()), ids.CompareText(contract.Product, contract.NoSubject)
		for i := range order {
			order[i] = int32(i)
		}
		slices.SortFunc(order, func(a, b int32) int { return compare(powers.Products[a], powers.Products[b]) })
		at = func(i int) int { return int(order[i]) }
	}
	return column.Pages(contract.PricePower, ids, powers.Len(), recordRows, func(b *column.Builder) func(from, to int) {
		return func(from, to int) {
			for i := from; i < to; i++ {
				p := powers.At(at(i))
				p.write(b, asOf)
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
