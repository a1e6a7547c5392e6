// Package lift is the command for analysts: any estimator of the nightly lift on a file of theirs. It reads a local file,
// prints, and knows neither buckets nor nights.
package lift

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/transforms/stats"
)

// flags are the flags of lift. A column is named by the flag of its role.
type flags struct {
	method, file, sums, delimiter, missing string
	methods                                bool

	arm, control, treatment, y, d, x, w, whole, served, cluster string
	covariates                                                  []string
	unit, time, treated, start                                  string
	id, p, e, se, negative                                      string

	confidence, planned, power, holdout, sd, effect, units float64
	winsorAt, cap, q, concentration                        float64
	alternative, theta, tau, error, controls               string
	counts                                                 []int64
	expected                                               []string
	keep, looks                                            []float64
	equalVariance, normal, runningMaximum                  bool
	permutations, top                                      int
	seed                                                   uint64
}

// Command is windvane lift. It prints where the root command does, and JSON if its flag --json is set.
func Command() *cobra.Command {
	var fl flags
	c := &cobra.Command{
		Use:   "lift",
		Short: "Estimate an effect from a CSV or Parquet file, by any method of the nightly lift",
		Long: `lift runs one estimator on a file of yours: the same code that the night uses, for analysts. Flags name
the columns. The file is Parquet or CSV with a header, also compressed with gzip; --delimiter auto takes
the comma, tab or semicolon that stands in the header. Nothing is published, nothing is written.

Which method:
  assigned by chance          diff, log, delta, fieller, ratio, cuped, ols, winsor, always-valid
  is the experiment sound     srm, mde, power, bounds; displacement (did it only move?), cace (served only)
  one treated unit or a few   sdid, sc, difp, geo and their relatives; did for many
  units start one by one      cs (Callaway and Sant'Anna); sdid, sc, difp, did take cohorts too
  chosen by itself            overlap, aipw, ipw, ate: grade C evidence at best
  many at once                bh, by, bonferroni (p-values), ebh (e-values), eb (shrinkage)
windvane lift --methods lists every method with the flags it needs and takes, and its source.

Experiments. One row a unit: --arm names its arm, --y the outcome. With arms called 0 and 1, false and true,
or one called control, the control is known; else say --control NAME, and --treatment NAME if there are more
than two. Units with several rows belong together by --cluster. In place of units, --sums FILE has one row
an arm with the columns n, y, yy and where needed d, dd, yd, x, xx, xy, w, ww, xw, yw, xd, dw: sums, and sums
of products, over its units; or n and successes. With --expected the arms' sizes are held against the shares
they should have, and a mismatch (p < 0.0005) gives no number: the experiment is broken.

Panels. One row a unit and period, none missing: --treated is 1 in rows of treated units from their start
on and else 0; or --start names a column with the first treated period of the unit, empty or 0 for never.

Output. A table: value, interval, p, in words what is doubtful, and what it means in one line. A lift is a
ratio: 0.10 is +10 %. With --json all numbers have all their digits; what does not exist is null, and so is
an end of an interval, or degrees of freedom, without bound.

An empty cell, NaN, infinity or text in a column of numbers is an error that names its line; --missing drop
leaves out rows that lack a value and says how many. Exit codes: 1 something is wrong with the data, 2 with
the flags (a column or an arm that is not in the file too).`,
		Example: `  # experiments
  windvane lift --method diff --file users.csv --arm arm --y gmv_fen --expected control=0.1,boost=0.9
  windvane lift --method log --file users.parquet --arm group --control holdout --treatment boost --y gmv_fen
  windvane lift --method ratio --file users.csv --arm arm --y gmv_fen --d orders --cluster buyer_id
  windvane lift --method cuped --file users.csv --arm arm --y gmv_fen --covariates gmv_before,orders_before --theta optimal
  windvane lift --method winsor --file users.csv.gz --arm arm --y gmv_fen --winsor-at 0.999
  windvane lift --method always-valid --file users.csv --arm arm --y gmv_fen --planned 200000
  windvane lift --method diff --sums sums.csv --arm arm
  windvane lift --method displacement --file users.csv --arm arm --y gmv_shop --whole gmv_all_shops
  # health and size
  windvane lift --method srm --counts 821588,815482
  windvane lift --method srm --file users.csv --arm arm --expected control=0.05,boost=0.95
  windvane lift --method power --sd 18 --effect 0.15 --holdout 0.05
  windvane lift --method bounds --looks 0.25,0.5,0.75,1
  # panels
  windvane lift --method sdid --panel california_prop99.csv --unit State --time Year --outcome PacksPerCapita --treated treated
  windvane lift --method cs --panel shops.csv --unit shop --time week --outcome log_gmv --start joined_week
  windvane lift --method geo --panel cities.csv --unit city --time day --outcome gmv --treated boosted --json
  # weighting
  windvane lift --method overlap --file shops.csv --treated joined --y gmv_after --covariates gmv_before,age_days --negative gmv_earlier
  # many at once
  windvane lift --method bh --file tests.csv --p p_value --id merchant_id --q 0.05
  windvane lift --method eb --file merchants.csv --id merchant_id --y log_lift --se se`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return fl.run(cmd) },
	}
	fl.register(c)
	return c
}

