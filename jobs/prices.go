package jobs

import (
	"context"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/price"
	"github.com/windvane/windvane/transforms/rollup"
)

// anomaly stands where stars do for products whose price is no price: bait, or too far a spread. It is not a reason to be
// excused.
const anomaly int8 = -1

// pricedProducts are what later steps want to know of prices: of products that are comparable, and of anomalies.
type pricedProducts struct {
	rows  *column.Lookup
	stars []int8 // 1 to 5, or anomaly
}

// pricedOf keeps what later steps want to know.
func pricedOf(powers *price.Powers) *pricedProducts {
	var products []int64
	var stars []int8
	for i, product := range powers.Products {
		switch s := powers.Stars[i]; {
		case s > 0:
			products, stars = append(products, product), append(stars, s)
		case powers.Status[i] == price.Bait || powers.Status[i] == price.Spread:
			products, stars = append(products, product), append(stars, anomaly)
		}
	}
	return &pricedProducts{column.NewLookup(products), stars}
}

// of are the stars of products by position, 0: nothing to compare with.
func (p *pricedProducts) of(products []int64) []int8 {
	out := make([]int8, len(products))
	for i, product := range products {
		out[i] = p.ofOne(product)
	}
	return out
}

func (p *pricedProducts) ofOne(product int64) int8 {
	if at := p.rows.Row(product); at >= 0 {
		return p.stars[at]
	}
	return 0
}

// comparePrices makes price_power.
func (n *night) comparePrices(ctx context.Context) error {
	first := n.asOf - calendar.Day(n.rules.Price.WindowDays) + 1
	products, err := n.factsOf(ctx, rollup.ProductFacts(), "product_id", "merchant_id", "style_id")
	if err != nil {
		return err
	}
	belongs := func(int64) (int64, int64) { return column.Null, column.Null }
	if products != nil {
		l := column.NewLookup(products.Column("product_id"), products.Column("merchant_id"), products.Column("style_id"))
		belongs = func(product int64) (int64, int64) {
			at := l.Row(product)
			if at < 0 {
				return column.Null, column.Null
			}
			return l.Values(0)[at], l.Values(1)[at]
		}
	}
	powers, err := price.Compare(price.Input{AsOf: n.asOf, Rules: n.rules.Price, Days: n.history(ctx, rollup.UnitPrices(), first), Product: belongs,
		Workers: n.runner.Settings.workers()})
	if err != nil {
		return err
	}
	n.prices = pricedOf(powers)
	n.publishRows(contract.PricePower, price.Table(n.asOf, n.runner.ids, powers))
	return nil
}
