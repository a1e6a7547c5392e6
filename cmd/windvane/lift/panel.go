package lift

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/transforms/stats/panel"
)

// panelFrame is a balanced panel with the names of its units and periods.
type panelFrame struct {
	panel.Panel
	units, periods []string
	cluster        []int // by unit; nil: none
}

// readPanel reads a row a unit and period into a balanced panel, units and periods in their order.
func (r *analysis) readPanel() (*panelFrame, error) {
	wants := slices.Concat(r.wanted(false, "unit", "time", "start", "cluster"), r.wanted(true, "y", "treated"))
	for i := range wants {
		wants[i].optional = wants[i].flag == "start"
	}
	f, err := r.read(wants...)
	if err != nil {
		return nil, err
	}
	unit, period := f.column("unit"), f.column("time")
	unitOrder, units := ordered(unit.names)
	timeOrder, periods := ordered(period.names)
	if !sortable(period.names) {
		return nil, fmt.Errorf("%s: column %s: periods such as %s are neither numbers nor dates like 2026-01-31, all of one form: their order is not known",
			f.file, r.time, listed(periods[:min(3, len(periods))]))
	}
	p := &panelFrame{units: units, periods: periods}
	at, err := f.cells(unit, period, unitOrder, timeOrder, p)
	if err != nil {
		return nil, err
	}
	for i := range units {
		row := make([]float64, len(periods))
		for t := range row {
			row[t] = f.numbers("y")[at[i][t]]
		}
		p.Y = append(p.Y, row)
	}
	if err := r.starts(f, p, at); err != nil {
		return nil, err
	}
	return p, r.clustersOf(f, p, at)
}

// cells are the rows of each unit by period. Every pair has one.
func (f *frame) cells(unit, period *column, unitOrder, timeOrder []int, p *panelFrame) ([][]int, error) {
	perUnit := make([]int, len(p.units))
	for _, u := range unit.index {
		perUnit[unitOrder[u]]++
	}
	for i, n := range perUnit { // said before a table of all pairs is made, which may be far larger than the file
		if n < len(p.periods) {
			return nil, f.unbalanced(unit, period, unitOrder, p, i, perUnit)
		}
	}
	at := make([][]int, len(p.units))
	for i := range at {
		at[i] = slices.Repeat([]int{-1}, len(p.periods))
	}
	for row, u := range unit.index {
		i, t := unitOrder[u], timeOrder[period.index[row]]
		if before := at[i][t]; before >= 0 {
			return nil, fmt.Errorf("%s: %s and %s both are unit %s, period %s; add them up or remove one", f.file, f.where(before), f.where(row), p.units[i], p.periods[t])
		}
		at[i][t] = row
	}
	for i := range at { // a unit with enough rows, two of them the same, was found above
		if slices.Contains(at[i], -1) {
			return nil, f.unbalanced(unit, period, unitOrder, p, i, perUnit)
		}
	}
	return at, nil
}

// unbalanced names a period that a unit lacks.
func (f *frame) unbalanced(unit, period *column, unitOrder []int, p *panelFrame, i int, perUnit []int) error {
	has := map[string]bool{}
	seen := map[string]int{}
	for row, u := range unit.index {
		if unitOrder[u] != i {
			continue
		}
		name := period.names[period.index[row]]
		if before, twice := seen[name]; twice {
			return fmt.Errorf("%s: %s and %s both are unit %s, period %s; add them up or remove one", f.file, f.where(before), f.where(row), p.units[i], name)
		}
		seen[name], has[name] = row, true
	}
	short := 0
	for _, n := range perUnit {
		if n < len(p.periods) {
			short++
		}
	}
	for _, name := range p.periods {
		if !has[name] {
			return fmt.Errorf("%s: the panel is not balanced: unit %s has no row for period %s (%s lack some); add the rows (0 only if it is truly zero), or leave out the units or periods",
				f.file, p.units[i], name, cli.Plural(int64(short), "unit"))
		}
	}
	return fmt.Errorf("%s: the panel is not balanced at unit %s", f.file, p.units[i]) // not reached: it lacks one or has one twice
}

// starts finds the first treated period of every unit.
func (r *analysis) starts(f *frame, p *panelFrame, at [][]int) error {
	for i := range p.units {
		startOf := r.startOfColumn
		if r.treated != "" {
			startOf = r.startOfMarks
		}
		start, err := startOf(f, p, i, at[i])
		if err != nil {
			return err
		}
		p.Start = append(p.Start, start)
	}
	if !slices.ContainsFunc(p.Start, func(s int) bool { return s >= 0 }) {
		return fmt.Errorf("%s: no unit is ever treated by column %s", f.file, r.treated+r.start)
	}
	return nil
}

