package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// DiffOptions say what Diff compares.
type DiffOptions struct {
	Tables []string // none: all
	Role   string   // only rows of this role; empty: all
	Window int64    // only rows of windows of so many days; 0: all
	Limit  int      // movers told per table
}

// Validate refuses unknown tables and roles.
func (o DiffOptions) Validate() error {
	err := CheckTables(o.Tables, contract.Publications())
	if o.Role != "" && !slices.Contains(contract.Roles, o.Role) {
		err = errors.Join(err, fmt.Errorf("--role: %q is none of %v", o.Role, contract.Roles))
	}
	if o.Limit < 0 {
		err = errors.Join(err, fmt.Errorf("--limit: %d is below 0", o.Limit))
	}
	return err
}

// Difference is what changed from one night to another.
type Difference struct {
	From   calendar.Day `json:"from"`
	To     calendar.Day `json:"to"`
	Tables []TableDiff  `json:"tables"`
}

// TableDiff is what changed in one table. Rows are matched by the table's key; as_of_date is no difference.
type TableDiff struct {
	Table   string       `json:"table"`
	Key     []string     `json:"key"`
	Before  int64        `json:"rows_before"`
	After   int64        `json:"rows_after"`
	Added   int64        `json:"rows_added"`
	Removed int64        `json:"rows_removed"`
	Changed int64        `json:"rows_changed"`
	Columns []ColumnDiff `json:"columns"`          // those in which a row differs
	MovedBy string       `json:"moved_by"`         // the column that movers are ordered by; empty: none is a figure
	Movers  []Mover      `json:"movers,omitempty"` // largest changes first
}

// ColumnDiff is what changed in one column. Sums are over all rows compared; of ratios there are none.
type ColumnDiff struct {
	Column  string `json:"column"`
	Changed int64  `json:"rows_changed"` // rows of both nights with another value
	Before  *int64 `json:"sum_before,omitempty"`
	After   *int64 `json:"sum_after,omitempty"`
	Change  *int64 `json:"change,omitempty"`
}

// Mover is one row that moved.
type Mover struct {
	Key    map[string]any `json:"key"`
	Name   string         `json:"-"` // the key, for people
	Status string         `json:"status"`
	Before int64          `json:"before"` // 0 if the row was added
	After  int64          `json:"after"`  // 0 if it was removed
	Change int64          `json:"change"`
}

// Statuses of a Mover.
const (
	RowAdded   = "added"
	RowRemoved = "removed"
	RowChanged = "changed"
)

// Diff compares the newest commits of two dates, table by table, as a merge of two sorted files: one row group of
// each is in memory at a time. It fails with ErrNotPublished if a date has no commit.
func (a Archive) Diff(ctx context.Context, from, to calendar.Day, o DiffOptions) (Difference, error) {
	d := Difference{From: from, To: to}
	before, err := a.night(ctx, from)
	if err != nil {
		return d, err
	}
	after, err := a.night(ctx, to)
	if err != nil {
		return d, err
	}
	outputs, err := after.chosen(o.Tables)
	if err != nil {
		return d, err
	}
	for _, out := range outputs {
		t, ok := contract.Lookup(out.Table, contract.Publications())
		if !ok || o.Role != "" && t.Index("role") < 0 || o.Window != 0 && t.Index("window_days") < 0 {
			continue
		}
		earlier, err := before.chosen([]string{t.Name})
		if err != nil {
			return d, err
		}
		td, err := a.diffTable(ctx, t, earlier[0], out, o)
		if err != nil {
			return d, fmt.Errorf("diff %s: %w", t.Name, err)
		}
		d.Tables = append(d.Tables, td)
	}
	return d, nil
}

func (a Archive) diffTable(ctx context.Context, t *contract.Table, before, after Output, o DiffOptions) (TableDiff, error) {
	left, err := a.openOutput(ctx, t, before)
	if err != nil {
		return TableDiff{}, err
	}
	defer left.Close()
	right, err := a.openOutput(ctx, t, after)
	if err != nil {
		return TableDiff{}, err
	}
	defer right.Close()
	m := newMerge(t, o)
	if err := m.run(ctx, newCursor(left, t), newCursor(right, t)); err != nil {
		return TableDiff{}, err
	}
	return m.result(), nil
}

