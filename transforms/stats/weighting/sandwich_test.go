package weighting_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/windvane/windvane/transforms/stats"
	"github.com/windvane/windvane/transforms/stats/weighting"
)

// A twin of the standard errors: all parameters stacked into one set of estimating equations, solved by Newton's method and
// differentiated by finite differences (Stefanski and Boos, The American Statistician 56, 2002).

// equations are by unit, at parameters, what sums to zero.
type equations func(i int, theta []float64) []float64

func sandwich(t *testing.T, n int, f equations, theta []float64) (solution, se []float64) {
	t.Helper()
	k := len(theta)
	total := func(theta []float64) []float64 {
		sum := make([]float64, k)
		for i := range n {
			for a, v := range f(i, theta) {
				sum[a] += v / float64(n)
			}
		}
		return sum
	}
	slope := func(theta []float64) *mat.Dense {
		d := mat.NewDense(k, k, nil)
		for b := range k {
			h := 1e-5 * (1 + math.Abs(theta[b]))
			up, down := append([]float64(nil), theta...), append([]float64(nil), theta...)
			up[b] += h
			down[b] -= h
			fu, fd := total(up), total(down)
			for a := range k {
				d.Set(a, b, (fu[a]-fd[a])/(2*h))
			}
		}
		return d
	}
	for range 60 {
		var step mat.VecDense
		if err := step.SolveVec(slope(theta), mat.NewVecDense(k, total(theta))); err != nil {
			t.Fatal(err)
		}
		for a := range theta {
			theta[a] -= step.AtVec(a)
		}
	}
	var bread, cover, middle mat.Dense
	if err := bread.Inverse(slope(theta)); err != nil {
		t.Fatal(err)
	}
	meat := mat.NewSymDense(k, nil)
	for i := range n {
		meat.SymRankOne(meat, 1/float64(n), mat.NewVecDense(k, f(i, theta)))
	}
	middle.Mul(&bread, meat)
	cover.Mul(&middle, bread.T())
	for a := range k {
		se = append(se, math.Sqrt(cover.At(a, a)/float64(n)))
	}
	return theta, se
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func TestHajekAsSandwich(t *testing.T) {
	s, _ := confounded(rand.New(rand.NewPCG(6, 3)), 500, 0.8)
	for estimand, weights := range map[weighting.Estimand]func(e float64) (treated, control float64){
		weighting.ATT:     func(e float64) (float64, float64) { return 1, e / (1 - e) },
		weighting.ATE:     func(e float64) (float64, float64) { return 1 / e, 1 / (1 - e) },
		weighting.Overlap: func(e float64) (float64, float64) { return 1 - e, e },
	} {
		for _, keep := range []stats.Interval{{}, {Lo: 0.25, Hi: 0.8}} {
			r, err := weighting.Hajek(s, weighting.Options{Estimand: estimand, Keep: keep, Confidence: 0.95})
			if err != nil {
				t.Fatal(err)
			}
			solution, se := sandwich(t, len(s.Y), func(i int, theta []float64) []float64 {
				x := []float64{1, s.X[i][0], s.X[i][1]}
				e := 1 / (1 + math.Exp(-theta[0]-theta[1]*x[1]-theta[2]*x[2]))
				d := indicator(s.Treated[i])
				w1, w0 := weights(e)
				if r.Weights[i] == 0 {
					w1, w0 = 0, 0
				}
				control := theta[3]
				return []float64{
					(d - e) * x[0], (d - e) * x[1], (d - e) * x[2],
					(1 - d) * w0 * (s.Y[i] - control),
					d * w1 * (s.Y[i] - control - theta[4]),
				}
			}, []float64{0, 0, 0, 5, 2})
			near(t, estimand.String()+" effect", r.Estimate.Value, solution[4], 1e-6)
			near(t, estimand.String()+" standard error", r.Estimate.SE, se[4], 1e-6)
			if trimmed := keep != (stats.Interval{}); trimmed == (r.Trimmed == 0) {
				t.Errorf("%v: trimmed share %v with scores kept in %v", estimand, r.Trimmed, keep)
			}
		}
	}
}

func TestAIPWAsSandwich(t *testing.T) {
	s, _ := confounded(rand.New(rand.NewPCG(6, 4)), 500, 0.8)
	for i := range s.Y {
		s.Y[i] += s.X[i][0] * s.X[i][0] // no line: the regression has residuals that covariates explain
	}
	for _, keep := range []stats.Interval{{}, {Lo: 0.25, Hi: 0.8}} {
		r, err := weighting.AIPW(s, weighting.Options{Keep: keep, Confidence: 0.95})
		if err != nil {
			t.Fatal(err)
		}
		solution, se := sandwich(t, len(s.Y), func(i int, theta []float64) []float64 {
			x := []float64{1, s.X[i][0], s.X[i][1]}
			e := 1 / (1 + math.Exp(-theta[0]-theta[1]*x[1]-theta[2]*x[2]))
			d, in := indicator(s.Treated[i]), indicator(r.Weights[i] != 0)
			residual := s.Y[i] - theta[3] - theta[4]*x[1] - theta[5]*x[2]
			return []float64{
				(d - e) * x[0], (d - e) * x[1], (d - e) * x[2],
				in * (1 - d) * residual * x[0], in * (1 - d) * residual * x[1], in * (1 - d) * residual * x[2],
				in * (d*(residual-theta[6]) - (1-d)*e/(1-e)*residual),
			}
		}, []float64{0, 0, 0, 5, 3, -2, 2})
		near(t, "effect", r.Estimate.Value, solution[6], 1e-6)
		near(t, "standard error", r.Estimate.SE, se[6], 1e-6)
	}
}
