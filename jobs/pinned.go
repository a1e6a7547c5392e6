package jobs

import (
	"cmp"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// pinned tells whether the commit of the run before rests on a partition that is no longer listed.
func (n *night) pinned(table string, day calendar.Day) bool {
	_, ok := n.pin(table, day)
	return ok
}

// pin is the partition of an earlier night that is no longer looked at.
func (n *night) pin(table string, day calendar.Day) (Partition, bool) {
	if n.previous == nil || day >= n.restatedFrom() {
		return Partition{}, false
	}
	ps := n.previous.manifest.Partitions[table]
	i, ok := slices.BinarySearchFunc(ps, day, func(p Partition, d calendar.Day) int { return int(p.Day - d) })
	if !ok {
		return Partition{}, false
	}
	p, ok := n.carry(table, ps[i])
	if ok && n.runner.Inputs.on(table, day) != nil && (p.BuyersGone || n.rekeyed(table) || n.classifiedSince(table, day)) {
		return Partition{}, false // the dump has the buyers, or is classified as the sales are
	}
	return p, ok
}

// listPartitions are the partitions of a table in the history kept.
func (n *night) listPartitions(table string) []Partition {
	var out []Partition
	for d := n.firstOf(table); d <= n.asOf; d++ {
		if p, ok := n.pin(table, d); ok {
			out = append(out, p)
			continue
		}
		if dump := n.runner.Inputs.on(table, d); dump != nil {
			p := n.partition(table, dump)
			p.Input = n.countedBefore(table, dump)
			p.LateFrom, p.LateTo = n.lateFor(table, d)
			out = append(out, p)
		}
	}
	return out
}

// countedBefore is the number of rows that the run before names for the very objects of a snapshot, whatever rules they were read by; 0: it
// names none, or has other objects. Snapshots are counted on their own night, and those of other days are read only where rows ask for them.
func (n *night) countedBefore(table string, d *dump) int64 {
	if d.table.Class != contract.Snapshot || n.previous == nil {
		return 0
	}
	m := &n.previous.manifest
	at, ok := slices.BinarySearchFunc(m.Partitions[table], d.day, compareDay)
	if !ok || m.Partitions[table][at].Digest != digestOf(m.Rules[table], d.digest(), n.dependencies(table, d.day)) {
		return 0
	}
	return m.Partitions[table][at].Input
}

// lateFor are the days that a snapshot does not classify, both included: those that the run before rests on without it and that are no longer
// looked at. They were reduced without it: what comes back of their sales would stand under another category or channel than they do. Days of
// refunds are none of them: those ask for the days on which their lines were paid.
func (n *night) lateFor(dim string, day calendar.Day) (from, to calendar.Day) {
	if n.previous == nil || day >= n.restatedFrom() || n.otherRules(&n.previous.manifest, dim) {
		return 0, 0
	}
	before := n.previous.manifest.Partitions
	if at, ok := slices.BinarySearchFunc(before[dim], day, compareDay); ok {
		return before[dim][at].LateFrom, before[dim][at].LateTo
	}
	for _, t := range rollup.Sources() {
		if t == contract.Refunds || !slices.Contains(classifying(t.Name), dim) {
			continue
		}
		if last, ok := nearestOf(before[t.Name], n.restatedFrom()-1); ok && last.Day >= day {
			if first := before[t.Name][0].Day; to == 0 || first < from {
				from = first
			}
			to = max(to, last.Day)
		}
	}
	return from, to
}

// classifier is the snapshot by which rows of a day are classified: the nearest one that did not come too late for them.
func (n *night) classifier(dim string, day calendar.Day) (Partition, bool) {
	ps := n.partitions[dim]
	for {
		p, ok := nearestOf(ps, day)
		if !ok || day < p.LateFrom || day > p.LateTo {
			return p, ok
		}
		at, _ := slices.BinarySearchFunc(ps, p.Day, compareDay)
		ps = ps[:at]
	}
}

// lastTooLate is the last day with orders for which every snapshot up to it came too late, 0 if there is none.
func (n *night) lastTooLate(dim string) calendar.Day {
	ps, orders := n.partitions[dim], n.partitions[contract.Orders.Name]
	for i := len(orders) - 1; i >= 0 && len(ps) > 0 && orders[i].Day >= ps[0].Day; i-- {
		if _, ok := n.classifier(dim, orders[i].Day); !ok {
			return orders[i].Day
		}
	}
	return 0
}

// classifiedSince tells whether rows of a pinned day may ask for a snapshot that came since the run before: only refunds do, of lines paid
// on days that no night had looked at.
func (n *night) classifiedSince(table string, day calendar.Day) bool {
	if table != contract.Refunds.Name {
		return false
	}
	for _, dim := range classifying(table) {
		if !n.came(dim, day) {
			continue
		}
		before := n.previous.manifest.Partitions[dim]
		for d := classifiedFrom(table, day); d <= day; d++ {
			s, ok := n.classifier(dim, d)
			if _, known := slices.BinarySearchFunc(before, s.Day, compareDay); ok && !known {
				return true
			}
		}
	}
	return false
}

// came tells whether a snapshot of a day or an earlier one came since the run before.
func (n *night) came(dim string, day calendar.Day) bool {
	before := n.previous.manifest.Partitions[dim]
	for _, p := range n.partitions[dim] {
		if p.Day > day {
			break
		}
		if _, known := slices.BinarySearchFunc(before, p.Day, compareDay); !known {
			return true
		}
	}
	return false
}

// partition is what reducing a dump today gives: its digest covers the objects, the rules, and the snapshots
// that classify its rows.
func (n *night) partition(table string, d *dump) Partition {
	rules := n.rulesUnder(n.runner.Settings.BuyerKeyID(), table)
	return n.withoutForgotten(table, Partition{Day: d.day, Digest: digestOf(rules, d.digest(), n.dependencies(table, d.day))})
}

// dependencies is the digest of the snapshots that classify the rows of a partition: the nearest one for
// orders, and of accounts for traffic; for refunds, which look at the days on which they were paid, all that may be asked for.
func (n *night) dependencies(table string, day calendar.Day) string {
	var parts []string
	first := classifiedFrom(table, day)
	for _, dim := range classifying(table) {
		var last Partition
		for d := first; d <= day; d++ {
			if p, ok := n.classifier(dim, d); ok && (last.Digest == "" || p.Day != last.Day) {
				parts, last = append(parts, p.Digest), p
			}
		}
	}
	return digestOf(parts...)
}

// classifiedFrom is the first day whose snapshots rows of a partition may ask for.
func classifiedFrom(table string, day calendar.Day) calendar.Day {
	if table == contract.Refunds.Name {
		return day - JoinDays
	}
	return day
}

// classifying are the tables whose snapshots classify the rows of a table.
func classifying(table string) []string {
	switch table {
	case contract.Orders.Name, contract.Refunds.Name:
		return []string{contract.Products.Name, contract.Talents.Name}
	case contract.ProductTraffic.Name:
		return []string{contract.Talents.Name}
	}
	return nil
}

// reclassified are the tables of snapshots by other rules than those of a night, as far as they classify rows of a day for either.
func (n *night) reclassified(m *Manifest, table string, day calendar.Day) (by []string) {
	for _, dim := range classifying(table) {
		if !n.otherRules(m, dim) {
			continue
		}
		first, there := n.runner.Inputs.first(dim)
		if ps := m.Partitions[dim]; there && first <= day || len(ps) > 0 && ps[0].Day <= day {
			by = append(by, dim)
		}
	}
	return by
}

// otherRules tells whether a night read a table by other rules, whatever its buyer key.
func (n *night) otherRules(m *Manifest, table string) bool {
	return m.Rules[table] != n.rulesUnder(cmp.Or(m.BuyerKey, n.runner.Settings.BuyerKeyID()), table)
}

// rulesUnder is the digest of tonight's rules of a table under the buyer key of that id, made once: every day of the history asks for it.
func (n *night) rulesUnder(keyID, table string) string {
	known, ok := n.digests.Load(keyID + table)
	if !ok {
		known, _ = n.digests.LoadOrStore(keyID+table, n.runner.Settings.digestUnder(keyID, table, n.types))
	}
	return known.(string)
}

// nearest is the table's partition of a day or the nearest before it.
func (n *night) nearest(table string, day calendar.Day) (Partition, bool) {
	return nearestOf(n.partitions[table], day)
}

// nearestOf is nearest of a table's partitions.
func nearestOf(ps []Partition, day calendar.Day) (Partition, bool) {
	i, ok := slices.BinarySearchFunc(ps, day, func(p Partition, d calendar.Day) int { return int(p.Day - d) })
	if !ok {
		i--
	}
	if i < 0 {
		return Partition{}, false
	}
	return ps[i], true
}
