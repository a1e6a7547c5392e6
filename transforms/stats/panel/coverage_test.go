package panel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/windvane/windvane/transforms/stats"
	"github.com/windvane/windvane/transforms/stats/panel"
)

// Simulated panels with a known effect: intervals cover it at their confidence, tests reject at their level. Seeds are fixed;
// a rate may be off by 3.5 of its standard errors by chance, and by slack where the method is approximate.

type tally struct{ covered, runs, sum, squares, se float64 }

func (c *tally) add(e stats.Estimate, truth float64) {
	c.runs++
	if e.Interval.Contains(truth) {
		c.covered++
	}
	c.sum += e.Value - truth
	c.squares += (e.Value - truth) * (e.Value - truth)
	c.se += e.SE
}

// check holds coverage and bias against their standard errors.
func (c *tally) check(t *testing.T, want, below, above float64) {
	t.Helper()
	rate, noise := c.covered/c.runs, 3.5*math.Sqrt(want*(1-want)/c.runs)
	sd := math.Sqrt(c.squares / c.runs)
	t.Logf("%v runs: coverage %.3f, bias %+.4f, sd %.4f, mean standard error %.4f", c.runs, rate, c.sum/c.runs, sd, c.se/c.runs)
	if rate < want-below-noise || rate > want+above+noise {
		t.Errorf("coverage %.3f in %v runs, want %.2f −%.2f +%.2f ± %.3f", rate, c.runs, want, below, above, noise)
	}
	if bias := c.sum / c.runs; math.Abs(bias) > 3.5*sd/math.Sqrt(c.runs) {
		t.Errorf("bias %v, the standard error of %v runs is %v", bias, c.runs, sd/math.Sqrt(c.runs))
	}
}

func TestDIDCoverage(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 1))
	var c tally
	for range runs(1500, 20000) {
		b := factorBlock(random, 12, 8, 5, 4, 0, 2)
		e, err := panel.DID(b, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		c.add(e, 2)
	}
	c.check(t, 0.95, 0, 0)
}

func TestGroupTimeCoverage(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 2))
	var simple, groups, cell tally
	for range runs(500, 5000) {
		p, mean := staggeredPanel(random, 120, 7, 0)
		g, err := panel.GroupTime(p, panel.GroupTimeOptions{Controls: panel.NotYetTreated, Confidence: 0.95})
		if err != nil {
			t.Fatal(err)
		}
		simple.add(g.Simple(), mean)
		groups.add(g.ByGroup().Overall, (3.0+2.0)/2) // groups of one size, mean effects 1 to 5 and 2
		for _, c := range g.Cells {
			if c.Group == 2 && c.Event() == 3 {
				cell.add(c.Estimate, 4)
			}
		}
	}
	simple.check(t, 0.95, 0.01, 0) // 40 units a group: the normal interval is a little short
	groups.check(t, 0.95, 0.01, 0)
	cell.check(t, 0.95, 0.01, 0)
}

// The pre-trend test rejects 5 % of parallel trends, and 80 % of trends that part by its own detectable slope.
func TestPreTrendLevelAndPower(t *testing.T) {
	rejects := func(seed uint64, apart float64, n int) float64 {
		random := rand.New(rand.NewPCG(4, seed))
		rejected := 0
		for range n {
			p, _ := staggeredPanel(random, 300, 6, apart)
			g, err := panel.GroupTime(p, panel.GroupTimeOptions{Confidence: 0.95})
			if err != nil {
				t.Fatal(err)
			}
			pre, err := g.PreTrend()
			if err != nil {
				t.Fatal(err)
			}
			if pre.P < 0.05 {
				rejected++
				if len(pre.Warnings) != 1 || pre.Warnings[0] != panel.WarnPreTrend {
					t.Fatalf("p %v, warnings %v", pre.P, pre.Warnings)
				}
			}
		}
		return float64(rejected) / float64(n)
	}
	n := runs(150, 4000)
	near(t, "share rejected under parallel trends", rejects(3, 0, n), 0.05, 0.01+3.5*math.Sqrt(0.05*0.95/float64(n)))
	// Pre cells: group 2 in period 1, group 4 in periods 1 to 3. With 100 units a group and unit steps of variance one their
	// covariance is [2 1; 1 2]/100 for the two of period 1 and 2/100 for the others, so 1'V⁻¹1 = 200/3 + 100. A chi-squared with 4
	// degrees of freedom has a power of 80 % at noncentrality 11.935 (Cohen 1988).
	slope := math.Sqrt(11.935 / (200.0/3 + 100))
	p, _ := staggeredPanel(rand.New(rand.NewPCG(4, 4)), 300, 6, 0)
	g, err := panel.GroupTime(p, panel.GroupTimeOptions{Confidence: 0.95})
	if err != nil {
		t.Fatal(err)
	}
	pre, err := g.PreTrend()
	if err != nil {
		t.Fatal(err)
	}
	near(t, "detectable slope", pre.Slope, slope, 0.15*slope) // variances of 100 units
	near(t, "power at the detectable slope", pre.Power(pre.Slope), 0.80, 1e-9)
	near(t, "power at no slope", pre.Power(0), 0.05, 1e-9)
	near(t, "share found at that slope", rejects(5, slope, n), 0.80, 0.015+3.5*math.Sqrt(0.8*0.2/float64(n)))
}

