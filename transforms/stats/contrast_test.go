package stats_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/stats"
)

// Worked by hand: c = (1·20,000 + 1·5,000)/(200² − 10,000 + 150² − 2,500) = 1/2.
func TestSteadyVariancesByHand(t *testing.T) {
	a := stats.Independent(stats.Moments{N: 2, Mean: 200, Var: 20_000}, stats.Moments{N: 2, Mean: 150, Var: 5_000})
	a.Steady()
	near(t, "treatment", a.Treatment.Var, 20_000, 12)
	near(t, "control", a.Control.Var, 11_250, 12)
	for _, c := range []stats.Moments{{N: 2, Mean: -1, Var: 9}, {N: 2, Mean: 0, Var: 9}} {
		a := stats.Independent(stats.Moments{N: 200, Mean: 200, Var: 20_000}, c)
		if a.Steady(); a.Control != c || a.Treatment.Var != 20_000 {
			t.Errorf("a control whose mean is %v becomes %v", c.Mean, a.Control)
		}
	}
}

// Intervals never become shorter, doing it twice does no more than once, and arms alike stay as they are.
func TestSteadyOnlyWidens(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		arm := func(name string) stats.Moments {
			return stats.Moments{N: rapid.Int64Range(2, 100_000).Draw(r, name), Mean: rapid.Float64Range(-5, 100).Draw(r, name+"'s mean"), Var: rapid.Float64Range(0, 1e5).Draw(r, name+"'s variance")}
		}
		before := stats.Independent(arm("treatment"), arm("control"))
		once := before
		once.Steady()
		if once.Treatment.Var < before.Treatment.Var || once.Control.Var < before.Control.Var {
			r.Fatalf("%v becomes %v", before, once)
		}
		m := before.Treatment
		alike := stats.Independent(m, m)
		if alike.Steady(); m.Mean > 0 && m.Var < m.Mean*m.Mean*float64(m.N)/1000 && alike.Control.Var > m.Var*1.002 {
			r.Fatalf("arms alike: %v becomes %v", m, alike.Control)
		}
	})
}

// whales are buyers of whom three in ten buy, few of them very much: coefficient of variation about 9.
func whales(random interface {
	Float64() float64
	NormFloat64() float64
}, units int, scale float64) stats.Moments {
	var sum, squares float64
	for range units {
		if random.Float64() < 0.3 {
			y := scale * math.Exp(1.8*random.NormFloat64())
			sum, squares = sum+y, squares+y*y
		}
	}
	n := float64(units)
	return stats.Moments{N: int64(units), Mean: sum / n, Var: (squares - sum*sum/n) / (n - 1)}
}

// A holdout of a tenth that few large buyers decide: its own variance covers the planted lift too rarely, the steady one
// nearly as often as it says.
func TestSteadyIntervalsCoverWhereFewBuyMuch(t *testing.T) {
	const lift = 0.15
	runs, random := 2000*simulations, seeded(31)
	var own, steady, found, foundSteady int
	for range runs {
		tr, c := whales(random, 9000, 1+lift), whales(random, 1000, 1)
		a := stats.Independent(tr, c)
		own += indicator(a.RelativeLog(stats.Welch95).Interval.Contains(lift))
		a.Steady()
		steady += indicator(a.RelativeLog(stats.Welch95).Interval.Contains(lift))

		null := stats.Independent(whales(random, 9000, 1), c)
		found += indicator(null.Difference(stats.Welch95).P < 0.05)
		null.Steady()
		foundSteady += indicator(null.Difference(stats.Welch95).P < 0.05)
	}
	share := func(n int) float64 { return float64(n) / float64(runs) }
	t.Logf("of %d runs cover: own %.3f, steady %.3f; find what is not there: own %.3f, steady %.3f", runs, share(own), share(steady), share(found), share(foundSteady))
	if share(own) > 0.92 || share(found) < 0.08 {
		t.Error("the arms' own variances do well enough: the test shows nothing")
	}
	if c := share(steady); c < 0.945 || c > 0.985 {
		t.Errorf("steady intervals cover %.3f, want 0.95 or a little more", c)
	}
	if f := share(foundSteady); f > 0.055 || f < 0.02 {
		t.Errorf("steady tests find what is not there in %.3f, want 0.05 or a little less", f)
	}
}
