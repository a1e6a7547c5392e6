package panel

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/windvane/windvane/transforms/stats"
)

// Breakdown is how wrong trends may be before the sign of an effect is lost.
type Breakdown struct {
	Effect      stats.Estimate // plain mean over event times from 0 on
	LargestPre  float64        // largest |change from one period to the next| before the starts, by event time
	M           float64        // the estimate itself loses its sign at M·LargestPre a period; +Inf: nothing moved before the starts
	MConfidence float64        // the interval of Effect meets zero there; 0: it holds zero without any violation
}

// Breakdown is the multiple M of the largest violation of parallel trends seen before the starts that the effect survives, were
// trends to part by M times as much in every period after it.
//
//	|bias of event time e| ≤ (e + 1)·M·LargestPre;   M = |effect| / (LargestPre · mean over e ≥ 0 of (e + 1))
//
// M above 1 says: trends would have to part faster than they ever did before the start. MConfidence takes |effect| − z·SE in place
// of |effect|; LargestPre is taken as it is seen, its own noise makes M smaller, not larger, on average.
//
// ErrTooFew: no cell before, or none after a start.
//
// Source: Rambachan and Roth, A more credible approach to parallel trends, REStud 90 (2023), relative magnitudes of first
// differences; the plain bound in place of their conditional confidence sets.
func (g *GroupTimes) Breakdown() (Breakdown, error) {
	events := g.ByEvent()
	b := Breakdown{Effect: events.Overall}
	var pre, post, reach float64
	for _, a := range events.By {
		if a.At < 0 {
			pre++
			b.LargestPre = math.Max(b.LargestPre, math.Abs(a.Estimate.Value))
		} else {
			post++
			reach += float64(a.At + 1)
		}
	}
	if pre == 0 || post == 0 {
		return Breakdown{}, fmt.Errorf("%w: %v event times before and %v after the starts", ErrTooFew, pre, post)
	}
	size, bound := math.Abs(b.Effect.Value), b.LargestPre*reach/post
	sure := size - distuv.UnitNormal.Quantile(1-(1-g.options.Confidence)/2)*b.Effect.SE
	b.M, b.MConfidence = multiple(size, bound), multiple(sure, bound)
	return b, nil
}

// multiple is how often a bound fits into an effect: never below zero, and for ever where it is zero.
func multiple(size, bound float64) float64 {
	switch {
	case !(size > 0): // NaN too: no standard error
		return 0
	case bound == 0:
		return math.Inf(1)
	}
	return size / bound
}
