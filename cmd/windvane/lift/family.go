package lift

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/windvane/windvane/transforms/stats"
)

// runFamily adjusts the p-values or e-values of a family of tests.
func runFamily(r *analysis) error {
	flag := "p"
	if r.method.name == "ebh" {
		flag = "e"
	}
	f, err := r.read(slices.Concat(r.wanted(false, "id"), r.wanted(true, flag))...)
	if err != nil {
		return err
	}
	values := slices.Clone(f.numbers(flag))
	for i, v := range values {
		if v < 0 || flag == "p" && v > 1 {
			return f.errorf(f.lines[i], f.column(flag).want.column, "%v is no %s-value; it lies between 0 and %s", v, flag, map[string]string{"p": "1", "e": "infinity"}[flag])
		}
		if r.runningMaximum && v < 1 {
			return f.errorf(f.lines[i], r.e, "%v is no largest e-value of all looks: every one begins with 1", v)
		}
		if r.runningMaximum {
			values[i] = stats.EOfMaximum(v)
		}
	}
	adjust := map[string]func([]float64) []float64{
		"bh": stats.BenjaminiHochberg, "by": stats.BenjaminiYekutieli, "bonferroni": stats.Bonferroni, "ebh": stats.EBenjaminiHochberg,
	}[r.method.name]
	adjusted := adjust(values)
	rejected := stats.Rejected(adjusted, r.q)
	t := longTable{ID: "tests", Name: "tests, the surest first", Columns: []string{"id", flag, "adjusted", "rejected"}}
	for i, v := range f.numbers(flag) {
		t.Rows = append(t.Rows, []any{f.nameOf(i), v, adjusted[i], adjusted[i] <= r.q})
	}
	slices.SortStableFunc(t.Rows, func(a, b []any) int { return cmp.Compare(a[2].(float64), b[2].(float64)) })
	r.result.fact("tests", "tests", len(values))
	r.result.fact("q", "false discovery rate", r.q)
	r.result.fact("rejected", "rejected", rejected)
	if flag == "p" {
		r.result.fact("null_share", "share in which nothing happened (Storey)", stats.NullShare(values, 0.5))
		r.result.fact("fcr_confidence", "confidence for the intervals of those rejected", stats.FCRConfidence(rejected, len(values), r.q))
	}
	r.result.table(t)
	what := fmt.Sprintf("of those claimed, at most %s %% are false on average", percentOf(r.q))
	if r.method.name == "bonferroni" {
		what = fmt.Sprintf("the chance of even one false claim is at most %s %%", percentOf(r.q))
	}
	r.result.Meaning = fmt.Sprintf("%d of %d can be claimed; %s.", rejected, len(values), what)
	return nil
}

// nameOf is what --id says of a row, or its line.
func (f *frame) nameOf(row int) string {
	if c := f.column("id"); c != nil {
		return c.names[c.index[row]]
	}
	return f.place + " " + strconv.FormatInt(f.lines[row], 10)
}

// runShrink draws estimates to what their units share.
func runShrink(r *analysis) error {
	method, err := choice("tau", r.tau, map[string]stats.TauMethod{"pm": stats.PauleMandel, "dl": stats.DerSimonianLaird, "reml": stats.REML})
	if err != nil {
		return err
	}
	f, err := r.read(slices.Concat(r.wanted(false, "id"), r.wanted(true, "y", "se", "covariates"))...)
	if err != nil {
		return err
	}
	y, se := f.numbers("y"), f.numbers("se")
	v := make([]float64, len(se))
	for i, s := range se {
		if !(s > 0) {
			return f.errorf(f.lines[i], r.se, "a standard error of %v; it is above 0", s)
		}
		v[i] = s * s
	}
	prior, err := stats.FitPrior(y, v, f.covariateRows(), method)
	if err != nil {
		return fmt.Errorf("%s: %w", f.file, err)
	}
	r.tellPrior(f, prior)
	spread := stats.SpreadOf(y, v, prior.Mean)
	t := longTable{ID: "units", Name: "units, the largest shrunken first", Columns: []string{"id", "y", "se", "shrunken", "sd", "lo", "hi", "p_positive", "false_sign", "robust_lo", "robust_hi"}}
	for j := range y {
		post := prior.Posterior(j, y[j], v[j])
		i, robust := post.Interval(r.confidence), stats.RobustInterval(y[j], v[j], prior.Mean[j].Mean, spread, 1-r.confidence)
		t.Rows = append(t.Rows, []any{f.nameOf(j), y[j], se[j], post.Mean(), math.Sqrt(post.Var()), i.Lo, i.Hi, post.Positive(), post.LocalFalseSign(), robust.Lo, robust.Hi})
	}
	slices.SortStableFunc(t.Rows, func(a, b []any) int { return cmp.Compare(b[3].(float64), a[3].(float64)) })
	r.result.table(t)
	return nil
}

// tellPrior says what units share.
func (r *analysis) tellPrior(f *frame, prior *stats.Prior) {
	res := &r.result
	res.fact("tau2", "variance between units (tau²)", prior.Tau2)
	for i, c := range prior.Coef {
		id, name := "mu", "mean of the units"
		if len(r.covariates) > 0 {
			id, name = "intercept", "intercept"
		}
		if i > 0 {
			id, name = "coef_"+r.covariates[i-1], "coefficient of "+r.covariates[i-1]
		}
		res.fact(id, name, c.Mean)
		res.fact(id+"_se", "its standard error", math.Sqrt(c.Var))
	}
	res.fact("q", "Cochran's Q", prior.Q)
	res.fact("df", "degrees of freedom", prior.DF)
	res.fact("i2", "share of the variation that is more than chance", prior.I2())
	res.fact("expected_maximum", "largest y of so many by chance alone", stats.ExpectedMaximum(f.numbers("se")))
	if f.rows() < 100 {
		res.Notes = append(res.Notes, "robust intervals are for hundreds of units; with fewer they are too short")
	}
	switch {
	case len(r.covariates) > 0:
		res.Meaning = fmt.Sprintf("Beyond their covariates units differ with a standard deviation of %s; quote the shrunken values, never the largest raw ones.", digits(math.Sqrt(prior.Tau2)))
	case prior.Tau2 == 0:
		res.Meaning = fmt.Sprintf("The units differ by no more than chance around %s: a ranking of them says nothing.", digits(prior.Coef[0].Mean))
	default:
		res.Meaning = fmt.Sprintf("The units lie around %s with a standard deviation of %s; quote the shrunken values, never the largest raw ones.", digits(prior.Coef[0].Mean), digits(math.Sqrt(prior.Tau2)))
	}
}

// covariateRows are the covariates by row; nil without any.
func (f *frame) covariateRows() [][]float64 {
	var columns [][]float64
	for _, c := range f.columns {
		if c.want.flag == "covariates" {
			columns = append(columns, c.numbers)
		}
	}
	if columns == nil {
		return nil
	}
	rows := make([][]float64, f.rows())
	for i := range rows {
		rows[i] = make([]float64, len(columns))
		for j, c := range columns {
			rows[i][j] = c[i]
		}
	}
	return rows
}
