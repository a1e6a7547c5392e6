package panel

import (
	"fmt"
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/stats"
)

// Controls says which units a group is compared with.
type Controls int

// Comparison groups.
const (
	NeverTreated  Controls = iota // units not treated in the panel
	NotYetTreated                 // those, and units of other groups that are not treated in the cell's period or its base period
)

// GroupTimeOptions say how group-time effects are estimated.
type GroupTimeOptions struct {
	Controls   Controls
	Confidence float64 // 0.95 is 95 %
	Cluster    []int   // by unit: units with the same number are one cluster; nil: units are independent
}

// Cell is the effect on the units that start in one period (the group), in one period.
type Cell struct {
	Group    int            // first treated period of the group
	Period   int            // before Group: a test of pre-trends, change from the period before
	Treated  int            // units of the group
	Controls int            // units it is compared with
	Estimate stats.Estimate // in units of the outcome; normal interval

	influence []float64 // by unit
}

// Event is the number of periods since the start; below zero before it.
func (c Cell) Event() int { return c.Period - c.Group }

// GroupTimes are the effects of all groups in all periods, with what their aggregates need.
type GroupTimes struct {
	Cells    []Cell // by group, then period, ascending
	Units    int    // analysed
	Dropped  int    // units treated from the first period on: there is nothing to compare them with
	Warnings []stats.Warning

	options GroupTimeOptions
	group   []int // by analysed unit: its start; number of periods for never
	cluster []int // by analysed unit: its cluster, from 0; nil: units are independent
}

// GroupTime estimates ATT(g, t), the mean effect in period t on the units that start in g.
//
//	ATT(g, t) = mean(Y_t − Y_b | start = g) − mean(Y_t − Y_b | controls),   b = g − 1 for t ≥ g, t − 1 before
//	psi_i = 1{start = g}·(dY_i − mean)/P(g) − 1{control}·(dY_i − mean)/P(controls);   SE = sqrt(mean psi² / n)
//
// With clusters psi is summed within a cluster first. It assumes parallel trends between each group and its controls, no
// effect before the start, and that who has started stays treated. Cells without controls are left out with a warning.
// It holds one number a cell and unit: a panel of days is better taken by weeks.
//
// Clusters that hold whole groups and all their controls alone leave no standard error.
//
// Errors: ErrShape, ErrTooFew (no treated group, no control, one period or one cluster), ErrConfidence.
//
// Source: Callaway and Sant'Anna, Difference-in-differences with multiple time periods, J. Econometrics 225 (2021),
// unconditional parallel trends; R package did.
func GroupTime(p Panel, o GroupTimeOptions) (*GroupTimes, error) {
	if err := checkConfidence(o.Confidence); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if o.Cluster != nil && len(o.Cluster) != len(p.Y) {
		return nil, fmt.Errorf("%w: %d units and %d clusters", ErrShape, len(p.Y), len(o.Cluster))
	}
	g := &GroupTimes{options: o}
	y := g.analysed(p)
	if len(g.cluster) > 0 && slices.Max(g.cluster) == 0 { // influences add up to zero
		return nil, fmt.Errorf("%w: all units are in one cluster; a standard error needs at least two clusters", ErrTooFew)
	}
	for _, start := range g.starts(p.Periods()) {
		for t := 1; t < p.Periods(); t++ {
			if c, ok := g.cell(y, start, t, p.Periods()); ok {
				g.Cells = append(g.Cells, c)
			} else if !slices.Contains(g.Warnings, WarnNoControls) {
				g.Warnings = append(g.Warnings, WarnNoControls)
			}
		}
	}
	if len(g.Cells) == 0 {
		return nil, fmt.Errorf("%w: no group has controls and a period before its start", ErrTooFew)
	}
	return g, nil
}

// analysed are the outcomes of the units not treated from the first period on.
func (g *GroupTimes) analysed(p Panel) [][]float64 {
	var y [][]float64
	number := map[int]int{}
	for i, row := range p.Y {
		s := p.start(i)
		if s == 0 {
			g.Dropped++
			continue
		}
		y, g.group = append(y, row), append(g.group, s)
		if g.options.Cluster != nil {
			c, known := number[g.options.Cluster[i]]
			if !known {
				c = len(number)
				number[g.options.Cluster[i]] = c
			}
			g.cluster = append(g.cluster, c)
		}
	}
	g.Units = len(y)
	return y
}

// starts are the first treated periods of the groups, ascending.
func (g *GroupTimes) starts(never int) []int {
	s := slices.Clone(g.group)
	slices.Sort(s)
	s = slices.Compact(s)
	if n := len(s); n > 0 && s[n-1] == never {
		s = s[:n-1]
	}
	return s
}

// cell is the effect on a group in a period; not ok without controls.
func (g *GroupTimes) cell(y [][]float64, start, t, never int) (Cell, bool) {
	base := start - 1
	if t < start {
		base = t - 1
	}
	isControl := func(i int) bool {
		if g.options.Controls == NotYetTreated {
			return g.group[i] > t && g.group[i] != start
		}
		return g.group[i] == never
	}
	c := Cell{Group: start, Period: t, influence: make([]float64, len(y))}
	var treated, control float64
	for i, row := range y {
		switch d := row[t] - row[base]; {
		case g.group[i] == start:
			c.Treated++
			treated += d
		case isControl(i):
			c.Controls++
			control += d
		}
	}
	if c.Controls == 0 {
		return c, false
	}
	n, n1, n0 := float64(len(y)), float64(c.Treated), float64(c.Controls)
	treated, control = treated/n1, control/n0
	for i, row := range y {
		switch d := row[t] - row[base]; {
		case g.group[i] == start:
			c.influence[i] = n / n1 * (d - treated)
		case isControl(i):
			c.influence[i] = -n / n0 * (d - control)
		}
	}
	c.Estimate = g.estimate(treated-control, c.influence)
	if c.Treated < FewTreated {
		c.Estimate.Warnings = append(c.Estimate.Warnings, WarnFewTreated)
	}
	if c.Controls < FewDonors {
		c.Estimate.Warnings = append(c.Estimate.Warnings, WarnFewDonors)
	}
	return c, true
}

// estimate is a value with the standard error of its influence function.
func (g *GroupTimes) estimate(value float64, influence []float64) stats.Estimate {
	return estimate(value, math.Sqrt(g.covariance(influence, influence)), math.Inf(1), g.options.Confidence)
}

// covariance is that of two estimates, by their influence functions: sum psi1·psi2 / n², over clusters where there are some.
func (g *GroupTimes) covariance(a, b []float64) float64 {
	n := float64(g.Units)
	if g.cluster == nil {
		return dot(a, b) / (n * n)
	}
	return dot(g.byCluster(a), g.byCluster(b)) / (n * n)
}

// byCluster sums by cluster. Influences add up to zero over a whole group and over all its controls: what is left of them in a
// cluster that holds those is rounding, which would pass for a very small standard error.
func (g *GroupTimes) byCluster(psi []float64) []float64 {
	clusters := 1 + slices.Max(g.cluster)
	sums, sizes := make([]float64, clusters), make([]float64, clusters)
	for i, c := range g.cluster {
		sums[c] += psi[i]
		sizes[c] += math.Abs(psi[i])
	}
	for c, s := range sums {
		if math.Abs(s) <= rounding*sizes[c] {
			sums[c] = 0
		}
	}
	return sums
}

// rounding is the share of its summands' sizes below which a sum is taken for zero.
const rounding = 1e-10
