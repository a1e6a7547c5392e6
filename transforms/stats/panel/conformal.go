package panel

import (
	"fmt"
	"math"

	"github.com/windvane/windvane/transforms/stats"
)

// Conformal is the p-value of the hypothesis that the treated gained just so much, in every period from the start on.
//
//	the effect is taken from the treated mean; Geo weights are fitted to all periods, every unit less its mean over them
//	p = share of the T cyclic shifts of the residuals whose mean |residual| from the start on is not below the observed
//
// It is exact when the errors of the fit look the same at any time, and holds for serially dependent errors when T is large. The
// smallest p is 1/T. No random numbers.
//
// It needs one control, one treated unit and fewer periods after than before the start (ErrTooFew): with as many, the
// statistic cannot tell an effect from its absence.
//
// Source: Chernozhukov, Wüthrich, Zhu, An exact and robust conformal inference method for counterfactual and synthetic
// controls, JASA 116 (2021); GeoLift.
func Conformal(b Block, effect float64) (float64, error) {
	c, err := newConformal(b)
	if err != nil {
		return 0, err
	}
	return c.p(effect), nil
}

// ConformalInterval is the Geo estimate with the p-value of no effect and the interval of all effects that Conformal does not
// reject, found on a grid that is refined at its ends. SE is NaN.
//
// Where 1/T is above 1 − confidence nothing can be rejected: no interval, and a warning. Errors are those of Conformal
// and Fit, and ErrConfidence.
func ConformalInterval(b Block, confidence float64) (stats.Estimate, error) {
	if err := checkConfidence(confidence); err != nil {
		return stats.Estimate{}, err
	}
	s, err := Fit(b, MethodGeo)
	if err != nil {
		return stats.Estimate{}, err
	}
	c, err := newConformal(b)
	if err != nil {
		return stats.Estimate{}, err
	}
	e := estimate(s.Effect, math.NaN(), math.Inf(1), confidence)
	e.P, e.Warnings = c.p(0), s.Warnings
	level := 1 - confidence
	if 1/float64(len(b.Y[0])) > level {
		e.Warnings = append(e.Warnings, WarnResolution)
		return e, nil
	}
	unit := math.Sqrt(squares(s.Gap[:b.Pre], true)/float64(b.Pre)) + s.Noise/math.Sqrt(float64(b.Post()))
	lo, okLo := c.end(s.Effect, -unit, level)
	hi, okHi := c.end(s.Effect, unit, level)
	if okLo && okHi {
		e.Interval = stats.Interval{Lo: lo, Hi: hi}
	}
	return e, nil
}

// conformal holds what does not change with the effect under test.
type conformal struct {
	pre    int
	rows   [][]float64 // controls, by period, centred over all periods
	mean   []float64   // the treated, centred
	step   []float64   // an effect of one, centred: 1 from the start on
	k      symmetric   // products of rows
	cross  []float64   // rows·mean
	shift  []float64   // rows·step
	weight []float64   // of the last fit, where the next begins
}

func newConformal(b Block) (*conformal, error) {
	if err := b.check(1, 1, 2, 1); err != nil {
		return nil, err
	}
	if b.Post() >= b.Pre {
		return nil, fmt.Errorf("%w: %d periods after and %d before the start; conformal inference needs fewer after", ErrTooFew, b.Post(), b.Pre)
	}
	all := len(b.Y[0])
	whole := Block{Y: b.Y, Controls: b.Controls, Pre: all} // every period is one to fit
	g := &grams{method: MethodGeo, controls: b.Controls, pre: all}
	g.fillUnits(whole)
	c := &conformal{pre: b.Pre, k: g.units, step: make([]float64, all)}
	common := whole.controlMean()
	for _, row := range b.Y[:b.Controls] {
		c.rows = append(c.rows, centred(row, common))
	}
	c.mean = centred(b.treatedMean(), common)
	for t := b.Pre; t < all; t++ {
		c.step[t] = 1
	}
	c.step = centred(c.step, make([]float64, all))
	for _, x := range c.rows {
		c.cross = append(c.cross, dot(x, c.mean))
		c.shift = append(c.shift, dot(x, c.step))
	}
	c.weight = make([]float64, b.Controls)
	bestVertex(c.k, c.cross, c.weight)
	return c, nil
}

// p is the p-value of an effect.
func (c *conformal) p(effect float64) float64 {
	cross := make([]float64, len(c.cross))
	for j := range cross {
		cross[j] = c.cross[j] - effect*c.shift[j]
	}
	leastSquares(c.k, cross, c.weight)
	all := len(c.mean)
	residual := make([]float64, all)
	for t := range residual {
		residual[t] = c.mean[t] - effect*c.step[t]
	}
	for j, w := range c.weight {
		if w == 0 {
			continue
		}
		for t, x := range c.rows[j] {
			residual[t] -= w * x
		}
	}
	for t, r := range residual {
		residual[t] = math.Abs(r)
	}
	statistic := func(shift int) float64 {
		var sum float64
		for t := c.pre; t < all; t++ {
			sum += residual[(t+shift)%all]
		}
		return sum
	}
	tie := 1e-6 * math.Sqrt(dot(c.mean, c.mean)/float64(all)) // where the fit is perfect, residuals are rounding
	observed := statistic(0) - tie*float64(all-c.pre)
	n := 0
	for s := range all {
		if statistic(s) >= observed {
			n++
		}
	}
	return float64(n) / float64(all)
}

// end is the farthest effect from center, in the direction of unit, that is not rejected; not ok when there is none or no end.
func (c *conformal) end(center, unit, level float64) (float64, bool) {
	const doublings, points, halvings = 30, 40, 40
	reach := 2 * unit
	for i := 0; c.p(center+reach) > level; i++ {
		if i == doublings {
			return 0, false
		}
		reach *= 2
	}
	last := -1
	for i := range points {
		if c.p(center+reach*float64(i)/points) > level {
			last = i
		}
	}
	if last < 0 {
		return 0, false
	}
	in, out := center+reach*float64(last)/points, center+reach*float64(last+1)/points
	for range halvings {
		if m := (in + out) / 2; c.p(m) > level {
			in = m
		} else {
			out = m
		}
	}
	return in, true
}

// controlMean is the mean of the controls by period.
func (b Block) controlMean() []float64 {
	m := make([]float64, len(b.Y[0]))
	for _, row := range b.Y[:b.Controls] {
		for t, y := range row {
			m[t] += y / float64(b.Controls)
		}
	}
	return m
}

// apart is a row less another one, as far as that goes.
func apart(row, common []float64) []float64 {
	x := make([]float64, len(common))
	for t := range x {
		x[t] = row[t] - common[t]
	}
	return x
}

// centred is apart, less its mean.
func centred(row, common []float64) []float64 {
	x := apart(row, common)
	m := mean(x)
	for t := range x {
		x[t] -= m
	}
	return x
}
