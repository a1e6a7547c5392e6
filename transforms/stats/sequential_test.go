package stats_test

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/stats"
)

// Sums of the tests of GrowthBook's statistics engine, growthbook/growthbook at 8f1db445,
// packages/stats/tests/frequentist/test_tests.py (MIT): arm a is control, b treatment. The relative standard errors
// are computed here, by the delta method, so that the sequential formulas are tested alone.
func TestAlwaysValidIntervalsEqualGrowthBooks(t *testing.T) {
	type arm struct{ n, y, yy, x, xx, xy float64 }
	cov := func(n, products, a, b float64) float64 { return (products - a*b/n) / (n - 1) }
	mean := func(a, b arm) (rel, se float64) {
		ma, mb := a.y/a.n, b.y/b.n
		va, vb := cov(a.n, a.yy, a.y, a.y)/a.n, cov(b.n, b.yy, b.y, b.y)/b.n
		return mb/ma - 1, math.Sqrt(vb/(ma*ma) + va*mb*mb/math.Pow(ma, 4))
	}
	proportion := func(a, b arm) (rel, se float64) {
		ma, mb := a.y/a.n, b.y/b.n
		va, vb := ma*(1-ma)/a.n, mb*(1-mb)/b.n
		return mb/ma - 1, math.Sqrt(vb/(ma*ma) + va*mb*mb/math.Pow(ma, 4))
	}
	cuped := func(a, b arm) (rel, se float64) {
		n := a.n + b.n
		theta := cov(n, a.xy+b.xy, a.x+b.x, a.y+b.y) / cov(n, a.xx+b.xx, a.x+b.x, a.x+b.x)
		adjusted := func(m arm) (mean, variance float64) {
			return (m.y - theta*m.x) / m.n,
				(cov(m.n, m.yy, m.y, m.y) - 2*theta*cov(m.n, m.xy, m.x, m.y) + theta*theta*cov(m.n, m.xx, m.x, m.x)) / m.n
		}
		ma, va := adjusted(a)
		mb, vb := adjusted(b)
		base := a.y / a.n
		return (mb - ma) / base, math.Sqrt(vb/(base*base) + va*squared(b.y/b.n)/math.Pow(base, 4))
	}
	for _, c := range []struct {
		name        string
		estimate    func(a, b arm) (float64, float64)
		a, b        arm
		planned     float64
		rel, lo, hi float64
	}{
		{"mean", mean, arm{n: 3000, y: 1396.87, yy: 52377.9767}, arm{n: 3461, y: 2422.7, yy: 134698.29},
			1000, 0.50336, -0.55844, 1.56516},
		{"proportion", proportion, arm{n: 3000, y: 1396}, arm{n: 3461, y: 2422},
			5000, 0.50386, 0.40098, 0.60675},
		{"CUPED", cuped, arm{3000, 1396.87, 52377.9767, 16.87, 527.9767, 1}, arm{3461, 2422.7, 134698.29, 22.7, 1348.29, 1},
			5000, 0.50338, -0.50969, 1.51646},
	} {
		rel, se := c.estimate(c.a, c.b)
		got := stats.AlwaysValid{Alpha: 0.05, Planned: c.planned}.Interval(rel, se, int64(c.a.n+c.b.n))
		near(t, c.name+" lift", rel, c.rel, 5)
		near(t, c.name+" low end", got.Lo, c.lo, 5)
		near(t, c.name+" high end", got.Hi, c.hi, 5)
	}
}