// One treated unit: the interval from placebos.
func TestSDIDPlaceboCoverage(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 6))
	var c tally
	small := 0
	n := runs(25, 2000)
	for range n {
		b := factorBlock(random, 20, 1, 20, 5, 1, 2)
		r, err := panel.Estimate(b, panel.MethodSDID, panel.Options{Confidence: 0.95})
		if err != nil {
			t.Fatal(err)
		}
		c.add(r.Estimate, 2)
		null := changed(b, func(i, s int, y float64) float64 {
			if i == 20 && s >= 20 {
				return y - 2
			}
			return y
		})
		if r, err = panel.Estimate(null, panel.MethodSDID, panel.Options{Confidence: 0.95}); err != nil {
			t.Fatal(err)
		}
		if r.RankP <= 0.1 {
			small++
		}
	}
	c.check(t, 0.95, 0.02, 0.01) // 20 placebos that share their controls
	near(t, "share of rank p at or below 0.1 without effect", float64(small)/float64(n), 2.0/21, 0.02+3.5*math.Sqrt(0.09*0.91/float64(n)))
}

func TestSDIDJackknifeCoverage(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 7))
	var c tally
	for range runs(200, 3000) {
		b := factorBlock(random, 30, 10, 20, 5, 1, 2)
		r, err := panel.Estimate(b, panel.MethodSDID, panel.Options{Confidence: 0.95})
		if err != nil {
			t.Fatal(err)
		}
		if r.Error != panel.ErrorJackknife {
			t.Fatalf("standard error by %v", r.Error)
		}
		c.add(r.Estimate, 2)
	}
	c.check(t, 0.95, 0.01, 0.03) // the weights of 30 controls are taken as known
}

func TestStaggeredCoverage(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 8))
	var jackknife, placebo tally
	for range runs(60, 1000) {
		p, mean := staggeredPanel(random, 60, 7, 0)
		r, err := panel.Staggered(p, panel.MethodDID, panel.Options{Confidence: 0.95})
		if err != nil {
			t.Fatal(err)
		}
		jackknife.add(r.Estimate, mean)
		few := panel.Panel{}
		kept := 0
		for i, s := range p.Start { // two that start in 2, one in 4
			if s == panel.Never || kept < 3 {
				if s != panel.Never {
					kept++
				}
				few.Y, few.Start = append(few.Y, p.Y[i]), append(few.Start, s)
			}
		}
		if r, err = panel.Staggered(few, panel.MethodDID, panel.Options{Confidence: 0.95}); err != nil {
			t.Fatal(err)
		}
		if r.Error != panel.ErrorPlacebo || len(r.Placebos) != 200 {
			t.Fatalf("%v by %d placebos", r.Error, len(r.Placebos))
		}
		placebo.add(r.Estimate, (2*5*3.0+3*2.0)/13)
	}
	jackknife.check(t, 0.95, 0.01, 0.02)
	placebo.check(t, 0.95, 0.02, 0.02)
}

// Cohorts of one unit each, as shops join: the jackknife over cohorts.
func TestStaggeredSinglesCoverage(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 10))
	var c tally
	for range runs(40, 1000) {
		b := factorBlock(random, 25, 8, 30, 0, 1, 0)
		p := panel.Panel{Y: b.Y}
		for i, row := range b.Y {
			p.Start = append(p.Start, panel.Never)
			if i >= 25 {
				p.Start[i] = i - 10 // 15 to 22
				for s := p.Start[i]; s < 30; s++ {
					row[s] += 2
				}
			}
		}
		r, err := panel.Staggered(p, panel.MethodSDID, panel.Options{Confidence: 0.95})
		if err != nil {
			t.Fatal(err)
		}
		if r.Error != panel.ErrorJackknife || len(r.Cohorts) != 8 {
			t.Fatalf("standard error by %v of %d cohorts", r.Error, len(r.Cohorts))
		}
		c.add(r.Estimate, 2)
	}
	c.check(t, 0.95, 0.01, 0.04)
}

// Conformal p is at most alpha in alpha of the samples, and its interval covers.
func TestConformalLevel(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 9))
	var c tally
	small := 0
	n := runs(100, 3000)
	for range n {
		b := factorBlock(random, 15, 1, 32, 8, 0, 2)
		p, err := panel.Conformal(b, 2)
		if err != nil {
			t.Fatal(err)
		}
		if p <= 0.1 {
			small++
		}
		e, err := panel.ConformalInterval(b, 0.9)
		if err != nil {
			t.Fatal(err)
		}
		c.add(e, 2)
	}
	near(t, "share of p at or below 0.1", float64(small)/float64(n), 0.1, 3.5*math.Sqrt(0.1*0.9/float64(n)))
	c.check(t, 0.9, 0, 0.01) // the interval closes gaps between effects that are not rejected
}
