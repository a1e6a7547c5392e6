package lift

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Version is the format of stored pairs and days: raise it when a column changes its meaning, and stored ones are made
// again.
const Version = 1

// Columns of stored pairs.
const (
	atBuyer = iota
	atMerchant
	atSource    // talent whose distribution made the buyer eligible
	atProgramme // code of its name
	atFacts
	atOutcome      // self-broadcast paid fen over the outcome window, gross
	atOrders       // orders of it
	atBefore       // self-broadcast paid fen before
	atBeforeOrders // orders of it
	atAll          // paid fen in all channels over the outcome window
	atUser         // paid fen of the buyer at all merchants over the outcome window
	atAttributed   // self-broadcast paid fen of the outcome window on a day of exposure or the day after one
	pairColumns
)

// Pairs are pairs of buyer and merchant as columns of equal length, sorted by buyer, then by the order of the
// merchants' ids. Totals are gross: refunds are taken out when figures are formed, so that nothing has to be
// remembered of them.
type Pairs [pairColumns][]int64

// Len is the number of pairs.
func (p *Pairs) Len() int { return len(p[atBuyer]) }

// The facts of a pair, from the lowest bit: day of entry, arm, first day it was seen in the other arm too (0: never),
// days of exposure in the outcome window.
const (
	dayBits = 16 // days since 1970, to the year 2149
	dayMask = 1<<dayBits - 1
	armAt   = dayBits
	mixedAt = armAt + 1
	shownAt = mixedAt + dayBits
)

func entered(facts int64) calendar.Day { return calendar.Day(facts & dayMask) }
func armOf(facts int64) int            { return int(facts >> armAt & 1) }
func mixedOn(facts int64) calendar.Day { return calendar.Day(facts >> mixedAt & dayMask) }
func shownDays(facts int64) int64      { return facts >> shownAt }

// in tells whether a pair with these facts belongs to the single-day family on a day of its outcome window.
func isOneArm(facts int64, day calendar.Day) bool {
	m := mixedOn(facts)
	return m == 0 || m > day
}

// StoredPairs is the table in which pairs are stored.
func StoredPairs() *contract.Table {
	fen := func(name, doc string) contract.Column {
		return contract.Column{Name: name, Kind: contract.Fen, Signed: true, Doc: doc}
	}
	orders := func(name, doc string) contract.Column {
		return contract.Column{Name: name, Kind: contract.Count, Signed: true, Doc: doc}
	}
	return &contract.Table{
		Name: "lift_pairs", Class: contract.Rollup, Key: []string{"buyer_id", "merchant_id"},
		Doc: "pairs of buyer and merchant of Chuanliu with their gross totals (see package lift)",
		Columns: []contract.Column{
			{Name: "buyer_id", Kind: contract.Buyer, Doc: "who was eligible"},
			{Name: "merchant_id", Kind: contract.ID, Domain: contract.Merchant, Doc: "for which shop"},
			{Name: "source_promoter_id", Kind: contract.ID, Domain: contract.Talent, Null: true, Doc: "talent whose distribution made the buyer eligible"},
			{Name: "programme", Kind: contract.Text, Null: true, Doc: "programme"},
			{Name: "facts", Kind: contract.Count, Doc: "day of entry, arm, day of the other arm, days of exposure"},
			fen("outcome_fen", "self-broadcast paid over the outcome window"),
			orders("outcome_orders", "orders of it"),
			fen("before_fen", "self-broadcast paid before entry"),
			orders("before_orders", "orders of it"),
			fen("all_fen", "paid in all channels over the outcome window"),
			fen("user_fen", "paid at all merchants over the outcome window"),
			fen("attributed_fen", "self-broadcast paid on a day of exposure or the day after one"),
		},
	}
}

// ErrNotSorted says that stored pairs are not in the order they must have.
var ErrNotSorted = errors.New("pairs are not sorted")

// PairsOf takes over a stretch of stored pairs. The columns of the frame are shared. It fails if buyers are not sorted.
func PairsOf(f *column.Frame) (p Pairs, err error) {
	for i, c := range StoredPairs().Columns {
		p[i] = f.Column(c.Name)
	}
	if !slices.IsSorted(p[atBuyer]) {
		return Pairs{}, ErrNotSorted
	}
	return p, nil
}

// Run are stored pairs, in groups that are read one at a time.
type Run struct {
	Groups []Group // ascending
	// Read gives one group. It is called by several goroutines at once.
	Read func(ctx context.Context, group int) (Pairs, error)
}

// Group says what is known of a group before it is read.
type Group struct {
	Rows        int64
	First, Last int64 // buyers
}

// Rows is the number of pairs of the run.
func (r *Run) Rows() (n int64) {
	for _, g := range r.Groups {
		n += g.Rows
	}
	return n
}

// InMemory is a run of pairs that are there already.
func InMemory(p Pairs) Run {
	if p.Len() == 0 {
		return Run{}
	}
	return Run{Groups: []Group{{int64(p.Len()), p[atBuyer][0], p[atBuyer][p.Len()-1]}},
		Read: func(context.Context, int) (Pairs, error) { return p, nil }}
}

// between are the pairs of buyers from first to last, both included, in memory of their own.
func (r *Run) between(ctx context.Context, first, last int64) (out Pairs, err error) {
	before := int64(-1 << 63)
	for g, group := range r.Groups {
		if group.Last < first || group.First > last {
			continue
		}
		if err := ctx.Err(); err != nil {
			return out, err
		}
		p, err := r.Read(ctx, g)
		if err != nil {
			return out, err
		}
		if group.First < before {
			return out, fmt.Errorf("group %d: %w", g, ErrNotSorted)
		}
		before = group.Last
		from, _ := slices.BinarySearch(p[atBuyer], first)
		to := p.Len()
		if last != 1<<63-1 {
			to, _ = slices.BinarySearch(p[atBuyer], last+1)
		}
		out.add(&p, from, to)
	}
	return out, nil
}

// add appends pairs [from, to) of q.
func (p *Pairs) add(q *Pairs, from, to int) {
	for c := range p {
		p[c] = append(p[c], q[c][from:to]...)
	}
}

// pair is one of them as a row.
type pair [pairColumns]int64

func (p *Pairs) at(i int) (r pair) {
	for c := range p {
		r[c] = p[c][i]
	}
	return r
}

func (p *Pairs) push(r *pair) {
	for c := range p {
		p[c] = append(p[c], r[c])
	}
}
