package panel_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/windvane/windvane/transforms/stats"
	"github.com/windvane/windvane/transforms/stats/panel"
)

// Changes of the controls: 1, 2, 3; of the treated: 4, 6. Their means 2 and 5, variances 1 and 2.
func TestDIDByHand(t *testing.T) {
	b := panel.Block{Controls: 3, Pre: 2, Y: [][]float64{{0, 2, 1, 3}, {5, 5, 7, 7}, {1, 1, 4, 4}, {9, 11, 13, 15}, {0, 0, 6, 6}}}
	e, err := panel.DID(b, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	vc, vt := 1.0/3, 2.0/2
	near(t, "effect", e.Value, 3, 1e-15)
	near(t, "standard error", e.SE, math.Sqrt(vc+vt), 1e-15)
	near(t, "degrees of freedom", e.DF, (vc+vt)*(vc+vt)/(vc*vc/2+vt*vt/1), 1e-12)
	near(t, "half interval", (e.Interval.Hi-e.Interval.Lo)/2/e.SE, 5.17623, 1e-5) // the density of t with 1.684 degrees of freedom, integrated by Simpson's rule
	if want := []stats.Warning{panel.WarnFewTreated, panel.WarnFewDonors}; !slices.Equal(e.Warnings, want) {
		t.Errorf("warnings %v, want %v", e.Warnings, want)
	}
}

// Two periods and one group: the cell is the difference of mean changes, its variance that of the changes with n in place of n − 1.
func TestGroupTimeOfTwoPeriodsIsDID(t *testing.T) {
	b := factorBlock(rand.New(rand.NewPCG(5, 1)), 7, 5, 1, 1, 1, 2)
	p := panel.Panel{Y: b.Y, Start: []int{-1, -1, 99, -1, -1, -1, -1, 1, 1, 1, 1, 1}}
	g, err := panel.GroupTime(p, panel.GroupTimeOptions{Confidence: 0.9})
	if err != nil {
		t.Fatal(err)
	}
	var changes []float64
	for _, row := range b.Y {
		changes = append(changes, row[1]-row[0])
	}
	c, d := changes[:7], changes[7:]
	centred := func(x []float64) (mean, squares float64) {
		for _, v := range x {
			mean += v / float64(len(x))
		}
		for _, v := range x {
			squares += (v - mean) * (v - mean)
		}
		return mean, squares
	}
	mc, sc := centred(c)
	mt, st := centred(d)
	near(t, "effect", g.Simple().Value, mt-mc, 1e-12)
	near(t, "standard error", g.Simple().SE, math.Sqrt(sc/49+st/25), 1e-12)
}

// One group that starts in period 3; changes before it by hand −0.75 and 2, effects 6 and 10 in event times 0 and 1.
func TestBreakdownByHand(t *testing.T) {
	p := panel.Panel{
		Y:     [][]float64{{0, 0, 0, 0, 0}, {0.5, 0, 0, 0, 0}, {1, 0, 1, 6, 11}, {1, 0, 2, 8, 11}, {1, 0, 3, 10, 14}},
		Start: []int{-1, -1, 3, 3, 3},
	}
	g, err := panel.GroupTime(p, panel.GroupTimeOptions{Confidence: 0.95})
	if err != nil {
		t.Fatal(err)
	}
	b, err := g.Breakdown()
	if err != nil {
		t.Fatal(err)
	}
	near(t, "effect", b.Effect.Value, 8, 1e-12)
	near(t, "largest change before", b.LargestPre, 2, 1e-12)
	near(t, "M", b.M, 8/(2*1.5), 1e-12) // trends part by 1 and 2 units on average over the two event times
	near(t, "M with confidence", b.MConfidence, (8-1.959963984540054*b.Effect.SE)/3, 1e-12)
}

func TestBreakdownWithoutAnyChangeBefore(t *testing.T) {
	p := panel.Panel{Y: [][]float64{{1, 1, 1, 1}, {2, 2, 2, 2}, {3, 3, 3, 4}, {3, 3, 3, 6}}, Start: []int{-1, -1, 3, 3}}
	g, err := panel.GroupTime(p, panel.GroupTimeOptions{Confidence: 0.95})
	if err != nil {
		t.Fatal(err)
	}
	b, err := g.Breakdown()
	if err != nil || !math.IsInf(b.M, 1) || !math.IsInf(b.MConfidence, 1) {
		t.Errorf("%+v, %v: want M +Inf", b, err)
	}
	if _, err := g.PreTrend(); !errors.Is(err, panel.ErrSingular) {
		t.Errorf("pre-trends without any variance: %v", err)
	}
}

// One cell before the start: the power is that of a two-sided normal test.
func TestPreTrendPowerOfOneCell(t *testing.T) {
	p, _ := staggeredPanel(rand.New(rand.NewPCG(5, 2)), 60, 3, 0) // groups of 2 and never; those of 4 count as never
	g, err := panel.GroupTime(p, panel.GroupTimeOptions{Confidence: 0.95})
	if err != nil {
		t.Fatal(err)
	}
	pre, err := g.PreTrend()
	if err != nil {
		t.Fatal(err)
	}
	se := g.Cells[0].Estimate.SE
	z := g.Cells[0].Estimate.Value / se
	near(t, "Wald", pre.Wald, z*z, 1e-9)
	near(t, "p", pre.P, g.Cells[0].Estimate.P, 1e-9)
	near(t, "detectable slope", pre.Slope/se, 1.959964+0.841621, 1e-4)
}

func TestStaggeredIsTheWeightedMeanOfCohorts(t *testing.T) {
	p, _ := staggeredPanel(rand.New(rand.NewPCG(5, 3)), 30, 8, 0)
	p.Start[1] = 1 // one period before: nothing to fit
	p.Start[4] = 0
	r, err := panel.Staggered(p, panel.MethodSDID, panel.Options{Confidence: 0.95})
	if err != nil {
		t.Fatal(err)
	}
	if r.Dropped != 2 || r.Controls != 10 || len(r.Cohorts) != 2 || r.Cohorts[0].Treated != 8 || r.Cohorts[1].Treated != 10 || r.Cohorts[0].Post != 6 || r.Cohorts[1].Post != 4 {
		t.Fatalf("%d dropped, %d controls, cohorts %+v", r.Dropped, r.Controls, r.Cohorts)
	}
	near(t, "effect", r.Estimate.Value, (48*r.Cohorts[0].Effect+40*r.Cohorts[1].Effect)/88, 1e-12)
	// jackknife of the weighted mean, one unit after the other, weights kept
	var effects []float64
	contrast := func(c panel.Cohort, i int) float64 {
		var post float64
		for _, y := range p.Y[i][c.Start:] {
			post += y / float64(c.Post)
		}
		for s, w := range c.Time {
			post -= w * p.Y[i][s]
		}
		return post
	}
	for out := range p.Y {
		if p.Start[out] == 0 || p.Start[out] == 1 {
			continue
		}
		var sum, weight float64
		for _, c := range r.Cohorts {
			var treated, n, synthetic, kept float64
			j := 0
			for i := range p.Y {
				switch {
				case p.Start[i] == panel.Never:
					if i != out {
						synthetic, kept = synthetic+c.Unit[j]*contrast(c, i), kept+c.Unit[j]
					}
					j++
				case p.Start[i] == c.Start && i != out:
					treated, n = treated+contrast(c, i), n+1
				}
			}
			sum += n * float64(c.Post) * (treated/n - synthetic/kept)
			weight += n * float64(c.Post)
		}
		effects = append(effects, sum/weight)
	}
	n := float64(len(effects))
	centre(effects)
	var squares float64
	for _, e := range effects {
		squares += e * e
	}
	near(t, "standard error", r.Estimate.SE, math.Sqrt((n-1)/n*squares), 1e-12)
}

// A pool of controls has its placebos once, for all treated units that share it.
func TestPoolPlacebos(t *testing.T) {
	b := factorBlock(rand.New(rand.NewPCG(5, 8)), 14, 1, 20, 4, 1, 2)
	for _, m := range allMethods {
		own, err := panel.Estimate(b, m, panel.Options{Confidence: 0.95})
		if err != nil {
			t.Fatal(err)
		}
		pool, err := panel.PoolPlacebos(b.Y[:14], 20, m)
		if err != nil {
			t.Fatal(err)
		}
		shared, err := panel.Estimate(b, m, panel.Options{Confidence: 0.95, Placebos: pool})
		if err != nil {
			t.Fatal(err)
		}
		for i := range pool {
			near(t, m.String()+" placebo", pool[i], own.Placebos[i], 0.05) // of a noise of one: two searches from two starts end apart
		}
		near(t, m.String()+" effect", shared.Effect, own.Effect, 0)
		near(t, m.String()+" standard error", shared.Estimate.SE, own.Estimate.SE, 0.005)
	}
	if _, err := panel.PoolPlacebos(nil, 3, panel.MethodSDID); !errors.Is(err, panel.ErrTooFew) {
		t.Errorf("a pool of nobody: %v", err)
	}
}

// Placebos of several treated units are drawn, and drawn alike.
func TestPlacebosAreDeterministic(t *testing.T) {
	b := factorBlock(rand.New(rand.NewPCG(5, 4)), 12, 3, 10, 3, 1, 2)
	s, err := panel.Fit(b, panel.MethodSDID)
	if err != nil {
		t.Fatal(err)
	}
	first, err := panel.Placebos(b, s)
	if err != nil {
		t.Fatal(err)
	}
	second, err := panel.Placebos(b, s)
	if err != nil || len(first) != 200 || !slices.Equal(first, second) {
		t.Errorf("%d placebos, then others or %v", len(first), err)
	}
}

// With one control its weight is one: residuals are the difference of the two rows, less the effect and their mean.
func TestConformalByHand(t *testing.T) {
	b := panel.Block{Controls: 1, Pre: 4, Y: [][]float64{{1, 2, 3, 4, 5, 6}, {2, 1, 4, 3, 9, 8}}} // differences 1 −1 1 −1 4 2, mean 1
	// |residual| 0 2 0 2 3 1: from the start on 3 + 1; pairs of neighbours 2 2 2 5 4 1
	p, err := panel.Conformal(b, 0)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "p of no effect", p, 2.0/6, 1e-12)
	// effect 3: differences 1 −1 1 −1 1 −1, mean 0: all alike
	if p, err = panel.Conformal(b, 3); err != nil {
		t.Fatal(err)
	}
	near(t, "p of an effect of 3", p, 1, 1e-12)
	// effect −3: differences 1 −1 1 −1 7 5, mean 2: |residual| 1 3 1 3 5 3, pairs 4 4 4 8 8 4
	if p, err = panel.Conformal(b, -3); err != nil {
		t.Fatal(err)
	}
	near(t, "p of an effect of −3", p, 2.0/6, 1e-12)
	// effect 2: differences 1 −1 1 −1 2 0, mean 1/3: 3·|residual| 2 4 2 4 5 1, pairs 6 6 6 9 6 3
	if p, err = panel.Conformal(b, 2); err != nil {
		t.Fatal(err)
	}
	near(t, "p of an effect of 2", p, 5.0/6, 1e-12)
}

