package weighting

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Propensity is a fitted logistic regression of treatment on covariates.
type Propensity struct {
	Coef  []float64 // constant first, then by covariate, in log odds by unit of the covariate
	Score []float64 // e(x) by unit, in (0, 1)
	Steps int

	odds        []float64 // e/(1 − e), exact where e is near one
	residual    []float64 // treated − e
	information mat.Cholesky
	design      design
}

// Limits of the search.
const (
	ridge        = 1e-8  // on standardised coefficients, by unit
	gradientStop = 1e-10 // largest element of the mean gradient
	mostSteps    = 100
	rounding     = 1e-13 // of the objective: near the optimum a good step may seem to lose that much
	separated    = 0.1   // log odds that the unpenalised likelihood still wants to move a unit
)

// Logistic fits P(treated | x) = 1/(1 + exp(−x'β)) by iteratively reweighted least squares on standardised covariates.
//
//	maximise mean log likelihood − ridge/2·||β||² (the constant free), ridge = 1e-8, until no element of the gradient exceeds 1e-10
//
// The ridge decides between collinear covariates and gives those that do not vary no weight. Where covariates, or some combination
// of them, tell the arms apart, the likelihood has no maximum: Newton's method would move some unit by about one for ever. That is
// seen from the step the likelihood alone would take from the ridge's solution: ErrSeparated. Remedy: leave out the
// covariate that decides, or units that had no choice.
//
// Errors: ErrShape, ErrTooFew (each arm needs two units more than covariates), ErrSeparated, ErrConverge.
//
// Source: McCullagh and Nelder, Generalized Linear Models, 1989; Albert and Anderson, Biometrika 71 (1984), on separation.
func Logistic(x [][]float64, treated []bool) (Propensity, error) {
	if err := checkCovariates(x, treated); err != nil {
		return Propensity{}, err
	}
	f := logisticFit{design: newDesign(x), treated: treated}
	f.beta = make([]float64, f.design.parameters)
	n1 := 0
	for _, t := range treated {
		if t {
			n1++
		}
	}
	f.beta[0] = math.Log(float64(n1) / float64(len(x)-n1))
	steps, err := f.maximise()
	if err != nil {
		return Propensity{}, err
	}
	if far := f.unpenalisedStep(); far > separated {
		return Propensity{}, fmt.Errorf("%w: the likelihood has no maximum; leave out the covariate that decides", ErrSeparated)
	}
	p := Propensity{Coef: f.design.original(f.beta), Steps: steps, design: f.design}
	for i, row := range f.design.rows {
		eta := dot(row, f.beta)
		p.Score, p.odds = append(p.Score, expit(eta)), append(p.odds, math.Exp(eta))
		p.residual = append(p.residual, indicator(treated[i])-p.Score[i])
	}
	_, h := f.derivatives()
	p.information.Factorize(withRidge(h, ridge)) // as it was in the last step
	return p, nil
}

func expit(eta float64) float64 { return 1 / (1 + math.Exp(-eta)) }

// logisticFit is the state of the search.
type logisticFit struct {
	design  design
	treated []bool
	beta    []float64
}

// objective is the penalised mean log likelihood.
func (f *logisticFit) objective(beta []float64) float64 {
	var l float64
	for i, row := range f.design.rows {
		eta := dot(row, beta)
		if f.treated[i] {
			eta = -eta
		}
		l -= math.Max(eta, 0) + math.Log1p(math.Exp(-math.Abs(eta))) // ln(1 + e^eta)
	}
	l /= float64(len(f.design.rows))
	return l - ridge/2*dot(beta[1:], beta[1:])
}

// derivatives are the gradient of the objective and the mean information, without the ridge.
func (f *logisticFit) derivatives() (gradient *mat.VecDense, information *mat.SymDense) {
	p, n := f.design.parameters, float64(len(f.design.rows))
	g, h := make([]float64, p), make([]float64, p*p)
	for i, row := range f.design.rows {
		e := expit(dot(row, f.beta))
		r, w := (indicator(f.treated[i])-e)/n, e*(1-e)/n
		for a, x := range row {
			g[a] += r * x
			for c := a; c < p; c++ {
				h[a*p+c] += w * x * row[c]
			}
		}
	}
	for a := 1; a < p; a++ {
		g[a] -= ridge * f.beta[a]
	}
	return mat.NewVecDense(p, g), mat.NewSymDense(p, h)
}

// maximise takes Newton steps, halved while they do not gain.
func (f *logisticFit) maximise() (steps int, err error) {
	value := f.objective(f.beta)
	for steps = 0; steps < mostSteps; steps++ {
		g, h := f.derivatives()
		if mat.Norm(g, math.Inf(1)) <= gradientStop {
			return steps, nil
		}
		step, err := solve(h, ridge, g)
		if err != nil {
			return steps, err
		}
		size, moved := 1.0, false
		for range 50 {
			next := make([]float64, len(f.beta))
			for a := range next {
				next[a] = f.beta[a] + size*step.AtVec(a)
			}
			if v := f.objective(next); v >= value-rounding {
				f.beta, value, moved = next, v, true
				break
			}
			size /= 2
		}
		if !moved {
			break
		}
	}
	return steps, fmt.Errorf("%w in %d steps", ErrConverge, mostSteps)
}

// unpenalisedStep is how far, in log odds of the unit it moves most, the likelihood alone would still go.
func (f *logisticFit) unpenalisedStep() float64 {
	_, h := f.derivatives()
	pull := mat.NewVecDense(len(f.beta), nil)
	for a := 1; a < len(f.beta); a++ {
		pull.SetVec(a, ridge*f.beta[a])
	}
	step, err := solve(h, 1e-12, pull)
	if err != nil {
		return math.Inf(1)
	}
	var most float64
	for _, row := range f.design.rows {
		most = math.Max(most, math.Abs(dot(row, step.RawVector().Data)))
	}
	return most
}

// lever turns the slope of an effect by the coefficients into what a unit adds to the effect through the scores: lever·x·(treated − e).
func (p Propensity) lever(slope []float64) []float64 {
	var x mat.VecDense
	_ = p.information.SolveVecTo(&x, mat.NewVecDense(len(slope), slope)) // its error warns of a poor condition, which the ridge bounds
	return x.RawVector().Data
}

// indicator is 1 for treated units.
func indicator(treated bool) float64 {
	if treated {
		return 1
	}
	return 0
}

// solve is (h + ridge)⁻¹·v; the ridge spares the constant.
func solve(h *mat.SymDense, ridge float64, v *mat.VecDense) (*mat.VecDense, error) {
	var chol mat.Cholesky
	if !chol.Factorize(withRidge(h, ridge)) {
		return nil, fmt.Errorf("%w: information is singular", ErrSeparated)
	}
	var x mat.VecDense
	_ = chol.SolveVecTo(&x, v) // its error warns of a poor condition, which the ridge bounds
	return &x, nil
}

func withRidge(h *mat.SymDense, ridge float64) *mat.SymDense {
	r := mat.NewSymDense(h.SymmetricDim(), nil)
	r.CopySym(h)
	for a := 1; a < r.SymmetricDim(); a++ {
		r.SetSym(a, a, r.At(a, a)+ridge)
	}
	return r
}
