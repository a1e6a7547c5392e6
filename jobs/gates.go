package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// ErrGate says that a night was made but looks so unlike the days before that it was not published: the last
// published list stands until somebody accepts this one.
var ErrGate = errors.New("a gate stops publication")

// Gates are how unlike the days before a night may be and still be published without a word. A broken feed shows in
// them before merchants feel it. They look at the as-of day alone: corrections of earlier days show in late_data. The zero value
// lets everything pass.
type Gates struct {
	Days           int     // days before the as-of date that it is compared with, those of campaigns left out; at least half of them must be there
	MinRows        int64   // a table with fewer rows a day (median) is too small to tell
	MinVolume      float64 // least rows of the day, as a share of the median; 0: no such gate
	MaxVolume      float64 // most rows of the day, as a multiple of the median; 0: no such gate
	MaxUnitJump    float64 // mean amount of a paid line, as a multiple of the median or of its inverse; 0: no such gate
	MaxGrade       float64 // share of the scored subjects of a role that one grade may hold; 0: no such gate
	MaxShift       float64 // points by which the mean score of a role may move from run to run; 0: no such gate
	MaxSnapshotAge int     // days by which a snapshot that stands in may be older than the as-of date; 0: no such gate
	MinScored      int     // scored subjects below which grades are too few to tell
	Columns        bool    // a column that was there the day before may not be gone
}

// checkGates decides whether the night may be published. What fails is named with its figures; if the reason to
// publish it all the same was given, the manifest records it.
func (n *night) checkGates(ctx context.Context) error {
	n.dataGates = nil
	for _, check := range []func(context.Context, Gates) error{n.gateFreshness, n.gateVolumes, n.gateUnits, n.gateColumns, n.gateScores} {
		if err := check(ctx, n.runner.Settings.Gates); err != nil {
			return err
		}
	}
	var failed []string
	for i := range n.dataGates {
		g := &n.dataGates[i]
		if g.Passed {
			continue
		}
		failed = append(failed, g.Name+": "+g.Detail)
		if n.acceptedGates != "" {
			g.Passed, g.Detail = true, g.Detail+"; accepted: "+n.acceptedGates
		}
	}
	switch {
	case len(failed) == 0:
		return nil
	case n.acceptedGates != "":
		n.warnings = append(n.warnings, fmt.Sprintf("published although %s; accepted: %s", strings.Join(failed, "; "), n.acceptedGates))
		return nil
	}
	return fmt.Errorf("%w: %s: look at the dumps of %s; if they are right, run the night again with --accept-gates REASON", ErrGate, strings.Join(failed, "; "), n.asOf)
}

// failedGates are the names of those that stopped the night, each once, in the order they were asked.
func (n *night) failedGates() (names []string) {
	for _, g := range n.dataGates {
		if !g.Passed && !slices.Contains(names, g.Name) {
			names = append(names, g.Name)
		}
	}
	return names
}

func (n *night) gate(name string, passed bool, format string, args ...any) {
	n.dataGates = append(n.dataGates, Gate{name, passed, fmt.Sprintf(format, args...)})
}

// gateFreshness looks at how old the snapshots are that classify the day's rows: one that does not come is stood in for by
// the nearest earlier one, day after day.
func (n *night) gateFreshness(_ context.Context, g Gates) error {
	if g.MaxSnapshotAge == 0 {
		return nil
	}
	for _, t := range []*contract.Table{contract.Products, contract.Merchants, contract.Talents} {
		if p, ok := n.nearest(t.Name, n.asOf); ok {
			age := int(n.asOf - p.Day)
			n.gate("freshness", age <= g.MaxSnapshotAge, "the newest snapshot of %s is that of %s, %d days before the night", t.Name, p.Day, age)
		}
	}
	return nil
}

// gateVolumes compares the rows of each table.
func (n *night) gateVolumes(ctx context.Context, g Gates) error {
	if g.MinVolume == 0 && g.MaxVolume == 0 {
		return nil
	}
	for _, t := range rollup.Sources() {
		p, ok := n.nearest(t.Name, n.asOf)
		if !ok || p.Day != n.asOf {
			continue
		}
		if err := n.countSnapshots(ctx, t, g.Days); err != nil {
			return err
		}
		v, ok := n.expected(t.Name, g)
		if !ok || v.usual < float64(g.MinRows) {
			continue
		}
		got := float64(p.Input)
		passed := (v.least == 0 || got >= v.least*v.rows()) && (v.most == 0 || got <= v.most*v.rows())
		n.gate("volume", passed, "%s has %d rows, %s", t.Name, p.Input, v.compare(got))
	}
	return nil
}