// GrowthBook's ratio metric with CUPED: four sums and ten sums of products by arm. The standard error carries the
// gradient of lift = (Rb − θ·Qb − Ra + θ·Qa)/Ra by each of the four means of an arm.
func TestAlwaysValidIntervalOfARatioWithCUPEDEqualsGrowthBooks(t *testing.T) {
	const n = 100
	type sums struct {
		s [4]float64 // main, denominator, main before, denominator before
		q [4][4]float64
	}
	a := sums{
		[4]float64{485.112236689623, 679.9093275844917, 192.59138069991536, 290.1398399750233},
		[4][4]float64{
			{2715.484666118136, 3602.146836776702, 1113.6215759318352, 1559.2878434944676},
			{3602.146836776702, 4939.424001640236, 1460.3181079276983, 2130.9404074446747},
			{1113.6215759318352, 1460.3181079276983, 460.076026390857, 634.239482353647},
			{1559.2878434944676, 2130.9404074446747, 634.239482353647, 920.9461385038898},
		},
	}
	b := sums{
		[4]float64{514.7757826608777, 705.4090874383759, 206.94157227402536, 302.54389139107326},
		[4][4]float64{
			{2994.897482705013, 3918.1561431600717, 1237.0953021125997, 1701.0287270040265},
			{3918.1561431600717, 5291.36604146392, 1604.0759503266522, 2292.081739775257},
			{1237.0953021125997, 1604.0759503266522, 514.2903702246757, 698.4173425817908},
			{1701.0287270040265, 2292.081739775257, 698.4173425817908, 994.4506208125663},
		},
	}
	type linear struct{ r, q, vr, vq, c float64 } // ratios after and before, variances of one unit, covariance
	linearise := func(m sums) linear {
		r, q := m.s[0]/m.s[1], m.s[2]/m.s[3]
		g := [4]float64{n / m.s[1], -r * n / m.s[1], 0, 0}
		h := [4]float64{0, 0, n / m.s[3], -q * n / m.s[3]}
		form := func(u, w [4]float64) (sum float64) {
			for i := range u {
				for k := range w {
					sum += u[i] * w[k] * (m.q[i][k] - m.s[i]*m.s[k]/n) / (n - 1)
				}
			}
			return sum
		}
		return linear{r, q, form(g, g), form(h, h), form(g, h)}
	}
	x, y := linearise(a), linearise(b)
	theta := (x.c + y.c) / (x.vq + y.vq)
	lift := (y.r - x.r - theta*(y.q-x.q)) / x.r
	k := 1 + lift
	variance := (k*k*x.vr - 2*k*theta*x.c + theta*theta*x.vq + y.vr - 2*theta*y.c + theta*theta*y.vq) / n / (x.r * x.r)

	near(t, "theta", theta, 0.829004, 6)
	near(t, "lift", lift, -0.0007, 4)
	near(t, "standard error", math.Sqrt(variance), 0.00391, 5)
	got := stats.AlwaysValid{Alpha: 0.05, Planned: 5000}.Interval(lift, math.Sqrt(variance), 2*n)
	near(t, "low end", got.Lo, -0.02063, 5)
	near(t, "high end", got.Hi, 0.01923, 5)
}

// The e-value is the likelihood ratio of S ~ N(n·effect, n) against N(0, n), averaged over effects ~ N(0, rho²) in
// units of one user's standard deviation; one-sided over their positive half.
func TestEValuesAreAveragesOfLikelihoodRatios(t *testing.T) {
	for _, c := range []struct{ z, n, planned float64 }{{0, 100, 1000}, {2.5, 800, 1000}, {-1, 3000, 1000}, {5, 200, 5000}} {
		average := func(alpha, from float64) float64 {
			rho := math.Sqrt((-2*math.Log(alpha) + math.Log(1-2*math.Log(alpha))) / c.planned)
			s := c.z * math.Sqrt(c.n)
			prior := distuv.Normal{Sigma: rho}
			sum := quad.Fixed(func(effect float64) float64 {
				return prior.Prob(effect) * math.Exp(effect*s-effect*effect*c.n/2)
			}, from, 12*rho, 400, nil, 1)
			return sum / prior.Survival(from)
		}
		plan := stats.AlwaysValid{Alpha: 0.05, Planned: c.planned}
		rho := math.Sqrt((-2*math.Log(0.05) + math.Log(1-2*math.Log(0.05))) / c.planned)
		same := func(name string, got, want float64) {
			t.Helper()
			if apart(got/want, 1, 1e-9) {
				t.Errorf("%s of z %v at %v of %v is %v, the average is %v", name, c.z, c.n, c.planned, got, want)
			}
		}
		same("two-sided", plan.EValue(c.z*0.3, 0.3, int64(c.n)), average(0.05, -12*rho))
		same("one-sided", plan.EValueAbove(c.z*0.3, 0.3, int64(c.n)), average(0.1, 0))
	}
}

