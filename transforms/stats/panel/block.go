package panel

import (
	"errors"
	"fmt"
	"math"

	"github.com/windvane/windvane/transforms/stats"
)

// Doubts about panel estimates.
const (
	// WarnPoorPreFit: the synthetic control misses the treated before the start by more than half of what plain means do (scaled L2 > 0.5).
	WarnPoorPreFit stats.Warning = "pre_period_fit_poor"
	// WarnFewDonors: fewer than 10 control units; placebos say little.
	WarnFewDonors stats.Warning = "few_control_units"
	// WarnMostlyZero: the mean of the treated is zero in more than half of the periods before the start; there is little to fit.
	WarnMostlyZero stats.Warning = "pre_period_mostly_zero"
	// WarnPreTrend: the pre-trend test rejects at 5 %.
	WarnPreTrend stats.Warning = "pre_trends_differ"
	// WarnFewTreated: fewer than 5 treated units; their variance is a guess.
	WarnFewTreated stats.Warning = "few_treated_units"
	// WarnResolution: fewer periods than the confidence needs (1/T > 1 − confidence); the interval is unbounded.
	WarnResolution stats.Warning = "too_few_periods_for_confidence"
	// WarnNoControls: some cells had no control unit left and were dropped.
	WarnNoControls stats.Warning = "cells_without_controls_dropped"
)

// Limits of the warnings.
const (
	PoorScaledL2 = 0.5
	FewDonors    = 10
	FewTreated   = 5
)

// Errors that callers tell apart.
var (
	ErrShape      = errors.New("panel is not balanced")
	ErrTooFew     = errors.New("too few units or periods")
	ErrConfidence = errors.New("confidence is outside (0, 1)")
	ErrNoNoise    = errors.New("control units do not vary before the start")
	ErrSingular   = errors.New("covariance is singular")
)

// Block is a balanced panel in which all treated units start in the same period.
type Block struct {
	Y        [][]float64 // one row a unit, controls first; one column a period, in time order; finite
	Controls int         // control units: rows [0, Controls)
	Pre      int         // periods before the start: columns [0, Pre)
}

// Treated is the number of treated units.
func (b Block) Treated() int { return len(b.Y) - b.Controls }

// Post is the number of periods from the start on.
func (b Block) Post() int {
	if len(b.Y) == 0 {
		return 0
	}
	return len(b.Y[0]) - b.Pre
}

// check tells whether the block has at least so many controls, treated units, pre- and post-periods.
func (b Block) check(controls, treated, pre, post int) error {
	if err := finite(b.Y); err != nil {
		return err
	}
	if b.Controls < controls || b.Treated() < treated || b.Pre < pre || b.Post() < post {
		return fmt.Errorf("%w: %d control units, %d treated, %d periods before and %d after the start; %d, %d, %d and %d are needed",
			ErrTooFew, b.Controls, b.Treated(), b.Pre, b.Post(), controls, treated, pre, post)
	}
	return nil
}

// Never is the start of a unit that is not treated in the panel.
const Never = -1

// Panel is a balanced panel whose units start when they like and then stay treated.
type Panel struct {
	Y     [][]float64 // one row a unit; one column a period, in time order; finite
	Start []int       // by unit: index of the first treated period; Never (or any number beyond the last period): not treated
}

// Periods is the number of periods.
func (p Panel) Periods() int {
	if len(p.Y) == 0 {
		return 0
	}
	return len(p.Y[0])
}

// start is the start of unit i, or Periods for never.
func (p Panel) start(i int) int {
	if s := p.Start[i]; s >= 0 && s < p.Periods() {
		return s
	}
	return p.Periods()
}

func (p Panel) check() error {
	if len(p.Start) != len(p.Y) {
		return fmt.Errorf("%w: %d units and %d starts", ErrShape, len(p.Y), len(p.Start))
	}
	return finite(p.Y)
}

// largest is the size up to which squares and their sums stay finite.
const largest = 1e100

// finite tells whether all rows are of one length, without NaN, Inf and numbers near them.
func finite(y [][]float64) error {
	for i, row := range y {
		if len(row) != len(y[0]) {
			return fmt.Errorf("%w: unit %d has %d periods, unit 0 has %d", ErrShape, i, len(row), len(y[0]))
		}
		for t, v := range row {
			if !(math.Abs(v) <= largest) { // NaN too
				return fmt.Errorf("%w: unit %d, period %d: %v is not a number up to %v", ErrShape, i, t, v, largest)
			}
		}
	}
	return nil
}
