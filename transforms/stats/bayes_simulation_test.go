package stats_test

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"github.com/windvane/windvane/transforms/stats"
)

// programme are merchants whose true log lifts come from N(0.10, 0.15²), each measured with an error of its own size,
// from good to hopeless.
type programme struct{ truth, y, v []float64 }

func drawProgramme(seed uint64, m int) programme {
	r := random(seed)
	p := programme{make([]float64, m), make([]float64, m), make([]float64, m)}
	for j := range m {
		p.v[j] = squared(0.05 + 0.45*r.Float64())
		p.truth[j] = 0.10 + 0.15*r.NormFloat64()
		p.y[j] = p.truth[j] + math.Sqrt(p.v[j])*r.NormFloat64()
	}
	return p
}

// Shrinkage against raw: less squared error, intervals that hold, signs as often wrong as said, and no winner's curse.
func TestShrinkageKeepsItsPromises(t *testing.T) {
	const m, best = 2000, 20
	var raw, shrunken, ideal, curse, signs average
	var held, selectedHeld, bestHeld share
	for rep := range 10 * simulations {
		p := drawProgramme(uint64(rep), m)
		prior := fitPrior(t, p.y, p.v, nil, stats.PauleMandel)
		post, mean, order := make([]stats.Posterior, m), make([]float64, m), make([]int, m)
		for j := range post {
			post[j], order[j] = prior.Posterior(j, p.y[j], p.v[j]), j
			mean[j] = post[j].Mean()
			raw.add(squared(p.y[j] - p.truth[j]))
			shrunken.add(squared(mean[j] - p.truth[j]))
			ideal.add(p.v[j] * 0.0225 / (p.v[j] + 0.0225))
			if j%8 == 0 {
				held.count(post[j].Interval(0.95).Contains(p.truth[j]))
			}
			said := post[j].LocalFalseSign()
			if mean[j] > 0 != (p.truth[j] > 0) {
				said-- // less what happened
			}
			signs.add(said)
		}

		// The top 1 % as a report would quote them: by shrunken lift.
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(mean[b], mean[a]) })
		var meanPost, meanVar, meanTruth float64
		for _, j := range order[:best] {
			meanPost += mean[j] / best
			meanVar += post[j].Var() / (best * best)
			meanTruth += p.truth[j] / best
			selectedHeld.count(post[j].Interval(0.95).Contains(p.truth[j]))
		}
		bestHeld.count(math.Abs(meanPost-meanTruth) <= 1.959964*math.Sqrt(meanVar))

		// By raw lift, as a press release would: what is promised beyond the truth.
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p.y[b], p.y[a]) })
		for _, j := range order[:best] {
			curse.add(p.y[j] - p.truth[j])
		}
	}
	t.Logf("mean squared error %.5f raw, %.5f shrunken, %.5f with the prior known; raw top 1 %% promise %.3f too much",
		raw.mean(), shrunken.mean(), ideal.mean(), curse.mean())
	if !(shrunken.mean() <= 0.25*raw.mean()) {
		t.Errorf("mean squared error %v shrunken, %v raw", shrunken.mean(), raw.mean())
	}
	// Not knowing the prior costs next to nothing: 4/M of the ideal error, and three standard errors of the mean.
	if apart(shrunken.mean(), ideal.mean(), 0.002*ideal.mean()+3*shrunken.se()) {
		t.Errorf("mean squared error %v, with the prior known %v", shrunken.mean(), ideal.mean())
	}
	held.within(t, "intervals of all", 0.948, 0.952)
	selectedHeld.within(t, "intervals of the top 1 %", 0.94, 0.96)
	bestHeld.within(t, "interval of their mean", 0.93, 0.97)
	if apart(signs.mean(), 0, 0.001+3*signs.se()) {
		t.Errorf("local false sign rates are off by %v on average", signs.mean())
	}
	if !(curse.mean() >= 0.4) {
		t.Errorf("the raw top 1 %% promise only %v too much; it was to be 0.4 and more", curse.mean())
	}
}

// With few merchants nobody knows how much they differ. The posterior says so; the plug-in posterior, which takes the
// estimate for the truth, holds far less than the 95 % it claims.
func TestIntervalsHoldWithFewMerchantsToo(t *testing.T) {
	for _, m := range []int{3, 5, 10, 20, 50} {
		for _, tau := range []float64{0.05, 0.15, 0.5} {
			var held, plugged share
			for rep := range 300 * simulations / m {
				p := drawProgramme(uint64(rep), m)
				for j := range p.y {
					wider := (tau/0.15 - 1) * (p.truth[j] - 0.10)
					p.truth[j], p.y[j] = p.truth[j]+wider, p.y[j]+wider
				}
				prior := fitPrior(t, p.y, p.v, nil, stats.PauleMandel)
				for j := range p.y {
					held.count(prior.Posterior(j, p.y[j], p.v[j]).Interval(0.95).Contains(p.truth[j]))
					plugged.count(prior.PlugIn(j, p.y[j], p.v[j]).Interval(0.95).Contains(p.truth[j]))
				}
			}
			// Units of one programme share its tau² and are not independent: their number counts a third.
			held.of, held.times = held.of/3, held.times/3
			held.within(t, "intervals", 0.94, 1)
			if m <= 20 && tau == 0.15 {
				plugged.within(t, "plug-in intervals", 0, 0.89)
			}
		}
	}
}

