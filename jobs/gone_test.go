package jobs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/rules"
)

// leftRow is a row of a list with what is told of members that are no subjects any more.
type leftRow struct {
	List       string `parquet:"list"`
	Subject    string `parquet:"subject_id"`
	Eligible   bool   `parquet:"eligible"`
	Movement   string `parquet:"movement"`
	RankBefore *int64 `parquet:"rank_before"`
	Reasons    string `parquet:"reasons"`
	PassStreak int64  `parquet:"pass_streak"`
	Data       *int64 `parquet:"cause_data"`
	Others     *int64 `parquet:"cause_others"`
	Late       *int64 `parquet:"cause_late_data"`
	Rules      *int64 `parquet:"cause_rules"`
}

// causes of who left, as they are written.
func (r leftRow) causes() string {
	if r.Data == nil || r.Others == nil || r.Late == nil || r.Rules == nil {
		return "not told"
	}
	return fmt.Sprintf("data %d, others %d, late %d, rules %d", *r.Data, *r.Others, *r.Late, *r.Rules)
}

// A product without sales that leaves the snapshot has a row on the night it is gone, in the order of the table, and none on the next.
func TestAMemberThatIsGoneHasLeft(t *testing.T) {
	d := newDeployment(t)
	unsold := func(id, shop string) twin.Product {
		return twin.Product{ProductID: id, MerchantID: shop, UnitsPerItem: 1}
	}
	gone := []twin.Product{unsold("3", "12"), unsold("99", "13")}
	day := twin.Day(lastDay)
	d.deliver(twin.Partitions{Products: map[twin.Day][]twin.Product{day - 2: append(products(day), gone...)}})
	of := func(rows []leftRow) (ids []string, picked []leftRow) {
		for _, r := range rows {
			if r.List == "traffic_item" {
				ids = append(ids, r.Subject)
				if r.Subject == "3" || r.Subject == "99" {
					picked = append(picked, r)
				}
			}
		}
		return ids, picked
	}
	_, before := of(published[leftRow](t, d, d.night(lastDay-2), "eligibility_traffic"))
	if len(before) != 2 || !before[0].Eligible || !before[1].Eligible {
		t.Fatalf("before they are gone: %+v", before)
	}
	ids, now := of(published[leftRow](t, d, d.night(lastDay-1), "eligibility_traffic"))
	first := int64(1)
	left, none := int64(-1), int64(0) // nobody else moves that night
	of3 := leftRow{List: "traffic_item", Subject: "3", Movement: "left", RankBefore: &first, Reasons: "gone", Data: &left, Others: &none, Late: &none, Rules: &none}
	of99 := of3
	of99.Subject = "99"
	want := []leftRow{of3, of99}
	for i := range want { // places are counted by category, and they have none: one of them stands behind the other
		want[i].RankBefore = now[i].RankBefore
	}
	if diff := gocmp.Diff(want, now); diff != "" || !slices.IsSorted(ids) {
		t.Errorf("gone: %s; order %v", diff, ids)
	}
	if _, again := of(published[leftRow](t, d, d.night(lastDay), "eligibility_traffic")); len(again) != 0 {
		t.Errorf("on the next night: %+v", again)
	}
}

// Who had a place kept for subjects without a score has left because it is no subject, not for want of places.
func TestAMemberByColdStartThatIsGoneHasLeft(t *testing.T) {
	d := newDeployment(t)
	r := restless(lastDay)[0]
	r.MinimumOrders = marketDays - 1 // the products that are sold have a score, and leave no more than a place to one that is not
	at := slices.IndexFunc(r.Lists, func(l rules.List) bool { return l.ID == "campaign_item_daily" })
	r.Lists = slices.Clone(r.Lists[at : at+1])
	r.Lists[0].ColdStart = 0.5
	d.settings.Rules = rules.Set{r}
	day := twin.Day(lastDay)
	d.deliver(twin.Partitions{Products: map[twin.Day][]twin.Product{day - 1: append(products(day), twin.Product{ProductID: "3", MerchantID: "12", UnitsPerItem: 1})}})
	if r, _ := d.leftRow(lastDay-1, "campaign_item_daily", "3"); !r.Eligible || r.Reasons != "no_score,cold_start" {
		t.Fatalf("before it is gone: %+v", r)
	}
	if r, _ := d.leftRow(lastDay, "campaign_item_daily", "3"); r.causes() != "data -1, others 0, late 0, rules 0" {
		t.Errorf("%+v: %s", r, r.causes())
	}
}

