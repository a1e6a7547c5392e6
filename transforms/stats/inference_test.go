package stats_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/stats"
)

// relatives are the three lifts of independent means.
var relatives = map[string]func(t, c stats.Moments, how stats.Inference) stats.Estimate{
	"delta": stats.RelativeDelta, "log": stats.RelativeLog, "Fieller": stats.RelativeFieller,
}

// anyMoments draws an arm whose mean is well above its noise.
func anyMoments() *rapid.Generator[stats.Moments] {
	return rapid.Custom(func(t *rapid.T) stats.Moments {
		m := stats.Moments{N: rapid.Int64Range(5, 1e6).Draw(t, "units"), Mean: rapid.Float64Range(0.1, 1e6).Draw(t, "mean")}
		m.Var = float64(m.N) * math.Pow(m.Mean*rapid.Float64Range(0.001, 0.1).Draw(t, "noise"), 2)
		return m
	})
}

func anyInference() *rapid.Generator[stats.Inference] {
	return rapid.Custom(func(t *rapid.T) stats.Inference {
		return stats.Inference{
			Confidence:    rapid.Float64Range(0.5, 0.999).Draw(t, "confidence"),
			Alternative:   rapid.SampledFrom([]stats.Alternative{stats.TwoSided, stats.Greater, stats.Less}).Draw(t, "alternative"),
			EqualVariance: rapid.Bool().Draw(t, "equal variance"),
			Normal:        rapid.Bool().Draw(t, "normal"),
		}
	})
}

// Half-widths in standard errors of one-sided and two-sided intervals, by arithmetic of forty digits.
func TestQuantilesOfStudentsT(t *testing.T) {
	for _, c := range []struct{ df, tail, quantile float64 }{
		{10, 0.025, 2.228138851986275}, {10, 0.0005, 4.586893858702636},
		{30, 0.025, 2.042272456301238}, {30, 0.0005, 3.645958635042022},
		{100, 0.025, 1.983971518523552}, {100, 0.0005, 3.39049131116423},
		{300, 0.025, 1.967903011261087}, {300, 0.0005, 3.323251512974188},
		{998, 0.025, 1.962343846216335}, {998, 0.0005, 3.300302252049604},
		{1000, 0.025, 1.962339080826408}, {1000, 0.0005, 3.300282648423913},
		{42610, 0.025, 1.960019660143715}, {42610, 0.0005, 3.290755089717658},
		{2000000, 0.025, 1.959965170676375}, {2000000, 0.0005, 3.29053159636376},
	} {
		n := int64(c.df/2) + 1
		arms := stats.Moments{N: n, Mean: 0, Var: float64(n) / 2} // so that the standard error is 1
		how := stats.Inference{Confidence: 1 - 2*c.tail, EqualVariance: true}
		near(t, "two-sided", stats.Difference(arms, arms, how).Interval.Hi, c.quantile, 12)
		how = stats.Inference{Confidence: 1 - c.tail, EqualVariance: true, Alternative: stats.Greater}
		near(t, "one-sided", stats.Difference(arms, arms, how).Interval.Lo, -c.quantile, 12)
	}
}

// P is below 1 − confidence if and only if the interval of the difference leaves out zero.
func TestPInvertsTheInterval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr, c, how := anyMoments().Draw(t, "treatment"), anyMoments().Draw(t, "control"), anyInference().Draw(t, "inference")
		tr.Mean = c.Mean * rapid.Float64Range(0.8, 1.25).Draw(t, "ratio")
		for name, e := range map[string]stats.Estimate{
			"difference": stats.Difference(tr, c, how), "delta": stats.RelativeDelta(tr, c, how), "Fieller": stats.RelativeFieller(tr, c, how),
		} {
			if slices.Contains(e.Warnings, stats.WarnControlNearZero) && name == "Fieller" {
				continue // no interval
			}
			if margin := 1 - how.Confidence; math.Abs(e.P-margin) > 1e-6 && (e.P < margin) == e.Interval.Contains(0) {
				t.Fatalf("%s: p %v at confidence %v, interval %v", name, e.P, how.Confidence, e.Interval)
			}
		}
	})
}

