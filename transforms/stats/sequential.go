package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// WarnBurnIn: fewer than a tenth of the planned units; an asymptotic confidence sequence does not hold its level yet.
const WarnBurnIn Warning = "before_burn_in"

// MaxE is the largest e-value given out, so that none is infinite. Cutting an e-value down keeps it an e-value.
const MaxE = 1e300

// AlwaysValid is the plan of an experiment that is looked at every night: an interval, an e-value and a p-value that
// hold at all looks together, whenever one stops.
//
//	rho² = (−2·ln a + ln(1 − 2·ln a)) / N*        a = Alpha; 2·Alpha where one side is asked for
//
// The interval is tightest near N* units; the plan is fixed before the first look. It is asymptotic: units are
// independent and enter over time in a steady split, each with an outcome that does not change later (a window that
// has closed), and n is past the burn-in of N*/10. A fixed cohort whose totals grow is another matter: see
// GroupSequential.
//
// n counts the units of both arms. What cannot be computed (n < 1, a standard error that is not above zero, Alpha
// outside (0, 1) or a one-sided one outside (0, 1/2), no planned units) has no interval and NaN for its e-value.
//
// Source: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, Time-uniform central limit theory and asymptotic confidence
// sequences, Annals of Statistics 52 (2024), arXiv 2103.06476; rho as in its appendix B.2 and in GrowthBook.
type AlwaysValid struct {
	Alpha   float64 // error probability over all looks; 0.05
	Planned float64 // N*: units of both arms that the experiment is planned for
}

// Interval holds the true value at every look with probability 1 − Alpha.
//
//	value ± sqrt(n·se²) · sqrt(2·(n·rho² + 1)/(n²·rho²) · ln(sqrt(n·rho² + 1)/Alpha))
func (p AlwaysValid) Interval(value, se float64, n int64) Interval {
	r := p.information(n, p.Alpha)
	half := se * math.Sqrt(2*(r+1)/r*math.Log(math.Sqrt(r+1)/p.Alpha))
	return around(value, half)
}

// Lower is the bound below which the true value lies at no look, with probability 1 − Alpha; NaN: none.
//
//	value − sqrt(n·se²) · sqrt(2·(n·rho² + 1)/(n²·rho²) · ln(1 + sqrt(n·rho² + 1)/(2·Alpha)))
func (p AlwaysValid) Lower(value, se float64, n int64) float64 {
	r := p.information(n, 2*p.Alpha)
	half := se * math.Sqrt(2*(r+1)/r*math.Log(1+math.Sqrt(r+1)/(2*p.Alpha)))
	return around(value, half).Lo
}

// Upper is the bound above which the true value lies at no look, with probability 1 − Alpha; NaN: none.
func (p AlwaysValid) Upper(value, se float64, n int64) float64 { return -p.Lower(-value, se, n) }

// EValue is the evidence against a true value of zero: at most 1 on average at any stopping time where it is zero.
//
//	E = exp(rho²·S² / (2·(n·rho² + 1))) / sqrt(n·rho² + 1),  S² = n·(value/se)²
//
// It is 1/Alpha or more exactly where Interval excludes zero. At most MaxE.
func (p AlwaysValid) EValue(value, se float64, n int64) float64 {
	r := p.information(n, p.Alpha)
	z := score(value, se)
	return eValue(r/(r+1)*z*z/2 - math.Log1p(r)/2)
}

// EValueAbove is the evidence against a true value of zero or less: it speaks for a gain alone.
//
//	E = 2·Phi(x)·exp(x²/2) / sqrt(n·rho² + 1),  x = value/se · sqrt(n·rho²/(n·rho² + 1)),  rho from 2·Alpha
//
// It is the mixture over positive effects whose bound Lower rounds to the safe side: where Lower is above zero, E is
// above 1/Alpha. At most MaxE.
func (p AlwaysValid) EValueAbove(value, se float64, n int64) float64 {
	r := p.information(n, 2*p.Alpha)
	x := score(value, se) * math.Sqrt(r/(r+1))
	return eValue(math.Log(2*distuv.UnitNormal.CDF(x)) + x*x/2 - math.Log1p(r)/2)
}

// Watch turns an estimate that holds at one planned date into one that holds at every look: the same value and
// standard error, with the always-valid interval and p-value, and a warning before the end of the burn-in.
func (p AlwaysValid) Watch(e Estimate, n int64) Estimate {
	watched := e
	watched.DF = math.Inf(1)
	watched.Interval = p.Interval(e.Value, e.SE, n)
	watched.Confidence = 1 - p.Alpha
	watched.P = AlwaysValidP(p.EValue(e.Value, e.SE, n))
	if p.BurnIn(n) {
		watched.Warnings = append(append([]Warning(nil), e.Warnings...), WarnBurnIn)
	}
	return watched
}

// BurnIn tells whether n is below a tenth of the planned units, too few for the asymptotics.
func (p AlwaysValid) BurnIn(n int64) bool { return !(float64(n) >= p.Planned/10) }

// information is n·rho², NaN where the plan or n allow nothing.
func (p AlwaysValid) information(n int64, alpha float64) float64 {
	if n < 1 || !(p.Planned > 0) || !(alpha > 0 && alpha < 1) {
		return math.NaN()
	}
	l := -2 * math.Log(alpha)
	return float64(n) * (l + math.Log1p(l)) / p.Planned
}

// AlwaysValidP is the p-value that belongs to an e-value, min(1, 1/e). It may be read at any look; the smallest one
// so far is one too. NaN for NaN.
func AlwaysValidP(e float64) float64 { return math.Min(1, 1/e) }

// EOfMaximum is the e-value left when the largest e-value of all looks so far is to be kept for good.
//
//	A(e) = (e − 1 − ln e) / (ln e)²,  A(1) = 1/2
//
// The maximum itself is no e-value: it rises under the null too, and e-BH on it does not control the FDR. largest
// counts the 1 with which every e-value begins, so it is 1 or more; below that NaN. The price is a factor of about
// (ln e)²: 20 becomes 1.78, 1,000 becomes 20.8.
//
// Source: the adjusters e ↦ kappa·e^(1 − kappa), mixed evenly over kappa; Shafer, Shen, Vereshchagin, Vovk, Test
// martingales, Bayes factors and p-values, Statistical Science 26 (2011).
func EOfMaximum(largest float64) float64 {
	if !(largest >= 1) {
		return math.NaN()
	}
	l := math.Log(largest)
	if l < 1e-3 { // the series, where the quotient cancels
		return 0.5 + l/6 + l*l/24
	}
	return (largest - 1 - l) / (l * l)
}

// eValue is exp(log), cut at MaxE; NaN for NaN.
func eValue(log float64) float64 { return math.Min(math.Exp(log), MaxE) }

// score is value/se, NaN unless se is above zero and both are finite.
func score(value, se float64) float64 {
	if !(se > 0) || math.IsInf(se, 0) || math.IsInf(value, 0) {
		return math.NaN()
	}
	return value / se
}

// around is value ± half, or no interval unless both are finite and half is above zero.
func around(value, half float64) Interval {
	if !(half > 0) || math.IsInf(half, 0) || math.IsNaN(value) || math.IsInf(value, 0) {
		return NoInterval
	}
	return Interval{value - half, value + half}
}
