package producttest

import (
	"math"

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
	return column.Pages(contract.ProductTest, ids, len(r.Rows), recordRows, func(b *column.Builder) func(from, to int) {
		return func(from, to int) {
			for i, c := range b.Columns() {
				columns[contract.ProductTest.Columns[i].Name](c, r.Rows[from:to])
			}
		}
	})
}

// writer writes some rows of a column.
type writer func(c *column.Cell, rows []int32)

func same(v int64) writer { return func(c *column.Cell, rows []int32) { c.Repeat(v, len(rows)) } }

// ints writes integers, null where there are none.
func ints(values []int64) writer {
	if values == nil {
		return same(column.Null)
	}
	return func(c *column.Cell, rows []int32) {
		for _, i := range rows {
			c.Int(values[i])
		}
	}
}

// reals writes reals, null for NaN.
func reals(values []float64) writer {
	return func(c *column.Cell, rows []int32) {
		for _, i := range rows {
			if math.IsNaN(values[i]) {
				c.Null()
			} else {
				c.Real(values[i])
			}
		}
	}
}

// ratio writes quotients, null where there is nothing to divide or to divide by. They are made when they are written: a
// column of them takes as much memory as one of those it is made of.
func ratio(num, den []int64) writer {
	if num == nil || den == nil {
		return same(column.Null)
	}
	return func(c *column.Cell, rows []int32) {
		for _, i := range rows {
			c.Ratio(num[i], den[i])
		}
	}
}

// columns are what stands in the columns of the table.
func (r *Result) columns(asOf calendar.Day) map[string]writer {
	out := map[string]writer{
		"as_of_date": same(int64(asOf)), "merchant_id": ints(r.Merchants), "product_id": ints(r.Codes), "category1_id": ints(r.Categories), "days_present": same(r.Days),
		"better": ints(r.Better), "won_buyers": ints(r.Won), "won_live_buyers": ints(r.WonLive), "won_live_ratio": ratio(r.WonLive, r.Won),
	}
	for name, a := range map[string]*Ratios{"distribution_": &r.Distribution, "self_broadcast_": &r.SelfBroadcast} {
		for column, w := range map[string]writer{
			"impressions": ints(a.Impressions), "clicks": ints(a.Clicks), "click_ratio": ratio(a.Clicks, a.Impressions),
			"lines": ints(a.Lines), "gmv_fen": ints(a.Paid),
			"conversion_ratio": reals(a.Conversion), "conversion_lower": reals(a.Lower), "conversion_upper": reals(a.Upper),
			"settled_gmv_fen": ints(a.Settled), "settled_refund_fen": ints(a.Refunded), "refund_rate_ratio": ratio(a.Refunded, a.Settled),
			"buyers": ints(a.Buyers), "repeat_buyers": ints(a.Repeat), "r1_ratio": ratio(a.Repeat, a.Buyers), "rank": ints(a.Rank),
		} {
			out[name+column] = w
		}
	}
	return out
}
