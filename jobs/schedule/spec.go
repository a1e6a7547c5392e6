package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/windvane/windvane/transforms/calendar"
)

// Spec is a cron spec in a zone: minute, hour, day of month, month, day of week, or @daily and its like.
//
// The library is asked in UTC, which has no summer time, and its answers are taken for wall clocks of the zone. Asked in
// the zone itself it would fire twice when clocks are set back and not at all in the hour they skip.
type Spec struct {
	wall     cron.Schedule
	zone     *calendar.Zone // of the wall clock
	business *calendar.Zone // of the as-of dates
	lag      calendar.Day   // from the day of a firing back to its as-of date
}

// Firing is one moment of a spec.
type Firing struct {
	At   time.Time
	AsOf calendar.Day // the business day lag days before the moment
}

// Parse reads a spec. The as-of date of a firing is the business day that lies lag days before it: 1 is yesterday.
func Parse(spec string, zone, business *calendar.Zone, lag int) (*Spec, error) {
	if strings.Contains(spec, "TZ=") {
		return nil, fmt.Errorf("%q names a zone: give it apart from the spec", spec)
	}
	if strings.HasPrefix(strings.TrimSpace(spec), "@every") {
		return nil, fmt.Errorf("%q counts from the start of the process: give a time of day", spec)
	}
	wall, err := cron.ParseStandard("TZ=UTC " + spec)
	if err != nil {
		return nil, fmt.Errorf("%q is not a cron spec such as \"0 3 * * *\": %w", spec, err)
	}
	if wall.Next(time.Unix(0, 0).UTC()).IsZero() {
		return nil, fmt.Errorf("%q never comes", spec)
	}
	if lag < 0 {
		return nil, fmt.Errorf("lag %d is below 0", lag)
	}
	return &Spec{wall, zone, business, calendar.Day(lag)}, nil
}

// slack is more than any wall clock differs from UTC, and than clocks are ever set back.
const slack = 48 * time.Hour

// Between are the firings after one moment and up to another, in order of time.
func (s *Spec) Between(after, upTo time.Time) (found []Firing) {
	last := upTo.Add(slack).UTC()
	for wall := s.wall.Next(after.Add(-slack).UTC()); !wall.IsZero() && !wall.After(last); wall = s.wall.Next(wall) {
		us := s.zone.FromLocal(wall.UnixMicro())
		if at := time.UnixMicro(us).UTC(); at.After(after) && !at.After(upTo) {
			found = append(found, Firing{at, s.business.Day(us) - s.lag})
		}
	}
	slices.SortStableFunc(found, func(a, b Firing) int { return a.At.Compare(b.At) }) // a skipped hour moves past the next one
	return slices.Compact(found)
}

// reach is how far firings are looked for: the rarest spec comes on leap days, eight years apart where a century has none.
const reach = 9 * 366 * 24 * time.Hour

// spans are how far a neighbouring firing is looked for, step by step, since most are near.
var spans = []time.Duration{24 * time.Hour, 8 * 24 * time.Hour, 400 * 24 * time.Hour, reach}

// Next is the first firing after a moment; false if there is none within nine years.
func (s *Spec) Next(after time.Time) (Firing, bool) {
	for _, span := range spans {
		if found := s.Between(after, after.Add(span)); len(found) > 0 {
			return found[0], true
		}
	}
	return Firing{}, false
}

// Last is the last firing up to a moment; false if there is none within nine years.
func (s *Spec) Last(upTo time.Time) (Firing, bool) {
	for _, span := range spans {
		if found := s.Between(upTo.Add(-span), upTo); len(found) > 0 {
			return found[len(found)-1], true
		}
	}
	return Firing{}, false
}
