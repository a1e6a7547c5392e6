package lift

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/windvane/windvane/transforms/stats"
	"github.com/windvane/windvane/transforms/stats/panel"
)

var panelMethod = map[string]panel.Method{
	"sdid": panel.MethodSDID, "sc": panel.MethodSC, "sc_reg": panel.MethodSCReg, "difp": panel.MethodDIFP, "difp_reg": panel.MethodDIFPReg,
	"did": panel.MethodDID, "geo": panel.MethodGeo,
}

// block is the panel where all treated units start in one period, with the controls first; not ok if they do not.
func (p *panelFrame) block() (b panel.Block, controls []string, ok bool) {
	var treated [][]float64
	start := panel.Never
	for i, s := range p.Start {
		switch {
		case s < 0:
			b.Y, controls = append(b.Y, p.Y[i]), append(controls, p.units[i])
		case start < 0 || s == start:
			start, treated = s, append(treated, p.Y[i])
		default:
			return b, nil, false
		}
	}
	b.Controls, b.Pre = len(b.Y), start
	b.Y = append(b.Y, treated...)
	return b, controls, true
}

// panelErr puts file and remedy to an error of the estimators.
func (r *analysis) panelErr(err error) error { return fmt.Errorf("%s: %w", r.result.File, err) }

func runBlock(r *analysis) error {
	how, err := choice("error", r.error, map[string]panel.ErrorMethod{"auto": panel.ErrorAuto, "placebo": panel.ErrorPlacebo, "jackknife": panel.ErrorJackknife})
	if err != nil {
		return err
	}
	p, err := r.readPanel()
	if err != nil {
		return err
	}
	o := panel.Options{Confidence: r.confidence, Error: how}
	m := panelMethod[r.method.name]
	b, controls, ok := p.block()
	switch {
	case !ok:
		return r.runStaggered(p, m, o)
	case m == panel.MethodDID && how == panel.ErrorAuto && b.Treated() > 1 && b.Controls > 1:
		return r.runDID(p, b, controls)
	}
	res, err := panel.Estimate(b, m, o)
	if err != nil {
		return r.panelErr(err)
	}
	r.result.estimate("effect", "effect by treated unit and period", res.Estimate)
	r.result.estimate("lift", "lift over what there would have been", panel.Lift(res.Estimate, res.Observed))
	r.result.estimate("total", "total over treated units and periods", res.Estimate.Times(float64(b.Treated()*b.Post())))
	r.tellBlock(p, b, controls, &res.Synthetic)
	r.tellError(res.Error, res.Placebos, res.RankP)
	r.result.Meaning = r.verdict(res.Estimate, "The effect by treated unit and period")
	return nil
}

// runDID takes one change a unit, where there are units enough on both sides.
func (r *analysis) runDID(p *panelFrame, b panel.Block, controls []string) error {
	e, err := panel.DID(b, r.confidence)
	if err != nil {
		return r.panelErr(err)
	}
	s, err := panel.Fit(b, panel.MethodDID)
	if err != nil {
		return r.panelErr(err)
	}
	r.tellEffect(e, p, b, controls, &s)
	r.result.fact("error", "standard error", "of the units' changes")
	r.result.fact("df", "degrees of freedom", e.DF)
	r.result.Meaning = r.verdict(e, "The effect by treated unit and period")
	return nil
}

func runGeo(r *analysis) error {
	p, err := r.readPanel()
	if err != nil {
		return err
	}
	b, controls, ok := p.block()
	if !ok {
		return fmt.Errorf("%s: units start in different periods; geo is for one start: run it a cohort at a time, or take cs", r.result.File)
	}
	e, err := panel.ConformalInterval(b, r.confidence)
	if err != nil {
		return r.panelErr(err)
	}
	s, err := panel.Fit(b, panel.MethodGeo)
	if err != nil {
		return r.panelErr(err)
	}
	r.tellEffect(e, p, b, controls, &s)
	r.result.fact("error", "interval", "conformal, cyclic shifts of time")
	r.result.Meaning = r.verdict(e, "The effect by treated unit and period")
	return nil
}

