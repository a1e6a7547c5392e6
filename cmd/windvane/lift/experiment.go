package lift

import (
	"fmt"
	"math"
	"slices"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/transforms/stats"
)

// Names of the estimates that most experiments have.
const (
	nameDifference = "difference (treatment − control)"
	nameLift       = "lift (treatment/control − 1)"
)

// contrast is what several methods estimate: the difference, and the lift by some rule.
type contrast struct {
	difference, lift stats.Estimate
	liftName         string
}

type relativeRule func(t, c stats.Moments, how stats.Inference) stats.Estimate

func runDifference(r *analysis) error { return r.runContrast(stats.RelativeLog, "log", false) }
func runLog(r *analysis) error        { return r.runContrast(stats.RelativeLog, "log", true) }
func runDelta(r *analysis) error      { return r.runContrast(stats.RelativeDelta, "delta", true) }
func runFieller(r *analysis) error    { return r.runContrast(stats.RelativeFieller, "Fieller", true) }

// runContrast estimates difference and lift of means or ratios; which of them is the result depends on the method.
func (r *analysis) runContrast(rule relativeRule, name string, first bool) error {
	if r.permutations > 0 && r.d+r.cluster != "" {
		return cli.Usagef("--permutations: they are of means of units; leave --d and --cluster, or this away")
	}
	a, err := r.arms()
	if err != nil {
		return err
	}
	t, c := a.moments()
	x := contrast{stats.Difference(t, c, r.how), rule(t, c, r.how), nameLift + ", " + name}
	if a.clustered {
		few := min(t.N, c.N) < stats.FewClusters
		x.difference, x.lift = x.difference.Warn(few, stats.WarnFewClusters), x.lift.Warn(few, stats.WarnFewClusters)
	}
	skewed := r.skewed(&a)
	x.difference, x.lift = x.difference.Warn(skewed, stats.WarnSkew), x.lift.Warn(skewed, stats.WarnSkew)
	r.tell(&x, first, t.N+c.N)
	if r.sums == "" && !a.ratio {
		r.result.estimate("total", "total over the treatment arm", x.difference.Times(float64(a.t.units)))
		r.permute(a.t.rows["y"], a.c.rows["y"])
	}
	return nil
}

// tell puts a contrast into the result, with what holds at every look where units are planned.
func (r *analysis) tell(x *contrast, first bool, n int64) {
	res := &r.result
	if r.method.name == "always-valid" {
		r.watch(x, n)
		x = &contrast{x.difference, x.lift, x.liftName + ", at the planned date only"}
		res.estimate("difference", nameDifference+", at the planned date only", x.difference)
		res.estimate("lift", x.liftName, x.lift)
		res.Meaning = r.verdict(res.first(), "Whenever one looks: the difference")
		return
	}
	if first {
		res.estimate("lift", x.liftName, x.lift)
		res.estimate("difference", nameDifference, x.difference)
		res.Meaning = r.verdict(x.lift, "The lift")
	} else {
		res.estimate("difference", nameDifference, x.difference)
		res.estimate("lift", x.liftName, x.lift)
		res.Meaning = r.verdict(x.difference, "The difference")
	}
	res.fact("df", "degrees of freedom", res.first().DF)
	if r.planned > 0 {
		r.watch(x, n)
	}
}

// watch adds the intervals that hold at every look.
func (r *analysis) watch(x *contrast, n int64) {
	res := &r.result
	for _, e := range []struct {
		id, name string
		stats.Estimate
	}{{"difference", "difference", x.difference}, {"lift", "lift", x.lift}} {
		w, evidence := r.always(e.Estimate, n)
		res.estimate(e.id+"_always_valid", e.name+", always valid", w)
		res.fact("e_value_"+e.id, "e-value of the "+e.name, evidence)
	}
	res.fact("planned", "units planned", r.planned)
}

// always is an estimate with what holds of it at every look, and its e-value.
func (r *analysis) always(e stats.Estimate, n int64) (w stats.Estimate, evidence float64) {
	plan := stats.AlwaysValid{Alpha: 1 - r.confidence, Planned: r.planned}
	w, evidence = plan.Watch(e, n), plan.EValue(e.Value, e.SE, n)
	switch r.how.Alternative {
	case stats.Greater:
		w.Interval, evidence = stats.Interval{Lo: plan.Lower(e.Value, e.SE, n), Hi: math.Inf(1)}, plan.EValueAbove(e.Value, e.SE, n)
	case stats.Less:
		w.Interval, evidence = stats.Interval{Lo: math.Inf(-1), Hi: plan.Upper(e.Value, e.SE, n)}, plan.EValueAbove(-e.Value, e.SE, n)
	}
	w.P = stats.AlwaysValidP(evidence)
	return w, evidence
}

