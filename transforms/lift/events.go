package lift

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"sync"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Events collects what moves pairs: the rows of all rollups that a state has to take in, in any order, dealt out by
// ranges of buyers so that each range can be merged with its pairs alone.
//
// First every row of eligibility has to be there, then sales before entry can be told from those nobody asks for.
type Events struct {
	parts   int
	changes *column.Scatter
	refunds *column.Scatter

	mu       sync.Mutex
	eligible *column.Grouper // buyer and merchant of the pairs that may be new
}

// View says which state of the dumps a row is of.
type View int64

// Rows of a day that was there before and was corrected stand in Before as they were and in Now as they are; of a day
// that is only looked at because its neighbour changed, in both; of a new day in Now.
const (
	Now View = 1 << iota
	Before
	Both = Now | Before
)

// What a change tells. Columns: buyer, merchant (Null: of the buyer at all merchants), facts, three values.
const (
	kindEligible = iota // arm in the facts; source, programme
	kindHistory         // sales before the days that are new, as they are now, of pairs that may be new: fen, orders
	kindSales           // self-broadcast fen, orders; fen in all channels
	kindShown
	kindUser // fen at all merchants
)

const (
	changeWidth = 6
	refundWidth = 3
)

// The facts of a change, so that changes of a pair sort by day, then kind.
func factsOf(day calendar.Day, kind int, view View, arm int64) int64 {
	return int64(day)<<8 | int64(kind)<<4 | int64(view)<<1 | arm
}

// rowsPerRange is how many pairs and changes a range of buyers aims at: a few row groups of pairs.
const rowsPerRange = 1 << 18

const maxRanges = 1 << 10

// NewEvents makes room for what comes, given the number of pairs and of changes expected.
func NewEvents(rows int64, mem column.Memory) *Events {
	parts := 1
	if rows > rowsPerRange {
		parts = min(maxRanges, 1<<bits.Len64(uint64((rows-1)/rowsPerRange)))
	}
	return &Events{parts: parts, eligible: column.NewGrouper(2, 0),
		changes: column.NewScatter(changeWidth, parts, mem), refunds: column.NewScatter(refundWidth, parts, mem)}
}

// Close frees what is held.
func (e *Events) Close() error {
	return cmp.Or(e.changes.Close(), e.refunds.Close())
}

// rank maps buyers to hashes whose order is theirs.
func rank(buyer int64) uint64 { return uint64(buyer) ^ 1<<63 }

// bounds are the least and the greatest buyer of a range.
func (e *Events) bounds(part int) (first, last int64) {
	width := 64 - uint(bits.Len(uint(e.parts-1)))
	if width == 64 {
		return -1 << 63, 1<<63 - 1
	}
	from := uint64(part) << width
	return int64(from ^ 1<<63), int64((from + 1<<width - 1) ^ 1<<63)
}

// Adder adds events for one goroutine.
type Adder struct {
	events  *Events
	changes *column.Writer
	refunds *column.Writer
}

// Adder makes an adder. Flush it when done.
func (e *Events) Adder() *Adder {
	return &Adder{events: e, changes: e.changes.Writer(), refunds: e.refunds.Writer()}
}

// Flush hands over what is left.
func (a *Adder) Flush() error { return cmp.Or(a.changes.Flush(), a.refunds.Flush()) }

func (a *Adder) change(buyer, merchant, facts, x, y, z int64) {
	row := a.changes.Row(rank(buyer))
	row[0], row[1], row[2], row[3], row[4], row[5] = buyer, merchant, facts, x, y, z
}

// Columns of the rollups that events are made of.
var (
	EligibleColumns = []string{"merchant_id", "buyer_id", "arm", "source_promoter_id", "programme"}
	SalesColumns    = []string{"merchant_id", "buyer_id", "paid_fen", "self_live_fen", "self_live_orders"}
	HistoryColumns  = []string{"merchant_id", "buyer_id", "self_live_fen", "self_live_orders"}
	ShownColumns    = []string{"merchant_id", "buyer_id"}
	UserColumns     = []string{"buyer_id", "paid_fen"}
)

// Eligible adds rows of chuanliu_pairs of a new day.
func (a *Adder) Eligible(day calendar.Day, f *column.Frame) error {
	merchant, buyer, arm := f.Column("merchant_id"), f.Column("buyer_id"), f.Column("arm")
	source, programme := f.Column("source_promoter_id"), f.Column("programme")
	for i, b := range buyer {
		a.change(b, merchant[i], factsOf(day, kindEligible, Now, arm[i]), source[i], programme[i], 0)
	}
	a.events.mu.Lock()
	defer a.events.mu.Unlock()
	for i, b := range buyer {
		a.events.eligible.Index([]int64{b, merchant[i]})
	}
	return a.changes.Err()
}

// Sales adds rows of merchant_buyers.
func (a *Adder) Sales(day calendar.Day, view View, f *column.Frame) error {
	merchant, buyer := f.Column("merchant_id"), f.Column("buyer_id")
	paid, fen, orders := f.Column("paid_fen"), f.Column("self_live_fen"), f.Column("self_live_orders")
	facts := factsOf(day, kindSales, view, 0)
	for i, b := range buyer {
		a.change(b, merchant[i], facts, fen[i], orders[i], paid[i])
	}
	return a.changes.Err()
}