func TestOneSidedTestsShareTheTwoSidedOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr, c, how := anyMoments().Draw(t, "treatment"), anyMoments().Draw(t, "control"), anyInference().Draw(t, "inference")
		p := map[stats.Alternative]float64{}
		for _, how.Alternative = range []stats.Alternative{stats.TwoSided, stats.Greater, stats.Less} {
			e := stats.Difference(tr, c, how)
			p[how.Alternative] = e.P
			if (how.Alternative == stats.Greater) != math.IsInf(e.Interval.Hi, 1) || (how.Alternative == stats.Less) != math.IsInf(e.Interval.Lo, -1) {
				t.Fatalf("alternative %d has interval %v", how.Alternative, e.Interval)
			}
		}
		greater, less := p[stats.Greater], p[stats.Less]
		if math.Abs(greater+less-1) > 1e-9 || math.Abs(2*min(greater, less)-p[stats.TwoSided]) > 1e-9 {
			t.Fatalf("p-values %v", p)
		}
	})
}

// In another currency effects scale and lifts stay; with the arms exchanged the effect changes its sign.
func TestCurrencyAndArmsMayBeExchanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr, c, how := anyMoments().Draw(t, "treatment"), anyMoments().Draw(t, "control"), anyInference().Draw(t, "inference")
		how.Alternative = stats.TwoSided
		const rate = 8 // so that no rounding comes in
		scaled := func(m stats.Moments) stats.Moments {
			return stats.Moments{N: m.N, Mean: rate * m.Mean, Var: rate * rate * m.Var}
		}
		e := stats.Difference(tr, c, how)
		same(t, "scaled effect", stats.Difference(scaled(tr), scaled(c), how), e.Times(rate))
		for name, lift := range relatives {
			same(t, "lift by "+name, lift(scaled(tr), scaled(c), how), lift(tr, c, how))
			if one := lift(tr, tr, how); one.Value != 0 || !one.Interval.Contains(0) || one.P != 1 {
				t.Fatalf("equal arms have the lift %v by %s", one, name)
			}
		}
		exchanged := stats.Difference(c, tr, how)
		exchanged.Value, exchanged.Interval.Lo, exchanged.Interval.Hi = -exchanged.Value, -exchanged.Interval.Hi, -exchanged.Interval.Lo
		same(t, "exchanged effect", exchanged, e)

		there, back := stats.RelativeLog(tr, c, how).Interval, stats.RelativeLog(c, tr, how).Interval
		if math.Abs((1+there.Lo)*(1+back.Hi)-1) > 1e-9+1e-15*back.Hi {
			t.Fatalf("logarithmic intervals %v and %v are no mirror images", there, back)
		}
	})
}

// same fails unless two estimates agree but for rounding.
func same(t interface {
	Helper()
	Fatalf(string, ...any)
}, name string, got, want stats.Estimate) {
	t.Helper()
	for _, p := range [][2]float64{
		{got.Value, want.Value}, {got.SE, want.SE}, {got.DF, want.DF}, {got.P, want.P},
		{got.Interval.Lo, want.Interval.Lo}, {got.Interval.Hi, want.Interval.Hi},
	} {
		if !(math.Abs(p[0]-p[1]) <= 1e-9*(math.Abs(want.SE)+math.Abs(p[1]))) && !(math.IsNaN(p[0]) && math.IsNaN(p[1])) && p[0] != p[1] && math.Abs(p[0]-p[1]) > 1e-12 {
			t.Fatalf("%s is %+v, want %+v", name, got, want)
		}
	}
	if !slices.Equal(got.Warnings, want.Warnings) {
		t.Fatalf("%s warns %v, want %v", name, got.Warnings, want.Warnings)
	}
}

