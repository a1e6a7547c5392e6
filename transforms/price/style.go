package price

import (
	"cmp"
	"slices"
	"sort"

	"github.com/windvane/windvane/transforms/column"
)

// styleSale is a sale as the other shops of its style see it.
type styleSale struct {
	style, price, orders int64
	product              int32 // position
}

// byStyle deals the sales of products with a style by style, a share for each worker, and lets go of the parts.
func (c *comparison) byStyle(parts []*part) [][]styleSale {
	shares := make([][]styleSale, max(1, c.in.Workers))
	count := make([]int, len(shares))
	share := func(style int64) uint64 { return column.Hash(style) % uint64(len(shares)) }
	for _, p := range parts {
		p.walk(func(at int, _ sale) {
			if style := c.style[at]; style != column.Null {
				count[share(style)]++
			}
		})
	}
	for i := range shares {
		shares[i] = make([]styleSale, 0, count[i])
	}
	for _, p := range parts {
		p.walk(func(at int, s sale) {
			if style := c.style[at]; style != column.Null {
				i := share(style)
				shares[i] = append(shares[i], styleSale{style, s.price, s.orders, int32(at)})
			}
		})
		p.sales = nil
	}
	return shares
}

// walk visits the sales with the positions of their products.
func (p *part) walk(visit func(at int, s sale)) {
	at := p.first - 1
	for i := range p.sales {
		if i == 0 || p.sales[i].product != p.sales[i-1].product {
			at++
		}
		visit(at, p.sales[i])
	}
}

// compareStyles compares the products of whole styles.
func (c *comparison) compareStyles(sales []styleSale) {
	slices.SortFunc(sales, func(a, b styleSale) int {
		return cmp.Or(cmp.Compare(a.style, b.style), cmp.Compare(a.price, b.price), cmp.Compare(a.product, b.product))
	})
	k := cluster{comparison: c}
	for rest := sales; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].style == rest[0].style {
			n++
		}
		k.compare(rest[:n])
		rest = rest[n:]
	}
}

// cluster are all sales of one style that have a shop, ordered by price, with running totals, so that the median without
// one shop is found without a look at the others. Its memory serves for one style after another.
type cluster struct {
	*comparison
	sales  []styleSale
	totals []int64 // orders up to and with each sale

	byShop []int32 // positions of the sales, shop by shop
	own    []int64 // orders of the shop in hand up to and with each of its sales
}

// compare compares the products of one style, shop by shop: the other shops are the same for all products of one.
func (k *cluster) compare(all []styleSale) {
	k.sales, k.totals, k.byShop = k.sales[:0], k.totals[:0], k.byShop[:0]
	var total int64
	for _, s := range all {
		if k.merchant[s.product] == column.Null {
			continue
		}
		total += s.orders
		k.byShop = append(k.byShop, int32(len(k.sales)))
		k.sales, k.totals = append(k.sales, s), append(k.totals, total)
	}
	shop := func(at int32) int64 { return k.merchant[k.sales[at].product] }
	slices.SortFunc(k.byShop, func(a, b int32) int { return cmp.Or(cmp.Compare(shop(a), shop(b)), cmp.Compare(a, b)) })
	var shops int64
	for i, at := range k.byShop {
		if i == 0 || shop(at) != shop(k.byShop[i-1]) {
			shops++
		}
	}
	for _, s := range all { // whose shop is not known has no shop of its own among these
		if k.merchant[s.product] == column.Null {
			k.against(int(s.product), shops, total, nil)
		}
	}
	for rest := k.byShop; len(rest) > 0; {
		n := 1
		for n < len(rest) && shop(rest[n]) == shop(rest[0]) {
			n++
		}
		k.compareShop(rest[:n], shops-1, total)
		rest = rest[n:]
	}
}

// compareShop compares the products of one shop; at are the positions of its sales.
func (k *cluster) compareShop(at []int32, shops, total int64) {
	k.own = k.own[:0]
	var own int64
	for _, i := range at {
		own += k.sales[i].orders
		k.own = append(k.own, own)
	}
	orders, found, known := total-own, int64(0), false
	median := func() int64 {
		if !known {
			found, known = k.median(at, orders), true
		}
		return found
	}
	for _, i := range at { // a product that has several prices comes again, and fares the same
		k.against(int(k.sales[i].product), shops, orders, median)
	}
}

// median is the lower median unit price over the orders of the other shops; at are the positions of the own sales.
func (k *cluster) median(at []int32, orders int64) int64 {
	ownUpTo := func(i int) int64 {
		n, _ := slices.BinarySearch(at, int32(i+1))
		if n == 0 {
			return 0
		}
		return k.own[n-1]
	}
	i := sort.Search(len(k.sales), func(i int) bool { return 2*(k.totals[i]-ownUpTo(i)) >= orders })
	return k.sales[i].price
}
