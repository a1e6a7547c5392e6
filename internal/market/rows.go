package market

import (
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// The writers of event rows. Each knows its table's columns by name once and then fills them by row.

// orderRows writes orders.
type orderRows struct {
	*table
	line, order, buyer, merchant, product, sku, promoter, author, content *column
	scene, created, paid, quantity, paidFen, subsidy, freight, kind, risk *column
}

func newOrderRows(t *table) orderRows {
	c := t.col
	return orderRows{
		t, c("order_line_id"), c("order_id"), c("buyer_id"), c("merchant_id"), c("product_id"), c("sku_id"),
		c("promoter_id"), c("author_id"), c("content_id"), c("scene"), c("created_at"), c("paid_at"), c("quantity"),
		c("buyer_paid_fen"), c("platform_subsidy_fen"), c("freight_fen"), c("order_kind"), c("risk_reason"),
	}
}

// add writes a line as it is known at the end of day d.
func (r *orderRows) add(p *population, l *line, d calendar.Day) {
	i := r.row()
	q := &p.products[l.product]
	r.line.set(i, l.id)
	r.order.set(i, l.order())
	r.buyer.set(i, p.buyerID(l.buyer))
	r.merchant.set(i, p.merchants[q.merchant].id)
	r.product.set(i, q.id)
	r.sku.setOr(i, q.id*10+l.id>>4&3, l.id>>4&15 != 0)
	p.putAccounts(i, l, r.promoter, r.author, r.content)
	r.scene.code(i, l.scene)
	r.created.set(i, l.created)
	r.paid.setOr(i, l.paid, l.paid != 0 && dayOf(l.paid) <= d)
	r.quantity.set(i, int64(l.quantity))
	r.paidFen.set(i, int64(l.paidFen))
	r.subsidy.set(i, int64(l.subsidy))
	r.freight.set(i, int64(l.freight))
	r.kind.code(i, l.kind)
	putRisk(i, l, r.risk)
}

func (p *population) putAccounts(i int, l *line, promoter, author, content *column) {
	if l.promoter < 0 {
		promoter.null(i)
	} else {
		promoter.set(i, p.talents[l.promoter].id)
	}
	if l.author < 0 {
		author.null(i)
		content.null(i)
		return
	}
	author.set(i, p.talents[l.author].id)
	content.set(i, contentID(l))
}

// contentID is the live session or video of a line that has an author.
func contentID(l *line) int64 {
	if l.scene == contract.SceneLive {
		return liveID(l.author, dayOf(l.created))
	}
	return videoID(l.author, dayOf(l.created))
}

func putRisk(i int, l *line, risk *column) {
	if l.risk == 0 {
		risk.null(i)
	} else {
		risk.code(i, l.risk-1)
	}
}

// copies are the columns copied from the order line.
type copies struct {
	author, content, scene, kind, risk, quantity, paidFen, subsidy *column
	line, order, merchant, product, promoter, paid                 *column
}

func newCopies(c func(string) *column) copies {
	return copies{
		c("author_id"), c("content_id"), c("scene"), c("order_kind"), c("risk_reason"), c("quantity"),
		c("buyer_paid_fen"), c("platform_subsidy_fen"),
		c("order_line_id"), c("order_id"), c("merchant_id"), c("product_id"), c("promoter_id"), c("paid_at"),
	}
}

func (r *copies) put(i int, p *population, l *line) {
	q := &p.products[l.product]
	r.line.set(i, l.id)
	r.order.set(i, l.order())
	r.merchant.set(i, p.merchants[q.merchant].id)
	r.product.set(i, q.id)
	r.paid.set(i, l.paid)
	p.putAccounts(i, l, r.promoter, r.author, r.content)
	r.scene.code(i, l.scene)
	r.kind.code(i, l.kind)
	putRisk(i, l, r.risk)
	r.quantity.set(i, int64(l.quantity))
	r.paidFen.set(i, int64(l.paidFen))
	r.subsidy.set(i, int64(l.subsidy))
}

// refundRows writes refunds.
type refundRows struct {
	*table
	copies
	id, buyer, applied, intervened, liableAt, succeeded, closed *column
	amount, full, kindOf, reason, first, self, liable           *column
}

func newRefundRows(t *table) refundRows {
	c := t.col
	return refundRows{
		t, newCopies(c), c("refund_id"), c("buyer_id"), c("applied_at"), c("intervened_at"), c("liable_at"),
		c("succeeded_at"), c("closed_at"), c("amount_fen"), c("is_full"), c("kind"), c("reason"), c("is_first"),
		c("self_completed"), c("liable"),
	}
}

// add writes the refunds of a line that have an event on day d.
func (r *refundRows) add(p *population, l *line, f *fate, d calendar.Day) {
	for k := range f.refunded {
		if f.refunds[k].changedOn(d) {
			r.addOne(p, l, &f.refunds[k], k, d)
		}
	}
}

func (r *refund) changedOn(d calendar.Day) bool {
	return on(r.applied, d) || on(r.intervened, d) || on(r.liableAt, d) || on(r.succeeded, d) || on(r.closed, d)
}

// on tells whether t is a moment of day d.
func on(t moment, d calendar.Day) bool { return t != 0 && dayOf(t) == d }

// by tells whether t is a moment up to the end of day d.
func by(t moment, d calendar.Day) bool { return t != 0 && dayOf(t) <= d }

func (r *refundRows) addOne(p *population, l *line, x *refund, k int, d calendar.Day) {
	i := r.row()
	r.copies.put(i, p, l)
	r.id.set(i, l.id<<1|int64(k))
	r.buyer.set(i, p.buyerID(l.buyer))
	r.applied.set(i, x.applied)
	r.intervened.setOr(i, x.intervened, by(x.intervened, d))
	r.liableAt.setOr(i, x.liableAt, by(x.liableAt, d))
	r.succeeded.setOr(i, x.succeeded, by(x.succeeded, d))
	r.closed.setOr(i, x.closed, by(x.closed, d))
	r.amount.set(i, x.amount)
	r.full.flag(i, x.full)
	r.kindOf.code(i, x.kind)
	r.reason.code(i, x.reason)
	r.first.flag(i, k == 0 && l.has(firstRefund))
	if by(x.closed, d) {
		r.self.flag(i, x.selfCompleted)
	} else {
		r.self.null(i)
	}
	if by(x.liableAt, d) {
		r.liable.code(i, x.liable)
	} else {
		r.liable.null(i)
	}
}

// shipmentRows writes shipments.
type shipmentRows struct {
	*table
	copies
	due, picked, promised, signed, median, noShipping *column
}

func newShipmentRows(t *table) shipmentRows {
	c := t.col
	return shipmentRows{
		t, newCopies(c), c("pickup_due_at"), c("picked_up_at"), c("promised_at"), c("signed_at"),
		c("route_median_hours"), c("no_shipping"),
	}
}

// add writes a line's shipment if it has an event on day d. The two promises are known from the payment.
func (r *shipmentRows) add(p *population, l *line, f *fate, d calendar.Day) {
	if !on(f.pickupDue, d) && !on(f.pickedUp, d) && !on(f.signed, d) {
		return
	}
	i := r.row()
	r.copies.put(i, p, l)
	r.due.setOr(i, f.pickupDue, f.pickupDue != 0)
	r.picked.setOr(i, f.pickedUp, by(f.pickedUp, d))
	r.promised.setOr(i, f.promised, f.promised != 0)
	r.signed.setOr(i, f.signed, by(f.signed, d))
	if f.noShipping {
		r.median.null(i)
	} else {
		r.median.real(i, float64(f.median))
	}
	r.noShipping.flag(i, f.noShipping)
}

// reviewRows writes reviews.
type reviewRows struct {
	*table
	copies
	id, rating, first, issue, reviewed *column
}

func newReviewRows(t *table) reviewRows {
	c := t.col
	return reviewRows{
		t, newCopies(c), c("review_id"), c("rating"), c("is_first"), c("is_quality_issue"), c("reviewed_at"),
	}
}

func (r *reviewRows) add(p *population, l *line, f *fate, d calendar.Day) {
	if !on(f.reviewed, d) {
		return
	}
	i := r.row()
	r.copies.put(i, p, l)
	r.id.set(i, l.id)
	r.rating.set(i, f.rating)
	r.first.flag(i, l.has(firstReview))
	if f.rating == 3 { // the text of a middling review tells nothing
		r.issue.null(i)
	} else {
		r.issue.flag(i, f.qualityIssue)
	}
	r.reviewed.set(i, f.reviewed)
}

// complaintRows writes complaints.
type complaintRows struct {
	*table
	id, merchant, product, promoter, content, kind, upheld, liable, decided *column
}

func newComplaintRows(t *table) complaintRows {
	c := t.col
	return complaintRows{
		t, c("complaint_id"), c("merchant_id"), c("product_id"), c("promoter_id"), c("content_id"), c("kind"),
		c("upheld"), c("liable"), c("decided_at"),
	}
}

func (r *complaintRows) add(p *population, l *line, f *fate, d calendar.Day) {
	if !on(f.complained, d) {
		return
	}
	i := r.row()
	q := &p.products[l.product]
	r.id.set(i, l.id)
	r.merchant.set(i, p.merchants[q.merchant].id)
	r.product.setOr(i, q.id, f.complaintKind != complaintService)
	if l.promoter < 0 {
		r.promoter.null(i)
	} else {
		r.promoter.set(i, p.talents[l.promoter].id)
	}
	if l.author < 0 {
		r.content.null(i)
	} else {
		r.content.set(i, contentID(l))
	}
	r.kind.code(i, f.complaintKind)
	r.upheld.flag(i, f.upheld)
	r.liable.code(i, f.liable)
	r.decided.set(i, f.complained)
}

// chatRows writes chats.
type chatRows struct {
	*table
	id, merchant, started, reply, inHours, rating *column
}

func newChatRows(t *table) chatRows {
	c := t.col
	return chatRows{
		t, c("chat_id"), c("merchant_id"), c("started_at"), c("first_human_reply_seconds"),
		c("in_service_hours"), c("rating"),
	}
}

// chatRate is the chance that a line's buyer asked the shop something before ordering, ratedRate that a chat is rated:
// 300 chats in service hours and 200 rated ones go with 1,000 orders in the worked example of definitions.md, section 6.
const (
	chatRate  = 0.21
	ratedRate = 0.60
)

// add writes the chat that went before a line created on day d, if there was one.
func (r *chatRows) add(p *population, l *line, d calendar.Day) {
	s := open(p.seed, forChat, uint64(l.id), 0)
	if !s.chance(chatRate) {
		return
	}
	i := r.row()
	m := &p.merchants[p.products[l.product].merchant]
	started := max(startOf(d), l.created-moment(s.below(1200))*second)
	inHours := inService(started)
	r.id.set(i, l.id)
	r.merchant.set(i, m.id)
	r.started.set(i, started)
	r.inHours.flag(i, inHours)
	slow := s.chance(m.slowReply) || !inHours && s.chance(0.7)
	switch {
	case slow && s.chance(0.3):
		r.reply.null(i)
	case slow:
		r.reply.set(i, int64(181+s.below(3_600)))
	default:
		r.reply.set(i, int64(3+s.below(178)))
	}
	if !s.chance(ratedRate) {
		r.rating.null(i)
		return
	}
	rating := int64(3 + s.below(3))
	if s.chance(m.badService) {
		rating = int64(1 + s.below(2))
	}
	r.rating.set(i, rating)
}

// inService tells whether a moment lies between 08:00 and 23:00.
func inService(t moment) bool {
	h := (t - startOf(dayOf(t))) / hour
	return h >= 8 && h < 23
}
