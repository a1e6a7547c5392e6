package jobs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
	"github.com/windvane/windvane/transforms/rollup"
	"github.com/windvane/windvane/transforms/rules"
)

// ValidateOptions say what Validate looks at.
type ValidateOptions struct {
	Tables []string // none: all input tables
	Limit  int      // examples told of each reason
}

// Validate refuses unknown tables.
func (o ValidateOptions) Validate() error {
	err := CheckTables(o.Tables, contract.Inputs())
	if o.Limit < 0 {
		err = errors.Join(err, fmt.Errorf("--limit: %d is below 0", o.Limit))
	}
	return err
}

// States of a TableReport.
const (
	ReportOK      = "ok"
	ReportWarning = "warning" // usable; some rows are not, or something is worth a look
	ReportMissing = "missing" // no dump, and none is needed
	ReportFailed  = "failed"  // a night would fail, or wait
)

// TableReport is what was found in one partition of one input table.
type TableReport struct {
	Table      string           `json:"table"`
	Day        *calendar.Day    `json:"dt"` // null: a table without days
	Status     string           `json:"status"`
	Files      int              `json:"files"`
	Bytes      int64            `json:"bytes"`
	Rows       int64            `json:"rows"` // in the readable files, before anything is left out
	Rejected   map[string]int64 `json:"rejected,omitempty"`
	Examples   []RejectExample  `json:"examples,omitempty"`
	Duplicates int64            `json:"duplicates_dropped"`
	Conflicts  int64            `json:"duplicates_in_conflict"`
	Absent     []string         `json:"absent_columns,omitempty"`
	Extra      []string         `json:"extra_columns,omitempty"`
	Problems   []string         `json:"problems,omitempty"`       // why it failed
	Notes      []string         `json:"notes,omitempty"`          // what is worth a look
	Missing    []string         `json:"not_computable,omitempty"` // what cannot be computed from it
}

// RejectExample is one rejected row. It never shows buyer ids.
type RejectExample struct {
	Reason string `json:"reason"`
	File   string `json:"file"`
	Row    int64  `json:"row"`
	Column string `json:"column,omitempty"`
	Value  string `json:"value,omitempty"`
}

// Validate reads the dumps of a day as a night would, of all tables and columns, also of those no figure needs yet.
// Tables without days are read with the first day only. It fails with the trouble of the store alone.
func (r *Runner) Validate(ctx context.Context, first, last calendar.Day, o ValidateOptions, report func(TableReport) error) error {
	if err := r.list(ctx); err != nil {
		return err
	}
	for day := first; day <= last; day++ {
		ids, err := detectIDs(ctx, r.In, r.Inputs, r.Settings, day)
		if err != nil {
			return err
		}
		r.prepare(ids)
		for _, t := range contract.Inputs() {
			if len(o.Tables) > 0 && !slices.Contains(o.Tables, t.Name) || t.Class == contract.Static && day > first {
				continue
			}
			found, err := r.validateTable(ctx, t, day, ids, o)
			if err != nil {
				return fmt.Errorf("validate %s of %s: %w", t.Name, day, err)
			}
			if err := report(found); err != nil {
				return err
			}
		}
	}
	return nil
}

// NewestInput is the newest day with a dump of any of the tables, of all input tables if none are named.
func (r *Runner) NewestInput(ctx context.Context, tables []string) (day calendar.Day, found bool, err error) {
	if err := r.list(ctx); err != nil {
		return 0, false, err
	}
	var newest []calendar.Day
	for _, t := range contract.Inputs() {
		if t.Class == contract.Static || len(tables) > 0 && !slices.Contains(tables, t.Name) {
			continue
		}
		if days := r.Inputs.Days(t.Name); len(days) > 0 {
			newest = append(newest, days[len(days)-1])
		}
	}
	if len(newest) == 0 {
		return 0, false, nil
	}
	return slices.Max(newest), true, nil
}

func (r *Runner) validateTable(ctx context.Context, t *contract.Table, day calendar.Day, ids contract.IDTypes, o ValidateOptions) (TableReport, error) {
	report := TableReport{Table: t.Name, Day: &day, Status: ReportOK}
	d := r.Inputs.on(t.Name, day)
	if t.Class == contract.Static {
		d, report.Day = r.Inputs.on(t.Name, 0), nil
	}
	if d == nil {
		r.reportMissing(&report, t, day)
		return report, nil
	}
	v := &tableValidator{runner: r, report: &report, dump: d, ids: ids, spec: r.Settings.Tables[t.Name]}
	if err := v.run(ctx); err != nil {
		return report, err
	}
	v.settle(o.Limit)
	return report, nil
}

