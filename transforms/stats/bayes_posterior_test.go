package stats_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/stats"
)

func TestPosteriorOfOneNormal(t *testing.T) {
	p := stats.Posterior{{Weight: 1, Normal: stats.Normal{Mean: 0.2, Var: 0.01}}}
	near(t, "P(effect > 0)", p.Positive(), 0.977250, 6) // Phi(2)
	near(t, "local false sign rate", p.LocalFalseSign(), 0.022750, 6)
	i := p.Interval(0.95)
	near(t, "low end", i.Lo, 0.2-0.1959964, 7)
	near(t, "high end", i.Hi, 0.2+0.1959964, 7)
	p[0].Mean = -0.2
	near(t, "P(loss > 0)", p.Positive(), 0.022750, 6)
	near(t, "local false sign rate of a loss", p.LocalFalseSign(), 0.022750, 6)

	known := stats.Posterior{{Weight: 1, Normal: stats.Normal{Mean: 0.2}}}
	if known.Positive() != 1 || known.LocalFalseSign() != 0 || known.Interval(0.95) != (stats.Interval{Lo: 0.2, Hi: 0.2}) {
		t.Errorf("known: %v, %v, %v", known.Positive(), known.LocalFalseSign(), known.Interval(0.95))
	}
	zero := stats.Posterior{{Weight: 1}}
	if zero.Positive() != 0.5 || zero.LocalFalseSign() != 0.5 {
		t.Errorf("known to be zero: %v, %v", zero.Positive(), zero.LocalFalseSign())
	}
}

// Two normals far apart: half of each tail is that of one of them.
func TestPosteriorOfTwoNormals(t *testing.T) {
	p := stats.Posterior{
		{Weight: 0.5, Normal: stats.Normal{Mean: -100, Var: 1}}, {Weight: 0.5, Normal: stats.Normal{Mean: 100, Var: 4}},
	}
	near(t, "mean", p.Mean(), 0, 12)
	near(t, "variance", p.Var(), 10_000+2.5, 9)
	near(t, "P(effect > 0)", p.Positive(), 0.5, 12)
	i := p.Interval(0.9)
	near(t, "low end", i.Lo, -100-1.2815516, 6)
	near(t, "high end", i.Hi, 100+2*1.2815516, 6)
}

func TestIntervalsOfPosteriorsHoldWhatTheySay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.Float64Range(0, 1).Draw(t, "weight")
		p := stats.Posterior{
			{Weight: w, Normal: stats.Normal{Mean: rapid.Float64Range(-3, 3).Draw(t, "a"), Var: rapid.Float64Range(0.01, 4).Draw(t, "va")}},
			{Weight: 1 - w, Normal: stats.Normal{Mean: rapid.Float64Range(-3, 3).Draw(t, "b"), Var: rapid.Float64Range(0.01, 4).Draw(t, "vb")}},
		}
		confidence := rapid.Float64Range(0.5, 0.99).Draw(t, "confidence")
		i := p.Interval(confidence)
		above := func(x float64) float64 { // by moving the posterior
			moved := stats.Posterior{p[0], p[1]}
			moved[0].Mean -= x
			moved[1].Mean -= x
			return moved.Positive()
		}
		if lo, hi := above(i.Lo), above(i.Hi); apart(lo, (1+confidence)/2, 1e-9) || apart(hi, (1-confidence)/2, 1e-9) {
			t.Fatalf("above the interval's ends lie %v and %v of %v", lo, hi, confidence)
		}
		if lfs := p.LocalFalseSign(); apart(lfs, math.Min(p.Positive(), 1-p.Positive()), 1e-15) {
			t.Fatalf("local false sign rate %v with P(effect > 0) %v", lfs, p.Positive())
		}
	})
}
