package lift

import (
	"math"

	"github.com/windvane/windvane/transforms/stats/panel"
)

func runGroupTime(r *analysis) error {
	controls, err := choice("controls", r.controls, map[string]panel.Controls{"never": panel.NeverTreated, "not-yet": panel.NotYetTreated})
	if err != nil {
		return err
	}
	p, err := r.readPanel()
	if err != nil {
		return err
	}
	g, err := panel.GroupTime(p.Panel, panel.GroupTimeOptions{Controls: controls, Confidence: r.confidence, Cluster: p.cluster})
	if err != nil {
		return r.panelErr(err)
	}
	res := &r.result
	simple, groups, events, calendar := g.Simple(), g.ByGroup(), g.ByEvent(), g.ByCalendar()
	for _, w := range g.Warnings {
		simple = simple.Warn(true, w)
	}
	res.estimate("group", "mean effect on a treated unit", groups.Overall)
	res.estimate("simple", "mean of all cells from the start on", simple)
	res.estimate("event", "mean over time since the start", events.Overall)
	res.estimate("calendar", "mean over periods", calendar.Overall)
	res.fact("units", "units", g.Units)
	res.fact("units_dropped", "units treated from the first period on, left out", g.Dropped)
	r.tellTrends(g)
	same := func(t int) string { return p.periods[t] }
	res.table(aggregateTable("by_event", "by periods since the start (below 0: before it)", "event", events.By, func(e int) any { return e }))
	res.table(aggregateTable("by_group", "by start", "start", groups.By, func(t int) any { return same(t) }))
	byPeriod := aggregateTable("by_calendar", "", "period", calendar.By, func(t int) any { return same(t) })
	byPeriod.hidden = true
	res.table(byPeriod)
	cells := longTable{ID: "cells", Columns: []string{"start", "period", "treated", "controls", "effect", "se", "lo", "hi", "p"}, hidden: true}
	for _, c := range g.Cells {
		e := c.Estimate
		cells.Rows = append(cells.Rows, []any{same(c.Group), same(c.Period), c.Treated, c.Controls, e.Value, e.SE, e.Interval.Lo, e.Interval.Hi, e.P})
	}
	res.table(cells)
	res.Meaning = r.verdict(groups.Overall, "The mean effect on a treated unit")
	return nil
}

// tellTrends says how far parallel trends may be believed.
func (r *analysis) tellTrends(g *panel.GroupTimes) {
	res := &r.result
	if pre, err := g.PreTrend(); err == nil {
		res.fact("pre_trend_wald", "test of the trends before the starts (Wald)", pre.Wald)
		res.fact("pre_trend_df", "its degrees of freedom", pre.DF)
		res.fact("pre_trend_p", "its p", pre.P)
		res.fact("pre_trend_slope", "difference in trends it would have found, a period", pre.Slope)
		for _, w := range pre.Warnings {
			res.Notes = append(res.Notes, warningText(w))
		}
	} else {
		res.Notes = append(res.Notes, "trends before the starts are not tested: "+err.Error())
	}
	if b, err := g.Breakdown(); err == nil {
		res.fact("breakdown_m", "trends may part so many times as fast as before (Rambachan, Roth)", b.M)
		res.fact("breakdown_m_confidence", "the same for the end of the interval", b.MConfidence)
		if b.MConfidence > 0 && !math.IsInf(b.MConfidence, 0) && b.MConfidence < 1 {
			res.Notes = append(res.Notes, "trends that part as fast as they did before the starts would explain the effect")
		}
	}
}

func aggregateTable(id, name, label string, by []panel.Aggregate, at func(int) any) longTable {
	t := longTable{ID: id, Name: name, Columns: []string{label, "effect", "se", "lo", "hi", "p"}}
	for _, a := range by {
		e := a.Estimate
		t.Rows = append(t.Rows, []any{at(a.At), e.Value, e.SE, e.Interval.Lo, e.Interval.Hi, e.P})
	}
	return t
}
