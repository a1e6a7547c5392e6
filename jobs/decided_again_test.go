package jobs_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/windvane/windvane/internal/market"
	"github.com/windvane/windvane/jobs"
)

// A night that is decided again counts little of what a night counts. Its lists, and the figures that they are made of, are those
// that come of all of it: over history that is longer than their windows, so that stored runs of days begin before them.
func TestDecidedAgainFromLess(t *testing.T) {
	t.Parallel()
	d := newMarket(t, func(o *market.Options) {
		o.Days, o.Merchants, o.Talents, o.Products, o.Buyers, o.LinesPerDay = 105, 12, 20, 60, 80, 60
	})
	d.settings.Rules = restless(lastDay + 1)[:1]
	asOf := lastDay
	for (asOf-89)%8 != 7 { // the oldest day of R1 ends a stored run: reading begins with it, or a day is lost
		asOf--
	}
	d.night(asOf - 1)
	d.night(asOf)
	for _, oneNight := range []bool{true, false} {
		err := d.with(func(r *jobs.Runner) error {
			r.OneNight = oneNight
			again, whole, err := jobs.DecidedAgain(t.Context(), r, asOf)
			if err != nil {
				return err
			}
			for _, what := range []string{"list ", "R1 merchant ", "R1 talent ", "settled merchant ", "settled talent ", "settled product ", "settled category "} {
				n := 0
				for key := range whole {
					if strings.HasPrefix(key, what) {
						n++
					}
				}
				if n < 5 {
					t.Errorf("%d figures are %s: the test has lost its object", n, what)
				}
			}
			for _, key := range slices.Sorted(maps.Keys(whole)) {
				if again[key] != whole[key] {
					t.Errorf("%s: %q, of all that a night counts %q", key, again[key], whole[key])
				}
			}
			if len(again) != len(whole) {
				t.Errorf("%d figures and outcomes, of all that a night counts %d", len(again), len(whole))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A correction of the last days is told from data alike by a process of one night, which keeps what it reads for the second
// reading, and by one that more nights follow. A night without corrections keeps nothing.
func TestACorrectedNightIsTheSameInAProcessOfItsOwn(t *testing.T) {
	now := newMarket(t, func(o *market.Options) { o.Days, o.Merchants, o.Products, o.LinesPerDay, o.Seed = 6, 12, 150, 600, 4 })
	now.settings.Rules = restless(lastDay + 1)[:1]
	now.night(lastDay - 2)
	before := listRows(t, now, now.night(lastDay-1))
	var shops []string
	for _, r := range before {
		if r.Eligible && r.Merchant != nil && !slices.Contains(shops, *r.Merchant) {
			shops = append(shops, *r.Merchant)
		}
	}
	slices.Sort(shops)
	run := func(d *deployment, oneNight bool) (o jobs.Outcome, kept int) {
		err := d.with(func(r *jobs.Runner) (err error) {
			r.OneNight = oneNight
			o, err = r.Run(t.Context(), lastDay)
			kept = jobs.FramesKept(r)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return o, kept
	}
	made := map[bool]map[string]string{}
	for _, oneNight := range []bool{false, true} {
		d := now.copied()
		d.condemn(lastDay-2, shops[:len(shops)/3])
		o, kept := run(d, oneNight)
		if (kept > 0) != oneNight {
			t.Errorf("one night: %v: %d frames are kept", oneNight, kept)
		}
		made[oneNight] = sums(o)
		told := 0
		for _, r := range listRows(t, d, o) {
			if r.Late != nil && *r.Late != 0 {
				told++
			}
		}
		if told == 0 {
			t.Error("nobody moved for late data: the test has lost its object")
		}
	}
	if !maps.Equal(made[true], made[false]) {
		t.Errorf("a process of one night published other tables: %v, want %v", made[true], made[false])
	}
	if _, kept := run(now, true); kept != 0 {
		t.Errorf("without a correction %d frames are kept", kept)
	}
}
