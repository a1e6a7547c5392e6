package panel

import (
	"fmt"
	"math"

	"github.com/windvane/windvane/transforms/stats"
)

// Method is an estimator for a block: which weights it gives to control units and to periods before the start.
type Method int

// Estimators for a block.
//
//	method   control units (omega)                        pre-periods (lambda)      intercept   zeta of omega
//	SDID     simplex least squares to the treated mean    the same, to post means   yes         (N1·T1)^¼ · noise
//	SC       the same                                     none                      no          1e-6 · noise
//	DIFP     the same                                     uniform                   yes         1e-6 · noise
//	DID      uniform                                      uniform                   –           –
//	SCReg    as SC                                        none                      no          (N1·T1)^¼ · noise
//	DIFPReg  as DIFP                                      uniform                   yes         (N1·T1)^¼ · noise
//	Geo      as DIFP, to the exact optimum                uniform                   yes         0
//
// zeta of lambda is always 1e-6 · noise; noise is the standard deviation of the first differences of the controls before
// the start. Geo is what GeoLift does without a model: every unit less its mean before the start, simplex least squares.
const (
	MethodSDID Method = iota
	MethodSC
	MethodDIFP
	MethodDID
	MethodSCReg
	MethodDIFPReg
	MethodGeo
)

var methods = [...]string{"sdid", "sc", "difp", "did", "sc_reg", "difp_reg", "geo"}

// String is the name of the method in configuration and tables.
func (m Method) String() string {
	if m < 0 || int(m) >= len(methods) {
		return fmt.Sprintf("method(%d)", int(m))
	}
	return methods[m]
}

func (m Method) intercept() bool   { return m != MethodSC && m != MethodSCReg }
func (m Method) fitsUnits() bool   { return m != MethodDID }
func (m Method) fitsTime() bool    { return m == MethodSDID }
func (m Method) regularised() bool { return m == MethodSDID || m == MethodSCReg || m == MethodDIFPReg }

// Weights are what a method gives to control units and to pre-periods.
type Weights struct {
	Unit []float64 // omega, by control unit; ≥ 0, sum 1
	Time []float64 // lambda, by pre-period; ≥ 0, sum 1, or all zero (SC)
}

// Synthetic is a fitted comparison of the treated with a weighted mean of the controls.
type Synthetic struct {
	Method Method
	Weights
	Effect   float64   // mean over treated units and periods from the start on, in units of the outcome
	Observed float64   // the same mean of the outcome itself
	Gap      []float64 // by period: treated mean − synthetic mean − the weighted gap before the start; its mean from the start on is Effect
	Noise    float64   // sd of first differences of the controls before the start
	Zeta     float64   // of omega
	ScaledL2 float64   // L2 of the gap before the start over that with uniform unit weights (after the intercept, where there is one); 1 for DID
	Steps    int       // Frank–Wolfe steps
	Warnings []stats.Warning
}

// Fit estimates the mean effect on the treated of a block.
//
//	effect = (−omega, 1/N1)' Y (−lambda, 1/T1)
//
// Weights minimise ||A w − b||²/rows + zeta²·||w||² on the simplex, A and b centred by column where the method has an
// intercept. lambda: rows are the controls, A their pre-periods, b their post means. omega: rows are the pre-periods, A the
// controls, b the mean of the treated.
//
// SDID assumes that without treatment the treated would have moved as the weighted controls did over the weighted
// periods; SC that they would have had the same level too. Warnings: poor fit before the start, few controls,
// mostly zero before the start.
//
// It needs one unit of each kind, a period on each side of the start, and two before it for all methods but DID (ErrTooFew);
// ErrNoNoise when the controls never vary before the start.
//
// Source: Arkhangelsky, Athey, Hirshberg, Imbens, Wager, Synthetic difference in differences, AER 111 (2021); Abadie,
// Diamond, Hainmueller, JASA 105 (2010); Doudchenko and Imbens 2016 (DIFP); R package synthdid.
func Fit(b Block, m Method) (Synthetic, error) { return fit(b, m, nil) }

// Refit is Fit with the search started from the weights of an earlier fit, say that of the night before. The result is the
// same up to the stopping rule, the digits are not; weights of another shape are not used.
func Refit(b Block, m Method, start Weights) (Synthetic, error) { return fit(b, m, &start) }

func fit(b Block, m Method, start *Weights) (Synthetic, error) {
	g, err := newGrams(b, m)
	if err != nil {
		return Synthetic{}, err
	}
	s := Synthetic{Method: m, Noise: g.noise, Zeta: g.zeta}
	s.Unit, s.Time = uniform(b.Controls), uniform(b.Pre)
	if m == MethodGeo {
		bestVertex(g.units, g.treated.cross, s.Unit)
	}
	if !g.method.hasTime() {
		clear(s.Time)
	}
	if start != nil && m.fitsUnits() && len(start.Unit) == len(s.Unit) {
		copy(s.Unit, start.Unit)
		normalise(s.Unit)
	}
	if start != nil && m.fitsTime() && len(start.Time) == len(s.Time) {
		copy(s.Time, start.Time)
		normalise(s.Time)
	}
	s.Steps = g.solve(s.Weights, g.treated, none)
	s.describe(b)
	return s, nil
}

func (m Method) hasTime() bool { return m != MethodSC && m != MethodSCReg }

// describe fills in what follows from the weights.
func (s *Synthetic) describe(b Block) {
	s.Gap = b.gap(s.Unit)
	level := dot(s.Time, s.Gap[:b.Pre])
	plain := b.gap(uniform(b.Controls))[:b.Pre]
	s.ScaledL2 = scaledL2(s.Gap[:b.Pre], plain, s.Method.intercept())
	for t := range s.Gap {
		s.Gap[t] -= level
	}
	s.Effect = mean(s.Gap[b.Pre:])
	s.Observed = b.observed()
	if s.Method.fitsUnits() && !(s.ScaledL2 <= PoorScaledL2) { // NaN too: nothing to fit
		s.Warnings = append(s.Warnings, WarnPoorPreFit)
	}
	if b.Controls < FewDonors {
		s.Warnings = append(s.Warnings, WarnFewDonors)
	}
	zeros := 0
	for _, y := range b.treatedMean()[:b.Pre] {
		if y == 0 {
			zeros++
		}
	}
	if 2*zeros > b.Pre {
		s.Warnings = append(s.Warnings, WarnMostlyZero)
	}
}

// gap is the mean of the treated less the weighted controls, by period.
func (b Block) gap(unit []float64) []float64 {
	gap := b.treatedMean()
	for j, w := range unit {
		if w == 0 {
			continue
		}
		for t, y := range b.Y[j] {
			gap[t] -= w * y
		}
	}
	return gap
}

func (b Block) treatedMean() []float64 {
	m := make([]float64, len(b.Y[0]))
	for _, row := range b.Y[b.Controls:] {
		for t, y := range row {
			m[t] += y
		}
	}
	for t := range m {
		m[t] /= float64(b.Treated())
	}
	return m
}

// observed is the mean outcome of the treated from the start on.
func (b Block) observed() float64 { return mean(b.treatedMean()[b.Pre:]) }

// scaledL2 is how far a gap is from zero, or from its mean, next to a plain one; NaN where the plain one is zero.
func scaledL2(gap, plain []float64, centred bool) float64 {
	return math.Sqrt(squares(gap, centred) / squares(plain, centred))
}

func squares(x []float64, centred bool) float64 {
	var m, s float64
	if centred {
		m = mean(x)
	}
	for _, v := range x {
		s += (v - m) * (v - m)
	}
	return s
}
