package jobs_test

import (
	"fmt"
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

type conversionRow struct {
	Role         string `parquet:"role"`
	Window       int64  `parquet:"window_days"`
	Distribution *int64 `parquet:"distribution_buyers"`
	Converted    *int64 `parquet:"converted_buyers"`
}

// channelFigures are sums of what is told by channel, nil where nobody has any. A column that some have and some have not is none.
func (d *deployment) channelFigures(o jobs.Outcome) map[string]*int64 {
	d.t.Helper()
	out, rows := map[string]*int64{}, map[string]int{}
	add := func(name string, v *int64) {
		if rows[name]++; (out[name] != nil) != (v != nil) && rows[name] > 1 {
			d.t.Fatalf("%s is known of some only", name)
		}
		if out[name] == nil {
			out[name] = v
		} else {
			sum := *out[name] + *v
			out[name] = &sum
		}
	}
	for _, r := range published[productTestRow](d.t, d, o, "product_test") {
		for name, v := range map[string]*int64{"clicks": r.Clicks, "lines": r.Lines, "covered lines": r.CoveredLines, "fen": r.Paid, "settled": r.Settled, "buyers": r.Buyers,
			"live clicks": r.LiveClicks, "live lines": r.LiveLines, "live fen": r.LivePaid, "live settled": r.LiveSettled, "won": r.Won, "won live": r.WonLive} {
			add("product_test: "+name, v)
		}
	}
	for _, r := range published[fivesRow](d.t, d, o, "fives") {
		for name, v := range map[string]*int64{"distribution": r.Distribution, "self-broadcast": r.SelfBroadcast, "promoters": r.Promoters, "live buyers": r.LiveBuyers,
			"live days": r.LiveDays, "viewers": r.Viewers} {
			add("fives: "+name, v)
		}
	}
	for _, r := range published[conversionRow](d.t, d, o, "trust") {
		if r.Role == "merchant" {
			add(fmt.Sprintf("trust: distribution buyers of %d", r.Window), r.Distribution)
			add(fmt.Sprintf("trust: converted buyers of %d", r.Window), r.Converted)
		}
	}
	for _, r := range published[knownGateRow](d.t, d, o, "eligibility_gates") {
		if r.List != "traffic_chuanliu" || r.Gate != "distribution_orders" && r.Gate != "live_days" {
			continue
		}
		if (r.Value == nil) != (r.State == "not_known") {
			d.t.Fatalf("%+v", r)
		}
		var value *int64
		if r.Value != nil {
			whole := int64(*r.Value)
			value = &whole
		}
		add("gate: "+r.Gate, value)
	}
	return out
}

// Figures by channel are known of windows that begin no earlier than the snapshots of accounts, and are then those of a market whose accounts were
// always known; the others are null, and no gate fails because nobody is seen to sell for a shop. Nor is anything told of contents that begin within
// their window.
func TestFiguresByChannelNeedAccounts(t *testing.T) {
	d := newMarket(t, func(o *market.Options) { o.Days, o.Buyers = 95, 200 })
	whole := d.channelFigures(d.night(lastDay))
	if len(whole) != 26 {
		t.Fatalf("%d figures: %v", len(whole), whole)
	}
	for name, v := range whole {
		if v == nil || *v == 0 && name != "product_test: won live" {
			t.Errorf("%s: nothing to tell", name)
		}
	}
	drop := func(table string, before calendar.Day) {
		for day := lastDay - 94; day < before; day++ {
			d.neverHad(table, day)
		}
	}
	after := func(begin calendar.Day, unknown func(name string) bool) {
		t.Helper()
		drop("talents", begin)
		o := d.night(lastDay)
		for name, v := range d.channelFigures(o) {
			switch was := whole[name]; {
			case unknown(name) != (v == nil):
				t.Errorf("accounts from %s on: %s is known %t", begin, name, v != nil)
			case v != nil && *v != *was:
				t.Errorf("accounts from %s on: %s is %d, where all is known %d", begin, name, *v, *was)
			}
		}
		if note := fmt.Sprintf("channels of sales are known from %s on, later than the orders: ", begin); !slices.ContainsFunc(o.Warnings, func(w string) bool { return strings.HasPrefix(w, note) }) {
			t.Errorf("warnings %q", o.Warnings)
		}
		if !slices.Contains(published[checkRow](t, d, o, "data_quality"), checkRow{"talents", "begins_later", "not_computable", 94 - int64(lastDay-begin)}) {
			t.Errorf("accounts from %s on: data_quality does not say so", begin)
		}
	}
	ofContents := []string{"fives: live days", "fives: viewers", "gate: live_days"}
	ofThirty := []string{"product_test: clicks", "product_test: lines", "product_test: covered lines", "product_test: fen", "product_test: live clicks", "product_test: live lines",
		"product_test: live fen", "fives: distribution", "fives: self-broadcast", "fives: promoters"}
	after(lastDay-35, func(name string) bool { return !slices.Contains(ofContents, name) && !slices.Contains(ofThirty, name) })
	drop("contents", lastDay-5)
	after(lastDay-19, func(string) bool { return true })
}
