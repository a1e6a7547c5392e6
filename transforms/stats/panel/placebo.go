package panel

import (
	"math"
	"math/rand/v2"
)

// draws is how many sets of pseudo-treated controls are drawn where they are not enumerated.
const draws = 200

// Placebos are the effects the method finds where there is none: controls take the place of the treated, one set after
// the other, in units of the outcome.
//
// With one treated unit every control takes its place once, in order. With N1 > 1 there are 200 sets of N1 controls drawn
// without replacement from a generator with a fixed seed, so that the same block gives the same placebos. Weights are fitted again,
// starting from those of the fit; noise and zeta are kept.
//
// It assumes that the treated are as noisy as the controls. ErrTooFew: fewer than N1 + 2 controls.
//
// Source: algorithm 4 of Arkhangelsky and others 2021; Abadie, Diamond, Hainmueller 2010.
func Placebos(b Block, s Synthetic) ([]float64, error) {
	n1 := b.Treated()
	if err := b.check(n1+2, 1, 1, 1); err != nil {
		return nil, err
	}
	if n1 == 1 {
		return placeboEach(b, s)
	}
	random := rand.New(rand.NewPCG(1, 1))
	effects := make([]float64, 0, draws)
	for range draws {
		effect, err := placeboSet(b, s, random.Perm(b.Controls))
		if err != nil {
			return nil, err
		}
		effects = append(effects, effect)
	}
	return effects, nil
}

// PoolPlacebos are the placebos of one treated unit from the controls alone, in units of the outcome: for a pool of controls that many
// treated units with one start are compared with, so that they are computed once (Options.Placebos). The search begins at
// uniform weights; that and the stopping rule are all in which they differ from Placebos.
//
// y has one row a control; pre is the number of periods before the start. Errors are those of Placebos.
func PoolPlacebos(y [][]float64, pre int, m Method) ([]float64, error) {
	b := Block{Y: y, Controls: len(y), Pre: pre}
	if len(y) > 0 {
		b.Y = append(y[:len(y):len(y)], y[0]) // anybody will do as the treated
	}
	if err := b.check(3, 1, 1, 1); err != nil {
		return nil, err
	}
	g, err := newGrams(b, m)
	if err != nil {
		return nil, err
	}
	s := Synthetic{Method: m, Noise: g.noise, Zeta: g.zeta}
	s.Unit, s.Time = uniform(b.Controls), uniform(b.Pre)
	if !m.hasTime() {
		clear(s.Time)
	}
	return placeboEach(b, s)
}

// placeboEach lets every control be the treated one, all from one set of products.
func placeboEach(b Block, s Synthetic) ([]float64, error) {
	g, err := newGrams(b, s.Method)
	if err != nil {
		return nil, err
	}
	g.keep(s)
	effects := make([]float64, b.Controls)
	w := Weights{make([]float64, b.Controls-1), make([]float64, b.Pre)}
	post := make([]float64, b.Controls)
	for j := range post {
		post[j] = mean(b.Y[j][b.Pre:])
	}
	for i := range effects {
		copy(w.Time, s.Time)
		copy(w.Unit, s.Unit[:i])
		copy(w.Unit[i:], s.Unit[i+1:])
		normalise(w.Unit)
		g.solve(w, g.placebo(i), i)
		effect := post[i] - dot(w.Time, b.Y[i][:b.Pre])
		for j, a := 0, 0; j < b.Controls; j++ {
			if j == i {
				continue
			}
			if w.Unit[a] != 0 {
				effect -= w.Unit[a] * (post[j] - dot(w.Time, b.Y[j][:b.Pre]))
			}
			a++
		}
		effects[i] = effect
	}
	return effects, nil
}

// placeboSet lets the last N1 controls of an order be the treated ones.
func placeboSet(b Block, s Synthetic, order []int) (float64, error) {
	n0 := b.Controls - b.Treated()
	p := Block{Y: make([][]float64, b.Controls), Controls: n0, Pre: b.Pre}
	w := Weights{make([]float64, n0), append([]float64(nil), s.Time...)}
	for i, j := range order {
		p.Y[i] = b.Y[j]
		if i < n0 {
			w.Unit[i] = s.Unit[j]
		}
	}
	normalise(w.Unit)
	if err := refitWith(p, s, w); err != nil {
		return 0, err
	}
	return p.effect(w), nil
}

// refitWith moves w to the weights of a block, with noise and zeta of another fit.
func refitWith(b Block, s Synthetic, w Weights) error {
	g, err := newGrams(b, s.Method)
	if err != nil {
		return err
	}
	g.keep(s)
	g.solve(w, g.treated, none)
	return nil
}

// effect is what weights say of a block.
func (b Block) effect(w Weights) float64 {
	gap := b.gap(w.Unit)
	return mean(gap[b.Pre:]) - dot(w.Time, gap[:b.Pre])
}

// spread is the population standard deviation, as the reference takes it of placebos.
func spread(x []float64) float64 {
	return math.Sqrt(squares(x, true) / float64(len(x)))
}

// rankP is the share of placebos, with the estimate itself among them, that are as far from zero as the estimate.
func rankP(effect float64, placebos []float64) float64 {
	n := 1
	for _, p := range placebos {
		if math.Abs(p) >= math.Abs(effect) {
			n++
		}
	}
	return float64(n) / float64(len(placebos)+1)
}
