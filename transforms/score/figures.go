package score

import (
	"fmt"
	"math"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rules"
)

// Figure tells x and n of a subject by one indicator. Several goroutines ask it at once, and more than once of a subject.
type Figure func(subject int) (x, n float64)

// Figures are the raw figures of all subjects of one role. Every column has one entry for each subject.
type Figures struct {
	Subjects int
	// Categories are the subject's categories, from the most specific level to level 1; column.Null: none.
	// The platform is the last level and not among them.
	Categories []*column.Ints
	// Orders are the valid orders in the subject's window, not weighted.
	Orders *column.Ints
	// Of are the figures, indicators in the order of Score.Indicators; nil where an input table is missing. n = 0 is a
	// subject without a figure.
	//
	//	rate        x bad events of n chances, in counts; where the score is weighted, of events (Known.Counts) sums of recency weights / 10⁶
	//	mean        x the sum of n figures, in the unit of the anchors
	//	percentile  x the figure, more is better; n 1
	//	points      x the points; n 1
	Of []Figure
	// Observed tells on how many observations a figure rests where n is another number, weighted by recency or hours: what floors look
	// at. nil, or nil of an indicator: n.
	Observed []func(subject int) float64
	// Cover is on how many of the last so many days all tables of an indicator are there, by indicator and number of days, none included;
	// nil: on all of them.
	Cover [][]int
	// SevereRecent marks a severe ticket within Violations.SevereDays; nil: none is known.
	SevereRecent []bool
	// ViolationPoints are the points of general tickets within Violations.PointDays; nil: none are known.
	ViolationPoints *column.Ints
}

// check tells the first thing that does not fit. Figures are the work of other code of ours, so it names
// positions, not ids.
func (f *Figures) check(p *plan) error {
	if len(f.Of) != len(p.indicators) {
		return fmt.Errorf("figures: those of %d indicators, not %d", len(f.Of), len(p.indicators))
	}
	if f.Orders.Len() != f.Subjects {
		return fmt.Errorf("figures: orders of %d subjects, not %d", f.Orders.Len(), f.Subjects)
	}
	if f.Observed != nil && len(f.Observed) != len(p.indicators) {
		return fmt.Errorf("figures: observations of %d indicators, not %d", len(f.Observed), len(p.indicators))
	}
	if f.SevereRecent != nil && len(f.SevereRecent) != f.Subjects {
		return fmt.Errorf("figures: severe tickets of %d subjects, not %d", len(f.SevereRecent), f.Subjects)
	}
	if f.ViolationPoints != nil && f.ViolationPoints.Len() != f.Subjects {
		return fmt.Errorf("figures: violation points of %d subjects, not %d", f.ViolationPoints.Len(), f.Subjects)
	}
	for position, codes := range f.Categories {
		if codes.Len() != f.Subjects {
			return fmt.Errorf("figures: categories %d of %d subjects, not %d", position, codes.Len(), f.Subjects)
		}
	}
	for i := range p.indicators {
		if err := f.checkRow(p, i); err != nil {
			return fmt.Errorf("figures: %s: %w", p.indicators[i].rule.ID, err)
		}
	}
	return nil
}

// enough tells whether a figure of n rests on enough observations to have a part in norms.
func (f *Figures) enough(i, subject int, n, least float64) bool {
	observed := n
	if f.Observed != nil && f.Observed[i] != nil {
		observed = f.Observed[i](subject)
	}
	return n > 0 && observed >= least
}

// checkRow looks at the figures of one indicator.
func (f *Figures) checkRow(p *plan, i int) error {
	if f.Of[i] == nil {
		return nil
	}
	signed := p.indicators[i].known.Way == rules.Percentile
	for at := range f.Subjects {
		if x, n := f.Of[i](at); !finite(x) || !finite(n) || n < 0 || x < 0 && !signed {
			return fmt.Errorf("subject %d: x = %v of n = %v", at, x, n)
		}
	}
	return nil
}

// finite is false for NaN too.
func finite(v float64) bool { return math.Abs(v) <= math.MaxFloat64 }
