package repeat

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Rows are purchases of pairs, packed, as columns of equal length. They are sorted by subject (Null
// last), buyer and, newest first, day; the rows of one pair and day stand together.
//
// Subject is nil for the platform, which has none. Facts holds the day, what is small, and what Value
// is (see the kinds); what does not fit into Facts has a row of its own, so nothing is ever cut off.
type Rows struct{ Subject, Buyer, Facts, Value []int64 }

// Len is the number of rows.
func (r Rows) Len() int { return len(r.Buyer) }

// Bytes is the memory the columns hold.
func (r Rows) Bytes() int64 {
	return 8 * int64(len(r.Subject)+len(r.Buyer)+len(r.Facts)+len(r.Value))
}

// Slice are rows [from, to).
func (r Rows) Slice(from, to int) Rows {
	out := Rows{Buyer: r.Buyer[from:to], Facts: r.Facts[from:to], Value: r.Value[from:to]}
	if r.Subject != nil {
		out.Subject = r.Subject[from:to]
	}
	return out
}

// Concat joins successive stretches of sorted rows.
func Concat(parts []Rows) Rows {
	if len(parts) == 1 {
		return parts[0]
	}
	var out Rows
	for _, p := range parts {
		out.append(p)
	}
	return out
}

func (r Rows) subject(i int) int64 {
	if r.Subject == nil {
		return 0
	}
	return r.Subject[i]
}

func (r Rows) key(i int) Key { return Key{r.subject(i), r.Buyer[i]} }

// A row's facts, from the lowest bit: day, flags, kind, orders, lines.
const (
	dayBits   = 16 // days since 1970, to the year 2149
	countBits = 8

	atDistribution = dayBits
	atSelfLive     = atDistribution + 1
	atKind         = atSelfLive + 1
	kindBits       = 3
	atOrders       = atKind + kindBits
	atLines        = atOrders + countBits

	dayMask   = 1<<dayBits - 1
	kindMask  = 1<<kindBits - 1
	countMask = 1<<countBits - 1
)

// Kinds of rows: what Value is.
const (
	kindPurchase  = iota // 支付 GMV in fen; the facts hold flags, orders and lines
	kindOrders           // more orders
	kindLines            // more lines
	kindSetOrders        // full sets
	kindSetFen           // their amount
	kindUndone           // fully refunded lines; only in the run of refunds
)

func dayOf(facts int64) calendar.Day { return calendar.Day(facts & dayMask) }
func kindOf(facts int64) int64       { return facts >> atKind & kindMask }

func flag(n int64, at uint) int64 {
	var set int64
	if n > 0 { // no branch: flags come at random
		set = 1
	}
	return set << at
}

// small is n where it fits into the facts; what does not fit gets a row of its own.
func small(n int64) int64 {
	if uint64(n) > countMask {
		return 0
	}
	return n
}

// purchases are the columns of a <role>_buyers rollup.
type purchases struct {
	subject, buyer, orders, lines, paid, distribution, selfLive, setOrders, setFen []int64
}

// Columns are the columns of the scope's <role>_buyers rollup that pairs are made of.
func Columns(scope contract.Scope) []string {
	return scope.Keys("buyer_id", "orders", "lines", "paid_fen", "distribution_lines", "self_live_lines", "set_orders", "set_fen")
}

func purchasesOf(scope contract.Scope, f *column.Frame) purchases {
	p := purchases{buyer: f.Column("buyer_id"), orders: f.Column("orders"), lines: f.Column("lines"), paid: f.Column("paid_fen"),
		distribution: f.Column("distribution_lines"), selfLive: f.Column("self_live_lines"), setOrders: f.Column("set_orders"), setFen: f.Column("set_fen")}
	if scope.Subject != "" {
		p.subject = f.Column(scope.Subject)
	}
	return p
}

// Pack packs a stretch of one day's <role>_buyers rollup. The columns of the frame are shared where
// they can be. It fails if the rows are not sorted.
func Pack(scope contract.Scope, d column.Dated, order column.SubjectOrder) (Rows, error) {
	if d.Day < 0 || d.Day > dayMask {
		return Rows{}, fmt.Errorf("day %s cannot be packed", d.Day)
	}
	p := purchasesOf(scope, d.Frame)
	r := p.pack(d.Day)
	return r, CheckOrder(order, r)
}

func (p *purchases) pack(day calendar.Day) Rows {
	facts := make([]int64, len(p.buyer))
	more := 0
	for i := range facts {
		facts[i] = int64(day) | flag(p.distribution[i], atDistribution) | flag(p.selfLive[i], atSelfLive) |
			small(p.orders[i])<<atOrders | small(p.lines[i])<<atLines
		if !p.fits(i) {
			more += p.extra(i)
		}
	}
	r := Rows{p.subject, p.buyer, facts, p.paid}
	if more > 0 {
		r = p.expand(r, more)
	}
	return r
}

// fits tells whether the facts hold all of row i but its amount.
func (p *purchases) fits(i int) bool {
	return uint64(p.orders[i]|p.lines[i]) <= countMask && p.setOrders[i]|p.setFen[i] == 0
}

// rest is what row i holds beyond its facts, by kind from kindOrders on.
func (p *purchases) rest(i int) [4]int64 {
	return [4]int64{p.orders[i] - small(p.orders[i]), p.lines[i] - small(p.lines[i]), p.setOrders[i], p.setFen[i]}
}

func (p *purchases) extra(i int) (rows int) {
	for _, v := range p.rest(i) {
		if v != 0 {
			rows++
		}
	}
	return rows
}

// expand adds the rows of what does not fit into facts, behind the rows they belong to.
func (p *purchases) expand(r Rows, more int) Rows {
	n := r.Len() + more
	out := Rows{Buyer: make([]int64, 0, n), Facts: make([]int64, 0, n), Value: make([]int64, 0, n)}
	if r.Subject != nil {
		out.Subject = make([]int64, 0, n)
	}
	from := 0
	for i := range r.Len() {
		if p.fits(i) {
			continue
		}
		out.append(r.Slice(from, i+1))
		from = i + 1
		for kind, v := range p.rest(i) {
			if v != 0 {
				more := r.Slice(i, i+1)
				more.Facts, more.Value = []int64{r.Facts[i]&dayMask | int64(kindOrders+kind)<<atKind}, []int64{v}
				out.append(more)
			}
		}
	}
	out.append(r.Slice(from, r.Len()))
	return out
}

// append adds the rows behind.
func (r *Rows) append(o Rows) {
	r.Subject = append(r.Subject, o.Subject...)
	r.Buyer, r.Facts, r.Value = append(r.Buyer, o.Buyer...), append(r.Facts, o.Facts...), append(r.Value, o.Value...)
}

// Key is where a row stands in the order of stored pairs.
type Key struct{ Subject, Buyer int64 }

// firstBuyer stands before every buyer, lastBuyer behind.
const firstBuyer, lastBuyer = math.MinInt64, math.MaxInt64

// compareKeys is the order of stored pairs: subjects, then buyers by number.
func compareKeys(o column.SubjectOrder, a, b Key) int {
	if a.Subject != b.Subject {
		return o.Compare(a.Subject, b.Subject)
	}
	return cmp.Compare(a.Buyer, b.Buyer)
}

// CheckOrder fails with ErrNotSorted if rows are not sorted by subject and buyer.
func CheckOrder(o column.SubjectOrder, r Rows) error {
	if o.Dict == nil && r.inOrder() {
		return nil
	}
	for i := 1; i < len(r.Buyer); i++ {
		if r.Subject != nil && r.Subject[i] != r.Subject[i-1] {
			if o.Compare(r.Subject[i-1], r.Subject[i]) > 0 {
				return fmt.Errorf("row %d: %w", i, ErrNotSorted)
			}
		} else if r.Buyer[i] < r.Buyer[i-1] {
			return fmt.Errorf("row %d: %w", i, ErrNotSorted)
		}
	}
	return nil
}

// inOrder tells whether rows are sorted whose subjects are numbers. It has no branch: where a subject ends cannot be guessed.
func (r Rows) inOrder() bool {
	if r.Subject == nil {
		return slices.IsSorted(r.Buyer)
	}
	var subject, buyer, less uint64
	for i, s := range r.Subject[:len(r.Buyer)] {
		s, b := column.NullLast(s), rankBuyer(r.Buyer[i])
		_, borrow := bits.Sub64(b, buyer, 0)
		_, borrow = bits.Sub64(s, subject, borrow)
		less |= borrow
		subject, buyer = s, b
	}
	return less == 0
}
