package stats_test

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/windvane/windvane/transforms/stats"
)

func relativelyNear(t *testing.T, name string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-9*math.Abs(want)) {
		t.Errorf("%s is %v, want %v", name, got, want)
	}
}

// A ratio's variance is that of its linearised values; to the clusters of a clustered mean it is the sandwich.
func TestRatioEqualsItsLinearisedValues(t *testing.T) {
	columns := shop{}.columns(seeded(1), 500, false)
	arm := stats.ArmOf(columns)
	ratio := arm.Ratio(stats.Outcome, stats.Denominator)
	var sumY, sumD, squares float64
	for i, y := range columns[stats.Outcome] {
		sumY, sumD = sumY+y, sumD+columns[stats.Denominator][i]
	}
	var linearised []float64
	for i, y := range columns[stats.Outcome] {
		residual := y - sumY/sumD*columns[stats.Denominator][i]
		linearised = append(linearised, sumY/sumD+residual/(sumD/500))
		squares += residual * residual
	}
	want := stats.MomentsOf(linearised)
	relativelyNear(t, "ratio", ratio.Mean, sumY/sumD)
	relativelyNear(t, "mean of linearised values", ratio.Mean, want.Mean)
	relativelyNear(t, "variance", ratio.Var, want.Var)
	relativelyNear(t, "cluster-robust variance", ratio.MeanVar(), 500./499*squares/(sumD*sumD))

	few := arm
	few.N = stats.FewClusters - 1
	for n, e := range map[bool]stats.Estimate{
		false: stats.ClusteredDifference(&arm, &arm, stats.Outcome, stats.Denominator, stats.Welch95),
		true:  stats.ClusteredDifference(&arm, &few, stats.Outcome, stats.Denominator, stats.Welch95),
	} {
		if slices.Contains(e.Warnings, stats.WarnFewClusters) != n || e.DF > float64(arm.N+arm.N-2) {
			t.Errorf("few clusters %t: %+v", n, e)
		}
	}
}

// regress solves the normal equations of y on columns and a constant: coefficients, their classical covariance, and the
// residuals.
func regress(y []float64, columns ...[]float64) (beta *mat.VecDense, cov *mat.Dense, residuals []float64) {
	n, p := len(y), len(columns)+1
	x := mat.NewDense(n, p, nil)
	for i := range n {
		x.Set(i, 0, 1)
		for k, c := range columns {
			x.Set(i, k+1, c[i])
		}
	}
	var gram, inverse mat.Dense
	gram.Mul(x.T(), x)
	if err := inverse.Inverse(&gram); err != nil {
		panic(err)
	}
	beta = new(mat.VecDense)
	beta.MulVec(x.T(), mat.NewVecDense(n, y))
	beta.MulVec(&inverse, beta)
	var fitted mat.VecDense
	fitted.MulVec(x, beta)
	var rss float64
	for i := range y {
		residuals = append(residuals, y[i]-fitted.AtVec(i))
		rss += residuals[i] * residuals[i]
	}
	cov = new(mat.Dense)
	cov.Scale(rss/float64(n-p), &inverse)
	return beta, cov, residuals
}

// stacked are both arms' values of a variable, treatment first.
func stacked(tr, c map[stats.Variable][]float64, v stats.Variable) []float64 {
	return slices.Concat(tr[v], c[v])
}

func TestRegressionEqualsTheNormalEquations(t *testing.T) {
	random := seeded(2)
	tr, c := shop{lift: 0.3}.columns(random, 60, true), shop{}.columns(random, 200, false)
	assigned := make([]float64, 260)
	for i := range 60 {
		assigned[i] = 1
	}
	beta, cov, _ := regress(stacked(tr, c, stats.Outcome), assigned, stacked(tr, c, stats.PreOutcome), stacked(tr, c, stats.PreDenominator))
	at, ac := stats.ArmOf(tr), stats.ArmOf(c)
	jt, jc := at.Joint(stats.Outcome, stats.PreOutcome, stats.PreDenominator), ac.Joint(stats.Outcome, stats.PreOutcome, stats.PreDenominator)
	e := stats.Regression(jt, jc, stats.Welch95)
	relativelyNear(t, "effect", e.Value, beta.AtVec(1))
	relativelyNear(t, "standard error", e.SE, math.Sqrt(cov.At(1, 1)))
	relativelyNear(t, "degrees of freedom", e.DF, 260-4)
}

