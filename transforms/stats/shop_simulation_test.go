package stats_test

import (
	"math"
	"testing"

	"github.com/windvane/windvane/transforms/stats"
)

// Arms of the simulations: large enough for the skewness of what the experiment draws, by the rule of Skewed.
const treatedUnits, heldUnits = 3000, 1700

// The long forms are in shop_simulation_long_test.go (make test-stats).
func TestIntervalsCoverWhatWasPlanted(t *testing.T) { coverage(t, 200) }

func TestNothingIsFoundWhereNothingHappened(t *testing.T) { falsePositives(t, 200) }

func TestTestsOfHealthKeepTheirLevel(t *testing.T) { healthLevels(t, 400) }

func TestDetectableEffectIsFoundAsOftenAsPromised(t *testing.T) { detection(t, 400) }

func TestSimulatedArmsAreLargeEnough(t *testing.T) {
	spent := shop{}.columns(seeded(19), 200_000, false)[stats.Outcome]
	if skewness := stats.Skewness(spent); stats.Skewed(heldUnits, skewness) || !stats.Skewed(heldUnits/2, skewness) {
		t.Errorf("skewness of the outcome is %v", skewness)
	}
}

// asOften fails unless an event came about in a share of runs that is as near to the share wanted as chance allows: within
// four standard errors of a binomial share, which a right share leaves once in 16,000 times.
func asOften(t *testing.T, name string, hits, runs int, want float64) {
	t.Helper()
	got, tolerance := float64(hits)/float64(runs), 4*math.Sqrt(want*(1-want)/float64(runs))
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s: %.4f of %d runs, want %.4f ± %.4f", name, got, runs, want, tolerance)
	} else {
		t.Logf("%s: %.4f of %d runs, want %.4f ± %.4f", name, got, runs, want, tolerance)
	}
}

// planted is an estimate and what it should find.
type planted struct {
	truth float64
	stats.Estimate
}

// estimates are all that the methods say of one experiment, by name.
func (x shop) estimates(tr, c *stats.Arm) map[string]planted {
	const y, d, pre, preD = stats.Outcome, stats.Denominator, stats.PreOutcome, stats.PreDenominator
	how, effect := stats.Welch95, x.effect()
	plainT, plainC, ratioT, ratioC := tr.Of(y), c.Of(y), tr.Ratio(y, d), c.Ratio(y, d)
	out := map[string]planted{
		"difference":           {effect, stats.Difference(plainT, plainC, how)},
		"delta":                {x.lift, stats.RelativeDelta(plainT, plainC, how)},
		"log":                  {x.lift, stats.RelativeLog(plainT, plainC, how)},
		"Fieller":              {x.lift, stats.RelativeFieller(plainT, plainC, how)},
		"ratio, difference":    {effect / visits, stats.Difference(ratioT, ratioC, how)},
		"ratio, log":           {x.lift, stats.RelativeLog(ratioT, ratioC, how)},
		"clustered difference": {effect / visits, stats.ClusteredDifference(tr, c, y, d, how)},
	}
	for name, rule := range map[string]stats.Theta{"pooled": stats.ThetaPooled, "optimal": stats.ThetaOptimal, "per arm": stats.ThetaPerArm} {
		a := stats.CUPED(tr.Joint(y, pre, preD), c.Joint(y, pre, preD), rule)
		r := stats.RatioCUPED(tr, c, y, d, pre, preD, rule)
		out["CUPED "+name] = planted{effect, a.Difference(how)}
		out["CUPED "+name+", delta"] = planted{x.lift, a.RelativeDelta(how)}
		out["CUPED "+name+", log"] = planted{x.lift, a.RelativeLog(how)}
		out["CUPED "+name+", Fieller"] = planted{x.lift, a.RelativeFieller(how)}
		out["ratio CUPED "+name+", log"] = planted{x.lift, r.RelativeLog(how)}
	}
	if x.lift == 0 { // with a lift the arms' variances differ, which regression leaves out of account
		out["regression"] = planted{0, stats.Regression(tr.Joint(y, pre), c.Joint(y, pre), how)}
	} else {
		out["retained share"] = planted{x.retained, stats.RetainedShare(tr, c, y, stats.WideOutcome, how)}
	}
	return out
}

// coverage counts how often intervals of 95 % cover what was planted.
func coverage(t *testing.T, runs int) {
	t.Helper()
	x := shop{lift: 0.5, retained: 0.6}
	random := seeded(20)
	covered := map[string]int{}
	for range runs {
		tr, c := x.arm(random, treatedUnits, true), x.arm(random, heldUnits, false)
		for name, e := range x.estimates(&tr, &c) {
			covered[name] += indicator(e.Interval.Contains(e.truth))
		}
	}
	for name, hits := range covered {
		asOften(t, name, hits, runs, 0.95)
	}
}

// falsePositives counts how often something is found at 5 % where the arms are alike.
func falsePositives(t *testing.T, runs int) {
	t.Helper()
	var x shop
	random := seeded(21)
	found := map[string]int{}
	for range runs {
		tr, c := x.arm(random, treatedUnits, true), x.arm(random, heldUnits, false)
		for name, e := range x.estimates(&tr, &c) {
			found[name] += indicator(e.P < 0.05)
		}
	}
	for name, hits := range found {
		asOften(t, name, hits, runs, 0.05)
	}
}

// healthLevels counts false alarms of the tests that need no normal approximation.
func healthLevels(t *testing.T, runs int) {
	t.Helper()
	random := seeded(22)
	shares := []float64{0.9, 0.1}
	var mismatch, ever, permuted int
	for range runs {
		counts, alarm := []int64{0, 0}, false
		for range 60 { // nights
			for range 200 {
				counts[indicator(random.Float64() < shares[1])]++
			}
			alarm = alarm || stats.SampleRatioEvidence(counts, shares, 100) > math.Log(1/0.05)
		}
		ever += indicator(alarm)
		mismatch += indicator(stats.SampleRatioP(counts, shares) < 0.05)

		arms := make([]float64, 40) // skewed, and far too few for the normal approximation
		for i := range arms {
			arms[i] = math.Exp(1.5 * random.NormFloat64())
		}
		permuted += indicator(stats.PermutationP(arms[:12], arms[12:], 199, random.Uint64(), stats.TwoSided) <= 0.05)
	}
	asOften(t, "sample ratio", mismatch, runs, 0.05)
	asOften(t, "permutation", permuted, runs, 0.05)
	if share := float64(ever) / float64(runs); share > 0.05+4*math.Sqrt(0.05*0.95/float64(runs)) {
		t.Errorf("sample ratio on some night of 60: %.4f of %d runs, want 0.05 at most", share, runs)
	}
}

// detection counts how often an effect of the size that a design promises to find is found.
func detection(t *testing.T, runs int) {
	t.Helper()
	random := seeded(23)
	design := stats.Design{Confidence: 0.95, Power: 0.8, Holdout: 0.2}
	effect := design.Detectable(1000, 3)
	values := func(n int, mean float64) stats.Moments {
		out := make([]float64, n)
		for i := range out {
			out[i] = mean + 3*random.NormFloat64()
		}
		return stats.MomentsOf(out)
	}
	var found int
	for range runs {
		found += indicator(stats.Difference(values(800, effect), values(200, 0), stats.Welch95).P < 0.05)
	}
	asOften(t, "detected", found, runs, 0.8)
}

func indicator(b bool) int {
	if b {
		return 1
	}
	return 0
}
