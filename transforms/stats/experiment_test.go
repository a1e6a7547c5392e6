package stats_test

import (
	"math"
	"math/rand/v2"

	"github.com/windvane/windvane/transforms/stats"
)

// experiment draws units of a shop: whether and how much a user buys hangs on a taste that lasts from before the
// experiment; a few spend much. The treatment multiplies what is spent by 1 + lift, and a part of that is taken from
// other merchants.
type experiment struct {
	lift     float64
	retained float64 // share of the effect that the user's total spending keeps
}

// meanSpend is the expectation of the outcome of a control unit: a quarter of exp of a normal of variance 1.
var meanSpend = 0.25 * math.Exp(0.5)

func (x experiment) draw(random *rand.Rand, treated bool) (u [stats.Variables]float64) {
	taste := 0.8 * random.NormFloat64()
	spend := func() (float64, float64) {
		visits := 1 + float64(random.IntN(3))
		if random.IntN(4) != 0 {
			return 0, visits
		}
		return math.Exp(taste + 0.6*random.NormFloat64()), visits
	}
	u[stats.PreOutcome], u[stats.PreDenominator] = spend()
	for range 3 { // a longer time before
		more, visits := spend()
		u[stats.PreOutcome] += more
		u[stats.PreDenominator] += visits
	}
	base, visits := spend()
	other := math.Exp(0.5 * random.NormFloat64())
	u[stats.Outcome], u[stats.Denominator], u[stats.WideOutcome] = base, visits, base+other
	if treated {
		u[stats.Outcome] += x.lift * base
		u[stats.WideOutcome] += x.retained * x.lift * base
	}
	return u
}

// columns are the variables of units of one arm.
func (x experiment) columns(random *rand.Rand, units int, treated bool) map[stats.Variable][]float64 {
	out := map[stats.Variable][]float64{}
	for range units {
		for v, value := range x.draw(random, treated) {
			out[stats.Variable(v)] = append(out[stats.Variable(v)], value)
		}
	}
	return out
}
