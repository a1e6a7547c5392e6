package stats

import (
	"fmt"
	"math"
	"slices"
	"sort"

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
	finest := p.looks(times)
	walk, spent := paths{}, 0.0
	for k, t := range times {
		if finest[k] == 0 {
			bounds[k] = math.Inf(1)
			continue
		}
		goal := p.spent(t)
		bounds[k] = walk.bound(t, goal-spent)
		low := -far
		if !p.OneSided {
			low = -bounds[k]
		}
		walk, spent = walk.move(t, low, bounds[k], finest[k]), goal
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

// looks gives for each look the smaller standard deviation of the moves of z to it and from it to the next, which its
// grid must resolve; 0 where a look spends nothing.
func (p GroupSequential) looks(times []float64) []float64 {
	finest := make([]float64, len(times))
	last, before, spent := -1, 0.0, 0.0
	for k, t := range times {
		goal := p.spent(t)
		if goal-spent < 1e-300 || t-before < 1e-4*t {
			continue
		}
		finest[k] = math.Sqrt((t - before) / t)
		if last >= 0 {
			finest[last] = math.Min(finest[last], finest[k])
		}
		last, before, spent = k, t, goal
	}
	return finest
}

// far is how many standard deviations out the integrals go; beyond lies a probability below 1e-18.
const far = 9.0

// paths is the distribution of z at a look over those that crossed no bound so far, on a grid: mass[i] is the density
// at z[i], ascending, times its weight in the quadrature. No grid: nobody has moved yet.
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
	quad.Legendre{}.FixedLocations(next.z, next.mass, low, high) // descending
	slices.Reverse(next.z)
	slices.Reverse(next.mass)
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
	from := sort.Search(len(p.z), func(i int) bool { mean, _ := p.to(t, p.z[i]); return mean > z-far*sd })
	for i := from; i < len(p.z); i++ {
		mean, _ := p.to(t, p.z[i])
		d := (z - mean) / sd
		if d < -far {
			break
		}
		density += p.mass[i] * math.Exp(-d*d/2)
	}
	return density / (sd * math.Sqrt(2*math.Pi))
}