// skewed tells whether an arm is too small for its skewness.
func (r *analysis) skewed(a *arms) bool {
	if a.t.rows == nil || a.ratio {
		return false
	}
	return stats.Skewed(a.t.units, stats.Skewness(a.t.rows["y"])) || stats.Skewed(a.c.units, stats.Skewness(a.c.rows["y"]))
}

// permute adds the permutation p-value if it was asked for.
func (r *analysis) permute(t, c []float64) {
	if r.permutations > 0 {
		r.result.fact("permutation_p", fmt.Sprintf("p by %s permutations", cli.Grouped(int64(r.permutations))),
			stats.PermutationP(t, c, r.permutations, r.seed, r.how.Alternative))
	}
}

func runCUPED(r *analysis) error {
	rule, err := choice("theta", r.theta, map[string]stats.Theta{"pooled": stats.ThetaPooled, "optimal": stats.ThetaOptimal, "per-arm": stats.ThetaPerArm})
	if err != nil {
		return err
	}
	if ratio := r.d != "" || r.cluster != ""; ratio && len(r.covariates) > 0 {
		return cli.Usagef("--covariates: a ratio or clusters take one covariate, --x (with --d its denominator, --w)")
	} else if r.d != "" && r.w == "" || r.w != "" && r.d == "" {
		return cli.Usagef("--d and --w: a ratio is adjusted for the same ratio before, so both denominators are needed")
	}
	a, err := r.arms()
	if err != nil {
		return err
	}
	var adjusted stats.Adjusted
	if a.ratio {
		adjusted = stats.RatioCUPED(&a.t.moments, &a.c.moments, stats.Outcome, stats.Denominator, stats.PreOutcome, stats.PreDenominator, rule)
	} else {
		adjusted = stats.CUPED(r.joint(&a.t), r.joint(&a.c), rule)
	}
	x := contrast{adjusted.Difference(r.how), adjusted.RelativeLog(r.how), nameLift + ", log"}
	if a.clustered {
		few := min(a.t.moments.N, a.c.moments.N) < stats.FewClusters
		x.difference, x.lift = x.difference.Warn(few, stats.WarnFewClusters), x.lift.Warn(few, stats.WarnFewClusters)
	}
	n := a.t.moments.N + a.c.moments.N
	r.tell(&x, false, n)
	delta, over := adjusted.RelativeDelta(r.how), adjusted.RelativeUnadjusted(r.how)
	r.result.estimate("lift_delta", nameLift+", delta", delta)
	r.result.estimate("lift_unadjusted", "difference over the control mean as it was, delta", over)
	if r.planned > 0 {
		w, _ := r.always(over, n)
		r.result.estimate("lift_unadjusted_always_valid", "the same, always valid", w)
	}
	t, c := a.moments()
	plain := stats.Difference(t, c, r.how)
	r.result.estimate("unadjusted", "difference without covariates", plain)
	r.result.fact("adjusted_treatment", "adjusted mean of the treatment", adjusted.Treatment.Mean)
	r.result.fact("adjusted_control", "adjusted mean of the control", adjusted.Control.Mean)
	r.result.fact("rho", "correlation of outcome and covariates", adjusted.Rho)
	table := longTable{ID: "theta", Name: "coefficients", Columns: []string{"covariate", "treatment", "control"}}
	for i := range adjusted.ThetaT {
		table.Rows = append(table.Rows, []any{r.covariate(i), adjusted.ThetaT[i], adjusted.ThetaC[i]})
	}
	r.result.table(table)
	return nil
}

// covariate is the name of a covariate.
func (r *analysis) covariate(i int) string {
	switch {
	case len(r.covariates) > 0:
		return r.covariates[i]
	case r.x != "":
		return r.x
	}
	return "x"
}

// joint are outcome and covariates of an arm.
func (r *analysis) joint(a *arm) stats.Joint {
	if len(r.covariates) == 0 {
		return a.moments.Joint(stats.Outcome, stats.PreOutcome)
	}
	var columns [][]float64
	for _, c := range r.covariates {
		columns = append(columns, a.rows["covariates "+c])
	}
	return stats.JointOf(a.rows["y"], columns...)
}

func runOLS(r *analysis) error {
	a, err := r.arms()
	if err != nil {
		return err
	}
	e := stats.Regression(r.joint(&a.t), r.joint(&a.c), r.how)
	r.result.estimate("coefficient", "coefficient of the treatment", e)
	r.result.fact("df", "degrees of freedom", e.DF)
	r.result.Meaning = r.verdict(e, "The effect at equal covariates")
	return nil
}

