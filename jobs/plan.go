package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// Late is the status of a night that waits for an input.
const Late = "late"

// Reasons why a partition is to be reduced.
const (
	ReasonNew     = "new"           // no commit rests on it
	ReasonChanged = "changed"       // a commit rests on other objects
	ReasonRules   = "rules changed" // the mapping or the rules of its table are others
	ReasonDepends = "snapshot"      // classified by other snapshots, or by snapshots under other rules
	ReasonLost    = "state lost"    // its rollups are gone
)

// Plan is what a run would do.
type Plan struct {
	AsOf     calendar.Day   `json:"as_of"`
	Status   string         `json:"status"` // missing, failed, stale, done, late
	Why      string         `json:"why"`
	First    calendar.Day   `json:"history_first"`
	Previous *CommitRef     `json:"previous"` // the commit of the nearest earlier date; null: cold start
	Current  *CommitRef     `json:"current"`  // the newest commit of this day; null: none
	Steps    []PlannedStep  `json:"steps"`    // that a run would take; of a done night the first alone, which finds nothing to do
	Tables   []PlannedTable `json:"tables"`
	Stale    []calendar.Day `json:"would_become_stale"` // later nights that rest on this one
}

// PlannedStep is one step of the night.
type PlannedStep struct {
	Name string   `json:"name"`
	In   []string `json:"in"`
	Out  []string `json:"out"`
}

// PlannedTable is what a run would do with one input table.
type PlannedTable struct {
	Table      string             `json:"table"`
	Partitions int                `json:"partitions"` // of the history the night rests on
	Known      int                `json:"known"`      // of those, reduced already
	Pinned     int                `json:"pinned"`     // of those, too old to be looked at again
	Lazy       int                `json:"on_demand"`  // snapshots that are read only if a row needs them
	Reduce     []PlannedPartition `json:"reduce"`
}

// PlannedPartition is one day to be reduced.
type PlannedPartition struct {
	Day    calendar.Day `json:"dt"`
	Reason string       `json:"reason"`
	Since  string       `json:"since,omitempty"` // the commit that rests on the former partition
	Files  int          `json:"files"`
	Bytes  int64        `json:"bytes"`
	Rows   int64        `json:"rows"` // -1: a file cannot be read
}

