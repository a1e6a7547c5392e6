package stats_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/stats"
)

// bcg are the log risk ratios of 13 trials of a vaccine against tuberculosis with their variances, and the absolute
// latitude of each trial. Counts of Colditz et al., JAMA 271 (1994), as in R's metadat, dat.bcg.
func bcg() (y, v []float64, latitude [][]float64) {
	for _, c := range [][5]float64{ // cases and others among the vaccinated, the same among controls, latitude
		{4, 119, 11, 128, 44}, {6, 300, 29, 274, 55}, {3, 228, 11, 209, 42}, {62, 13536, 248, 12619, 52},
		{33, 5036, 47, 5761, 13}, {180, 1361, 372, 1079, 44}, {8, 2537, 10, 619, 19}, {505, 87886, 499, 87892, 13},
		{29, 7470, 45, 7232, 27}, {17, 1699, 65, 1600, 42}, {186, 50448, 141, 27197, 18}, {5, 2493, 3, 2338, 33},
		{27, 16886, 29, 17825, 33},
	} {
		treated, control := c[0]+c[1], c[2]+c[3]
		y = append(y, math.Log(c[0]/treated/(c[2]/control)))
		v = append(v, 1/c[0]-1/treated+1/c[2]-1/control)
		latitude = append(latitude, []float64{c[4]})
	}
	return y, v, latitude
}

// R's metafor on the same data; Viechtbauer, Conducting meta-analyses in R, J. Stat. Software 36 (2010) prints the
// REML row.
func TestPriorOfTheVaccineTrials(t *testing.T) {
	y, v, latitude := bcg()
	for _, c := range []struct {
		name         string
		method       stats.TauMethod
		tau2, mu, se float64
	}{
		{"DerSimonian–Laird", stats.DerSimonianLaird, 0.3088, -0.7141, 0.1787},
		{"Paule–Mandel", stats.PauleMandel, 0.3181, -0.7150, 0.1809},
		{"REML", stats.REML, 0.3132, -0.7145, 0.1798},
	} {
		p := fitPrior(t, y, v, nil, c.method)
		near(t, c.name+" tau²", p.Tau2, c.tau2, 4)
		near(t, c.name+" mean", p.Coef[0].Mean, c.mu, 4)
		near(t, c.name+" standard error", math.Sqrt(p.Coef[0].Var), c.se, 4)
		near(t, c.name+" Q", p.Q, 152.233, 3)
		for j := range y {
			if p.Mean[j] != p.Coef[0] {
				t.Errorf("%s: unit %d has the prior mean %v, all have %v", c.name, j, p.Mean[j], p.Coef[0])
			}
		}
	}
	// metafor's prediction interval takes tau² as known; thirteen trials do not tell it so well.
	next := fitPrior(t, y, v, nil, stats.REML).Unmeasured(nil).Interval(0.95)
	if !(next.Lo < -1.8667-0.05 && next.Hi > 0.4376+0.05 && next.Hi-next.Lo < 1.3*(0.4376+1.8667)) {
		t.Errorf("prediction interval %v, with tau² known -1.8667 to 0.4376", next)
	}

	// The mixed-effects model on latitude, REML, as metafor prints it: tau² 0.0764, where its steps end below 1e-5 and ours
	// at 0.076348.
	p := fitPrior(t, y, v, latitude, stats.REML)
	near(t, "residual tau²", p.Tau2, 0.07635, 5)
	near(t, "residual Q", p.Q, 30.7331, 4)
	near(t, "intercept", p.Coef[0].Mean, 0.2515, 4)
	near(t, "its standard error", math.Sqrt(p.Coef[0].Var), 0.2491, 4)
	near(t, "latitude", p.Coef[1].Mean, -0.0291, 4)
	near(t, "its standard error", math.Sqrt(p.Coef[1].Var), 0.0072, 4)
	near(t, "prior mean of the first trial", p.Mean[0].Mean, p.Coef[0].Mean+44*p.Coef[1].Mean, 12)
	near(t, "mean of a trial at 30 degrees", p.Unmeasured([]float64{30}).Mean(), p.Coef[0].Mean+30*p.Coef[1].Mean, 1)
	near(t, "share of heterogeneity", p.I2(), 1-11/30.7331, 5)
}

