package panel

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/windvane/windvane/transforms/stats"
)

// PreTrend is a joint test that nothing happened before the starts, and what it could have seen.
type PreTrend struct {
	Wald  float64 // chi-squared under parallel trends
	DF    int     // cells before a start
	P     float64
	Slope float64 // the linear difference in trends, in units of the outcome a period, that a test at 5 % finds with a power of 80 %

	information float64 // 1'V⁻¹1
	Warnings    []stats.Warning
}

// preTrendLevel and preTrendPower are those of PreTrend.Slope.
const preTrendLevel, preTrendPower = 0.05, 0.80

// PreTrend tests all cells before the starts at once.
//
//	W = a' V⁻¹ a,   a the changes before the start, V their covariance;   chi-squared with as many degrees of freedom
//
// A test that does not reject is no proof of parallel trends: compare Slope with the effect. It is the answer to how
// wrong the trends could be without a word from this test. Warning: P is below 5 %.
//
// ErrTooFew: no cell before a start. ErrSingular: more cells than units or clusters can tell apart; take weeks in place of
// days, or starts in coarser groups.
//
// Source: Callaway and Sant'Anna 2021; Roth, Pretest with caution, AER: Insights 4 (2022), for the power.
func (g *GroupTimes) PreTrend() (PreTrend, error) {
	cells := g.where(func(c Cell) bool { return c.Event() < 0 })
	n := len(cells)
	if n == 0 {
		return PreTrend{}, fmt.Errorf("%w: no cell before a start", ErrTooFew)
	}
	v, a, ones := mat.NewSymDense(n, nil), mat.NewVecDense(n, nil), mat.NewVecDense(n, nil)
	for i, c := range cells {
		a.SetVec(i, c.Estimate.Value)
		ones.SetVec(i, 1)
		for j := range i + 1 {
			v.SetSym(i, j, g.covariance(c.influence, cells[j].influence))
		}
	}
	var chol mat.Cholesky
	if !chol.Factorize(v) || chol.Cond() > 1e12 {
		return PreTrend{}, fmt.Errorf("%w: %d cells before the starts; take coarser periods or groups", ErrSingular, n)
	}
	var va, vones mat.VecDense
	if err := chol.SolveVecTo(&va, a); err != nil {
		return PreTrend{}, fmt.Errorf("%w: %w", ErrSingular, err)
	}
	if err := chol.SolveVecTo(&vones, ones); err != nil {
		return PreTrend{}, fmt.Errorf("%w: %w", ErrSingular, err)
	}
	t := PreTrend{Wald: mat.Dot(a, &va), DF: n, information: mat.Dot(ones, &vones)}
	t.P = distuv.ChiSquared{K: float64(n)}.Survival(t.Wald)
	t.Slope = t.detectable()
	if t.P < preTrendLevel {
		t.Warnings = append(t.Warnings, WarnPreTrend)
	}
	return t, nil
}

// Power is the chance that the test at 5 % finds a linear difference in trends of slope a period.
func (t PreTrend) Power(slope float64) float64 {
	critical := distuv.ChiSquared{K: float64(t.DF)}.Quantile(1 - preTrendLevel)
	return noncentralSurvival(critical, float64(t.DF), slope*slope*t.information)
}

// detectable is the slope found with a power of 80 %, by bisection.
func (t PreTrend) detectable() float64 {
	unit := 1 / math.Sqrt(t.information) // noncentrality 1
	lo, hi := 0.0, unit
	for t.Power(hi) < preTrendPower {
		lo, hi = hi, 2*hi
	}
	for range 60 {
		if m := (lo + hi) / 2; t.Power(m) < preTrendPower {
			lo = m
		} else {
			hi = m
		}
	}
	return hi
}

// noncentralSurvival is P(X > x) of the noncentral chi-squared: a Poisson mixture of central ones.
func noncentralSurvival(x, df, noncentrality float64) float64 {
	half := noncentrality / 2
	if half == 0 {
		return distuv.ChiSquared{K: df}.Survival(x)
	}
	poisson := distuv.Poisson{Lambda: half}
	reach := 10*math.Sqrt(half) + 30
	var p float64
	for j := math.Max(0, math.Floor(half-reach)); j <= half+reach; j++ {
		p += poisson.Prob(j) * distuv.ChiSquared{K: df + 2*j}.Survival(x)
	}
	return p
}
