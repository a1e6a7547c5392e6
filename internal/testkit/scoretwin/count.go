package scoretwin

import (
	"math"
	"slices"
)

// Unit is how often an order counts whose lines have the event on several days.
type Unit int

// Units.
const (
	OncePerDay Unit = iota // once on each of those days, as the night counts
	OnceForAll             // once, as definitions.md says
)

// Figure is x of n.
type Figure struct{ X, N float64 }

// Subject is what is counted of one subject.
type Subject struct {
	Window  int64 // days
	Orders  int64 // valid ones of the window, not weighted
	Figures map[string]Figure
	Floor   map[string]float64 // n of each figure as floors take it: not weighted, and of transit the lines
}

// Given are figures of other subjects that a talent's figures stand on, scores that the same night published, and the windows that
// talents may have; none: 90 days.
type Given struct {
	Product, Shop map[int64]float64
	Windows       []int64
}

// lag is how long refunds and complaints are waited for, in days.
const lag = 15

// rows are the rows of one subject.
type rows struct {
	*Dumps
	unit       Unit
	weighted   bool
	window     int64
	orders     []*orderRow
	refunds    []*refundRow
	shipments  []*shipmentRow
	reviews    []*reviewRow
	complaints []*complaintRow
	chats      []*chatRow
	contents   []*contentRow
	traffic    []*trafficRow
}

// of gives every subject its rows. key tells the subject of a row by merchant, product and promoter, none: nobody's.
func (d *Dumps) of(unit Unit, weighted bool, key func(merchant, product, promoter int64) int64) func(subject int64) *rows {
	all := map[int64]*rows{}
	at := func(subject int64) *rows {
		if all[subject] == nil {
			all[subject] = &rows{Dumps: d, unit: unit, weighted: weighted}
		}
		return all[subject]
	}
	ofLine := func(l *line) *rows { return at(key(l.merchant, l.product, l.promoter)) }
	for i := range d.orders {
		r := ofLine(&d.orders[i].line)
		r.orders = append(r.orders, &d.orders[i])
	}
	for i := range d.refunds {
		r := ofLine(&d.refunds[i].line)
		r.refunds = append(r.refunds, &d.refunds[i])
	}
	for i := range d.shipments {
		r := ofLine(&d.shipments[i].line)
		r.shipments = append(r.shipments, &d.shipments[i])
	}
	for i := range d.reviews {
		r := ofLine(&d.reviews[i].line)
		r.reviews = append(r.reviews, &d.reviews[i])
	}
	for i := range d.complaints {
		c := &d.complaints[i]
		r := at(key(c.merchant, c.product, c.promoter))
		r.complaints = append(r.complaints, c)
	}
	for i := range d.chats {
		r := at(key(d.chats[i].merchant, none, none))
		r.chats = append(r.chats, &d.chats[i])
	}
	for i := range d.contents {
		r := at(key(none, none, d.contents[i].author))
		r.contents = append(r.contents, &d.contents[i])
	}
	for i := range d.traffic {
		r := at(key(none, d.traffic[i].product, d.traffic[i].promoter))
		r.traffic = append(r.traffic, &d.traffic[i])
	}
	return at
}

// inWindow: day lies in [D-N+1, D].
func (r *rows) inWindow(day int64) bool { return day != none && day <= r.asOf && day > r.asOf-r.window }

// inLagged: day of payment lies in [D-15-N+1, D-15].
func (r *rows) inLagged(paid int64) bool {
	return paid != none && paid <= r.asOf-lag && paid > r.asOf-lag-r.window
}

// settledEvent: of one of the orders counted, which is a valid line paid in the lagged window, and the moment came within 15 days of
// payment. Where its order is in no dump it is an event of none of them.
func (r *rows) settledEvent(l *line, moment int64) bool {
	ordered := slices.ContainsFunc(r.orders, func(o *orderRow) bool { return o.order == l.order && o.paid == l.paid })
	return l.valid() && r.inLagged(l.paid) && r.watched(l.paid) && ordered && moment != none && dayOf(moment) <= l.paid+lag
}

// watched: what was paid on a day is seen from then on by the dumps of refunds.
func (r *rows) watched(paid int64) bool {
	for day := range r.days["refunds"] {
		if day <= paid {
			return true
		}
	}
	return false
}

// weight of a day: 2^(-age/30) to six decimals, or 1.
func (r *rows) weight(day int64) float64 {
	if !r.weighted {
		return 1
	}
	return math.Round(1e6*math.Pow(2, -float64(r.asOf-day)/30)) / 1e6
}

// orderTally counts distinct orders.
type orderTally struct {
	rows *rows
	seen map[[2]int64]bool
	sum  float64
}

func (r *rows) distinct() *orderTally { return &orderTally{rows: r, seen: map[[2]int64]bool{}} }

// add counts an order on the day of its event; weightDay is the day whose weight it has.
func (t *orderTally) add(order, day, weightDay int64) {
	key := [2]int64{order, day}
	if t.rows.unit == OnceForAll {
		key[1] = 0
	}
	if !t.seen[key] {
		t.seen[key] = true
		t.sum += t.rows.weight(weightDay)
	}
}

// validOrders of a span of pay days.
func (r *rows) validOrders(in func(paid int64) bool) float64 {
	t := r.distinct()
	for _, o := range r.orders {
		if o.valid() && in(o.paid) {
			t.add(o.order, o.paid, o.paid)
		}
	}
	return t.sum
}

