package score

import (
	"math"

	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/stats"
)

// State says what became of an indicator of a subject.
type State uint8

const (
	// Used: it has a figure.
	Used State = iota + 1
	// FromMean: no data yet; the mean of the category stands in.
	FromMean
	// NotApplicable: there is nothing to measure; the others of its dimension weigh more.
	NotApplicable
	// NotComputable: an input table is missing; likewise.
	NotComputable
)

// points are those of the indicators of one subject; NaN: it has none.
type points [maxIndicators]float64

// reading is what a subject has of one indicator.
type reading struct {
	state  State
	value  float64 // what is held against the anchors; percentiles: q; NaN: none
	points float64 // NaN: none
	x, n   float64 // as in Figures; NaN: not computable
	ground *ground
}

// points reads all indicators of a subject. cautious puts every rate at its upper bound.
func (b *basis) points(subject int, cautious bool, into *points) {
	for i := range b.indicators {
		into[i] = b.read(i, subject, cautious).points
	}
}

// read is what a subject has of one indicator.
func (b *basis) read(i, subject int, cautious bool) reading {
	g := b.against(i, subject)
	if b.Of[i] == nil {
		return reading{NotComputable, math.NaN(), math.NaN(), math.NaN(), math.NaN(), g}
	}
	x, n := b.Of[i](subject)
	in := &b.indicators[i]
	if n == 0 && in.known.Empty == rules.Drop {
		return reading{NotApplicable, math.NaN(), math.NaN(), x, n, g}
	}
	if n == 0 {
		value := g.mean * in.scale
		return reading{FromMean, value, b.earned(in, g, value), x, n, g}
	}
	value := x
	switch in.known.Way {
	case rules.Rate:
		if cautious {
			value = in.scale * stats.WilsonUpper(x, n, stats.Z95)
		} else {
			value = in.scale * stats.Shrink(x, n, g.mean, g.strength)
		}
	case rules.Mean:
		value = in.scale * x / n
	case rules.Percentile:
		value = b.ranks[i][subject]
	}
	return reading{Used, value, b.earned(in, g, value), x, n, g}
}

// earned are the points that a value earns, within the indicator's bounds.
func (p *plan) earned(in *indicator, g *ground, value float64) float64 {
	switch in.known.Way {
	case rules.Percentile:
		value = g.curve.At(1 - value)
	case rules.Rate, rules.Mean:
		value = g.curve.At(value)
	}
	return min(max(value, in.floor), p.highest())
}

// present are the indicators that have points: bit i is that of indicator i.
func (p *plan) present(points *points) (set uint16) {
	for i := range p.indicators {
		if !math.IsNaN(points[i]) {
			set |= 1 << i
		}
	}
	return set
}

// coverage is the share of the weight that has points.
func (p *plan) coverage(set uint16) float64 {
	var present float64
	for i := range p.indicators {
		if set>>i&1 == 1 {
			present += p.indicators[i].rule.Weight
		}
	}
	return present / p.weight
}
