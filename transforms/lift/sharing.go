package lift

import (
	"math"

	"github.com/windvane/windvane/transforms/stats"
)

// sharing is how many times as large the variance of what pairs bought together is as if each pair were a user of its own: a
// design effect, at least 1. Users with several merchants make merchants err together.
//
//	Σ over users (Σ y − R·pairs)² / Σ over pairs (y − R)²,  R the mean of the arm, both arms together
//
// 1 where no programme is counted by users.
//
// Source: Kish, Survey Sampling, 1965.
func (f *Figures) sharing(period int) float64 {
	var users, pairs [Arms]stats.Sums
	for i := range f.Programmes {
		c := &f.Programmes[i].Cells[period]
		for a := range users {
			users[a].Merge(&c.Arms[a])
		}
	}
	for i := range f.Merchants {
		for a := range pairs {
			pairs[a].Merge(&f.Merchants[i].Cells[period].Arms[a].Sums)
		}
	}
	var together, apart float64
	for a := range users {
		u, p := &users[a], &pairs[a]
		n := p.N
		if n == 0 || u.Sum(stats.Denominator) != stats.Int128Of(n) { // other pairs than those of the merchants
			return 1
		}
		r := p.Mean(stats.Outcome)
		together += u.SumOf(stats.Outcome, stats.Outcome).Float64() - 2*r*u.SumOf(stats.Outcome, stats.Denominator).Float64() + r*r*u.SumOf(stats.Denominator, stats.Denominator).Float64()
		apart += p.SumOf(stats.Outcome, stats.Outcome).Float64() - r*r*float64(n)
	}
	if !(apart > 0) {
		return 1
	}
	return math.Max(1, together/apart)
}
