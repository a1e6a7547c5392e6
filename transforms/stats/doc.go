// Package stats holds the statistics behind scores and lifts: numbers in, numbers out.
//
// It knows no table, no category and no threshold; those come as arguments. Every function is pure: the same
// arguments give the same result on every machine, and sums run in the order in which the values come.
//
//	from small counts to rates   Shrink, StrengthByMoments, WilsonUpper
//	from values to positions     QuantileType7, MidRank, Ranking
//	from positions to points     Curve
//	weights and rounding         RecencyWeight, HalfUp
package stats
