package panel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/windvane/windvane/transforms/stats/panel"
)

// A slow twin of Fit, written from the reference's description with the matrices themselves.

// naiveWeights solves for weights of the columns of a (rows by columns) against b.
func naiveWeights(a [][]float64, b []float64, intercept bool, zeta, noise float64, w []float64) {
	rows := len(a)
	if intercept {
		a, b = naiveCentre(a, b)
	}
	search := func(limit int) {
		previous := math.Inf(1)
		for step := 1; step <= limit; step++ {
			residual := naiveResidual(a, b, w)
			best, at := math.Inf(1), 0
			gradient := make([]float64, len(w))
			for j := range w {
				for i := range a {
					gradient[j] += residual[i] * a[i][j]
				}
				gradient[j] += float64(rows) * zeta * zeta * w[j]
				if gradient[j] < best {
					best, at = gradient[j], j
				}
			}
			var slope, curve, dd float64
			for j := range w {
				d := -w[j]
				if j == at {
					d++
				}
				slope -= gradient[j] * d
				dd += d * d
			}
			for i := range a {
				d := a[i][at] - (residual[i] + b[i])
				curve += d * d
			}
			if dd > 0 {
				move := math.Min(1, math.Max(0, slope/(curve+float64(rows)*zeta*zeta*dd)))
				for j := range w {
					w[j] *= 1 - move
				}
				w[at] += move
			}
			var value, ww float64
			for _, r := range naiveResidual(a, b, w) {
				value += r * r / float64(rows)
			}
			for _, x := range w {
				ww += x * x
			}
			value += zeta * zeta * ww
			if step >= 2 && previous-value <= 1e-10*noise*noise {
				return
			}
			previous = value
		}
	}
	search(100)
	var most, sum float64
	for _, x := range w {
		most = math.Max(most, x)
	}
	for j, x := range w {
		if x <= most/4 {
			w[j] = 0
		}
		sum += w[j]
	}
	for j := range w {
		w[j] /= sum
	}
	search(10000)
}

func naiveResidual(a [][]float64, b, w []float64) []float64 {
	r := make([]float64, len(a))
	for i, row := range a {
		r[i] = -b[i]
		for j, x := range row {
			r[i] += x * w[j]
		}
	}
	return r
}

func naiveCentre(a [][]float64, b []float64) ([][]float64, []float64) {
	ca, cb := make([][]float64, len(a)), append([]float64(nil), b...)
	for i := range a {
		ca[i] = append([]float64(nil), a[i]...)
	}
	centre(cb)
	for j := range a[0] {
		column := make([]float64, len(a))
		for i := range a {
			column[i] = a[i][j]
		}
		centre(column)
		for i := range a {
			ca[i][j] = column[i]
		}
	}
	return ca, cb
}

// naiveFit is the effect, with noise and zeta given and weights moved in place.
func naiveFit(b panel.Block, m panel.Method, noise, zeta float64, w panel.Weights) float64 {
	n0, t0 := b.Controls, b.Pre
	treated := make([]float64, len(b.Y[0]))
	for _, row := range b.Y[n0:] {
		for s, y := range row {
			treated[s] += y / float64(b.Treated())
		}
	}
	post := func(row []float64) (sum float64) {
		for _, y := range row[t0:] {
			sum += y
		}
		return sum / float64(b.Post())
	}
	if m == panel.MethodSDID {
		var a [][]float64
		var y []float64
		for _, row := range b.Y[:n0] {
			a, y = append(a, row[:t0]), append(y, post(row))
		}
		naiveWeights(a, y, true, 1e-6*noise, noise, w.Time)
	}
	if m != panel.MethodDID {
		a := make([][]float64, t0)
		for s := range a {
			for j := range n0 {
				a[s] = append(a[s], b.Y[j][s])
			}
		}
		naiveWeights(a, treated[:t0], m != panel.MethodSC && m != panel.MethodSCReg, zeta, noise, w.Unit)
	}
	contrast := func(row []float64) float64 {
		x := post(row)
		for s, l := range w.Time {
			x -= l * row[s]
		}
		return x
	}
	effect := contrast(treated)
	for j, o := range w.Unit {
		effect -= o * contrast(b.Y[j])
	}
	return effect
}

func flat(n int, x float64) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = x
	}
	return w
}

var allMethods = []panel.Method{
	panel.MethodSDID, panel.MethodSC, panel.MethodDIFP, panel.MethodDID, panel.MethodSCReg, panel.MethodDIFPReg,
}

func TestFitAsNaive(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	for trial := range 8 {
		b := factorBlock(random, 6+trial, 1+trial%3, 8+trial, 2+trial%4, 2, 3)
		for _, m := range allMethods {
			s, err := panel.Fit(b, m)
			if err != nil {
				t.Fatal(err)
			}
			w := panel.Weights{Unit: flat(b.Controls, 1/float64(b.Controls)), Time: flat(b.Pre, 1/float64(b.Pre))}
			if m == panel.MethodSC || m == panel.MethodSCReg {
				clear(w.Time)
			}
			want := naiveFit(b, m, s.Noise, s.Zeta, w)
			near(t, m.String()+" effect", s.Effect, want, 1e-7)
			for j := range w.Unit {
				near(t, m.String()+" unit weight", s.Unit[j], w.Unit[j], 1e-7)
			}
			for j := range w.Time {
				near(t, m.String()+" time weight", s.Time[j], w.Time[j], 1e-7)
			}
		}
	}
}