func TestIntervalExcludesZeroWhereTheEvidenceIsEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alpha := rapid.Float64Range(0.001, 0.4).Draw(t, "alpha")
		plan := stats.AlwaysValid{Alpha: alpha, Planned: rapid.Float64Range(10, 1e7).Draw(t, "planned")}
		n := rapid.Int64Range(1, 1e8).Draw(t, "n")
		se := rapid.Float64Range(1e-6, 1e6).Draw(t, "se")
		value := se * rapid.Float64Range(-30, 30).Draw(t, "z")

		interval, e := plan.Interval(value, se, n), plan.EValue(value, se, n)
		if interval.Contains(0) == (e > 1/alpha*(1+1e-9)) || !interval.Contains(0) && e < 1/alpha*(1-1e-9) {
			t.Fatalf("interval %v and e-value %v disagree about zero at %v", interval, e, alpha)
		}
		if lower := plan.Lower(value, se, n); lower > 0 && plan.EValueAbove(value, se, n) < 1/alpha {
			t.Fatalf("lower bound %v above zero, e-value only %v at %v", lower, plan.EValueAbove(value, se, n), alpha)
		}
		if got, want := plan.Upper(-value, se, n), -plan.Lower(value, se, n); got != want {
			t.Fatalf("upper bound of the mirrored value is %v, want %v", got, want)
		}
		if lower := plan.Lower(value, se, n); !(lower < value) {
			t.Fatalf("lower bound %v of %v", lower, value)
		}
		scaled := plan.Interval(8*value, 8*se, n) // a power of two: exact
		if scaled.Lo != 8*interval.Lo || scaled.Hi != 8*interval.Hi {
			t.Fatalf("in another unit the interval %v is %v", interval, scaled)
		}
		if p := stats.AlwaysValidP(e); !(p > 0 && p <= 1) {
			t.Fatalf("p-value %v of e-value %v", p, e)
		}
	})
}

// Against the fixed interval: 1.5 to 2 times as wide near the planned number, which is where it costs least.
func TestAlwaysValidIntervalCostsLeastNearThePlan(t *testing.T) {
	plan := stats.AlwaysValid{Alpha: 0.05, Planned: 10_000}
	width := func(n int64) float64 { return plan.Interval(0, 1, n).Hi / 1.959964 }
	if w := width(10_000); w < 1.4 || w > 2 {
		t.Errorf("at the plan the interval is %v times the fixed one, want 1.4 to 2", w)
	}
	for _, n := range []int64{1_000, 100_000} {
		if width(n) <= width(10_000) {
			t.Errorf("at %d it costs %v, at the plan %v", n, width(n), width(10_000))
		}
	}
}

func TestWatchTurnsAPlannedEstimateIntoANightlyOne(t *testing.T) {
	fixed := stats.Estimate{Value: 0.2, SE: 0.1, DF: 50, Interval: stats.Interval{Lo: 0.01, Hi: 0.39}, Confidence: 0.95,
		P: 0.045, Warnings: []stats.Warning{stats.WarnSkew}}
	plan := stats.AlwaysValid{Alpha: 0.05, Planned: 10_000}
	got := plan.Watch(fixed, 999)
	if got.Value != 0.2 || got.SE != 0.1 || got.Interval != plan.Interval(0.2, 0.1, 999) || got.Confidence != 0.95 {
		t.Errorf("watched: %+v", got)
	}
	if want := math.Min(1, 1/plan.EValue(0.2, 0.1, 999)); got.P != want {
		t.Errorf("p-value %v, want %v", got.P, want)
	}
	if len(got.Warnings) != 2 || got.Warnings[1] != stats.WarnBurnIn || len(fixed.Warnings) != 1 {
		t.Errorf("warnings %v, of the original %v", got.Warnings, fixed.Warnings)
	}
	if late := plan.Watch(fixed, 1000); len(late.Warnings) != 1 {
		t.Errorf("a tenth of the plan is past the burn-in, warnings %v", late.Warnings)
	}
}