// An account that a shop has taken over is no independent talent any more, though the snapshot names it and it goes on selling: that is what
// its row says.
func TestAMemberThatAShopHasTakenOverHasLeft(t *testing.T) {
	d, owner := newDeployment(t), "12"
	taken := talents(twin.Day(lastDay))
	taken[0].OwnerMerchantID = &owner
	d.deliver(twin.Partitions{Talents: map[twin.Day][]twin.Talent{twin.Day(lastDay): taken}})
	told := func(d *deployment, night calendar.Day) string {
		r, _ := d.leftRow(night, "traffic_live", taken[0].TalentID)
		return r.Movement + " " + r.Reasons + ": " + r.causes()
	}
	if got := told(d, lastDay-1); got != "entered first_run: not told" {
		t.Fatalf("before it is taken over: %s", got)
	}
	corrected := d.copied() // it was the shop's already on the run before, which is told late
	corrected.deliver(twin.Partitions{Talents: map[twin.Day][]twin.Talent{twin.Day(lastDay - 1): taken}})
	if got := told(d, lastDay); got != "left own_account: data -1, others 0, late 0, rules 0" {
		t.Errorf("taken over: %s", got)
	}
	if got := told(corrected.copied(), lastDay); got != "left own_account: data 0, others 0, late -1, rules 0" {
		t.Errorf("taken over before, as is told late: %s", got)
	}
	corrected.settings.LateCauses = false
	if r, _ := corrected.leftRow(lastDay, "traffic_live", taken[0].TalentID); r.Data == nil || *r.Data != -1 || r.Late != nil {
		t.Errorf("where corrections are not told from data: %+v", r)
	}
}

// leftRow makes a night and reads a row of a list of it.
func (d *deployment) leftRow(night calendar.Day, list, subject string) (leftRow, jobs.Outcome) {
	d.t.Helper()
	o := d.night(night)
	resource, _, _ := strings.Cut(list, "_")
	for _, r := range published[leftRow](d.t, d, o, "eligibility_"+resource) {
		if r.List == list && r.Subject == subject {
			return r, o
		}
	}
	return leftRow{}, o
}

// A product that nothing names any more but its last sale is no subject by rules with shorter windows: it has left because of them, on a list
// that is kept too.
func TestAMemberThatRulesLookAtNoMoreHasLeft(t *testing.T) {
	for _, kept := range []bool{false, true} {
		d := newDeployment(t)
		old := config.DefaultRules()[0]
		if kept { // of four members one leaves
			old.Stability.ChurnFrom, old.Stability.MaxChurn = 1, 0.1
		}
		short := old
		short.Version, short.EffectiveFrom, short.LagDays, short.Product.Windows = "short", lastDay, 1, []int{2}
		d.settings.Rules = rules.Set{old, short}
		sold := orders(twin.Day(firstDay))
		sold[2].OrderLineID, sold[2].OrderID, sold[2].ProductID = "7", "7", "34"
		day := twin.Day(firstDay)
		named := append(products(day), twin.Product{ProductID: "34", MerchantID: sold[2].MerchantID, UnitsPerItem: 1})
		d.deliver(twin.Partitions{Orders: map[twin.Day][]twin.Order{day: append(orders(day), sold[2])}, Products: map[twin.Day][]twin.Product{twin.Day(lastDay - 2): named}})
		d.night(lastDay - 2)
		if r, _ := d.leftRow(lastDay-1, "traffic_item", "34"); !r.Eligible {
			t.Fatalf("by rules that look at its sale: %+v", r)
		}
		unknown := d.copied()
		r, o := d.leftRow(lastDay, "traffic_item", "34")
		if r.Movement+" "+r.Reasons+": "+r.causes() != "left gone: data 0, others 0, late 0, rules -1" {
			t.Errorf("kept %t: %+v: %s", kept, r, r.causes())
		}
		if was := slices.ContainsFunc(o.Warnings, func(w string) bool {
			return strings.Contains(w, "list traffic_item: ") && strings.Contains(w, "was kept")
		}); was != kept {
			t.Errorf("kept %t, want %t: %q", was, kept, o.Warnings)
		}
		unknown.settings.Rules = rules.Set{short}
		unknown.settings.Rules[0].EffectiveFrom = 0
		if r, _ := unknown.leftRow(lastDay, "traffic_item", "34"); r.Movement != "left" || r.causes() != "not told" {
			t.Errorf("kept %t, the rules before are not at hand: %+v: %s", kept, r, r.causes())
		}
	}
}

