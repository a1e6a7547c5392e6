package market

import "github.com/windvane/windvane/transforms/calendar"

// DayTotals is what happened on a day, counted while it was made. Money is in fen.
type DayTotals struct {
	Day          calendar.Day
	LinesCreated int64 // order lines created on the day
	LinesPaid    int64 // lines paid on the day, of any kind
	LinesValid   int64 // of those, gmv_valid
	GMVOrder     int64 // lines created on the day, kind not test, paid or not
	GMVPaidRaw   int64 // lines paid on the day, kind not test
	GMVPaid      int64 // lines paid on the day, gmv_valid
	GMVNet       int64 // GMVPaid less the refunds of those lines that succeeded by the as-of date
	Orders       int64 // distinct orders with a gmv_valid line paid on the day
	Buyers       int64 // distinct buyers with one
}

// create counts a line on the day it was created.
func (t *DayTotals) create(l *line) {
	t.LinesCreated++
	if !l.test() {
		t.GMVOrder += l.goods()
	}
}

// pay counts a line on the day it was paid; refunded is what was returned of it by the as-of date.
func (t *DayTotals) pay(l *line, refunded int64) {
	t.LinesPaid++
	if !l.test() {
		t.GMVPaidRaw += l.goods()
	}
	if !l.valid() {
		return
	}
	t.LinesValid++
	t.GMVPaid += l.goods()
	t.GMVNet += l.goods() - refunded
	if l.has(countsOrder) {
		t.Orders++
	}
}

func (t *DayTotals) add(o *DayTotals) {
	t.LinesCreated += o.LinesCreated
	t.LinesPaid += o.LinesPaid
	t.LinesValid += o.LinesValid
	t.GMVOrder += o.GMVOrder
	t.GMVPaidRaw += o.GMVPaidRaw
	t.GMVPaid += o.GMVPaid
	t.GMVNet += o.GMVNet
	t.Orders += o.Orders
	t.Buyers += o.Buyers
}
