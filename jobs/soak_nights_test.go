//go:build acceptance

package jobs_test

import (
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/internal/testkit/faults"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
)

// Forty nights with all mishaps but rollbacks, which hold until inputs change; then all of them are made again from the dumps as they ended. Every table of every
// night is, byte for byte, that of nights that nothing disturbed.
func TestAShortSoakEndsAsCleanNightsDo(t *testing.T) {
	const nights, lead = 40, 20
	s := newSoak(t, nights, lead)
	s.w.rate = 2
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
	s.clean(first, lastDay, func(o jobs.Outcome, _ *faults.Bucket) {
		if diff := gocmp.Diff(bytesOf(o), got[o.AsOf]); diff != "" {
			t.Errorf("%s: %s", o.AsOf, diff)
		}
	})
}

// Four hundred nights with all mishaps. Every column that does not depend on the nights before is that of one clean night;
// what is stored grows by what docs/reliability.md says it keeps, and what is held in memory does not.
func TestSoakOfFourHundredNights(t *testing.T) {
	const nights, lead, kept = 400, 20, 70
	s := newSoak(t, nights, lead)
	s.rollbacks = true
	s.retention = jobs.Retention{Nights: kept, Grace: 2 * aDay, Superseded: 10 * aDay, StateNights: 14, Failures: 30 * aDay}
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
		if int(day)%7 == 0 {
			all = append(all, f)
		}
		if (int(day-first)%80 == 79 || day == lastDay) && s.newest == day && !s.leftOut[day] {
			for table, columns := range s.compareWithClean(s.mustRun(day)) {
				if other := slices.DeleteFunc(slices.Clone(columns), func(c string) bool {
					return slices.Contains(pathDependent[table], c) || slices.Contains(pathDependent[table], every)
				}); len(other) > 0 {
					t.Errorf("%s: %s: %q are not those of a clean night", day, table, other)
				}
			}
			t.Logf("%s after %s", day, time.Since(started).Round(time.Second))
		}
	}
	t.Logf("%d nights in %s: %s", nights, time.Since(started).Round(time.Second), s.figures())
	t.Log("\n" + table(all))
	s.checkGrowth(all)
}