// tellBlock puts sizes, fit and weights beside the result.
func (r *analysis) tellBlock(p *panelFrame, b panel.Block, controls []string, s *panel.Synthetic) {
	res := &r.result
	res.fact("treated", "treated units", b.Treated())
	res.fact("controls", "control units", b.Controls)
	res.fact("start", "start", p.periods[b.Pre])
	res.fact("pre", "periods before the start", b.Pre)
	res.fact("post", "periods from the start on", b.Post())
	res.fact("observed", "mean of the treated from the start on", s.Observed)
	res.fact("counterfactual", "what it would have been", s.Observed-s.Effect)
	if s.Method != panel.MethodDID {
		res.fact("noise", "noise (sd of the controls' first differences)", s.Noise)
		res.fact("zeta_omega", "ridge of the unit weights (zeta)", s.Zeta)
		res.fact("scaled_l2", "misfit before the start (1: as plain means)", s.ScaledL2)
		res.table(weightTable("unit_weights", "weights of control units, the largest first", "unit", controls, s.Unit))
	}
	if s.Method == panel.MethodSDID {
		res.table(weightTable("time_weights", "weights of periods before the start, the largest first", "period", p.periods[:b.Pre], s.Time))
	}
	gap := longTable{ID: "gap", Columns: []string{"period", "gap"}, hidden: true}
	for t, g := range s.Gap {
		gap.Rows = append(gap.Rows, []any{p.periods[t], g})
	}
	res.table(gap)
}

// weightTable are the weights above zero, falling.
func weightTable(id, name, what string, names []string, weights []float64) longTable {
	t := longTable{ID: id, Name: name, Columns: []string{what, "weight"}}
	for i, w := range weights {
		if w > 0 {
			t.Rows = append(t.Rows, []any{names[i], w})
		}
	}
	slices.SortStableFunc(t.Rows, func(a, b []any) int { return cmp.Compare(b[1].(float64), a[1].(float64)) })
	return t
}

func (r *analysis) tellError(how panel.ErrorMethod, placebos []float64, rank float64) {
	if how == panel.ErrorJackknife {
		r.result.fact("error", "standard error", "jackknife, weights kept")
		return
	}
	r.result.fact("error", "standard error", fmt.Sprintf("%d placebos", len(placebos)))
	r.result.fact("rank_p", "p by the rank among placebos", rank)
	t := longTable{ID: "placebos", Columns: []string{"effect"}, hidden: true}
	for _, e := range placebos {
		t.Rows = append(t.Rows, []any{e})
	}
	r.result.table(t)
}

// runStaggered fits every cohort of starts against the units never treated.
func (r *analysis) runStaggered(p *panelFrame, m panel.Method, o panel.Options) error {
	s, err := panel.Staggered(p.Panel, m, o)
	if err != nil {
		return r.panelErr(err)
	}
	res := &r.result
	res.estimate("effect", "effect by treated unit and period", s.Estimate)
	res.estimate("lift", "lift over what there would have been", panel.Lift(s.Estimate, s.Observed))
	res.fact("controls", "units never treated", s.Controls)
	res.fact("units_dropped", "units without two periods before their start, left out", s.Dropped)
	res.fact("observed", "mean of the treated from their starts on", s.Observed)
	var controls []string
	for i, start := range p.Start {
		if start < 0 {
			controls = append(controls, p.units[i])
		}
	}
	cohorts := longTable{ID: "cohorts", Name: "cohorts", Columns: []string{"start", "treated", "periods", "effect", "misfit", "largest weights"}}
	weights := longTable{ID: "unit_weights", Columns: []string{"start", "unit", "weight"}, hidden: true}
	for _, c := range s.Cohorts {
		w := weightTable("", "", "", controls, c.Unit)
		var largest []string
		for i, row := range w.Rows {
			if i < 3 && m != panel.MethodDID {
				largest = append(largest, fmt.Sprintf("%v %.3f", row[0], row[1]))
			}
			weights.Rows = append(weights.Rows, []any{p.periods[c.Start], row[0], row[1]})
		}
		cohorts.Rows = append(cohorts.Rows, []any{p.periods[c.Start], c.Treated, c.Post, c.Effect, c.ScaledL2, strings.Join(largest, ", ")})
	}
	r.tellError(s.Error, s.Placebos, s.RankP)
	res.table(cohorts)
	res.table(weights)
	res.Meaning = r.verdict(s.Estimate, "The effect by treated unit and period, over all cohorts")
	return nil
}

// tellEffect tells the effect of a block, the lift and the total that follow from it, and what it was compared with.
func (r *analysis) tellEffect(e stats.Estimate, p *panelFrame, b panel.Block, controls []string, s *panel.Synthetic) {
	r.result.estimate("effect", "effect by treated unit and period", e)
	r.result.estimate("lift", "lift over what there would have been", panel.Lift(e, s.Observed))
	r.result.estimate("total", "total over treated units and periods", e.Times(float64(b.Treated()*b.Post())))
	r.tellBlock(p, b, controls, s)
}
