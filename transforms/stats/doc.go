// Package stats holds the statistics behind scores and lifts: numbers in, numbers out.
//
// It knows no table, no category and no threshold; those come as arguments. Every function is pure: the same
// arguments give the same result on every machine, and sums run in the order in which the values come.
//
//	from small counts to rates   Shrink, StrengthByMoments, WilsonUpper
//	from values to positions     QuantileType7, MidRank, Ranking
//	from positions to points     Curve
//	weights and rounding         RecencyWeight, HalfUp
//	looks every night            AlwaysValid, EOfMaximum; at planned looks GroupSequential
//	many tests at once           BenjaminiHochberg, EBenjaminiHochberg, FCRConfidence
//	many units at once           FitPrior and its Posterior, FitTails, RobustInterval, ExpectedMaximum
package stats
