package producttest

import (
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Records are the rows of a published table.
type Records = column.Records

// recordRows is the size of records.
const recordRows = 1 << 16

// Table is the table product_test.
func (r *Result) Table(asOf calendar.Day, ids *column.IDs) Records {
	columns := r.columns(asOf)
	return column.Pages(contract.ProductTest, ids, len(r.rows), recordRows, func(b *column.Builder) func(from, to int) {
		return func(from, to int) {
			for i, c := range b.Columns() {
				columns[contract.ProductTest.Columns[i].Name](c, from, to)
			}
		}
	})
}

// writer writes some rows of a column.
type writer func(c *column.Cell, from, to int)

func same(v int64) writer { return func(c *column.Cell, from, to int) { c.Repeat(v, to-from) } }

// each writes integers row by row.
func each(value func(k int) int64) writer {
	return func(c *column.Cell, from, to int) {
		for k := from; k < to; k++ {
			c.Int(value(k))
		}
	}
}

// ints writes integers, null where there are none.
func ints(values *column.Ints) writer {
	if values == nil {
		return same(column.Null)
	}
	return each(values.At)
}

// reals writes reals, null for NaN.
func reals(value func(k int) float64) writer {
	return func(c *column.Cell, from, to int) {
		for k := from; k < to; k++ {
			c.RealOrNull(value(k))
		}
	}
}

// ratio writes quotients, null where there is nothing to divide or to divide by. They are made when they are written: a
// column of them takes as much memory as one of those it is made of.
func ratio(num, den *column.Ints) writer {
	if num == nil || den == nil {
		return same(column.Null)
	}
	return func(c *column.Cell, from, to int) {
		for k := from; k < to; k++ {
			c.Ratio(num.At(k), den.At(k))
		}
	}
}

// columns are what stands in the columns of the table.
func (r *Result) columns(asOf calendar.Day) map[string]writer {
	at := func(k int) int { return int(r.rows[k]) }
	out := map[string]writer{
		"as_of_date": same(int64(asOf)), "days_present": same(r.days), "covered_days": same(r.coveredDays), "product_id": each(func(k int) int64 { return r.codes[at(k)] }),
		"merchant_id": each(func(k int) int64 { return r.merchants.At(at(k)) }), "category1_id": each(func(k int) int64 { return r.categories.At(at(k)) }),
		"better": each(r.better), "won_buyers": ints(r.won), "won_live_buyers": ints(r.wonLive), "won_live_ratio": ratio(r.wonLive, r.won),
	}
	for name, a := range map[string]*Ratios{"distribution_": &r.Distribution, "self_broadcast_": &r.SelfBroadcast} {
		for column, w := range map[string]writer{
			"impressions": ints(a.impressions), "clicks": ints(a.clicks), "click_ratio": ratio(a.clicks, a.impressions),
			"lines": ints(a.lines), "gmv_fen": ints(a.paid), "covered_lines": ints(a.covered),
			"conversion_ratio": reals(func(k int) float64 { v, _, _ := a.Conversion(k); return v }),
			"conversion_lower": reals(func(k int) float64 { _, v, _ := a.Conversion(k); return v }),
			"conversion_upper": reals(func(k int) float64 { _, _, v := a.Conversion(k); return v }),
			"settled_gmv_fen":  ints(a.settled), "settled_refund_fen": ints(a.refunded), "refund_rate_ratio": ratio(a.refunded, a.settled),
			"buyers": ints(a.buyers), "repeat_buyers": ints(a.repeat), "r1_ratio": ratio(a.repeat, a.buyers), "rank": each(a.rankOrNull),
		} {
			out[name+column] = w
		}
	}
	return out
}

func (a *Ratios) rankOrNull(k int) int64 {
	if rank := a.Rank(k); rank > 0 {
		return rank
	}
	return column.Null
}
