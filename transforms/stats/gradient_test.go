package stats_test

import (
	"math"
	"testing"

	"github.com/windvane/windvane/transforms/stats"
)

// numericSE is the standard error of a function of the means of both arms' variables by the delta method with a
// numeric gradient; arms are independent.
func numericSE(f func(t, c [stats.Variables]float64) float64, t, c *stats.Arm) float64 {
	var variance float64
	for which, a := range []*stats.Arm{t, c} {
		var gradient [stats.Variables]float64
		for v := range gradient {
			at := func(step float64) float64 {
				mt, mc := t.Mean, c.Mean
				if which == 0 {
					mt[v] += step
				} else {
					mc[v] += step
				}
				return f(mt, mc)
			}
			const h = 1e-5
			gradient[v] = (at(h) - at(-h)) / (2 * h)
		}
		for v := range gradient {
			for w := range gradient {
				variance += gradient[v] * gradient[w] * a.Cov[v][w] / float64(a.N)
			}
		}
	}
	return math.Sqrt(variance)
}

func closely(t *testing.T, name string, got, want float64) {
	t.Helper()
	if !(math.Abs(got/want-1) < 1e-6) {
		t.Errorf("%s is %v, want %v", name, got, want)
	}
}

// Every standard error that comes of a linear approximation, against the gradient taken numerically; coefficients of
// covariates count as fixed.
func TestStandardErrorsAreThoseOfTheGradient(t *testing.T) {
	random := seeded(6)
	x := shop{lift: 0.8, retained: 0.4}
	tr, c := stats.ArmOf(x.columns(random, 300, true)), stats.ArmOf(x.columns(random, 700, false))
	const y, d, pre, wide = stats.Outcome, stats.Denominator, stats.PreOutcome, stats.WideOutcome
	type means = [stats.Variables]float64
	exact := stats.Welch95

	closely(t, "lift", stats.RelativeDelta(tr.Of(y), c.Of(y), exact).SE,
		numericSE(func(t, c means) float64 { return t[y] / c[y] }, &tr, &c))
	closely(t, "logarithmic lift", stats.RelativeLog(tr.Of(y), c.Of(y), exact).SE/(tr.Mean[y]/c.Mean[y]),
		numericSE(func(t, c means) float64 { return math.Log(t[y] / c[y]) }, &tr, &c))
	closely(t, "ratios", stats.Difference(tr.Ratio(y, d), c.Ratio(y, d), exact).SE,
		numericSE(func(t, c means) float64 { return t[y]/t[d] - c[y]/c[d] }, &tr, &c))
	closely(t, "lift of ratios", stats.RelativeDelta(tr.Ratio(y, d), c.Ratio(y, d), exact).SE,
		numericSE(func(t, c means) float64 { return t[y] / t[d] * c[d] / c[y] }, &tr, &c))
	closely(t, "retained share", stats.RetainedShare(&tr, &c, y, wide, exact).SE,
		numericSE(func(t, c means) float64 { return (t[wide] - c[wide]) / (t[y] - c[y]) }, &tr, &c))

	nt, nc := float64(tr.N), float64(c.N)
	for _, rule := range []stats.Theta{stats.ThetaPooled, stats.ThetaOptimal, stats.ThetaPerArm} {
		a := stats.CUPED(tr.Joint(y, pre), c.Joint(y, pre), rule)
		adjusted := func(t, c means) (float64, float64) {
			all := (nt*t[pre] + nc*c[pre]) / (nt + nc)
			return t[y] - a.ThetaT[0]*(t[pre]-all), c[y] - a.ThetaC[0]*(c[pre]-all)
		}
		mt, mc := adjusted(tr.Mean, c.Mean)
		relativelyNear(t, "adjusted treatment", a.Treatment.Mean, mt)
		relativelyNear(t, "adjusted control", a.Control.Mean, mc)
		if rule == stats.ThetaPerArm { // the small-sample factor comes in
			few := a.Difference(exact).SE / numericSE(func(t, c means) float64 { mt, mc := adjusted(t, c); return mt - mc }, &tr, &c)
			if few < 1 || few > 1.002 {
				t.Errorf("factor for per-arm coefficients %v", few)
			}
			continue
		}
		closely(t, "adjusted difference", a.Difference(exact).SE,
			numericSE(func(t, c means) float64 { mt, mc := adjusted(t, c); return mt - mc }, &tr, &c))
		closely(t, "adjusted lift", a.RelativeDelta(exact).SE,
			numericSE(func(t, c means) float64 { mt, mc := adjusted(t, c); return mt / mc }, &tr, &c))
		closely(t, "adjusted logarithmic lift", a.RelativeLog(exact).SE/(mt/mc),
			numericSE(func(t, c means) float64 { mt, mc := adjusted(t, c); return math.Log(mt / mc) }, &tr, &c))
		closely(t, "adjusted effect over the plain control mean", a.RelativeUnadjusted(exact).SE,
			numericSE(func(t, c means) float64 { mt, mc := adjusted(t, c); return (mt - mc) / c[y] }, &tr, &c))
	}

	// Lin's lift, with residual variances without their small-sample factor, from arms so large that it is 1.
	tr.N, c.N = 3e9, 7e9
	nt, nc = 3e9, 7e9
	a := stats.CUPED(tr.Joint(y, pre), c.Joint(y, pre), stats.ThetaPerArm)
	lift := func(t, c means) float64 {
		all := (nt*t[pre] + nc*c[pre]) / (nt + nc)
		return (t[y] - a.ThetaT[0]*(t[pre]-all)) / (c[y] - a.ThetaC[0]*(c[pre]-all))
	}
	closely(t, "Lin's lift", a.RelativeDelta(exact).SE, numericSE(lift, &tr, &c))
	closely(t, "Lin's effect over the plain control mean", a.RelativeUnadjusted(exact).SE,
		numericSE(func(t, c means) float64 {
			all := (nt*t[pre] + nc*c[pre]) / (nt + nc)
			return (t[y] - a.ThetaT[0]*(t[pre]-all) - c[y] + a.ThetaC[0]*(c[pre]-all)) / c[y]
		}, &tr, &c))
}

