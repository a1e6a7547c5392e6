package lift

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/transforms/stats"
)

// sumColumns are the columns of --sums beside n: sums of the variables and of their products.
var sumColumns = []struct {
	name string
	v, w stats.Variable
	sum  bool
}{
	{"y", stats.Outcome, 0, true}, {"d", stats.Denominator, 0, true}, {"x", stats.PreOutcome, 0, true}, {"w", stats.PreDenominator, 0, true},
	{"yy", stats.Outcome, stats.Outcome, false}, {"dd", stats.Denominator, stats.Denominator, false}, {"yd", stats.Outcome, stats.Denominator, false},
	{"xx", stats.PreOutcome, stats.PreOutcome, false}, {"xy", stats.PreOutcome, stats.Outcome, false}, {"xd", stats.PreOutcome, stats.Denominator, false},
	{"ww", stats.PreDenominator, stats.PreDenominator, false}, {"xw", stats.PreOutcome, stats.PreDenominator, false},
	{"yw", stats.Outcome, stats.PreDenominator, false}, {"dw", stats.Denominator, stats.PreDenominator, false},
}

// sumsWanted are the sets of columns that a method works from, the one it would rather have first.
func (r *analysis) sumsWanted() [][]string {
	mean, ratio := []string{"n", "y", "yy"}, []string{"n", "y", "yy", "d", "dd", "yd"}
	switch r.method.name {
	case "cuped":
		return [][]string{append(slices.Clone(ratio), "x", "xx", "xy", "xd", "w", "ww", "xw", "yw", "dw"), append(slices.Clone(mean), "x", "xx", "xy")}
	case "ratio":
		return [][]string{ratio}
	}
	return [][]string{{"n", "successes"}, mean}
}

// armsOfSums reads a file with a row an arm.
func (r *analysis) armsOfSums() (arms, error) {
	if r.y+r.d+r.x+r.w+r.cluster != "" || r.permutations > 0 || len(r.covariates) > 0 {
		return arms{}, cli.Usagef("--sums: its columns have fixed names and there are no units in it; leave --y, --d, --x, --w, --covariates, --cluster and --permutations away")
	}
	f, err := r.readSums()
	if err != nil {
		return arms{}, err
	}
	which := f.column("arm")
	if len(which.names) < f.rows() {
		return arms{}, fmt.Errorf("%s: an arm stands in two rows; --sums wants one row an arm (rows of units go to --file)", f.file)
	}
	t, c, err := r.pick(f, which.names)
	if err != nil {
		return arms{}, err
	}
	_, ratio := f.sum("d", 0)
	a := arms{ratio: ratio}
	for arm, name := range map[*arm]string{&a.t: t, &a.c: c} {
		if *arm, err = armOfSums(f, slices.Index(which.index, which.at[name])); err != nil {
			return a, err
		}
		arm.name = name
	}
	return a, r.describe(f.file, &a)
}

// readSums reads the first set of columns that the file has.
func (r *analysis) readSums() (f *frame, err error) {
	for _, names := range r.sumsWanted() {
		wants := r.wanted(false, "arm")
		for _, n := range names {
			wants = append(wants, want{flag: "sums", column: n, number: true})
		}
		if f, err = r.read(wants...); err == nil || !errors.As(err, new(cli.UsageError)) {
			break
		}
	}
	return f, err
}

// sum is the value of a column of sums in a row; not ok if it was not read.
func (f *frame) sum(name string, row int) (float64, bool) {
	for _, c := range f.columns {
		if c.want.flag == "sums" && c.want.column == name {
			return c.numbers[row], true
		}
	}
	return 0, false
}

func armOfSums(f *frame, row int) (arm, error) {
	n, _ := f.sum("n", row)
	if n != math.Trunc(n) || n < 0 || n > 1<<53 {
		return arm{}, f.errorf(f.lines[row], "n", "%v is not a number of units", n)
	}
	a := arm{units: int64(n)}
	a.moments.N = a.units
	if s, binomial := f.sum("successes", row); binomial {
		if s != math.Trunc(s) || s < 0 || s > n {
			return a, f.errorf(f.lines[row], "successes", "%v is not a number of %v units", s, n)
		}
		m := stats.Proportion(int64(s), a.units)
		a.share = &m
		a.moments.Mean[stats.Outcome], a.moments.Cov[stats.Outcome][stats.Outcome] = m.Mean, m.Var
		return a, nil
	}
	var sums [stats.Variables]float64
	for _, c := range sumColumns {
		v, ok := f.sum(c.name, row)
		switch {
		case !ok:
		case c.sum:
			sums[c.v], a.moments.Mean[c.v] = v, v/n
		default:
			cov := stats.CovarianceOfSums(a.units, sums[c.v], sums[c.w], v)
			if c.v == c.w && cov < 0 {
				return a, f.errorf(f.lines[row], c.name, "%v is less than the squared sum over n allows; is it the sum of squares?", v)
			}
			a.moments.Cov[c.v][c.w], a.moments.Cov[c.w][c.v] = cov, cov
		}
	}
	return a, nil
}
