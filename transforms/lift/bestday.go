package lift

import (
	"math"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/stats"
)

// BestDay is the day of a merchant with the highest lift of orders, chosen from several and said with that in mind.
//
// It speaks of orders, not of GMV: on a single day one large order decides the GMV of a holdout. Inc is money by the mean
// order of the days it was chosen from.
type BestDay struct {
	Day      calendar.Day   // valid if Of > 0
	Of       int64          // days it was chosen from
	Orders   [Arms]int64    // of the day
	Lift     stats.Estimate // of orders per pair; the interval holds for all days chosen from at once, so for the chosen one
	Shrunk   float64        // pulled to the merchant's other days and those of other merchants; the day was chosen by it
	Interval stats.Interval // of Shrunk, whether days differ or not
	Inc      float64        // fen of the treated pairs on the day, by Shrunk
}

func noBestDay() BestDay {
	return BestDay{Lift: none(), Shrunk: math.NaN(), Interval: stats.NoInterval, Inc: math.NaN()}
}

// dayChoice is what the best day of a row is chosen from.
type dayChoice struct {
	row        *Row
	days       []*Day
	counts     [][Arms]stats.Counts
	dispersion []float64 // of the orders of a day
	group      stats.Group
	orderValue float64 // fen
}

// chooseDays finds the best day of every row of a period whose experiment can be trusted. Merchants and days learn
// from each other how far days lie apart.
//
//	y = ln of the ratio of order rates;  v by what fell on both arms together (stats.LogRateRatioVar);  days in merchants as stats.FitNested
//	the day of the highest posterior mean; its interval at 1 − α/days (Bonferroni, which is FCR for one chosen day)
//
// The interval is right whatever the day was chosen by. It holds for each merchant by itself; who chooses among merchants too
// reads Shrunk. Source: Benjamini, Yekutieli, JASA 100 (2005), as stats.FCRConfidence; intervals and variances as in stats.RateRatio.
func (e *Estimates) chooseDays(f *Figures, period int, o *Options) {
	days := make(map[int64][]Day, len(f.Merchants))
	for i := range f.Merchants {
		days[f.Merchants[i].Code] = f.Merchants[i].Days
	}
	var choices []*dayChoice
	var groups []stats.Group
	for _, r := range e.of(period) {
		if !r.shown() {
			continue
		}
		if c := chooseFrom(r, days[r.Merchant], f.Periods[period].From, o); c != nil {
			choices, groups = append(choices, c), append(groups, c.group)
		}
	}
	prior, err := stats.FitNested(groups)
	if err != nil {
		return // too few days to tell how days differ: none is best
	}
	for g, c := range choices {
		c.choose(prior, g, o)
	}
}

// chooseFrom are the days of a merchant that may be its best: those on which the holdout was to be expected to place enough orders,
// however many it did. nil: none.
func chooseFrom(r *Row, days []Day, from calendar.Day, o *Options) *dayChoice {
	c := &dayChoice{row: r}
	var all [Arms]stats.Counts
	var fen float64
	for i := range days {
		d := &days[i]
		t, h := stats.CountsOf(&d.Arms[Treatment], stats.Denominator), stats.CountsOf(&d.Arms[Holdout], stats.Denominator)
		if d.Day < from || !((t.Events+h.Events)*h.Units >= float64(o.Rules.DayOrders)*(t.Units+h.Units)) || h.Units == 0 || t.Units == 0 {
			continue
		}
		c.days, c.counts = append(c.days, d), append(c.counts, [Arms]stats.Counts{Treatment: t, Holdout: h})
		all[Treatment], all[Holdout] = all[Treatment].Plus(t), all[Holdout].Plus(h)
		for a := range d.Arms {
			fen += d.Arms[a].Sum(stats.Outcome).Float64()
		}
	}
	if len(c.days) == 0 {
		return nil
	}
	both := all[Treatment].Plus(all[Holdout])
	c.orderValue = fen / both.Events
	c.measure(math.Expm1(stats.LogRateRatio(all[Treatment], all[Holdout], both.Dispersion())), both.Dispersion())
	windows := stats.CountsOf(&r.Cell.Arms[Treatment].Sums, stats.Denominator).Plus(stats.CountsOf(&r.Cell.Arms[Holdout].Sums, stats.Denominator))
	c.group.Repeated = math.Max(1, windows.Dispersion()/both.Dispersion())
	return c
}

// measure adds each day's estimate and variance, at the lift of all days together. The dispersion is that of all days, or the
// day's own if that is larger: one buyer with forty orders makes no day.
func (c *dayChoice) measure(lift, dispersion float64) {
	for _, n := range c.counts {
		own := math.Max(dispersion, n[Treatment].Plus(n[Holdout]).Dispersion())
		c.dispersion = append(c.dispersion, own)
		c.group.Y = append(c.group.Y, stats.LogRateRatio(n[Treatment], n[Holdout], own))
		c.group.V = append(c.group.V, stats.LogRateRatioVar(n[Treatment], n[Holdout], lift, own))
	}
}

// choose takes the day of the highest posterior mean, the earlier one of two.
func (c *dayChoice) choose(prior *stats.Nested, group int, o *Options) {
	best, chosen, at := math.Inf(-1), stats.Posterior(nil), -1
	for d := range c.days {
		p := prior.Posterior(group, c.group.Y[d], c.group.V[d])
		if mean := p.Mean(); mean > best {
			best, chosen, at = mean, p, d
		}
	}
	how := o.inference()
	how.Confidence = stats.FCRConfidence(1, len(c.days), 1-how.Confidence)
	t, h := c.counts[at][Treatment], c.counts[at][Holdout]
	i, wide := chosen.Interval(o.Rules.Confidence), prior.Differing(group, c.group.Y[at], c.group.V[at]).Interval(o.Rules.Confidence)
	b := BestDay{Day: c.days[at].Day, Of: int64(len(c.days)), Orders: [Arms]int64{Treatment: int64(t.Events), Holdout: int64(h.Events)},
		Lift: stats.RateRatio(t, h, c.dispersion[at], how), Shrunk: math.Expm1(best),
		Interval: stats.Interval{Lo: math.Expm1(math.Min(i.Lo, wide.Lo)), Hi: math.Expm1(math.Max(i.Hi, wide.Hi))}}
	b.Inc = t.Events * share(b.Shrunk) * c.orderValue
	c.row.Best = b
}
