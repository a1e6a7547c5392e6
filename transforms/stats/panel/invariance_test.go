package panel_test

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/stats/panel"
)

// What must not change an estimate, or must change it by just so much.

// drawn is a small block and its generator.
func drawn(t *rapid.T) (panel.Block, *rand.Rand) {
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 7))
	controls := rapid.IntRange(3, 9).Draw(t, "controls")
	treated := rapid.IntRange(1, 3).Draw(t, "treated")
	pre := rapid.IntRange(4, 12).Draw(t, "pre")
	post := rapid.IntRange(1, 3).Draw(t, "post")
	return factorBlock(random, controls, treated, pre, post, 2, 1), random
}

// changed is a copy with every outcome passed through f.
func changed(b panel.Block, f func(i, t int, y float64) float64) panel.Block {
	c := panel.Block{Controls: b.Controls, Pre: b.Pre}
	for i, row := range b.Y {
		next := make([]float64, len(row))
		for s, y := range row {
			next[s] = f(i, s, y)
		}
		c.Y = append(c.Y, next)
	}
	return c
}

func effects(t *rapid.T, b panel.Block, m panel.Method) panel.Synthetic {
	s, err := panel.Fit(b, m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFitInvariances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, random := drawn(t)
		levels, trend, c := make([]float64, len(b.Y)), random.NormFloat64(), 5*random.NormFloat64()
		for i := range levels {
			levels[i] = 10 * random.NormFloat64()
		}
		for _, m := range append(allMethods, panel.MethodGeo) {
			was := effects(t, b, m)
			same := func(what string, got, want float64) {
				if d := got - want; d > 1e-6 || d < -1e-6 { // noise is one
					t.Errorf("%v: effect with %s is %v, want %v", m, what, got, want)
				}
			}
			if m != panel.MethodSC && m != panel.MethodSCReg {
				s := effects(t, changed(b, func(i, _ int, y float64) float64 { return y + levels[i] }), m)
				same("other levels by unit", s.Effect, was.Effect)
			}
			s := effects(t, changed(b, func(_, p int, y float64) float64 { return y + trend*float64(p) }), m)
			same("a common trend", s.Effect, was.Effect)
			s = effects(t, changed(b, func(_, p int, y float64) float64 {
				if p >= b.Pre {
					return y + c
				}
				return y
			}), m)
			same("a common change at the start", s.Effect, was.Effect)
			s = effects(t, changed(b, func(i, p int, y float64) float64 {
				if i >= b.Controls && p >= b.Pre {
					return y + c
				}
				return y
			}), m)
			same("c more on the treated block", s.Effect, was.Effect+c)
			s = effects(t, changed(b, func(_, _ int, y float64) float64 { return 8 * y }), m)
			same("outcomes times eight", s.Effect, 8*was.Effect)
			for j, w := range s.Unit {
				if w != was.Unit[j] { // a power of two changes no digit
					t.Errorf("%v: weight %d of outcomes times eight is %v, was %v", m, j, w, was.Unit[j])
				}
			}
		}
	})
}

// Arbitrary common period effects change no contrast; they do change the noise that zeta is made of, so only methods without
// a ridge give the same effect.
func TestFitCommonPeriodEffects(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, random := drawn(t)
		period := make([]float64, len(b.Y[0]))
		for p := range period {
			period[p] = 3 * random.NormFloat64()
		}
		moved := changed(b, func(_, p int, y float64) float64 { return y + period[p] })
		for _, m := range []panel.Method{panel.MethodDID, panel.MethodGeo} {
			was, is := effects(t, b, m), effects(t, moved, m)
			if d := is.Effect - was.Effect; d > 1e-6 || d < -1e-6 {
				t.Errorf("%v: effect %v, with common period effects %v", m, was.Effect, is.Effect)
			}
		}
	})
}

