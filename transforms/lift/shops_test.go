package lift_test

import (
	"math"
	"math/rand/v2"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/lift"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/stats"
)

var asOf = calendar.Of(2026, 5, 31)

// ruleset are rules with small minima, so that small markets can be read.
func ruleset() *rules.Lift {
	return &rules.Lift{OutcomeDays: 14, PreDays: 28, Confidence: 0.95, Power: 0.8, MinControlPairs: 200, MinControlOrders: 30, PlannedPairs: 5000, FDR: 0.1,
		SRMAlpha: 0.0005, MixedShare: 0.0001, WinsorQuantile: 0.999, DayOrders: 10,
		Shrinkage: rules.Shrinkage{Method: "paule_mandel", MinimumMerchants: 5, SizeClasses: []int64{3000, 10000}, SparseOrders: 50},
		Panel: rules.Panel{Days: 90, MinimumPreDays: 28, ExcludedPreDays: 7, MinimumDonors: 20, MaximumDonors: 20, ScaledL2: 0.5, PlaceboAlpha: 0.05,
			CalibrationMerchants: 5},
		Weighting: rules.Weighting{MinimumTreated: 20, MinimumControls: 40, MaximumScore: 0.9, MaximumDifference: 0.1, MinimumESS: 20, NegativeAlpha: 0.05,
			CalibrationCategories: 5, UncalibratedWidening: 2},
		Reward: rules.Reward{Impressions: 1000, TalentScore: 4.4, ProductScore: 4.4, BonusScore: 4.7, Multiplier: 1.2, Probability: 0.9}, QuotaPeriod: "30d"}
}

// options are those of a market whose holdout should be a share; merchants of even codes are of category 2, others of 1.
func options(share float64) *lift.Options {
	return &lift.Options{AsOf: asOf, Rules: ruleset(), IDs: column.NewIDs(nil),
		Share: func(int64) float64 { return share }, Category: func(m int64) int64 { return 2 - m%2 }}
}

// periods are three that end on the same day.
func periods() []lift.Period {
	to := asOf - 13
	return []lift.Period{{Name: "30d", From: to - 29, To: to}, {Name: "90d", From: to - 89, To: to}, {Name: "all", From: to - 99, To: to}}
}

// pair is one pair of a merchant and a buyer.
type pair struct {
	arm    int
	values stats.Values
}

// cellOf adds pairs up.
func cellOf(pairs []pair) lift.MerchantCell {
	var c lift.MerchantCell
	for i := range pairs {
		p := &pairs[i]
		a := &c.Arms[p.arm]
		a.Add(&p.values)
		a.Histogram.Add(&p.values)
		if p.values[stats.Denominator] > 0 {
			a.Buyers++
		}
	}
	return c
}

// merchantOf has the same pairs in every period.
func merchantOf(code int64, pairs []pair) lift.Merchant {
	m := lift.Merchant{Code: code}
	for range periods() {
		m.Cells = append(m.Cells, cellOf(pairs))
	}
	return m
}

// figuresOf are merchants without users of a programme.
func figuresOf(merchants ...lift.Merchant) *lift.Figures {
	f := &lift.Figures{Periods: periods(), Merchants: merchants, Starts: map[int64]calendar.Day{}}
	for _, m := range merchants {
		f.Pairs += m.Cells[2].Arms[0].N + m.Cells[2].Arms[1].N
	}
	return f
}

// shop draws what pairs of one merchant buy: a share of them, some orders, each of an amount with a long tail; what they
// bought before goes with it. Treated pairs buy more by the planted lift.
type shop struct {
	rng     *rand.Rand
	lift    float64
	holdout float64
	buys    float64 // share of pairs
}

func (s shop) pairs(n int) []pair {
	out := make([]pair, n)
	for i := range out {
		taste := math.Exp(0.6 * s.rng.NormFloat64())
		p := &out[i]
		if s.rng.Float64() < s.holdout {
			p.arm = lift.Holdout
		}
		orders := func(rate float64) (n, fen int64) {
			for range 3 {
				if s.rng.Float64() < rate*taste/3 {
					n++
					fen += int64(5000 * math.Exp(0.5*s.rng.NormFloat64()))
				}
			}
			return n, fen
		}
		p.values[stats.PreDenominator], p.values[stats.PreOutcome] = orders(s.buys)
		rate := s.buys
		if p.arm == lift.Treatment {
			rate *= 1 + s.lift
		}
		p.values[stats.Denominator], p.values[stats.Outcome] = orders(rate)
		p.values[stats.WideOutcome] = 2 * p.values[stats.Outcome]
	}
	return out
}

// row is the row of a merchant in a period.
func row(e *lift.Estimates, merchant int64, period int) *lift.Row {
	for i := range e.Rows {
		if e.Rows[i].Merchant == merchant && e.Rows[i].Period == period {
			return &e.Rows[i]
		}
	}
	return nil
}

// scope is the row of a scope in a period.
func scope(e *lift.Estimates, of int, code int64, period int) *lift.Scope {
	for i := range e.Scopes {
		if s := &e.Scopes[i]; s.Of == of && s.Code == code && s.Period == period {
			return s
		}
	}
	return nil
}