func fitPrior(t *testing.T, y, v []float64, x [][]float64, method stats.TauMethod) *stats.Prior {
	t.Helper()
	p, err := stats.FitPrior(y, v, x, method)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Estimates that differ less than their variances: the moment estimates would be negative.
func TestVarianceBetweenUnitsStopsAtZero(t *testing.T) {
	y, v := []float64{0.10, 0.12, 0.08, 0.11, 0.09}, []float64{0.04, 0.01, 0.09, 0.04, 0.02}
	for _, method := range []stats.TauMethod{stats.DerSimonianLaird, stats.PauleMandel, stats.REML} {
		p := fitPrior(t, y, v, nil, method)
		if p.Tau2 != 0 || p.I2() != 0 {
			t.Errorf("method %d: tau² %v, I² %v", method, p.Tau2, p.I2())
		}
		// All weight is on the prior: every unit has the common mean, Σ(y/v)/Σ(1/v) with variance 1/Σ(1/v).
		post := p.PlugIn(2, y[2], v[2])
		near(t, "mean", post.Mean(), (0.10/0.04+0.12/0.01+0.08/0.09+0.11/0.04+0.09/0.02)/(25+100+100./9+25+50), 12)
		near(t, "variance", post.Var(), 1/(25+100+100./9+25+50), 12)
	}
}

// What the estimators are defined by, on random data with covariates.
func TestVariancesBetweenUnitsSolveTheirEquations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(6, 30).Draw(t, "units")
		y, v, x := make([]float64, m), make([]float64, m), make([][]float64, m)
		for j := range y {
			y[j] = rapid.Float64Range(-2, 2).Draw(t, "y")
			v[j] = rapid.Float64Range(0.01, 0.5).Draw(t, "v")
			x[j] = []float64{float64(j%3) - 1}
		}
		// The weighted line by its normal equations, and the residual likelihood of tau² it leaves.
		line := func(tau2 float64) (q, likelihood float64) {
			var w, wx, wxx, wy, wxy float64
			for j := range y {
				k, a := 1/(v[j]+tau2), x[j][0]
				w, wx, wxx, wy, wxy = w+k, wx+k*a, wxx+k*a*a, wy+k*y[j], wxy+k*a*y[j]
			}
			det := w*wxx - wx*wx
			intercept, slope := (wy*wxx-wx*wxy)/det, (w*wxy-wx*wy)/det
			likelihood = -math.Log(det) / 2
			for j := range y {
				d := y[j] - intercept - slope*x[j][0]
				q += d * d / (v[j] + tau2)
				likelihood -= (math.Log(v[j]+tau2) + d*d/(v[j]+tau2)) / 2
			}
			return q, likelihood
		}
		fit := func(method stats.TauMethod) *stats.Prior {
			p, err := stats.FitPrior(y, v, x, method)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		pm := fit(stats.PauleMandel)
		q, _ := line(pm.Tau2)
		if df := float64(m - 2); pm.Tau2 > 0 && apart(q, df, 1e-6*df) || pm.Tau2 == 0 && q > df*(1+1e-9) {
			t.Fatalf("Paule–Mandel stops at tau² %v with Q %v of %v", pm.Tau2, q, df)
		}
		reml := fit(stats.REML)
		_, best := line(reml.Tau2)
		for _, other := range []float64{0, reml.Tau2 * 0.9, reml.Tau2 * 1.1, reml.Tau2 + 0.01} {
			if _, l := line(other); l > best+1e-9 {
				t.Fatalf("REML stops at tau² %v with likelihood %v; at %v it is %v", reml.Tau2, best, other, l)
			}
		}
	})
}

func TestPriorMeansFollowWhatTheColumnsSpan(t *testing.T) {
	y := []float64{0.1, 0.3, 0.2, 0.9, 0.7, 0.8, 0.4, 0.5}
	v := []float64{0.01, 0.02, 0.01, 0.03, 0.01, 0.02, 0.01, 0.01}
	groups := []int32{0, 0, 0, 1, 1, 1, 2, 2}
	all := fitPrior(t, y, v, stats.Dummies(groups, 4), stats.PauleMandel) // the fourth group is empty
	some := stats.Dummies(groups, 2)                                      // the third group is the intercept
	reference := fitPrior(t, y, v, some, stats.PauleMandel)
	if all.DF != 5 || reference.DF != 5 {
		t.Errorf("degrees of freedom %d and %d, want 8 units less 3 groups", all.DF, reference.DF)
	}
	near(t, "tau²", all.Tau2, reference.Tau2, 12)
	for j := range y {
		near(t, "prior mean", all.Mean[j].Mean, reference.Mean[j].Mean, 12)
		near(t, "its variance", all.Mean[j].Var, reference.Mean[j].Var, 12)
	}
	weighted := func(group int32, tau2 float64) (mean, variance float64) {
		var sum, w float64
		for j, g := range groups {
			if g == group {
				sum, w = sum+y[j]/(v[j]+tau2), w+1/(v[j]+tau2)
			}
		}
		return sum / w, 1 / w
	}
	for j, g := range groups {
		mean, variance := weighted(g, all.Tau2)
		near(t, "mean of its group", all.Mean[j].Mean, mean, 12)
		near(t, "variance of it", all.Mean[j].Var, variance, 12)
	}
	for j := range some { // a number in other units and with another zero changes nothing
		some[j] = append(some[j], float64(j*j))
	}
	one := fitPrior(t, y, v, some, stats.REML)
	for j := range some {
		some[j][2] = 5e6 - 1000*some[j][2]
	}
	other := fitPrior(t, y, v, some, stats.REML)
	for j := range y {
		near(t, "prior mean in other units", other.Mean[j].Mean, one.Mean[j].Mean, 6)
	}
}

