package score

import "math"

// slack is what a figure may miss a bound by and still reach it: binary floats hold few decimals exactly.
const slack = 1e-9

// folded is what points add up to.
type folded struct {
	dimensions [maxIndicators]float64 // NaN: nothing present
	present    [maxIndicators]float64 // weight of the indicators present, by dimension
	weight     float64                // of the dimensions that are in the total
	total      float64                // before violations; NaN: nothing present
	added      float64                // what price adds to it in mode bonus
	gated      bool                   // the quality gate bites
}

// fold adds points up: indicators to dimensions, dimensions to the total. What is absent weighs nothing, and the
// others weigh more: indicators within their dimension first, then whole dimensions.
//
//	dimension = sum w·s / sum w        over its indicators present
//	total     = sum w·dimension / sum w  over the dimensions present, w their full weight
func (p *plan) fold(points *points, out *folded) {
	var sums [maxIndicators]float64
	*out = folded{}
	for i := range p.indicators {
		if in := &p.indicators[i]; i != p.price && points[i] == points[i] {
			sums[in.dimension] += in.rule.Weight * points[i]
			out.present[in.dimension] += in.rule.Weight
		}
	}
	if p.gate >= 0 && out.present[p.gate] > 0 {
		out.gated = sums[p.gate]/out.present[p.gate] < p.rules.QualityGate.AtLeast-slack
	}
	price := math.NaN()
	if p.price >= 0 {
		price = p.priced(points, out.gated)
		if in := &p.indicators[p.price]; price == price {
			sums[in.dimension] += in.rule.Weight * price
			out.present[in.dimension] += in.rule.Weight
		}
	}
	for d, weight := range p.dimensions {
		out.dimensions[d] = sums[d] / out.present[d]
		if out.present[d] > 0 && !p.onlyAdds(d) {
			out.total += weight * out.dimensions[d]
			out.weight += weight
		}
	}
	out.total /= out.weight
	if p.bonus && price == price {
		out.added = p.bonusFor(price, out.total)
		out.total += out.added
	}
}

// priced are the points of price behind the gate: a poor product gains nothing by its price.
func (p *plan) priced(points *points, gated bool) float64 {
	if price := points[p.price]; !gated || price != price {
		return price
	}
	return p.rules.QualityGate.PricePoints
}

// onlyAdds tells whether a dimension is left out of the mean: that of price in mode bonus.
func (p *plan) onlyAdds(dimension int) bool {
	return p.bonus && p.indicators[p.price].dimension == dimension
}

// bonusFor is what price adds to a total in mode bonus: nothing at one star, Bonus at five, never beyond the scale.
func (p *plan) bonusFor(price, total float64) float64 {
	stars := p.rules.Price.Points
	share := (price - stars[4]) / (stars[0] - stars[4])
	return min(p.rules.Price.Bonus*max(share, 0), p.highest()-total)
}
