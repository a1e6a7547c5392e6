package price

import (
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rules"
)

// comparison are the powers in the making, by position of the product.
type comparison struct {
	in                             Input
	products                       []int64
	merchant, style, price, orders []int64
	shops, others, benchmark       []int64
	stars, status                  []int8
}

func newComparison(in Input, parts []*part) *comparison {
	n := 0
	for _, p := range parts {
		p.first = n
		n += p.products
	}
	c := &comparison{in: in, stars: make([]int8, n), status: make([]int8, n)}
	for _, values := range []*[]int64{&c.products, &c.merchant, &c.style, &c.price, &c.orders, &c.shops, &c.others, &c.benchmark} {
		*values = make([]int64, n)
	}
	return c
}

// own fills in what the own sales of a range of products tell.
func (c *comparison) own(p *part) {
	at := p.first
	for rest := p.sales; len(rest) > 0; at++ {
		n := 1
		for n < len(rest) && rest[n].product == rest[0].product {
			n++
		}
		c.ownOf(at, rest[:n])
		rest = rest[n:]
	}
}

// ownOf fills in what the sales of one product, ordered by price, tell.
func (c *comparison) ownOf(at int, sales []sale) {
	c.products[at], c.benchmark[at], c.status[at] = sales[0].product, column.Null, NoStyle
	c.merchant[at], c.style[at] = c.in.Product(sales[0].product)
	for _, s := range sales {
		c.orders[at] += s.orders
	}
	c.price[at] = lowerMedian(sales, c.orders[at])
	if c.style[at] == column.Null || c.merchant[at] == column.Null {
		return
	}
	c.status[at] = Comparable
	if lowest, highest := sales[0].price, sales[len(sales)-1].price; float64(highest) > c.in.Rules.SpreadRatio*float64(lowest) {
		c.status[at] = Spread
	}
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

// against sets benchmark and stars of a product against the other shops of the style: how many there are, their orders, and
// their median price, which is asked for where it counts.
func (c *comparison) against(at int, shops, orders int64, median func() int64) {
	r := &c.in.Rules
	c.shops[at], c.others[at] = shops, orders
	switch {
	case c.status[at] != Comparable && c.status[at] != Spread:
		return
	case shops < int64(r.MinimumShops):
		c.status[at] = FewShops
		return
	case orders < r.MinimumOrders:
		c.status[at] = FewOrders
		return
	}
	benchmark := median()
	if benchmark <= 0 {
		c.status[at] = Bait // the others give it away: nothing to compare with
		return
	}
	c.benchmark[at] = benchmark
	if c.status[at] == Spread {
		return
	}
	c.status[at], c.stars[at] = judge(*r, float64(c.price[at])/float64(benchmark))
}

func judge(r rules.Price, ratio float64) (status, stars int8) {
	if ratio < r.BaitRatio {
		return Bait, 0
	}
	return Comparable, int8(Stars(r, ratio))
}

// powers are the powers, made.
func (c *comparison) powers() *Powers {
	ints := func(values *[]int64) *column.Ints {
		out := column.NewInts(*values)
		*values = nil
		return out
	}
	return &Powers{Products: c.products, Stars: c.stars, Status: c.status, merchant: ints(&c.merchant), style: ints(&c.style), price: ints(&c.price),
		orders: ints(&c.orders), shops: ints(&c.shops), others: ints(&c.others), benchmark: ints(&c.benchmark)}
}