func TestPriorRefusesWhatItCannotUse(t *testing.T) {
	y, v := []float64{1, 2, 3}, []float64{1, 1, 1}
	for _, c := range []struct {
		name string
		y, v []float64
		x    [][]float64
		few  bool
	}{
		{"no units", nil, nil, nil, true},
		{"one unit", y[:1], v[:1], nil, true},
		{"as many columns as units", y, v, [][]float64{{1, 0}, {0, 1}, {2, 1}}, true},
		{"a variance of zero", y, []float64{1, 0, 1}, nil, false},
		{"a variance that is NaN", y, []float64{1, math.NaN(), 1}, nil, false},
		{"an infinite estimate", []float64{1, math.Inf(1), 2}, v, nil, false},
		{"a covariate that is NaN", y, v, [][]float64{{1}, {math.NaN()}, {2}}, false},
		{"rows of unlike length", y, v, [][]float64{{1}, {1, 2}, {2}}, false},
	} {
		if _, err := stats.FitPrior(c.y, c.v, c.x, stats.PauleMandel); err == nil || errors.Is(err, stats.ErrTooFewUnits) != c.few {
			t.Errorf("%s: error %v", c.name, err)
		}
	}
}

// Rubin's eight schools (1981), the example of Gelman et al., Bayesian Data Analysis, section 5.5, where every tau is as
// probable as another beforehand: the posterior by a fine sum over tau.
func TestPosteriorOfTheEightSchools(t *testing.T) {
	y := []float64{28, 8, -3, 7, -1, 1, 18, 12}
	v := []float64{225, 100, 256, 121, 81, 121, 100, 324}
	prior := fitPrior(t, y, v, nil, stats.PauleMandel)
	if prior.Tau2 != 0 {
		t.Errorf("tau² is %v; by moments the schools do not differ", prior.Tau2)
	}
	mean, square, total := make([]float64, 8), make([]float64, 8), 0.0
	for tau := 0.005; tau < 400; tau += 0.01 {
		var w, wy, log float64
		for j := range y {
			k := 1 / (v[j] + tau*tau)
			w, wy, log = w+k, wy+k*y[j], log+math.Log(k)/2
		}
		mu := wy / w
		for j := range y {
			log -= (y[j] - mu) * (y[j] - mu) / (v[j] + tau*tau) / 2
		}
		density := math.Exp(log+30) / math.Sqrt(w)
		total += density
		for j := range y {
			b := v[j] / (v[j] + tau*tau)
			m := b*mu + (1-b)*y[j]
			mean[j] += density * m
			square[j] += density * (m*m + (1-b)*v[j] + b*b/w)
		}
	}
	for j := range y {
		post := prior.Posterior(j, y[j], v[j])
		m, sd := mean[j]/total, math.Sqrt(square[j]/total-mean[j]*mean[j]/total/total)
		if apart(post.Mean(), m, 0.02) || apart(math.Sqrt(post.Var())/sd, 1, 0.01) {
			t.Errorf("school %d: mean %.3f and sd %.3f, by the fine sum %.3f and %.3f", j, post.Mean(), math.Sqrt(post.Var()), m, sd)
		}
	}
}

func TestPosteriorLiesBetweenPriorAndEstimate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := stats.Prior{Tau2: rapid.Float64Range(0, 4).Draw(t, "tau2"), Mean: []stats.Normal{{
			Mean: rapid.Float64Range(-2, 2).Draw(t, "prior"), Var: rapid.Float64Range(0, 0.5).Draw(t, "var"),
		}}}
		y, v := rapid.Float64Range(-3, 3).Draw(t, "y"), rapid.Float64Range(1e-3, 3).Draw(t, "v")
		post, prior := p.PlugIn(0, y, v), p.Mean[0].Mean
		if m := post.Mean(); !(m >= math.Min(prior, y)-1e-12 && m <= math.Max(prior, y)+1e-12) {
			t.Fatalf("posterior mean %v of estimate %v and prior mean %v", m, y, prior)
		}
		b := v / (v + p.Tau2)
		if want := (1-b)*v + b*b*p.Mean[0].Var; apart(post.Var(), want, 1e-12) {
			t.Fatalf("posterior variance %v, want %v", post.Var(), want)
		}
	})
}