// openOutput opens a published table and makes sure that it has the contract's columns.
func (a Archive) openOutput(ctx context.Context, t *contract.Table, out Output) (*lake.File, error) {
	obj, err := a.Out.Stat(ctx, out.Key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	f, err := a.open(ctx, obj)
	if err != nil {
		return nil, err
	}
	if problems := schemaProblems(t, f); len(problems) > 0 {
		f.Close()
		return nil, fmt.Errorf("%s was written by a version with other columns: %s", out.Key, problems[0])
	}
	return f, nil
}

// merge walks two sorted tables side by side.
type merge struct {
	table   *contract.Table
	options DiffOptions
	key     []int
	role    int
	window  int
	compare []int // columns whose change counts
	mover   int   // column by which movers are ordered; -1: none
	diff    TableDiff
	columns []ColumnDiff // by position in the contract
	sums    [][2]int64
}

func newMerge(t *contract.Table, o DiffOptions) *merge {
	m := &merge{table: t, options: o, key: positions(t, t.Key), role: t.Index("role"), window: t.Index("window_days"), mover: moverColumn(t),
		diff: TableDiff{Table: t.Name, Key: t.Key, Columns: []ColumnDiff{}}, columns: make([]ColumnDiff, len(t.Columns)), sums: make([][2]int64, len(t.Columns))}
	for i, c := range t.Columns {
		if c.Name != "as_of_date" && !slices.Contains(m.key, i) {
			m.compare = append(m.compare, i)
		}
	}
	return m
}

// moverColumn is gmv_paid_fen, or else the first money, or else the first count that is no key.
func moverColumn(t *contract.Table) int {
	if at := t.Index("gmv_paid_fen"); at >= 0 {
		return at
	}
	for _, kind := range []contract.Kind{contract.Fen, contract.Count} {
		for i, c := range t.Columns {
			if c.Kind == kind && !slices.Contains(t.Key, c.Name) {
				return i
			}
		}
	}
	return -1
}

// side is one of the two tables, standing on a row or at its end.
type side struct {
	cursor *cursor
	key    []cell
	ok     bool
}

func (m *merge) step(ctx context.Context, s *side) (err error) {
	for {
		s.ok, err = s.cursor.next(ctx)
		if !s.ok || err != nil {
			return err
		}
		if m.wanted(s.cursor) {
			s.key = s.cursor.key(m.key)
			return nil
		}
	}
}

func (m *merge) wanted(c *cursor) bool {
	return (m.options.Role == "" || c.cell(m.role).text == m.options.Role) && (m.options.Window == 0 || c.cell(m.window).bits == m.options.Window)
}

func (m *merge) run(ctx context.Context, left, right *cursor) error {
	defer left.close()
	defer right.close()
	b, a := &side{cursor: left}, &side{cursor: right}
	if err := cmp.Or(m.step(ctx, b), m.step(ctx, a)); err != nil {
		return err
	}
	for b.ok || a.ok {
		order := 0
		switch {
		case !a.ok:
			order = -1
		case !b.ok:
			order = 1
		default:
			order = compareKeys(m.table, m.key, b.key, a.key)
		}
		m.row(b, a, order)
		if order <= 0 {
			if err := m.step(ctx, b); err != nil {
				return err
			}
		}
		if order >= 0 {
			if err := m.step(ctx, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// row counts one row: only before (order < 0), only after, or in both.
func (m *merge) row(b, a *side, order int) {
	status := RowChanged
	switch {
	case order < 0:
		m.diff.Before++
		m.diff.Removed++
		status = RowRemoved
	case order > 0:
		m.diff.After++
		m.diff.Added++
		status = RowAdded
	default:
		m.diff.Before++
		m.diff.After++
	}
	differs := order != 0
	for _, i := range m.compare {
		var before, after cell
		if order <= 0 {
			before = b.cursor.cell(i)
			m.sums[i][0] += before.bits
		}
		if order >= 0 {
			after = a.cursor.cell(i)
			m.sums[i][1] += after.bits
		}
		if order == 0 && before != after {
			m.columns[i].Changed++
			differs = true
		}
	}
	if order == 0 && differs {
		m.diff.Changed++
	}
	if differs {
		m.move(b, a, order, status)
	}
}

// move keeps the row if it is among the largest movers so far.
func (m *merge) move(b, a *side, order int, status string) {
	if m.mover < 0 || m.options.Limit == 0 {
		return
	}
	mv, key := Mover{Status: status}, a.key
	if order <= 0 {
		mv.Before, key = b.cursor.cell(m.mover).bits, b.key
	}
	if order >= 0 {
		mv.After = a.cursor.cell(m.mover).bits
	}
	if mv.Change = mv.After - mv.Before; mv.Change == 0 {
		return
	}
	at, _ := slices.BinarySearchFunc(m.diff.Movers, mv, func(x, y Mover) int {
		return cmp.Or(cmp.Compare(magnitude(y.Change), magnitude(x.Change)), -1) // of equal ones the first in key order stays first
	})
	if at >= m.options.Limit {
		return
	}
	mv.Key = map[string]any{}
	for i, c := range m.key {
		mv.Key[m.table.Columns[c].Name] = key[i].json(&m.table.Columns[c])
	}
	mv.Name = showKey(m.table, m.key, key)
	m.diff.Movers = slices.Insert(m.diff.Movers, at, mv)
	m.diff.Movers = m.diff.Movers[:min(len(m.diff.Movers), m.options.Limit)]
}

func magnitude(v int64) uint64 {
	if v == math.MinInt64 {
		return 1 << 63
	}
	return uint64(max(v, -v))
}

func (m *merge) result() TableDiff {
	if m.mover >= 0 {
		m.diff.MovedBy = m.table.Columns[m.mover].Name
	}
	for _, i := range m.compare {
		c := m.columns[i]
		c.Column = m.table.Columns[i].Name
		if k := m.table.Columns[i].Kind; k == contract.Fen || k == contract.Count {
			before, after := m.sums[i][0], m.sums[i][1]
			change := after - before
			c.Before, c.After, c.Change = &before, &after, &change
		}
		if c.Changed > 0 || c.Change != nil && *c.Change != 0 {
			m.diff.Columns = append(m.diff.Columns, c)
		}
	}
	return m.diff
}
