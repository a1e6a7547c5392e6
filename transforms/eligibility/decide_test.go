package eligibility_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/rules"
	"pgregory.net/rapid"
)

func TestNamesAreThoseOfTables(t *testing.T) {
	var all eligibility.Reasons = 1<<(eligibility.Stale+1) - 1
	want := "gate_failed,history_short,no_score,not_known,waiting_to_enter,held_in_band,leaving_slowly,severe_at_once,zero_weight,shop_cap,cold_start," +
		"override_allow,override_deny,override_opt_out,override_appeal,first_run,stale"
	if got := all.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, name := range []string{"allow", "deny", "opt_out", "appeal"} {
		if a, ok := eligibility.ParseAction(name); !ok || a.String() != name {
			t.Errorf("%s is read as %v, %v", name, a, ok)
		}
	}
	if _, ok := eligibility.ParseAction(""); ok {
		t.Error("no name is an action")
	}
}

func TestAListIsValidFromTheDayAfter(t *testing.T) {
	r := theRules()
	r.Stability.ValidDays = 7
	d := decided(r, today(4), asOf, subjects(0), nil, nil, nil, false)
	if d.ValidFrom != asOf+1 || d.ValidTo != asOf+7 {
		t.Errorf("valid from %s to %s", d.ValidFrom, d.ValidTo)
	}
}

func TestAFirstRunWithALateInputHasNobody(t *testing.T) {
	d := decided(theRules(), today(4), asOf, subjects(1), eligibility.History{"shop_score": {hundredths(5)}}, nil, nil, true)
	if got := told(d, 0); got != "out 0/0 stale" || !d.FirstRun || !d.Stale {
		t.Errorf("got %q, first run %v, stale %v", got, d.FirstRun, d.Stale)
	}
}

func TestStreaksStopAtTheLargestThatIsStored(t *testing.T) {
	b := emptyBefore(2)
	b.PassStreak[0], b.FailStreak[1] = 32767, 32767
	d := decided(theRules(), today(4), asOf, subjects(2), eligibility.History{"shop_score": {hundredths(5, 3)}}, b, nil, false)
	if d.PassStreak[0] != 32767 || d.FailStreak[1] != 32767 {
		t.Errorf("streaks %d and %d", d.PassStreak[0], d.FailStreak[1])
	}
}

// TestTheSameArgumentsGiveTheSameDecision also holds that Decide writes to none of them.
func TestTheSameArgumentsGiveTheSameDecision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMarket(t, false)
		m.nextNight(t)
		before := carried(m.decide(0, nil, false))
		m.nextNight(t)
		saved := fmt.Sprintf("%v %v", *before, m.h)
		once := lines(m.decide(1, before, false))
		again := lines(m.decide(1, before, false))
		if diff := cmp.Diff(once, again); diff != "" {
			t.Fatal(diff)
		}
		after := fmt.Sprintf("%v %v", *before, m.h)
		if diff := cmp.Diff(saved, after); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestWrongShapesPanic names what is wrong: it is a bug of the caller.
func TestWrongShapesPanic(t *testing.T) {
	many := &rules.List{ID: "many", Role: "merchant", Gates: make([]rules.Gate, 33)}
	for _, c := range []struct {
		want string
		do   func(*considered, *eligibility.Before, eligibility.History, *rules.List)
	}{
		{"orders has 1 values for 2 subjects", func(s *considered, _ *eligibility.Before, _ eligibility.History, _ *rules.List) {
			s.Orders = s.Orders[:1]
		}},
		{"cold start has 0 values", func(s *considered, _ *eligibility.Before, _ eligibility.History, _ *rules.List) {
			s.ColdStart = []bool{}
		}},
		{"since before has 0 values", func(_ *considered, b *eligibility.Before, _ eligibility.History, _ *rules.List) {
			b.Since = []calendar.Day{}
		}},
		{"history of shop_score has 3 values", func(_ *considered, _ *eligibility.Before, h eligibility.History, _ *rules.List) {
			h["shop_score"] = [][]int16{make([]int16, 3)}
		}},
		{"list many has 33 gates", func(_ *considered, _ *eligibility.Before, _ eligibility.History, l *rules.List) { *l = *many }},
		{"gate shop has no bound", func(_ *considered, _ *eligibility.Before, _ eligibility.History, l *rules.List) {
			l.Gates[0].AtLeast = nil
		}},
		{`role "buyer" has no score`, func(_ *considered, _ *eligibility.Before, _ eligibility.History, l *rules.List) {
			l.Role = "buyer"
		}},
	} {
		t.Run(c.want, func(t *testing.T) {
			s, b, h, l := subjects(2), emptyBefore(2), eligibility.History{}, today(4)
			c.do(s, b, h, l)
			defer func() {
				if got, _ := recover().(string); !strings.Contains(got, c.want) {
					t.Errorf("got %q", got)
				}
			}()
			decided(theRules(), l, asOf, s, h, b, nil, false)
		})
	}
}
