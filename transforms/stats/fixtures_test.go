package stats_test

import (
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/windvane/windvane/transforms/stats"
)

// Where the numbers and the data files come from: testdata/README.md.

// interval fails unless both ends round to those wanted.
func interval(t *testing.T, name string, got stats.Interval, lo, hi float64, decimals int) {
	t.Helper()
	near(t, name+", lower end", got.Lo, lo, decimals)
	near(t, name+", upper end", got.Hi, hi, decimals)
}

func TestGrowthBookWelch(t *testing.T) {
	control, treatment := stats.MomentsOfSums(3407, 1396.87, 52377.9767), stats.MomentsOfSums(3461, 2422.7, 134698.29)

	e := stats.RelativeDelta(treatment, control, stats.Welch95)
	near(t, "lift", e.Value, 0.70732, 5)
	near(t, "standard error of the lift", e.SE, 0.37879, 5)
	interval(t, "lift", e.Interval, -0.03526, 1.44989, 5)
	near(t, "p of the lift", e.P, 0.06191, 5)
	near(t, "degrees of freedom", e.DF, 5841.742, 3)

	e = stats.Difference(treatment, control, stats.Welch95)
	near(t, "difference", e.Value, 0.29, 2) // as printed
	near(t, "standard error of the difference", e.SE, 0.12478, 5)
	interval(t, "difference", e.Interval, 0.04538, 0.53462, 5)
	near(t, "p of the difference", e.P, 0.02016, 5)
}

func TestGrowthBookProportions(t *testing.T) {
	e := stats.RelativeDelta(stats.Proportion(16, 30), stats.Proportion(14, 28), stats.Welch95)
	near(t, "lift", e.Value, 0.06667, 5)
	near(t, "standard error", e.SE, 0.2717, 4)
	interval(t, "lift", e.Interval, -0.47767, 0.61101, 5)
	near(t, "p", e.P, 0.80707, 5)
}

// growthBookArm are 100 units of which sums and sums of products alone are known: main metric (m) and denominator (d),
// after (p) and before (q).
func growthBookArm(mp, dp, mq, dq [2]float64, mpmq, dpdq, mqdq, mpdp, mpdq, mqdp float64) stats.Arm {
	const n = 100
	a := stats.Arm{N: n}
	sums := map[stats.Variable][2]float64{stats.Outcome: mp, stats.Denominator: dp, stats.PreOutcome: mq, stats.PreDenominator: dq}
	products := map[[2]stats.Variable]float64{
		{stats.Outcome, stats.PreOutcome}:         mpmq,
		{stats.Denominator, stats.PreDenominator}: dpdq,
		{stats.PreOutcome, stats.PreDenominator}:  mqdq,
		{stats.Outcome, stats.Denominator}:        mpdp,
		{stats.Outcome, stats.PreDenominator}:     mpdq,
		{stats.PreOutcome, stats.Denominator}:     mqdp,
	}
	for v, s := range sums {
		a.Mean[v] = s[0] / n
		a.Cov[v][v] = stats.CovarianceOfSums(n, s[0], s[0], s[1])
	}
	for vw, p := range products {
		v, w := vw[0], vw[1]
		a.Cov[v][w] = stats.CovarianceOfSums(n, sums[v][0], sums[w][0], p)
		a.Cov[w][v] = a.Cov[v][w]
	}
	return a
}

func growthBookRatio() (control, treatment stats.Arm) {
	control = growthBookArm(
		[2]float64{485.112236689623, 2715.484666118136}, [2]float64{679.9093275844917, 4939.424001640236},
		[2]float64{192.59138069991536, 460.076026390857}, [2]float64{290.1398399750233, 920.9461385038898},
		1113.6215759318352, 2130.9404074446747, 634.239482353647, 3602.146836776702, 1559.2878434944676, 1460.3181079276983)
	treatment = growthBookArm(
		[2]float64{514.7757826608777, 2994.897482705013}, [2]float64{705.4090874383759, 5291.36604146392},
		[2]float64{206.94157227402536, 514.2903702246757}, [2]float64{302.54389139107326, 994.4506208125663},
		1237.0953021125997, 2292.081739775257, 698.4173425817908, 3918.1561431600717, 1701.0287270040265, 1604.0759503266522)
	return control, treatment
}

