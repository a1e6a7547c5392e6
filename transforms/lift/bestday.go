package lift

import (
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/stats"
)

// BestDay is the day with the highest lift of a merchant, which overstates: it was selected for it.
type BestDay struct {
	Day    calendar.Day // valid if Of > 0
	Lift   float64
	Shrunk float64 // pulled to the merchant's other days
	Of     int64   // days it was chosen from
}

func noBestDay() BestDay { return BestDay{Lift: math.NaN(), Shrunk: math.NaN()} }

// leastDays is how many days tell how much days differ.
const leastDays = 3

// bestDay looks for the best day since the first day of a period.
func bestDay(days []Day, from calendar.Day, o *Options) BestDay {
	best := noBestDay()
	var y, v []float64
	at := -1
	for i := range days {
		d := &days[i]
		if d.Day < from || d.Arms[Holdout].Sum(stats.Denominator).Float64() < float64(o.Rules.DayOrders) {
			continue
		}
		t, c := d.Arms[Treatment].Arm(), d.Arms[Holdout].Arm()
		e := stats.RelativeLog(t.Of(stats.Outcome), c.Of(stats.Outcome), o.inference())
		if !(e.SE > 0) || slices.Contains(e.Warnings, stats.WarnControlNearZero) {
			continue
		}
		y, v = append(y, math.Log1p(e.Value)), append(v, logVariance(&e))
		if !(e.Value <= best.Lift) {
			best.Day, best.Lift, at = d.Day, e.Value, len(y)-1
		}
	}
	best.Of = int64(len(y))
	if len(y) < leastDays {
		return best
	}
	if prior, err := stats.FitPrior(y, v, nil, stats.PauleMandel); err == nil {
		best.Shrunk = math.Expm1(prior.Posterior(at, y[at], v[at]).Mean())
	}
	return best
}
