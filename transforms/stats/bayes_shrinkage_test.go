package stats_test

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/windvane/windvane/transforms/stats"
)

// Batting averages of 18 players after 45 at bats, in Efron and Morris, Stein's paradox in statistics, Scientific
// American 236 (1977): the mean is 0.265, the factor 0.212, Clemente's 0.400 becomes 0.294.
func TestJamesSteinShrinksTheBattersOfEfronAndMorris(t *testing.T) {
	var y []float64
	for _, hits := range []float64{18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7} {
		y = append(y, hits/45)
	}
	mean := 0.0
	for _, v := range y {
		mean += v / 18
	}
	near(t, "mean", mean, 0.265, 3)
	got := stats.JamesStein(y, mean*(1-mean)/45)
	near(t, "factor", (got[0]-mean)/(y[0]-mean), 0.212, 3)
	near(t, "Clemente", got[0], 0.294, 3)
	// Later in the season they hit this; the shrunken averages come nearer.
	season := []float64{0.346, 0.298, 0.276, 0.222, 0.273, 0.270, 0.263, 0.210, 0.269, 0.230, 0.264, 0.256, 0.303, 0.264,
		0.226, 0.285, 0.316, 0.200}
	var raw, shrunken float64
	for i, truth := range season {
		raw += (y[i] - truth) * (y[i] - truth)
		shrunken += (got[i] - truth) * (got[i] - truth)
	}
	if !(shrunken <= raw/2) {
		t.Errorf("squared error %v shrunken, %v raw", shrunken, raw)
	}
}

