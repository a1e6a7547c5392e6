package scoretwin

import "slices"

// Price is the price power of one product.
type Price struct {
	Unit, Orders, Shops, OtherOrders int64
	Benchmark                        int64 // none: too few shops or orders
	Stars                            int64 // none: not comparable
	Status                           string
}

// priced is one order of a product at one price of a unit.
type priced struct{ product, merchant, price int64 }

// Prices compares the products sold in the last 7 days, in orders one by one.
func (d *Dumps) Prices() map[int64]Price {
	type orderAtPrice struct{ order, day, product, price int64 }
	seen := map[orderAtPrice]bool{}
	byProduct, byStyle := map[int64][]priced{}, map[int64][]priced{}
	for _, o := range d.orders {
		if !o.valid() || o.paid > d.asOf || o.paid <= d.asOf-7 {
			continue
		}
		p, known := d.products[o.product]
		if !known {
			continue // nor is it known how many units an item has
		}
		price := (o.fen + o.freight) / (o.quantity * p.units)
		key := orderAtPrice{o.order, o.paid, o.product, price}
		if seen[key] {
			continue
		}
		seen[key] = true
		sold := priced{o.product, p.merchant, price}
		byProduct[o.product] = append(byProduct[o.product], sold)
		if p.style != none {
			byStyle[p.style] = append(byStyle[p.style], sold)
		}
	}
	out := map[int64]Price{}
	for product, sold := range byProduct {
		p := d.products[product]
		out[product] = comparePrice(sold, byStyle[p.style], p)
	}
	return out
}

func comparePrice(own, style []priced, p productRow) Price {
	var mine, others []int64
	for _, s := range own {
		mine = append(mine, s.price)
	}
	out := Price{Unit: lowerMedian(mine), Orders: int64(len(mine)), Benchmark: none, Stars: none, Status: "no_style"}
	if p.style == none {
		return out
	}
	shops := map[int64]bool{}
	for _, s := range style {
		if s.merchant != p.merchant {
			others, shops[s.merchant] = append(others, s.price), true
		}
	}
	out.Shops, out.OtherOrders = int64(len(shops)), int64(len(others))
	switch {
	case len(shops) < 3:
		out.Status = "few_shops"
		return out
	case len(others) < 30:
		out.Status = "few_orders"
		return out
	}
	out.Benchmark = lowerMedian(others)
	ratio := float64(out.Unit) / float64(out.Benchmark)
	switch {
	case slices.Max(mine) > 5*slices.Min(mine):
		out.Status = "spread"
	case ratio < 0.5:
		out.Status = "bait"
	default:
		out.Status, out.Stars = "comparable", stars(ratio)
	}
	return out
}

func stars(ratio float64) int64 {
	for i, most := range []float64{0.90, 0.97, 1.01, 1.10} {
		if ratio <= most {
			return int64(5 - i)
		}
	}
	return 1
}

func lowerMedian(prices []int64) int64 {
	slices.Sort(prices)
	return prices[(len(prices)-1)/2]
}
