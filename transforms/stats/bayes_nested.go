package stats

import (
	"fmt"
	"math"
)

// Group are estimates of units that belong together: the days of a merchant.
type Group struct {
	Y, V []float64 // estimates and their variances, above zero
	// Repeated is how many times as large the variance of the group's mean is as that of independent units: their noise may
	// come from the same users. At least 1.
	Repeated float64
}

// Nested is what units in groups share: how far those of a group lie apart, and how far groups do.
//
//	theta[g][d] ~ N(level[g], tau²)     level[g] ~ N(mu, …)     y[g][d] ~ N(theta[g][d], v[g][d])
//
// The posterior of a unit does not depend on whether it was chosen for it: the best of a group may be quoted. That
// is as true as the prior is.
type Nested struct {
	Alike  float64 // probability that the units of a group do not differ at all
	grid   []weighed
	levels [][]Normal // by value of tau² and group
}

// weighed is one value that tau² may have and how probable it is.
type weighed struct{ weight, tau2 float64 }

// Before the data are seen units of a group do not differ with probability 1/2; if they do, tau is exponential. Few units do not
// tell tau from zero, and a prior without the first part would then promise of the best one what is noise.
const (
	alike   = 0.5
	meanTau = 0.125 // on the scale of y: days of +2 % and of +30 % are one deviation about +15 %
)

// FitNested learns the prior from all units: empirical Bayes in two steps. tau² by its restricted likelihood, levels of groups
// free, and a spike at zero beside an exponential slab. Given tau², levels are those of FitPrior of the groups' means, learned
// once, at the mean of tau². With a single group its level is its mean.
//
// It returns ErrTooFewUnits where there are not two units more than groups, and an error where a number is
// not finite or a variance not above zero.
//
// Source: the one-way random-effects model, Searle, Casella, McCulloch, Variance Components 1992; spike and slab: Mitchell,
// Beauchamp, JASA 83 (1988); tau exponential: Simpson et al., Penalising model component complexity, Statistical Science 32 (2017).
func FitNested(groups []Group) (*Nested, error) {
	df := 0
	for g := range groups {
		for d, v := range groups[g].V {
			if y := groups[g].Y[d]; !(v > 0) || math.IsInf(v, 0) || math.IsNaN(y) || math.IsInf(y, 0) {
				return nil, fmt.Errorf("unit %d of group %d: estimate %v, variance %v", d, g, y, v)
			}
		}
		df += max(0, len(groups[g].Y)-1)
	}
	if df < 2 {
		return nil, fmt.Errorf("%w: %d beyond one of each group", ErrTooFewUnits, df)
	}
	n := &Nested{grid: nestedGrid(groups)}
	n.Alike = n.grid[0].weight
	mean := 0.0
	for _, k := range n.grid {
		mean += k.weight * k.tau2
	}
	prior, err := priorOfLevels(groups, mean)
	if err != nil {
		return nil, err
	}
	for _, k := range n.grid {
		n.levels = append(n.levels, levelsOf(groups, k.tau2, prior))
	}
	return n, nil
}

// nestedGrid are values of tau², zero first and then equally probable ones of the slab, weighted by how well they explain all units.
// What is less than a millionth as probable as the best is left out.
func nestedGrid(groups []Group) []weighed {
	const points = 60
	grid, top := make([]weighed, points+1), math.Inf(-1)
	for k := range grid {
		log := math.Log(alike)
		if k > 0 {
			grid[k].tau2 = square(-meanTau * math.Log1p(-(float64(k)-0.5)/points))
			log = math.Log((1 - alike) / points)
		}
		for g := range groups {
			log += groups[g].likelihood(grid[k].tau2)
		}
		grid[k].weight, top = log, math.Max(top, log)
	}
	sum, kept := 0.0, grid[:1]
	for k, g := range grid {
		w := math.Exp(g.weight - top)
		switch {
		case k == 0:
			kept[0].weight = w
		case w > 1e-6:
			kept = append(kept, weighed{w, g.tau2})
		default:
			continue
		}
		sum += w
	}
	for k := range kept {
		kept[k].weight /= sum
	}
	return kept
}

// mean is that of the units, weighted by precision at tau², with its variance; w is the sum of weights.
func (g *Group) mean(tau2 float64) (mean Normal, w float64) {
	var noise, between, sum float64
	for d, v := range g.V {
		k := 1 / (v + tau2)
		w, sum = w+k, sum+k*g.Y[d]
		noise, between = noise+k*k*v, between+k*k*tau2
	}
	return Normal{sum / w, (noise*g.Repeated + between) / (w * w)}, w
}

// likelihood is the logarithm of the restricted one.
func (g *Group) likelihood(tau2 float64) float64 {
	if len(g.Y) < 2 {
		return 0
	}
	mean, w := g.mean(tau2)
	log, product := math.Log(w), 1.0
	for d, v := range g.V {
		log += square(g.Y[d]-mean.Mean) / (v + tau2)
		if product *= v + tau2; product < 1e-100 || product > 1e100 { // a logarithm of many at once
			log, product = log+math.Log(product), 1
		}
	}
	return -(log + math.Log(product)) / 2
}

// priorOfLevels is what the levels of groups share; nil: there is one group.
func priorOfLevels(groups []Group, tau2 float64) (*Prior, error) {
	var y, v []float64
	for g := range groups {
		if len(groups[g].Y) > 0 {
			mean, _ := groups[g].mean(tau2)
			y, v = append(y, mean.Mean), append(v, mean.Var)
		}
	}
	if len(y) < 2 {
		return nil, nil
	}
	return FitPrior(y, v, nil, PauleMandel)
}

// levelsOf are the levels of groups at tau², each pulled to the mean of all.
func levelsOf(groups []Group, tau2 float64, prior *Prior) []Normal {
	levels := make([]Normal, len(groups))
	for g := range groups {
		if len(groups[g].Y) == 0 {
			continue
		}
		levels[g], _ = groups[g].mean(tau2)
		if prior != nil {
			p := prior.Posterior(0, levels[g].Mean, levels[g].Var) // without covariates all have the same prior mean
			levels[g] = Normal{p.Mean(), p.Var()}
		}
	}
	return levels
}

// Posterior is what is known of a unit of a group: its estimate y with variance v, drawn towards the group's level.
func (n *Nested) Posterior(group int, y, v float64) Posterior {
	post := make(Posterior, len(n.grid))
	for k, g := range n.grid {
		post[k] = Component{g.weight, shrink(y, v, n.levels[k][group], g.tau2)}
	}
	return post
}

// Differing is Posterior given that units of a group do differ: for intervals that should hold whether or not.
func (n *Nested) Differing(group int, y, v float64) Posterior {
	post := n.Posterior(group, y, v)
	if len(post) == 1 {
		return post
	}
	for k := range post[1:] {
		post[k+1].Weight /= 1 - n.Alike
	}
	return post[1:]
}
