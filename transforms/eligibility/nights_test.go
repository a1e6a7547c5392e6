package eligibility_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/rules"
)

// told is one night of one subject in words: movement, streaks, reasons.
func told(d *eligibility.Decision, subject int) string {
	return strings.TrimSpace(fmt.Sprintf("%s %d/%d %s", d.Movement[subject], d.PassStreak[subject], d.FailStreak[subject], d.Reasons[subject]))
}

// TestNightByNight spells out streaks and the band for one shop.
func TestNightByNight(t *testing.T) {
	for _, c := range []struct {
		name   string
		scores []float64
		want   []string
	}{
		{"a subject enters on its third passing run", []float64{4.40, 4.40, 4.40, 4.40}, []string{
			"out 1/0 waiting_to_enter", "out 2/0 waiting_to_enter", "entered 3/0", "stayed 4/0"}},
		{"one run in the band begins the waiting anew", []float64{4.40, 4.40, 4.39, 4.40, 4.40, 4.40}, []string{
			"out 1/0 waiting_to_enter", "out 2/0 waiting_to_enter", "out 0/0 gate_failed",
			"out 1/0 waiting_to_enter", "out 2/0 waiting_to_enter", "entered 3/0"}},
		{"a member in the band stays as long as it likes", []float64{4.40, 4.40, 4.40, 4.35, 4.35, 4.35, 4.35, 4.35}, []string{
			"out 1/0 waiting_to_enter", "out 2/0 waiting_to_enter", "entered 3/0",
			"stayed 0/0 gate_failed,held_in_band", "stayed 0/0 gate_failed,held_in_band", "stayed 0/0 gate_failed,held_in_band",
			"stayed 0/0 gate_failed,held_in_band", "stayed 0/0 gate_failed,held_in_band"}},
		{"a member leaves on its third run below the band", []float64{4.40, 4.40, 4.40, 4.34, 4.34, 4.34, 4.34}, []string{
			"out 1/0 waiting_to_enter", "out 2/0 waiting_to_enter", "entered 3/0",
			"stayed 0/1 gate_failed,leaving_slowly", "stayed 0/2 gate_failed,leaving_slowly", "left 0/3 gate_failed", "out 0/4 gate_failed"}},
		{"a run in the band begins the leaving anew", []float64{4.40, 4.40, 4.40, 4.34, 4.34, 4.35, 4.34, 4.34, 4.40}, []string{
			"out 1/0 waiting_to_enter", "out 2/0 waiting_to_enter", "entered 3/0",
			"stayed 0/1 gate_failed,leaving_slowly", "stayed 0/2 gate_failed,leaving_slowly", "stayed 0/0 gate_failed,held_in_band",
			"stayed 0/1 gate_failed,leaving_slowly", "stayed 0/2 gate_failed,leaving_slowly", "stayed 1/0"}},
		{"a member that loses its score leaves slowly, without a band", []float64{4.40, 4.40, 4.40, none, none, none}, []string{
			"out 1/0 waiting_to_enter", "out 2/0 waiting_to_enter", "entered 3/0",
			"stayed 0/1 no_score,leaving_slowly", "stayed 0/2 no_score,leaving_slowly", "left 0/3 no_score"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, h := emptyBefore(1), [][]int16{}
			var got []string
			for night, score := range c.scores {
				h = append([][]int16{hundredths(score)}, h...)
				d := decided(theRules(), today(4.40), asOf+calendar.Day(night), subjects(1), eligibility.History{"shop_score": h}, before, nil, false)
				got, before = append(got, told(d, 0)), carried(d)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestASevereViolationThrowsOutAtOnceAndAMissingTableDoesNot(t *testing.T) {
	l := benefit()
	for _, c := range []struct {
		name   string
		severe float64
		want   string
	}{
		{"none", 0, "stayed 10/0"},
		{"one", 1, "left 0/1 gate_failed,severe_at_once"},
		{"not known", none, "stayed 0/1 not_known,leaving_slowly"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := subjects(1)
			s.Measures["severe_violations_90d"] = []float64{c.severe}
			b := emptyBefore(1)
			b.Member[0], b.Standing[0], b.PassStreak[0] = true, true, 9
			d := decided(theRules(), l, asOf, s, eligibility.History{"shop_score": steady(30, 4.80)}, b, nil, false)
			if got := told(d, 0); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTheFirstRunLetsInWhoPassesAndNotWhoIsInTheBand(t *testing.T) {
	h := eligibility.History{"shop_score": {hundredths(4.40, 4.39, 4.00)}}
	d := decided(theRules(), today(4.40), asOf, subjects(3), h, nil, nil, false)
	want := []string{"entered 1/0 first_run", "out 0/0 gate_failed", "out 0/1 gate_failed"}
	for i := range want {
		if got := told(d, i); got != want[i] {
			t.Errorf("subject %d: got %q, want %q", i, got, want[i])
		}
	}
	if !d.FirstRun {
		t.Error("the decision does not say that it is the first")
	}
}

func TestAStaleNightKeepsTheListToTheLastRank(t *testing.T) {
	b := emptyBefore(2)
	b.Member[1], b.Standing[1], b.PassStreak[1], b.FailStreak[0] = true, true, 5, 2
	b.Rank[1], b.Level[1], b.Multiplier[1], b.Since[1] = 7, 2, 0.85, asOf-9
	o := map[int]eligibility.Override{0: {Action: eligibility.Allow}}
	d := decided(theRules(), today(4.40), asOf, subjects(2), nil, b, o, true)
	b.Entitled[1] = true
	b.Since[0] = asOf     // of a subject that was never seen
	b.Gates = d.GateSpans // gates are judged on a kept list too
	if diff := cmp.Diff(b, carried(d)); diff != "" {
		t.Error(diff)
	}
	if got := told(d, 0) + "; " + told(d, 1); got != "out 0/2 stale; stayed 5/0 stale" {
		t.Error(got)
	}
}

func TestDenialsAndOptOutsTakeEffectOnAKeptList(t *testing.T) {
	b := emptyBefore(3)
	for i := range b.Member {
		b.Member[i], b.Standing[i], b.PassStreak[i], b.Rank[i] = true, true, 5, int32(i+1)
	}
	o := map[int]eligibility.Override{0: {Action: eligibility.Deny}, 1: {Action: eligibility.OptOut, To: asOf}} // the second one is over
	d := held(theRules(), today(4.40), asOf, subjects(3), eligibility.History{"shop_score": {hundredths(4.50, 4.50, 4.50)}}, b, o)
	got := fmt.Sprint(d.Member, d.Rank, d.Reasons[0], d.Reasons[1], d.Stale)
	if want := "[false true true] [0 2 3] override_deny,churn_held churn_held false"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// On a held list who is in another category than on the run before stands in that behind those who were there, in the order of the places they
// had: there are no two in one place.
func TestWhoChangesCategoryStandsLastOnAHeldList(t *testing.T) {
	s, b := subjects(6), emptyBefore(6)
	s.Category = []int32{1, 1, 1, 0, 1, -1} // before: 0, 1, 1, 0, 2, 0
	for i, rank := range []int32{1, 1, 2, 2, 1, 0} {
		b.Member[i], b.Standing[i], b.Rank[i] = rank > 0, rank > 0, rank
	}
	b.Moved = []int32{4, 0}
	h := eligibility.History{"shop_score": {hundredths(4.50, 4.50, 4.50, 4.50, 4.50, 4.50)}}
	d := held(theRules(), today(4.40), asOf, s, h, b, nil)
	if got, want := fmt.Sprint(d.Rank), "[3 1 2 2 4 0]"; got != want {
		t.Errorf("ranks %s, want %s", got, want)
	}
	again := held(theRules(), today(4.40), asOf+1, s, h, carried(d), nil)
	if diff := cmp.Diff(d.Rank, again.Rank); diff != "" {
		t.Errorf("held again: %s", diff)
	}
}

func TestAListTurnsOverTooMuch(t *testing.T) {
	b := emptyBefore(10)
	for i := range 5 {
		b.Member[i], b.Standing[i] = true, true
	}
	st := theRules().Stability
	st.MaxChurn, st.ChurnFrom = 0.5, 5
	d := decided(theRules(), today(4.40), asOf, subjects(10), nil, b, map[int]eligibility.Override{0: {Action: eligibility.Deny}, 1: {Action: eligibility.Deny}, 2: {Action: eligibility.Deny}}, true)
	if d.Stale = false; !d.TooMuch(st) {
		t.Error("three of five left, and that is not too much")
	}
	if st.ChurnFrom = 6; d.TooMuch(st) {
		t.Error("the list has fewer members than the rules look at")
	}
	if st.ChurnFrom, st.MaxChurn = 5, 0.6; d.TooMuch(st) {
		t.Error("60 % is not more than 60 %")
	}
}

func TestSinceIsTheFirstNightOfAMembershipOrAnAbsence(t *testing.T) {
	before, r := emptyBefore(1), &rules.Rules{Stability: rules.Stability{EnterAfter: 1, LeaveAfter: 1, Band: 0.05}}
	var got []calendar.Day
	for night, score := range []float64{4, 4, 5, 5, 5, 4, 4, 5} {
		d := decided(r, today(4.40), asOf+calendar.Day(night), subjects(1), eligibility.History{"shop_score": {hundredths(score)}}, before, nil, false)
		got, before = append(got, d.Since[0]-asOf), carried(d)
	}
	if diff := cmp.Diff([]calendar.Day{0, 0, 2, 2, 2, 5, 5, 7}, got); diff != "" {
		t.Error(diff)
	}
}

// severe is a list on which a severe ticket waits for nothing, and two of its members; the first has one. Their scores are good.
func severe() (*rules.List, *eligibility.Before, *considered, eligibility.History) {
	l := today(4.40)
	l.Gates = append(l.Gates, rules.Gate{ID: "severe", Measure: "severe_violations_90d", AtMost: bound(0), AtOnce: true})
	b := emptyBefore(2)
	for i := range b.Member {
		b.Member[i], b.Standing[i], b.Rank[i], b.PassStreak[i] = true, true, int32(i+1), 30
	}
	s := subjects(2)
	s.Measures["severe_violations_90d"] = []float64{1, 0}
	return l, b, s, eligibility.History{"shop_score": {hundredths(4.50, 4.50)}}
}

func TestASevereTicketLeavesAHeldListAtOnce(t *testing.T) {
	l, b, s, h := severe()
	d := held(theRules(), l, asOf, s, h, b, nil)
	got := fmt.Sprint(d.Member, d.Standing, d.Rank, told(d, 0), "; ", told(d, 1))
	if want := "[false true] [false true] [0 2]left 0/1 gate_failed,severe_at_once,churn_held; stayed 30/0 churn_held"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWhoIsAllowedStaysOnAHeldListWhateverAGateSays(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*eligibility.Before, *eligibility.Override)
		want   string
	}{
		{"it stood by its gates too", func(*eligibility.Before, *eligibility.Override) {},
			"true 1 false stayed 0/1 gate_failed,severe_at_once,override_allow,churn_held by ann"},
		{"it stands by the allowance alone", func(b *eligibility.Before, _ *eligibility.Override) { b.Standing[0] = false },
			"true 1 false stayed 0/1 gate_failed,override_allow,churn_held by ann"},
		{"the allowance is over", func(_ *eligibility.Before, o *eligibility.Override) { o.To = asOf },
			"false 0 false left 0/1 gate_failed,severe_at_once,churn_held by "},
		{"it is on no list: allowances wait", func(b *eligibility.Before, _ *eligibility.Override) { b.Member[0], b.Rank[0] = false, 0 },
			"false 0 false out 0/1 gate_failed,severe_at_once,churn_held by "},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, b, s, h := severe()
			o := eligibility.Override{Action: eligibility.Allow, Author: "ann"}
			c.change(b, &o)
			d := held(theRules(), l, asOf, s, h, b, map[int]eligibility.Override{0: o})
			if got := fmt.Sprint(d.Member[0], d.Rank[0], d.Standing[0], " ", told(d, 0), " by ", d.Overrides[0].Author); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// What gates say tonight is true of a held list too; streaks, standing and places are those of the run before.
func TestAHeldListTellsWhichGatesDoNotPassTonight(t *testing.T) {
	b := emptyBefore(5)
	for _, i := range []int{1, 2} {
		b.Member[i], b.Standing[i], b.PassStreak[i] = true, true, 5
	}
	h := eligibility.History{"shop_score": {hundredths(4.00, 4.00, 4.38, none, 4.50)}}
	d := held(theRules(), today(4.40), asOf, subjects(5), h, b, nil)
	for i, want := range []string{"1 out 0/0 gate_failed,churn_held", "1 stayed 5/0 gate_failed,churn_held", "1 stayed 5/0 gate_failed,churn_held",
		"1 out 0/0 no_score,churn_held", "0 out 0/0 churn_held"} {
		if got := fmt.Sprint(d.Failed[i], " ", told(d, i)); got != want {
			t.Errorf("subject %d: got %s, want %s", i, got, want)
		}
	}
}

// Who would leave because its level weighs nothing tonight is told so: it may fail no gate, where gates are on means and levels on the
// night. What is published of levels is that of the run before, and so is who is entitled, tonight and on the next night.
func TestAHeldListTellsWhoseLevelWeighsNothingTonight(t *testing.T) {
	b := emptyBefore(7)
	for i := range b.Member {
		b.Member[i], b.Standing[i], b.Entitled[i], b.PassStreak[i], b.Level[i], b.Multiplier[i] = true, true, true, 6, 1, 1.2
	}
	b.Member[4], b.Member[5], b.Entitled[5] = false, false, false // one that its shop's cap keeps out, one that weighed nothing before
	b.Standing[6], b.Entitled[6] = false, false                   // on the list by hand alone
	o := map[int]eligibility.Override{2: {Action: eligibility.Allow}, 3: {Action: eligibility.OptOut}, 6: {Action: eligibility.Allow}}
	h := eligibility.History{"shop_score": steady(7, 4.10, 4.10, 4.10, 4.10, 4.10, 4.10, 4.10)}
	h["shop_score"][0] = hundredths(4.10, 3.95, 3.95, 3.95, 3.95, 3.95, 3.95)
	l := weightless()
	if d := decided(theRules(), l, asOf, subjects(7), h, b, o, false); told(d, 1) != "left 7/0 zero_weight" {
		t.Fatalf("not held: %s", told(d, 1))
	}
	d := held(theRules(), l, asOf, subjects(7), h, b, o)
	for i, want := range []string{"stayed 6/0 churn_held", "stayed 6/0 zero_weight,churn_held", "stayed 6/0 override_allow,churn_held", "left 6/0 override_opt_out,churn_held",
		"out 6/0 zero_weight,shop_cap,churn_held", "out 6/0 zero_weight,churn_held", "stayed 6/0 override_allow,churn_held"} {
		if got := told(d, i); got != want || d.Failed[i] != 0 || d.Level[i] != 1 || d.Multiplier[i] != 1.2 {
			t.Errorf("subject %d: got %s, failed %b, level %d × %v, want %s", i, got, d.Failed[i], d.Level[i], d.Multiplier[i], want)
		}
	}
	want := []bool{true, true, true, false, true, false, true}
	if diff := cmp.Diff(want, d.Outcome().Entitled); diff != "" {
		t.Errorf("entitled: %s", diff)
	}
	again := held(theRules(), l, asOf+1, subjects(7), h, carried(d), o)
	if diff := cmp.Diff(want, again.Outcome().Entitled); diff != "" {
		t.Errorf("entitled when it is held again: %s", diff)
	}
	h["shop_score"][0] = hundredths(4.10, 4.10, 4.10, 4.10, 4.10, 4.10, 4.10)
	again = held(theRules(), l, asOf+1, subjects(7), h, carried(d), o)
	if got := told(again, 1) + "; " + told(again, 4); got != "stayed 6/0 churn_held; out 6/0 shop_cap,churn_held" {
		t.Errorf("when it weighs again: %s", got)
	}
}

// A violation that waits for nothing ends the standing: of what the level weighs nothing is told then, as on any other list.
func TestWhoLeavesAHeldListAtOnceIsToldNoWeight(t *testing.T) {
	l, b, s, h := severe()
	l.Levels = weightless().Levels
	h["shop_score"][0] = hundredths(3.95, 3.95)
	d := held(theRules(), l, asOf, s, h, b, nil)
	if got := told(d, 0) + "; " + told(d, 1); got != "left 0/1 gate_failed,severe_at_once,churn_held; stayed 30/0 gate_failed,zero_weight,churn_held" {
		t.Error(got)
	}
}

// weightless is a list whose gate looks at the mean and whose level at the night; D weighs nothing.
func weightless() *rules.List {
	l := today(4)
	l.Gates[0].Over = "mean"
	l.Levels = []rules.Scale{{Measure: "shop_score", Steps: []rules.Step{{Level: "A", AtLeast: 4.60, Multiplier: 1.5}, {Level: "C", AtLeast: 4, Multiplier: 1.2}, {Level: "D", AtLeast: 1, Multiplier: 0}}}}
	return l
}

// A gate that waits for nothing waits in the band, on a held list as on any other.
func TestTheBandProtectsOnAHeldListToo(t *testing.T) {
	l, b := today(4.40), emptyBefore(2)
	l.Gates[0].AtOnce = true
	for i := range b.Member {
		b.Member[i], b.Standing[i], b.PassStreak[i] = true, true, 5
	}
	d := held(theRules(), l, asOf, subjects(2), eligibility.History{"shop_score": {hundredths(4.38, 4.30)}}, b, nil)
	if got := told(d, 0) + "; " + told(d, 1); got != "stayed 5/0 gate_failed,churn_held; left 0/1 gate_failed,severe_at_once,churn_held" {
		t.Error(got)
	}
}

// Who has a place kept for cold start, or none because of its shop's cap, is a part of the list that is held: the pool and the next
// night's causes ask for it.
func TestAHeldListKeepsWhatItsPlacesRestOn(t *testing.T) {
	l := capped(rules.Cap{Share: 0.1, Least: 1, Most: 1})
	l.ColdStart = 0.5
	l.Gates = append(l.Gates, rules.Gate{ID: "severe", Measure: "severe_violations_90d", AtMost: bound(0), AtOnce: true})
	s := subjects(6)
	s.Shop = []int32{0, 1, 1, 2, 3, 4}
	s.ColdStart = []bool{false, false, false, true, true, true}
	s.Measures["severe_violations_90d"] = make([]float64, 6)
	h := eligibility.History{"product_score": {hundredths(4.6, 4.5, 4.4, none, none, none)}}
	first := decided(theRules(), l, asOf, s, h, nil, nil, false)
	want := "in in shop_cap cold_start cold_start out"
	if got := placesOf(first); got != want {
		t.Fatalf("before it is held: %s, want %s", got, want)
	}
	b := carried(first)
	if got := placesOf(held(theRules(), l, asOf+1, s, h, b, nil)); got != want {
		t.Errorf("held: %s, want %s", got, want)
	}
	if diff := cmp.Diff(first.Outcome(), held(theRules(), l, asOf+1, s, h, b, nil).Outcome()); diff != "" {
		t.Error(diff)
	}
	s.Measures["severe_violations_90d"] = []float64{0, 0, 1, 1, 0, 0}
	o := map[int]eligibility.Override{4: {Action: eligibility.OptOut}}
	if got, want := placesOf(held(theRules(), l, asOf+1, s, h, b, o)), "in in out out out out"; got != want {
		t.Errorf("held, two with tickets and one that opts out: %s, want %s", got, want)
	}
}

// placesOf says what place every subject has.
func placesOf(d *eligibility.Decision) string {
	all := make([]string, len(d.Member))
	for i, r := range d.Reasons {
		switch all[i] = "out"; {
		case r.Has(eligibility.ColdStart):
			all[i] = "cold_start"
		case r.Has(eligibility.ShopCap):
			all[i] = "shop_cap"
		case d.Member[i]:
			all[i] = "in"
		}
	}
	return strings.Join(all, " ")
}
