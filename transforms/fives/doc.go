// Package fives compares the shops of a night in five dimensions (5S: 低价好物, 优质内容, 达人分销, 店铺自播, 泛货架) and
// tells each which one to work on next (definitions, section 12).
//
// Its way:
//
//  1. What no other step adds up is read from rollups of 30 days: contents, promoters, 常挂品 (collect.go). All else
//     comes from the steps before as columns, one value a shop.
//  2. Every figure is ranked inside the shop's level-1 category; a dimension's index is the mean of its ranks.
//  3. The GMV of each dimension is held against the category's P75; the largest gap is next (compare.go).
//  4. The table is written with every numerator and denominator, so that each figure can be worked out by hand.
//
// A column that is nil is not computable, a figure that is NaN is not there; neither is ever 0. Shops without a
// category are compared with the whole platform.
package fives

// WindowDays is how long figures look back, the as-of date included.
const WindowDays = 30

// Shops are the shops of a night with their figures of WindowDays days. Columns have one value a shop; a nil column is
// not computable.
type Shops struct {
	Codes      []int64 // as the table sorts them
	Categories []int64 // level 1; column.Null: none
	Days       int64   // days of the window that have orders

	Paid          []int64 // fen, 支付 GMV; so are all of these
	Content       []int64 // in the scenes live and short_video
	PanShelf      []int64 // in the scenes recommend, mall, search and shop
	Search        []int64 // in the scene search
	Distribution  []int64 // through distribution
	SelfBroadcast []int64 // of the own lives

	Items      []int64   // comparable products
	Comparable []int64   // fen, valid GMV of comparable products
	LowPrice   []int64   // fen, of that, with enough stars
	Goods      []float64 // 商品分; NaN: none

	Contents   Contents
	Partners   Partners
	LiveBuyers []int64 // of self-broadcast, 90 days
	LiveRepeat []int64 // of those, with a second purchase day
	AlwaysOn   []int64 // 常挂品
}
