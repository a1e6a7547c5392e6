package producttest

import (
	"cmp"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/stats"
)

// Result is how the products that were tried compare: those with anything in either arm. Its columns have one value for each
// of them, in the order of the table. It keeps nothing of Products but codes, shops and categories.
type Result struct {
	Distribution, SelfBroadcast Ratios
	won, wonLive                *column.Ints

	rows                  []int32 // positions of the products
	codes                 []int64 // of all products, as the two below
	merchants, categories *column.Ints
	days, coveredDays     int64
}

// Ratios are an arm and what is made of it; a nil column is not computable. What can be divided and bounded is so when it is
// asked for.
type Ratios struct {
	impressions, clicks, covered, lines, paid, settled, refunded, buyers, repeat *column.Ints
	rank                                                                         *column.Ints // 0: none
}

// Compare divides, bounds and ranks.
//
//	conversion = covered lines / clicks, with Wilson's one-sided 95 % bounds (stats.WilsonUpper)
//	rank       = place inside the shop by the lower bound, so that few clicks do not lead; ties by GMV, then product_id
//	better     = the arm whose lower bound is above the other's upper bound
//
// More lines than clicks count as one of one in the bounds, not in the ratio: clicks were missed then.
//
// It fails where it panics: both arms are ranked at once.
func Compare(p *Products) (*Result, error) {
	r := &Result{codes: p.Codes, merchants: p.Merchants, categories: p.Categories, days: p.Days, coveredDays: p.Covered, rows: p.tried()}
	r.Distribution, r.SelfBroadcast = r.ratios(&p.Distribution), r.ratios(&p.SelfBroadcast)
	r.won, r.wonLive = r.pick(p.Won), r.pick(p.WonLive)
	var g errgroup.Group
	for _, a := range []*Ratios{&r.Distribution, &r.SelfBroadcast} {
		g.Go(func() (err error) {
			defer column.Recover(&err)
			a.rank = r.ranks(a)
			return nil
		})
	}
	return r, g.Wait()
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

// pick is a column of the products that were tried.
func (r *Result) pick(values []int64) *column.Ints {
	if values == nil {
		return nil
	}
	picked := make([]int64, len(r.rows))
	for k, i := range r.rows {
		picked[k] = values[i]
	}
	return column.NewInts(picked)
}

func (r *Result) ratios(a *Arm) Ratios {
	return Ratios{impressions: r.pick(a.Impressions), clicks: r.pick(a.Clicks), covered: r.pick(a.Covered), lines: r.pick(a.Lines), paid: r.pick(a.Paid),
		settled: r.pick(a.Settled), refunded: r.pick(a.Refunded), buyers: r.pick(a.Buyers), repeat: r.pick(a.Repeat)}
}

// Conversion of the product in row k of the table, with its bounds; NaN where there is nothing to divide by.
func (a *Ratios) Conversion(k int) (ratio, lower, upper float64) {
	if a.covered == nil || a.clicks == nil || a.clicks.At(k) == 0 {
		return math.NaN(), math.NaN(), math.NaN()
	}
	lines, clicks := a.covered.At(k), a.clicks.At(k)
	lower, upper = bounds(lines, clicks)
	return float64(lines) / float64(clicks), lower, upper
}

// Rank is the place of the product in row k of the table inside its shop, 0: none.
func (a *Ratios) Rank(k int) int64 { return a.rank.At(k) }

// bounds of x of n by Wilson.
func bounds(x, n int64) (lower, upper float64) {
	x = min(x, n)
	return 1 - stats.WilsonUpper(float64(n-x), float64(n), stats.Z95), stats.WilsonUpper(float64(x), float64(n), stats.Z95)
}

// better is the verdict on the product in row k, a code of contract.TestVerdicts.
func (r *Result) better(k int) int64 {
	_, dLower, dUpper := r.Distribution.Conversion(k)
	_, sLower, sUpper := r.SelfBroadcast.Conversion(k)
	switch { // false where a bound is NaN
	case dLower > sUpper:
		return contract.BetterDistribution
	case sLower > dUpper:
		return contract.BetterSelfBroadcast
	}
	return contract.BetterUnclear
}

// placed is a product that has a place, with what decides on it.
type placed struct {
	merchant, paid int64
	lower          float64
	row            int32
}

// ranks places the products of every shop; the order of ids decides at last.
func (r *Result) ranks(a *Ratios) *column.Ints {
	var order []placed
	for k, i := range r.rows {
		if _, lower, _ := a.Conversion(k); !math.IsNaN(lower) && r.merchants.At(int(i)) != column.Null {
			order = append(order, placed{r.merchants.At(int(i)), a.paid.At(k), lower, int32(k)})
		}
	}
	slices.SortFunc(order, func(x, y placed) int {
		return cmp.Or(cmp.Compare(x.merchant, y.merchant), cmp.Compare(y.lower, x.lower), cmp.Compare(y.paid, x.paid), cmp.Compare(x.row, y.row))
	})
	ranks, rank := make([]int32, len(r.rows)), int32(0)
	for at, p := range order {
		if rank++; at > 0 && order[at-1].merchant != p.merchant || at == 0 {
			rank = 1
		}
		ranks[p.row] = rank
	}
	return column.NewInts(ranks)
}
