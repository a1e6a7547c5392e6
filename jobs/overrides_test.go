package jobs

import (
	"testing"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/eligibility"
)

func TestWhichOfTwoManualDecisionsCounts(t *testing.T) {
	older, newer := calendar.Of(2026, 1, 1), calendar.Of(2026, 3, 1)
	for _, c := range []struct {
		name    string
		o, held eligibility.Override
		want    bool
	}{
		{"the newer one", eligibility.Override{Action: eligibility.Allow, From: newer}, eligibility.Override{Action: eligibility.Deny, From: older}, true},
		{"not the older one", eligibility.Override{Action: eligibility.Allow, From: older}, eligibility.Override{Action: eligibility.Deny, From: newer}, false},
		{"an appeal displaces no decision", eligibility.Override{Action: eligibility.Appeal, From: newer}, eligibility.Override{Action: eligibility.Deny, From: older}, false},
		{"a decision displaces an appeal", eligibility.Override{Action: eligibility.Deny, From: older}, eligibility.Override{Action: eligibility.Appeal, From: newer}, true},
		{"of two appeals the newer one", eligibility.Override{Action: eligibility.Appeal, From: newer}, eligibility.Override{Action: eligibility.Appeal, From: older}, true},
	} {
		if got := displaces(c.o, c.held); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
