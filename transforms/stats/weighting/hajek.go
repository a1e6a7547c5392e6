package weighting

// Hajek is the difference of weighted means of the arms.
//
//	effect = sum w·Y / sum w over the treated − the same over the controls, weights of the estimand
//
// Weights are scaled to one in each arm (Hájek), so that a constant outcome gives exactly zero. The standard error is
// from stacked influence functions: of the means, and of the scores, which are estimated too. Scores that are not kept have no weight; the
// edge of trimming is taken as fixed.
//
// It assumes that treatment is as good as random among units with equal covariates, and that each could have been in
// either arm. Errors are those of Logistic, ErrOverlap (a weight is infinite), ErrTooFew after trimming or in a single
// cluster, ErrConfidence.
//
// Source: Hirano, Imbens, Ridder 2003; Lunceford and Davidian, Statistics in Medicine 23 (2004), for the standard error.
func Hajek(s Sample, o Options) (Result, error) {
	q, r, err := prepare(s, o)
	if err != nil {
		return Result{}, err
	}
	return q.finish(r, q.hajek), nil
}

func (q *prepared) hajek(y []float64) (value, observed float64, influence []float64) {
	var sum, total [2]float64
	for i, w := range q.w {
		arm := q.arm(i)
		sum[arm] += w * y[i]
		total[arm] += w
	}
	n := float64(len(y))
	mean := [2]float64{sum[0] / total[0], sum[1] / total[1]}
	sign := [2]float64{-1, 1}
	influence = make([]float64, len(y))
	slope := make([]float64, q.p.design.parameters) // of the effect by the coefficients of the scores
	for i, w := range q.w {
		arm := q.arm(i)
		off := sign[arm] * (y[i] - mean[arm]) / total[arm]
		influence[i] = n * w * off
		if kept(q.p.Score[i], q.o.Keep) {
			_, d := q.o.Estimand.weight(q.sample.Treated[i], q.p.odds[i])
			axpy(d*off, q.p.design.rows[i], slope)
		}
	}
	lever := q.p.lever(slope)
	for i, r := range q.p.residual {
		influence[i] += dot(lever, q.p.design.rows[i]) * r
	}
	return mean[1] - mean[0], mean[1], influence
}

// arm is 1 for treated units.
func (q *prepared) arm(i int) int {
	if q.sample.Treated[i] {
		return 1
	}
	return 0
}

// axpy is y += a·x.
func axpy(a float64, x, y []float64) {
	for i, v := range x {
		y[i] += a * v
	}
}
