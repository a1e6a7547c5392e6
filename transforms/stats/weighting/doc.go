// Package weighting compares treated units with others that were made alike by weights on what was known of them
// before. It is evidence of grade C at best: it assumes that everything that decides both who is treated and what comes
// out is among the covariates, and no figure in here can prove that.
//
//	covariates, treatment ──► Logistic: scores e(x) ──► weights of an Estimand, trimmed ──► Hajek: effect
//	                                                └─► with a regression on the controls ──► AIPW: effect on the treated
//	always beside it: effective sample size, standardised differences before and after, share trimmed, and the effect on
//	an outcome that cannot have one (negative control)
//
// Weights of scores near zero or one make single units speak for thousands and can flip the sign of an effect. Trim, or use
// the Overlap estimand, and say which. Functions are pure; units of effects are those of the outcome.
package weighting
