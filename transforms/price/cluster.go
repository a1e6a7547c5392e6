package price

import (
	"cmp"
	"slices"
	"sort"

	"github.com/windvane/windvane/transforms/column"
)

// cluster are all sales of one style, ordered by price, with running totals, so that the median without one shop is
// found without a look at the others.
type cluster struct {
	sales  []sale
	totals []int64              // orders up to and with each sale
	shops  map[int64]*shopSales // by merchant
}

// shopSales are the positions of one shop's sales in the cluster.
type shopSales struct {
	at     []int
	totals []int64 // orders up to and with each
}

// clustersOf groups the sales by style. Sales without a style or a shop are in none.
func clustersOf(sales []sale) map[int64]*cluster {
	out := map[int64]*cluster{}
	for _, s := range sales {
		if s.style == column.Null || s.merchant == column.Null {
			continue
		}
		c := out[s.style]
		if c == nil {
			c = &cluster{shops: map[int64]*shopSales{}}
			out[s.style] = c
		}
		c.sales = append(c.sales, s)
	}
	for _, c := range out {
		c.index()
	}
	return out
}

func (c *cluster) index() {
	slices.SortFunc(c.sales, func(a, b sale) int { return cmp.Or(cmp.Compare(a.price, b.price), cmp.Compare(a.product, b.product)) })
	var total int64
	for i, s := range c.sales {
		total += s.orders
		c.totals = append(c.totals, total)
		shop := c.shops[s.merchant]
		if shop == nil {
			shop = &shopSales{}
			c.shops[s.merchant] = shop
		}
		shop.at = append(shop.at, i)
		shop.totals = append(shop.totals, shop.total()+s.orders)
	}
}

func (s *shopSales) total() int64 {
	if s == nil || len(s.totals) == 0 {
		return 0
	}
	return s.totals[len(s.totals)-1]
}

// upTo are the shop's orders up to and with position i of the cluster.
func (s *shopSales) upTo(i int) int64 {
	if s == nil {
		return 0
	}
	n := sort.SearchInts(s.at, i+1)
	if n == 0 {
		return 0
	}
	return s.totals[n-1]
}

// others counts the other shops of the style and their orders.
func (c *cluster) others(merchant int64) (shops, orders int64) {
	if c == nil {
		return 0, 0
	}
	own := c.shops[merchant]
	shops = int64(len(c.shops))
	if own != nil {
		shops--
	}
	if n := len(c.totals); n > 0 {
		orders = c.totals[n-1] - own.total()
	}
	return shops, orders
}

// median is the lower median unit price over the orders of the other shops.
func (c *cluster) median(merchant, orders int64) int64 {
	own := c.shops[merchant]
	at := sort.Search(len(c.sales), func(i int) bool { return 2*(c.totals[i]-own.upTo(i)) >= orders })
	return c.sales[at].price
}
