package lift

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/transforms/stats"
)

// describe puts sizes and means beside the result, and holds the sizes against the shares expected.
func (r *analysis) describe(file string, a *arms) error {
	res := &r.result
	if a.ratio && (a.t.moments.Mean[stats.Denominator] == 0 || a.c.moments.Mean[stats.Denominator] == 0) {
		return fmt.Errorf("%s: the denominator (d) adds up to zero in an arm: there is no ratio; take --method diff", file)
	}
	for _, side := range []struct {
		role string
		*arm
	}{{"treatment", &a.t}, {"control", &a.c}} {
		m := side.moments.Of(stats.Outcome)
		if side.role == "treatment" {
			m, _ = a.moments()
		} else {
			_, m = a.moments()
		}
		res.fact(side.role, side.role, side.name)
		res.fact("n_"+side.role, "units of the "+side.role, side.units)
		if a.clustered {
			res.fact("clusters_"+side.role, "clusters of the "+side.role, side.moments.N)
		}
		res.fact("mean_"+side.role, "mean of the "+side.role, m.Mean)
		res.fact("sd_"+side.role, "standard deviation of a unit of the "+side.role, math.Sqrt(m.Var))
	}
	if len(r.expected) == 0 {
		return nil
	}
	shares, err := r.shares([]string{a.c.name, a.t.name})
	if err != nil {
		return err
	}
	p := stats.SampleRatioP([]int64{a.c.moments.N, a.t.moments.N}, shares) // of clusters, where those are assigned
	res.fact("srm_p", "p of the arms' sizes", p)
	if p < mismatchP {
		return fmt.Errorf("%s: sample-ratio mismatch: %s and %s for expected shares %v and %v, p = %s; the experiment is broken and its lift is not shown (windvane lift --method srm)",
			file, a.sizeOf(&a.c), a.sizeOf(&a.t), shares[0], shares[1], digits(p))
	}
	return nil
}

// sizeOf says how many units of an arm there are.
func (a *arms) sizeOf(side *arm) string {
	if a.clustered {
		return cli.Plural(side.moments.N, "cluster") + " of " + side.name
	}
	return cli.Grouped(side.moments.N) + " " + side.name
}

// mismatchP is the p-value below which the arms' sizes suppress the result.
const mismatchP = 0.0005

// shares are those expected of the arms, scaled to one.
func (r *analysis) shares(arms []string) ([]float64, error) {
	shares := make([]float64, len(arms))
	if len(r.expected) == 0 {
		for k := range shares {
			shares[k] = 1 / float64(len(arms))
		}
		return shares, nil
	}
	if len(r.expected) != len(arms) {
		return nil, cli.Usagef("--expected: %d shares for %d arms: %s", len(r.expected), len(arms), listed(arms))
	}
	order := sorted(slices.Clone(arms))
	if len(r.counts) > 0 {
		order = arms
	}
	var sum float64
	for i, entry := range r.expected {
		name, text := order[i], entry
		if at := strings.LastIndexByte(entry, '='); at >= 0 {
			name, text = entry[:at], entry[at+1:]
		}
		k := slices.Index(arms, name)
		v, err := strconv.ParseFloat(text, 64)
		switch {
		case k < 0:
			return nil, cli.Usagef("--expected: there is no arm %s; there are %s", strconv.Quote(name), listed(arms))
		case err != nil || !(v > 0 && v < 1e12):
			return nil, cli.Usagef("--expected: %q is not a share above 0", entry)
		case shares[k] != 0:
			return nil, cli.Usagef("--expected: %s stands there twice", name)
		}
		shares[k] = v
		sum += v
	}
	for k := range shares {
		shares[k] /= sum
	}
	return shares, nil
}