// History adds rows of merchant_buyers of a day before those that are new, as they are now. Only what pairs bought that
// may be new is kept.
func (a *Adder) History(day calendar.Day, f *column.Frame) error {
	merchant, buyer := f.Column("merchant_id"), f.Column("buyer_id")
	fen, orders := f.Column("self_live_fen"), f.Column("self_live_orders")
	facts := factsOf(day, kindHistory, Now, 0)
	for i, b := range buyer {
		if fen[i]|orders[i] != 0 && a.events.eligible.Find(b, merchant[i]) != nil {
			a.change(b, merchant[i], facts, fen[i], orders[i], 0)
		}
	}
	return a.changes.Err()
}

// Shown adds rows of chuanliu_shown.
func (a *Adder) Shown(day calendar.Day, view View, f *column.Frame) error {
	merchant, buyer := f.Column("merchant_id"), f.Column("buyer_id")
	facts := factsOf(day, kindShown, view, 0)
	for i, b := range buyer {
		a.change(b, merchant[i], facts, 0, 0, 0)
	}
	return a.changes.Err()
}

// Users adds rows of buyers.
func (a *Adder) Users(day calendar.Day, view View, f *column.Frame) error {
	buyer, paid := f.Column("buyer_id"), f.Column("paid_fen")
	facts := factsOf(day, kindUser, view, 0)
	for i, b := range buyer {
		a.change(b, column.Null, facts, paid[i], 0, 0)
	}
	return a.changes.Err()
}

// A refund's last value, from the lowest bit: through self-broadcast, paid day, amount.
const (
	paidDayAt = 1
	amountAt  = paidDayAt + dayBits
	maxRefund = 1<<(63-amountAt) - 1 // fen; 700 billion yuan
)

// Refunds adds settled refunds (see package refund) of lines paid since first, rows [from, to).
func (a *Adder) Refunds(f *column.Frame, first calendar.Day, from, to int) error {
	buyer, merchant, paid, amount := f.Column("buyer_id"), f.Column("merchant_id"), f.Column("paid_day"), f.Column("amount_fen")
	channel, scene := f.Column("channel"), f.Column("scene")
	for i := from; i < to; i++ {
		if paid[i] < int64(first) || amount[i] == 0 {
			continue
		}
		if amount[i] < 0 || amount[i] > maxRefund {
			return fmt.Errorf("refunds of a line paid on %[2]s: %[1]d fen is outside 0 to %[3]d; is the unit of refunds.amount_fen right?", amount[i], calendar.Day(paid[i]), int64(maxRefund))
		}
		v := amount[i]<<amountAt | paid[i]<<paidDayAt
		if channel[i] == contract.ChannelSelf && scene[i] == contract.SceneLive {
			v |= 1
		}
		row := a.refunds.Row(rank(buyer[i]))
		row[0], row[1], row[2] = buyer[i], merchant[i], v
	}
	return a.refunds.Err()
}

// change is one row of the changes of a range.
type change struct{ buyer, merchant, facts, x, y, z int64 }

func (c *change) day() calendar.Day { return calendar.Day(c.facts >> 8) }
func (c *change) kind() int         { return int(c.facts >> 4 & 15) }
func (c *change) is(v View) bool    { return View(c.facts>>1)&v != 0 }
func (c *change) arm() int64        { return c.facts & 1 }

// refund is one row of the refunds of a range.
type refund struct{ buyer, merchant, facts int64 }

func (r *refund) day() calendar.Day { return calendar.Day(r.facts >> paidDayAt & dayMask) }
func (r *refund) fen() int64        { return r.facts >> amountAt }
func (r *refund) selfLive() bool    { return r.facts&1 == 1 }

// sortChanges brings the changes of a range in the order of buyers, merchants (by code; the buyer's own first), days
// and kinds.
func sortChanges(blocks [][]int64, into []change) []change {
	into = into[:0]
	for _, b := range blocks {
		for ; len(b) > 0; b = b[changeWidth:] {
			into = append(into, change{b[0], b[1], b[2], b[3], b[4], b[5]})
		}
	}
	slices.SortFunc(into, func(a, b change) int {
		if a.buyer != b.buyer {
			return cmp.Compare(a.buyer, b.buyer)
		}
		if a.merchant != b.merchant {
			return cmp.Compare(a.merchant, b.merchant)
		}
		return cmp.Compare(a.facts, b.facts)
	})
	return into
}

// sortRefunds brings the refunds of a range in the order of buyers and merchants.
func sortRefunds(blocks [][]int64, into []refund) []refund {
	into = into[:0]
	for _, b := range blocks {
		for ; len(b) > 0; b = b[refundWidth:] {
			into = append(into, refund{b[0], b[1], b[2]})
		}
	}
	slices.SortFunc(into, func(a, b refund) int {
		if a.buyer != b.buyer {
			return cmp.Compare(a.buyer, b.buyer)
		}
		return cmp.Compare(a.merchant, b.merchant)
	})
	return into
}
