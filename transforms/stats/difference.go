package stats

// Difference is the effect of the treatment on the mean of a unit, in the outcome's unit.
//
//	τ  = m_T − m_C
//	SE = √(s²_T/n_T + s²_C/n_C)
//	df = SE⁴ / ((s²_T/n_T)²/(n_T − 1) + (s²_C/n_C)²/(n_C − 1))      Welch
//
// EqualVariance pools the two variances: df = n_T + n_C − 2. The variance is the conservative one of a finite
// population (Neyman). Units are independent, one unit's treatment does not change another's outcome, and there are
// enough of them for their skewness (Skewed). The interval is t_df·SE to both sides; P is of τ = 0.
//
// An arm of fewer than two units gives the value alone and WarnTooFewUnits.
//
// Source: Welch, Biometrika 34 (1947); Neyman 1923.
func Difference(t, c Moments, how Inference) Estimate {
	x := Independent(t, c)
	return x.Difference(how)
}

// Skewed tells that an arm of n units is too small for the mean of values with that skewness to be taken as normally
// distributed: n ≤ 355·skewness². A skewness that is not known (NaN) is none to warn of.
//
// Source: Kohavi, Deng, Longbotham, Xu, Seven rules of thumb for web site experimenters, KDD 2014.
func Skewed(n int64, skewness float64) bool { return float64(n) <= 355*skewness*skewness }