func TestJamesSteinAtItsEnds(t *testing.T) {
	near := func(name string, got, want []float64) {
		t.Helper()
		for i := range want {
			if apart(got[i], want[i], 1e-12) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
	}
	near("three units", stats.JamesStein([]float64{1, 2, 6}, 5), []float64{1, 2, 6})
	near("nothing but noise", stats.JamesStein([]float64{1, 2, 3, 6}, 100), []float64{3, 3, 3, 3})
	near("units alike", stats.JamesStein([]float64{2, 2, 2, 2}, 1), []float64{2, 2, 2, 2})
	near("no noise", stats.JamesStein([]float64{1, 2, 3, 6}, 0), []float64{1, 2, 3, 6})
}

// Exact values of the expected maximum of M standard normals (Harter, Biometrika 48, 1961).
func TestExpectedMaximumEqualsHartersTable(t *testing.T) {
	for m, want := range map[int]float64{1: 0, 2: 0.56419, 3: 0.84628, 5: 1.16296, 10: 1.53875, 100: 2.50759, 400: 2.96818} {
		se := make([]float64, m)
		for i := range se {
			se[i] = 3
		}
		near(t, "largest of draws", stats.ExpectedMaximum(se)/3, want, 5)
	}
	// Two of unlike width: sqrt((a² + b²)/(2·pi)).
	near(t, "of two unlike", stats.ExpectedMaximum([]float64{3, 0.01}), math.Sqrt((9+0.0001)/(2*math.Pi)), 4)
	if e := stats.ExpectedMaximum(nil); !math.IsNaN(e) {
		t.Errorf("largest of none: %v", e)
	}
	thousands := make([]float64, 5000)
	for i := range thousands {
		thousands[i] = 1
	}
	if e := stats.ExpectedMaximum(thousands); e > math.Sqrt(2*math.Log(5000)) || e < 0.85*math.Sqrt(2*math.Log(5000)) {
		t.Errorf("largest of 5,000: %v, the rule of thumb is sqrt(2·ln M) = %v", e, math.Sqrt(2*math.Log(5000)))
	}
}

// Arms of users whose outcome is exponential: the coefficient of variation is 1 whatever the mean.
func TestPooledCVIsThatOfTheUsers(t *testing.T) {
	r := random(11)
	var arms []stats.Moments
	var naive float64
	const merchants, users = 20_000, 5
	for range merchants {
		mean := math.Exp(r.NormFloat64() / 2)
		var sum, squares float64
		for range users {
			y := mean * r.ExpFloat64()
			sum, squares = sum+y, squares+y*y
		}
		m := stats.Moments{N: users, Mean: sum / users, Var: (squares - sum*sum/users) / (users - 1)}
		arms = append(arms, m)
		naive += m.Var / (m.Mean * m.Mean) / merchants
	}
	got := stats.PooledCV2(arms)
	// The ratio's standard error is about sqrt((Var(s²) + Var(m² − s²/n))·E(mean⁴)/(merchants·E(mean²)²)), 0.02 here.
	if apart(got, 1, 0.06) {
		t.Errorf("squared coefficient of variation %v, want 1 within three standard errors of 0.02", got)
	}
	if !(naive <= 0.9) {
		t.Errorf("the mean of single ratios is %v; it was to be too small", naive)
	}
	near(t, "variance of a log lift", stats.PooledLogLiftVar(9, 100, 50), 9*0.03, 12)
}

func TestPooledCVWithoutAnswer(t *testing.T) {
	for name, arms := range map[string][]stats.Moments{
		"no arms":        nil,
		"arms of one":    {{N: 1, Mean: 3}},
		"means of noise": {{N: 4, Mean: 0.1, Var: 100}, {N: 4, Mean: -0.1, Var: 100}},
		"nobody bought":  {{N: 40}},
	} {
		if cv2 := stats.PooledCV2(arms); !math.IsNaN(cv2) {
			t.Errorf("%s: %v", name, cv2)
		}
	}
	if v := stats.PooledLogLiftVar(9, 100, 0); !math.IsNaN(v) {
		t.Errorf("no control: %v", v)
	}
}

// quadrature of the posterior's mean and P(effect > 0) by Bayes' rule, for any prior density.
func quadrature(y, v float64, prior func(float64) float64) (mean, positive float64) {
	likelihood := distuv.Normal{Mu: y, Sigma: math.Sqrt(v)}
	whole := quad.Fixed(func(x float64) float64 { return prior(x) * likelihood.Prob(x) }, -30, 0, 2000, nil, 1)
	part := quad.Fixed(func(x float64) float64 { return prior(x) * likelihood.Prob(x) }, 0, 30, 2000, nil, 1)
	mean = quad.Fixed(func(x float64) float64 { return x * prior(x) * likelihood.Prob(x) }, -30, 30, 4000, nil, 1)
	return mean / (whole + part), part / (whole + part)
}

func TestPosteriorsWithHeavyTailsFollowBayes(t *testing.T) {
	prior := stats.TailPrior{Core: 0.01, Tail: 4, Share: 0.1, Shift: 0.05}
	density := func(x float64) float64 {
		return 0.9*distuv.Normal{Mu: 0.15, Sigma: 0.1}.Prob(x) + 0.1*distuv.Normal{Mu: 0.15, Sigma: 2}.Prob(x)
	}
	for _, y := range []float64{-3, 0, 0.3, 5} {
		mean, positive := quadrature(y, 0.25, density)
		post := prior.Posterior(y, 0.25, 0.1)
		near(t, "mean", post.Mean(), mean, 8)
		near(t, "P(effect > 0)", post.Positive(), positive, 8)
	}
}

// 4,000 units, one in ten of them from a wide normal: the fit finds the shares and variances it was drawn from, and
// leaves the giants where they are while the normal prior draws them in.
func TestTailsFindThePriorTheyWereDrawnFrom(t *testing.T) {
	r := random(5)
	const m = 4000
	y, v := make([]float64, m), make([]float64, m)
	for j := range y {
		sd := 0.1
		if r.Float64() < 0.1 {
			sd = 1
		}
		v[j] = 0.01 + 0.02*r.Float64()
		y[j] = 0.1 + sd*r.NormFloat64() + math.Sqrt(v[j])*r.NormFloat64()
	}
	normal := fitPrior(t, y, v, nil, stats.PauleMandel)
	tails, err := stats.FitTails(y, v, normal)
	if err != nil {
		t.Fatal(err)
	}
	// Standard errors of the tail's share and variance with 400 units in it are 0.007 and 0.08; three of them.
	if apart(tails.Share, 0.1, 0.02) || apart(tails.Tail, 1, 0.25) || apart(tails.Core, 0.01, 0.002) {
		t.Errorf("fitted %+v", tails)
	}
	near(t, "mean", normal.Coef[0].Mean+tails.Shift, 0.1, 2)
	giant, ordinary := 3.0, 0.25
	if a, b := tails.Posterior(giant, 0.02, normal.Mean[0].Mean).Mean(), normal.Posterior(0, giant, 0.02).Mean(); !(a > b && a > 2.9) {
		t.Errorf("a giant of 3 is shrunken to %v with tails, %v without", a, b)
	}
	if a, b := tails.Posterior(ordinary, 0.02, normal.Mean[0].Mean).Mean(), normal.Posterior(0, ordinary, 0.02).Mean(); !(a < b) {
		t.Errorf("an ordinary unit of 0.25 is shrunken to %v with tails, %v without", a, b)
	}
}

func TestTailsNeedUnits(t *testing.T) {
	y, v, _ := bcg()
	if _, err := stats.FitTails(y[:9], v[:9], fitPrior(t, y[:9], v[:9], nil, stats.REML)); err == nil {
		t.Error("nine units gave tails")
	}
	tails, err := stats.FitTails(y, v, fitPrior(t, y, v, nil, stats.REML))
	if err != nil || !(tails.Core > 0 && tails.Tail >= tails.Core && tails.Share >= 0 && tails.Share <= 1) {
		t.Errorf("thirteen units gave %+v, %v", tails, err)
	}
}
