package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/gmv"
	"github.com/windvane/windvane/transforms/lift"
	"github.com/windvane/windvane/transforms/repeat"
	"github.com/windvane/windvane/transforms/rollup"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/score"
)

// night is one run for one as-of date: what its steps hand to each other.
type night struct {
	runner *Runner
	id     string
	asOf   calendar.Day
	first  calendar.Day // of the history kept

	previous   *committed // the commit it rests on: the newest of the nearest earlier date; nil: a cold start
	current    *committed // the newest commit of this day; nil: none yet
	types      contract.IDTypes
	digests    sync.Map               // of the rules of tables, see rulesUnder
	partitions map[string][]Partition // by table, ascending
	present    calendar.Presence      // days with orders
	done       bool                   // the current commit is what this night would publish
	reduced    atomic.Int64
	started    time.Time
	spilled    int64 // bytes, by the nights before this one
	warnings   []string

	newPartitions, inputRows, rejected int64 // of the partitions that the commit before did not rest on

	rules       *rules.Rules         // in force on the as-of date
	normsBefore *column.Frame        // score_norms of the previous commit, once it was read
	measured    map[int]*score.Norms // by role: norms of the month that the run before should have measured

	again         bool   // decided a second time for the causes of changes; nothing is published
	acceptedChurn string // why lists may turn over as much as they like; empty: they may not
	churnGates    []Gate

	acceptedGates string // why the night is published whatever the gates say; empty: it is not
	dataGates     []Gate

	prices *pricedProducts
	scored []*scored     // by role
	lift   *lift.Figures // nil: there is no Chuanliu
	lifts  *lift.Lifts   // that money goes by
	lists  *eligibility.Tables

	refunds *column.Frame // settled; nil: not computable
	buyers  []*repeat.Figures
	sums    []*gmv.Sums
	settled []*gmv.SettledSums // by role, of a night that is decided again: all it asks of sales; nil: sums tell
	tables  []string           // that were made
	records []arrow.Record     // of those that are held until the night ends
	writing *writing           // nil: nothing is published
	outputs []Output
	steps   []StepRecord
	spans   []stepSpan // of the steps, for lineage
	at      string     // the step that runs
	commit  commitInfo

	announced bool // lineage was told that the night has begun
}

func (r *Runner) newNight(ctx context.Context, asOf calendar.Day) (*night, error) {
	n := &night{runner: r, id: r.NewRunID(), started: r.Now().UTC(), asOf: asOf, first: asOf - calendar.Day(r.Settings.HistoryDays) + 1,
		partitions: map[string][]Partition{}, measured: map[int]*score.Norms{}, rules: r.Settings.Rules.On(asOf)}
	if len(r.Settings.Rules) == 0 {
		return nil, errors.New("no rules are set: a night cannot score or list")
	}
	if n.rules == nil {
		return nil, fmt.Errorf("%w: no version of the rules is effective on %s: the first begins on %s", ErrInput, asOf, r.Settings.Rules[0].EffectiveFrom)
	}
	var err error
	if n.previous, err = r.commitToRestOn(ctx, asOf); err != nil {
		return nil, err
	}
	if n.current, err = r.readCommit(ctx, asOf); err != nil {
		return nil, err
	}
	n.acceptedChurn = plainReason(r.AcceptChurn)
	if n.acceptedChurn == "" && n.current != nil { // what was accepted once stays so in corrections
		n.acceptedChurn = n.current.manifest.AcceptedChurn
	}
	n.acceptedGates = plainReason(r.AcceptGates)
	if n.acceptedGates == "" && n.current != nil {
		n.acceptedGates = n.current.manifest.AcceptedGates
	}
	if err := r.list(ctx); err != nil {
		return nil, err
	}
	if n.types, err = detectIDs(ctx, r.In, r.Inputs, r.Settings, asOf); err != nil {
		return nil, err
	}
	if n.previous != nil {
		for domain, text := range n.previous.manifest.IDs { // numbers can be written as text, not the reverse
			if _, declared := r.Settings.IDs[domain]; text && !declared {
				n.types[domain] = true
			}
		}
	}
	r.prepare(n.types)
	n.spilled = r.memory.Budget.Spilled()
	return n, nil
}

