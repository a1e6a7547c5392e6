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
	Refunds bool              // refunds are computable
	// Buyers are the distinct buyers of a subject's window and, if known, the new ones.
	Buyers func(scope contract.Scope, subject int64, window int) (buyers, newBuyers int64, newKnown bool)
}

func inRoleOrder(sums []*Sums) []*Sums {
	return contract.InRoleOrder(sums, func(s *Sums) contract.Scope { return s.Scope })
}

// forms are the columns of the additive GMV forms.
type forms struct {
	refunds                                                              bool
	order, raw, paid, net, paid15, net15, paid30, net30, lines, quantity *column.Cell
}

func newForms(b *column.Builder, refunds bool) forms {
	return forms{refunds: refunds,
		order: b.Column("gmv_order_fen"), raw: b.Column("gmv_paid_raw_fen"), paid: b.Column("gmv_paid_fen"), net: b.Column("gmv_net_fen"),
		paid15: b.Column("gmv_paid_lag15_fen"), net15: b.Column("gmv_net15_fen"),
		paid30: b.Column("gmv_paid_lag30_fen"), net30: b.Column("gmv_net30_fen"),
		lines: b.Column("lines"), quantity: b.Column("quantity")}
}

func (f forms) write(m []int64) {
	f.order.Int(m[mOrderFen])
	f.raw.Int(m[mRawFen])
	f.paid.Int(m[mPaid])
	f.net.Int(f.less(m[mPaid], m[mRefund]))
	f.paid15.Int(m[mPaid15])
	f.net15.Int(f.less(m[mPaid15], m[mRefund15]))
	f.paid30.Int(m[mPaid30])
	f.net30.Int(f.less(m[mPaid30], m[mRefund30]))
	f.lines.Int(m[mLines])
	f.quantity.Int(m[mQuantity])
}

// less is paid less refunds, Null where refunds are not computable.
func (f forms) less(paid, refunds int64) int64 {
	if !f.refunds {
		return column.Null
	}
	return paid - refunds
}

// refundRate writes 1 - net30 / paid30 as refunds over paid.
func (f forms) refundRate(c *column.Cell, m []int64) {
	if !f.refunds {
		c.Null()
		return
	}
	c.Ratio(m[mRefund30], m[mPaid30])
}

// Table is gmv.
func Table(c Context, sums []*Sums, mem memory.Allocator) arrow.Record {
	b := column.NewBuilder(contract.GMV, c.IDs)
	asOf, role, subject, window := b.Column("as_of_date"), b.Column("role"), b.Column("subject_id"), b.Column("window_days")
	present, present15, present30 := b.Column("days_present"), b.Column("days_present_lag15"), b.Column("days_present_lag30")
	f := newForms(b, c.Refunds)
	orders, refundFlow, rate := b.Column("orders"), b.Column("refund_amt_fen"), b.Column("refund_rate_ratio")
	buyers, newBuyers, returning := b.Column("buyers"), b.Column("new_buyers"), b.Column("returning_buyers")
	atvBuyer, atvOrder := b.Column("atv_buyer_fen"), b.Column("atv_order_fen")
	days := c.Present.Windows(c.AsOf, contract.Windows)
	days15, days30 := c.Present.Windows(c.AsOf-Lag15, contract.Windows), c.Present.Windows(c.AsOf-Lag30, contract.Windows)
	for _, s := range inRoleOrder(sums) {
		s.each(true, func(r *figure) {
			code := s.Subjects.Code(r.rank)
			asOf.Int(int64(c.AsOf))
			role.Int(int64(s.Scope.Role))
			subject.Text(c.IDs.SubjectText(s.Scope, code))
			window.Int(r.window)
			present.Int(days[r.window])
			present15.Int(days15[r.window])
			present30.Int(days30[r.window])
			f.write(r.m[:])
			orders.Int(r.m[mOrders])
			refundFlow.Int(f.less(0, -r.m[mRefundFlow]))
			f.refundRate(rate, r.m[:])
			n, fresh, known := c.Buyers(s.Scope, code, int(r.window))
			buyers.Int(n)
			if known {
				newBuyers.Int(fresh)
				returning.Int(n - fresh)
			} else {
				newBuyers.Null()
				returning.Null()
			}
			atvBuyer.Int(column.DivideHalfUp(r.m[mPaid], n))
			atvOrder.Int(column.DivideHalfUp(r.m[mPaid], r.m[mOrders]))
		})
	}
	return b.Record(mem)
}

// SplitTable is gmv_split.
func SplitTable(c Context, sums []*Sums, mem memory.Allocator) arrow.Record {
	b := column.NewBuilder(contract.GMVSplit, c.IDs)
	asOf, role, subject, window := b.Column("as_of_date"), b.Column("role"), b.Column("subject_id"), b.Column("window_days")
	channel, scene, f, orders := b.Column("channel"), b.Column("scene"), newForms(b, c.Refunds), b.Column("orders_touching")
	for _, s := range inRoleOrder(sums) {
		s.each(false, func(r *figure) {
			asOf.Int(int64(c.AsOf))
			role.Int(int64(s.Scope.Role))
			subject.Text(c.IDs.SubjectText(s.Scope, s.Subjects.Code(r.rank)))
			window.Int(r.window)
			channel.Int(r.channel)
			scene.Int(r.scene)
			f.write(r.m[:])
			orders.Int(r.m[mOrders])
		})
	}
	return b.Record(mem)
}
