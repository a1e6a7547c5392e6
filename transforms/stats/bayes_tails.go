package stats

import "math"

// TailPrior is a prior with heavy tails: most units near the mean, a few far from it. Those few are then shrunken
// less than a normal prior would, and the many more.
//
//	theta ~ (1 − Share)·N(prior mean, Core) + Share·N(prior mean, Tail)
type TailPrior struct {
	Core, Tail float64 // variances, Core ≤ Tail
	Share      float64 // of units in the tail, in [0, 1]
	LogLik     float64 // log likelihood of the estimates, to compare with the normal prior's
}

// FitTails learns the spread of a heavy-tailed prior around prior means that are given (those of FitPrior), by the EM
// algorithm from a fixed start: same inputs, same answer.
//
// It needs some hundred units to tell tails from spread; with fewer it is close to the normal prior. It returns
// ErrTooFewUnits for fewer than ten.
//
// Source: Dempster, Laird, Rubin 1977; the scale mixture of normals as in Stephens 2017 with two components.
func FitTails(y, v []float64, prior []Component, tau2 float64) (TailPrior, error) {
	if len(y) < 10 {
		return TailPrior{}, ErrTooFewUnits
	}
	typical := 0.0
	for _, value := range v {
		typical += value / float64(len(v))
	}
	start := math.Max(tau2, 0.01*typical)
	t := TailPrior{Core: start / 2, Tail: 8 * start, Share: 0.1, LogLik: math.Inf(-1)}
	for range 2000 {
		next := t.step(y, v, prior)
		next.Core = math.Max(next.Core, 1e-6*typical) // at zero EM would stay for ever
		gain := next.LogLik - t.LogLik
		t = next
		if gain < 1e-8*float64(len(y)) {
			break
		}
	}
	if t.Core > t.Tail {
		t.Core, t.Tail, t.Share = t.Tail, t.Core, 1-t.Share
	}
	return t, nil
}

// step is one round of EM. LogLik of the result is that of t, before the step.
func (t TailPrior) step(y, v []float64, prior []Component) TailPrior {
	var next TailPrior
	var weight, squares [2]float64
	for j := range y {
		p, log := t.posterior(y[j], v[j], prior[j].Mean)
		next.LogLik += log
		for k, c := range p {
			d := c.Mean - prior[j].Mean
			weight[k] += c.Weight
			squares[k] += c.Weight * (d*d + c.Var)
		}
	}
	next.Share = weight[1] / float64(len(y))
	next.Core, next.Tail = t.Core, t.Tail
	if weight[0] > 0 {
		next.Core = squares[0] / weight[0]
	}
	if weight[1] > 0 {
		next.Tail = squares[1] / weight[1]
	}
	return next
}

// Posterior is what is known of a unit with estimate y, variance v and that prior mean: a mixture of two normals. The
// uncertainty of the prior itself is not in it.
func (t TailPrior) Posterior(y, v, prior float64) Posterior {
	p, _ := t.posterior(y, v, prior)
	return p[:]
}

// posterior gives the log likelihood of y too.
func (t TailPrior) posterior(y, v, prior float64) (p [2]Component, log float64) {
	d := y - prior
	for k, tau2 := range [2]float64{t.Core, t.Tail} {
		b := v / (v + tau2)
		share := 1 - t.Share
		if k == 1 {
			share = t.Share
		}
		p[k] = Component{math.Log(share) - (d*d/(v+tau2)+math.Log(2*math.Pi*(v+tau2)))/2, prior + (1-b)*d, (1 - b) * v}
	}
	most := math.Max(p[0].Weight, p[1].Weight)
	sum := math.Exp(p[0].Weight-most) + math.Exp(p[1].Weight-most)
	for k := range p {
		p[k].Weight = math.Exp(p[k].Weight-most) / sum
	}
	return p, most + math.Log(sum)
}