func (fl *flags) register(c *cobra.Command) {
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&fl.method, "method", "", "estimator; see --methods")
	f.BoolVar(&fl.methods, "methods", false, "list the methods with their flags and sources, and end")
	f.StringVar(&fl.file, "file", "", "CSV (also .gz) or Parquet file with a row a unit")
	f.StringVar(&fl.file, "panel", "", "the same, with a row a unit and period")
	f.StringVar(&fl.sums, "sums", "", "instead: a file with a row an arm, columns n, y, yy, … (experiments)")
	f.StringVar(&fl.delimiter, "delimiter", "auto", "of CSV: auto, comma, tab, semicolon, space (one or more), or a character")
	f.StringVar(&fl.missing, "missing", "error", "rows that lack a value: error, or drop them and say how many")

	f.StringVar(&fl.arm, "arm", "", "column with the arm of the unit")
	f.StringVar(&fl.control, "control", "", "which arm is the control")
	f.StringVar(&fl.treatment, "treatment", "", "which arm is the treatment, if there are more than two")
	f.StringVar(&fl.y, "y", "", "column of the outcome")
	f.StringVar(&fl.y, "outcome", "", "the same")
	f.StringVar(&fl.d, "d", "", "column of the denominator of a ratio (orders, sessions)")
	f.StringVar(&fl.x, "x", "", "column of the outcome before the unit entered")
	f.StringVar(&fl.w, "w", "", "column of the denominator before the unit entered")
	f.StringSliceVar(&fl.covariates, "covariates", nil, "columns of covariates, fixed before treatment, separated by commas")
	f.StringVar(&fl.whole, "whole", "", "column of the outcome over everything (all shops)")
	f.StringVar(&fl.served, "served", "", "column with 1 for units that were served")
	f.StringVar(&fl.cluster, "cluster", "", "column with the cluster of the row (the user with several rows, the shop)")
	f.StringVar(&fl.unit, "unit", "", "column of the unit of a panel")
	f.StringVar(&fl.time, "time", "", "column of the period of a panel: numbers, or dates like 2026-01-31")
	f.StringVar(&fl.treated, "treated", "", "column with 1 for treated: the row's period (panel) or the unit (weighting)")
	f.StringVar(&fl.start, "start", "", "column with the unit's first treated period; empty or 0: never")
	f.StringVar(&fl.negative, "negative", "", "column of an outcome that treatment cannot have moved")
	f.StringVar(&fl.id, "id", "", "column that names the row")
	f.StringVar(&fl.p, "p", "", "column of p-values")
	f.StringVar(&fl.e, "e", "", "column of e-values")
	f.StringVar(&fl.se, "se", "", "column of the standard error of y")

	f.Float64Var(&fl.confidence, "confidence", 0.95, "of intervals, between 0 and 1")
	f.StringVar(&fl.alternative, "alternative", "two-sided", "two-sided, greater or less")
	f.BoolVar(&fl.equalVariance, "equal-variance", false, "pool the arms' variances (Student) in place of Welch")
	f.BoolVar(&fl.normal, "normal", false, "normal quantiles in place of Student's t")
	f.Float64Var(&fl.planned, "planned", 0, "units planned in all; adds what holds at every look")
	f.StringSliceVar(&fl.expected, "expected", nil, "shares that arms should have: control=0.1,boost=0.9, or in the order of their names")
	f.Float64Var(&fl.winsorAt, "winsor-at", 0.999, "cap at this quantile of both arms together")
	f.Float64Var(&fl.cap, "cap", 0, "cap at this value, in the outcome's unit")
	f.StringVar(&fl.theta, "theta", "pooled", "coefficients of covariates: pooled, optimal (small holdouts), per-arm")
	f.IntVar(&fl.permutations, "permutations", 0, "adds a permutation p-value of so many draws")
	f.Uint64Var(&fl.seed, "seed", 1, "of permutations")
	f.Int64SliceVar(&fl.counts, "counts", nil, "units by arm, in place of a file")
	f.Float64Var(&fl.concentration, "concentration", 1000, "units that the prior of the nightly test of shares is worth")
	f.Float64Var(&fl.power, "power", 0.8, "chance to find the effect; not beside --planned")
	f.Float64Var(&fl.holdout, "holdout", 0.5, "share of the units in the control arm")
	f.Float64Var(&fl.sd, "sd", 0, "standard deviation of a unit's outcome; the coefficient of variation where the effect is a lift")
	f.Float64Var(&fl.effect, "effect", 0, "effect to be found, in the unit of --sd")
	f.Float64Var(&fl.units, "units", 0, "units of both arms")
	f.Float64SliceVar(&fl.looks, "looks", nil, "information fractions of the looks, ascending to 1")
	f.StringVar(&fl.error, "error", "auto", "standard error of panels: auto, placebo, jackknife")
	f.StringVar(&fl.controls, "controls", "never", "who a group is compared with: never (treated), not-yet")
	f.Float64SliceVar(&fl.keep, "keep", nil, "keep units with scores in this range, such as 0.1,0.9 (default: all)")
	f.Float64Var(&fl.q, "q", 0.05, "false discovery rate")
	f.BoolVar(&fl.runningMaximum, "running-maximum", false, "e-values are the largest of all looks so far")
	f.StringVar(&fl.tau, "tau", "pm", "variance between units: pm (Paule–Mandel), dl (DerSimonian–Laird), reml")
	f.IntVar(&fl.top, "top", 10, "rows shown of long tables; 0: all (JSON always has all)")
	cli.Complete(c, "method", cli.OneOf(methodNames()...))
	cli.Complete(c, "delimiter", cli.OneOf("auto", "comma", "tab", "semicolon", "space"))
	cli.Complete(c, "missing", cli.OneOf("error", "drop"))
	cli.Complete(c, "alternative", cli.OneOf("two-sided", "greater", "less"))
	cli.Complete(c, "theta", cli.OneOf("pooled", "optimal", "per-arm"))
	cli.Complete(c, "error", cli.OneOf("auto", "placebo", "jackknife"))
	cli.Complete(c, "controls", cli.OneOf("never", "not-yet"))
	cli.Complete(c, "tau", cli.OneOf("pm", "dl", "reml"))
	c.MarkFlagsMutuallyExclusive("file", "panel", "sums", "counts")
	c.MarkFlagsMutuallyExclusive("y", "outcome")
	c.MarkFlagsMutuallyExclusive("x", "covariates")
	c.MarkFlagsMutuallyExclusive("treated", "start")
	c.MarkFlagsMutuallyExclusive("winsor-at", "cap")
	c.MarkFlagsMutuallyExclusive("effect", "units")
}

