// Package stats holds the statistics behind scores and lifts: numbers in, numbers out.
//
// It knows no table, no category and no threshold; those come as arguments. Every function is pure: the same
// arguments give the same result on every machine, and sums run in the order in which the values come.
//
//	from small counts to rates   Shrink, StrengthByMoments, WilsonUpper
//	from values to positions     QuantileType7, MidRank, Ranking
//	from positions to points     Curve
//	weights and rounding         RecencyWeight, HalfUp
//
// and behind experiments, from exact sums over units to estimates with their uncertainty:
//
//	units to sums                Sums, Histogram (exact, mergeable, retractable); Arm, Moments, Joint from them or from floats
//	sums to effects              Difference, ClusteredDifference, PermutationP, RetainedShare, CACE
//	sums to lifts                RelativeLog, RelativeDelta, RelativeFieller; of Arm.Ratio and of a Contrast too
//	less noise                   CUPED, RatioCUPED, Regression, Histogram.WinsorisedSums
//	health and size              SampleRatioP, SampleRatioEvidence, Skewed, Design
//	looks every night            AlwaysValid, EOfMaximum; at planned looks GroupSequential
//	many tests at once           BenjaminiHochberg, EBenjaminiHochberg, FCRConfidence
//	many units at once           FitPrior and its Posterior, FitTails, RobustInterval, ExpectedMaximum
package stats
