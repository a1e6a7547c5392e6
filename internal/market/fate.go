package market

import (
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// What happens to paid lines. All rates are chances per line.
const (
	cancelRate      = 0.022 // changed mind before pick-up: shipping is stopped
	returnRate      = 0.018 // changed mind after the signature
	defectRefund    = 0.55  // of defective lines that were not cancelled
	qualityShare    = 0.75  // of those refunds: reason quality
	misledRefund    = 0.50  // of lines that do not match the talent's words
	lateRefund      = 0.06  // of lines picked up late
	partialRate     = 0.25  // of refunds for a cause: only a part
	secondRate      = 0.25  // of partial refunds: another follows
	rejectRate      = 0.05  // of refunds after pick-up
	lateApplyRate   = 0.03  // of refunds: asked for 15 to 45 days after the signature
	slowSuccessRate = 0.02  // of refunds: money comes 10 to 40 days late
	reviewRate      = 0.20
	badReviewRate   = 0.45 // review rate of defective or misled lines
	defectComplaint = 0.03
	misledComplaint = 0.12
	lateComplaint   = 0.06
	idleComplaint   = 0.0003
	refundDeadline  = 72 // hours after which the platform completes a refund that the shop leaves alone
)

// Codes of contract.RefundReasons.
const (
	reasonQuality = iota
	reasonNotAsDescribed
	reasonCounterfeit
	reasonDamaged
	reasonLate
	reasonChangedMind
	reasonOther
)

// Codes of contract.RefundKinds, contract.Liables and contract.ComplaintKinds.
const (
	refundOnly   = 0
	returnRefund = 1

	liableMerchant = 0
	liablePromoter = 1
	liableBuyer    = 2
	liableCarrier  = 3
	liableNone     = 4

	complaintNotAsDescribed   = 0
	complaintCounterfeit      = 1
	complaintLogistics        = 2
	complaintFalseAdvertising = 3
	complaintService          = 4
)

// fate is everything that happens to a paid line after its payment.
type fate struct {
	defective, misled, late bool

	noShipping bool
	pickupDue  moment
	pickedUp   moment
	promised   moment
	signed     moment
	median     int // hours pick-up to signature on the route

	reviewed     moment
	rating       int64
	qualityIssue bool

	refunds  [2]refund
	refunded int // refunds

	complained    moment
	complaintKind uint8
	upheld        bool
	liable        uint8
}

// refund is one refund of a line.
type refund struct {
	applied, intervened, liableAt, succeeded, closed moment

	amount        int64 // fen
	full          bool
	kind          uint8
	reason        uint8
	liable        uint8
	selfCompleted bool
}

func (f *fate) firstApplied() moment {
	if f.refunded == 0 {
		return 0
	}
	return f.refunds[0].applied // refunds are in order of application
}

// satisfied tells whether the buyer will trust the seller.
func (f *fate) satisfied() bool { return !f.defective && !f.misled && !f.late }

// decide works out the fate of a paid line. It depends on the seed, the line's identifier and the planted
// rates of product, merchant and talent.
func (p *population) decide(l *line, f *fate) {
	*f = fate{}
	s := open(p.seed, forFate, uint64(l.id), 0)
	q := &p.products[l.product]
	m := &p.merchants[q.merchant]
	f.defective = s.chance(float64(q.defect))
	f.misled = l.promoter >= 0 && s.chance(p.talents[l.promoter].misleading) && !f.defective
	cancelled := s.chance(cancelRate)
	if q.isVirtual {
		f.noShipping = true
		f.signed = l.paid + moment(60+s.below(600))*second
	} else {
		p.ship(l, m, cancelled, f, &s)
	}
	if cancelled {
		f.cancel(l, m, &s)
		return
	}
	f.review(&s)
	f.askBack(l, m, &s)
	f.complain(&s)
}

// ship sets the promised and the actual times on the way to the buyer.
func (p *population) ship(l *line, m *merchant, cancelled bool, f *fate, s *stream) {
	promise := m.promiseHours
	if l.kind == contract.OrderPresale {
		promise += 24 * float64(3+s.below(8))
	}
	f.late = s.chance(m.lateness)
	if cancelled {
		f.late = false
		return
	}
	f.pickupDue = l.paid + hours(promise)
	if f.late {
		f.pickedUp = f.pickupDue + hours(0.1+48*s.unit()*s.unit())
	} else { // shops ship shortly before they must
		u := s.unit()
		f.pickedUp = f.pickupDue - hours(promise*0.6*u*u*u)
	}
	route := open(p.seed, forRoute, uint64(m.id%31), uint64(l.buyer%37))
	f.median = 24 + route.below(60)
	f.promised = f.pickupDue + hours(float64(f.median)*1.5)
	f.signed = f.pickedUp + hours(float64(f.median)*m.speed*max(0.4, 1+0.3*s.normal()))
}

func (f *fate) review(s *stream) {
	bad := f.defective || f.misled
	rate := reviewRate
	if bad {
		rate = badReviewRate
	}
	if !s.chance(rate) {
		return
	}
	u := s.unit()
	f.reviewed = f.signed + hours(1+u*u*160)
	f.qualityIssue = f.defective
	u = s.unit()
	switch {
	case bad && u < 0.60:
		f.rating = 1
	case bad && u < 0.90:
		f.rating = 2
	case bad:
		f.rating = 3
	case u < 0.004:
		f.rating = 1
	case u < 0.009:
		f.rating = 2
	case u < 0.04:
		f.rating = 3
	case u < 0.15:
		f.rating = 4
	default:
		f.rating = 5
	}
}

// cancel is the full refund of a line that was never shipped.
func (f *fate) cancel(l *line, m *merchant, s *stream) {
	f.signed = 0
	applied := l.paid + hours(0.2+8*s.unit())
	done := applied + hours(m.handling*(0.2+1.2*s.unit()))
	f.refunds[0] = refund{
		applied: applied, succeeded: done, closed: done, amount: l.goods(), full: true,
		kind: refundOnly, reason: reasonChangedMind, selfCompleted: true,
	}
	f.refunded = 1
}

// askBack decides whether the buyer wants money back after the signature, and how that goes.
func (f *fate) askBack(l *line, m *merchant, s *stream) {
	reason, asked := f.refundReason(s)
	if !asked {
		return
	}
	u := s.unit()
	applied := f.signed + hours(0.5+u*u*150)
	if s.chance(lateApplyRate) {
		applied += moment(15+s.below(30)) * fullDay
	}
	r := refund{applied: applied, reason: reason, amount: l.goods(), full: true}
	if reason != reasonChangedMind && s.chance(partialRate) {
		r.amount, r.full = int64(float64(l.goods())*s.between(0.1, 0.8)), false
	} else if s.chance(0.8) {
		r.kind = returnRefund
	}
	f.handle(&r, m, s)
	f.refunds[0], f.refunded = r, 1
	if !r.full && s.chance(secondRate) {
		r2 := refund{applied: applied + hours(20+100*s.unit()), reason: reason}
		r2.amount = int64(float64(l.goods()) * s.between(0.1, 0.6))
		f.handle(&r2, m, s)
		f.refunds[1], f.refunded = r2, 2
	}
}

func (f *fate) refundReason(s *stream) (reason uint8, asked bool) {
	u := s.unit()
	switch {
	case f.defective && u < defectRefund*qualityShare:
		return reasonQuality, true
	case f.defective && u < defectRefund*0.90:
		return reasonDamaged, true
	case f.defective && u < defectRefund*0.96:
		return reasonNotAsDescribed, true
	case f.defective:
		return reasonCounterfeit, u < defectRefund
	case f.misled:
		return reasonNotAsDescribed, u < misledRefund
	case f.late && u < lateRefund:
		return reasonLate, true
	case u >= 1-returnRate:
		return reasonChangedMind, true
	}
	return reasonOther, u >= 1-returnRate-0.002
}

// handle takes a refund from application to its end: the merchant pays, the platform decides, or it is
// closed without success.
func (f *fate) handle(r *refund, m *merchant, s *stream) {
	took := m.handling * (0.2 + 1.6*s.unit())
	if r.kind == returnRefund {
		took = 24 + 1.7*took // the goods travel back first
	}
	r.selfCompleted = !s.chance(m.unattended)
	if !r.selfCompleted { // the platform pays when the shop's time is up
		took = max(took, refundDeadline)
	}
	if s.chance(slowSuccessRate) {
		took += 24 * s.between(10, 40)
	}
	disputed := s.chance(m.dispute)
	if !disputed {
		r.closed = r.applied + hours(took)
		if !r.selfCompleted || !s.chance(rejectRate) {
			r.succeeded = r.closed
		}
		return
	}
	r.selfCompleted = false
	r.intervened = r.applied + hours(20+60*s.unit())
	r.liableAt = r.intervened + hours(20+80*s.unit())
	r.liable = f.whoIsLiable(s)
	r.closed = r.liableAt + hours(1+20*s.unit())
	if r.liable != liableBuyer && r.liable != liableNone {
		r.succeeded = r.closed
	}
}

// whoIsLiable is how the platform decides: mostly for what really happened.
func (f *fate) whoIsLiable(s *stream) uint8 {
	switch {
	case s.chance(0.15):
		return liableNone
	case f.misled && s.chance(0.7):
		return liablePromoter
	case f.defective, f.misled:
		return liableMerchant
	case f.late:
		return liableCarrier
	}
	return liableBuyer
}

func (f *fate) complain(s *stream) {
	var rate float64
	switch {
	case f.defective:
		rate, f.complaintKind = defectComplaint, complaintNotAsDescribed
		if s.chance(0.1) {
			f.complaintKind = complaintCounterfeit
		}
	case f.misled:
		rate, f.complaintKind = misledComplaint, complaintFalseAdvertising
	case f.late:
		rate, f.complaintKind = lateComplaint, complaintLogistics
	default:
		rate, f.complaintKind = idleComplaint, complaintService
	}
	if !s.chance(rate) {
		return
	}
	f.complained = f.signed + hours(48+200*s.unit())
	f.liable = f.whoIsLiable(s)
	f.upheld = f.liable != liableBuyer && f.liable != liableNone
}

// nextEvent is the first day after d on which a dump says something new of the line, or none.
func (f *fate) nextEvent(d calendar.Day) calendar.Day {
	next := calendar.Day(1 << 30)
	see := func(t moment) {
		if on := dayOf(t); t != 0 && on > d && on < next {
			next = on
		}
	}
	see(f.pickupDue)
	see(f.pickedUp)
	see(f.signed)
	see(f.reviewed)
	see(f.complained)
	for i := range f.refunded {
		r := &f.refunds[i]
		see(r.applied)
		see(r.intervened)
		see(r.liableAt)
		see(r.succeeded)
		see(r.closed)
	}
	if next == 1<<30 {
		return none
	}
	return next
}

// refundedBy is what was returned of a line by the end of day d, in fen: a full refund is the whole line,
// partial ones are summed and capped at it.
func (f *fate) refundedBy(d calendar.Day, goods int64) int64 {
	sum := int64(0)
	for i := range f.refunded {
		r := &f.refunds[i]
		if r.succeeded == 0 || dayOf(r.succeeded) > d {
			continue
		}
		if r.full {
			return goods
		}
		sum += r.amount
	}
	return min(sum, goods)
}