// analysis is one run of a method: what it was asked, and what it found.
type analysis struct {
	*flags
	ctx    context.Context
	method method
	given  func(flag string) bool
	how    stats.Inference
	result result
}

func (fl *flags) run(cmd *cobra.Command) error {
	asJSON, err := cmd.Flags().GetBool("json")
	if err != nil {
		return err // the root command has the flag
	}
	if fl.methods {
		return printMethods(cmd.OutOrStdout(), asJSON)
	}
	m, err := methodOf(fl.method)
	if err != nil {
		return err
	}
	if err := m.check(cmd); err != nil {
		return err
	}
	r := &analysis{flags: fl, ctx: cmd.Context(), method: m, given: cmd.Flags().Changed}
	if err := r.validate(); err != nil {
		return err
	}
	r.result = result{Method: m.name, Does: m.does, Source: m.source, Confidence: fl.confidence, Alternative: fl.alternative}
	if err := m.run(r); err != nil {
		return err
	}
	if asJSON {
		return cli.JSON(cmd.OutOrStdout(), r.result.forJSON())
	}
	return r.result.print(cmd.OutOrStdout(), fl.top)
}

// validate reads what the flags say, before any file is opened.
func (r *analysis) validate() error {
	if !(r.confidence > 0 && r.confidence < 1) {
		return cli.Usagef("--confidence: %v is not between 0 and 1; 0.95 is 95 %%", r.confidence)
	}
	for flag, v := range map[string]float64{"winsor-at": r.winsorAt, "power": r.power, "holdout": r.holdout, "q": r.q} {
		if r.given(flag) && !(v > 0 && v < 1) {
			return cli.Usagef("--%s: %v is not between 0 and 1", flag, v)
		}
	}
	for flag, v := range map[string]float64{"planned": r.planned, "sd": r.sd, "effect": r.effect, "units": r.units, "cap": r.cap, "concentration": r.concentration} {
		if r.given(flag) && !(v > 0 && v < 1e300) {
			return cli.Usagef("--%s: %v is not above 0", flag, v)
		}
	}
	if r.given("power") && r.given("planned") {
		return cli.Usagef("--power: with --planned the answer is for every look, and no chance of finding an effect at one is said; leave one of them away")
	}
	if r.top < 0 || r.permutations < 0 || r.permutations > 10_000_000 {
		return cli.Usagef("--top and --permutations are 0 or more, permutations at most 10,000,000")
	}
	if r.missing != "error" && r.missing != "drop" {
		return cli.Usagef("--missing: %q is none of error, drop", r.missing)
	}
	r.how = stats.Inference{Confidence: r.confidence, EqualVariance: r.equalVariance, Normal: r.normal}
	var err error
	r.how.Alternative, err = choice("alternative", r.alternative, map[string]stats.Alternative{"two-sided": stats.TwoSided, "greater": stats.Greater, "less": stats.Less})
	return err
}

