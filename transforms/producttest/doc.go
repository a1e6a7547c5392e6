// Package producttest holds the sales of products through distribution against those of their shops' own lives (测款测人群:
// talents try a product and find its buyers before the shop shows it itself).
//
// Each product has two arms, told by the accounts of the day: distribution, and self-broadcast. An arm has traffic,
// conversion with its interval, refunds of what is settled, buyers who came back, and a place inside the shop. All
// figures are counts of other steps: this package divides, bounds, ranks and writes.
//
// Windows differ, since figures need their time: traffic and sales are of the last WindowDays; refunds of the window that
// ended 15 days ago, within 15 days of payment; buyers of 90 days; buyers won of the 30 days that ended 30 days ago. A
// window that reaches further back than the history is not computable; nothing is ever shown of half a window but
// traffic and sales, beside which days_present stands.
//
// Conversion is of the days that orders and traffic both have, covered_days, on either side: traffic that begins later, or lacks a
// day, is not held against the lines of all days.
//
// A nil column is not computable. Neither that nor a ratio of nothing is ever 0.
package producttest

import "github.com/windvane/windvane/transforms/column"

// Days that figures look back, the as-of date included.
const (
	WindowDays  = 30
	SettledDays = WindowDays + 15
	BuyerDays   = 90
	WonDays     = 60
)

// Products are the products of a night. Columns have one value a product.
type Products struct {
	Codes      []int64      // by product_id, as the table sorts them
	Merchants  *column.Ints // column.Null: not known
	Categories *column.Ints // level 1; column.Null: none
	Days       int64        // days of the window that have orders
	Covered    int64        // of those, days that traffic has, too

	Distribution, SelfBroadcast Arm

	Won, WonLive []int64 // buyers won by distribution, and those who bought in the own live afterwards
}

// Arm are the counts of one channel; a nil column is not computable.
type Arm struct {
	Impressions, Clicks []int64 // of the covered days
	Covered             []int64 // lines of the covered days
	Lines, Paid         []int64 // of WindowDays; Paid in fen
	Settled, Refunded   []int64 // fen
	Buyers, Repeat      []int64
}

// columns are all counts of an arm.
func (a *Arm) columns() [][]int64 {
	return [][]int64{a.Impressions, a.Clicks, a.Covered, a.Lines, a.Paid, a.Settled, a.Refunded, a.Buyers, a.Repeat}
}