// reportMissing says what a dump that is not there keeps from being computed.
func (r *Runner) reportMissing(report *TableReport, t *contract.Table, day calendar.Day) {
	report.Status = ReportMissing
	report.Missing = consequence(t)
	path, _ := r.Settings.Tables[t.Name].ParsedPath(t) // checked when the dumps were listed
	place := r.Settings.withMarkers(path.On(day))
	switch first, begun := r.Inputs.first(t.Name); {
	case r.Settings.Tables[t.Name].Absent:
		report.Notes = append(report.Notes, "declared absent")
		return
	case slices.Contains(r.Settings.AbsentDays[t.Name], day) && (t != contract.Orders || begun && first <= day): // no night goes without any orders
		report.Notes = append(report.Notes, "declared under absent_days; looked for "+place)
		return
	case t == contract.Orders, slices.Contains(r.Settings.eventTables(), t.Name) && begun && first <= day:
		report.Status = ReportFailed
		report.Problems = append(report.Problems, fmt.Sprintf("no dump of %s; looked for %s; a night waits for it (exit code 3): deliver it, or declare the day under absent_days", day, place))
		return
	}
	report.Notes = append(report.Notes, "no dump; looked for "+place)
}

// consequence is what needs a table, in the words of the published tables: nil of a table that no night reads.
func consequence(t *contract.Table) (needs []string) {
	if text := neededFor(t); text != "" {
		needs = append(needs, text)
	}
	if ids := indicatorsOf(t); len(ids) > 0 {
		needs = append(needs, "indicators of scores: "+strings.Join(ids, ", "))
	}
	return needs
}

// neededFor is what beside indicators of scores needs a table.
func neededFor(t *contract.Table) string {
	switch t {
	case contract.Orders:
		return "all figures"
	case contract.Refunds:
		return "net GMV, refund rates, and full refunds in repeat purchase"
	case contract.Products:
		return "categories, full sets of one brand, products in carts, comparable prices"
	case contract.Merchants:
		return "names and main categories of shops"
	case contract.Talents:
		return "channels (self, distribution), followers, free talents, product_test"
	case contract.Contents:
		return "live days and contents of shops"
	case contract.ProductTraffic:
		return "traffic and conversion in product_test"
	case contract.Violations:
		return "caps, deductions and gates of violations: nobody counts as having one"
	case contract.Overrides:
		return "manual decisions on lists"
	case contract.ChuanliuEligibility:
		return "川流 lift, rewards of talents, the quota of the pool"
	case contract.ChuanliuExposures:
		return "who was served, attribution, the base of the quota"
	}
	return ""
}

// indicatorsOf are the indicators of scores that look at a table, each once.
func indicatorsOf(t *contract.Table) (ids []string) {
	for _, k := range slices.Concat(rules.ProductIndicators, rules.ShopIndicators, rules.TalentIndicators) {
		signed := t == contract.Shipments && k.Table == contract.Reviews.Name // bad reviews are divided by signed orders
		if (k.Table == t.Name || signed) && !slices.Contains(ids, k.ID) {
			ids = append(ids, k.ID)
		}
	}
	return ids
}

// tableValidator reads one dump.
type tableValidator struct {
	runner *Runner
	report *TableReport
	dump   *dump
	ids    contract.IDTypes
	spec   mapping.Table
	poison []Quarantined // files that cannot be read; Why is the error
}

func (v *tableValidator) fail(err error) { v.report.Problems = append(v.report.Problems, err.Error()) }

// run reads what can be read. Whatever is wrong with the dump is a problem in the report.
func (v *tableValidator) run(ctx context.Context) error {
	v.report.Files = len(v.dump.objects)
	v.report.Bytes = v.dump.bytes()
	if err := v.runner.promised(ctx, v.dump); err != nil {
		v.fail(err)
	}
	m, err := mapping.New(v.dump.table, v.spec, mapping.Env{Zone: v.runner.Settings.Zone, BuyerKey: v.runner.Settings.BuyerKey, IDs: v.ids})
	if err != nil {
		v.fail(fmt.Errorf("tables.%s: %w", v.dump.table.Name, err))
		return nil
	}
	sound, err := v.soundFiles(ctx, m)
	if err != nil {
		return err
	}
	for len(sound.objects) > 0 {
		err := v.read(ctx, sound, m)
		i := sound.poisoned(err)
		if i < 0 {
			if err != nil {
				v.fail(err)
			}
			break
		}
		v.blame(sound.objects[i], err)
		sound.objects = slices.Delete(sound.objects, i, i+1)
	}
	v.judgePoison()
	return ctx.Err()
}

// read reads the rows of the files that are sound so far.
func (v *tableValidator) read(ctx context.Context, sound *dump, m *mapping.Mapper) error {
	t, err := openIntake(ctx, v.runner.In, sound, m, allColumns(sound.table))
	if err != nil {
		return err
	}
	defer t.close()
	totals, err := v.readRows(ctx, t, m)
	if err != nil {
		return err
	}
	if err := totals.check(t.dump); err != nil && len(rollup.From(t.dump.table.Name)) > 0 {
		v.fail(err)
	}
	if len(v.report.Problems) == 0 {
		if err := checkRows(t, v.spec); err != nil {
			v.fail(err)
		}
	}
	v.describe(t)
	return nil
}

