package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Spending says how much of the error probability may be used up by a share of the information.
type Spending int

// The spending functions of Lan and DeMets; each side spends its own part of alpha.
const (
	// OBrienFleming spends hardly anything early: 2 − 2·Phi(z(1 − a/2)/sqrt(t)).
	OBrienFleming Spending = iota
	// Pocock spends evenly: a·ln(1 + (e − 1)·t).
	Pocock
)

// Spent is the error probability of one side used up by information fraction t, out of alpha for that side. t is
// clamped to [0, 1].
//
// Source: Lan, DeMets, Discrete sequential boundaries for clinical trials, Biometrika 70 (1983).
func (s Spending) Spent(alpha, t float64) float64 {
	switch {
	case !(t > 0):
		return 0
	case t >= 1:
		return alpha
	case s == Pocock:
		return alpha * math.Log1p((math.E-1)*t)
	default:
		return 2 * distuv.UnitNormal.CDF(distuv.UnitNormal.Quantile(alpha/2)/math.Sqrt(t))
	}
}

// InformationFraction is how much of the final information a look has: (final/se)², at most 1, where se is the
// standard error at the look and final the one planned for the end. NaN unless both are above zero.
func InformationFraction(se, final float64) float64 {
	if !(se > 0 && final > 0) {
		return math.NaN()
	}
	return math.Min(1, final/se*(final/se))
}
