package panel

import (
	"math"

	"github.com/windvane/windvane/transforms/stats"
)

// DID is the difference in differences of a block: how much more the treated changed than the controls.
//
//	change of a unit = mean outcome from the start on − mean outcome before
//	effect = mean change of the treated − mean change of the controls
//	SE² = s²(treated changes)/N1 + s²(control changes)/N0,  Welch's degrees of freedom
//
// It assumes parallel trends: without the programme the treated would have changed as the controls did. Units are
// independent; serial correlation within a unit does no harm, since a unit counts as one change.
//
// It needs two units of each kind and a period on each side of the start (ErrTooFew). For one treated unit use Estimate
// with MethodDID. Warnings: fewer than five treated, fewer than ten controls.
//
// Source: Card and Krueger, AER 84 (1994); Bertrand, Duflo, Mullainathan, QJE 119 (2004) for one change a unit.
func DID(b Block, confidence float64) (stats.Estimate, error) {
	if err := checkConfidence(confidence); err != nil {
		return stats.Estimate{}, err
	}
	if err := b.check(2, 2, 1, 1); err != nil {
		return stats.Estimate{}, err
	}
	changes := make([]float64, len(b.Y))
	for i, row := range b.Y {
		changes[i] = mean(row[b.Pre:]) - mean(row[:b.Pre])
	}
	c, t := changes[:b.Controls], changes[b.Controls:]
	vc, vt := variance(c)/float64(len(c)), variance(t)/float64(len(t))
	df := (vc + vt) * (vc + vt) / (vc*vc/float64(len(c)-1) + vt*vt/float64(len(t)-1))
	e := estimate(mean(t)-mean(c), math.Sqrt(vc+vt), df, confidence)
	if len(t) < FewTreated {
		e.Warnings = append(e.Warnings, WarnFewTreated)
	}
	if len(c) < FewDonors {
		e.Warnings = append(e.Warnings, WarnFewDonors)
	}
	return e, nil
}

// variance is the sample variance.
func variance(x []float64) float64 { return squares(x, true) / float64(len(x)-1) }