// plainReason is a reason as JSON keeps it: a night's digest covers it, and must be the same when it is read back.
func plainReason(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

func (n *night) release() {
	for _, r := range n.records {
		r.Release()
	}
}

// takeSnapshot fixes the partitions the night rests on.
func (n *night) takeSnapshot(ctx context.Context) error {
	if err := n.checkPresence(); err != nil {
		return err
	}
	for _, t := range rollup.Sources() {
		n.partitions[t.Name] = n.listPartitions(t.Name)
	}
	n.present = calendar.Presence{}
	for _, p := range n.partitions[contract.Orders.Name] {
		n.present[p.Day] = true
	}
	n.noteGap()
	n.noteRules()
	n.noteRedaction()
	n.done = n.current != nil && n.current.manifest.NightDigest == n.digest()
	if n.isWithdrawn() {
		n.done = true
		n.warnings = append(n.warnings, n.withdrawnNote())
	}
	if !n.done {
		var err error
		if n.done, err = n.settle(ctx); err != nil {
			return err
		}
	}
	if n.done {
		return nil
	}
	n.runner.state.keepAsked(n.askedAgainBytes())
	if err := n.checkCounts(ctx); err != nil {
		return err
	}
	return n.checkMemory(ctx)
}

// noteGap says that the day before has no commit.
func (n *night) noteGap() {
	gap := n.runner.Settings.CommitGapDays
	switch {
	case n.previous == nil && gap == 1:
		n.warnings = append(n.warnings, fmt.Sprintf("no commit of %s: cold start", n.asOf-1))
	case n.previous == nil:
		n.warnings = append(n.warnings, fmt.Sprintf("no commit of %s or the %d days before: cold start", n.asOf-1, gap-1))
	case n.previous.manifest.AsOf != n.asOf-1:
		n.warnings = append(n.warnings, fmt.Sprintf("no commit of %s: streaks, histories and norms go on from %s", n.asOf-1, n.previous.manifest.AsOf))
	}
}

// noteRules says that lists look back on runs of another version of the rules.
func (n *night) noteRules() {
	if before := n.runner.Settings.Rules.Before(n.rules, n.asOf); before != nil && n.previous != nil {
		n.note(fmt.Sprintf("rules %s are in force since %s, %s before: means and streaks go on over the change, each run as the rules of its night judged it",
			n.rules.Version, n.rules.EffectiveFrom, before.Version))
	}
}

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
		return fmt.Errorf("%w: no orders up to %s; looked for %s", ErrLate, n.asOf, path)
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
	shown := missing[:min(5, len(missing))]
	return fmt.Errorf("%w: %d missing: %v; a missing partition is never a day of zeros: wait for it, or declare it under absent_days (or the table absent)",
		ErrLate, len(missing), shown)
}

// begins is the first day of a table from which no partition may be missing: that of its first dump or, where the run before rested on an
// earlier one, the first of those that tonight looks at again. False: the table has none.
func (n *night) begins(table string) (calendar.Day, bool) {
	first, ok := n.runner.Inputs.first(table)
	if n.previous == nil {
		return first, ok
	}
	ps := n.previous.manifest.Partitions[table]
	if len(ps) == 0 {
		return first, ok
	}
	before := max(ps[0].Day, min(n.restatedFrom(), n.previous.manifest.AsOf+1))
	if !ok || before < first {
		return before, true
	}
	return first, true
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
	if ok && n.runner.Inputs.on(table, day) != nil && (p.BuyersGone || n.rekeyed(table)) {
		return Partition{}, false // the dump has the buyers
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
			out = append(out, n.partition(table, dump))
		}
	}
	return out
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
	for _, dim := range classifying(table) {
		if table != contract.Refunds.Name {
			if p, ok := n.nearest(dim, day); ok {
				parts = append(parts, p.Digest)
			}
			continue
		}
		if p, ok := n.nearest(dim, day-JoinDays); ok {
			parts = append(parts, p.Digest)
		}
		for _, p := range n.partitions[dim] {
			if p.Day > day-JoinDays && p.Day <= day {
				parts = append(parts, p.Digest)
			}
		}
	}
	return digestOf(parts...)
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
	ps := n.partitions[table]
	i, ok := slices.BinarySearchFunc(ps, day, func(p Partition, d calendar.Day) int { return int(p.Day - d) })
	if !ok {
		i--
	}
	if i < 0 {
		return Partition{}, false
	}
	return ps[i], true
}

// figuresVersion changes when a figure changes its meaning, so that published nights are known to be stale.
const figuresVersion = "6"

// digest identifies what the night's tables are made of.
func (n *night) digest() string { return n.digestIf(n.acceptedChurn) }

// digestIf is the digest of the night with a reason to accept turnover.
func (n *night) digestIf(acceptedChurn string) string {
	parts := []string{n.runner.Settings.nightDigest(), figuresVersion, n.rules.Digest(), acceptedChurn}
	for _, t := range rollup.Sources() {
		for _, p := range n.partitions[t.Name] {
			parts = append(parts, t.Name, p.Day.String(), p.Digest)
		}
	}
	if n.previous != nil { // causes of changes ask for its rules
		parts = append(parts, n.previous.manifest.NightDigest, fmt.Sprint(n.rulesBefore() != nil))
	}
	return digestOf(parts...)
}
