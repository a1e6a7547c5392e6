package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/stats"
)

// The anchors and points of the shop score were chosen by a simulation (definitions.md, section 4): shops whose indicators
// are known exactly, are spread evenly over the percentiles of their category, and correlate. It is made again here, as
// what the grades of a market are held against.

// scale is how an indicator's values lie between its anchors, as a function of a standard normal trait.
type scale func(z float64) float64

// evenly is the design's own: a value is a percentile, so the lines between anchors are lines between percentiles.
func evenly(z float64) float64 { return distuv.UnitNormal.CDF(z) }

// skewed is how rates and hours of shops lie in truth, and in the anchors of the rules: lognormal. P97 is 2.5 times P80
// there, so most of the shops in between lie nearer to P80 and earn more than in the middle.
func skewed(z float64) float64 { return math.Exp(0.85 * z) }

// designed simulates the grades of shops whose indicators correlate: the share of each grade.
func designed(r *rules.Rules, correlation float64, values scale) map[string]float64 {
	const shops = 40_000
	curve := stats.Curve{Points: r.Norms.Points}
	for i, q := range r.Norms.Quantiles {
		curve.Anchors[i] = values(distuv.UnitNormal.Quantile(q))
	}
	indicators, _ := r.Shop.Indicators()
	random, out := rand.New(rand.NewPCG(4, 5)), map[string]float64{}
	for range shops {
		common, score := random.NormFloat64(), 0.0
		for _, ind := range indicators {
			z := math.Sqrt(correlation)*common + math.Sqrt(1-correlation)*random.NormFloat64()
			score += ind.Weight * max(curve.At(values(z)), ind.LeastPoints)
		}
		rounded := float64(stats.HalfUp(score, 2)) / 100
		out[r.Grades[r.GradeOf(rounded)].Name] += 1.0 / shops
	}
	return out
}

// correlations are those of the design's simulation.
var correlations = [...]float64{0.10, 0.25, 0.40}

func TestTheDesignsSimulationIsFoundAgain(t *testing.T) {
	r := config.DefaultRules().On(calendar.Of(2026, 1, 31))
	for i, want := range []map[string]float64{ // definitions.md, section 4
		{"A+": 0.055, "A": 0.211, "B": 0.458, "C": 0.245, "D": 0.030},
		{"A+": 0.121, "A": 0.216, "B": 0.369, "C": 0.230, "D": 0.064},
		{"A+": 0.181, "A": 0.208, "B": 0.309, "C": 0.207, "D": 0.095},
	} {
		got := designed(r, correlations[i], evenly)
		for grade, share := range want {
			// Both are of 40,000 shops: three deviations of their difference are 0.0106 at most.
			if math.Abs(got[grade]-share) > 0.0106 {
				t.Errorf("correlation %.2f: %.4f have %s, the design printed %.3f", correlations[i], got[grade], grade, share)
			}
		}
		t.Logf("correlation %.2f: evenly spread %s, skewed %s", correlations[i], percents(got), percents(designed(r, correlations[i], skewed)))
	}
}

// percents prints shares.
func percents(of map[string]float64) string {
	return fmt.Sprintf("A+ %.1f, A %.1f, B %.1f, C %.1f, D %.1f %%", 100*of["A+"], 100*of["A"], 100*of["B"], 100*of["C"], 100*of["D"])
}

// designedShares are the least and the most of each grade that the simulations give over their correlations.
func designedShares(r *rules.Rules) map[string][2]float64 {
	out := map[string][2]float64{}
	for _, g := range r.Grades {
		out[g.Name] = [2]float64{1, 0}
	}
	for _, correlation := range correlations {
		for _, values := range []scale{evenly, skewed} {
			for grade, share := range designed(r, correlation, values) {
				out[grade] = [2]float64{min(out[grade][0], share), max(out[grade][1], share)}
			}
		}
	}
	return out
}