// Placebos share their matrices and leave one control out of them; the twin builds every placebo's own block.
func TestPlacebosAsNaive(t *testing.T) {
	b := factorBlock(rand.New(rand.NewPCG(3, 2)), 9, 1, 11, 4, 2, 3)
	for _, m := range allMethods {
		s, err := panel.Fit(b, m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := panel.Placebos(b, s)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Controls {
			p := panel.Block{Controls: b.Controls - 1, Pre: b.Pre}
			w := panel.Weights{Time: append([]float64(nil), s.Time...)}
			var sum float64
			for j := range b.Controls {
				if j != i {
					p.Y, w.Unit, sum = append(p.Y, b.Y[j]), append(w.Unit, s.Unit[j]), sum+s.Unit[j]
				}
			}
			p.Y = append(p.Y, b.Y[i])
			for j := range w.Unit {
				w.Unit[j] /= sum
			}
			near(t, m.String()+" placebo", got[i], naiveFit(p, m, s.Noise, s.Zeta, w), 1e-7)
		}
	}
}

// Sets of several pseudo-treated controls are the last ones of permutations from the generator that is promised.
func TestPlacebosOfSeveralAsNaive(t *testing.T) {
	b := factorBlock(rand.New(rand.NewPCG(3, 4)), 9, 2, 11, 4, 2, 3)
	s, err := panel.Fit(b, panel.MethodSDID)
	if err != nil {
		t.Fatal(err)
	}
	got, err := panel.Placebos(b, s)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	for _, effect := range got[:10] {
		p := panel.Block{Controls: 7, Pre: b.Pre}
		w := panel.Weights{Time: append([]float64(nil), s.Time...)}
		var sum float64
		for i, j := range random.Perm(9) {
			p.Y = append(p.Y, b.Y[j])
			if i < 7 {
				w.Unit, sum = append(w.Unit, s.Unit[j]), sum+s.Unit[j]
			}
		}
		for j := range w.Unit {
			w.Unit[j] /= sum
		}
		near(t, "placebo", effect, naiveFit(p, panel.MethodSDID, s.Noise, s.Zeta, w), 1e-7)
	}
}

// Placebos of cohorts give the last controls of a permutation the starts of the treated, in the order of the cohorts.
func TestStaggeredPlacebosAsNaive(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 5))
	p := panel.Panel{Start: []int{-1, 3, -1, -1, 3, -1, 4, -1, -1, -1}}
	for range p.Start {
		row := make([]float64, 6)
		for s := range row {
			row[s] = random.NormFloat64()
		}
		p.Y = append(p.Y, row)
	}
	r, err := panel.Staggered(p, panel.MethodDID, panel.Options{Confidence: 0.95})
	if err != nil {
		t.Fatal(err)
	}
	controls := []int{0, 2, 3, 5, 7, 8, 9}
	change := func(unit, start int) float64 { return mean(p.Y[unit][start:]) - mean(p.Y[unit][:start]) }
	order := rand.New(rand.NewPCG(1, 1))
	for _, effect := range r.Placebos[:10] {
		o := order.Perm(7)
		at := func(i int) int { return controls[o[i]] }
		effectOf := func(start int, treated ...int) float64 {
			var e float64
			for _, i := range treated {
				e += change(at(i), start) / float64(len(treated))
			}
			for i := range 4 {
				e -= change(at(i), start) / 4
			}
			return e
		}
		near(t, "placebo", effect, (2*3*effectOf(3, 4, 5)+1*2*effectOf(4, 6))/8, 1e-12)
	}
	n := 1.0
	for _, e := range r.Placebos {
		if math.Abs(e) >= math.Abs(r.Estimate.Value) {
			n++
		}
	}
	near(t, "p by rank", r.RankP, n/201, 1e-12)
}

func TestJackknifeAsNaive(t *testing.T) {
	b := factorBlock(rand.New(rand.NewPCG(3, 3)), 9, 4, 11, 4, 2, 3)
	s, err := panel.Fit(b, panel.MethodSDID)
	if err != nil {
		t.Fatal(err)
	}
	got, err := panel.Jackknife(b, s)
	if err != nil {
		t.Fatal(err)
	}
	var effects []float64
	for out := range b.Y {
		l := panel.Block{Controls: b.Controls, Pre: b.Pre}
		var w []float64
		var sum float64
		for i, row := range b.Y {
			if i == out {
				continue
			}
			l.Y = append(l.Y, row)
			if i < b.Controls {
				w, sum = append(w, s.Unit[i]), sum+s.Unit[i]
			}
		}
		l.Controls = len(w)
		for j := range w {
			w[j] /= sum
		}
		effects = append(effects, naiveFit(l, panel.MethodDID, 0, 0, panel.Weights{Unit: w, Time: s.Time}))
	}
	n := float64(len(effects))
	centre(effects)
	var squares float64
	for _, e := range effects {
		squares += e * e
	}
	near(t, "jackknife standard error", got, math.Sqrt((n-1)/n*squares), 1e-12)
	e, err := panel.Estimate(b, panel.MethodSDID, panel.Options{Confidence: 0.95, Error: panel.ErrorJackknife})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "degrees of freedom", e.Estimate.DF, 3, 0)
	near(t, "half interval", (e.Estimate.Interval.Hi-e.Estimate.Interval.Lo)/2, 3.182446*got, 1e-5) // t of 0.975 with 3 degrees of freedom
	// the staggered form with one cohort says the same
	p := panel.Panel{Y: b.Y}
	for i := range b.Y {
		p.Start = append(p.Start, panel.Never)
		if i >= b.Controls {
			p.Start[i] = b.Pre
		}
	}
	r, err := panel.Staggered(p, panel.MethodSDID, panel.Options{Confidence: 0.95, Error: panel.ErrorJackknife})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "staggered effect", r.Estimate.Value, s.Effect, 1e-12)
	near(t, "staggered standard error", r.Estimate.SE, got, 1e-12)
}