// choice is what one of a few words stands for.
func choice[T any](flag, word string, of map[string]T) (T, error) {
	v, ok := of[word]
	if !ok {
		var words []string
		for w := range of {
			words = append(words, w)
		}
		return v, cli.Usagef("--%s: %q is none of %s", flag, word, strings.Join(sorted(words), ", "))
	}
	return v, nil
}

// read reads the columns that flags name of the file.
func (r *analysis) read(wants ...want) (*frame, error) {
	file := r.file
	if r.sums != "" {
		file = r.sums
	}
	if strings.Contains(file, "://") {
		return nil, cli.Usagef("%s: lift reads local files; windvane get fetches published tables", file)
	}
	parquet, err := isParquet(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	var f *frame
	if parquet {
		f, err = readParquet(r.ctx, file, r.missing, wants)
	} else {
		f, err = readCSV(file, r.delimiter, r.missing, wants)
	}
	if err != nil {
		return nil, err
	}
	r.result.File, r.result.Rows, r.result.Dropped = filepath.ToSlash(file), f.rows(), f.dropped
	return f, nil
}

// wanted are the columns of those flags that were given.
func (r *analysis) wanted(numbers bool, flags ...string) (wants []want) {
	columns := map[string]string{
		"arm": r.arm, "y": r.y, "d": r.d, "x": r.x, "w": r.w, "whole": r.whole, "served": r.served, "cluster": r.cluster, "unit": r.unit,
		"time": r.time, "treated": r.treated, "start": r.start, "negative": r.negative, "id": r.id, "p": r.p, "e": r.e, "se": r.se,
	}
	for _, f := range flags {
		if f == "covariates" {
			for _, c := range r.covariates {
				wants = append(wants, want{flag: "covariates", column: c, number: true})
			}
		} else if columns[f] != "" {
			wants = append(wants, want{flag: f, column: columns[f], number: numbers})
		}
	}
	return wants
}
