package rules_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/rules"
)

// More cases, with their places in a file, stand in the tests of package config.

// problemsBelow are the problems of rules below a path, without it.
func problemsBelow(r rules.Rules, path string) []string {
	var found []string
	for line := range strings.Lines(r.Validate().Error()) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), path); ok {
			found = append(found, rest)
		}
	}
	return found
}

func TestNothingIsNotValid(t *testing.T) {
	for _, path := range []string{"version: ", "minimum_orders: ", "grades: ", "price.mode: ", "product_score.dimensions: ", "talent_score.windows: ", "quality_gate.grade: ", "stability.band"} {
		found := problemsBelow(rules.Rules{Stability: rules.Stability{Band: math.NaN()}}, path)
		if len(found) != 1 {
			t.Errorf("%s%q", path, found)
		}
	}
	if err := (rules.Set{}).Validate(); err == nil || err.Error() != ": there is no version" {
		t.Errorf("an empty set: %v", err)
	}
}

func TestAListHasNoMoreGatesThanASetCanTell(t *testing.T) {
	bound := 4.4
	list := rules.List{ID: "traffic", Name: "流量", Resource: "traffic", Role: "merchant"}
	for i := range 33 {
		list.Gates = append(list.Gates, rules.Gate{ID: fmt.Sprintf("g%d", i), Measure: "shop_score", AtLeast: &bound})
	}
	got := problemsBelow(rules.Rules{Lists: []rules.List{list}}, "lists[0].")
	if diff := cmp.Diff([]string{"gates: there are 33 gates; a list has 1 to 32"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	list.Gates = list.Gates[:32]
	if got := problemsBelow(rules.Rules{Lists: []rules.List{list}}, "lists[0]."); len(got) > 0 {
		t.Errorf("32 gates: %q", got)
	}
}

// Roles that a measure is of are those that it has a meaning for.
func TestMeasuresOfRoles(t *testing.T) {
	want := map[string]string{
		"product_score": "product", "product_quality": "product", "shop_score": "product merchant", "talent_score": "talent", "price_stars": "product",
		"brand_not_comparable": "product", "valid_orders_30d": "product merchant talent", "refund_rate_to_category": "product",
		"severe_violations_30d": "product merchant talent",
		"severe_violations_90d": "product merchant talent", "distribution_orders_90d": "merchant", "live_days_30d": "merchant",
	}
	got := map[string]string{}
	for _, measure := range rules.Measures {
		var roles []string
		for _, role := range rules.Roles {
			list := rules.List{Role: role, Gates: []rules.Gate{{Measure: measure}}}
			if len(problemsBelow(rules.Rules{Lists: []rules.List{list}}, "lists[0].gates[0].measure: ")) == 0 {
				roles = append(roles, role)
			}
		}
		got[measure] = strings.Join(roles, " ")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOn(t *testing.T) {
	set := rules.Set{{Version: "a", EffectiveFrom: 10}, {Version: "b", EffectiveFrom: 20}}
	for day, want := range map[calendar.Day]string{10: "a", 19: "a", 20: "b", 21: "b"} {
		if got := set.On(day); got == nil || got.Version != want {
			t.Errorf("day %d: %v, want %s", day, got, want)
		}
	}
	if set.On(9) != nil || (rules.Set{}).On(9) != nil {
		t.Error("there are rules before the first")
	}
}