// GrowthBook fits θ where the variance of the difference is least and divides by the control mean as it was.
func TestGrowthBookRatioCUPED(t *testing.T) {
	control, treatment := growthBookRatio()
	theta := func(rule stats.Theta) *stats.Adjusted {
		a := stats.RatioCUPED(&treatment, &control, stats.Outcome, stats.Denominator, stats.PreOutcome, stats.PreDenominator, rule)
		return &a
	}
	near(t, "pooled theta", theta(stats.ThetaPooled).ThetaT[0], 0.829305, 6)
	a := theta(stats.ThetaOptimal)
	near(t, "theta", a.ThetaT[0], 0.829004, 6)

	e := a.RelativeUnadjusted(stats.Welch95)
	near(t, "lift", e.Value, -0.0007, 5)
	near(t, "standard error", e.SE, 0.00391, 5)
	interval(t, "lift", e.Interval, -0.00841, 0.007, 5)
	near(t, "p", e.P, 0.85771, 5)

	// The lift of adjusted means is another estimator of the same thing.
	adjusted := a.RelativeDelta(stats.Welch95)
	if d := math.Abs(adjusted.Value - e.Value); d > 0.01*e.SE {
		t.Errorf("lift of adjusted means is %v, over the unadjusted control mean %v", adjusted.Value, e.Value)
	}
}

func armOf(c table) stats.Arm {
	return stats.ArmOf(map[stats.Variable][]float64{
		stats.Outcome: c["orders"], stats.Denominator: c["sessions"],
		stats.PreOutcome: c["orders_covariate"], stats.PreDenominator: c["sessions_covariate"],
		stats.WideOutcome: c["revenue"],
	})
}

func TestTeaTastingOfAHundredUsers(t *testing.T) {
	users := readTable(t, "tea_tasting_100.csv")
	c, tr := armOf(users.where("variant", 0)), armOf(users.where("variant", 1))

	near(t, "control", c.Mean[stats.Outcome], 0.5660377358490566, 14)
	near(t, "treatment", tr.Mean[stats.Outcome], 0.3829787234042553, 14)
	e := stats.Difference(tr.Of(stats.Outcome), c.Of(stats.Outcome), stats.Welch95)
	near(t, "orders per user", e.Value, -0.18305901244480127, 14)
	// Their quantile of t has eleven digits; ours, 1.98473092924108, agrees with arithmetic of forty.
	interval(t, "orders per user", e.Interval, -0.5004359360326984, 0.13431791114309583, 10)
	near(t, "p", e.P, 0.2551230546709908, 12)
	near(t, "t", e.Value/e.SE, -1.1447678040118034, 12)
	near(t, "df", e.DF, 96.97004336115066, 10)
	e = stats.RelativeLog(tr.Of(stats.Outcome), c.Of(stats.Outcome), stats.Welch95)
	near(t, "lift", e.Value, -0.32340425531914896, 14)
	interval(t, "lift", e.Interval, -0.6593351111187646, 0.34378920945924096, 9)
	near(t, "p", e.P, 0.2551230546709908, 12)

	how := stats.Welch95
	how.EqualVariance, how.Alternative = true, stats.Greater
	e = stats.Difference(tr.Ratio(stats.Outcome, stats.Denominator), c.Ratio(stats.Outcome, stats.Denominator), how)
	near(t, "orders per session", e.Value, -0.08346709470304975, 14)
	near(t, "t", e.Value/e.SE, -1.0794048813446926, 12)
	near(t, "p", e.P, 0.8584716347525132, 12)
	if !math.IsInf(e.Interval.Hi, 1) {
		t.Errorf("greater: interval %v", e.Interval)
	}

	a := stats.RatioCUPED(&tr, &c, stats.Outcome, stats.Denominator, stats.PreOutcome, stats.PreDenominator, stats.ThetaPooled)
	near(t, "theta", a.ThetaT[0], 0.5673594920319422, 14)
	near(t, "control", a.Control.Mean, 0.25572348175909004, 14)
	near(t, "treatment", a.Treatment.Mean, 0.23549786496156158, 14)
	how = stats.Inference{Confidence: 0.95, Normal: true, Alternative: stats.Less}
	e = a.Difference(how)
	near(t, "adjusted orders per session", e.Value, -0.020225616797528462, 14)
	near(t, "z", e.Value/e.SE, -0.3573188986307722, 12)
	near(t, "p", e.P, 0.3604265417728255, 12)
	near(t, "upper", e.Interval.Hi, 0.07287939184944564, 12)
}

