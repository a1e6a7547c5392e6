package eligibility_test

import (
	"testing"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/eligibility"
	"pgregory.net/rapid"
)

// Night by night, each gate has stood as it stands since the run after the last on which it stood otherwise; a list that
// is kept changes nothing of that, and days without a run neither.
func TestGatesStandSinceTheRunThatTheyLastChangedOn(t *testing.T) {
	older := false
	rapid.Check(t, func(t *rapid.T) {
		m := drawMarket(t, false)
		var before *eligibility.Before
		day := asOf
		type state struct {
			passes bool
			since  calendar.Day
		}
		naive := map[[2]int]state{}
		for range 5 {
			m.nextNight(t)
			d := decided(m.r, m.l, day, m.s, m.h, before, m.o, before != nil && rapid.IntRange(0, 4).Draw(t, "stale") == 0)
			for i := range m.s.N {
				for g, res := range d.Gates(i, nil) {
					key := [2]int{i, g}
					was, seen := naive[key]
					if !seen || was.passes != res.State.Passes() {
						was = state{res.State.Passes(), day}
						naive[key] = was
					}
					if got := d.GateSince(i, g); got != was.since {
						t.Fatalf("%s: gate %d of subject %d, passes %v: since %s, want %s", day, g, i, was.passes, got, was.since)
					}
					older = older || was.since < day-2
				}
			}
			before = carried(d)
			day += calendar.Day(rapid.IntRange(1, 3).Draw(t, "days"))
		}
	})
	if !older {
		t.Error("no gate stood for longer than a night: the test has lost its object")
	}
}
