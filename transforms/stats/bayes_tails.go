package stats

import (
	"fmt"
	"math"
)

// TailPrior is a prior with heavy tails: most units near the mean, a few far from it. Those few are then shrunken
// less than under a normal prior, and the many more.
//
//	theta ~ (1 − Share)·N(prior mean + Shift, Core) + Share·N(prior mean + Shift, Tail)
type TailPrior struct {
	Core, Tail float64 // variances, Core ≤ Tail
	Share      float64 // of units in the tail, in [0, 1]
	Shift      float64 // of the prior means that a normal prior gave, which the few have pulled
	LogLik     float64 // log likelihood of the estimates
}

// FitTails learns a heavy-tailed prior around the prior means of a normal one, by the EM algorithm from a fixed start:
// same inputs, same answer.
//
// It needs some hundred units to tell tails from spread. It returns ErrTooFewUnits for fewer than ten.
//
// Source: Dempster, Laird, Rubin 1977 in alternating steps (Meng, van Dyk 1997); a scale mixture of normals as in
// Stephens 2017, with two components.
func FitTails(y, v []float64, normal *Prior) (TailPrior, error) {
	if len(y) < 10 {
		return TailPrior{}, fmt.Errorf("%w: %d, a heavy-tailed prior needs ten", ErrTooFewUnits, len(y))
	}
	typical := 0.0
	for _, value := range v {
		typical += value / float64(len(v))
	}
	start := math.Max(normal.Tau2, 0.01*typical)
	t := TailPrior{Core: start / 2, Tail: 8 * start, Share: 0.1}
	for before := math.Inf(-1); ; before = t.LogLik {
		t = t.moveMean(y, v, normal.Mean)
		t = t.spread(y, v, normal.Mean)
		// At zero variance EM would stay for ever.
		t.Core, t.Tail = math.Max(t.Core, 1e-6*typical), math.Max(t.Tail, 1e-6*typical)
		if !(t.LogLik-before > 1e-4) { // no one can tell likelihoods apart that are closer
			break
		}
	}
	if t.Core > t.Tail {
		t.Core, t.Tail, t.Share = t.Tail, t.Core, 1-t.Share
	}
	return t, nil
}

// moveMean is the step for Shift, in which only the component of a unit is unknown: a mean weighted by precision.
func (t TailPrior) moveMean(y, v []float64, prior []Normal) TailPrior {
	var sum, weight float64
	for j := range y {
		p, _ := t.posterior(y[j], v[j], prior[j].Mean)
		w := p[0].Weight/(v[j]+t.Core) + p[1].Weight/(v[j]+t.Tail)
		sum, weight = sum+w*(y[j]-prior[j].Mean), weight+w
	}
	t.Shift = sum / weight
	return t
}

// spread is the step for Core, Tail and Share, in which the effects are unknown too. LogLik is that before the step.
func (t TailPrior) spread(y, v []float64, prior []Normal) TailPrior {
	next := t
	next.LogLik = 0
	var weight, squares [2]float64
	for j := range y {
		p, log := t.posterior(y[j], v[j], prior[j].Mean)
		next.LogLik += log
		for k, c := range p {
			d := c.Mean - prior[j].Mean - t.Shift
			weight[k] += c.Weight
			squares[k] += c.Weight * (d*d + c.Var)
		}
	}
	next.Share = weight[1] / float64(len(y))
	for k, tau2 := range []*float64{&next.Core, &next.Tail} {
		if weight[k] > 0 {
			*tau2 = squares[k] / weight[k]
		}
	}
	return next
}

// Posterior is what is known of a unit with estimate y, variance v and a prior mean of the normal prior: a mixture of
// two normals. The uncertainty of the prior itself is not in it.
func (t TailPrior) Posterior(y, v, prior float64) Posterior {
	p, _ := t.posterior(y, v, prior)
	return p[:]
}

// posterior gives the log likelihood of y too.
func (t TailPrior) posterior(y, v, prior float64) (p [2]Component, log float64) {
	d := y - prior - t.Shift
	share, tau2 := [2]float64{1 - t.Share, t.Share}, [2]float64{t.Core, t.Tail}
	var logs [2]float64
	for k := range p {
		total := v + tau2[k]
		logs[k] = math.Log(share[k]) - (d*d/total+math.Log(2*math.Pi*total))/2
		p[k].Normal = Normal{y - v/total*d, v * tau2[k] / total}
	}
	most := math.Max(logs[0], logs[1])
	sum := math.Exp(logs[0]-most) + math.Exp(logs[1]-most)
	for k := range p {
		p[k].Weight = math.Exp(logs[k]-most) / sum
	}
	return p, most + math.Log(sum)
}
