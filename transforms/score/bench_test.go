package score_test

import (
	"math/rand/v2"
	"testing"

	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/score"
)

// crowd are random figures of many subjects: products in three levels of categories, shops and talents in one.
func (k kind) crowd(subjects int) *figures {
	rng := rand.New(rand.NewPCG(1, 2))
	f := k.blank(subjects, 3)
	for at := range subjects {
		leaf := rng.Int64N(3000)
		f.Categories[0][at], f.Categories[1][at], f.Categories[2][at] = leaf, leaf/10, leaf/100
		f.Orders[at] = int64(rng.ExpFloat64() * 100)
		for i := range f.X {
			f.X[i][at], f.N[i][at] = figure(k.each[i].Way, k.all[i].Anchors[1]*rng.ExpFloat64(), rng, float64(f.Orders[at]))
		}
	}
	return f
}

// figure is a random figure; of rates and means about a value.
func figure(way rules.Way, value float64, rng *rand.Rand, n float64) (x, of float64) {
	switch way {
	case rules.Rate:
		return float64(int(min(value, 1) * n)), n
	case rules.Mean:
		return value * n, n
	case rules.Percentile:
		return rng.ExpFloat64(), 1
	default:
		return 3 + 2*rng.Float64(), 1
	}
}

func BenchmarkComputeMillionProducts(b *testing.B) {
	f, r := product.crowd(1_000_000), testRules()
	norms := product.measure(b, r, f)
	b.ReportAllocs()
	for b.Loop() {
		product.compute(b, r, f, norms)
	}
}

func BenchmarkMeasureMillionProducts(b *testing.B) {
	f, r := product.crowd(1_000_000), testRules()
	b.ReportAllocs()
	for b.Loop() {
		product.measure(b, r, f)
	}
}

func BenchmarkSteps(b *testing.B) {
	f, r := product.crowd(10_000), testRules()
	s := product.compute(b, r, f, nil)
	var steps []score.Step
	for at := 0; b.Loop(); at++ {
		steps = s.Steps(at%f.Subjects, steps)
	}
}

// Every subject asks for a few hundredths more than it has, so that all indicators are tried.
func BenchmarkSmallest(b *testing.B) {
	f, r := product.crowd(10_000), testRules()
	s := product.compute(b, r, f, nil)
	for at := 0; b.Loop(); at++ {
		subject := at % f.Subjects
		s.Smallest(subject, int64(s.Total[subject])+5, 0)
	}
}
