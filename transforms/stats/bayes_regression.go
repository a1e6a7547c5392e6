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
	y, v []float64
	x    *mat.Dense
}

func newRegression(y, v []float64, x [][]float64) (*regression, error) {
	if len(y) == 0 || len(v) != len(y) || x != nil && len(x) != len(y) {
		return nil, fmt.Errorf("%w: %d estimates, %d variances, %d rows of covariates", ErrTooFewUnits, len(y), len(v), len(x))
	}
	columns := 1
	if x != nil {
		columns += len(x[0])
	}
	r := &regression{y, v, mat.NewDense(len(y), columns, nil)}
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
	return r, nil
}

// fit is the weighted regression at one tau², with weights w = 1/(v + tau²), and what estimators of tau² need:
// P = W − W·X·(X'WX)⁻·X'·W, which takes the fitted means out of y.
type fit struct {
	coef   []float64
	cov    *mat.Dense // of the coefficients, (X'WX)⁻
	rank   int        // independent columns
	q      float64    // y'Py, the weighted sum of squared residuals
	yppy   float64    // y'PPy
	trace1 float64    // tr(P)
	trace2 float64    // tr(PP)
}

func (r *regression) fit(tau2 float64) fit {
	units, columns := r.x.Dims()
	// s[k] is X'·Wᵏ·X; Wᵏ summed up beside it.
	var s [4]*mat.SymDense
	var sumW [4]float64
	for k := 1; k <= 3; k++ {
		s[k] = mat.NewSymDense(columns, nil)
	}
	xwy := make([]float64, columns)
	for j := range units {
		row, w, power := r.x.RawRowView(j), 1/(r.v[j]+tau2), 1.0
		for k := 1; k <= 3; k++ {
			power *= w
			sumW[k] += power
			for a, xa := range row {
				if xa == 0 {
					continue
				}
				for b := a; b < columns; b++ {
					s[k].SetSym(a, b, s[k].At(a, b)+power*xa*row[b])
				}
			}
		}
		for a, xa := range row {
			xwy[a] += w * xa * r.y[j]
		}
	}
	f := fit{coef: make([]float64, columns)}
	f.cov, f.rank = pseudoInverse(s[1])
	mat.NewVecDense(columns, f.coef).MulVec(f.cov, mat.NewVecDense(columns, xwy))
	var c2, c3, c22 mat.Dense
	c2.Mul(f.cov, s[2])
	c3.Mul(f.cov, s[3])
	c22.Mul(&c2, &c2)
	f.trace1 = sumW[1] - mat.Trace(&c2)
	f.trace2 = sumW[2] - 2*mat.Trace(&c3) + mat.Trace(&c22)
	for j := range units {
		mean, _ := f.at(r.x.RawRowView(j))
		d, w := r.y[j]-mean, 1/(r.v[j]+tau2)
		f.q += w * d * d
		f.yppy += w * w * d * d
	}
	return f
}

// at is the fitted mean for a row of covariates and its variance.
func (f *fit) at(row []float64) (mean, variance float64) {
	for a, xa := range row {
		if xa == 0 {
			continue
		}
		mean += xa * f.coef[a]
		for b, xb := range row {
			variance += xa * xb * f.cov.At(a, b)
		}
	}
	return mean, math.Max(0, variance)
}

func (f *fit) coefficients() []Normal {
	c := make([]Normal, len(f.coef))
	for a, mean := range f.coef {
		c[a] = Normal{mean, math.Max(0, f.cov.At(a, a))}
	}
	return c
}

// pseudoInverse inverts a symmetric matrix of sums of products on the space that its columns span, after scaling its
// diagonal to one; directions with less than 1e-10 of the largest eigenvalue count as not there.
func pseudoInverse(s *mat.SymDense) (inverse *mat.Dense, rank int) {
	n := s.SymmetricDim()
	scale := make([]float64, n)
	for a := range n {
		if d := s.At(a, a); d > 0 {
			scale[a] = 1 / math.Sqrt(d)
		}
	}
	unit := mat.NewSymDense(n, nil)
	for a := range n {
		for b := a; b < n; b++ {
			unit.SetSym(a, b, s.At(a, b)*scale[a]*scale[b])
		}
	}
	inverse = mat.NewDense(n, n, nil)
	var eigen mat.EigenSym
	if !eigen.Factorize(unit, true) {
		return inverse, 0
	}
	values := eigen.Values(nil)
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	for k, value := range values {
		if !(value > 1e-10*values[n-1]) {
			continue
		}
		rank++
		for a := range n {
			for b := range n {
				inverse.Set(a, b, inverse.At(a, b)+vectors.At(a, k)*vectors.At(b, k)/value*scale[a]*scale[b])
			}
		}
	}
	return inverse, rank
}

// finite tells whether v is a number.
func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