func TestConformalIntervalEnds(t *testing.T) {
	b := factorBlock(rand.New(rand.NewPCG(5, 7)), 6, 1, 20, 3, 1, 2)
	const level = 0.1
	e, err := panel.ConformalInterval(b, 1-level)
	if err != nil {
		t.Fatal(err)
	}
	geo, err := panel.Fit(b, panel.MethodGeo)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "effect", e.Value, geo.Effect, 0)
	for _, c := range []struct {
		at     float64
		inside bool
	}{
		{e.Interval.Lo - 1e-6, false}, {e.Interval.Lo + 1e-6, true}, {e.Interval.Hi - 1e-6, true}, {e.Interval.Hi + 1e-6, false}, {0, e.P > level},
	} {
		p, err := panel.Conformal(b, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if (p > level) != c.inside {
			t.Errorf("p of %v is %v, interval %v", c.at, p, e.Interval)
		}
	}
	if p, err := panel.Conformal(b, 0); err != nil || p != e.P {
		t.Errorf("p of no effect is %v beside the interval, %v by itself", e.P, p)
	}
}

// A search from the weights of the night before ends where one from nothing ends.
func TestRefit(t *testing.T) {
	b := factorBlock(rand.New(rand.NewPCG(5, 5)), 15, 1, 30, 5, 1, 2)
	before := panel.Block{Controls: b.Controls, Pre: b.Pre}
	for _, row := range b.Y {
		before.Y = append(before.Y, row[:len(row)-1])
	}
	for _, m := range allMethods {
		old, err := panel.Fit(before, m)
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := panel.Fit(b, m)
		if err != nil {
			t.Fatal(err)
		}
		warm, err := panel.Refit(b, m, old.Weights)
		if err != nil {
			t.Fatal(err)
		}
		near(t, m.String()+" effect", warm.Effect, fresh.Effect, 0.01) // noise of one
		near(t, m.String()+" mean gap", mean(warm.Gap[b.Pre:]), warm.Effect, 1e-12)
	}
}

