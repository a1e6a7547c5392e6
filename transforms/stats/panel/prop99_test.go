package panel_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/stats/panel"
)

// prop99 is California's tobacco programme: 39 states, California last, 1970 to 2000, the programme from 1989 on.
func prop99(t testing.TB) (panel.Block, []string) {
	t.Helper()
	packs := map[string][]float64{}
	for _, row := range table(t, "california_prop99.csv", ';') { // by year
		packs[row[0]] = append(packs[row[0]], number(t, row[2]))
	}
	var states []string
	for s := range packs {
		if s != "California" {
			states = append(states, s)
		}
	}
	slices.Sort(states)
	b := panel.Block{Controls: len(states), Pre: 1989 - 1970}
	states = append(states, "California")
	for _, s := range states {
		b.Y = append(b.Y, packs[s])
	}
	return b, states
}

// The published effects (Arkhangelsky and others 2021, table 1) to more digits, and the spread of all 38 placebos.
func TestProp99Effects(t *testing.T) {
	b, _ := prop99(t)
	for _, c := range []struct {
		method     panel.Method
		effect, se float64
	}{
		{panel.MethodDID, -27.3491110836, 17.2868},
		{panel.MethodSC, -19.6196634709, 10.615297},
		{panel.MethodSDID, -15.6038278727, 9.370999},
		{panel.MethodDIFP, -11.1046449277, 10.070145},
		{panel.MethodSCReg, -21.7170583429, 10.864418},
		{panel.MethodDIFPReg, -16.1212023336, 9.721165},
	} {
		r, err := panel.Estimate(b, c.method, panel.Options{Confidence: 0.95})
		if err != nil {
			t.Fatalf("%v: %v", c.method, err)
		}
		near(t, c.method.String()+" effect", r.Effect, c.effect, 1e-9)
		near(t, c.method.String()+" placebo standard error", r.Estimate.SE, c.se, 1e-6)
		near(t, c.method.String()+" half interval", (r.Estimate.Interval.Hi-r.Estimate.Interval.Lo)/2, 2.026192*r.Estimate.SE, 1e-5) // t of 0.975 with 37 degrees of freedom
		if len(r.Placebos) != 38 || r.Error != panel.ErrorPlacebo {
			t.Errorf("%v: %d placebos by %v, want all 38 controls", c.method, len(r.Placebos), r.Error)
		}
		n := 1.0
		for _, p := range r.Placebos {
			if math.Abs(p) >= math.Abs(r.Effect) {
				n++
			}
		}
		near(t, c.method.String()+" p by rank", r.RankP, n/39, 1e-12)
		if len(r.Estimate.Warnings) > 0 {
			t.Errorf("%v: warnings %v", c.method, r.Estimate.Warnings)
		}
	}
}

func TestProp99Weights(t *testing.T) {
	b, states := prop99(t)
	sdid, err := panel.Fit(b, panel.MethodSDID)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "noise", sdid.Noise, 5.494401, 1e-6)
	near(t, "zeta", sdid.Zeta, 10.2262326, 1e-7) // 12^¼ · 5.494401019
	years := map[int]float64{1986: 0.366, 1987: 0.206, 1988: 0.427}
	for i, w := range sdid.Time {
		near(t, "weight of a year", w, years[1970+i], 0.0005)
	}
	top := map[string]float64{
		"Nevada": 0.124, "New Hampshire": 0.105, "Connecticut": 0.078, "Delaware": 0.070, "Colorado": 0.058,
		"Illinois": 0.053, "Nebraska": 0.048, "Montana": 0.045, "Utah": 0.042, "New Mexico": 0.041,
	}
	for i, w := range sdid.Unit {
		if want, listed := top[states[i]]; listed {
			near(t, "SDID weight of "+states[i], w, want, 0.0005)
		} else if w > 0.0415 {
			t.Errorf("SDID weight of %s is %.4f, above the tenth of the published table", states[i], w)
		}
	}
	sc, err := panel.Fit(b, panel.MethodSC)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{
		"Utah": 0.396, "Montana": 0.232, "Nevada": 0.204, "Connecticut": 0.104, "New Hampshire": 0.045, "Colorado": 0.013, "Delaware": 0.004,
	}
	for i, w := range sc.Unit {
		near(t, "SC weight of "+states[i], w, all[states[i]], 0.001)
	}
}

// Geo is DIFP to the exact optimum: no worse a fit, and the effect within the stopping rule of DIFP.
func TestGeoIsTheExactOptimum(t *testing.T) {
	b, _ := prop99(t)
	geo, err := panel.Fit(b, panel.MethodGeo)
	if err != nil {
		t.Fatal(err)
	}
	difp, err := panel.Fit(b, panel.MethodDIFP)
	if err != nil {
		t.Fatal(err)
	}
	if geo.ScaledL2 > difp.ScaledL2 || geo.ScaledL2 < 0.99*difp.ScaledL2 {
		t.Errorf("scaled L2 %v, DIFP has %v", geo.ScaledL2, difp.ScaledL2)
	}
	near(t, "effect", geo.Effect, difp.Effect, 0.01)
	kuhnTucker(t, b, geo.Unit)
}

func TestGeoKuhnTucker(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, _ := drawn(t)
		far := rapid.SampledFrom([]float64{0, 1, 4}).Draw(t, "far") // inside, near and outside of what controls can reach
		b = changed(b, func(i, _ int, y float64) float64 {
			if i >= b.Controls {
				return 20 + far*(y-20)
			}
			return y
		})
		s, err := panel.Fit(b, panel.MethodGeo)
		if err != nil {
			t.Fatal(err)
		}
		kuhnTucker(t, b, s.Unit)
	})
}

// kuhnTucker holds weights against the conditions of the least squares on the simplex, every unit less its mean before the start:
// the gradient is the same at all weights above zero, and not lower at the others.
func kuhnTucker(t interface{ Errorf(string, ...any) }, b panel.Block, w []float64) {
	column := func(rows [][]float64) []float64 {
		x := make([]float64, b.Pre)
		for _, row := range rows {
			for s := range x {
				x[s] += row[s] / float64(len(rows))
			}
		}
		centre(x)
		return x
	}
	residual := column(b.Y[b.Controls:])
	var size, sum float64
	for _, x := range residual {
		size += x * x
	}
	for j, x := range w {
		sum += x
		for s, y := range column(b.Y[j : j+1]) {
			residual[s] -= x * y
		}
	}
	least := math.Inf(1)
	gradient := make([]float64, len(w))
	for j := range w {
		for s, y := range column(b.Y[j : j+1]) {
			gradient[j] -= residual[s] * y
		}
		least = math.Min(least, gradient[j])
	}
	for j, x := range w {
		if x < 0 || math.Abs(sum-1) > 1e-12 || (x > 0 && gradient[j] > least+1e-6*(1+size)) {
			t.Errorf("weight %d is %v of %v, its gradient %v above the least", j, x, sum, gradient[j]-least)
		}
	}
}
