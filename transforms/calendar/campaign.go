package calendar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Campaign is a run of business days, both ends included, on which a market is not as usual: 618, 双11, the lunar new
// year. Peak is the day by which it is laid beside another one. Like is the first day of the earlier campaign
// that it is to be compared with; nil: there is none.
type Campaign struct {
	Name           string
	From, To, Peak Day
	Like           *Day
}

// Campaigns are those of one market, in any order. The zero value knows of none, which is not to say that there were none.
type Campaigns []Campaign

// Validate joins all problems: days out of order, days of two campaigns, a campaign to compare with that is not
// listed or is no earlier one.
func (cs Campaigns) Validate() error {
	var errs []error
	for i, c := range cs {
		problem := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("%s from %s: %s", c.Name, c.From, fmt.Sprintf(format, args...)))
		}
		if strings.TrimSpace(c.Name) == "" {
			problem("it has no name")
		}
		if c.To < c.From {
			problem("it ends on %s, before it begins", c.To)
		} else if c.Peak < c.From || c.Peak > c.To {
			problem("its peak %s is none of its days", c.Peak)
		}
		for _, other := range cs[:i] {
			if c.From <= other.To && other.From <= c.To {
				problem("it shares days with %s from %s", other.Name, other.From)
			}
		}
		if c.Like != nil && (*c.Like >= c.From || !slices.ContainsFunc(cs, func(o Campaign) bool { return o.From == *c.Like })) {
			problem("like: no earlier campaign of the calendar begins on %s", *c.Like)
		}
	}
	return errors.Join(errs...)
}

// On is the campaign of a day.
func (cs Campaigns) On(d Day) (Campaign, bool) {
	for _, c := range cs {
		if d >= c.From && d <= c.To {
			return c, true
		}
	}
	return Campaign{}, false
}

// Counterpart is the day of the earlier campaign that is as far from its peak as d is from the peak of its own.
// ok is false if d is in no campaign, if that has nothing to compare with, or if the earlier one had no such day.
func (cs Campaigns) Counterpart(d Day) (day Day, ok bool) {
	c, ok := cs.On(d)
	if !ok || c.Like == nil {
		return 0, false
	}
	before, ok := cs.On(*c.Like)
	day = before.Peak + d - c.Peak
	return day, ok && day >= before.From && day <= before.To
}

// Count is the number of days from first to last that are in a campaign.
func (cs Campaigns) Count(first, last Day) (n int64) {
	for _, c := range cs {
		n += max(0, int64(min(last, c.To))-int64(max(first, c.From))+1)
	}
	return n
}

// Names are those of the campaigns that have days from first to last, in order of time, each once.
func (cs Campaigns) Names(first, last Day) (names []string) {
	within := slices.DeleteFunc(slices.Clone(cs), func(c Campaign) bool { return c.To < first || c.From > last })
	slices.SortFunc(within, func(a, b Campaign) int { return int(a.From - b.From) })
	for _, c := range within {
		if !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}