// Plan tells what a run of the night would read, reduce and publish, and why. It writes nothing. A night that waits
// for inputs is a plan with status late, not an error.
func (r *Runner) Plan(ctx context.Context, asOf calendar.Day) (*Plan, error) {
	n, err := r.newNight(ctx, asOf)
	if err != nil {
		return nil, err
	}
	p := &Plan{AsOf: asOf, First: n.first, Tables: []PlannedTable{}, Stale: []calendar.Day{}, Previous: n.previous.ref(), Current: n.current.ref()}
	for _, s := range Steps() {
		p.Steps = append(p.Steps, PlannedStep{s.Name, s.In, s.Out})
	}
	err = n.takeSnapshot(ctx)
	if errors.Is(err, ErrLate) {
		p.Status, p.Why = Late, err.Error()
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	if p.Status, err = r.Status(ctx, asOf); err != nil {
		return nil, err
	}
	if p.Tables, err = n.planTables(ctx); err != nil {
		return nil, err
	}
	if p.Status == Done {
		p.Steps = p.Steps[:1]
	} else {
		p.Stale, err = Archive{Out: r.Out, Job: r.Settings.Job}.after(ctx, asOf, r.Settings.CommitGapDays)
	}
	p.Why = n.why(p)
	return p, err
}

// ref pins the commit, nil if there is none.
func (c *committed) ref() *CommitRef {
	if c == nil {
		return nil
	}
	return &CommitRef{c.manifest.AsOf, c.record.Sequence, c.record.ManifestSHA256}
}

// why says in words what makes the status.
func (n *night) why(p *Plan) string {
	switch {
	case p.Status == Done && n.isWithdrawn():
		return n.withdrawnNote()
	case p.Status == Done && n.keptFor() != "":
		return n.keptFor()
	case p.Status == Done:
		return fmt.Sprintf("commit %d rests on the same inputs, rules and night before", n.current.record.Sequence)
	case n.current == nil && p.Status == Failed:
		return "the last attempt failed; nothing is published"
	case n.current == nil:
		return "nothing is published"
	}
	m := n.current.manifest
	switch was, is := m.Previous, p.Previous; {
	case n.changed():
		return fmt.Sprintf("inputs or rules have changed since commit %d", n.current.record.Sequence)
	case was == nil && is != nil:
		return fmt.Sprintf("commit %d was a cold start; an earlier night is published now", n.current.record.Sequence)
	case was != nil && is != nil && was.AsOf != is.AsOf:
		return fmt.Sprintf("the nearest earlier commit is that of %s now, commit %d rests on that of %s", is.AsOf, n.current.record.Sequence, was.AsOf)
	case was != nil && is != nil && *was != *is:
		return fmt.Sprintf("the night before has commit %d now, commit %d rests on its commit %d", is.Sequence, n.current.record.Sequence, was.Sequence)
	}
	return fmt.Sprintf("commit %d was made by other rules of figures", n.current.record.Sequence)
}

// changed tells whether the current commit rests on other partitions.
func (n *night) changed() bool {
	for _, t := range rollup.Sources() {
		same := slices.EqualFunc(n.partitions[t.Name], n.current.manifest.Partitions[t.Name], func(a, b Partition) bool {
			return a.Day == b.Day && a.Digest == b.Digest
		})
		if !same {
			return true
		}
	}
	return false
}

// planTables looks at every partition as the reduce step does.
func (n *night) planTables(ctx context.Context) ([]PlannedTable, error) {
	stored, err := n.storedRollups(ctx)
	if err != nil {
		return nil, err
	}
	var tables []PlannedTable
	for _, t := range rollup.Sources() {
		pt := PlannedTable{Table: t.Name, Partitions: len(n.partitions[t.Name]), Reduce: []PlannedPartition{}}
		for _, p := range n.partitions[t.Name] {
			if err := n.planPartition(ctx, t, p, stored, &pt); err != nil {
				return nil, err
			}
		}
		if err := n.measure(ctx, t.Name, pt.Reduce); err != nil {
			return nil, err
		}
		tables = append(tables, pt)
	}
	return tables, nil
}

// storedRollups are the keys of all rollups that are there.
func (n *night) storedRollups(ctx context.Context) (map[string]bool, error) {
	objects, err := n.runner.Out.List(ctx, "state/rollups/")
	if err != nil {
		return nil, fmt.Errorf("list state: %w", err)
	}
	keys := map[string]bool{}
	for _, o := range objects {
		keys[o.Key] = true
	}
	return keys, nil
}

// planPartition finds out whether the partition's rollups are there, and if not, why.
func (n *night) planPartition(ctx context.Context, t *contract.Table, p Partition, stored map[string]bool, pt *PlannedTable) error {
	if n.pinned(t.Name, p.Day) {
		pt.Pinned++
	}
	if n.done { // a run would not look at its rollups
		pt.Known++
		return nil
	}
	rec := &Reduced{Partition: p}
	if p.Rows == nil {
		var err error
		if rec, err = n.runner.state.find(ctx, t.Name, p); err != nil {
			return err
		}
	}
	if rec != nil && complete(t.Name, rec.Partition, stored) {
		pt.Known++
		return nil
	}
	if rec == nil && t.Class == contract.Snapshot && p.Day != n.asOf {
		pt.Lazy++
		return nil
	}
	planned := PlannedPartition{Day: p.Day, Reason: ReasonLost}
	if rec == nil {
		planned.Reason, planned.Since = n.reason(t.Name, p)
	}
	pt.Reduce = append(pt.Reduce, planned)
	return nil
}

// complete tells whether all rollups of a reduced partition are stored.
func complete(table string, p Partition, stored map[string]bool) bool {
	for i, r := range rollup.From(table) {
		if i < len(p.Rows) && p.Rows[i] > 0 && !stored[rollupKey(r.Name, p)] {
			return false
		}
	}
	return true
}

// reason compares a partition without rollups with the newest commit that could have had them.
func (n *night) reason(table string, p Partition) (reason, since string) {
	for _, c := range []*committed{n.current, n.previous} {
		if c == nil {
			continue
		}
		i := slices.IndexFunc(c.manifest.Partitions[table], func(q Partition) bool { return q.Day == p.Day })
		if i < 0 {
			continue
		}
		since = fmt.Sprintf("%s commit %d", c.manifest.AsOf, c.record.Sequence)
		same, known := n.sameObjects(c, table, p.Day)
		switch {
		case c.manifest.Rules[table] != n.runner.Settings.digest(table, n.types):
			return ReasonRules, since
		case known && !same:
			return ReasonChanged, since
		case len(n.reclassified(&c.manifest, table, p.Day)) > 0:
			return ReasonDepends, since
		case c.manifest.Partitions[table][i].Digest == p.Digest:
			return ReasonLost, since
		case same:
			return ReasonDepends, since
		}
		return ReasonChanged, since
	}
	return ReasonNew, ""
}

// sameObjects tells whether a commit read the very objects that are listed now. It is not known of commits that do not list them: only the
// one that read a partition first does.
func (n *night) sameObjects(c *committed, table string, day calendar.Day) (same, known bool) {
	var read []InputObject
	for _, o := range c.manifest.Inputs {
		if o.Table == table && o.Day == day {
			read = append(read, o)
		}
	}
	d := n.runner.Inputs.on(table, day)
	if d == nil || len(read) == 0 {
		return false, false
	}
	return slices.Equal(read, d.inputs()), true
}

// measure counts the files, bytes and rows to be read. Rows are those of the footers.
func (n *night) measure(ctx context.Context, table string, planned []PlannedPartition) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i := range planned {
		p := &planned[i]
		d := n.runner.Inputs.on(table, p.Day)
		if d == nil {
			p.Rows = -1
			continue
		}
		p.Files = len(d.objects)
		p.Bytes = d.bytes()
		g.Go(func() error {
			p.Rows = n.countRows(ctx, d)
			return ctx.Err()
		})
	}
	return g.Wait()
}

// countRows reads the footers of a dump; -1 if one cannot be read. Validate says why.
func (n *night) countRows(ctx context.Context, d *dump) int64 {
	var rows int64
	for _, o := range d.objects {
		f, err := n.runner.In.OpenParquet(ctx, o)
		if err != nil {
			return -1
		}
		rows += f.NumRows()
		f.Close()
	}
	return rows
}
