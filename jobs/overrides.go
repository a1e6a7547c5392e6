package jobs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/rollup"
	"github.com/windvane/windvane/transforms/rules"
)

// overrideKey is what an override is about.
type overrideKey struct {
	role, subject, resource int64 // codes; subject: of text
}

// overridesOf reads the manual decisions of the newest snapshot that are in force on the day the lists are for.
func (n *night) overridesOf(ctx context.Context) (map[overrideKey]eligibility.Override, error) {
	out := map[overrideKey]eligibility.Override{}
	f, err := n.factsOf(ctx, rollup.Overrides())
	if f == nil || err != nil {
		return out, err
	}
	texts, unknown := n.runner.ids.TextDict(), []string{}
	for i := range f.N {
		at := func(name string) int64 { return f.Column(name)[i] }
		action, ok := eligibility.ParseAction(contract.Actions[at("action")])
		if !ok {
			return nil, fmt.Errorf("overrides: unknown action %s", contract.Actions[at("action")])
		}
		o := eligibility.Override{Action: action, Reason: texts.Value(at("reason")), Author: texts.Value(at("author")),
			From: calendar.Day(at("valid_from")), To: calendar.Day(at("valid_to"))}
		if o.From > n.asOf+1 || o.To < n.asOf+1 {
			continue
		}
		key := overrideKey{at("subject_role"), at("subject_id"), at("resource")}
		role := contract.OverrideRoles[key.role]
		if !n.named(slices.Index(contract.ScoreRoles, role), key.subject) {
			unknown = append(unknown, role+" "+texts.Value(key.subject))
			continue
		}
		if held, ok := out[key]; !ok || displaces(o, held) {
			out[key] = o
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		n.warnings = append(n.warnings, fmt.Sprintf("overrides: %d in force name nobody that is known and change nothing: %s; mend subject_role or subject_id",
			len(unknown), strings.Join(unknown[:min(5, len(unknown))], ", ")))
	}
	return out, nil
}

// named tells whether an id names a subject of a role, or a shop that has products and is no subject itself.
func (n *night) named(role int, text int64) bool {
	s := n.scored[role].subjects
	if n.rowOfText(s, text) >= 0 {
		return true
	}
	code, shops := n.codeOfText(s, text), n.scored[contract.ScoreProduct].shops
	if role != contract.ScoreMerchant || code == column.Null {
		return false
	}
	for i := range shops.Len() {
		if shops.At(i) == code {
			return true
		}
	}
	return false
}

// displaces tells whether a manual decision goes before another one that is in force too: the newer one does, but an
// appeal only asks for a decision and is none.
func displaces(o, held eligibility.Override) bool {
	if appeal := o.Action == eligibility.Appeal; appeal != (held.Action == eligibility.Appeal) {
		return !appeal
	}
	return o.From > held.From
}

// overridesFor are those of a list, by subject. What is decided about a shop holds for its products as well, unless
// something is decided about the product itself.
func (n *night) overridesFor(l *rules.List, c *candidates, all map[overrideKey]eligibility.Override) map[int]eligibility.Override {
	out := map[int]eligibility.Override{}
	shops := map[int64]eligibility.Override{} // by merchant
	for key, o := range all {
		if contract.Resources[key.resource] != l.Resource {
			continue
		}
		switch role := contract.OverrideRoles[key.role]; {
		case role == l.Role:
			if row := n.rowOfText(c.scored.subjects, key.subject); row >= 0 {
				out[row] = o
			}
		case role == "merchant" && l.Role == "product":
			if code := n.codeOfText(n.scored[contract.ScoreMerchant].subjects, key.subject); code != column.Null {
				shops[code] = o
			}
		}
	}
	if len(shops) == 0 {
		return out
	}
	for row := range c.codes {
		if o, ok := shops[c.page.Merchant.At(row)]; ok {
			if own, decided := out[row]; !decided || own.Action == eligibility.Appeal {
				out[row] = o
			}
		}
	}
	return out
}