// lagged are the valid orders of the lagged window that refunds would be seen of.
func (r *rows) lagged() float64 {
	return r.validOrders(func(paid int64) bool { return r.inLagged(paid) && r.watched(paid) })
}

// signed orders of some days.
func (r *rows) signed(in func(day int64) bool) float64 {
	t := r.distinct()
	for _, s := range r.shipments {
		if day := dayOf(s.signed); s.valid() && in(day) {
			t.add(s.order, day, day)
		}
	}
	return t.sum
}

// qualityRefunds: orders whose first refund has reason quality.
func (r *rows) qualityRefunds() Figure {
	t := r.distinct()
	for _, f := range r.refunds {
		if f.first && f.reason == "quality" && r.settledEvent(&f.line, f.applied) {
			t.add(f.order, f.paid, f.paid)
		}
	}
	return Figure{t.sum, r.lagged()}
}

// disputes: orders into which the platform was called.
func (r *rows) disputes() Figure {
	t := r.distinct()
	for _, f := range r.refunds {
		if r.settledEvent(&f.line, f.intervened) {
			t.add(f.order, dayOf(f.intervened), f.paid)
		}
	}
	return Figure{t.sum, r.lagged()}
}

// badReviews: first reviews of 1 or 2 stars of the signed orders.
func (r *rows) badReviews(counts func(*reviewRow) bool) Figure {
	var bad float64
	both := func(day int64) bool { return r.inWindow(day) && r.days["reviews"][day] && r.days["shipments"][day] }
	for _, v := range r.reviews {
		if v.valid() && v.first && v.rating <= 2 && both(v.day) && counts(v) {
			bad += r.weight(v.day)
		}
	}
	return Figure{bad, r.signed(both)}
}

// upheld complaints of some kinds, over the valid orders of the lagged window: those of a day over the orders of 15 days before.
func (r *rows) upheld(kinds ...string) (f Figure) {
	for day := r.asOf; r.inWindow(day); day-- {
		if !r.days["complaints"][day] || !r.days["orders"][day-lag] {
			continue
		}
		for _, c := range r.complaints {
			if c.upheld && slices.Contains(kinds, c.kind) && c.day == day {
				f.X += r.weight(day - lag) // as the orders that it is counted over
			}
		}
		f.N += r.validOrders(func(paid int64) bool { return paid == day-lag })
	}
	return f
}

func (s *shipmentRow) shipped() bool { return s.valid() && s.kind != "presale" && !s.unshipped }

// missedPickups of the orders whose pick-up was due on a day of the window that has a dump to tell it.
func (r *rows) missedPickups() Figure {
	due, missed := r.distinct(), r.distinct()
	for _, s := range r.shipments {
		day := dayOf(s.due)
		if !s.shipped() || !r.inWindow(day) || !r.days["shipments"][day] {
			continue
		}
		due.add(s.order, day, day)
		if s.picked == none || s.picked > s.due {
			missed.add(s.order, day, day)
		}
	}
	return Figure{missed.sum, due.sum}
}

// timed: signed in the window, and it is known how long it took and takes.
func (r *rows) timed(s *shipmentRow) bool {
	return s.shipped() && r.inWindow(dayOf(s.signed)) && s.picked != none && s.median != none
}

// transit: seconds from pick-up to signature, and of the routes' medians.
func (r *rows) transit() (f Figure) {
	for _, s := range r.shipments {
		if r.timed(s) {
			f.X += float64((s.signed - s.picked) / 1_000_000)
			f.N += math.Round(s.median * 3600)
		}
	}
	return Figure{f.X / 3600, f.N / 3600}
}

// refundHours of refunds that the merchant completed, at most 168 each.
func (r *rows) refundHours(counts func(*refundRow) bool) (f Figure) {
	var seconds int64
	for _, v := range r.refunds {
		if r.settledEvent(&v.line, v.closed) && v.ending && v.byMerchant && counts(v) {
			seconds += min(168*3600, (v.closed-v.applied)/1_000_000)
			f.N++
		}
	}
	f.X = float64(seconds) / 3600
	return f
}

// notRepeat: buyers of 90 days without a second purchase day. A line whose full refund came within 15 days is none. Null where
// the orders of 90 days are not there.
func (r *rows) notRepeat() (f Figure) {
	early := false
	for day := range r.days["orders"] {
		early = early || day <= r.asOf-89
	}
	if !early {
		return Figure{none, none}
	}
	undone := r.undone()
	days := map[int64]map[int64]bool{}
	for _, o := range r.orders {
		if !o.gmvValid() || o.paid > r.asOf || o.paid <= r.asOf-90 || undone[o.id] {
			continue
		}
		if days[o.buyer] == nil {
			days[o.buyer] = map[int64]bool{}
		}
		days[o.buyer][o.paid] = true
	}
	for _, d := range days {
		f.N++
		if len(d) < 2 {
			f.X++
		}
	}
	return f
}

// undone are the order lines that a full refund took back within 15 days of payment.
func (r *rows) undone() map[int64]bool {
	out := map[int64]bool{}
	for _, f := range r.refunds {
		if f.full && f.gmvValid() && f.ok != none && dayOf(f.ok) <= f.paid+lag {
			out[f.orderLine] = true
		}
	}
	return out
}

// paid is 支付 GMV of valid orders of a span of pay days, in fen.
func (r *rows) paid(in func(paid int64) bool) (fen float64) {
	for _, o := range r.orders {
		if o.valid() && in(o.paid) {
			fen += float64(o.fen)
		}
	}
	return fen
}