// The README and the user guide of tea-tasting print tables of 4,000 users, cells at three and at two digits.
func TestTeaTastingOfFourThousandUsers(t *testing.T) {
	users := readTable(t, "tea_tasting_4000.csv")
	arm := func(variant float64, outcome, denominator string) stats.Arm {
		u := users.where("variant", variant)
		columns := map[stats.Variable][]float64{stats.Outcome: u[outcome], stats.PreOutcome: u[outcome+"_covariate"]}
		ones := make([]float64, len(u["user"]))
		for i := range ones {
			ones[i] = 1
		}
		columns[stats.Denominator], columns[stats.PreDenominator] = ones, ones
		if denominator != "" {
			columns[stats.Denominator], columns[stats.PreDenominator] = u[denominator], u[denominator+"_covariate"]
		}
		return stats.ArmOf(columns)
	}
	for _, c := range []struct {
		outcome, denominator string
		plain, cuped         [6]float64 // control, treatment, lift and its interval in %, p
	}{
		{"sessions", "", [6]float64{2.0, 1.98, -0.66, -3.7, 2.5, 0.674}, [6]float64{2.0, 1.98, -0.68, -3.2, 1.9, 0.603}},
		{"orders", "sessions", [6]float64{0.266, 0.289, 8.8, -0.89, 19, 0.0762}, [6]float64{0.262, 0.293, 12, 4.2, 21, 0.00229}},
		{"orders", "", [6]float64{0.53, 0.573, 8.0, -2.0, 19, 0.118}, [6]float64{0.523, 0.581, 11, 2.9, 20, 0.00733}},
		{"revenue", "", [6]float64{5.24, 5.73, 9.3, -2.4, 22, 0.123}, [6]float64{5.12, 5.85, 14, 3.8, 26, 0.00674}},
	} {
		control, treatment := arm(0, c.outcome, c.denominator), arm(1, c.outcome, c.denominator)
		row := func(name string, want [6]float64, c, tr stats.Moments, e stats.Estimate) {
			for i, got := range []float64{c.Mean, tr.Mean, 100 * e.Value, 100 * e.Interval.Lo, 100 * e.Interval.Hi, e.P} {
				digits := 3
				if i >= 2 && i <= 4 {
					digits = 2
				}
				if rounded := significant(got, digits); rounded != want[i] {
					t.Errorf("%s, cell %d: %v, want %v (%v)", name, i, rounded, want[i], got)
				}
			}
		}
		name := c.outcome + "/" + c.denominator
		mt, mc := treatment.Ratio(stats.Outcome, stats.Denominator), control.Ratio(stats.Outcome, stats.Denominator)
		row(name, c.plain, mc, mt, stats.RelativeLog(mt, mc, stats.Welch95))
		a := stats.RatioCUPED(&treatment, &control, stats.Outcome, stats.Denominator, stats.PreOutcome, stats.PreDenominator, stats.ThetaPooled)
		row(name+" CUPED", c.cuped, a.Control, a.Treatment, a.RelativeLog(stats.Welch95))
	}
}

// significant rounds to so many digits.
func significant(v float64, digits int) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', digits-1, 64), 64)
	if err != nil {
		return math.NaN()
	}
	return rounded
}

func TestTrainingProgrammeOfDehejiaAndWahba(t *testing.T) {
	men := readTable(t, "nsw.csv")
	trained, control := men.where("treat", 1), men.where("treat", 0)
	mt, mc := stats.MomentsOf(trained["re78"]), stats.MomentsOf(control["re78"])

	e := stats.Difference(mt, mc, stats.Welch95)
	near(t, "difference, as published", e.Value, 1794.34, 2)
	near(t, "difference, by exact fractions of the file", e.Value, 1794.3424042702702, 9)
	near(t, "Neyman's standard error", e.SE, 670.996542, 3)

	pooled := stats.Inference{Confidence: 0.95, EqualVariance: true}
	near(t, "standard error of least squares", stats.Difference(mt, mc, pooled).SE, 632.853392, 3)
	near(t, "the same by regression", stats.Regression(stats.JointOf(trained["re78"]), stats.JointOf(control["re78"]), stats.Welch95).SE, 632.853392, 3)

	joint := func(m table) stats.Joint {
		square := make([]float64, len(m["age"]))
		for i, age := range m["age"] {
			square[i] = age * age
		}
		return stats.JointOf(m["re78"], m["age"], square, m["educ"], m["black"], m["hisp"], m["nodegree"], m["re74"], m["re75"])
	}
	e = stats.Regression(joint(trained), joint(control), stats.Welch95)
	near(t, "adjusted", e.Value, 1672.2031, 4)
	near(t, "its standard error", e.SE, 638.3966, 4)
	near(t, "its degrees of freedom", e.DF, 445-8-2, 9)
}

func TestSampleRatios(t *testing.T) {
	for _, c := range []struct {
		counts   []int64
		p        float64
		decimals int
	}{
		{[]int64{821588, 815482}, 1.8217928726e-6, 16},
		{[]int64{44000, 45000}, 0.000802278118, 12},
		{[]int64{21307, 21306, 21387}, 0.9036929576, 10},
		{[]int64{2023, 1977}, 0.46702758387372245, 14},
	} {
		shares := make([]float64, len(c.counts))
		for k := range shares {
			shares[k] = 1 / float64(len(shares))
		}
		near(t, fmt.Sprint(c.counts), stats.SampleRatioP(c.counts, shares), c.p, c.decimals)
	}
	near(t, "exact binomial", stats.BinomialP(2023, 4000, 0.5), 0.4767712610929637, 11)
}
