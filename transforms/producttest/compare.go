package producttest

import (
	"cmp"
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/stats"
)

// Result is how the products that were tried compare.
type Result struct {
	*Products
	Rows                        []int32 // positions of the products that were tried, as the table sorts them
	Distribution, SelfBroadcast Ratios  // by position
	Better                      []int64 // codes of contract.TestVerdicts by position
}

// Ratios are what is made of an arm; NaN where there is nothing to divide by.
type Ratios struct {
	Arm
	Conversion, Lower, Upper []float64
	Rank                     []int64 // column.Null: none
}

// Compare divides, bounds and ranks.
//
//	conversion = lines / clicks, with Wilson's one-sided 95 % bounds (stats.WilsonUpper)
//	rank       = place inside the shop by the lower bound, so that few clicks do not lead; ties by GMV, then product_id
//	better     = the arm whose lower bound is above the other's upper bound
//
// More lines than clicks count as one of one in the bounds, not in the ratio: clicks were missed then.
func Compare(p *Products) *Result {
	r := &Result{Products: p, Rows: p.tried(), Better: make([]int64, len(p.Codes))}
	r.Distribution, r.SelfBroadcast = p.ratios(p.Distribution, r.Rows), p.ratios(p.SelfBroadcast, r.Rows)
	for i := range r.Better {
		switch d, s := &r.Distribution, &r.SelfBroadcast; { // false where a bound is NaN
		case d.Lower[i] > s.Upper[i]:
			r.Better[i] = contract.BetterDistribution
		case s.Lower[i] > d.Upper[i]:
			r.Better[i] = contract.BetterSelfBroadcast
		default:
			r.Better[i] = contract.BetterUnclear
		}
	}
	return r
}

// tried are the products with anything in either arm, in the order of the table.
func (p *Products) tried() []int32 {
	any := make([]bool, len(p.Codes))
	for _, values := range append(append(p.Distribution.columns(), p.SelfBroadcast.columns()...), p.Won) {
		for i, v := range values {
			any[i] = any[i] || v != 0
		}
	}
	var rows []int32
	for i, is := range any {
		if is {
			rows = append(rows, int32(i))
		}
	}
	return rows
}

func (p *Products) ratios(a Arm, tried []int32) Ratios {
	r := Ratios{Arm: a, Conversion: divide(a.Lines, a.Clicks, len(p.Codes)), Lower: missing(len(p.Codes)), Upper: missing(len(p.Codes))}
	for i, c := range r.Conversion {
		if !math.IsNaN(c) {
			r.Lower[i], r.Upper[i] = bounds(a.Lines[i], a.Clicks[i])
		}
	}
	r.Rank = p.rank(tried, &r)
	return r
}

// bounds of x of n by Wilson.
func bounds(x, n int64) (lower, upper float64) {
	x = min(x, n)
	return 1 - stats.WilsonUpper(float64(n-x), float64(n), stats.Z95), stats.WilsonUpper(float64(x), float64(n), stats.Z95)
}

// divide is num / den, NaN where den is 0 or either is not computable.
func divide(num, den []int64, n int) []float64 {
	out := missing(n)
	if num == nil || den == nil {
		return out
	}
	for i := range out {
		if den[i] != 0 {
			out[i] = float64(num[i]) / float64(den[i])
		}
	}
	return out
}

func missing(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}

// rank places the products of every shop; tried is in the order of ids, which decides at last.
func (p *Products) rank(tried []int32, r *Ratios) []int64 {
	ranks, order := make([]int64, len(p.Codes)), make([]int32, 0, len(tried))
	for i := range ranks {
		ranks[i] = column.Null
	}
	for _, i := range tried {
		if p.Merchants[i] != column.Null && !math.IsNaN(r.Lower[i]) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(p.Merchants[a], p.Merchants[b]), cmp.Compare(r.Lower[b], r.Lower[a]), cmp.Compare(r.Paid[b], r.Paid[a]))
	})
	for at, i := range order {
		if ranks[i] = 1; at > 0 && p.Merchants[order[at-1]] == p.Merchants[i] {
			ranks[i] = ranks[order[at-1]] + 1
		}
	}
	return ranks
}
