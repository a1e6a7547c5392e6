package stats_test

import (
	"math"
	"math/rand/v2"

	"github.com/windvane/windvane/transforms/stats"
)

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// shop draws users of an experiment: what one spends hangs on a taste that lasts from before the experiment; most buy
// nothing, a few spend much. The treatment multiplies what is spent by 1 + lift, and the part of it that is not
// retained is taken from other merchants.
type shop struct {
	lift     float64
	retained float64 // share of the effect that the user's total spending keeps
}

const (
	buyers   = 0.3  // share of users who buy in a period
	tasteSD  = 0.4  // of the logarithm of spending, between users
	spreadSD = 0.3  // the same, within a user
	typical  = 5000 // fen
)

// effect is the expectation of what the treatment adds to a unit, in fen.
func (x shop) effect() float64 {
	return x.lift * buyers * typical * math.Exp((tasteSD*tasteSD+spreadSD*spreadSD)/2)
}

// visits is the expectation of the denominator.
const visits = 2

func (x shop) draw(random *rand.Rand, treated bool) (u stats.Values) {
	taste := tasteSD * random.NormFloat64()
	spend := func() float64 {
		if random.Float64() >= buyers {
			return 0
		}
		return typical * math.Exp(taste+spreadSD*random.NormFloat64())
	}
	u[stats.PreOutcome], u[stats.PreDenominator] = int64(spend()+spend()+spend()), 3+random.Int64N(6)
	base, other := spend(), typical*random.Float64()
	gain := 0.0
	if treated {
		gain = x.lift * base
	}
	u[stats.Outcome], u[stats.Denominator], u[stats.WideOutcome] = int64(base+gain), 1+random.Int64N(3), int64(base+other+x.retained*gain)
	return u
}

// arm are the sums of units of one arm.
func (x shop) arm(random *rand.Rand, units int, treated bool) stats.Arm {
	var s stats.Sums
	for range units {
		u := x.draw(random, treated)
		s.Add(&u)
	}
	return s.Arm()
}

// columns are the variables of units of one arm.
func (x shop) columns(random *rand.Rand, units int, treated bool) map[stats.Variable][]float64 {
	out := map[stats.Variable][]float64{}
	for range units {
		for v, value := range x.draw(random, treated) {
			out[stats.Variable(v)] = append(out[stats.Variable(v)], float64(value))
		}
	}
	return out
}
