package panel_test

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/windvane/windvane/transforms/stats"
	"github.com/windvane/windvane/transforms/stats/panel"
)

// mpdta are 500 counties over 2003 to 2007, whose states raised the minimum wage in 2004, 2006, 2007 or not at all.
func mpdta(t testing.TB) (p panel.Panel, states []int) {
	t.Helper()
	for _, row := range table(t, "mpdta_wide.csv", ',') {
		var y []float64
		for _, cell := range row[2:] {
			y = append(y, number(t, cell))
		}
		start := panel.Never
		if row[1] != "0" {
			start = int(number(t, row[1])) - 2003
		}
		p.Y, p.Start = append(p.Y, y), append(p.Start, start)
		states = append(states, int(number(t, row[0]))/1000)
	}
	return p, states
}

// R's did 2.x, analytic standard errors; see testdata/README.md.
func TestGroupTimeAsR(t *testing.T) {
	p, _ := mpdta(t)
	for scenario, controls := range map[string]panel.Controls{"mpdta_nev_dr": panel.NeverTreated, "mpdta_nyt_dr": panel.NotYetTreated} {
		g, err := panel.GroupTime(p, panel.GroupTimeOptions{Controls: controls, Confidence: 0.95})
		if err != nil {
			t.Fatal(err)
		}
		compareCells(t, g, "did_ref_attgt.csv", scenario)
		compareAggregates(t, g, scenario)
		pre, err := g.PreTrend()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range table(t, "did_ref_pretest.csv", ',') {
			if row[0] == scenario {
				near(t, scenario+" Wald", pre.Wald, number(t, row[1]), 1e-9)
				near(t, scenario+" p of Wald", pre.P, number(t, row[2]), 1e-5)
			}
		}
		if pre.DF != 5 {
			t.Errorf("%s: %d degrees of freedom, want 5", scenario, pre.DF)
		}
	}
}

func TestGroupTimeClusteredAsR(t *testing.T) {
	p, states := mpdta(t)
	g, err := panel.GroupTime(p, panel.GroupTimeOptions{Confidence: 0.95, Cluster: states})
	if err != nil {
		t.Fatal(err)
	}
	compareCells(t, g, "did_ref_clustered.csv", "clustered")
}

// Influences add up to zero over all units, over a group and over its controls: clusters that hold whole ones say nothing.
func TestGroupTimeOfClustersThatSayNothing(t *testing.T) {
	p, _ := mpdta(t)
	one := make([]int, len(p.Y))
	if _, err := panel.GroupTime(p, panel.GroupTimeOptions{Confidence: 0.95, Cluster: one}); !errors.Is(err, panel.ErrTooFew) || !strings.Contains(err.Error(), "at least two clusters") {
		t.Errorf("a single cluster: %v", err)
	}
	g, err := panel.GroupTime(p, panel.GroupTimeOptions{Confidence: 0.95, Cluster: p.Start})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range g.Cells {
		if e := c.Estimate; !math.IsNaN(e.SE) || !math.IsNaN(e.Interval.Lo) || !math.IsNaN(e.P) {
			t.Errorf("group %d in %d: standard error %v, want none", c.Group, c.Period, e.SE)
		}
	}
	for name, e := range map[string]stats.Estimate{"simple": g.Simple(), "group": g.ByGroup().Overall, "event": g.ByEvent().Overall, "calendar": g.ByCalendar().Overall} {
		if !math.IsNaN(e.SE) || !math.IsNaN(e.P) {
			t.Errorf("%s: standard error %v, want none", name, e.SE)
		}
	}
	if _, err := g.PreTrend(); !errors.Is(err, panel.ErrSingular) {
		t.Errorf("trends before: %v", err)
	}
}

func compareCells(t *testing.T, g *panel.GroupTimes, file, scenario string) {
	t.Helper()
	cells := map[[2]int]stats.Estimate{}
	for _, c := range g.Cells {
		cells[[2]int{c.Group + 2003, c.Period + 2003}] = c.Estimate
	}
	n := 0
	for _, row := range table(t, file, ',') {
		if row[0] != scenario {
			continue
		}
		n++
		c, found := cells[[2]int{int(number(t, row[1])), int(number(t, row[2]))}]
		if !found {
			t.Errorf("%s: no cell %s, %s", scenario, row[1], row[2])
			continue
		}
		near(t, scenario+" "+row[1]+" "+row[2], c.Value, number(t, row[3]), 1e-12)
		near(t, scenario+" SE "+row[1]+" "+row[2], c.SE, number(t, row[4]), 1e-12)
	}
	if n != 12 || len(cells) != 12 {
		t.Errorf("%s: %d cells in the reference and %d here, want 12", scenario, n, len(cells))
	}
}

func compareAggregates(t *testing.T, g *panel.GroupTimes, scenario string) {
	t.Helper()
	by := map[string]panel.Aggregates{"group": g.ByGroup(), "dynamic": g.ByEvent(), "calendar": g.ByCalendar(), "simple": {Overall: g.Simple()}}
	n := 0
	for _, row := range table(t, "did_ref_aggte.csv", ',') {
		if row[0] != scenario {
			continue
		}
		n++
		what := scenario + " " + row[1] + " " + row[2]
		a := by[row[1]]
		near(t, what+" overall", a.Overall.Value, number(t, row[5]), 1e-12)
		near(t, what+" overall SE", a.Overall.SE, number(t, row[6]), 1e-12)
		if row[2] == "NA" {
			continue
		}
		at, err := strconv.Atoi(row[2])
		if err != nil {
			t.Fatal(err)
		}
		if row[1] != "dynamic" {
			at -= 2003
		}
		found := false
		for _, x := range a.By {
			if x.At == at {
				found = true
				near(t, what, x.Estimate.Value, number(t, row[3]), 1e-12)
				near(t, what+" SE", x.Estimate.SE, number(t, row[4]), 1e-12)
			}
		}
		if !found {
			t.Errorf("%s is missing", what)
		}
	}
	if n != 15 {
		t.Errorf("%s: %d aggregates in the reference, want 15", scenario, n)
	}
}