func TestWhatHasNoInterval(t *testing.T) {
	some := stats.Moments{N: 100, Mean: 2, Var: 1}
	for _, c := range []struct {
		name    string
		got     stats.Estimate
		value   float64
		warning stats.Warning
	}{
		{"an arm of one unit", stats.Difference(some, stats.Moments{N: 1, Mean: 1, Var: math.NaN()}, stats.Welch95), 1, stats.WarnTooFewUnits},
		{"an arm of no unit", stats.Difference(some, stats.Moments{Mean: math.NaN(), Var: math.NaN()}, stats.Welch95), math.NaN(), stats.WarnTooFewUnits},
		{"lift of an arm of one unit", stats.RelativeLog(some, stats.Moments{N: 1, Mean: 1, Var: math.NaN()}, stats.Welch95), 1, stats.WarnTooFewUnits},
		{"nobody bought", stats.Difference(stats.Moments{N: 100}, stats.Moments{N: 100}, stats.Welch95), 0, stats.WarnNoVariance},
		{"nobody of the control arm bought", stats.RelativeDelta(some, stats.Moments{N: 100}, stats.Welch95), math.NaN(), stats.WarnControlNearZero},
		{"refunds exceed purchases", stats.RelativeLog(stats.Moments{N: 100, Mean: -1, Var: 1}, some, stats.Welch95), -1.5, stats.WarnMeanNotPositive},
		{"a control mean within noise of zero", stats.RelativeFieller(some, stats.Moments{N: 100, Mean: 0.19, Var: 1}, stats.Welch95), 2/0.19 - 1, stats.WarnControlNearZero},
		{"a regression with one unit in an arm", stats.Regression(
			stats.JointOf([]float64{1, 2, 3}), stats.JointOf([]float64{1}), stats.Welch95), 1, stats.WarnTooFewUnits},
		{"no confidence", stats.Difference(some, some, stats.Inference{}), 0, ""},
		{"a lift of no confidence", stats.RelativeFieller(some, some, stats.Inference{}), 0, ""},
		{"confidence of 95", stats.Difference(some, some, stats.Inference{Confidence: 95}), 0, ""},
	} {
		if !math.IsNaN(c.got.Interval.Lo) || !math.IsNaN(c.got.Interval.Hi) {
			t.Errorf("%s has the interval %v", c.name, c.got.Interval)
		}
		if c.got.Value != c.value && !(math.IsNaN(c.got.Value) && math.IsNaN(c.value)) {
			t.Errorf("%s has the value %v, want %v", c.name, c.got.Value, c.value)
		}
		if c.warning != "" && !slices.Contains(c.got.Warnings, c.warning) {
			t.Errorf("%s warns %v, want %s", c.name, c.got.Warnings, c.warning)
		}
	}
	if e := stats.Difference(some, stats.Moments{N: 100}, stats.Welch95); !(e.SE > 0) || !slices.Contains(e.Warnings, stats.WarnNoVariance) {
		t.Errorf("nobody of one arm bought: %+v", e)
	}
	if e := stats.RelativeFieller(some, stats.Moments{N: 100, Mean: 0.21, Var: 1}, stats.Welch95); math.IsNaN(e.Interval.Lo) || len(e.Warnings) > 0 {
		t.Errorf("a control mean just out of noise: %+v", e)
	}
}

func TestWarningsStandOnceAndInOneCopyAlone(t *testing.T) {
	e := stats.Estimate{}.Warn(true, stats.WarnSkew).Warn(true, stats.WarnSkew).Warn(false, stats.WarnFewClusters)
	if !slices.Equal(e.Warnings, []stats.Warning{stats.WarnSkew}) {
		t.Errorf("warnings %v", e.Warnings)
	}
	e.Warnings = slices.Grow(e.Warnings, 8)
	a, b := e.Warn(true, stats.WarnNoVariance), e.Warn(true, stats.WarnFewServed)
	if a.Warnings[1] != stats.WarnNoVariance || b.Warnings[1] != stats.WarnFewServed {
		t.Errorf("warnings of copies %v and %v", a.Warnings, b.Warnings)
	}
}
