// Package price compares what a product costs with the same style in other shops (definitions, section 8).
//
// The unit prices of a product's orders, freight included, stand in the rollup unit_prices. Its price is their
// median over the orders of the window; the benchmark is the median over the orders of all other shops that sold the
// same style, so that a shop can never move its own benchmark. What cannot be compared is neutral, never cheap and
// never dear.
package price

import (
	"cmp"
	"slices"

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

// Input is what prices are compared from.
type Input struct {
	AsOf  calendar.Day
	Rules rules.Price
	Days  column.Days // unit_prices of [AsOf-WindowDays+1, AsOf]
	// Product tells shop and style of a product, column.Null where there is none.
	Product func(product int64) (merchant, style int64)
}

// sale is one unit price of a product, with its orders of the window.
type sale struct{ product, merchant, style, price, orders int64 }

// Compare gives the price power of every product sold in the window, ordered by product code.
func Compare(in Input) ([]Power, error) {
	sales, err := collect(in)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(sales, func(a, b sale) int { return cmp.Or(cmp.Compare(a.product, b.product), cmp.Compare(a.price, b.price)) })
	var out []Power
	byStyle := map[int64][]int{} // positions in out
	for at := 0; at < len(sales); {
		end := at + 1
		for end < len(sales) && sales[end].product == sales[at].product {
			end++
		}
		p := own(in.Rules, sales[at:end])
		if p.Style != column.Null {
			byStyle[p.Style] = append(byStyle[p.Style], len(out))
		}
		out, at = append(out, p), end
	}
	clusters := clustersOf(sales)
	for style, products := range byStyle {
		for _, i := range products {
			out[i].compare(in.Rules, clusters[style])
		}
	}
	return out, nil
}

// collect adds up the orders of every product and unit price.
func collect(in Input) ([]sale, error) {
	sums := column.NewGrouper(2, 1)
	for d, err := range in.Days {
		if err != nil {
			return nil, err
		}
		products, prices, orders := d.Frame.Column("product_id"), d.Frame.Column("unit_price_fen"), d.Frame.Column("orders")
		for i := range products {
			sums.Get([]int64{products[i], prices[i]})[0] += orders[i]
		}
	}
	sales := make([]sale, sums.Len())
	for i := range sales {
		row := sums.Row(i)
		sales[i] = sale{product: row[0], price: row[1], orders: row[2]}
		sales[i].merchant, sales[i].style = in.Product(row[0])
	}
	return sales, nil
}

// own is what a product's own sales, ordered by price, tell.
func own(r rules.Price, sales []sale) Power {
	p := Power{Product: sales[0].product, Merchant: sales[0].merchant, Style: sales[0].style, Benchmark: column.Null, Status: NoStyle}
	for _, s := range sales {
		p.Orders += s.orders
	}
	p.Price = lowerMedian(sales, p.Orders)
	lowest, highest := sales[0].price, sales[len(sales)-1].price
	if p.Style != column.Null && p.Merchant != column.Null {
		p.Status = Comparable
	}
	if float64(highest) > r.SpreadRatio*float64(lowest) && p.Status == Comparable {
		p.Status = Spread
	}
	return p
}

// lowerMedian is the price of the order in the middle of sales ordered by price, the lower of two.
func lowerMedian(sales []sale, orders int64) int64 {
	for _, s := range sales {
		if orders -= 2 * s.orders; orders <= 0 {
			return s.price
		}
	}
	return sales[len(sales)-1].price
}

// compare sets benchmark, ratio and stars against the other shops of the style.
func (p *Power) compare(r rules.Price, c *cluster) {
	p.Shops, p.OtherOrders = c.others(p.Merchant)
	switch {
	case p.Status != Comparable && p.Status != Spread:
		return
	case p.Shops < int64(r.MinimumShops):
		p.Status = FewShops
		return
	case p.OtherOrders < r.MinimumOrders:
		p.Status = FewOrders
		return
	}
	p.Benchmark = c.median(p.Merchant, p.OtherOrders)
	if p.Benchmark <= 0 {
		p.Benchmark, p.Status = column.Null, Bait // the others give it away: nothing to compare with
		return
	}
	p.Ratio = float64(p.Price) / float64(p.Benchmark)
	if p.Status == Spread {
		return
	}
	if p.Ratio < r.BaitRatio {
		p.Status = Bait
		return
	}
	p.Stars = Stars(r, p.Ratio)
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
