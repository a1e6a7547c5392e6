package weighting

import "gonum.org/v1/gonum/mat"

// AIPW is the effect on the treated, by weights and a regression at once: it is right when either of the two models is.
//
//	effect = 1/n1 · sum [ D·(Y − m0(X)) − (1 − D)·e/(1 − e)·(Y − m0(X)) ]
//
// m0 is the linear regression of the outcome on the covariates among the controls that are kept; sums are over units whose
// score is kept, n1 the treated among them. The standard error is from stacked influence functions, of the effect, the
// scores and the regression, summed by cluster where the sample has clusters.
//
// Assumptions and errors are those of Hajek. Options.Estimand is taken as ATT.
//
// Source: Robins, Rotnitzky, Zhao, JASA 89 (1994); Moodie, Saarela, Stephens 2018 for the effect on the treated.
func AIPW(s Sample, o Options) (Result, error) {
	o.Estimand = ATT
	q, r, err := prepare(s, o)
	if err != nil {
		return Result{}, err
	}
	return q.finish(r, q.aipw), nil
}

func (q *prepared) aipw(y []float64) (value, observed float64, influence []float64) {
	rows, k := q.p.design.rows, q.p.design.parameters
	m0 := q.regression(y)
	residual := make([]float64, len(y))
	var n1 float64
	for i, w := range q.w {
		residual[i] = y[i] - dot(rows[i], m0.beta)
		if w > 0 && q.sample.Treated[i] {
			n1++
			value += residual[i]
			observed += y[i]
		} else {
			value -= w * residual[i]
		}
	}
	value, observed = value/n1, observed/n1
	n := float64(len(y))
	influence = make([]float64, len(y))
	byScore, byRegression := make([]float64, k), make([]float64, k)
	for i, w := range q.w {
		switch {
		case w == 0:
		case q.sample.Treated[i]:
			influence[i] = n / n1 * (residual[i] - value)
			axpy(-1/n1, rows[i], byRegression)
		default:
			influence[i] = -n / n1 * w * residual[i]
			axpy(w/n1, rows[i], byRegression)
			axpy(-w*residual[i]/n1, rows[i], byScore) // the odds are their own derivative by the log odds
		}
	}
	scores, regression := q.p.lever(byScore), m0.lever(byRegression)
	for i, w := range q.w {
		influence[i] += dot(scores, rows[i]) * q.p.residual[i]
		if w != 0 && !q.sample.Treated[i] {
			influence[i] += dot(regression, rows[i]) * residual[i]
		}
	}
	return value, observed, influence
}

// regression is a least-squares fit among the controls that are kept.
type regression struct {
	beta []float64
	chol mat.Cholesky // of sum x x'/n over those controls, n all units
}

func (q *prepared) regression(y []float64) *regression {
	k, n := q.p.design.parameters, float64(len(y))
	h, v := mat.NewSymDense(k, nil), mat.NewVecDense(k, nil)
	for i, row := range q.p.design.rows {
		if q.sample.Treated[i] || q.w[i] == 0 {
			continue
		}
		x := mat.NewVecDense(k, row)
		h.SymRankOne(h, 1/n, x)
		v.AddScaledVec(v, y[i]/n, x)
	}
	r := &regression{}
	r.chol.Factorize(withRidge(h, 1e-10))
	r.beta = r.solve(v)
	return r
}

// lever turns the slope of an effect by the coefficients into what a control adds to it, by x·residual.
func (r *regression) lever(slope []float64) []float64 {
	return r.solve(mat.NewVecDense(len(slope), slope))
}

func (r *regression) solve(v *mat.VecDense) []float64 {
	var x mat.VecDense
	_ = r.chol.SolveVecTo(&x, v) // its error warns of a poor condition, which the ridge bounds
	return x.RawVector().Data
}
