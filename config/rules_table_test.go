package config_test

import (
	"fmt"
	"strings"

	"github.com/windvane/windvane/transforms/rules"
)

// tabulated writes rules as people compare them with the definitions.
func tabulated(r rules.Rules) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s from %s: orders %d, lag %d, half-life %d", r.Version, r.EffectiveFrom, r.MinimumOrders, r.LagDays, r.HalfLifeDays)
	line("norms %+v", r.Norms)
	for _, g := range r.Grades {
		line("grade %s %s %s from %.2f", g.Name, g.Label, g.Tier, g.AtLeast)
	}
	line("violations %+v", r.Violations)
	line("price %+v", r.Price)
	tabulateScore(line, "product", r.Product)
	tabulateScore(line, "shop", r.Shop)
	tabulateScore(line, "talent", r.Talent)
	line("quality gate %+v", r.QualityGate)
	line("stability %+v", r.Stability)
	for _, l := range r.Lists {
		tabulateList(line, l)
	}
	line("pool %+v", r.Pool)
	line("lift %+v", r.Lift)
	return b.String()
}

func tabulateScore(line func(string, ...any), name string, s rules.Score) {
	line("%s: windows %d, %d %s orders, weighted %t", name, s.Windows, s.FullOrders, s.FullBy, s.Weighted)
	for _, d := range s.Dimensions {
		line("  %s %s %.2f", d.ID, d.Name, d.Weight())
		for _, i := range d.Indicators {
			line("    %s %s %.2f strength %g anchors %g least %.2f", i.ID, i.Name, i.Weight, i.Strength, i.Anchors, i.LeastPoints)
		}
	}
}

func tabulateList(line func(string, ...any), l rules.List) {
	line("%s %s: %s of %s, cold start %.2f, cap %+v", l.ID, l.Name, l.Resource, l.Role, l.ColdStart, l.CapPerShop)
	for _, g := range l.Gates {
		bound := "none"
		switch {
		case g.AtLeast != nil:
			bound = fmt.Sprintf(">= %.2f", *g.AtLeast)
		case g.AtMost != nil:
			bound = fmt.Sprintf("<= %.2f", *g.AtMost)
		}
		line("  gate %s: %s %s over %q %d of %d, floor %t, unless %q, at once %t", g.ID, g.Measure, bound, g.Over, g.Days, g.OfDays, g.Floor, g.Unless, g.AtOnce)
	}
	for _, s := range l.Levels {
		line("  scale %s over %s, no score x %.2f", s.Measure, s.Over, s.NoScore)
		for _, step := range s.Steps {
			line("    %s from %.2f x %.2f %s", step.Level, step.AtLeast, step.Multiplier, step.Grants)
		}
	}
}
