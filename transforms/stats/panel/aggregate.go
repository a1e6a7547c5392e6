package panel

import (
	"slices"

	"github.com/windvane/windvane/transforms/stats"
)

// Aggregate is a mean of cells.
type Aggregate struct {
	At       int // the group's start, the event time or the period
	Estimate stats.Estimate
}

// Aggregates are the means of cells by one of their labels, ascending, and their own mean.
type Aggregates struct {
	By      []Aggregate
	Overall stats.Estimate
}

// Simple is the mean of all cells from the start on, weighted by the size of the group. Groups that start early count in
// more periods.
//
// As in all aggregates the influence function counts that group sizes are estimated.
func (g *GroupTimes) Simple() stats.Estimate {
	value, psi := g.weighted(g.where(func(c Cell) bool { return c.Event() >= 0 }))
	return g.estimate(value, psi)
}

// ByGroup is the mean over periods from the start on, by group; overall weighted by the size of the group: the mean effect
// on a treated unit.
func (g *GroupTimes) ByGroup() Aggregates {
	var a Aggregates
	var means []Cell
	for _, at := range g.labels(func(c Cell) int { return c.Group }) {
		cells := g.where(func(c Cell) bool { return c.Group == at && c.Event() >= 0 })
		if len(cells) == 0 {
			continue
		}
		m := cells[0]
		var value float64
		value, m.influence = g.plain(cells)
		m.Estimate = g.estimate(value, m.influence)
		means = append(means, m)
		a.By = append(a.By, Aggregate{at, m.Estimate})
	}
	value, psi := g.weighted(means)
	a.Overall = g.estimate(value, psi)
	return a
}

// ByEvent is the mean over groups by periods since the start, weighted by the size of the group; below zero: pre-trends.
// Overall is the plain mean from event time 0 on.
func (g *GroupTimes) ByEvent() Aggregates {
	return g.by(Cell.Event, func(Cell) bool { return true }, func(event int) bool { return event >= 0 })
}

// ByCalendar is the mean over the groups that have started, by period, weighted by the size of the group. Overall is the plain
// mean over periods.
func (g *GroupTimes) ByCalendar() Aggregates {
	return g.by(func(c Cell) int { return c.Period }, func(c Cell) bool { return c.Event() >= 0 }, func(int) bool { return true })
}

// by is the weighted mean of cells by label; overall the plain mean of the labels that count.
func (g *GroupTimes) by(label func(Cell) int, in func(Cell) bool, counts func(int) bool) Aggregates {
	var a Aggregates
	var overall []Cell
	for _, at := range g.labels(label) {
		cells := g.where(func(c Cell) bool { return label(c) == at && in(c) })
		if len(cells) == 0 {
			continue
		}
		value, psi := g.weighted(cells)
		e := g.estimate(value, psi)
		a.By = append(a.By, Aggregate{at, e})
		if counts(at) {
			overall = append(overall, Cell{Estimate: e, influence: psi})
		}
	}
	value, psi := g.plain(overall)
	a.Overall = g.estimate(value, psi)
	return a
}

func (g *GroupTimes) where(in func(Cell) bool) []Cell {
	var cells []Cell
	for _, c := range g.Cells {
		if in(c) {
			cells = append(cells, c)
		}
	}
	return cells
}

func (g *GroupTimes) labels(label func(Cell) int) []int {
	var l []int
	for _, c := range g.Cells {
		l = append(l, label(c))
	}
	slices.Sort(l)
	return slices.Compact(l)
}

// plain is the mean of cells and its influence function.
func (g *GroupTimes) plain(cells []Cell) (value float64, psi []float64) {
	psi = make([]float64, g.Units)
	w := 1 / float64(len(cells))
	for _, c := range cells {
		value += w * c.Estimate.Value
		for i, x := range c.influence {
			psi[i] += w * x
		}
	}
	return value, psi
}

// weighted is the mean of cells by the share p of their group in all units, and its influence function: of the cells, and of
// the shares (whose own means drop out: sum of p_k·(ATT_k − mean) is zero).
//
//	w_k = p_k/sum p;   psi = sum_k w_k psi_k + sum_k (ATT_k − mean)·1{start = g_k}/sum p
//
// Where no cell has a standard error the shares are not counted either: alone they would pass for all that is not known.
func (g *GroupTimes) weighted(cells []Cell) (value float64, psi []float64) {
	psi = make([]float64, g.Units)
	n := float64(g.Units)
	var sum float64
	for _, c := range cells {
		sum += float64(c.Treated) / n
	}
	for _, c := range cells {
		value += float64(c.Treated) / n / sum * c.Estimate.Value
	}
	known := slices.ContainsFunc(cells, func(c Cell) bool { return c.Estimate.SE > 0 })
	for _, c := range cells {
		p := float64(c.Treated) / n
		off := (c.Estimate.Value - value) / sum
		if !known {
			off = 0
		}
		for i, x := range c.influence {
			psi[i] += p / sum * x
			if g.group[i] == c.Group {
				psi[i] += off
			}
		}
	}
	return value, psi
}
