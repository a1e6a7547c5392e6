package lift

import (
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/stats"
)

// Options are what estimates need to know beside the figures.
type Options struct {
	AsOf  calendar.Day
	Rules *rules.Lift
	// IDs order identifiers as their texts order, whatever their codes.
	IDs *column.IDs
	// Share is the expected share of the holdout of a programme, by its code; column.Null: one that is not named.
	Share func(programme int64) float64
	// Category is the level-1 category of a merchant, by codes; column.Null: none.
	Category func(merchant int64) int64
	// Caps are the winsor caps in force, by class of size; 0: none. They come from the night before (Caps), so that
	// tonight's outcomes cannot choose them.
	Caps []int64
	// Market reads the daily self-broadcast GMV of the merchants of some categories, for those without a holdout; it is asked
	// only if there are any. nil, and a nil market: there is none.
	Market func(wanted func(category int64) bool) (*Market, error)
	// Workers of the panels; 0: one.
	Workers int
}

// inference is how sure intervals have to be.
func (o *Options) inference() stats.Inference { return stats.Inference{Confidence: o.Rules.Confidence} }

// sequential is the plan of what is looked at every night.
func (o *Options) sequential() stats.AlwaysValid {
	return stats.AlwaysValid{Alpha: 1 - o.Rules.Confidence, Planned: float64(o.Rules.PlannedPairs)}
}

// SizeClass is the class of size of a merchant with so many pairs.
func SizeClass(r *rules.Lift, pairs int64) int {
	class, at := slices.BinarySearch(r.Shrinkage.SizeClasses, pairs)
	if at {
		class++
	}
	return class
}

// capOf is the cap of a class of size, 0: none.
func (o *Options) capOf(class int) int64 {
	if class >= len(o.Caps) {
		return 0
	}
	return o.Caps[class]
}

// expected is the share of the holdout that the pairs of a merchant should have: the mean of its programmes' shares.
func (o *Options) expected(c *MerchantCell) float64 {
	var pairs int64
	var sum float64
	for _, p := range c.Programmes {
		n := p.Pairs[Treatment] + p.Pairs[Holdout]
		pairs, sum = pairs+n, sum+float64(n)*o.Share(p.Code)
	}
	if pairs == 0 {
		return o.Share(column.Null)
	}
	return sum / float64(pairs)
}

// sharesDiffer tells whether the programmes of a merchant hold out other shares.
func (o *Options) sharesDiffer(c *MerchantCell) bool {
	for _, p := range c.Programmes {
		if o.Share(p.Code) != o.Share(c.Programmes[0].Code) {
			return true
		}
	}
	return false
}

// longest is the position of the period that everything since the start belongs to, -1: there is none.
func longest(periods []Period) int {
	return slices.IndexFunc(periods, func(p Period) bool { return p.Name == contract.LiftPeriods[len(contract.LiftPeriods)-1] })
}
