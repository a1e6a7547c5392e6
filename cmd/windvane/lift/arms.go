package lift

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/transforms/stats"
)

// arm is one arm of an experiment as it was read.
type arm struct {
	name    string
	units   int64                // rows, or n of sums
	moments stats.Arm            // of units, or of clusters
	rows    map[string][]float64 // by flag, a value a unit; nil for sums
	share   *stats.Moments       // of successes, where sums give those
}

// arms are the two that are compared.
type arms struct {
	t, c      arm
	clustered bool
	ratio     bool // the metric is y/d
}

// variables are the flags of columns that stand for variables of stats.
var variables = []struct {
	flag string
	v    stats.Variable
}{
	{"y", stats.Outcome}, {"d", stats.Denominator}, {"x", stats.PreOutcome}, {"w", stats.PreDenominator}, {"whole", stats.WideOutcome}, {"served", stats.Denominator},
}

// arms reads the two arms. The columns are those of the flags given, and of covariates.
func (r *analysis) arms() (arms, error) {
	if r.sums != "" {
		return r.armsOfSums()
	}
	wants := slices.Concat(r.wanted(false, "arm", "cluster"), r.wanted(true, "y", "d", "x", "w", "whole", "served", "covariates"))
	f, err := r.read(wants...)
	if err != nil {
		return arms{}, err
	}
	which := f.column("arm")
	t, c, err := r.pick(f, which.names)
	if err != nil {
		return arms{}, err
	}
	a := arms{clustered: r.cluster != "", ratio: r.d != ""}
	a.t, a.c = r.unitsOf(f, t), r.unitsOf(f, c)
	if others := f.rows() - int(a.t.units+a.c.units); others > 0 {
		r.result.Notes = append(r.result.Notes, fmt.Sprintf("%s of other arms are not looked at", cli.Plural(int64(others), "row")))
	}
	if a.clustered {
		if err := r.clusters(f, &a, t, c); err != nil {
			return a, err
		}
	}
	return a, r.describe(f.file, &a)
}

// pick says which names are treatment and control.
func (r *analysis) pick(f *frame, names []string) (t, c string, err error) {
	arms := sorted(slices.Clone(names))
	for flag, name := range map[string]string{"control": r.control, "treatment": r.treatment} {
		if name != "" && !slices.Contains(arms, name) {
			return "", "", cli.Usagef("--%s: %s has no arm %s in column %s; it has %s", flag, f.file, strconv.Quote(name), r.arm, listed(arms))
		}
	}
	if len(arms) == 1 {
		return "", "", fmt.Errorf("%s: column %s has one arm only, %s; an effect needs a treatment and a control", f.file, r.arm, listed(arms))
	}
	c = r.control
	if c == "" {
		c = obviousControl(arms)
	}
	if c == "" {
		return "", "", cli.Usagef("--control: say which value of column %s is the control: %s", r.arm, listed(arms))
	}
	t = r.treatment
	switch {
	case t == c:
		return "", "", cli.Usagef("--treatment: %s is the control", strconv.Quote(t))
	case t == "" && len(arms) > 2:
		return "", "", cli.Usagef("--treatment: column %s has more than two arms, say which is compared with %s: %s", r.arm, c, listed(arms))
	case t == "":
		t = arms[0]
		if t == c {
			t = arms[1]
		}
	}
	return t, c, nil
}

// obviousControl is the arm whose name says so, if one does.
func obviousControl(arms []string) string {
	found := ""
	for _, a := range arms {
		switch strings.ToLower(a) {
		case "0", "false", "control", "c", "holdout", "对照", "对照组":
			if found != "" {
				return ""
			}
			found = a
		}
	}
	return found
}

// unitsOf are the rows of one arm.
func (r *analysis) unitsOf(f *frame, name string) arm {
	which := f.column("arm")
	at := which.at[name]
	a := arm{name: name, rows: map[string][]float64{}}
	for _, c := range f.columns {
		if !c.want.number {
			continue
		}
		key := c.want.flag
		if key == "covariates" {
			key += " " + c.want.column
		}
		var values []float64
		for i, v := range c.numbers {
			if which.index[i] == at {
				values = append(values, v)
			}
		}
		a.rows[key] = values
	}
	for _, i := range which.index {
		if i == at {
			a.units++
		}
	}
	columns := map[stats.Variable][]float64{}
	for _, v := range variables {
		if values, ok := a.rows[v.flag]; ok {
			columns[v.v] = values
		}
	}
	a.moments = stats.ArmOf(columns)
	a.moments.N = a.units
	return a
}

// clusters makes clusters the units of both arms: totals of y and x, numbers of rows (or totals of d and w) under them.
func (r *analysis) clusters(f *frame, a *arms, t, c string) error {
	which, cluster := f.column("arm"), f.column("cluster")
	armOf := make([]int, len(cluster.names))
	place := make([]int, len(cluster.names))
	totals := map[int]map[stats.Variable][]float64{}
	for _, name := range []string{t, c} {
		totals[which.at[name]] = map[stats.Variable][]float64{}
	}
	for k := range armOf {
		armOf[k] = -1
	}
	y, d, x, w := f.numbers("y"), f.numbers("d"), f.numbers("x"), f.numbers("w")
	for i, arm := range which.index {
		columns, ok := totals[arm]
		if !ok {
			continue
		}
		k := cluster.index[i]
		if armOf[k] < 0 {
			armOf[k], place[k] = arm, len(columns[stats.Outcome])
			for _, v := range []stats.Variable{stats.Outcome, stats.Denominator, stats.PreOutcome, stats.PreDenominator} {
				columns[v] = append(columns[v], 0)
			}
		}
		if armOf[k] != arm {
			return r.mixed(f, i, armOf[k])
		}
		at := place[k]
		columns[stats.Outcome][at] += y[i]
		columns[stats.Denominator][at] += orOne(d, i)
		columns[stats.PreOutcome][at] += orZero(x, i)
		columns[stats.PreDenominator][at] += orOne(w, i)
	}
	a.t.moments, a.c.moments = stats.ArmOf(totals[which.at[t]]), stats.ArmOf(totals[which.at[c]])
	a.ratio = true
	return nil
}

// mixed says that the cluster of a row stands in another arm, too.
func (r *analysis) mixed(f *frame, row, other int) error {
	which, cluster := f.column("arm"), f.column("cluster")
	return f.errorf(f.lines[row], r.cluster, "cluster %s stands in both arms, %s and %s, which are then not independent; assign and analyse whole clusters",
		strconv.Quote(cluster.names[cluster.index[row]]), which.names[other], which.names[which.index[row]])
}

func orOne(values []float64, i int) float64 {
	if values == nil {
		return 1
	}
	return values[i]
}

func orZero(values []float64, i int) float64 {
	if values == nil {
		return 0
	}
	return values[i]
}

// moments are those of the metric: the mean of y, or the ratio y/d.
func (a *arms) moments() (t, c stats.Moments) {
	if a.t.share != nil && a.c.share != nil {
		return *a.t.share, *a.c.share
	}
	if a.ratio {
		return a.t.moments.Ratio(stats.Outcome, stats.Denominator), a.c.moments.Ratio(stats.Outcome, stats.Denominator)
	}
	return a.t.moments.Of(stats.Outcome), a.c.moments.Of(stats.Outcome)
}
