// Package panel estimates what a programme brought to units that joined it by their own decision, from a balanced
// panel of their outcomes by period beside those of units that did not join. It is evidence of grade B: nobody was
// assigned by chance, and every estimate stands on an assumption that the data can only make doubtful, never prove.
//
//	one start, few treated units    Fit (SDID, synthetic control, DIFP, DID), Placebo, Jackknife, Estimate
//	one start, many treated units   DID, or Estimate with SDID
//	several starts                  GroupTime (Callaway and Sant'Anna) and its aggregates, Staggered (SDID by cohort)
//	one start, test by time         Geo, Conformal, ConformalInterval
//	how far to believe it           GroupTimes.PreTrend, GroupTimes.Breakdown, Fit.ScaledL2, the warnings
//
// All functions are pure and deterministic: what is drawn at random is drawn from a generator with a fixed seed. Outcomes are
// in any unit, and effects are in the same unit by period and unit. Differences of levels assume trends that are parallel in
// levels; where trends are multiplicative, pass log(1 + outcome) and read exp(effect) − 1 as the lift. Say which.
//
// Callers see to it that controls are not treated themselves, that treatment does not spill over to them, and that
// common days such as sales festivals fall on both sides. Programmes tend to start when a unit peaks; leave the last
// days before the start out, or regression to the mean will look like an effect.
package panel
