package jobs_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/internal/market"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/rules"
)

type liftGradeRow struct {
	Grade    string `parquet:"evidence_grade"`
	Warnings string `parquet:"warnings"`
}

// The channel of a sale on an account is unknown before the first snapshot of accounts: such days are no days of zeros for merchants that are compared with
// non-participants, and what pairs bought on them is not all that they bought. Where a snapshot lacks later, that of the day before counts.
func TestAccountsThatBeginLate(t *testing.T) {
	d := newMarket(t, func(o *market.Options) {
		o.Days, o.Merchants, o.Talents, o.Buyers, o.LinesPerDay, o.Participation = 95, 160, 200, 1500, 1000, 0.5
	})
	r := config.DefaultRules()[0]
	r.Lift.MinControlPairs, r.Lift.MinControlOrders = 3, 1
	r.Lift.Panel = rules.Panel{Days: 90, MinimumPreDays: 28, ExcludedPreDays: 7, MinimumDonors: 2, MaximumDonors: 5, ScaledL2: 1, PlaceboAlpha: 0.35, CalibrationMerchants: 10}
	d.settings.Rules = rules.Set{r}
	for day := lastDay - 94; day < lastDay-29; day++ {
		d.drop("chuanliu_eligibility", day)
		d.drop("chuanliu_exposures", day)
	}
	const note = "lift: nobody is compared with non-participants: the channels of sales are known from "
	counted := func(o jobs.Outcome) (panels, own, doubted, all int, noted bool) {
		for _, r := range published[liftGradeRow](t, d, o, "chuanliu_lift") {
			all++
			switch r.Grade {
			case "A":
				own++
			case "B", "C":
				panels++
			}
			if strings.Contains(r.Warnings, "channels_not_known") {
				doubted++
			}
		}
		return panels, own, doubted, all, slices.ContainsFunc(o.Warnings, func(w string) bool { return strings.HasPrefix(w, note) })
	}
	check := func(name string, o jobs.Outcome, compared, doubt bool) {
		t.Helper()
		panels, own, doubted, all, noted := counted(o)
		t.Logf("%s: %d rows of grade B or C, %d of A, %d doubted", name, panels, own, doubted)
		if own == 0 || (panels > 0) != compared || noted == compared || doubt && doubted != all || !doubt && doubted > 0 {
			t.Errorf("%s: %d rows of grade B or C, %d of A, %d of %d doubted, notes %q", name, panels, own, doubted, all, o.Warnings)
		}
	}
	check("from the first day on", d.night(lastDay), true, false)
	for _, day := range []calendar.Day{lastDay - 50, lastDay - 10, lastDay} {
		d.drop("talents", day)
	}
	check("some lack later", d.night(lastDay), true, false)
	drop := func(before calendar.Day) {
		for day := lastDay - 94; day < before; day++ {
			d.drop("talents", day)
		}
	}
	drop(lastDay - 60)
	check("from before the first pair on", d.night(lastDay), false, false)
	drop(lastDay - 20)
	check("later than the first pairs", d.night(lastDay), false, true)
}
