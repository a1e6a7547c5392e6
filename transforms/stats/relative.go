package stats

// The relative lift of the mean of a unit is m_T/m_C − 1, a ratio; 0.10 is +10 %. The three functions differ in their
// intervals. All treat the arms as independent; a
// Contrast counts what they share. A control mean within noise of zero gives WarnControlNearZero: then
// read the difference.

// RelativeDelta is the lift with the variance of its linear approximation (delta method).
//
//	SE² = v_T/m_C² + v_C·m_T²/m_C⁴,  v = s²/n,  degrees of freedom as of the difference
//
// The interval is symmetric and too low for skewed ratios; P inverts it: P < 0.05 if and only if the 95 % interval
// leaves out zero.
//
// Source: Deng, Knoblich, Lu, Applying the delta method in metric analytics, KDD 2018.
func RelativeDelta(t, c Moments, how Inference) Estimate {
	x := Independent(t, c)
	return x.RelativeDelta(how)
}

// RelativeLog is the lift with an interval that is symmetric on the scale of ln(m_T/m_C), where lifts add up.
//
//	se² = a + b,  a = v_T/m_T²,  b = v_C/m_C²
//	df  = (a + b)²/(a²/(n_T − 1) + b²/(n_C − 1))
//	interval = exp(ln(m_T/m_C) ± t_df·se) − 1;  SE is (m_T/m_C)·se, that of the lift
//
// Both means have to be above zero; otherwise the value stands alone, with WarnMeanNotPositive. P is that of
// Difference: near its borders it may disagree with the interval.
//
// Source: the delta method for the logarithm; tea-tasting's relative intervals.
func RelativeLog(t, c Moments, how Inference) Estimate {
	x := Independent(t, c)
	return x.RelativeLog(how)
}

// RelativeFieller is the lift with the set of lifts that the difference test does not reject; exact for normal means.
//
//	g = q²·v_C/m_C²,  R = m_T/m_C,  q the quantile for the degrees of freedom of the difference
//	interval = (R ± (q/m_C)·√(v_T + R²·v_C − g·v_T)) / (1 − g) − 1
//
// With g ≥ 1 the set is unbounded: no interval, and WarnControlNearZero. SE is NaN, the method has none. P is that of
// Difference, which the interval inverts.
//
// Source: Fieller, Some problems in interval estimation, JRSS B 16 (1954).
func RelativeFieller(t, c Moments, how Inference) Estimate {
	x := Independent(t, c)
	return x.RelativeFieller(how)
}
