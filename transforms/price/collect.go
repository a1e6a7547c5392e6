package price

import (
	"cmp"
	"slices"

	"github.com/windvane/windvane/transforms/column"
)

// sale is one unit price of a product, with its orders of the window.
type sale struct{ product, price, orders int64 }

// part are the sales of a range of products, ordered by product and price.
type part struct {
	sums     *column.Grouper // by product and price
	sales    []sale
	first    int // position of its first product among all
	products int
}

// collect adds up the orders of every product and unit price, by ranges of products.
func collect(in Input) ([]*part, error) {
	var parts []*part
	var starts []int64
	for d, err := range in.Days {
		if err != nil {
			return nil, err
		}
		products, prices, orders := d.Frame.Column("product_id"), d.Frame.Column("unit_price_fen"), d.Frame.Column("orders")
		if parts == nil {
			starts = startsOf(products, max(1, in.Workers))
			for range len(starts) + 1 {
				parts = append(parts, &part{sums: column.NewGrouper(2, 1)})
			}
		}
		err = column.Each(len(parts), len(parts), func(p int) {
			for i, product := range products {
				if within(starts, p, product) {
					parts[p].sums.Get([]int64{product, prices[i]})[0] += orders[i]
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return parts, column.Each(len(parts), len(parts), func(p int) { parts[p].sort() })
}

// startsOf cut the codes of products into so many ranges of about as many rows: the first code of each but the first.
func startsOf(products []int64, ranges int) (starts []int64) {
	const samples = 1 << 10
	var some []int64
	for i := 0; i < len(products); i += len(products)/samples + 1 {
		some = append(some, products[i])
	}
	slices.Sort(some)
	some = slices.Compact(some)
	for r := 1; r < ranges && len(some) >= ranges; r++ {
		starts = append(starts, some[r*len(some)/ranges])
	}
	return starts
}

// within tells whether a product is of range p.
func within(starts []int64, p int, product int64) bool {
	return (p == 0 || product >= starts[p-1]) && (p == len(starts) || product < starts[p])
}

// sort orders the sales and counts their products.
func (p *part) sort() {
	p.sales = make([]sale, p.sums.Len())
	for i := range p.sales {
		row := p.sums.Row(i)
		p.sales[i] = sale{row[0], row[1], row[2]}
	}
	p.sums = nil
	slices.SortFunc(p.sales, func(a, b sale) int { return cmp.Or(cmp.Compare(a.product, b.product), cmp.Compare(a.price, b.price)) })
	for i := range p.sales {
		if i == 0 || p.sales[i].product != p.sales[i-1].product {
			p.products++
		}
	}
}
