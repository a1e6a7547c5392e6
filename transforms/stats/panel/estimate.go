package panel

import (
	"math"

	"github.com/windvane/windvane/transforms/stats"
)

// ErrorMethod is where a standard error comes from.
type ErrorMethod int

// Standard errors of a block.
const (
	ErrorAuto      ErrorMethod = iota // placebo below FewTreated treated units, jackknife from there on (placebo for SC)
	ErrorPlacebo                      // Placebos
	ErrorJackknife                    // Jackknife
)

// Options say how a block is estimated.
type Options struct {
	Confidence float64 // 0.95 is 95 %
	Error      ErrorMethod
	Start      *Weights // where the search begins; nil: at uniform weights
	// Placebos of the same controls, start, method and number of treated units, from PoolPlacebos or an earlier Estimate, where many
	// treated units share their controls; nil: computed. The jackknife does not look at them.
	Placebos []float64
}

// Result is a fit with its uncertainty.
type Result struct {
	Synthetic
	Estimate stats.Estimate // of Effect; interval and P from the same standard error and t distribution
	Error    ErrorMethod    // which one was used
	Placebos []float64      // effects of placebos; nil with the jackknife
	RankP    float64        // two-sided p by the rank among placebos, no normality assumed, resolution 1/(len(Placebos) + 1); NaN: none
}

// Estimate fits a block and says how sure the effect is. The warnings of the fit are in the estimate too.
//
// The reference distribution is t, with N0 − 1 degrees of freedom for placebos and N1 − 1 for the jackknife: the units that the spread
// is taken from. Normal quantiles, as the papers take them, are too short for few units: in simulations (factor model, 95 %)
// they cover 92 % with 20 placebos and 91 % with a jackknife of 10 treated beside 30 controls.
//
// Errors are those of Fit, Placebos and Jackknife, and ErrConfidence.
func Estimate(b Block, m Method, o Options) (Result, error) {
	if err := checkConfidence(o.Confidence); err != nil {
		return Result{}, err
	}
	s, err := fit(b, m, o.Start)
	if err != nil {
		return Result{}, err
	}
	r := Result{Synthetic: s, Error: o.Error, RankP: math.NaN()}
	if r.Error == ErrorAuto {
		r.Error = ErrorPlacebo
		if b.Treated() >= FewTreated && m != MethodSC && m != MethodSCReg {
			r.Error = ErrorJackknife
		}
	}
	var se, df float64
	if r.Error == ErrorJackknife {
		se, err = Jackknife(b, s)
		df = float64(b.Treated() - 1)
	} else {
		df = float64(b.Controls - 1)
		if r.Placebos = o.Placebos; r.Placebos == nil {
			r.Placebos, err = Placebos(b, s)
		}
		se, r.RankP = spread(r.Placebos), rankP(s.Effect, r.Placebos)
	}
	if err != nil {
		return Result{}, err
	}
	r.Estimate = estimate(s.Effect, se, df, o.Confidence)
	r.Estimate.Warnings = s.Warnings
	return r, nil
}
