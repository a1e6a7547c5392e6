package stats

import "math"

// Whole is the recency weight of age 0: weights are fixed point with six decimals.
const Whole = 1_000_000

// RecencyWeight is how much a day counts that lies age days back, in millionths.
//
//	round(10⁶ · 2^(−age / halfLife))
//
// age is in days, 0 for the as-of date; halfLife is in days, above zero.
func RecencyWeight(age, halfLife int) int64 {
	return int64(math.Round(Whole * math.Exp2(-float64(age)/float64(halfLife))))
}
