package score

import (
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/rules"
)

// Step is what one indicator did for one subject. NaN: the indicator has no such figure.
type Step struct {
	Indicator int // position in Score.Indicators
	State     State
	X, N      float64 // as in Figures
	// Mean and Strength are what a rate was shrunk with; Mean is also what a FromMean stands on. In units of x/n.
	Mean, Strength float64
	// Value is what was held against the anchors: the shrunk rate, the mean, the percentile q (the anchors are of
	// 1 − q), the points.
	Value   float64
	Anchors [4]float64 // zero for points
	// Level and Code tell the category that mean and anchors come from; level 0: the platform.
	Level int
	Code  int64
	// Points count in the total; behind the quality gate (Gated) they are the gate's.
	Points float64
	Gated  bool
	// Weight is the rules'; Effective is what it is after what is absent has left. Contribution is Points ·
	// Effective; in price mode bonus that of price is what it adds. Contributions sum to the total before violations.
	Weight, Effective, Contribution float64
}

// Steps appends to buf[:0] how the subject's points came about, indicators in the order of the rules. They are
// computed anew at every call. A subject without a score has steps too.
func (s *Scores) Steps(subject int, buf []Step) []Step {
	b := s.basis
	var readings [maxIndicators]reading
	var points points
	for i := range b.indicators {
		readings[i] = b.read(i, subject, false)
		points[i] = readings[i].points
	}
	var sum folded
	b.fold(&points, &sum)
	buf = slices.Grow(buf[:0], len(b.indicators))[:len(b.indicators)]
	for i := range buf {
		step := &buf[i]
		*step = b.step(i, &readings[i])
		if i == b.price && sum.gated && step.Points == step.Points {
			step.Points, step.Gated = b.priced(&points, true), true
		}
		b.weigh(step, &sum)
	}
	return buf
}

// step is all that does not depend on the other indicators.
func (b *basis) step(i int, r *reading) Step {
	in, g := &b.indicators[i], r.ground
	step := Step{
		Indicator: i, State: r.state, X: r.x, N: r.n, Mean: g.mean, Strength: g.strength, Value: r.value,
		Anchors: g.curve.Anchors, Level: g.level, Code: g.code, Points: r.points, Weight: in.rule.Weight,
	}
	if in.known.Way == rules.Mean {
		step.Strength = math.NaN()
	}
	return step
}

// weigh fills in what the step counts in the total.
func (b *basis) weigh(step *Step, sum *folded) {
	d := b.indicators[step.Indicator].dimension
	switch {
	case math.IsNaN(step.Points):
	case b.onlyAdds(d):
		if step.Indicator == b.price {
			step.Contribution = sum.added
		}
	default:
		step.Effective = step.Weight / sum.present[d] * b.dimensions[d] / sum.weight
		step.Contribution = step.Points * step.Effective
	}
}
