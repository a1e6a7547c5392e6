package weighting

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/windvane/windvane/transforms/stats"
)

// Options say what is estimated.
type Options struct {
	Estimand   Estimand       // AIPW knows ATT alone and does not look at it
	Keep       stats.Interval // scores that are kept, say CommonSupport; zero: all
	Confidence float64        // 0.95 is 95 %
	Negative   []float64      // by unit: an outcome that treatment cannot have moved (of the time before it); nil: none
}

// Result is an effect with all that must be read beside it.
type Result struct {
	Estimate    stats.Estimate // in units of the outcome; normal interval
	Observed    float64        // weighted mean of the treated; Estimate.Value/(Observed − Estimate.Value) is the lift
	Weights     []float64      // by unit; zero: trimmed
	Score       []float64      // by unit
	Treated     int            // kept
	Controls    int            // kept
	Trimmed     float64        // share of units whose score was not kept
	TreatedESS  float64
	ControlsESS float64
	Balance     []Difference    // by covariate
	Negative    *stats.Estimate // the effect on the negative control, by the same estimator; nil: none was given
}

// estimator is a value and its influence function for one outcome.
type estimator func(y []float64) (value, observed float64, influence []float64)

// prepared is a sample with its scores and weights.
type prepared struct {
	sample Sample
	p      Propensity
	w      []float64
	o      Options
}

func prepare(s Sample, o Options) (*prepared, Result, error) {
	if !(o.Confidence > 0 && o.Confidence < 1) {
		return nil, Result{}, fmt.Errorf("%w: %v", ErrConfidence, o.Confidence)
	}
	if err := s.check(); err != nil {
		return nil, Result{}, err
	}
	if o.Negative != nil && len(o.Negative) != len(s.Y) {
		return nil, Result{}, fmt.Errorf("%w: %d units and %d negative controls", ErrShape, len(s.Y), len(o.Negative))
	}
	if err := finite("negative control", o.Negative); err != nil {
		return nil, Result{}, err
	}
	p, err := Logistic(s.X, s.Treated)
	if err != nil {
		return nil, Result{}, err
	}
	q := &prepared{s, p, p.Weights(s.Treated, o.Estimand, o.Keep), o}
	r := Result{Weights: q.w, Score: p.Score, Balance: Balance(s.X, s.Treated, q.w)}
	var arms [2][]float64
	for i, w := range q.w {
		if math.IsInf(w, 0) || math.IsNaN(w) {
			return nil, Result{}, fmt.Errorf("%w: unit %d; trim, or use overlap weights", ErrOverlap, i)
		}
		switch {
		case !kept(p.Score[i], o.Keep):
			r.Trimmed += 1 / float64(len(q.w))
		case s.Treated[i]:
			r.Treated, arms[1] = r.Treated+1, append(arms[1], w)
		default:
			r.Controls, arms[0] = r.Controls+1, append(arms[0], w)
		}
	}
	if least := len(s.X[0]) + 2; min(r.Treated, r.Controls) < least {
		return nil, Result{}, fmt.Errorf("%w: %d treated and %d controls have scores that are kept; %d of each are needed", ErrTooFew, r.Treated, r.Controls, least)
	}
	if q.singleCluster() {
		return nil, Result{}, fmt.Errorf("%w: all units whose scores are kept are in one cluster; a standard error needs at least two clusters", ErrTooFew)
	}
	r.ControlsESS, r.TreatedESS = ESS(arms[0]), ESS(arms[1])
	return q, r, nil
}

// singleCluster tells whether the units whose scores are kept are all in one cluster. Their influences add up to zero, and so
// would the standard error be.
func (q *prepared) singleCluster() bool {
	var clusters []int
	for i, c := range q.sample.Cluster {
		if kept(q.p.Score[i], q.o.Keep) && !slices.Contains(clusters, c) {
			clusters = append(clusters, c)
		}
		if len(clusters) > 1 {
			return false
		}
	}
	return len(clusters) == 1
}

// finish applies an estimator to the outcome and the negative control, and collects the warnings.
func (q *prepared) finish(r Result, f estimator) Result {
	value, observed, psi := f(q.sample.Y)
	r.Estimate, r.Observed = q.estimate(value, psi), observed
	if q.o.Negative != nil {
		value, _, psi := f(q.o.Negative)
		e := q.estimate(value, psi)
		r.Negative = &e
		if !e.Interval.Contains(0) && e.Value != 0 {
			r.Estimate.Warnings = append(r.Estimate.Warnings, WarnNegativeControl)
		}
	}
	for _, d := range r.Balance {
		if math.Abs(d.After) >= BalanceLimit {
			r.Estimate.Warnings = append(r.Estimate.Warnings, WarnImbalance)
			break
		}
	}
	if math.Min(r.TreatedESS, r.ControlsESS) < LeastESS {
		r.Estimate.Warnings = append(r.Estimate.Warnings, WarnLowESS)
	}
	if q.untrimmed() {
		r.Estimate.Warnings = append(r.Estimate.Warnings, WarnUntrimmed)
	}
	return r
}

// untrimmed tells whether a score outside the common support has its full weight.
func (q *prepared) untrimmed() bool {
	if q.o.Estimand == Overlap || q.o.Keep != (stats.Interval{}) {
		return false
	}
	for _, e := range q.p.Score {
		if !CommonSupport.Contains(e) {
			return true
		}
	}
	return false
}

// estimate has the standard error sqrt(sum psi²)/n, psi summed by cluster first.
func (q *prepared) estimate(value float64, psi []float64) stats.Estimate {
	if q.sample.Cluster != nil {
		psi = byCluster(psi, q.sample.Cluster)
	}
	se := math.Sqrt(dot(psi, psi)) / float64(len(q.w))
	e := stats.Estimate{Value: value, SE: se, DF: math.Inf(1), Interval: stats.NoInterval, Confidence: q.o.Confidence, P: math.NaN()}
	if !(se > 0) {
		e.SE = math.NaN()
		return e
	}
	half := distuv.UnitNormal.Quantile(1-(1-q.o.Confidence)/2) * se
	e.Interval = stats.Interval{Lo: value - half, Hi: value + half}
	e.P = 2 * distuv.UnitNormal.CDF(-math.Abs(value/se))
	return e
}

// byCluster sums by cluster, in the order in which clusters first come.
func byCluster(psi []float64, cluster []int) []float64 {
	at := map[int]int{}
	var sums []float64
	for i, c := range cluster {
		k, known := at[c]
		if !known {
			k = len(sums)
			at[c] = k
			sums = append(sums, 0)
		}
		sums[k] += psi[i]
	}
	return sums
}
