// Package price compares what a product costs with the same style in other shops (definitions, section 8).
//
// The unit prices of a product's orders, freight included, stand in the rollup unit_prices, as far as it is known how many units an item
// has. Its price is their median over the orders of the window; the benchmark is the median over the orders of all other shops that sold
// the same style, so that a shop can never move its own benchmark. What cannot be compared is neutral, never cheap and
// never dear.
//
// Sales are added up by ranges of products, then compared by style, several ranges and styles side by side; what is made
// of a product does not depend on how many.
package price

import (
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rules"
)

// Statuses of a product, in the order of contract.PriceStatuses.
const (
	Comparable = iota
	NoStyle
	FewShops
	FewOrders
	Bait
	Spread
)

// Power is the price power of one product.
type Power struct {
	Product, Merchant, Style int64 // codes; column.Null: none
	Price                    int64 // fen a unit; lower median over the orders
	Orders                   int64
	Shops, OtherOrders       int64   // of the style, other shops
	Benchmark                int64   // fen a unit; column.Null: too few shops or orders
	Ratio                    float64 // price / benchmark; 0: no benchmark
	Stars                    int     // 5 to 1; 0: not comparable
	Status                   int
}

// Powers are the price powers of products, ordered by product code.
type Powers struct {
	Products                 []int64 // codes
	Stars                    []int8  // as in Power
	Status                   []int8
	merchant, style          *column.Ints
	price, orders            *column.Ints
	shops, others, benchmark *column.Ints
}

// Len is the number of products.
func (p *Powers) Len() int { return len(p.Products) }

// At is the price power of product i.
func (p *Powers) At(i int) Power {
	out := Power{Product: p.Products[i], Merchant: p.merchant.At(i), Style: p.style.At(i), Price: p.price.At(i), Orders: p.orders.At(i),
		Shops: p.shops.At(i), OtherOrders: p.others.At(i), Benchmark: p.benchmark.At(i), Stars: int(p.Stars[i]), Status: int(p.Status[i])}
	if out.Benchmark != column.Null {
		out.Ratio = float64(out.Price) / float64(out.Benchmark)
	}
	return out
}

// Input is what prices are compared from.
type Input struct {
	AsOf  calendar.Day
	Rules rules.Price
	Days  column.Days // unit_prices of [AsOf-WindowDays+1, AsOf]
	// Product tells shop and style of a product, column.Null where there is none. Several goroutines ask it at once.
	Product func(product int64) (merchant, style int64)
	Workers int
}

// Compare gives the price power of every product sold in the window, ordered by product code.
func Compare(in Input) (*Powers, error) {
	parts, err := collect(in)
	if err != nil {
		return nil, err
	}
	c := newComparison(in, parts)
	if err := column.Each(len(parts), in.Workers, func(i int) { c.own(parts[i]) }); err != nil {
		return nil, err
	}
	styles := c.byStyle(parts)
	if err := column.Each(len(styles), in.Workers, func(i int) { c.compareStyles(styles[i]) }); err != nil {
		return nil, err
	}
	return c.powers(), nil
}

// Stars are the stars of a ratio price / benchmark.
func Stars(r rules.Price, ratio float64) int {
	for i, most := range r.Stars {
		if ratio <= most {
			return 5 - i
		}
	}
	return 1
}
