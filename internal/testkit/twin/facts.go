package twin

import (
	"cmp"
	"maps"
	"slices"

	"github.com/windvane/windvane/transforms/contract"
)

// night holds everything known on the evening of the as-of date.
type night struct {
	Partitions
	Options
	lines   []line
	refunds []refund
}

// sale is what a scope may ask of an order line or of a refund of it.
type sale struct {
	merchant, product string
	promoter          *string
	category          string
	channel, scene    string
}

// line is one order row of one partition.
type line struct {
	Order
	sale
	dt      Day
	created bool // the row stands on its created day
	class   string
	amount  int64   // fen, buyer_paid + platform_subsidy
	brand   *string // null: none, or the product is unknown
}

// refund is one refund of a gmv_valid line, in the partition of its succeeded day.
type refund struct {
	Refund
	sale
	paidDay, succeededDay Day
	marginal              int64 // fen, what it adds to the line's earlier refunds below the cap
}

// open reads the partitions up to the as-of date.
func open(p Partitions, o Options) *night {
	n := &night{Partitions: p, Options: o}
	for _, dt := range n.seen(slices.Collect(maps.Keys(p.Orders))) {
		for _, o := range distinct(p.Orders[dt], func(o Order) string { return o.OrderLineID }) {
			n.lines = append(n.lines, n.line(o, dt))
		}
	}
	for _, dt := range n.seen(slices.Collect(maps.Keys(p.Refunds))) {
		for _, r := range distinct(p.Refunds[dt], func(r Refund) string { return r.RefundID }) {
			if n.counts(r, dt) {
				n.refunds = append(n.refunds, n.refund(r, dt))
			}
		}
	}
	n.capRefunds()
	return n
}

// seen are the days up to the as-of date, ascending.
func (n *night) seen(days []Day) []Day {
	days = slices.DeleteFunc(days, func(d Day) bool { return d > n.AsOf })
	slices.Sort(days)
	return days
}

// distinct keeps the first row of each key: a row delivered twice in a day counts once.
func distinct[R any](rows []R, key func(R) string) []R {
	var out []R
	for _, r := range rows {
		if !slices.ContainsFunc(out, func(o R) bool { return key(o) == key(r) }) {
			out = append(out, r)
		}
	}
	return out
}

func (n *night) line(o Order, dt Day) line {
	paid := o.PaidAt != nil && DayAt(*o.PaidAt, n.Zone) == dt
	amount := o.BuyerPaidFen + o.PlatformSubsidyFen
	return line{
		Order:   o,
		sale:    n.sale(o.MerchantID, o.ProductID, o.PromoterID, o.AuthorID, o.Scene, dt),
		dt:      dt,
		created: DayAt(o.CreatedAt, n.Zone) == dt,
		class:   n.classOf(paid, o.OrderKind, o.RiskReason, o.Quantity, amount),
		amount:  amount,
		brand:   n.product(o.ProductID, dt).BrandID,
	}
}

// counts tells whether a refund row of partition dt is the one that counts.
func (n *night) counts(r Refund, dt Day) bool {
	if r.SucceededAt == nil || DayAt(*r.SucceededAt, n.Zone) != dt {
		return false
	}
	return valid(n.classOf(true, r.OrderKind, r.RiskReason, r.Quantity, r.BuyerPaidFen+r.PlatformSubsidyFen))
}

func (n *night) refund(r Refund, dt Day) refund {
	paid := DayAt(r.PaidAt, n.Zone)
	return refund{
		Refund:       r,
		sale:         n.sale(r.MerchantID, r.ProductID, r.PromoterID, r.AuthorID, r.Scene, paid),
		paidDay:      paid,
		succeededDay: dt,
	}
}

// capRefunds gives each refund what it adds to the earlier ones of its line.
func (n *night) capRefunds() {
	slices.SortStableFunc(n.refunds, func(a, b refund) int {
		return cmp.Or(a.SucceededAt.Compare(*b.SucceededAt), cmp.Compare(a.RefundID, b.RefundID))
	})
	for i := range n.refunds {
		r := &n.refunds[i]
		whole := r.BuyerPaidFen + r.PlatformSubsidyFen
		amount := r.AmountFen
		if r.IsFull {
			amount = whole
		}
		var before int64
		for _, earlier := range n.refunds[:i] {
			if earlier.OrderLineID == r.OrderLineID {
				before += earlier.marginal
			}
		}
		r.marginal = min(amount, whole-before)
	}
}

func (n *night) sale(merchant, product string, promoter, author *string, scene string, dt Day) sale {
	category := "(none)"
	if c := n.product(product, dt).Category1ID; c != nil {
		category = *c
	}
	return sale{
		merchant: merchant, product: product, promoter: promoter,
		category: category, channel: n.channelOf(merchant, promoter, author, dt), scene: scene,
	}
}

// product is the product's row in the snapshot of dt or the nearest earlier one; zero if unknown.
func (n *night) product(id string, dt Day) Product {
	snapshot, _ := newest(n.Products, dt)
	for _, p := range snapshot {
		if p.ProductID == id {
			return p
		}
	}
	return Product{}
}

func (n *night) channelOf(merchant string, promoter, author *string, dt Day) string {
	account := author
	if account == nil {
		account = promoter
	}
	if account == nil {
		return contract.Channels[contract.ChannelNone]
	}
	snapshot, ok := newest(n.Talents, dt)
	switch owner := ownerOf(snapshot, *account); {
	case !ok:
		return contract.Channels[contract.ChannelUnknown]
	case owner != nil && *owner == merchant:
		return contract.Channels[contract.ChannelSelf]
	case promoter != nil:
		return contract.Channels[contract.ChannelDistribution]
	}
	return contract.Channels[contract.ChannelNone]
}