func mean(x []float64) (m float64) {
	for _, v := range x {
		m += v / float64(len(x))
	}
	return m
}

func TestLift(t *testing.T) {
	e := stats.Estimate{Value: 20, SE: 5, Interval: stats.Interval{Lo: 10, Hi: 30}, P: 0.01}
	l := panel.Lift(e, 120)
	near(t, "lift", l.Value, 0.2, 1e-15)
	near(t, "lower end", l.Interval.Lo, 10.0/110, 1e-15)
	near(t, "upper end", l.Interval.Hi, 30.0/90, 1e-15)
	near(t, "standard error", l.SE, 5*120/1e4, 1e-15)
	near(t, "p", l.P, 0.01, 0)
	for _, observed := range []float64{25, 10} { // the counterfactual at the upper end, at the value is below zero
		l := panel.Lift(e, observed)
		if !math.IsNaN(l.Interval.Lo) || !math.IsNaN(l.Interval.Hi) {
			t.Errorf("observed %v: interval %v, want none", observed, l.Interval)
		}
		if known := observed > 20; known == math.IsNaN(l.Value) || known == math.IsNaN(l.SE) {
			t.Errorf("observed %v: lift %v ± %v", observed, l.Value, l.SE)
		}
	}
}

func TestWarnings(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	b := factorBlock(random, 8, 1, 12, 3, 0, 0)
	for s := range b.Y[8] {
		b.Y[8][s] = 1000 - 40*float64(s%5) // follows no control
	}
	s, err := panel.Fit(b, panel.MethodSC)
	if err != nil {
		t.Fatal(err)
	}
	if want := []stats.Warning{panel.WarnPoorPreFit, panel.WarnFewDonors}; !slices.Equal(s.Warnings, want) {
		t.Errorf("warnings %v, want %v (scaled L2 %v)", s.Warnings, want, s.ScaledL2)
	}
	b = factorBlock(random, 12, 1, 12, 3, 0, 0)
	for s := range 7 {
		b.Y[12][s] = 0
	}
	if s, err = panel.Fit(b, panel.MethodDID); err != nil || !slices.Equal(s.Warnings, []stats.Warning{panel.WarnMostlyZero}) {
		t.Errorf("7 of 12 days of zero: warnings %v, %v", s.Warnings, err)
	}
	e, err := panel.ConformalInterval(factorBlock(random, 12, 1, 12, 3, 0, 0), 0.95) // 15 periods resolve 1/15
	if err != nil || !math.IsNaN(e.Interval.Lo) || !slices.Contains(e.Warnings, panel.WarnResolution) {
		t.Errorf("%+v, %v: want no interval and a warning", e, err)
	}
	p := panel.Panel{Y: [][]float64{{1, 2, 3}, {1, 2, 5}, {2, 2, 2}, {2, 3, 4}}, Start: []int{1, 1, 2, 2}}
	g, err := panel.GroupTime(p, panel.GroupTimeOptions{Controls: panel.NotYetTreated, Confidence: 0.95})
	if err != nil || len(g.Cells) != 1 || !slices.Contains(g.Warnings, panel.WarnNoControls) {
		t.Errorf("%+v, %v: want the one cell with controls, and a warning", g, err)
	}
}

