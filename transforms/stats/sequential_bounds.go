package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"
)

// Sides of a test: a change in one direction or in both.
type Sides int

// The sides of a test.
const (
	OneSided Sides = 1
	TwoSided Sides = 2
)

// GroupSequentialBounds are the critical values of |z| (of z for one side) at looks with the given information
// fractions, so that the probability of ever crossing one without an effect is alpha.
//
//	P(no crossing before look k, crossing at k) = Spent(alpha/sides, t[k]) − Spent(alpha/sides, t[k−1])  on each side
//
// times are ascending, above zero; those of 1 or more spend all that is left. A bound depends on the looks up to it
// alone, so tonight's is found from the looks taken so far. value ± bound·se is the repeated confidence interval.
//
// A bound is +Inf where nothing can be rejected: the part to be spent is below what a float holds, or the look brings
// less than a ten-thousandth of new information; what it would have spent is left to the next look.
//
// It is for a fixed cohort with growing totals, or looks planned by information: cheaper than AlwaysValid, and valid
// only at these looks. It returns an error for alpha outside (0, 1), sides other than one or two, and times that do
// not ascend.
//
// Source: Armitage, McPherson, Rowe 1969; grids of Jennison, Turnbull, Group Sequential Methods (2000), chapter 19.
// Equal to R's ldbounds and gsDesign, where alpha/2 is spent on each side.
func GroupSequentialBounds(times []float64, alpha float64, sides Sides, spending Spending) ([]float64, error) {
	if !(alpha > 0 && alpha < 1) {
		return nil, fmt.Errorf("group-sequential bounds: alpha %v is outside (0, 1)", alpha)
	}
	if sides != OneSided && sides != TwoSided {
		return nil, fmt.Errorf("group-sequential bounds: %d sides; there are one or two", sides)
	}
	before := 0.0
	for k, t := range times {
		if !(t > before) || math.IsInf(t, 0) {
			return nil, fmt.Errorf("group-sequential bounds: information fraction %v of look %d does not ascend above zero", t, k+1)
		}
		before = t
	}
	bounds := make([]float64, len(times))
	looks, finest := spendingLooks(times, alpha/float64(sides), spending)
	paths, spent := paths{}, 0.0
	for k, t := range times {
		if !looks[k] {
			bounds[k] = math.Inf(1)
			continue
		}
		goal := spending.Spent(alpha/float64(sides), t)
		bounds[k] = paths.bound(t, goal-spent)
		paths, spent = paths.walk(t, bounds[k], sides, finest), goal
	}
	return bounds, nil
}

// spendingLooks tells which looks spend anything, and the smallest standard deviation with which z moves between two
// of them, which a grid must resolve.
func spendingLooks(times []float64, alpha float64, spending Spending) (looks []bool, finest float64) {
	looks, finest = make([]bool, len(times)), 1
	before, spent := 0.0, 0.0
	for k, t := range times {
		goal := spending.Spent(alpha, t)
		if goal-spent < 1e-300 || t-before < 1e-4*t {
			continue
		}
		looks[k] = true
		finest = math.Min(finest, math.Sqrt((t-before)/t))
		before, spent = t, goal
	}
	return looks, finest
}

// paths is the distribution of z at a look over those that crossed no bound so far, on a grid: mass[i] is the density
// at z[i] times its weight in the quadrature. No grid: nobody has moved yet.
type paths struct {
	time    float64
	z, mass []float64
}

// to is the mean and standard deviation of z at time t for a path at u.
func (p *paths) to(t, u float64) (mean, sd float64) {
	return u * math.Sqrt(p.time/t), math.Sqrt((t - p.time) / t)
}

// bound is the critical value at time t that lets a probability of part across on the upper side.
func (p *paths) bound(t, part float64) float64 {
	if p.z == nil {
		return -distuv.UnitNormal.Quantile(part)
	}
	_, sd := p.to(t, 0)
	return root(func(bound float64) float64 {
		across := 0.0
		for i, u := range p.z {
			mean, _ := p.to(t, u)
			across += p.mass[i] * distuv.UnitNormal.CDF((mean-bound)/sd)
		}
		return part - across
	}, -40, 40)
}

// walk moves the paths to time t and takes out those that cross the bound there.
func (p *paths) walk(t, bound float64, sides Sides, finest float64) paths {
	const far = 9 // what lies beyond has a probability below 1e-18
	high := math.Min(bound, far)
	low := -float64(far)
	if sides == TwoSided {
		low = -high
	}
	// Gauss–Legendre is exact to nine digits once its points lie as dense as the width of the kernel.
	n := 40 + int(math.Ceil(2*(high-low)/finest))
	next := paths{time: t, z: make([]float64, n), mass: make([]float64, n)}
	quad.Legendre{}.FixedLocations(next.z, next.mass, low, high)
	_, sd := p.to(t, 0)
	for j, z := range next.z {
		density := 0.0
		if p.z == nil {
			density = distuv.UnitNormal.Prob(z)
		}
		for i, u := range p.z {
			mean, _ := p.to(t, u)
			if d := (z - mean) / sd; math.Abs(d) < far {
				density += p.mass[i] * math.Exp(-d*d/2)
			}
		}
		if p.z != nil {
			density /= sd * math.Sqrt(2*math.Pi)
		}
		next.mass[j] *= density
	}
	return next
}
