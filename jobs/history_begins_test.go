package jobs_test

import (
	"testing"

	"github.com/windvane/windvane/transforms/calendar"
)

type r1Row struct {
	Period string   `parquet:"period"`
	R1     *float64 `parquet:"r1_90_ratio"`
}

// Of fewer than 90 days few had the time to come back: R1(90) is null until the history holds them all, as the score's is.
func TestR1NeedsItsNinetyDays(t *testing.T) {
	d := newDemo(t, 90)
	for _, days := range []calendar.Day{90, 89} {
		for day := lastDay - 89; day <= lastDay-days; day++ {
			d.neverHad("orders", day)
			d.neverHad("refunds", day)
		}
		o, known := d.night(lastDay), 0
		for _, r := range published[r1Row](t, d, o, "overview") {
			if (r.R1 != nil) != (days == 90) || r.R1 != nil && *r.R1 == 0 {
				t.Errorf("%d days: %+v", days, r)
			}
		}
		for _, r := range published[fivesRow](t, d, o, "fives") {
			if (r.LiveBuyers != nil) != (days == 90) || (r.LiveRepeat != nil) != (days == 90) || days < 90 && r.LiveR1 != nil {
				t.Fatalf("%d days: %+v", days, r)
			}
			if r.LiveR1 != nil && *r.LiveR1 > 0 {
				known++
			}
		}
		if (known > 0) != (days == 90) {
			t.Errorf("%d days: R1 of %d shops", days, known)
		}
	}
}