// blame keeps a file that nobody can read for judgePoison.
func (v *tableValidator) blame(o lake.Object, err error) {
	v.poison = append(v.poison, Quarantined{o.Key, o.Size, err.Error()})
}

// judgePoison tells what a night would do about the files that nobody can read.
func (v *tableValidator) judgePoison() {
	err := v.runner.Settings.admit(v.dump.table, Partition{Day: v.dump.day, Quarantined: v.poison}, v.dump.inputs())
	if err != nil && v.runner.Settings.maxQuarantine(v.dump.table) > 0 {
		v.fail(err)
	}
	for _, q := range v.poison {
		if err != nil {
			v.report.Problems = append(v.report.Problems, q.Why)
		} else {
			v.report.Notes = append(v.report.Notes, "set aside, a night goes on without it: "+q.Why)
		}
	}
}

// soundFiles is the dump without the files that cannot be opened or whose columns do not fit; each is a problem.
func (v *tableValidator) soundFiles(ctx context.Context, m *mapping.Mapper) (*dump, error) {
	sound := *v.dump
	sound.objects = nil
	for _, o := range v.dump.objects {
		single := *v.dump
		single.objects = []lake.Object{o}
		t, err := openIntake(ctx, v.runner.In, &single, m, allColumns(v.dump.table))
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if single.poisoned(err) == 0 {
			v.blame(o, err)
			continue
		}
		if err != nil {
			v.fail(err)
			continue
		}
		t.close()
		sound.objects = append(sound.objects, o)
	}
	return &sound, nil
}

// readRows finds duplicates, maps every row and adds up what a night does.
func (v *tableValidator) readRows(ctx context.Context, t *intake, m *mapping.Mapper) (dayTotals, error) {
	v.report.Rows = t.rows
	workers := v.runner.Settings.workers()
	dup, err := dropDuplicates(ctx, t, m, workers, v.runner.memory)
	if err != nil {
		return nil, err
	}
	v.report.Duplicates, v.report.Conflicts = dup.dropped, dup.conflicts
	totals := make([]dayTotals, workers)
	for i := range totals {
		totals[i] = dayTotals{}
	}
	err = t.each(ctx, workers, true, func(w int, b batch) error {
		totals[w].add(t.dump.table, b)
		return nil
	})
	for _, other := range totals[1:] {
		totals[0].merge(other)
	}
	read := usedColumns(t.dump.table, rollup.Env{Day: t.dump.day, Zone: v.runner.Settings.Zone, IDs: v.runner.ids, Workers: 1})
	maps.DeleteFunc(totals[0], func(column string, _ dayTotal) bool { return !slices.Contains(read, column) }) // a night does not read it
	return totals[0], err
}

// describe tells what was read.
func (v *tableValidator) describe(t *intake) {
	v.report.Rejected = map[string]int64{}
	for reason, n := range t.counts {
		if n > 0 {
			v.report.Rejected[reasonName(reason)] = n
		}
	}
	t.rejects = t.sortedRejects()
	for _, x := range t.rejects {
		v.report.Examples = append(v.report.Examples, RejectExample{reasonName(x.Reason), x.File, x.Row, x.Column, x.Value})
	}
	v.report.Absent = slices.Sorted(maps.Keys(t.absent()))
	v.report.Extra = slices.Sorted(maps.Keys(t.extra()))
	env := rollup.Env{Day: v.dump.day, Zone: v.runner.Settings.Zone, IDs: column.NewIDs(v.ids), Memory: v.runner.memory, Workers: 1}
	_, missing := t.computable(rollup.From(v.dump.table.Name), env)
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		v.report.Missing = append(v.report.Missing, "rollup "+name+": "+missing[name])
	}
	for _, name := range t.lacking() {
		v.report.Notes = append(v.report.Notes, fmt.Sprintf("no column %s, which is copied from the order line: if orders have it, what needs it is not computable; if there is none, say %[1]s: null", name))
	}
	if t.rows == 0 {
		v.report.Notes = append(v.report.Notes, "no rows, and that is said to be right (_SUCCESS or allow_empty)")
	}
}

// settle chooses the status and keeps limit examples of each reason.
func (v *tableValidator) settle(limit int) {
	r := v.report
	shown := map[string]int{}
	r.Examples = slices.DeleteFunc(r.Examples, func(e RejectExample) bool {
		shown[e.Reason]++
		return shown[e.Reason] > limit
	})
	switch {
	case len(r.Problems) > 0:
		r.Status = ReportFailed
	case len(v.poison) > 0, len(r.Rejected) > 0, r.Duplicates > 0, len(r.Missing) > 0:
		r.Status = ReportWarning
	}
}
