package stats

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// Joint is what one arm tells about an outcome together with p covariates, which were fixed before the unit entered.
type Joint struct {
	Moments             // of the outcome
	X       []float64   // p: means of the covariates
	XX      [][]float64 // p × p: their sample covariances (n − 1)
	XY      []float64   // p: their sample covariances with the outcome
}

// Joint are the moments of one variable of the arm with others as covariates.
func (a *Arm) Joint(y Variable, covariates ...Variable) Joint {
	j := Joint{Moments: a.Of(y)}
	for _, v := range covariates {
		row := make([]float64, 0, len(covariates))
		for _, w := range covariates {
			row = append(row, a.Cov[v][w])
		}
		j.X, j.XX, j.XY = append(j.X, a.Mean[v]), append(j.XX, row), append(j.XY, a.Cov[v][y])
	}
	return j
}

// Pool are the moments of the units of both arms taken together. An arm without units adds nothing.
func (a *Arm) Pool(b *Arm) Arm {
	p := pooling{float64(a.N), float64(b.N)}
	out := Arm{N: a.N + b.N}
	for v := range out.Mean {
		out.Mean[v] = p.mean(a.Mean[v], b.Mean[v])
		for w := range out.Mean {
			out.Cov[v][w] = p.cov(a.Cov[v][w], b.Cov[v][w], a.Mean[v]-b.Mean[v], a.Mean[w]-b.Mean[w])
		}
	}
	return out
}

// pool are the moments of the units of both arms taken together.
func (j *Joint) pool(k *Joint) Joint {
	p := pooling{float64(j.N), float64(k.N)}
	out := Joint{Moments: Moments{
		N:    j.N + k.N,
		Mean: p.mean(j.Mean, k.Mean),
		Var:  p.cov(j.Var, k.Var, j.Mean-k.Mean, j.Mean-k.Mean),
	}}
	for v := range j.X {
		row := make([]float64, len(j.X))
		for w := range row {
			row[w] = p.cov(j.XX[v][w], k.XX[v][w], j.X[v]-k.X[v], j.X[w]-k.X[w])
		}
		out.X = append(out.X, p.mean(j.X[v], k.X[v]))
		out.XX = append(out.XX, row)
		out.XY = append(out.XY, p.cov(j.XY[v], k.XY[v], j.X[v]-k.X[v], j.Mean-k.Mean))
	}
	return out
}

// pooling are the sizes of two groups whose moments are taken together.
type pooling struct{ n, m float64 }

func (p pooling) mean(a, b float64) float64 {
	switch {
	case p.m == 0:
		return a
	case p.n == 0:
		return b
	}
	return (p.n*a + p.m*b) / (p.n + p.m)
}

// cov is the sample covariance over both groups; dv and dw are how far their means are apart.
func (p pooling) cov(a, b, dv, dw float64) float64 {
	between := 0.0
	if p.n > 0 && p.m > 0 {
		between = p.n * p.m / (p.n + p.m) * dv * dw
	}
	return (within(p.n, a) + within(p.m, b) + between) / (p.n + p.m - 1)
}

// within is a sum of products about the group's own means; a group of one, which has no covariance, adds nothing.
func within(n, cov float64) float64 {
	if n < 2 {
		return 0
	}
	return (n - 1) * cov
}

// leastPivot is the share of a covariate's variance that others must leave unexplained for it to be used.
const leastPivot = 1e-10

// coefficients solve xx·θ = xy, least squares of an outcome on covariates. Covariates that are constant, or nearly a
// linear combination of others, get the coefficient 0; used is the number of the rest.
func coefficients(xx [][]float64, xy []float64) (theta []float64, used int) {
	theta = make([]float64, len(xy))
	var alive []int
	for i := range xy {
		if xx[i][i] > 0 {
			alive = append(alive, i)
		}
	}
	if len(alive) == 0 {
		return theta, 0
	}
	scale := func(i int) float64 { return math.Sqrt(xx[i][i]) }
	correlation := mat.NewSymDense(len(alive), nil)
	for a, i := range alive {
		for b, k := range alive[a:] {
			correlation.SetSym(a, a+b, xx[i][k]/(scale(i)*scale(k)))
		}
	}
	var pivoted mat.PivotedCholesky
	pivoted.Factorize(correlation, leastPivot)
	order := pivoted.ColumnPivots(nil)[:pivoted.Rank()]
	free := mat.NewSymDense(len(order), nil)
	right := mat.NewVecDense(len(order), nil)
	for a, p := range order {
		right.SetVec(a, xy[alive[p]]/scale(alive[p]))
		for b, q := range order {
			free.SetSym(a, b, correlation.At(p, q))
		}
	}
	var factor mat.Cholesky
	var solution mat.VecDense
	if !factor.Factorize(free) || factor.SolveVecTo(&solution, right) != nil {
		return theta, 0 // not reached: the pivots that are left are far from zero
	}
	for a, p := range order {
		theta[alive[p]] = solution.AtVec(a) / scale(alive[p])
	}
	return theta, len(order)
}