// Each rule's coefficients and effect, against regressions of the units themselves.
func TestCUPEDEqualsRegressionsOfUnits(t *testing.T) {
	random := seeded(3)
	tr, c := shop{lift: 0.5}.columns(random, 80, true), shop{}.columns(random, 300, false)
	at, ac := stats.ArmOf(tr), stats.ArmOf(c)
	jt, jc := at.Joint(stats.Outcome, stats.PreOutcome, stats.PreDenominator), ac.Joint(stats.Outcome, stats.PreOutcome, stats.PreDenominator)

	pooled := stats.CUPED(jt, jc, stats.ThetaPooled)
	beta, _, _ := regress(stacked(tr, c, stats.Outcome), stacked(tr, c, stats.PreOutcome), stacked(tr, c, stats.PreDenominator))
	relativelyNear(t, "pooled theta", pooled.ThetaT[0], beta.AtVec(1))
	relativelyNear(t, "pooled theta of the second covariate", pooled.ThetaC[1], beta.AtVec(2))
	adjusted := func(columns map[stats.Variable][]float64) stats.Moments {
		var out []float64
		for i, y := range columns[stats.Outcome] {
			out = append(out, y-beta.AtVec(1)*columns[stats.PreOutcome][i]-beta.AtVec(2)*columns[stats.PreDenominator][i])
		}
		return stats.MomentsOf(out)
	}
	want, got := stats.Difference(adjusted(tr), adjusted(c), stats.Welch95), pooled.Difference(stats.Welch95)
	relativelyNear(t, "effect", got.Value, want.Value)
	relativelyNear(t, "standard error", got.SE, want.SE)
	relativelyNear(t, "degrees of freedom", got.DF, want.DF-2)

	// Per arm: the regression with interactions of centred covariates (Lin 2013), residual variances by arm.
	perArm := stats.CUPED(jt, jc, stats.ThetaPerArm)
	var effect, variance float64
	for sign, columns := range map[float64]map[stats.Variable][]float64{1: tr, -1: c} {
		x, w := columns[stats.PreOutcome], columns[stats.PreDenominator]
		beta, _, residuals := regress(columns[stats.Outcome], x, w)
		mx, mw := stats.MomentsOf(stacked(tr, c, stats.PreOutcome)).Mean, stats.MomentsOf(stacked(tr, c, stats.PreDenominator)).Mean
		effect += sign * (beta.AtVec(0) + beta.AtVec(1)*mx + beta.AtVec(2)*mw)
		m := stats.MomentsOf(residuals)
		n := float64(m.N)
		variance += m.Var * (n - 1) / (n - 3) / n
	}
	got = perArm.Difference(stats.Welch95)
	relativelyNear(t, "Lin's effect", got.Value, effect)
	if d := got.SE*got.SE - variance; d < 0 || d > 0.2*variance {
		t.Errorf("Lin's variance is %v, of residuals alone %v", got.SE*got.SE, variance)
	}
	if got.SE >= stats.Difference(at.Of(stats.Outcome), ac.Of(stats.Outcome), stats.Welch95).SE {
		t.Errorf("covariates that foretell the outcome do not help: %+v", got)
	}
}

