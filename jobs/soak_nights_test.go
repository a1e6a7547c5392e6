//go:build acceptance

package jobs_test

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
)

// Forty nights with all mishaps; then all of them are made again from the dumps as they ended. Every table of every
// night is, byte for byte, that of nights that nothing disturbed.
func TestAShortSoakEndsAsCleanNightsDo(t *testing.T) {
	const nights, lead = 40, 20
	s := newSoak(t, nights, lead)
	s.retention = jobs.Retention{Grace: 2 * aDay, Superseded: 10 * aDay, StateNights: 10, Failures: 10 * aDay}
	for day := lastDay - nights - lead + 1; day <= lastDay-nights; day++ {
		s.w.deliver(day, false)
	}
	first := lastDay - nights + 1
	s.newest = first - 1
	started := time.Now()
	for day := first; day <= lastDay; day++ {
		s.day(day, day < lastDay-5)
	}
	t.Logf("%d nights in %s: %s", nights, time.Since(started).Round(time.Second), s.figures())
	got := map[calendar.Day]map[string]string{}
	for day := first; day <= lastDay; day++ {
		if !s.leftOut[day] {
			got[day] = bytesOf(s.mustRun(day))
		}
	}
	s.clean(first, lastDay, func(o jobs.Outcome) {
		if diff := gocmp.Diff(bytesOf(o), got[o.AsOf]); diff != "" {
			t.Errorf("%s: %s", o.AsOf, diff)
		}
	})
}

// remembersMore are the tables whose bytes depend on earlier nights beyond those that look at the run before.
var remembersMore = []string{}

func TestSoakOfFourHundredNights(t *testing.T) {
	const nights, lead = 400, 20
	s := newSoak(t, nights, lead)
	s.retention = jobs.Retention{Grace: 2 * aDay, Superseded: 10 * aDay, StateNights: 14, Failures: 30 * aDay}
	for day := lastDay - nights - lead + 1; day <= lastDay-nights; day++ {
		s.w.deliver(day, false)
	}
	first := lastDay - nights + 1
	s.newest = first - 1
	started := time.Now()
	var all []footing
	for day := first; day <= lastDay; day++ {
		s.day(day, day < lastDay-5)
		s.w.expire(day - 230)
		f := s.footing(day)
		if int(day)%7 == 0 || day == lastDay {
			all = append(all, f)
		}
		if (int(day-first)%80 == 79 || day == lastDay) && s.newest == day && !s.leftOut[day] {
			got := s.mustRun(day)
			s.clean(day, day, func(o jobs.Outcome) {
				if diff := gocmp.Diff(bytesOf(o, remembering...), bytesOf(got, remembering...)); diff != "" {
					t.Errorf("%s: %s", day, diff)
				}
			})
			t.Logf("%s is the night of a clean recomputation, after %s", day, time.Since(started).Round(time.Second))
		}
	}
	t.Logf("%d nights in %s: %s", nights, time.Since(started).Round(time.Second), s.figures())
	t.Log("\n" + table(all))
}