func TestEstimateOrderOfControls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, random := drawn(t)
		b.Y = append(b.Y[:b.Controls:b.Controls], b.Y[len(b.Y)-1]) // one treated: placebos are enumerated
		order := random.Perm(b.Controls)
		c := panel.Block{Controls: b.Controls, Pre: b.Pre}
		for _, j := range order {
			c.Y = append(c.Y, b.Y[j])
		}
		c.Y = append(c.Y, b.Y[b.Controls])
		for _, m := range allMethods {
			o := panel.Options{Confidence: 0.9}
			was, err := panel.Estimate(b, m, o)
			if err != nil {
				t.Fatal(err)
			}
			is, err := panel.Estimate(c, m, o)
			if err != nil {
				t.Fatal(err)
			}
			if d := is.Effect - was.Effect; d > 1e-6 || d < -1e-6 {
				t.Errorf("%v: effect %v, with controls in another order %v", m, was.Effect, is.Effect)
			}
			if d := is.Estimate.SE - was.Estimate.SE; d > 1e-6 || d < -1e-6 {
				t.Errorf("%v: standard error %v, with controls in another order %v", m, was.Estimate.SE, is.Estimate.SE)
			}
		}
	})
}

func TestConformalInvariances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, random := drawn(t)
		tau, c := 3*random.NormFloat64(), 3*random.NormFloat64()
		p := func(b panel.Block, effect float64) float64 {
			p, err := panel.Conformal(b, effect)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		was := p(b, tau)
		more := changed(b, func(i, s int, y float64) float64 {
			if i >= b.Controls && s >= b.Pre {
				return y + c
			}
			return y
		})
		if is := p(more, tau+c); is != was {
			t.Errorf("p of %v is %v, with c on both %v", tau, was, is)
		}
		if is := p(changed(b, func(_, _ int, y float64) float64 { return 4 * y }), 4*tau); is != was {
			t.Errorf("p of %v is %v, of four times all %v", tau, was, is)
		}
		levels := make([]float64, len(b.Y))
		for i := range levels {
			levels[i] = 10 * random.NormFloat64()
		}
		if is := p(changed(b, func(i, _ int, y float64) float64 { return y + levels[i] }), tau); is != was {
			t.Errorf("p of %v is %v, with other levels %v", tau, was, is)
		}
	})
}

func TestGroupTimeInvariances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 9))
		p, _ := staggeredPanel(random, 30, 6, 0)
		o := panel.GroupTimeOptions{Controls: panel.Controls(rapid.IntRange(0, 1).Draw(t, "controls")), Confidence: 0.95}
		was, err := panel.GroupTime(p, o)
		if err != nil {
			t.Fatal(err)
		}
		c, period := 4*random.NormFloat64(), []float64{1, 5, 2, 8, 1, 3}
		q := panel.Panel{Start: p.Start}
		for i, row := range p.Y {
			level := 10 * random.NormFloat64()
			next := make([]float64, len(row))
			for s, y := range row {
				next[s] = y + level + period[s]
				if p.Start[i] != panel.Never && s >= p.Start[i] {
					next[s] += c
				}
			}
			q.Y = append(q.Y, next)
		}
		is, err := panel.GroupTime(q, o)
		if err != nil {
			t.Fatal(err)
		}
		same := func(what string, got, want float64) {
			if d := got - want; !(d < 1e-9 && d > -1e-9) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		for i, cell := range was.Cells {
			want := cell.Estimate.Value
			if cell.Event() >= 0 {
				want += c
			}
			same("cell", is.Cells[i].Estimate.Value, want)
			same("its standard error", is.Cells[i].Estimate.SE, cell.Estimate.SE)
		}
		same("simple", is.Simple().Value, was.Simple().Value+c)
		same("by group", is.ByGroup().Overall.Value, was.ByGroup().Overall.Value+c)
		same("by event", is.ByEvent().Overall.Value, was.ByEvent().Overall.Value+c)
		same("by calendar", is.ByCalendar().Overall.Value, was.ByCalendar().Overall.Value+c)
	})
}
