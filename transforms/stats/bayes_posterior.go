package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Posterior is what is known of an effect: a normal distribution, or a mixture of some. Weights sum to one.
type Posterior []Component

// Component is one normal distribution of a mixture, with its share.
type Component struct {
	Weight float64
	Normal
}

// Mean is the effect to expect: the shrunken estimate, to be ranked and quoted.
func (p Posterior) Mean() float64 {
	mean := 0.0
	for _, c := range p {
		mean += c.Weight * c.Mean
	}
	return mean
}

// Var is the variance of the effect.
func (p Posterior) Var() float64 {
	mean, variance := p.Mean(), 0.0
	for _, c := range p {
		variance += c.Weight * (c.Var + (c.Mean-mean)*(c.Mean-mean))
	}
	return variance
}

// Positive is the probability that the effect is above zero; 1/2 for an effect known to be zero.
func (p Posterior) Positive() float64 { return 1 - p.below(0) }

// LocalFalseSign is the local false sign rate: the probability that the likelier sign is wrong, in [0, 1/2].
//
// Source: Stephens, False discovery rates: a new deal, Biostatistics 18 (2017).
func (p Posterior) LocalFalseSign() float64 {
	below := p.below(0)
	return math.Min(below, 1-below)
}

// Interval holds the effect with the given probability, the same part outside on each side.
func (p Posterior) Interval(confidence float64) Interval {
	out := (1 - confidence) / 2
	return Interval{p.quantile(out), p.quantile(1 - out)}
}

// below is the probability of an effect below x.
func (p Posterior) below(x float64) float64 {
	sum := 0.0
	for _, c := range p {
		z := (x - c.Mean) / math.Sqrt(c.Var)
		if math.IsNaN(z) { // known to be x
			z = 0
		}
		sum += c.Weight * distuv.UnitNormal.CDF(z)
	}
	return sum
}

func (p Posterior) quantile(q float64) float64 {
	z := distuv.UnitNormal.Quantile(q)
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, c := range p {
		at := c.Mean + z*math.Sqrt(c.Var)
		lo, hi = math.Min(lo, at), math.Max(hi, at)
	}
	if lo == hi {
		return lo
	}
	return root(func(x float64) float64 { return p.below(x) - q }, lo, hi) // it lies between those of the components
}
