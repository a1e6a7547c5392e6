package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"
)

// GroupSequential is the plan of an experiment with a known end, read at looks before it: critical values for the
// looks, so that the probability of ever crossing one without an effect is Alpha.
//
// It is for a fixed cohort with growing totals, or for looks planned by information: cheaper than AlwaysValid, and
// valid at its looks alone.
type GroupSequential struct {
	Alpha    float64 // error probability over all looks, both sides together; 0.05
	OneSided bool    // only a gain counts
	Spending Spending
}

// Bounds are the critical values of |z| (of z for one side) at looks with the given information fractions.
//
//	P(no crossing before look k, crossing at k) = Spent(a, t[k]) − Spent(a, t[k−1])  on each side, a its part of Alpha
//
// times are ascending, above zero; those of 1 or more spend all that is left. A bound depends on the looks up to it
// alone, so tonight's is found from the looks taken so far. value ± bound·se is the repeated confidence interval.
//
// A bound is +Inf where nothing can be rejected: the part to be spent is below what a float holds, or the look brings
// less than a ten-thousandth of new information; what it would have spent is left to the next look.
//
// It returns an error for Alpha outside (0, 1) and for times that do not ascend.
//
// Source: Armitage, McPherson, Rowe 1969; Jennison, Turnbull, Group Sequential Methods (2000), chapter 19. Equal to
// R's ldbounds and gsDesign, where each side spends half of Alpha.
func (p GroupSequential) Bounds(times []float64) ([]float64, error) {
	if !(p.Alpha > 0 && p.Alpha < 1) {
		return nil, fmt.Errorf("group-sequential bounds: alpha %v is outside (0, 1)", p.Alpha)
	}
	before := 0.0
	for k, t := range times {
		if !(t > before) || math.IsInf(t, 0) {
			return nil, fmt.Errorf("group-sequential bounds: information fraction %v of look %d is not above %v", t, k+1, before)
		}
		before = t
	}
	bounds := make([]float64, len(times))
	looks, finest := p.looks(times)
	walk, spent := paths{}, 0.0
	for k, t := range times {
		if !looks[k] {
			bounds[k] = math.Inf(1)
			continue
		}
		goal := p.spent(t)
		bounds[k] = walk.bound(t, goal-spent)
		low := -far
		if !p.OneSided {
			low = -bounds[k]
		}
		walk, spent = walk.move(t, low, bounds[k], finest), goal
	}
	return bounds, nil
}

// spent is what one side has spent by information fraction t.
func (p GroupSequential) spent(t float64) float64 {
	if p.OneSided {
		return p.Spending.Spent(p.Alpha, t)
	}
	return p.Spending.Spent(p.Alpha/2, t)
}

// looks tells which looks spend anything, and the smallest standard deviation with which z moves between two of them,
// which a grid must resolve.
func (p GroupSequential) looks(times []float64) (spend []bool, finest float64) {
	spend, finest = make([]bool, len(times)), 1
	before, spent := 0.0, 0.0
	for k, t := range times {
		goal := p.spent(t)
		if goal-spent < 1e-300 || t-before < 1e-4*t {
			continue
		}
		spend[k] = true
		finest = math.Min(finest, math.Sqrt((t-before)/t))
		before, spent = t, goal
	}
	return spend, finest
}

// far is how many standard deviations out the integrals go; beyond lies a probability below 1e-18.
const far = 9.0

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

// move takes the paths to time t and drops those that leave (low, high) there.
func (p *paths) move(t, low, high, finest float64) paths {
	low, high = math.Max(low, -far), math.Min(high, far)
	// Gauss–Legendre is exact to nine digits once its points lie as dense as the kernel is wide.
	n := 40 + int(math.Ceil(2*(high-low)/finest))
	next := paths{time: t, z: make([]float64, n), mass: make([]float64, n)}
	quad.Legendre{}.FixedLocations(next.z, next.mass, low, high)
	for j, z := range next.z {
		next.mass[j] *= p.density(t, z)
	}
	return next
}

// density of the paths at time t at z.
func (p *paths) density(t, z float64) float64 {
	if p.z == nil {
		return distuv.UnitNormal.Prob(z)
	}
	density := 0.0
	_, sd := p.to(t, 0)
	for i, u := range p.z {
		mean, _ := p.to(t, u)
		if d := (z - mean) / sd; math.Abs(d) < far {
			density += p.mass[i] * math.Exp(-d*d/2)
		}
	}
	return density / (sd * math.Sqrt(2*math.Pi))
}