// startOfMarks goes by marks 0 and 1 in the rows.
func (r *analysis) startOfMarks(f *frame, p *panelFrame, i int, rows []int) (int, error) {
	start := panel.Never
	for t, row := range rows {
		switch v := f.numbers("treated")[row]; {
		case v != 0 && v != 1:
			return 0, f.errorf(f.lines[row], r.treated, "%v is neither 1 (treated in this period) nor 0", v)
		case v == 1 && start < 0:
			start = t
		case v == 0 && start >= 0:
			return 0, f.errorf(f.lines[row], r.treated, "unit %s is treated in period %s and no longer in %s; what leaving does is not estimated: end the panel there",
				p.units[i], p.periods[t-1], p.periods[t])
		}
	}
	return start, nil
}

// startOfColumn goes by the first treated period that every row of the unit repeats.
func (r *analysis) startOfColumn(f *frame, p *panelFrame, i int, rows []int) (int, error) {
	c := f.column("start")
	name := c.names[c.index[rows[0]]]
	for _, row := range rows {
		if other := c.names[c.index[row]]; other != name {
			return 0, f.errorf(f.lines[row], r.start, "unit %s starts in %q here and in %q elsewhere", p.units[i], other, name)
		}
	}
	if v, err := strconv.ParseFloat(name, 64); name == "" || err == nil && v == 0 {
		return panel.Never, nil
	}
	if t := p.period(name); t >= 0 {
		return t, nil
	}
	order := sortedNames(append(slices.Clone(p.periods), name))
	switch t := slices.Index(order, name); {
	case !sortable(order):
		return 0, f.errorf(f.lines[rows[0]], r.start, "%q is not written as the periods of column %s are, such as %s", name, r.time, p.periods[0])
	case t == len(p.periods): // after the panel: not treated in it
		return panel.Never, nil
	default: // between two periods, or before all: treated from the next one on
		return t, nil
	}
}

// period is the place of a period by its name, else by its number: whole numbers are often written 2004.0 where some are
// lacking; -1: there is none.
func (p *panelFrame) period(name string) int {
	if t := slices.Index(p.periods, name); t >= 0 {
		return t
	}
	v, missing, err := numberOf(name)
	if err != nil || missing {
		return -1
	}
	return slices.IndexFunc(p.periods, func(period string) bool {
		of, missing, err := numberOf(period)
		return err == nil && !missing && of == v
	})
}

func (r *analysis) clustersOf(f *frame, p *panelFrame, at [][]int) error {
	c := f.column("cluster")
	if c == nil {
		return nil
	}
	for i, rows := range at {
		for _, row := range rows {
			if c.index[row] != c.index[rows[0]] {
				return f.errorf(f.lines[row], r.cluster, "unit %s is in cluster %s here and in %s elsewhere", p.units[i], c.names[c.index[row]], c.names[c.index[rows[0]]])
			}
		}
		p.cluster = append(p.cluster, c.index[rows[0]])
	}
	return nil
}

// ordered gives for names in the order of their first coming the place in their own order, and that order.
func ordered(names []string) (place []int, order []string) {
	order = sortedNames(slices.Clone(names))
	at := map[string]int{}
	for i, n := range order {
		at[n] = i
	}
	for _, n := range names {
		place = append(place, at[n])
	}
	return place, order
}

// sortedNames are in the order of numbers if all are such, else of text.
func sortedNames(names []string) []string {
	values := map[string]float64{}
	for _, n := range names {
		v, missing, err := numberOf(n)
		if err != nil || missing {
			return sorted(names)
		}
		values[n] = v
	}
	slices.SortFunc(names, func(a, b string) int {
		if values[a] != values[b] && !math.IsNaN(values[a]-values[b]) {
			return int(math.Copysign(1, values[a]-values[b]))
		}
		return strings.Compare(a, b)
	})
	return names
}

// sortable tells whether names of periods are in time order when sorted: numbers, or texts of one form that begins
// with the year.
func sortable(names []string) bool {
	form := ""
	numbers := true
	for _, n := range names {
		_, missing, err := numberOf(n)
		numbers = numbers && err == nil && !missing
		shape := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return '0'
			}
			return r
		}, n)
		if form == "" {
			form = shape
		}
		if shape != form {
			form = "?"
		}
	}
	return numbers || strings.HasPrefix(form, "0000")
}