func TestErrors(t *testing.T) {
	nan := [][]float64{{1, 2}, {math.NaN(), 2}}
	ragged := [][]float64{{1, 2}, {2}}
	flat := panel.Block{Controls: 2, Pre: 2, Y: [][]float64{{1, 1, 1}, {2, 2, 2}, {1, 2, 3}}}
	few := panel.Block{Controls: 2, Pre: 2, Y: [][]float64{{1, 3, 1}, {2, 2, 2}, {1, 2, 3}}}
	half := panel.Options{Confidence: 0.5}
	for name, c := range map[string]struct {
		run  func() error
		want error
	}{
		"a panel with NaN": {func() error { _, err := panel.Fit(panel.Block{Y: nan, Controls: 1, Pre: 1}, 0); return err }, panel.ErrShape},
		"outcomes whose squares overflow": {func() error {
			_, err := panel.Fit(panel.Block{Y: [][]float64{{1, 1e200, 1}, {1, 2, 3}}, Controls: 1, Pre: 2}, panel.MethodGeo)
			return err
		}, panel.ErrShape},
		"rows of two lengths":         {func() error { _, err := panel.DID(panel.Block{Y: ragged, Controls: 1, Pre: 1}, 0.5); return err }, panel.ErrShape},
		"no units":                    {func() error { _, err := panel.Fit(panel.Block{}, 0); return err }, panel.ErrTooFew},
		"controls that never vary":    {func() error { _, err := panel.Fit(flat, panel.MethodSC); return err }, panel.ErrNoNoise},
		"one period before the start": {func() error { _, err := panel.Fit(panel.Block{Y: few.Y, Controls: 2, Pre: 1}, 0); return err }, panel.ErrTooFew},
		"two controls for placebos":   {func() error { _, err := panel.Estimate(few, 0, half); return err }, panel.ErrTooFew},
		"confidence of 95":            {func() error { _, err := panel.Estimate(few, 0, panel.Options{Confidence: 95}); return err }, panel.ErrConfidence},
		"one treated for a jackknife": {func() error {
			_, err := panel.Estimate(few, 0, panel.Options{Confidence: 0.5, Error: panel.ErrorJackknife})
			return err
		}, panel.ErrTooFew},
		"as many periods after as before": {func() error {
			_, err := panel.Conformal(panel.Block{Y: append(few.Y[:2:2], few.Y[2]), Controls: 2, Pre: 1}, 0)
			return err
		}, panel.ErrTooFew},
		"starts of fewer units": {func() error {
			_, err := panel.GroupTime(panel.Panel{Y: few.Y, Start: []int{1}}, panel.GroupTimeOptions{Confidence: 0.5})
			return err
		}, panel.ErrShape},
		"nobody treated": {func() error {
			_, err := panel.GroupTime(panel.Panel{Y: few.Y, Start: []int{-1, -1, -1}}, panel.GroupTimeOptions{Confidence: 0.5})
			return err
		}, panel.ErrTooFew},
		"nobody treated by cohorts": {func() error {
			_, err := panel.Staggered(panel.Panel{Y: few.Y, Start: []int{-1, -1, -1}}, 0, half)
			return err
		}, panel.ErrTooFew},
		"nobody untreated": {func() error {
			_, err := panel.Staggered(panel.Panel{Y: few.Y, Start: []int{2, 2, 2}}, 0, half)
			return err
		}, panel.ErrTooFew},
	} {
		if err := c.run(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := panel.Fit(flat, panel.MethodDID); err != nil {
		t.Errorf("DID needs no noise: %v", err)
	}
}
