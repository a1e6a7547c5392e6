//go:build teststats

package stats_test

import (
	"math"
	"testing"

	"github.com/windvane/windvane/transforms/stats"
)

const manyRuns = 20_000

func TestIntervalsCoverWhatWasPlantedInManyRuns(t *testing.T) { coverage(t, manyRuns) }

func TestNothingIsFoundWhereNothingHappenedInManyRuns(t *testing.T) { falsePositives(t, manyRuns) }

func TestTestsOfHealthKeepTheirLevelInManyRuns(t *testing.T) { healthLevels(t, manyRuns) }

func TestDetectableEffectIsFoundAsOftenAsPromisedInManyRuns(t *testing.T) { detection(t, manyRuns) }

// Where Skewed warns, intervals do fall short: 60 units of which a sixth buy, some much.
func TestIntervalsFallShortWhereSkewWarns(t *testing.T) {
	random := seeded(24)
	draw := func(n int) []float64 {
		out := make([]float64, n)
		for i := range out {
			if random.IntN(6) == 0 {
				out[i] = math.Exp(1.2 * random.NormFloat64())
			}
		}
		return out
	}
	const runs = 5000
	var covered, warned int
	for range runs {
		tr, c := draw(2000), draw(60)
		e := stats.Difference(stats.MomentsOf(tr), stats.MomentsOf(c), stats.Welch95)
		covered += indicator(e.Interval.Contains(0))
		warned += indicator(stats.Skewed(60, stats.Skewness(tr)))
	}
	if share := float64(covered) / runs; share > 0.93 {
		t.Errorf("intervals of few skewed units cover in %.4f of %d runs", share, runs)
	}
	if warned != runs {
		t.Errorf("%d of %d runs warn", warned, runs)
	}
}
