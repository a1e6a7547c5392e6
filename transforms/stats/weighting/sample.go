package weighting

import (
	"errors"
	"fmt"
	"math"

	"github.com/windvane/windvane/transforms/stats"
)

// Doubts about weighted estimates.
const (
	// WarnImbalance: a standardised difference stays at 0.1 or above after weighting.
	WarnImbalance stats.Warning = "covariates_imbalanced_after_weighting"
	// WarnNegativeControl: an effect is found on an outcome that cannot have one.
	WarnNegativeControl stats.Warning = "negative_control_not_zero"
	// WarnUntrimmed: scores outside [0.1, 0.9] are neither trimmed nor weighted down.
	WarnUntrimmed stats.Warning = "extreme_scores_untrimmed"
	// WarnLowESS: the weighted units of an arm are worth fewer than 30.
	WarnLowESS stats.Warning = "effective_sample_small"
)

// Limits of the warnings.
const (
	BalanceLimit = 0.1
	LeastESS     = 30
)

// CommonSupport is the usual range of scores that are kept (Crump, Hotz, Imbens, Mitnik 2009).
var CommonSupport = stats.Interval{Lo: 0.1, Hi: 0.9}

// Errors that callers tell apart.
var (
	ErrShape      = errors.New("sample is not of one shape")
	ErrTooFew     = errors.New("too few units")
	ErrSeparated  = errors.New("covariates tell treated and controls apart")
	ErrOverlap    = errors.New("scores of zero or one")
	ErrConverge   = errors.New("logistic regression did not converge")
	ErrConfidence = errors.New("confidence is outside (0, 1)")
)

// Sample are units with what was known of them before, whether they were treated, and what came out. All numbers finite.
type Sample struct {
	X       [][]float64 // one row a unit; one column a covariate, fixed before treatment; no constant
	Treated []bool
	Y       []float64 // outcome
	Cluster []int     // units with the same number are one cluster (a merchant, say); nil: units are independent
}

// largest is the size up to which squares and their sums stay finite.
const largest = 1e100

func (s Sample) check() error {
	n := len(s.X)
	if len(s.Treated) != n || len(s.Y) != n || (s.Cluster != nil && len(s.Cluster) != n) {
		return fmt.Errorf("%w: %d rows of covariates, %d treatments, %d outcomes, %d clusters", ErrShape, n, len(s.Treated), len(s.Y), len(s.Cluster))
	}
	return finite("outcome", s.Y)
}

// finite tells whether all values are numbers whose squares are finite.
func finite(what string, values []float64) error {
	for i, v := range values {
		if !(math.Abs(v) <= largest) { // NaN too
			return fmt.Errorf("%w: unit %d: %s %v is not a number up to %v", ErrShape, i, what, v, largest)
		}
	}
	return nil
}

// checkCovariates also tells whether there are more units of each arm than covariates.
func checkCovariates(x [][]float64, treated []bool) error {
	if len(x) != len(treated) {
		return fmt.Errorf("%w: %d rows of covariates, %d treatments", ErrShape, len(x), len(treated))
	}
	var n1, columns int
	for i, row := range x {
		columns = len(x[0])
		if len(row) != columns {
			return fmt.Errorf("%w: unit %d has %d covariates, unit 0 has %d", ErrShape, i, len(row), columns)
		}
		for j, v := range row {
			if !(math.Abs(v) <= largest) { // NaN too
				return fmt.Errorf("%w: unit %d, covariate %d: %v is not a number up to %v", ErrShape, i, j, v, largest)
			}
		}
		if treated[i] {
			n1++
		}
	}
	if n0 := len(x) - n1; min(n0, n1) < columns+2 {
		return fmt.Errorf("%w: %d treated and %d controls for %d covariates; %d of each are needed", ErrTooFew, n1, n0, columns, columns+2)
	}
	return nil
}