func runWinsor(r *analysis) error {
	a, err := r.arms()
	if err != nil {
		return err
	}
	limit := r.cap
	t, c := a.t.rows["y"], a.c.rows["y"]
	if !r.given("cap") {
		both := slices.Concat(t, c)
		slices.Sort(both)
		limit = stats.QuantileType7(both, r.winsorAt)
	}
	cut := func(values []float64) []float64 { return stats.Winsorise(values, limit) }
	ct, cc := cut(t), cut(c)
	mt, mc := stats.MomentsOf(ct), stats.MomentsOf(cc)
	x := contrast{stats.Difference(mt, mc, r.how), stats.RelativeLog(mt, mc, r.how), nameLift + ", log"}
	skewed := stats.Skewed(mt.N, stats.Skewness(ct)) || stats.Skewed(mc.N, stats.Skewness(cc))
	x.difference, x.lift = x.difference.Warn(skewed, stats.WarnSkew), x.lift.Warn(skewed, stats.WarnSkew)
	r.tell(&x, false, mt.N+mc.N)
	raw := stats.Difference(a.t.moments.Of(stats.Outcome), a.c.moments.Of(stats.Outcome), r.how)
	r.result.estimate("uncapped", "difference without a cap", raw)
	above := stats.Difference(stats.Proportion(countAbove(t, limit), mt.N), stats.Proportion(countAbove(c, limit), mc.N), r.how)
	r.result.estimate("above_cap", "difference of the shares above the cap", above)
	r.result.fact("cap", "cap", limit)
	r.result.fact("above_cap_treatment", "treatment above the cap", countAbove(t, limit))
	r.result.fact("above_cap_control", "control above the cap", countAbove(c, limit))
	r.permute(ct, cc)
	if above.P < 1-r.confidence {
		r.result.Notes = append(r.result.Notes, "the arms differ in how many units lie above the cap: part of the effect is in the tail, and the capped one understates it")
	}
	if raw.Interval.Lo > x.difference.Interval.Hi || raw.Interval.Hi < x.difference.Interval.Lo {
		r.result.Notes = append(r.result.Notes, "the intervals with and without a cap do not meet: the effect is in the tail")
	}
	return nil
}

func countAbove(values []float64, limit float64) (n int64) {
	for _, v := range values {
		if v > limit {
			n++
		}
	}
	return n
}

func runDisplacement(r *analysis) error {
	a, err := r.arms()
	if err != nil {
		return err
	}
	share := stats.RetainedShare(&a.t.moments, &a.c.moments, stats.Outcome, stats.WideOutcome, r.how)
	r.result.estimate("retained", "share retained (effect on the whole / on the part)", share)
	r.result.estimate("part", "effect on "+r.y, stats.Difference(a.t.moments.Of(stats.Outcome), a.c.moments.Of(stats.Outcome), r.how))
	r.result.estimate("whole", "effect on "+r.whole, stats.Difference(a.t.moments.Of(stats.WideOutcome), a.c.moments.Of(stats.WideOutcome), r.how))
	moved := func(a *arm) stats.Moments {
		d := slices.Clone(a.rows["y"])
		for i, z := range a.rows["whole"] {
			d[i] -= z
		}
		return stats.MomentsOf(d)
	}
	r.result.estimate("displaced", "effect that only moved (part − whole)", stats.Difference(moved(&a.t), moved(&a.c), r.how))
	if math.IsNaN(share.Interval.Lo) {
		r.result.Meaning = "The effect on the part cannot be told from zero, so neither can be told how much of it is retained."
		return nil
	}
	r.result.Meaning = fmt.Sprintf("Of the effect on %s, %s %% is one on %s too (%s %% confidence: %s %% to %s %%); the rest only moved.",
		r.y, percentOf(share.Value), r.whole, percentOf(share.Confidence), percentOf(share.Interval.Lo), percentOf(share.Interval.Hi))
	return nil
}

func runCACE(r *analysis) error {
	a, err := r.arms()
	if err != nil {
		return err
	}
	for _, arm := range []*arm{&a.t, &a.c} {
		for _, v := range arm.rows["served"] {
			if v != 0 && v != 1 {
				return fmt.Errorf("%s: column %s has the value %v; served is 1, not served 0", r.file, r.served, v)
			}
		}
	}
	e := stats.CACE(&a.t.moments, &a.c.moments, stats.Outcome, stats.Denominator, r.how)
	r.result.estimate("cace", "effect on a unit served because assigned", e)
	r.result.estimate("itt", "effect of being assigned", stats.Difference(a.t.moments.Of(stats.Outcome), a.c.moments.Of(stats.Outcome), r.how))
	r.result.estimate("served", "effect on the share served", stats.Difference(a.t.moments.Of(stats.Denominator), a.c.moments.Of(stats.Denominator), r.how))
	r.result.Meaning = r.verdict(e, "The effect on a unit served because it was assigned")
	return nil
}