// No other common θ gives the difference a smaller variance than the optimal one.
func TestOptimalThetaIsOptimal(t *testing.T) {
	random := seeded(4)
	tr, c := stats.ArmOf(shop{lift: 1}.columns(random, 950, true)), stats.ArmOf(shop{}.columns(random, 50, false))
	jt, jc := tr.Joint(stats.Outcome, stats.PreOutcome), c.Joint(stats.Outcome, stats.PreOutcome)
	best := stats.CUPED(jt, jc, stats.ThetaOptimal)
	variance := func(theta float64) float64 {
		v := 0.0
		for _, j := range []stats.Joint{jt, jc} {
			v += (j.Var - 2*theta*j.XY[0] + theta*theta*j.XX[0][0]) / float64(j.N)
		}
		return v
	}
	theta := best.ThetaT[0]
	relativelyNear(t, "standard error", best.Difference(stats.Welch95).SE, math.Sqrt(variance(theta)))
	for _, other := range []float64{0.99 * theta, 1.01 * theta, stats.CUPED(jt, jc, stats.ThetaPooled).ThetaT[0]} {
		if variance(other) <= variance(theta) {
			t.Errorf("theta %v does better than %v", other, theta)
		}
	}
}

// Covariates that say nothing (constant, missing altogether) or nothing new leave θ at zero and the result as it is.
func TestUselessCovariatesAreDropped(t *testing.T) {
	random := seeded(5)
	tr, c := shop{lift: 0.5}.columns(random, 100, true), shop{}.columns(random, 100, false)
	with := func(columns map[stats.Variable][]float64, extra ...func(x float64) float64) stats.Joint {
		x := columns[stats.PreOutcome]
		all := [][]float64{x}
		for _, f := range extra {
			var column []float64
			for _, v := range x {
				column = append(column, f(v))
			}
			all = append(all, column)
		}
		return stats.JointOf(columns[stats.Outcome], all...)
	}
	constant := func(float64) float64 { return 7 }
	double := func(v float64) float64 { return 2*v + 1 }
	for _, rule := range []stats.Theta{stats.ThetaPooled, stats.ThetaOptimal, stats.ThetaPerArm} {
		one := stats.CUPED(with(tr), with(c), rule)
		three := stats.CUPED(with(tr, constant, double), with(c, constant, double), rule)
		same(t, "effect", three.Difference(stats.Welch95), one.Difference(stats.Welch95))
		same(t, "lift", three.RelativeLog(stats.Welch95), one.RelativeLog(stats.Welch95))
		if three.ThetaC[1] != 0 || (three.ThetaC[0] != 0) == (three.ThetaC[2] != 0) {
			t.Errorf("coefficients %v", three.ThetaC)
		}
		nearly := func(v float64) float64 { return 2*v + 1e-3*math.Mod(v, 7) } // all but 10⁻¹³ of its variance is known
		if twins := stats.CUPED(with(tr, nearly), with(c, nearly), rule); (twins.ThetaC[0] != 0) == (twins.ThetaC[1] != 0) {
			t.Errorf("coefficients of twins %v", twins.ThetaC)
		}

		plain := stats.MomentsOf(tr[stats.Outcome])
		none := stats.CUPED(stats.JointOf(tr[stats.Outcome], make([]float64, 100)), stats.JointOf(c[stats.Outcome], make([]float64, 100)), rule)
		same(t, "without history", none.Difference(stats.Welch95), stats.Difference(plain, stats.MomentsOf(c[stats.Outcome]), stats.Welch95))
		same(t, "lift without history", none.RelativeFieller(stats.Welch95), stats.RelativeFieller(plain, stats.MomentsOf(c[stats.Outcome]), stats.Welch95))

		for _, control := range []map[stats.Variable][]float64{c, without(c)} { // one arm lacks it, or both
			at, ac := stats.ArmOf(without(tr)), stats.ArmOf(control)
			a := stats.RatioCUPED(&at, &ac, stats.Outcome, stats.Denominator, stats.PreOutcome, stats.PreDenominator, rule)
			same(t, "ratio without history", a.Difference(stats.Welch95),
				stats.Difference(at.Ratio(stats.Outcome, stats.Denominator), ac.Ratio(stats.Outcome, stats.Denominator), stats.Welch95))
		}
	}
}

// without are the columns of units that have no history.
func without(columns map[stats.Variable][]float64) map[stats.Variable][]float64 {
	return map[stats.Variable][]float64{stats.Outcome: columns[stats.Outcome], stats.Denominator: columns[stats.Denominator]}
}
