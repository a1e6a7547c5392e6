package jobs_test

import (
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/internal/testkit/twin"
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
	want := []leftRow{{"traffic_item", "3", false, "left", &first, "gone", 0}, {"traffic_item", "99", false, "left", &first, "gone", 0}}
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

// An account that a shop has taken over is no independent talent any more, though the snapshot names it and it goes on selling: that is what
// its row says.
func TestAMemberThatAShopHasTakenOverHasLeft(t *testing.T) {
	d, owner := newDeployment(t), "12"
	taken := talents(twin.Day(lastDay))
	taken[0].OwnerMerchantID = &owner
	d.deliver(twin.Partitions{Talents: map[twin.Day][]twin.Talent{twin.Day(lastDay): taken}})
	told := func(night calendar.Day) string {
		for _, r := range published[leftRow](t, d, d.night(night), "eligibility_traffic") {
			if r.List == "traffic_live" && r.Subject == taken[0].TalentID {
				return r.Movement + " " + r.Reasons
			}
		}
		return "no row"
	}
	if got := told(lastDay - 1); got != "entered first_run" {
		t.Fatalf("before it is taken over: %s", got)
	}
	if got := told(lastDay); got != "left own_account" {
		t.Errorf("taken over: %s", got)
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