// ownerOf is the merchant that owns an account; nil if nobody does or the account is unknown.
func ownerOf(snapshot []Talent, account string) *string {
	for _, t := range snapshot {
		if t.TalentID == account {
			return t.OwnerMerchantID
		}
	}
	return nil
}

// Lines of 2 yuan and less are not valid for scores.
const cheapFen = 200

func (n *night) classOf(paid bool, kind string, risk *string, quantity, amount int64) string {
	switch {
	case !paid:
		return "unpaid"
	case kind == "test":
		return "test"
	case risk != nil || n.tooMany(quantity):
		return "abnormal"
	case kind == "gift" || kind == "lucky_bag" || kind == "sample" || amount <= cheapFen:
		return "gmv_valid"
	}
	return "score_valid"
}

func (n *night) tooMany(quantity int64) bool {
	return n.MaxUnitsPerLine != nil && quantity > int64(*n.MaxUnitsPerLine)
}

// valid tells whether lines of a class are gmv_valid.
func valid(class string) bool { return class == "gmv_valid" || class == "score_valid" }

// refundsCover tells whether refunds of all lines paid on the days of s are known: no orders of them stand before the first
// partition of refunds.
func (n *night) refundsCover(s span) bool {
	return n.beginsBefore(s, n.seen(slices.Collect(maps.Keys(n.Refunds))))
}

// channelsCover tells whether the channels of all sales on the days of s are known: no orders of them stand before the first
// talents snapshot.
func (n *night) channelsCover(s span) bool {
	return n.beginsBefore(s, n.seen(slices.Collect(maps.Keys(n.Talents))))
}

// beginsBefore tells whether a table with these days, ascending, begins before the orders of the days of s.
func (n *night) beginsBefore(s span, days []Day) bool {
	if len(days) == 0 {
		return false
	}
	for d := range n.Orders {
		if s.has(d) && n.present(d) && d < days[0] {
			return false
		}
	}
	return true
}

func (n *night) hasProducts() bool {
	_, ok := newest(n.Products, n.AsOf)
	return ok
}

// present tells whether a day has an orders partition that the night sees.
func (n *night) present(d Day) bool {
	_, ok := n.Orders[d]
	return ok && d <= n.AsOf
}

func (n *night) daysPresent(sc scope, s span) int64 {
	var count int64
	for d := s.first; d <= s.last; d++ {
		if n.present(d) && n.tells(sc, d) {
			count++
		}
	}
	return count
}

// tells tells whether what was sold on a day is known to be of a subject or not: before the first snapshot of products nobody knows what is of
// a category.
func (n *night) tells(sc scope, d Day) bool {
	if sc.role != "category" || sc.subject == contract.NoSubject {
		return true
	}
	_, known := newest(n.Products, d)
	return known
}

// since is the first day of the history kept that has orders.
func (n *night) since() Day {
	kept, first := window(n.AsOf, n.HistoryDays), n.AsOf
	for d := range n.Orders {
		if kept.has(d) {
			first = min(first, d)
		}
	}
	return first
}

// historyStart is the first day from which all purchases in a role are known, of those from a day on.
func (n *night) historyStart(role string, from Day) Day {
	start := n.AsOf + 1
	for d := range n.Orders {
		start = min(start, d)
	}
	start = max(start, from)
	if role == "category" {
		if first := slices.Min(slices.Collect(maps.Keys(n.Products))); first > start {
			return first // declared or not: orders before it lie under no category
		}
	}
	return n.declared(start)
}

// declared is the start of history, moved back to history_complete_from if that is earlier.
func (n *night) declared(start Day) Day {
	if n.HistoryCompleteFrom != nil {
		start = min(start, *n.HistoryCompleteFrom)
	}
	return start
}

// cell selects sales.
type cell func(sale) bool

// scope is a role and a subject.
type scope struct{ role, subject string }

// subjectOf is the subject of a sale in a role; false if it has none.
func (n *night) subjectOf(role string, s sale) (string, bool) {
	switch role {
	case "platform":
		return "", true
	case "category":
		return s.category, n.hasProducts()
	case "merchant":
		return s.merchant, true
	case "talent":
		if s.promoter == nil {
			return "", false
		}
		return *s.promoter, true
	case "product":
		return s.product, true
	}
	panic("twin: no role " + role)
}

func (n *night) cellOf(sc scope) cell {
	return func(s sale) bool {
		subject, ok := n.subjectOf(sc.role, s)
		return ok && subject == sc.subject
	}
}

// scopes are all subjects of the roles that any line or refund names.
func (n *night) scopes(roles ...string) []scope {
	found := map[scope]bool{}
	note := func(s sale) {
		for _, role := range roles {
			if subject, ok := n.subjectOf(role, s); ok {
				found[scope{role, subject}] = true
			}
		}
	}
	for _, l := range n.lines {
		note(l.sale)
	}
	for _, r := range n.refunds {
		note(r.sale)
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b scope) int {
		return cmp.Or(cmp.Compare(a.role, b.role), cmp.Compare(a.subject, b.subject))
	})
}

// sold are the gmv_valid lines of a cell paid in a span.
func (n *night) sold(in cell, s span) []line {
	var out []line
	for _, l := range n.lines {
		if valid(l.class) && s.has(l.dt) && in(l.sale) {
			out = append(out, l)
		}
	}
	return out
}
