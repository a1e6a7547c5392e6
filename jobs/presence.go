package jobs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// eventTables must be there for the as-of day once they have begun, and must have no holes. Tables that are declared absent are none
// of them, whatever the run before rested on.
func (s Settings) eventTables() (names []string) {
	for _, t := range rollup.Sources() {
		if t.Class != contract.Snapshot && !s.Tables[t.Name].Absent {
			names = append(names, t.Name)
		}
	}
	return names
}

// ScoreDays is how many days of the tables that only scores read are kept: the longest window, the longest lag, and
// some days to restate.
const ScoreDays = 120

// firstOf is the first day of a table that the night looks at.
func (n *night) firstOf(table string) calendar.Day {
	t, _ := contract.Lookup(table, contract.Inputs())
	switch {
	case t == contract.Orders || t == contract.Refunds || t == contract.ChuanliuEligibility || t == contract.ChuanliuExposures:
		return n.first
	case t.Class == contract.Snapshot: // they reach further back, for the rows they classify
		return n.first - JoinDays
	}
	return max(n.first, n.asOf-ScoreDays+1)
}

// checkPresence refuses to take a missing partition for a day of zeros.
func (n *night) checkPresence() error {
	s, in := n.runner.Settings, n.runner.Inputs
	if !in.has(contract.Orders.Name, n.asOf) {
		path, _ := s.Tables[contract.Orders.Name].ParsedPath(contract.Orders)
		return fmt.Errorf("%w: no orders up to %s; looked for %s", ErrLate, n.asOf, s.withMarkers(path.String()))
	}
	var missing []string
	if err := n.checkHistory(); err != nil {
		return err
	}
	for _, name := range s.eventTables() {
		first, ok := n.begins(name)
		if !ok {
			continue
		}
		for d := max(first, n.firstOf(name)); d <= n.asOf; d++ {
			if in.on(name, d) == nil && !n.pinned(name, d) && !slices.Contains(s.AbsentDays[name], d) {
				missing = append(missing, fmt.Sprintf("%s dt=%s", name, d))
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	shown := s.withMarkers(fmt.Sprint(missing[:min(5, len(missing))]))
	return fmt.Errorf("%w: %d missing: %s; a missing partition is never a day of zeros: wait for it, or declare it under absent_days (or the table absent)",
		ErrLate, len(missing), shown)
}

// begins is the first day of a table from which no partition may be missing: that of its first dump or an earlier one, of those that an earlier
// run of this night rested on or of those that the run before did and that tonight looks at again. False: the table has none.
func (n *night) begins(table string) (calendar.Day, bool) {
	first, ok := n.runner.Inputs.first(table)
	for _, c := range []*committed{n.previous, n.current} {
		if c == nil || len(c.manifest.Partitions[table]) == 0 {
			continue
		}
		before := c.manifest.Partitions[table][0].Day
		if c == n.previous { // earlier ones are pinned, or lost to checkHistory
			before = max(before, min(n.restatedFrom(), n.previous.manifest.AsOf+1))
		}
		if !ok || before < first {
			first, ok = before, true
		}
	}
	return first, ok
}

// restatedFrom is the first day that tonight looks at again; those before are taken from the run before.
func (n *night) restatedFrom() calendar.Day {
	return n.asOf - calendar.Day(n.runner.Settings.RestateDays) + 1
}

// checkHistory refuses to lose days that the commit of the run before rested on and that tonight does not look at again: their dumps are
// gone, and their rollups were made by other rules or for other identifier types, or classified by snapshots that were. A day that it does look
// at is late.
func (n *night) checkHistory() error {
	if n.previous == nil {
		return nil
	}
	s := n.runner.Settings
	for _, t := range rollup.Sources() {
		name := t.Name
		var lost []calendar.Day
		for _, p := range n.previous.manifest.Partitions[name] {
			if p.Day >= n.firstOf(name) && n.runner.Inputs.on(name, p.Day) == nil && !n.pinned(name, p.Day) && !slices.Contains(s.AbsentDays[name], p.Day) && n.misses(t, p.Day) {
				lost = append(lost, p.Day)
			}
		}
		if len(lost) == 0 {
			continue
		}
		by := n.reclassified(&n.previous.manifest, name, lost[len(lost)-1])
		if len(by) == 0 && n.rekeyed(name) {
			return n.lostToKey(name, lost)
		}
		if len(by) == 0 || n.otherRules(&n.previous.manifest, name) {
			by = slices.Insert(by, 0, name)
		}
		return fmt.Errorf("%w: %d days of %s (%s to %s) have rollups made by other rules of %s, and their dumps are gone: restore the dumps, take the change of rules back, or declare the days under absent_days",
			ErrInput, len(lost), name, lost[0], lost[len(lost)-1], strings.Join(by, " and "))
	}
	return nil
}

// misses tells whether a night without a day that it cannot rest on any more lacks something. A day that is looked at again is late, or, of
// snapshots, stood in for by the nearest before it. Of snapshots that classify nothing only the newest is looked at.
func (n *night) misses(t *contract.Table, day calendar.Day) bool {
	switch {
	case n.runner.Settings.Tables[t.Name].Absent || day >= n.restatedFrom():
		return false
	case t.Class != contract.Snapshot || slices.Contains(classifying(contract.Orders.Name), t.Name):
		return true
	}
	_, newer := n.runner.Inputs.nearest(t.Name, day+1, n.asOf)
	return !newer
}