// At the ends of Fieller's interval the difference of treatment and (1 + lift) × control is just at the critical value,
// for correlated means too.
func TestFiellerInvertsTheDifference(t *testing.T) {
	random := seeded(8)
	x := shop{lift: 0.8}
	tr, c := stats.ArmOf(x.columns(random, 300, true)), stats.ArmOf(x.columns(random, 200, false))
	const y, pre = stats.Outcome, stats.PreOutcome
	how := stats.Inference{Confidence: 0.9, Normal: true}
	const critical = 1.6448536269514722

	e := stats.RelativeFieller(tr.Of(y), c.Of(y), how)
	a := stats.CUPED(tr.Joint(y, pre), c.Joint(y, pre), stats.ThetaOptimal)
	adjusted := a.RelativeFieller(how)
	theta, nt, nc := a.ThetaT[0], float64(tr.N), float64(c.N)
	for _, ends := range [][2]float64{{e.Interval.Lo, adjusted.Interval.Lo}, {e.Interval.Hi, adjusted.Interval.Hi}} {
		rho := 1 + ends[0]
		gap := func(t, c [stats.Variables]float64) float64 { return t[y] - rho*c[y] }
		closely(t, "statistic", math.Abs(gap(tr.Mean, c.Mean)/numericSE(gap, &tr, &c)), critical)

		rho = 1 + ends[1]
		gap = func(t, c [stats.Variables]float64) float64 {
			all := (nt*t[pre] + nc*c[pre]) / (nt + nc)
			return t[y] - theta*(t[pre]-all) - rho*(c[y]-theta*(c[pre]-all))
		}
		closely(t, "statistic of adjusted means", math.Abs(gap(tr.Mean, c.Mean)/numericSE(gap, &tr, &c)), critical)
	}
}

// Strongly correlated arms, by the difference of t − (1 + lift)·c with its variance written out.
func TestFiellerOfCorrelatedArmsInvertsTheDifference(t *testing.T) {
	how := stats.Inference{Confidence: 0.95, Normal: true}
	tr, c := stats.Moments{N: 400, Mean: 12, Var: 900}, stats.Moments{N: 100, Mean: 7, Var: 400}
	for _, correlation := range []float64{-0.9, 0, 0.5, 0.95} {
		cov := correlation * math.Sqrt(tr.MeanVar()*c.MeanVar())
		a := stats.Correlated(tr, c, cov)
		closely(t, "standard error", a.Difference(how).SE, math.Sqrt(tr.MeanVar()+c.MeanVar()-2*cov))
		e := a.RelativeFieller(how)
		for _, end := range []float64{e.Interval.Lo, e.Interval.Hi} {
			rho := 1 + end
			closely(t, "statistic", math.Abs(tr.Mean-rho*c.Mean)/math.Sqrt(tr.MeanVar()-2*rho*cov+rho*rho*c.MeanVar()), 1.959963984540054)
		}
		if !(e.Interval.Lo < e.Value && e.Value < e.Interval.Hi) {
			t.Errorf("interval %v does not contain %v", e.Interval, e.Value)
		}
	}
}

// With one variance for both arms, effects are compared as if each arm had shown the pooled covariances.
func TestRetainedShareWithEqualVariances(t *testing.T) {
	random := seeded(9)
	x := shop{lift: 0.8, retained: 0.4}
	tr, c := stats.ArmOf(x.columns(random, 300, true)), stats.ArmOf(x.columns(random, 700, false))
	how := stats.Inference{Confidence: 0.95, EqualVariance: true}
	got := stats.RetainedShare(&tr, &c, stats.Outcome, stats.WideOutcome, how)
	for v := range tr.Cov {
		for w := range tr.Cov {
			pooled := (299*tr.Cov[v][w] + 699*c.Cov[v][w]) / 998
			tr.Cov[v][w], c.Cov[v][w] = pooled, pooled
		}
	}
	want := stats.RetainedShare(&tr, &c, stats.Outcome, stats.WideOutcome, stats.Welch95)
	relativelyNear(t, "share", got.Value, want.Value)
	relativelyNear(t, "standard error", got.SE, want.SE)
	relativelyNear(t, "degrees of freedom", got.DF, 998)
}