// A prior mean by size: merchants whose lift falls with their size are drawn to their own line.
func TestPriorMeansByCovariatesShrinkBetter(t *testing.T) {
	const m = 1000
	var plain, regressed average
	for rep := range 5 * simulations {
		r := random(uint64(rep))
		p := drawProgramme(uint64(rep)+1000, m)
		x := make([][]float64, m)
		for j := range x {
			size := r.NormFloat64()
			x[j] = []float64{size}
			p.truth[j] -= 0.2 * size
			p.y[j] -= 0.2 * size
		}
		without, with := fitPrior(t, p.y, p.v, nil, stats.PauleMandel), fitPrior(t, p.y, p.v, x, stats.PauleMandel)
		for j := range p.y {
			plain.add(squared(without.Posterior(j, p.y[j], p.v[j]).Mean() - p.truth[j]))
			regressed.add(squared(with.Posterior(j, p.y[j], p.v[j]).Mean() - p.truth[j]))
		}
		near(t, "slope", with.Coef[1].Mean, -0.2, 1)
		if apart(with.Coef[1].Mean, -0.2, 4*math.Sqrt(with.Coef[1].Var)) {
			t.Errorf("slope %v with standard error %v, planted -0.2", with.Coef[1].Mean, math.Sqrt(with.Coef[1].Var))
		}
	}
	if !(regressed.mean() <= 0.75*plain.mean()) {
		t.Errorf("mean squared error %v with the covariate, %v without", regressed.mean(), plain.mean())
	}
}

// Effects as unkind as their second moment allows: most at nothing, one in ten at three standard errors. The normal
// prior's interval breaks its promise, the robust one keeps it.
func TestRobustIntervalsHoldWhereTheNormalPriorsDoNot(t *testing.T) {
	const m = 2000
	var normal, robust, robustest share
	for rep := range 4 * simulations {
		r := random(uint64(rep))
		y, v := make([]float64, m), make([]float64, m)
		truth := make([]float64, m)
		for j := range y {
			if j%10 == 0 {
				truth[j] = math.Sqrt(10)
				if j%20 == 0 {
					truth[j] = -truth[j]
				}
			}
			v[j] = 1
			y[j] = truth[j] + r.NormFloat64()
		}
		prior := fitPrior(t, y, v, nil, stats.PauleMandel)
		spread := stats.SpreadOf(y, v, prior.Mean)
		mean, keep := prior.Mean[0].Mean, spread.Second/(spread.Second+1)
		tight := stats.RobustInterval(mean, 1, mean, spread, 0.05) // of a unit at the mean; the others' are moved
		wide := stats.RobustInterval(mean, 1, mean, stats.Spread{Second: spread.Second, Kurtosis: math.Inf(1)}, 0.05)
		if tight.Lo <= wide.Lo || tight.Hi >= wide.Hi {
			t.Errorf("knowing the kurtosis makes %v of %v", tight, wide)
		}
		for j := range y {
			normal.count(prior.Posterior(j, y[j], v[j]).Interval(0.95).Contains(truth[j]))
			moved := truth[j] - keep*(y[j]-mean)
			robust.count(tight.Contains(moved))
			robustest.count(wide.Contains(moved))
		}
	}
	// These effects are all but the worst case, and the spread is an estimate from 2,000 units: a tenth of a point.
	robust.within(t, "robust intervals", 0.949, 1)
	robustest.within(t, "robust intervals for any kurtosis", 0.949, 1)
	normal.within(t, "intervals of the normal prior", 0, 0.94)
}

// The largest raw lift of a programme that does nothing is what ExpectedMaximum says.
func TestTheBestOfNothing(t *testing.T) {
	p := drawProgramme(1, 300)
	se := make([]float64, len(p.v))
	for j, v := range p.v {
		se[j] = math.Sqrt(v)
	}
	var largest average
	for rep := range 300 * simulations {
		r, most := random(uint64(rep)), math.Inf(-1)
		for _, s := range se {
			most = math.Max(most, s*r.NormFloat64())
		}
		largest.add(most)
	}
	if want := stats.ExpectedMaximum(se); apart(largest.mean(), want, 3*largest.se()) {
		t.Errorf("the best of nothing has %v on average, want %v (standard error %v)", largest.mean(), want, largest.se())
	}
}