func TestWhatCannotBeWatchedHasNoInterval(t *testing.T) {
	for _, c := range []struct {
		name      string
		plan      stats.AlwaysValid
		value, se float64
		n         int64
	}{
		{"no units", stats.AlwaysValid{Alpha: 0.05, Planned: 100}, 1, 1, 0},
		{"no standard error", stats.AlwaysValid{Alpha: 0.05, Planned: 100}, 1, 0, 10},
		{"a standard error that is NaN", stats.AlwaysValid{Alpha: 0.05, Planned: 100}, 1, math.NaN(), 10},
		{"an estimate that is NaN", stats.AlwaysValid{Alpha: 0.05, Planned: 100}, math.NaN(), 1, 10},
		{"an infinite estimate", stats.AlwaysValid{Alpha: 0.05, Planned: 100}, math.Inf(1), 1, 10},
		{"no plan", stats.AlwaysValid{Alpha: 0.05}, 1, 1, 10},
		{"no error allowed", stats.AlwaysValid{Planned: 100}, 1, 1, 10},
		{"every error allowed", stats.AlwaysValid{Alpha: 1, Planned: 100}, 1, 1, 10},
	} {
		i, lower, e, above := c.plan.Interval(c.value, c.se, c.n), c.plan.Lower(c.value, c.se, c.n),
			c.plan.EValue(c.value, c.se, c.n), c.plan.EValueAbove(c.value, c.se, c.n)
		if !math.IsNaN(i.Lo) || !math.IsNaN(i.Hi) || !math.IsNaN(lower) || !math.IsNaN(e) || !math.IsNaN(above) {
			t.Errorf("%s: interval %v, lower bound %v, e-values %v and %v", c.name, i, lower, e, above)
		}
	}
	if e := (stats.AlwaysValid{Alpha: 0.05, Planned: 100}).EValue(1, 1e-9, 1000); e != stats.MaxE {
		t.Errorf("evidence beyond floats is %v, want %v", e, stats.MaxE)
	}
}

// An adjuster A turns the maximum of an e-value into an e-value if ∫ A(e)/e² de over e ≥ 1 is 1 at most: the maximum
// of a fair bet lies above e with probability 1/e at most (Ville). Up to X the even mixture of kappa·e^(1 − kappa)
// has the integral 1 − (1 − 1/X)/ln X.
func TestEOfMaximumIsAFairPrice(t *testing.T) {
	for _, x := range []float64{1.0005, 3, 20, 1e6, 1e300} {
		got := quad.Fixed(func(l float64) float64 { return stats.EOfMaximum(math.Exp(l)) * math.Exp(-l) }, 0, math.Log(x), 600, nil, 1)
		if want := 1 - (1-1/x)/math.Log(x); apart(got, want, 1e-9) {
			t.Errorf("up to %v the price adds up to %v, want %v", x, got, want)
		}
	}
	near(t, "of 20", stats.EOfMaximum(20), 1.783, 3)
	near(t, "of 1,000", stats.EOfMaximum(1000), 20.79, 2)
	near(t, "of 1", stats.EOfMaximum(1), 0.5, 15)
	if e := stats.EOfMaximum(0.9); !math.IsNaN(e) {
		t.Errorf("a maximum that forgot the first bet: %v", e)
	}
}
