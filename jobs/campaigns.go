package jobs

import (
	"fmt"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
)

// Campaign is a campaign of the calendar, and how far volumes may be from usual on its days where no earlier campaign
// tells what to expect.
type Campaign struct {
	calendar.Campaign
	MinVolume, MaxVolume *float64 // nil: those of the gates
}

func (s Settings) campaigns() (out calendar.Campaigns) {
	for _, c := range s.Calendar {
		out = append(out, c.Campaign)
	}
	return out
}

// reachOfOrdinaryDays bounds how far back ordinary days are looked for: so many times the days that are wanted.
const reachOfOrdinaryDays = 4

// ordinaryBefore are the last days before one that are in no campaign: the first of as many as are wanted, and which
// from there on are ordinary. The days of a campaign would be no measure of an ordinary one, nor the reverse.
func (n *night) ordinaryBefore(day calendar.Day, days int) (first calendar.Day, ordinary func(calendar.Day) bool) {
	campaigns := n.runner.Settings.campaigns()
	ordinary = func(d calendar.Day) bool {
		_, in := campaigns.On(d)
		return d < day && !in
	}
	first = day
	for found := 0; found < days && first > day-calendar.Day(reachOfOrdinaryDays*days); {
		first--
		if ordinary(first) {
			found++
		}
	}
	return first, ordinary
}

// usualBefore is the median number of rows of a table on the ordinary days before one, and of how many days that is.
func (n *night) usualBefore(table string, day calendar.Day, days int) (usual float64, of int, ok bool) {
	first, ordinary := n.ordinaryBefore(day, days)
	var rows []float64
	for _, p := range n.partitions[table] {
		if p.Day >= first && ordinary(p.Day) && p.Input > 0 {
			rows = append(rows, float64(p.Input))
		}
	}
	usual, ok = median(rows, days)
	return usual, len(rows), ok
}

// volume is what a table is expected to have on the as-of date.
type volume struct {
	usual       float64 // rows of an ordinary day
	days        int     // that this is the median of
	least, most float64 // as multiples of what is expected; 0: no such limit

	campaign string        // empty: an ordinary day
	then     *calendar.Day // the day of the earlier campaign; nil: none tells
	factor   float64       // of that day to its own ordinary days
}

// expected is what the ordinary days before let expect of a table; on a day of a campaign as many times that as the same
// day of the earlier campaign had. ok is false if there is too little history.
func (n *night) expected(table string, g Gates) (v volume, ok bool) {
	v = volume{least: g.MinVolume, most: g.MaxVolume, factor: 1}
	if v.usual, v.days, ok = n.usualBefore(table, n.asOf, g.Days); !ok {
		return v, false
	}
	settings := n.runner.Settings
	i := slices.IndexFunc(settings.Calendar, func(c Campaign) bool { return n.asOf >= c.From && n.asOf <= c.To })
	if i < 0 {
		return v, true
	}
	c := settings.Calendar[i]
	v.campaign = c.Name
	if then, ok := settings.campaigns().Counterpart(n.asOf); ok {
		p, there := n.nearest(table, then)
		usual, _, known := n.usualBefore(table, then, g.Days)
		if there && p.Day == then && p.Input > 0 && known {
			v.then, v.factor = &then, float64(p.Input)/usual
			return v, true
		}
	}
	if c.MinVolume != nil {
		v.least = *c.MinVolume
	}
	if c.MaxVolume != nil {
		v.most = *c.MaxVolume
	}
	return v, true
}

func (v volume) rows() float64 { return v.usual * v.factor }

// compare says how a number of rows stands to what was expected.
func (v volume) compare(rows float64) string {
	median := fmt.Sprintf("the median of %d days (%.0f)", v.days, v.usual)
	switch {
	case v.then != nil:
		return fmt.Sprintf("%.2f times what %s lets expect (%.0f: %.2f times %s, as on %s)", rows/v.rows(), v.campaign, v.rows(), v.factor, median, v.then)
	case v.campaign != "":
		return fmt.Sprintf("%.2f times %s; it is a day of %s, and no earlier campaign tells what to expect", rows/v.usual, median, v.campaign)
	}
	return fmt.Sprintf("%.2f times %s", rows/v.usual, median)
}
