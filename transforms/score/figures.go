package score

import (
	"fmt"
	"math"

	"github.com/windvane/windvane/transforms/rules"
)

// Figures are the raw figures of all subjects of one role. Every column has one entry for each subject.
type Figures struct {
	Subjects int
	// Categories are the subject's categories, from the most specific level to level 1; column.Null: none.
	// The platform is the last level and not among them.
	Categories [][]int64
	// Orders are the valid orders in the subject's window, not weighted.
	Orders []int64
	// X and N are the figures [indicator][subject], indicators in the order of Score.Indicators. A row is nil in
	// both where an input table is missing. N = 0 is a subject without a figure.
	//
	//	rate        X bad events of N chances, in counts; sums of recency weights / 10⁶ where the score is weighted
	//	mean        X the sum of N figures, in the unit of the anchors
	//	percentile  X the figure, more is better; N 1
	//	points      X the points; N 1
	X, N [][]float64
	// Cover is on how many days all tables of an indicator are there, as far as one of them begins later than the orders;
	// nil: none does, windows alone bound the days.
	Cover []int
	// SevereRecent marks a severe ticket within Violations.SevereDays; nil: none is known.
	SevereRecent []bool
	// ViolationPoints are the points of general tickets within Violations.PointDays; nil: none are known.
	ViolationPoints []int64
}

// check tells the first thing that does not fit. Figures are the work of other code of ours, so it names
// positions, not ids.
func (f *Figures) check(p *plan) error {
	if len(f.X) != len(p.indicators) || len(f.N) != len(p.indicators) {
		return fmt.Errorf("figures: %d rows of x and %d of n for %d indicators", len(f.X), len(f.N), len(p.indicators))
	}
	if len(f.Orders) != f.Subjects {
		return fmt.Errorf("figures: orders of %d subjects, not %d", len(f.Orders), f.Subjects)
	}
	if f.SevereRecent != nil && len(f.SevereRecent) != f.Subjects {
		return fmt.Errorf("figures: severe tickets of %d subjects, not %d", len(f.SevereRecent), f.Subjects)
	}
	if f.ViolationPoints != nil && len(f.ViolationPoints) != f.Subjects {
		return fmt.Errorf("figures: violation points of %d subjects, not %d", len(f.ViolationPoints), f.Subjects)
	}
	for position, codes := range f.Categories {
		if len(codes) != f.Subjects {
			return fmt.Errorf("figures: categories %d of %d subjects, not %d", position, len(codes), f.Subjects)
		}
	}
	for i := range p.indicators {
		if err := f.checkRow(p, i); err != nil {
			return fmt.Errorf("figures: %s: %w", p.indicators[i].rule.ID, err)
		}
	}
	return nil
}

// checkRow looks at the figures of one indicator.
func (f *Figures) checkRow(p *plan, i int) error {
	x, n := f.X[i], f.N[i]
	if x == nil && n == nil {
		return nil
	}
	if len(x) != f.Subjects || len(n) != f.Subjects {
		return fmt.Errorf("x of %d and n of %d subjects, not %d", len(x), len(n), f.Subjects)
	}
	signed := p.indicators[i].known.Way == rules.Percentile
	for at := range x {
		if !finite(x[at]) || !finite(n[at]) || n[at] < 0 || x[at] < 0 && !signed {
			return fmt.Errorf("subject %d: x = %v of n = %v", at, x[at], n[at])
		}
	}
	return nil
}

// finite is false for NaN too.
func finite(v float64) bool { return math.Abs(v) <= math.MaxFloat64 }
