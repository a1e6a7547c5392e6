package stats_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/stats"
)

// Worked by hand: c = (1·20,000 + 1·5,000)/(200² + 150²) = 0.4.
func TestSteadyVariancesByHand(t *testing.T) {
	a := stats.Independent(stats.Moments{N: 2, Mean: 200, Var: 20_000}, stats.Moments{N: 2, Mean: 150, Var: 5_000})
	a.Steady()
	near(t, "treatment", a.Treatment.Var, 20_000, 12)
	near(t, "control", a.Control.Var, 9_000, 12)
	for _, c := range []stats.Moments{{N: 2, Mean: -1, Var: 9}, {N: 2, Mean: 0, Var: 9}} {
		a := stats.Independent(stats.Moments{N: 200, Mean: 200, Var: 20_000}, c)
		if a.Steady(); a.Control != c || a.Treatment.Var != 20_000 {
			t.Errorf("a control whose mean is %v becomes %v", c.Mean, a.Control)
		}
	}
}

// equalBuyers are an arm of whom so many bought, each for the same.
func equalBuyers(units, bought int64) stats.Moments {
	const each = 19_900
	n, k := float64(units), float64(bought)
	return stats.Moments{N: units, Mean: k * each / n, Var: k * each * each * (1 - k/n) / (n - 1)}
}

// With one buyer an arm's mean is exactly as large as its standard error: what the arms have in common must not go by what
// rounding leaves of their difference.
func TestSteadyVariancesOfArmsWithOneBuyer(t *testing.T) {
	for units := int64(2); units < 80; units++ {
		for held := int64(2); held <= units; held++ {
			a := stats.Independent(equalBuyers(units, 1), equalBuyers(held, 1))
			limit := 1.001 * max(a.Treatment.Var, a.Control.Var) * float64(units)
			if a.Steady(); a.Treatment.Var > limit || a.Control.Var > limit {
				t.Fatalf("a buyer among %d and one among %d: variances %v and %v", units, held, a.Treatment.Var, a.Control.Var)
			}
		}
	}
}

// Intervals never become shorter, no arm's coefficient of variation becomes larger than that of the arm that varies more, and
// arms alike stay as they are.
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
		cv2 := func(m stats.Moments) float64 { return m.Var / (m.Mean * m.Mean) }
		if most := max(cv2(before.Treatment), cv2(before.Control)) * (1 + 1e-9); cv2(once.Treatment) > most || cv2(once.Control) > most {
			r.Fatalf("%v becomes %v", before, once)
		}
		m := before.Treatment
		alike := stats.Independent(m, m)
		if alike.Steady(); math.Abs(alike.Control.Var-m.Var) > 1e-9*m.Var {
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

// The assumption broken: all of the lift are a few buyers of 川流's own making. The holdout is taken to vary as the treatment
// does, and the interval holds more often than it says; the arms' own hold less often.
func TestSteadyIntervalsWhereTheEffectIsInTheTail(t *testing.T) {
	const lift, share = 0.15, 0.0005 // of units that buy once more, all for the same
	runs, random := 400*simulations, seeded(32)
	each := lift * 0.3 * math.Exp(1.8*1.8/2) / share
	var own, steady, wider float64
	for range runs {
		tr, c := whales(random, 9000, 1), whales(random, 1000, 1)
		n, made := float64(tr.N), 0.0
		for range tr.N {
			if random.Float64() < share {
				made++
			}
		}
		tr.Var += made * (1 - made/n) * each * each / (n - 1) // of who bought apart from the others
		tr.Mean += made * each / n
		a := stats.Independent(tr, c)
		before := a.RelativeLog(stats.Welch95)
		a.Steady()
		after := a.RelativeLog(stats.Welch95)
		own += float64(indicator(before.Interval.Contains(lift)))
		steady += float64(indicator(after.Interval.Contains(lift)))
		wider += after.SE / before.SE
	}
	n := float64(runs)
	t.Logf("of %d runs cover: own %.3f, steady %.3f; steady standard errors are %.2f times as large", runs, own/n, steady/n, wider/n)
	if steady/n < 0.96 || steady < own || wider/n > 1.7 {
		t.Error("the steady interval is too short, or wider than it may be")
	}
}