// A product that was gone for a night and is back has no gates of the run before: it waits to enter as a new one does.
func TestAMemberThatWasGoneComesBack(t *testing.T) {
	d := newDeployment(t)
	day := twin.Day(lastDay)
	passing := twin.Product{ProductID: "3", MerchantID: "12", UnitsPerItem: 1}
	d.deliver(twin.Partitions{Products: map[twin.Day][]twin.Product{day - 2: append(products(day), passing), day: append(products(day), passing)}})
	d.night(lastDay - 2)
	for _, want := range []struct {
		night    calendar.Day
		movement string
	}{{lastDay - 1, "left"}, {lastDay, "out"}} {
		rows := published[leftRow](t, d, d.night(want.night), "eligibility_traffic")
		at := slices.IndexFunc(rows, func(r leftRow) bool { return r.List == "traffic_item" && r.Subject == "3" })
		if at < 0 || rows[at].Movement != want.movement {
			t.Errorf("%s: row %d of %+v, want %s", want.night, at, rows, want.movement)
		}
	}
}

// A list that was renamed goes on under its new id; without the former id in the rules the night says what was lost.
func TestARenamedListGoesOn(t *testing.T) {
	old := config.DefaultRules()[0]
	renamed := old
	renamed.Version, renamed.EffectiveFrom = "renamed", lastDay
	renamed.Lists = slices.Clone(old.Lists)
	at := slices.IndexFunc(renamed.Lists, func(l rules.List) bool { return l.ID == "traffic_item" })
	renamed.Lists[at].ID = "traffic_goods"
	for _, formerly := range []string{"traffic_item", ""} {
		renamed.Lists[at].Formerly = formerly
		d := newDeployment(t)
		d.settings.Rules = rules.Set{old, renamed}
		members := map[string]int64{}
		for _, r := range published[leftRow](t, d, d.night(lastDay-1), "eligibility_traffic") {
			if r.List == "traffic_item" && r.Eligible {
				members[r.Subject] = r.PassStreak
			}
		}
		o := d.night(lastDay)
		stayed := 0
		for _, r := range published[leftRow](t, d, o, "eligibility_traffic") {
			streak, was := members[r.Subject]
			if r.List == "traffic_goods" && was && r.Movement == "stayed" && r.PassStreak == streak+1 {
				stayed++
			}
		}
		told := slices.ContainsFunc(o.Warnings, func(w string) bool { return strings.Contains(w, "needs formerly: traffic_item") })
		if goesOn := formerly != ""; len(members) == 0 || goesOn != (stayed == len(members)) || goesOn == told {
			t.Errorf("formerly %q: %d of %d members stayed; warnings %q", formerly, stayed, len(members), o.Warnings)
		}
	}
}

// A list that moves to another resource begins anew there: the night says whose members have lost it without a row.
func TestAListThatMovesLosesItsMembers(t *testing.T) {
	old := config.DefaultRules()[0]
	moved := old
	moved.Version, moved.EffectiveFrom = "moved", lastDay
	moved.Lists = slices.Clone(old.Lists)
	at := slices.IndexFunc(moved.Lists, func(l rules.List) bool { return l.ID == "traffic_item" })
	moved.Lists[at].Resource = "campaign"
	d := newDeployment(t)
	d.settings.Rules = rules.Set{old, moved}
	members := 0
	for _, r := range published[leftRow](t, d, d.night(lastDay-1), "eligibility_traffic") {
		if r.List == "traffic_item" && r.Eligible {
			members++
		}
	}
	want := fmt.Sprintf("list traffic_item of the run before has moved to another resource or other subjects, as list traffic_item of resource campaign and role product: "+
		"its %d members have lost it without a row, and it begins anew there", members)
	if o := d.night(lastDay); members == 0 || !slices.Contains(o.Warnings, want) {
		t.Errorf("%d members; warnings %q", members, o.Warnings)
	}
}
