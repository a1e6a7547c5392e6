package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Dummies are covariates for FitPrior that let each group have a prior mean of its own: one row for each unit, with a
// 1 in the column of its group and 0 elsewhere. Groups outside [0, count) have none. More columns may be appended to
// the rows, such as the logarithm of a merchant's size.
func Dummies(groups []int32, count int) [][]float64 {
	rows := make([][]float64, len(groups))
	for j, g := range groups {
		rows[j] = make([]float64, count)
		if g >= 0 && int(g) < count {
			rows[j][g] = 1
		}
	}
	return rows
}

// regression is the estimates of units and their covariates, an intercept first.
type regression struct {
	y, v  []float64
	x     *mat.Dense
	scale []float64 // of columns: 1/sqrt(sum of squares), 0 for a column of zeros
}

func newRegression(y, v []float64, x [][]float64) (*regression, error) {
	if len(y) == 0 || len(v) != len(y) || x != nil && len(x) != len(y) {
		return nil, fmt.Errorf("%w: %d estimates, %d variances, %d rows of covariates", ErrTooFewUnits, len(y), len(v), len(x))
	}
	columns := 1
	if x != nil {
		columns += len(x[0])
	}
	r := &regression{y, v, mat.NewDense(len(y), columns, nil), make([]float64, columns)}
	for j := range y {
		if !finite(y[j]) || !finite(v[j]) || !(v[j] > 0) {
			return nil, fmt.Errorf("unit %d: estimate %v with variance %v; leave it out", j, y[j], v[j])
		}
		row := r.x.RawRowView(j)
		row[0] = 1
		if x == nil {
			continue
		}
		if len(x[j]) != columns-1 {
			return nil, fmt.Errorf("unit %d: %d covariates, others have %d", j, len(x[j]), columns-1)
		}
		for k, value := range x[j] {
			if !finite(value) {
				return nil, fmt.Errorf("unit %d: covariate %d is %v", j, k, value)
			}
		}
		copy(row[1:], x[j])
	}
	for a := range r.scale {
		if norm := mat.Norm(r.x.ColView(a), 2); norm > 0 {
			r.scale[a] = 1 / norm
		}
	}
	return r, nil
}

// fit is the weighted regression at one tau², with weights w = 1/(v + tau²), and what estimators of tau² need:
// P = W − W·X·(X'WX)⁻·X'·W, which takes the fitted means out of y.
type fit struct {
	coef   []float64
	cov    *mat.Dense // of the coefficients, (X'WX)⁻
	rank   int        // independent columns
	logDet float64    // ln |X'WX| on the space that the columns span, but for a constant
	q      float64    // y'Py, the weighted sum of squared residuals
	trace  float64    // tr(P)
}

func (r *regression) fit(tau2 float64) fit {
	units, columns := r.x.Dims()
	xwx, xwwx := mat.NewSymDense(columns, nil), mat.NewSymDense(columns, nil)
	xwy, sumW := make([]float64, columns), 0.0
	for j := range units {
		row, w := r.x.RawRowView(j), 1/(r.v[j]+tau2)
		sumW += w
		for a, xa := range row {
			if xa == 0 {
				continue
			}
			xwy[a] += w * xa * r.y[j]
			for b := a; b < columns; b++ {
				xwx.SetSym(a, b, xwx.At(a, b)+w*xa*row[b])
				xwwx.SetSym(a, b, xwwx.At(a, b)+w*w*xa*row[b])
			}
		}
	}
	f := fit{coef: make([]float64, columns)}
	f.cov, f.rank, f.logDet = pseudoInverse(xwx, r.scale)
	mat.NewVecDense(columns, f.coef).MulVec(f.cov, mat.NewVecDense(columns, xwy))
	var c mat.Dense
	c.Mul(f.cov, xwwx)
	f.trace = sumW - mat.Trace(&c)
	for j := range units {
		d, w := r.y[j]-mat.Dot(r.x.RowView(j), mat.NewVecDense(columns, f.coef)), 1/(r.v[j]+tau2)
		f.q += w * d * d
	}
	return f
}

// at is the fitted mean for a row of covariates, with its variance.
func (f *fit) at(row []float64) (mean Normal) {
	for a, xa := range row {
		if xa == 0 {
			continue
		}
		mean.Mean += xa * f.coef[a]
		for b, xb := range row {
			mean.Var += xa * xb * f.cov.At(a, b)
		}
	}
	mean.Var = math.Max(0, mean.Var)
	return mean
}

func (f *fit) coefficients() []Normal {
	c := make([]Normal, len(f.coef))
	for a, mean := range f.coef {
		c[a] = Normal{mean, math.Max(0, f.cov.At(a, a))}
	}
	return c
}

// pseudoInverse inverts a symmetric matrix of sums of products, after scaling, on the space that its columns span;
// directions with less than 1e-10 of the largest eigenvalue count as not there.
func pseudoInverse(s *mat.SymDense, scale []float64) (inverse *mat.Dense, rank int, logDet float64) {
	n := s.SymmetricDim()
	unit := mat.NewSymDense(n, nil)
	for a := range n {
		for b := a; b < n; b++ {
			unit.SetSym(a, b, s.At(a, b)*scale[a]*scale[b])
		}
	}
	inverse = mat.NewDense(n, n, nil)
	var eigen mat.EigenSym
	if !eigen.Factorize(unit, true) {
		return inverse, 0, 0
	}
	values := eigen.Values(nil)
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	for k, value := range values {
		if !(value > 1e-10*values[n-1]) {
			continue
		}
		rank++
		logDet += math.Log(value)
		for a := range n {
			for b := range n {
				inverse.Set(a, b, inverse.At(a, b)+vectors.At(a, k)*vectors.At(b, k)/value*scale[a]*scale[b])
			}
		}
	}
	return inverse, rank, logDet
}

// finite tells whether v is a number.
func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
