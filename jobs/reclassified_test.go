package jobs_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
)

// without is the mapping of a table that lacks a column.
func without(table, column string) map[string]mapping.Table {
	return map[string]mapping.Table{table: {Columns: map[string]mapping.Column{column: {Null: true}}}}
}

// Sales are classified by snapshots. Where these are read by other rules, or have other ids, days that are no longer looked at follow as
// refunds of their lines do: else money of one line would stand under two categories or channels.
func TestSalesFollowTheRulesOfWhatClassifiesThem(t *testing.T) {
	for name, c := range map[string]struct{ before, after func(s *jobs.Settings) }{
		"categories": {func(s *jobs.Settings) { s.Tables = without("products", "category1_id") }, func(s *jobs.Settings) { s.Tables = nil }},
		"owners":     {func(s *jobs.Settings) { s.Tables = without("talents", "owner_merchant_id") }, func(s *jobs.Settings) { s.Tables = nil }},
		"no talents": {func(s *jobs.Settings) { s.Tables = map[string]mapping.Table{"talents": {Absent: true}} }, func(s *jobs.Settings) { s.Tables = nil }},
		"types":      {func(*jobs.Settings) {}, func(s *jobs.Settings) { s.IDs = contract.IDTypes{contract.Category: true} }},
	} {
		t.Run(name, func(t *testing.T) {
			d, always := newDeployment(t), newDeployment(t)
			d.settings.RestateDays, always.settings.RestateDays = 3, 3
			c.after(&always.settings)
			always.night(lastDay - 1)
			c.before(&d.settings)
			d.night(lastDay - 1)
			c.after(&d.settings)
			if diff := gocmp.Diff(bytesOf(always.night(lastDay), remembering...), bytesOf(d.night(lastDay), remembering...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Where dumps lie is no rule: a warehouse that moves makes nothing of days again whose dumps are gone.
func TestDumpsThatMoveAreNoOtherRules(t *testing.T) {
	d := newDeployment(t)
	d.settings.RestateDays = 3
	d.night(lastDay - 1)
	stayed := d.forked(t)
	want := bytesOf(stayed.night(lastDay), "data_quality")
	for day := firstDay; day <= lastDay-3; day++ {
		d.drop("orders", day)
		d.drop("products", day)
	}
	if err := os.Rename(filepath.Join(d.in, "dumps", "products"), filepath.Join(d.in, "dim")); err != nil {
		t.Fatal(err)
	}
	d.settings.Tables = map[string]mapping.Table{"products": {Path: "dim/dt={date}/*.parquet"}}
	if diff := gocmp.Diff(want, bytesOf(d.night(lastDay), "data_quality")); diff != "" { // which tells that days of products are other objects now
		t.Error(diff)
	}
}

// The plan does not say of such days that their dumps are others.
func TestPlanTellsOfOtherRulesOfSnapshots(t *testing.T) {
	d := newDeployment(t)
	d.settings.RestateDays = 3
	d.night(lastDay - 2)
	d.night(lastDay - 1) // it read none of the objects of earlier days
	d.settings.Tables = without("products", "brand_id")
	p, err := d.plan(lastDay)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range p.Tables {
		if table.Table != "orders" && table.Table != "refunds" {
			continue
		}
		if len(table.Reduce) != marketDays || table.Pinned != 0 {
			t.Errorf("%s: %d of %d days are reduced, %d pinned", table.Table, len(table.Reduce), marketDays, table.Pinned)
		}
		for _, r := range table.Reduce[:max(0, len(table.Reduce)-1)] {
			if r.Reason != jobs.ReasonDepends {
				t.Errorf("%s of %s: %s", table.Table, r.Day, r.Reason)
			}
		}
	}
}

// Where the dumps of such days are gone, the night says so and names whose rules are others.
func TestSalesThatCannotFollowStopTheNight(t *testing.T) {
	d := newDeployment(t)
	d.settings.RestateDays = 3
	d.night(lastDay - 1)
	for day := firstDay; day <= lastDay-3; day++ {
		d.drop("orders", day)
	}
	unchanged, rotated := d.forked(t), d.forked(t)
	if o := unchanged.night(lastDay); o.Reduced != sources {
		t.Errorf("without a change %d partitions were reduced", o.Reduced)
	}
	rotated.settings.BuyerKey, rotated.settings.ReplacedKey = newKey, keyID(d.settings.BuyerKey)
	rotated.forked(t).night(lastDay) // a key is no rule of snapshots, and to replace it is no remedy for one
	for _, d := range []*deployment{d, rotated} {
		d.settings.Tables = without("products", "brand_id")
		_, err := d.try(lastDay)
		if !errors.Is(err, jobs.ErrInput) || !strings.Contains(err.Error(), "4 days of orders (2026-01-25 to 2026-01-28) have rollups made by other rules of products, and") {
			t.Errorf("error %v", err)
		}
	}
}

// Another snapshot is no other rule: neither a new one nor one that was touched has days made anew that are no longer looked at, nor does
// a table that begins.
func TestOtherSnapshotsAreNoOtherRules(t *testing.T) {
	d := newDeployment(t)
	d.settings.RestateDays = 3
	for day := firstDay; day < lastDay; day++ {
		d.drop("talents", day)
	}
	d.settings.Tables = map[string]mapping.Table{"talents": {Absent: true}}
	d.night(lastDay - 1)
	for day := firstDay; day <= lastDay-3; day++ {
		d.drop("orders", day)
	}
	other := "72"
	for _, day := range []calendar.Day{lastDay - 4, lastDay} {
		rows := products(twin.Day(day))
		rows[0].Category1ID = &other
		d.deliver(twin.Partitions{Products: map[twin.Day][]twin.Product{twin.Day(day): rows}})
	}
	d.settings.Tables = nil
	if o := d.night(lastDay); o.Reduced != sources {
		t.Errorf("%d partitions were reduced, want those of the day", o.Reduced)
	}
}

// A snapshot that comes for a day no longer looked at classifies nothing of that day: sales were reduced without it, and what came back of
// them would stand under another category or channel. What was on sale and in carts it tells all the same. Where no night has looked at the
// day, it counts.
func TestSnapshotsThatComeTooLateClassifyNothing(t *testing.T) {
	for name, c := range map[string]struct {
		before  calendar.Day        // the night before it came
		missing func(d *deployment) // takes it away
		never   bool                // it counts no more
	}{
		"products begin earlier": {lastDay - 1, func(d *deployment) { d.dropBefore("products", lastDay-2) }, true},
		"accounts begin earlier": {lastDay - 1, func(d *deployment) { d.dropBefore("talents", lastDay-2) }, true},
		"products of a day":      {lastDay - 1, func(d *deployment) { d.drop("products", lastDay-4) }, true},
		"accounts of a day":      {lastDay - 1, func(d *deployment) { d.drop("talents", lastDay-4) }, true},
		"no night has looked":    {lastDay - 5, func(d *deployment) { d.drop("products", lastDay-4) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDeployment(t)
			d.settings.RestateDays = 3
			d.deliver(movedOn(lastDay - 4))
			without := d.copied()
			c.missing(without)
			late := without.forked(t)
			late.night(c.before)
			late.in = d.in
			clean := d
			if c.never {
				clean = without
			}
			o, want := late.night(lastDay), bytesOf(clean.night(lastDay), remembering...)
			if strings.HasPrefix(name, "products") { // on sale, in carts
				want["overview"] = bytesOf(d.night(lastDay))["overview"]
			}
			if diff := gocmp.Diff(want, bytesOf(o, remembering...)); diff != "" {
				t.Error(diff)
			}
			if format := late.manifest(o).Format; (format == 3) != c.never || !c.never && format != 1 {
				t.Errorf("the format is %d", format)
			}
			if c.never && bytesOf(d.night(lastDay))["gmv_split"] == bytesOf(without.night(lastDay))["gmv_split"] {
				t.Error("in time, it would have changed nothing")
			}
		})
	}
}

// Days that no night has looked at are delivered with their snapshots: they stand under the categories and channels of their time, and so
// does what came back of them on days that nights rest on.
func TestOlderDaysThatComeLaterHaveTheirSnapshots(t *testing.T) {
	for _, moved := range []calendar.Day{lastDay - 6, lastDay - 5} { // came back on a day no longer looked at, and on one that is
		d := newDeployment(t)
		d.settings.RestateDays = 3
		d.deliver(movedOn(moved))
		young := d.copied()
		for _, table := range []string{"orders", "refunds", "products", "talents"} {
			young.dropBefore(table, lastDay-4)
		}
		late := young.forked(t)
		late.night(lastDay - 1)
		late.in = d.in
		if diff := gocmp.Diff(bytesOf(d.night(lastDay), remembering...), bytesOf(late.night(lastDay), remembering...)); diff != "" {
			t.Errorf("moved on %s: %s", moved, diff)
		}
		next := twin.Day(lastDay + 1)
		late.deliver(twin.Partitions{Orders: map[twin.Day][]twin.Order{next: orders(next)}, Refunds: map[twin.Day][]twin.Refund{next: refunds(next)},
			Products: map[twin.Day][]twin.Product{next: products(next)}, Talents: map[twin.Day][]twin.Talent{next: talents(next)}})
		if o := late.night(lastDay + 1); o.Reduced != sources {
			t.Errorf("moved on %s: the night after reduced %d partitions", moved, o.Reduced)
		}
	}
}

// Orders that begin before accounts do, and older days of both that come later: the days in between stay under no channel, and figures that need
// channels begin after them.
func TestDaysBetweenOlderSnapshotsAndTheFirstStayUnclassified(t *testing.T) {
	d := newDeployment(t)
	d.settings.RestateDays = 3
	young := d.copied()
	for _, table := range []string{"orders", "refunds", "products"} {
		young.dropBefore(table, lastDay-5)
	}
	young.dropBefore("talents", lastDay-3)
	late := young.forked(t)
	late.night(lastDay - 1)
	late.in = d.in
	o := late.night(lastDay)
	if want := "channels of sales are known from " + (lastDay - 3).String(); !slices.ContainsFunc(o.Warnings, func(w string) bool { return strings.Contains(w, want) }) {
		t.Errorf("no note says %q: %q", want, o.Warnings)
	}
	sums := map[string]int64{}
	for _, r := range published[splitRow](t, late, o, "gmv_split") {
		if r.Role == "platform" && r.Window == 7 {
			sums[r.Channel] += r.Paid
		}
	}
	if diff := gocmp.Diff(map[string]int64{"unknown": 2 * 3000, "distribution": 5 * 1000, "self": 5 * 2000, "none": 7 * 3000}, sums); diff != "" {
		t.Error(diff)
	}
}

// Where snapshots always come a day late and no day is restated, each night goes by that of the day before, and earlier days stay as they were.
func TestSnapshotsThatAlwaysComeLate(t *testing.T) {
	d := newDeployment(t)
	d.settings.RestateDays = 1
	rows := func(day calendar.Day) []twin.Product {
		out, category := products(twin.Day(day)), text(int(71+day-firstDay))
		for i := range out {
			out[i].Category1ID = &category
		}
		return out
	}
	put := func(d *deployment, day, of calendar.Day) {
		d.deliver(twin.Partitions{Products: map[twin.Day][]twin.Product{twin.Day(day): rows(of)}})
	}
	for day := firstDay; day <= lastDay; day++ {
		put(d, day, day)
	}
	d.night(lastDay - 4)
	before := d.copied().forked(t)
	var got, want jobs.Outcome
	for day := lastDay - 3; day <= lastDay; day++ {
		d.drop("products", day)
		lost := d.forked(t)
		got = d.night(day)
		if day == lastDay {
			lost.remove("state/rollups/*/dt=" + (lastDay - 2).String() + "/*.parquet") // made again, they are what they were
			if diff := gocmp.Diff(bytesOf(got), bytesOf(lost.night(day))); diff != "" {
				t.Errorf("with rollups lost: %s", diff)
			}
		}
		put(d, day, day)
		put(before, day, day-1)
		want = before.night(day)
	}
	ps := d.manifest(got).Partitions["products"]
	if newest := ps[len(ps)-1].Day; newest != lastDay-1 {
		t.Errorf("the newest snapshot is that of %s", newest)
	}
	if diff := gocmp.Diff(bytesOf(want, "overview", "data_quality"), bytesOf(got, "overview", "data_quality")); diff != "" {
		t.Error(diff)
	}
}

// movedOn is a day on which a product was in another category, a talent's account was the shop's, and a line of both that came back three days later.
func movedOn(day calendar.Day) twin.Partitions {
	rows, accounts, sold, back := products(twin.Day(day)), talents(twin.Day(day)), orders(twin.Day(day))[0], refunds(twin.Day(day+3))
	category := "72"
	rows[0].Category1ID, accounts[0].OwnerMerchantID = &category, &sold.MerchantID
	r := back[0]
	r.RefundID, r.OrderLineID, r.OrderID, r.BuyerID, r.ProductID, r.PaidAt = sold.OrderLineID, sold.OrderLineID, sold.OrderID, sold.BuyerID, sold.ProductID, *sold.PaidAt
	r.PromoterID, r.AuthorID, r.Scene, r.AmountFen, r.BuyerPaidFen = sold.PromoterID, sold.AuthorID, sold.Scene, sold.BuyerPaidFen, sold.BuyerPaidFen
	return twin.Partitions{Products: map[twin.Day][]twin.Product{twin.Day(day): rows}, Talents: map[twin.Day][]twin.Talent{twin.Day(day): accounts},
		Refunds: map[twin.Day][]twin.Refund{twin.Day(day + 3): append(back, r)}}
}

func (d *deployment) dropBefore(table string, day calendar.Day) {
	d.t.Helper()
	for before := firstDay; before < day; before++ {
		d.drop(table, before)
	}
}

// A snapshot that classifies rows is missed when its dump is gone and its rules are others, as a day of events is.
func TestSnapshotsThatCannotFollowStopTheNight(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(d *deployment)
		want   string // empty: the night is made
	}{
		{"products", func(d *deployment) { d.settings.Tables = without("products", "style_id") }, "4 days of products (2026-01-25 to 2026-01-28) have rollups made by other rules of products, and their dumps are gone"},
		{"talents", func(d *deployment) { d.settings.Tables = without("talents", "category1_id") }, "4 days of talents "},
		{"nothing", func(*deployment) {}, ""},
		{"declared", func(d *deployment) {
			d.settings.Tables = without("products", "style_id")
			d.settings.AbsentDays = map[string][]calendar.Day{"products": {firstDay, firstDay + 1, firstDay + 2, firstDay + 3}}
		}, ""},
		{"given up", func(d *deployment) { d.settings.Tables = map[string]mapping.Table{"products": {Absent: true}} }, ""},
		{"one that did not come again", func(d *deployment) { d.drop("products", lastDay-2) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDeployment(t)
			d.settings.RestateDays = 3
			d.night(lastDay - 1)
			for day := firstDay; day <= lastDay-3; day++ {
				d.drop("products", day)
				d.drop("talents", day)
			}
			c.change(d)
			_, err := d.try(lastDay)
			if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, jobs.ErrInput) || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// Of shops only the newest snapshot is looked at: earlier ones are not missed, but it is.
func TestOfShopsTheNewestSnapshotIsMissed(t *testing.T) {
	d := newDemo(t, 7)
	d.settings.RestateDays = 3
	d.night(lastDay - 1)
	for day := firstDay; day <= lastDay-3; day++ {
		d.drop("merchants", day)
	}
	d.settings.Tables = without("merchants", "category1_id")
	d.forked(t).night(lastDay)
	for day := lastDay - 2; day <= lastDay; day++ {
		d.drop("merchants", day)
	}
	if _, err := d.try(lastDay); !errors.Is(err, jobs.ErrInput) || !strings.Contains(err.Error(), "days of merchants (") {
		t.Errorf("error %v", err)
	}
}
