package lift

import (
	"fmt"
	"math"
	"slices"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/transforms/stats"
)

// armCounts are the units of every arm, or its clusters, by name.
func (r *analysis) armCounts() (names []string, counts []int64, err error) {
	if r.cluster != "" && (len(r.counts) > 0 || r.sums != "") {
		return nil, nil, cli.Usagef("--cluster: there are no rows of clusters in --counts and --sums; leave it away")
	}
	if len(r.counts) > 0 {
		for k, n := range r.counts {
			if n < 0 {
				return nil, nil, cli.Usagef("--counts: %d is below 0", n)
			}
			names = append(names, fmt.Sprintf("%d", k+1))
		}
		return names, r.counts, nil
	}
	wants := r.wanted(false, "arm", "cluster")
	if r.sums != "" {
		wants = append(wants, want{flag: "sums", column: "n", number: true})
	}
	f, err := r.read(wants...)
	if err != nil {
		return nil, nil, err
	}
	which := f.column("arm")
	names = sorted(slices.Clone(which.names))
	counts = make([]int64, len(names))
	seen, err := r.clustersSeen(f)
	if err != nil {
		return nil, nil, err
	}
	for row, i := range which.index {
		if seen[row] {
			continue
		}
		k := slices.Index(names, which.names[i])
		if n, ok := f.sum("n", row); !ok {
			counts[k]++
		} else if n < 0 || n != math.Trunc(n) || n > 1<<53 {
			return nil, nil, f.errorf(f.lines[row], "n", "%v is not a number of units", n)
		} else {
			counts[k] += int64(n)
		}
	}
	return names, counts, nil
}

// clustersSeen marks the rows whose cluster has one before them.
func (r *analysis) clustersSeen(f *frame) ([]bool, error) {
	seen, which, cluster := make([]bool, f.rows()), f.column("arm"), f.column("cluster")
	if cluster == nil {
		return seen, nil
	}
	first := make(map[int]int, len(cluster.names))
	for row, k := range cluster.index {
		before, again := first[k]
		switch seen[row] = again; {
		case !again:
			first[k] = row
		case which.index[before] != which.index[row]:
			return nil, r.mixed(f, row, which.index[before])
		}
	}
	return seen, nil
}

func runSRM(r *analysis) error {
	names, counts, err := r.armCounts()
	if err != nil {
		return err
	}
	if len(r.counts) == 1 {
		return cli.Usagef("--counts: one arm only; shares need two")
	}
	if len(names) < 2 {
		return fmt.Errorf("%s: one arm only, %s; shares need two", r.result.File, listed(names))
	}
	shares, err := r.shares(names)
	if err != nil {
		return err
	}
	var n int64
	for _, c := range counts {
		n += c
	}
	t := longTable{ID: "arms", Name: "arms", Columns: []string{"arm", "units", "share", "expected"}}
	for k, name := range names {
		t.Rows = append(t.Rows, []any{name, counts[k], float64(counts[k]) / float64(n), shares[k]})
	}
	p := stats.SampleRatioP(counts, shares)
	evidence := stats.SampleRatioEvidence(counts, shares, r.concentration)
	r.result.fact("p", "p of these sizes", p)
	if len(counts) == 2 {
		r.result.fact("binomial_p", "p, exact binomial", stats.BinomialP(counts[0], n, shares[0]))
	}
	r.result.fact("log_evidence", "ln of the evidence, valid at every look", evidence)
	r.result.fact("mismatch", "mismatch", p < mismatchP)
	r.result.table(t)
	if len(r.expected) == 0 {
		r.result.Notes = append(r.result.Notes, "equal shares are taken for granted; say others with --expected")
	}
	if p < mismatchP {
		r.result.Meaning = fmt.Sprintf("Sample-ratio mismatch (p = %s, below %v): units were lost or misassigned. Do not read the lift of this experiment; find the cause.", digits(p), mismatchP)
	} else {
		r.result.Meaning = fmt.Sprintf("The arms' sizes agree with the shares expected (p = %s; below %v is a mismatch).", digits(p), mismatchP)
	}
	return nil
}

func runMDE(r *analysis) error {
	a, err := r.arms()
	if err != nil {
		return err
	}
	t, c := a.moments()
	d, l := stats.Difference(t, c, r.how), stats.RelativeDelta(t, c, r.how)
	difference, lift := r.design().DetectableAt(d.SE), r.design().DetectableAt(l.SE)
	r.result.fact("power", "power", r.power)
	r.result.fact("se_difference", "standard error of the difference", d.SE)
	r.result.fact("mde_difference", "least difference found", difference)
	r.result.fact("se_lift", "standard error of the lift", l.SE)
	r.result.fact("mde_lift", "least lift found", lift)
	if !(difference > 0) {
		r.result.Meaning = "There is no standard error (too few units, or none that differs), so nothing tells what is found."
		return nil
	}
	r.result.Meaning = fmt.Sprintf("A difference of %s%s, a lift of %s %%, is found with a chance of %s %%; smaller ones are mostly missed.",
		digits(difference), r.way(), percentOf(lift), percentOf(r.power))
	return nil
}

func runPower(r *analysis) error {
	d := r.design()
	r.result.fact("confidence", "confidence", r.confidence)
	r.result.fact("power", "power", r.power)
	r.result.fact("holdout", "share of the control", r.holdout)
	if r.given("effect") {
		n := d.Units(r.sd, r.effect)
		r.result.fact("units", "units of both arms", n)
		r.result.Meaning = fmt.Sprintf("It takes %s units, both arms together, to find an effect of %s%s with a chance of %s %%.",
			digits(math.Ceil(n)), digits(r.effect), r.way(), percentOf(r.power))
		return nil
	}
	e := d.Detectable(r.units, r.sd)
	r.result.fact("effect", "least effect found", e)
	r.result.Meaning = fmt.Sprintf("%s units, both arms together, find an effect of %s%s with a chance of %s %%.", digits(r.units), digits(e), r.way(), percentOf(r.power))
	return nil
}

func runBounds(r *analysis) error {
	plan := stats.GroupSequential{Alpha: 1 - r.confidence, OneSided: r.how.Alternative != stats.TwoSided}
	bounds, err := plan.Bounds(r.looks)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	t := longTable{ID: "looks", Name: "looks", Columns: []string{"look", "information", "critical"}}
	for k, b := range bounds {
		t.Rows = append(t.Rows, []any{k + 1, r.looks[k], b})
	}
	r.result.table(t)
	effect := map[stats.Alternative]string{stats.TwoSided: "|effect|", stats.Greater: "effect", stats.Less: "−effect"}[r.how.Alternative]
	r.result.Meaning = "Stop at the first look at which " + effect + "/SE exceeds its critical value; over all looks together that happens by chance as often as the confidence allows."
	return nil
}