// countSnapshots takes the rows of earlier snapshots from the records of their reductions, where the run before names those of too few days
// to judge by: after a cold start, or nights of a version that did not keep them. What has no record stays unknown, and counts for no day.
func (n *night) countSnapshots(ctx context.Context, t *contract.Table, days int) error {
	if _, _, known := n.usualBefore(t.Name, n.asOf, days); known || t.Class != contract.Snapshot {
		return nil
	}
	first, ordinary := n.ordinaryBefore(n.asOf, days)
	for i := range n.partitions[t.Name] {
		p := &n.partitions[t.Name][i]
		if p.Day < first || !ordinary(p.Day) || p.Input > 0 {
			continue
		}
		rec, err := n.runner.state.find(ctx, t.Name, *p)
		if err != nil {
			return err
		}
		if rec != nil {
			p.Input = rec.InputRows
		}
	}
	return nil
}

// gateUnits compares the mean amount of a paid line: fen taken for yuan are a hundred times as many.
func (n *night) gateUnits(ctx context.Context, g Gates) error {
	if g.MaxUnitJump == 0 {
		return nil
	}
	var usual []float64
	var own float64
	var lines int64
	first, ordinary := n.ordinaryBefore(n.asOf, g.Days)
	for d, err := range n.history(ctx, rollup.SalesOf(contract.Scopes()[contract.RolePlatform]), first) {
		if err != nil {
			return err
		}
		mean, of := meanAmount(d.Frame)
		switch {
		case d.Day == n.asOf:
			own, lines = mean, of
		case ordinary(d.Day) && of >= g.MinRows && mean > 0:
			usual = append(usual, mean)
		}
	}
	middle, ok := median(usual, g.Days)
	if !ok || lines < g.MinRows {
		return nil
	}
	passed := own <= g.MaxUnitJump*middle && own*g.MaxUnitJump >= middle
	n.gate("unit_jump", passed, "a paid line of orders is %.2f yuan on average, %.2f times the median of %d days (%.2f yuan)", own/100, own/middle, len(usual), middle/100)
	return nil
}

// meanAmount is the mean amount of the paid lines in platform_sales, in fen, and their number.
func meanAmount(f *column.Frame) (mean float64, lines int64) {
	channel, count, fen := f.Column("channel"), f.Column("raw_lines"), f.Column("raw_fen")
	for i := range f.N {
		if channel[i] == column.Null && count[i] > 0 { // the row over all channels and scenes
			return float64(fen[i]) / float64(count[i]), count[i]
		}
	}
	return 0, 0
}

// gateColumns looks for columns that were there the day before.
func (n *night) gateColumns(ctx context.Context, g Gates) error {
	if !g.Columns {
		return nil
	}
	for _, t := range rollup.Sources() {
		own, err := n.recordOn(ctx, t.Name, n.asOf)
		if err != nil {
			return err
		}
		before, err := n.recordOn(ctx, t.Name, n.asOf-1)
		if err != nil {
			return err
		}
		if own == nil || before == nil || own.InputRows == 0 || before.InputRows == 0 {
			continue // an empty file need not have columns
		}
		var gone []string
		for _, name := range own.Absent {
			if !slices.Contains(before.Absent, name) {
				gone = append(gone, name)
			}
		}
		n.gate("columns", len(gone) == 0, "%s has the columns of the day before, but for: %s", t.Name, orNone(gone))
	}
	return nil
}

// recordOn is the record of a day's reduction, nil if there is none (any more: making it again needs the dump).
func (n *night) recordOn(ctx context.Context, table string, day calendar.Day) (*Reduced, error) {
	p, ok := n.nearest(table, day)
	if !ok || p.Day != day {
		return nil, nil
	}
	return n.runner.state.find(ctx, table, p)
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// gateScores looks at how scores are spread, and how far they moved since the run before.
func (n *night) gateScores(_ context.Context, g Gates) error {
	for role, s := range n.scored {
		if s == nil {
			continue
		}
		grades, scored := map[int8]int{}, 0
		var moved, both float64
		var before []int16 // hundredths; 0: not scored then
		if s.history != nil && len(s.history.Score) > 1 {
			before = s.history.Score[1]
		}
		for i, total := range s.Scores.Total {
			if total == 0 {
				continue
			}
			scored++
			grades[s.Scores.Grade[i]]++
			if before != nil && before[i] != 0 {
				moved += float64(total-before[i]) / 100
				both++
			}
		}
		if scored < g.MinScored {
			continue
		}
		most := 0
		for _, k := range grades {
			most = max(most, k)
		}
		name, share := contract.ScoreRoles[role], float64(most)/float64(scored)
		if g.MaxGrade > 0 {
			n.gate("grades", share <= g.MaxGrade, "%.1f %% of %d scored subjects of role %s have one grade", 100*share, scored, name)
		}
		if g.MaxShift > 0 && both >= float64(g.MinScored) {
			shift := moved / both
			n.gate("score_shift", shift <= g.MaxShift && -shift <= g.MaxShift, "scores of role %s moved by %+.3f on average since the run before", name, shift)
		}
	}
	return nil
}

// median of values, the mean of the two in the middle; false if they are of fewer than half of the days.
func median(values []float64, days int) (float64, bool) {
	n := len(values)
	if n == 0 || 2*n < days {
		return 0, false
	}
	slices.Sort(values)
	return (values[(n-1)/2] + values[n/2]) / 2, true
}
