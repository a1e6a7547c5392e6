package gmv

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Context is what the tables need to know beyond the sums.
type Context struct {
	AsOf    calendar.Day
	IDs     *column.IDs
	Present calendar.Presence // days with orders
	// CategoriesFrom is the day from which the category of what was sold is known. Sales of earlier days lie under none.
	CategoriesFrom calendar.Day
	// RefundsKnown tells whether all refunds of the lines paid on these days, both included, can be known.
	RefundsKnown func(first, last calendar.Day) bool
	// Buyers tells for a scope how to look up the distinct buyers of a subject's window, column.Null: not known, and, if known, the new ones.
	Buyers func(scope contract.Scope) func(subject int64, window int) (buyers, newBuyers int64, newKnown bool)
}

func inRoleOrder(sums []*Sums) []*Sums {
	return contract.InRoleOrder(sums, func(s *Sums) contract.Scope { return s.Scope })
}

// netKnown tells of which windows refunds are known, without lag and lagged by 15 and 30 days.
type netKnown [windows][len(lags)]bool

// of sets the window at place, whose days without lag are these.
func (k *netKnown) of(c Context, place int, s Span) {
	for i, lag := range lags {
		k[place][i] = c.RefundsKnown(s.From-lag, s.To-lag)
	}
}

// byWindow are those of contract.Windows.
func (c Context) byWindow() *netKnown {
	k := &netKnown{}
	for place, days := range contract.Windows {
		k.of(c, place, Span{c.AsOf - calendar.Day(days) + 1, c.AsOf})
	}
	return k
}

// forms are the columns of the additive GMV forms.
type forms struct {
	known                                                                *netKnown
	order, raw, paid, net, paid15, net15, paid30, net30, lines, quantity *column.Cell
}

func newForms(b *column.Builder, known *netKnown) forms {
	return forms{known: known,
		order: b.Column("gmv_order_fen"), raw: b.Column("gmv_paid_raw_fen"), paid: b.Column("gmv_paid_fen"), net: b.Column("gmv_net_fen"),
		paid15: b.Column("gmv_paid_lag15_fen"), net15: b.Column("gmv_net15_fen"),
		paid30: b.Column("gmv_paid_lag30_fen"), net30: b.Column("gmv_net30_fen"),
		lines: b.Column("lines"), quantity: b.Column("quantity")}
}

// write appends the forms of rows of the windows at these places, whose measures are columns.
func (f forms) write(place []uint8, measure func(m int) []int64) {
	n := len(place)
	for _, x := range []struct {
		cell    *column.Cell
		measure int
	}{{f.order, mOrderFen}, {f.raw, mRawFen}, {f.paid, mPaid}, {f.paid15, mPaid15}, {f.paid30, mPaid30}, {f.lines, mLines}, {f.quantity, mQuantity}} {
		copy(x.cell.Extend(n), measure(x.measure))
	}
	f.less(f.net, 0, place, measure(mPaid), measure(mRefund))
	f.less(f.net15, 1, place, measure(mPaid15), measure(mRefund15))
	f.less(f.net30, 2, place, measure(mPaid30), measure(mRefund30))
}

// less writes paid less refunds, of windows lagged by one of lags.
func (f forms) less(c *column.Cell, lag int, place []uint8, paid, refunds []int64) {
	f.whereKnown(c, lag, place, func(i int) int64 { return paid[i] - refunds[i] })
}

// whereKnown writes a value made of refunds, Null where they are not known of the whole window.
func (f forms) whereKnown(c *column.Cell, lag int, place []uint8, value func(i int) int64) {
	out := c.Extend(len(place))
	for i, at := range place {
		if out[i] = column.Null; f.known[at][lag] {
			out[i] = value(i)
		}
	}
}

// refundRate writes 1 - net30 / paid30 as refunds over paid.
func (f forms) refundRate(c *column.Cell, place []uint8, measure func(m int) []int64) {
	refunds, paid := measure(mRefund30), measure(mPaid30)
	f.whereKnown(c, 2, place, func(i int) int64 { return column.RatioBits(refunds[i], paid[i]) })
}

