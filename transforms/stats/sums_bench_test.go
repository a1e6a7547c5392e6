package stats_test

import (
	"math/rand/v2"
	"testing"

	"github.com/windvane/windvane/transforms/stats"
)

// benchmarkUnits are totals as a night meets them: every second user bought in the window, every third before.
func benchmarkUnits() []stats.Values {
	random := rand.New(rand.NewPCG(1, 2))
	units := make([]stats.Values, 1<<12)
	for i := range units {
		u := &units[i]
		if random.IntN(2) == 0 {
			u[stats.Outcome], u[stats.Denominator] = random.Int64N(1e6), 1+random.Int64N(5)
			u[stats.WideOutcome] = u[stats.Outcome] + random.Int64N(1e6)
		}
		if random.IntN(3) == 0 {
			u[stats.PreOutcome], u[stats.PreDenominator] = random.Int64N(1e6), 1+random.Int64N(5)
		}
	}
	return units
}

func BenchmarkSumsAdd(b *testing.B) {
	units := benchmarkUnits()
	var s stats.Sums
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Add(&units[i&(len(units)-1)])
	}
}

func BenchmarkSumsMove(b *testing.B) {
	units := benchmarkUnits()
	var s stats.Sums
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Move(&units[i&(len(units)-1)], &units[(i+1)&(len(units)-1)])
	}
}

func BenchmarkHistogramAdd(b *testing.B) {
	units := benchmarkUnits()
	var h stats.Histogram
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h.Add(&units[i&(len(units)-1)])
	}
}

func BenchmarkArm(b *testing.B) {
	var s stats.Sums
	for _, u := range benchmarkUnits() {
		s.Add(&u)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Arm()
	}
}

func BenchmarkRelativeLog(b *testing.B) {
	t, c := stats.Moments{N: 2100, Mean: 812, Var: 9e6}, stats.Moments{N: 130, Mean: 644, Var: 8e6}
	b.ReportAllocs()
	for b.Loop() {
		stats.RelativeLog(t, c, stats.Welch95)
	}
}

func BenchmarkCUPED(b *testing.B) {
	var s stats.Sums
	for _, u := range benchmarkUnits() {
		s.Add(&u)
	}
	a := s.Arm()
	b.ReportAllocs()
	for b.Loop() {
		stats.CUPED(a.Joint(stats.Outcome, stats.PreOutcome), a.Joint(stats.Outcome, stats.PreOutcome), stats.ThetaOptimal)
	}
}
