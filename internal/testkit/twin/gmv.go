package twin

import "github.com/windvane/windvane/transforms/contract"

func gmvWindows() []int { return []int{1, 7, 30, 60, 90, 365} }

// lag15 and lag30 are how far the lagged forms look back, and within how many days of payment refunds count.
const lag15, lag30 = 15, 30

// hasRow is the one rule for the rows of gmv and gmv_split: the cell has an order row that is no test,
// created or paid in the window or in one of the windows of the lagged figures; in gmv also if a refund
// in the window returned something.
func (n *night) hasRow(in cell, s span, refunds bool) bool {
	for _, l := range n.lines {
		seen := s.has(l.dt) || s.earlier(lag15).has(l.dt) || s.earlier(lag30).has(l.dt)
		if l.OrderKind != "test" && seen && in(l.sale) {
			return true
		}
	}
	for _, r := range n.refunds {
		if refunds && r.marginal != 0 && s.has(r.succeededDay) && in(r.sale) {
			return true
		}
	}
	return false
}

func (n *night) gmv() []GMVRow {
	var rows []GMVRow
	for _, sc := range n.scopes(contract.Roles...) {
		for _, days := range gmvWindows() {
			if s := window(n.AsOf, days); n.hasRow(n.cellOf(sc), s, true) {
				rows = append(rows, n.gmvRow(sc, s))
			}
		}
	}
	return rows
}

func (n *night) gmvRow(sc scope, s span) GMVRow {
	in := n.cellOf(sc)
	forms := n.forms(in, s)
	orders, buyers := countOrders(n.sold(in, s)), count(buyersOf(n.sold(in, s)))
	fresh := n.newBuyers(sc, s)
	return GMVRow{
		Subject: n.subject(sc), WindowDays: s.days(), DaysPresent: n.daysPresent(sc, s), LagPresent: n.lagPresent(sc, s),
		GMVForms: forms, Orders: orders,
		RefundAmtFen: n.refundAmount(in, s), RefundRateRatio: refundRate(forms),
		Buyers: buyers, NewBuyers: countKnown(fresh), ReturningBuyers: less(&buyers, countKnown(fresh)),
		ATVBuyerFen: average(&forms.GMVPaidFen, &buyers), ATVOrderFen: average(&forms.GMVPaidFen, &orders),
	}
}

func (n *night) lagPresent(sc scope, s span) LagPresent {
	return LagPresent{n.daysPresent(sc, s.earlier(lag15)), n.daysPresent(sc, s.earlier(lag30))}
}

func (n *night) gmvSplit() []GMVSplitRow {
	var rows []GMVSplitRow
	for _, sc := range n.scopes(contract.Roles...) {
		for _, days := range gmvWindows() {
			for _, channel := range contract.Channels {
				for _, scene := range contract.Scenes {
					rows = append(rows, n.splitRows(sc, window(n.AsOf, days), channel, scene)...)
				}
			}
		}
	}
	return rows
}

// splitRows is one row, or none if nothing happened in the cell.
func (n *night) splitRows(sc scope, s span, channel, scene string) []GMVSplitRow {
	in := func(x sale) bool { return n.cellOf(sc)(x) && x.channel == channel && x.scene == scene }
	if !n.hasRow(in, s, false) {
		return nil
	}
	return []GMVSplitRow{{
		Subject: n.subject(sc), WindowDays: s.days(), Channel: channel, Scene: scene,
		GMVForms: n.forms(in, s), OrdersTouching: countOrders(n.sold(in, s)),
	}}
}

// forms are the GMV forms of a cell for the days of s; the lagged ones for the same days 15 and 30 days earlier.
func (n *night) forms(in cell, s span) GMVForms {
	f := GMVForms{
		GMVPaidFen:      amountOf(n.sold(in, s)),
		GMVNetFen:       n.net(in, s, nil),
		GMVPaidLag15Fen: amountOf(n.sold(in, s.earlier(lag15))),
		GMVNet15Fen:     n.net(in, s.earlier(lag15), ptr(Day(lag15))),
		GMVPaidLag30Fen: amountOf(n.sold(in, s.earlier(lag30))),
		GMVNet30Fen:     n.net(in, s.earlier(lag30), ptr(Day(lag30))),
	}
	for _, l := range n.lines {
		if !s.has(l.dt) || !in(l.sale) {
			continue
		}
		if l.created && l.OrderKind != "test" {
			f.GMVOrderFen += l.amount
		}
		if valid(l.class) || l.class == "abnormal" {
			f.GMVPaidRawFen += l.amount
		}
		if valid(l.class) {
			f.Lines++
			f.Quantity += l.Quantity
		}
	}
	return f
}

