package rules_test

import (
	"testing"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/rules"
)

// A version that took effect on day 100 has one before it as long as one of the last 30 days lies before that.
func TestTheVersionBefore(t *testing.T) {
	set := rules.Set{{Version: "a"}, {Version: "b", EffectiveFrom: 100}, {Version: "c", EffectiveFrom: 120}}
	for _, c := range []struct {
		of   int
		asOf calendar.Day
		want string
	}{{0, 0, ""}, {0, 99, ""}, {1, 100, "a"}, {1, 119, "a"}, {2, 120, "b"}, {2, 148, "b"}, {2, 149, ""}} {
		got := ""
		if before := set.Before(&set[c.of], c.asOf); before != nil {
			got = before.Version
		}
		if got != c.want {
			t.Errorf("on %d before %s: %q, want %q", c.asOf, set[c.of].Version, got, c.want)
		}
	}
	if other := (rules.Rules{EffectiveFrom: 110}); set.Before(&other, 110) != nil {
		t.Error("rules that are not of the set have none before them")
	}
}
