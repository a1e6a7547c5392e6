package fives

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

// Table is the table fives.
func (r *Result) Table(asOf calendar.Day, ids *column.IDs) Records {
	columns := r.columns(asOf)
	return column.Pages(contract.Fives, ids, len(r.Codes), recordRows, func(b *column.Builder) func(from, to int) {
		return func(from, to int) {
			for i, c := range b.Columns() {
				columns[contract.Fives.Columns[i].Name](c, from, to)
			}
		}
	})
}

// writer writes the rows from one shop to another, that one not included.
type writer func(c *column.Cell, from, to int)

// same writes one value.
func same(v int64) writer { return func(c *column.Cell, from, to int) { c.Repeat(v, to-from) } }

// ints writes integers, null where there are none.
func ints(values []int64) writer {
	if values == nil {
		return same(column.Null)
	}
	return func(c *column.Cell, from, to int) { c.Ints(values[from:to]) }
}

// numbers writes reals, null for NaN and where there are none.
func numbers(values []float64) writer {
	if values == nil {
		return same(column.Null)
	}
	return func(c *column.Cell, from, to int) {
		for _, v := range values[from:to] {
			if math.IsNaN(v) {
				c.Null()
			} else {
				c.Real(v)
			}
		}
	}
}

// columns are what stands in the columns of the table.
func (r *Result) columns(asOf calendar.Day) map[string]writer {
	s, q := r.Shops, &r.ratios
	out := map[string]writer{
		"as_of_date": same(int64(asOf)), "merchant_id": ints(s.Codes), "category1_id": ints(s.Categories), "days_present": same(s.Days), "gmv_paid_fen": ints(s.Paid),

		"comparable_items": ints(s.Items), "comparable_gmv_fen": ints(s.Comparable), "low_price_gmv_fen": ints(s.LowPrice),
		"low_price_gmv_share_ratio": numbers(q.lowPrice), "goods_score": numbers(s.Goods),

		"viewers": ints(s.Contents.Viewers), "watch_seconds": ints(s.Contents.WatchSeconds), "interactions": ints(s.Contents.Interactions),
		"upheld_reports": ints(s.Contents.Reports), "watch_seconds_per_viewer": numbers(q.watch), "interactions_per_1000_viewers": numbers(q.interactions),
		"upheld_reports_per_10000_viewers": numbers(q.reports), "content_gmv_fen": ints(s.Content),

		"active_promoters": ints(s.Partners.Active), "distribution_gmv_fen": ints(s.Distribution), "distribution_gmv_share_ratio": numbers(q.distribution),
		"partner_talent_score": numbers(s.Partners.Score),

		"live_days": ints(s.Contents.LiveDays), "self_broadcast_gmv_fen": ints(s.SelfBroadcast), "self_broadcast_buyers": ints(s.LiveBuyers),
		"self_broadcast_repeat_buyers": ints(s.LiveRepeat), "self_broadcast_r1_ratio": numbers(q.r1),

		"always_on_products": ints(s.AlwaysOn), "pan_shelf_gmv_fen": ints(s.PanShelf), "pan_shelf_gmv_share_ratio": numbers(q.panShelf),
		"search_gmv_fen": ints(s.Search), "search_gmv_share_ratio": numbers(q.search), "next": ints(r.Next),
	}
	for d, name := range contract.FivesDimensions {
		out[name+"_index"], out[name+"_gap_fen"] = numbers(r.Index[d]), ints(r.Gap[d])
	}
	return out
}