// net is gmv_paid of the pay days s less what was refunded of those days' lines, by the as-of date and, if
// within is given, at most so many days after payment. Nil where not all refunds are known.
func (n *night) net(in cell, s span, within *Day) *int64 {
	if !n.refundsCover(s) {
		return nil
	}
	net := amountOf(n.sold(in, s))
	for _, r := range n.refunds {
		inTime := within == nil || r.succeededDay-r.paidDay <= *within
		if s.has(r.paidDay) && n.present(r.paidDay) && inTime && in(r.sale) {
			net -= r.marginal
		}
	}
	return &net
}

// refundAmount is what was refunded on the days of s, whenever it was paid. Nil where not all refunds are known.
func (n *night) refundAmount(in cell, s span) *int64 {
	if !n.refundsCover(s) {
		return nil
	}
	var sum int64
	for _, r := range n.refunds {
		if s.has(r.succeededDay) && in(r.sale) {
			sum += r.marginal
		}
	}
	return &sum
}

// refundRate is 1 - gmv_net30/gmv_paid_lag30.
func refundRate(f GMVForms) *float64 {
	kept := ratio(f.GMVNet30Fen, &f.GMVPaidLag30Fen)
	if kept == nil {
		return nil
	}
	return ptr(1 - *kept)
}

// newBuyers are the buyers of s without a purchase in the 365 days before; nil if history is too short to know.
func (n *night) newBuyers(sc scope, s span) map[string]bool {
	before, in := span{s.first - 365, s.first - 1}, n.cellOf(sc)
	if n.historyStart(sc.role, 0) > before.first {
		return nil
	}
	known := buyersOf(n.sold(in, before))
	fresh := map[string]bool{}
	for b := range buyersOf(n.sold(in, s)) {
		if !known[b] {
			fresh[b] = true
		}
	}
	return fresh
}

func (n *night) excluded() []ExcludedRow {
	var rows []ExcludedRow
	for _, sc := range n.scopes("platform", "merchant") {
		for _, days := range gmvWindows() {
			rows = append(rows, n.excludedRows(sc, window(n.AsOf, days))...)
		}
	}
	return rows
}

func (n *night) excludedRows(sc scope, s span) []ExcludedRow {
	byReason := map[string]*ExcludedRow{}
	for _, l := range n.lines {
		reason := reasonOf(l)
		if reason == "" || !s.has(l.dt) || !n.cellOf(sc)(l.sale) {
			continue
		}
		if byReason[reason] == nil {
			byReason[reason] = &ExcludedRow{Subject: n.subject(sc), WindowDays: s.days(), Reason: reason}
		}
		byReason[reason].Lines++
		byReason[reason].GMVFen += l.amount
	}
	var rows []ExcludedRow
	for _, r := range byReason {
		rows = append(rows, *r)
	}
	return rows
}

// reasonOf tells why a paid line is not gmv_valid; empty if it is, or is not paid.
func reasonOf(l line) string {
	switch {
	case l.class == "test":
		return "test"
	case l.class == "abnormal" && l.RiskReason != nil:
		return "risk:" + *l.RiskReason
	case l.class == "abnormal":
		return "max_units_per_line"
	}
	return ""
}

func amountOf(lines []line) int64 {
	var sum int64
	for _, l := range lines {
		sum += l.amount
	}
	return sum
}

func buyersOf(lines []line) map[string]bool {
	set := map[string]bool{}
	for _, l := range lines {
		set[l.BuyerID] = true
	}
	return set
}

// countOrders counts the distinct orders of each pay day.
func countOrders(lines []line) int64 {
	type dayOrder struct {
		day   Day
		order string
	}
	set := map[dayOrder]bool{}
	for _, l := range lines {
		set[dayOrder{l.dt, l.OrderID}] = true
	}
	return int64(len(set))
}

func count(set map[string]bool) int64 { return int64(len(set)) }

// countKnown counts a set; nil if the set is not known.
func countKnown(set map[string]bool) *int64 {
	if set == nil {
		return nil
	}
	return ptr(count(set))
}

// less is a - b; nil if either is unknown.
func less(a, b *int64) *int64 {
	if a == nil || b == nil {
		return nil
	}
	return ptr(*a - *b)
}

func ptr[T any](v T) *T { return &v }
