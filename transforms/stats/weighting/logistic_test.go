package weighting_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/windvane/windvane/transforms/stats/weighting"
)

// R: glm(am ~ wt, binomial, mtcars) prints 12.040 and −4.024 (Motor Trend 1974: automatic or manual, weight in 1000 lbs).
func TestLogisticAsR(t *testing.T) {
	weight := []float64{
		2.620, 2.875, 2.320, 3.215, 3.440, 3.460, 3.570, 3.190, 3.150, 3.440, 3.440, 4.070, 3.730, 3.780, 5.250, 5.424,
		5.345, 2.200, 1.615, 1.835, 2.465, 3.520, 3.435, 3.840, 3.845, 1.935, 2.140, 1.513, 3.170, 2.770, 3.570, 2.780,
	}
	manual := map[int]bool{0: true, 1: true, 2: true, 17: true, 18: true, 19: true, 25: true, 26: true, 27: true, 28: true, 29: true, 30: true, 31: true}
	var x [][]float64
	var treated []bool
	for i, w := range weight {
		x, treated = append(x, []float64{w}), append(treated, manual[i])
	}
	p, err := weighting.Logistic(x, treated)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "constant", p.Coef[0], 12.040, 0.0005)
	near(t, "slope", p.Coef[1], -4.024, 0.0005)
	var gradient [2]float64
	for i, e := range p.Score {
		if treated[i] {
			e--
		}
		gradient[0] += e
		gradient[1] += e * weight[i]
	}
	near(t, "gradient", gradient[0], 0, 1e-6)
	near(t, "gradient by weight", gradient[1], 0, 1e-5)
}

func TestLogisticSeparation(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 1))
	s, _ := confounded(random, 400, 1)
	add := func(f func(i int) float64) [][]float64 {
		var x [][]float64
		for i, row := range s.X {
			x = append(x, []float64{row[0], row[1], f(i)})
		}
		return x
	}
	one := 0
	for i, treated := range s.Treated {
		if treated {
			one = i
		}
	}
	for name, c := range map[string]struct {
		x         [][]float64
		separated bool
	}{
		"covariates that overlap": {s.X, false},
		"one that tells the arms apart": {add(func(i int) float64 {
			if s.Treated[i] {
				return 1 + random.Float64()
			}
			return -random.Float64()
		}), true},
		"a rare mark that only treated units bear": {add(func(i int) float64 {
			if i == one {
				return 1
			}
			return 0
		}), true},
		"a mark that all controls bear and half of the treated": {add(func(i int) float64 {
			if s.Treated[i] && i%2 == 0 {
				return 1
			}
			return 0
		}), true},
		"a copy of another":       {add(func(i int) float64 { return 3 * s.X[i][0] }), false},
		"one that does not vary":  {add(func(int) float64 { return 7 }), false},
		"one in units of billion": {add(func(i int) float64 { return 1e9 * (s.X[i][0] + random.NormFloat64()) }), false},
	} {
		_, err := weighting.Logistic(c.x, s.Treated)
		if c.separated != errors.Is(err, weighting.ErrSeparated) || (!c.separated && err != nil) {
			t.Errorf("%s: %v, want separated %v", name, err, c.separated)
		}
	}
	strong, _ := confounded(random, 3000, 6)
	if _, err := weighting.Logistic(strong.X, strong.Treated); err != nil {
		t.Errorf("strong confounding that still overlaps: %v", err)
	}
}

// Whatever does not tell units apart changes no score.
func TestLogisticInvariances(t *testing.T) {
	s, _ := confounded(rand.New(rand.NewPCG(6, 2)), 300, 1)
	was, err := weighting.Logistic(s.X, s.Treated)
	if err != nil {
		t.Fatal(err)
	}
	var x [][]float64
	for _, row := range s.X {
		x = append(x, []float64{1000*row[1] - 7, row[0] / 50, 3, 2*row[0] + row[1]}) // order, units, a constant, a sum
	}
	is, err := weighting.Logistic(x, s.Treated)
	if err != nil {
		t.Fatal(err)
	}
	for i := range was.Score {
		near(t, "score", is.Score[i], was.Score[i], 1e-7)
	}
}
