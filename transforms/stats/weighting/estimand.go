package weighting

import "github.com/windvane/windvane/transforms/stats"

// Estimand says whose mean effect is meant, and so how units are weighted.
type Estimand int

// Estimands.
//
//	          treated   controls      mean effect on
//	ATT       1         e/(1 − e)     the treated
//	ATE       1/e       1/(1 − e)     all units
//	Overlap   1 − e     e             units that could as well have been in the other arm; no weight above one
//
// Source: Hirano, Imbens, Ridder, Econometrica 71 (2003); Li, Morgan, Zaslavsky, JASA 113 (2018), for Overlap.
const (
	ATT Estimand = iota
	ATE
	Overlap
)

// String is the name of the estimand in configuration and tables.
func (e Estimand) String() string {
	return [...]string{"att", "ate", "overlap"}[e]
}

// weight is that of a unit with odds o = e/(1 − e), and its derivative by the log odds.
func (e Estimand) weight(treated bool, o float64) (w, slope float64) {
	s := o / (1 + o)
	switch {
	case e == ATT && treated:
		return 1, 0
	case e == ATT:
		return o, o
	case e == ATE && treated:
		return 1 + 1/o, -1 / o
	case e == ATE:
		return 1 + o, o
	case treated: // Overlap
		return 1 - s, -s * (1 - s)
	default:
		return s, s * (1 - s)
	}
}

// Weights are those of the units for an estimand; zero for scores outside keep. A zero keep keeps all.
func (p Propensity) Weights(treated []bool, e Estimand, keep stats.Interval) []float64 {
	w := make([]float64, len(treated))
	for i, t := range treated {
		if kept(p.Score[i], keep) {
			w[i], _ = e.weight(t, p.odds[i])
		}
	}
	return w
}

func kept(score float64, keep stats.Interval) bool {
	return keep == (stats.Interval{}) || keep.Contains(score)
}

// ESS is the effective sample size of weights: how many units with equal weights would be as precise.
//
//	(sum w)² / sum w²        0 for no weights
//
// Source: Kish, Survey Sampling, 1965.
func ESS(w []float64) float64 {
	var sum, squares float64
	for _, x := range w {
		sum, squares = sum+x, squares+x*x
	}
	if squares == 0 {
		return 0
	}
	return sum * sum / squares
}