// one gives the measures of a single row.
func one(m *[measures]int64) func(int) []int64 {
	return func(j int) []int64 { return m[j : j+1] }
}

// Table is gmv.
func Table(c Context, sums []*Sums, mem memory.Allocator) Records {
	return func(yield func(arrow.Record, error) bool) {
		t := newTable(contract.GMV, c, mem, yield)
		f := newForms(t.b, c.byWindow())
		for _, s := range inRoleOrder(sums) {
			buyers := c.Buyers(s.Scope)
			goOn := s.each(true, func(r *rows) bool {
				t.head(s, r)
				t.writePresent("days_present", 0, s, r)
				t.writePresent("days_present_lag15", Lag15, s, r)
				t.writePresent("days_present_lag30", Lag30, s, r)
				f.write(r.place, r.column)
				copy(t.b.Column("orders").Extend(r.n), r.column(mOrders))
				flow := r.column(mRefundFlow)
				f.whereKnown(t.b.Column("refund_amt_fen"), 0, r.place, func(i int) int64 { return flow[i] })
				f.refundRate(t.b.Column("refund_rate_ratio"), r.place, r.column)
				t.writeBuyers(r, buyers)
				return t.full()
			})
			if !goOn {
				return
			}
		}
		t.flush()
	}
}

// writePresent counts the days present of every row's window: of a category those on which what was sold is known to be of it or not.
func (t *table) writePresent(name string, lag calendar.Day, s *Sums, r *rows) {
	days := t.c.Present.Windows(t.c.AsOf-lag, contract.Windows)
	if s.Scope.Role != contract.RoleCategory {
		t.byWindow(name, r, func(window int64) int64 { return days[window] })
		return
	}
	known := t.c.Present.From(t.c.CategoriesFrom).Windows(t.c.AsOf-lag, contract.Windows)
	out, i := t.b.Column(name).Extend(r.n), 0
	for _, run := range r.runs {
		of := known
		if run.subject == column.Null {
			of = days
		}
		for range run.n {
			out[i] = of[int64(contract.Windows[r.place[i]])]
			i++
		}
	}
}

// writeBuyers writes the buyers of every row, and what each and each order spent.
func (t *table) writeBuyers(r *rows, of func(subject int64, window int) (int64, int64, bool)) {
	buyers, fresh, returning := t.b.Column("buyers").Extend(r.n), t.b.Column("new_buyers").Extend(r.n), t.b.Column("returning_buyers").Extend(r.n)
	perBuyer, perOrder := t.b.Column("atv_buyer_fen").Extend(r.n), t.b.Column("atv_order_fen").Extend(r.n)
	paid, orders := r.column(mPaid), r.column(mOrders)
	i := 0
	for _, run := range r.runs {
		for range run.n {
			n, newBuyers, known := of(run.subject, contract.Windows[r.place[i]])
			buyers[i], fresh[i], returning[i] = n, newBuyers, n-newBuyers
			if !known || n == column.Null {
				fresh[i], returning[i] = column.Null, column.Null
			}
			perBuyer[i], perOrder[i] = column.DivideHalfUp(paid[i], n), column.DivideHalfUp(paid[i], orders[i])
			i++
		}
	}
}

// SplitTable is gmv_split.
func SplitTable(c Context, sums []*Sums, mem memory.Allocator) Records {
	return func(yield func(arrow.Record, error) bool) {
		t := newTable(contract.GMVSplit, c, mem, yield)
		f := newForms(t.b, c.byWindow())
		var channels, scenes [mostCells]int64 // of the cells by rank
		for rank := 1; rank <= totalCell; rank++ {
			channels[rank], scenes[rank] = cellAt(uint8(rank))
		}
		for _, s := range inRoleOrder(sums) {
			goOn := s.each(false, func(r *rows) bool {
				t.head(s, r)
				t.b.Column("channel").Codes(r.cell, channels[:])
				t.b.Column("scene").Codes(r.cell, scenes[:])
				f.write(r.place, r.column)
				copy(t.b.Column("orders_touching").Extend(r.n), r.column(mOrders))
				return t.full()
			})
			if !goOn {
				return
			}
		}
		t.flush()
	}
}
