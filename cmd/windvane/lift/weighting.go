package lift

import (
	"fmt"
	"slices"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/transforms/stats"
	"github.com/windvane/windvane/transforms/stats/panel"
	"github.com/windvane/windvane/transforms/stats/weighting"
)

func runWeighting(r *analysis) error {
	o := weighting.Options{Confidence: r.confidence}
	switch r.method.name {
	case "ate":
		o.Estimand = weighting.ATE
	case "overlap":
		o.Estimand = weighting.Overlap
	}
	if r.given("keep") {
		if len(r.keep) != 2 || !(r.keep[0] >= 0 && r.keep[0] < r.keep[1] && r.keep[1] <= 1) {
			return cli.Usagef("--keep: say the least and the largest score, such as 0.1,0.9")
		}
		o.Keep = stats.Interval{Lo: r.keep[0], Hi: r.keep[1]}
	}
	f, err := r.read(slices.Concat(r.wanted(false, "cluster"), r.wanted(true, "y", "treated", "negative", "covariates"))...)
	if err != nil {
		return err
	}
	s := weighting.Sample{X: f.covariateRows(), Y: f.numbers("y")}
	for i, v := range f.numbers("treated") {
		if v != 0 && v != 1 {
			return f.errorf(f.lines[i], r.treated, "%v is neither 1 (treated) nor 0", v)
		}
		s.Treated = append(s.Treated, v == 1)
	}
	for arm, name := range map[bool]string{true: "treated", false: "not treated"} {
		if !slices.Contains(s.Treated, arm) {
			return fmt.Errorf("%s: column %s: no unit is %s; both are needed", f.file, r.treated, name)
		}
	}
	if c := f.column("cluster"); c != nil {
		s.Cluster = c.index
	}
	o.Negative = f.numbers("negative")
	estimate := weighting.Hajek
	if r.method.name == "aipw" {
		estimate = weighting.AIPW
	}
	w, err := estimate(s, o)
	if err != nil {
		return r.panelErr(err)
	}
	r.tellWeighting(&w)
	return nil
}

func (r *analysis) tellWeighting(w *weighting.Result) {
	res := &r.result
	on := map[string]string{"ate": "all units", "overlap": "units of either kind"}[r.method.name]
	if on == "" {
		on = "the treated"
	}
	res.estimate("effect", "effect on "+on, w.Estimate)
	res.estimate("lift", "lift", panel.Lift(w.Estimate, w.Observed))
	if w.Negative != nil {
		res.estimate("negative", "effect on the negative control (must be 0)", *w.Negative)
	}
	res.fact("treated", "treated units kept", w.Treated)
	res.fact("controls", "controls kept", w.Controls)
	res.fact("trimmed", "share of units trimmed", w.Trimmed)
	res.fact("ess_treated", "treated are worth so many", w.TreatedESS)
	res.fact("ess_controls", "controls are worth so many", w.ControlsESS)
	res.fact("observed", "weighted mean of the treated", w.Observed)
	t := longTable{ID: "balance", Name: "differences of the covariates, in standard deviations", Columns: []string{"covariate", "before", "after"}}
	for j, d := range w.Balance {
		t.Rows = append(t.Rows, []any{r.covariates[j], d.Before, d.After})
	}
	res.table(t)
	if w.Negative == nil {
		res.Notes = append(res.Notes, "no negative control (--negative): nothing shows whether units were alike before")
	}
	res.Notes = append(res.Notes, "nobody was assigned by chance: evidence of grade C at best")
	res.Meaning = r.verdict(w.Estimate, "The effect on "+on)
}
