// Package refund settles refunds line by line: what each refund really returned, given all that were
// made on the same order line before it.
//
// A line's refunds in the order (succeeded_at, refund_id) are summed and capped at the line's amount;
// a full refund counts as the whole line. The marginal amount of each belongs to the day it succeeded.
// Daily rollups cannot do this, since a line's refunds come on different days.
package refund

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"

	"github.com/windvane/windvane/transforms/column"
)

// FullDays is how many days after payment a full refund still undoes a purchase (definitions, section 2).
const FullDays = 15

// Settled holds refunds with their marginal amounts, one row each, in no order; refunds that returned nothing more
// are left out unless they undo a purchase.
//
// Columns: paid_day, succeeded_day, amount_fen (marginal), full15_lines (1 on one row of each line whose
// full refund succeeded within FullDays of payment), buyer_id, merchant_id, product_id, promoter_id,
// category1_id, channel, scene.
type Settled = column.Frame

// carried are the attributes copied from refund_lines to the result.
var carried = []string{"paid_day", "buyer_id", "merchant_id", "product_id", "promoter_id", "category1_id", "channel", "scene"}

// Positions in a scattered row; the carried attributes follow.
const (
	atLine = iota
	atSucceeded
	atRefund
	atDay
	atAmount
	atLineAmount
	atFull
	atCarried
)

// Settle settles the refund_lines of successive days. A refund counts on the day of its partition.
// expected is the number of rows to come, roughly.
func Settle(ctx context.Context, days column.Days, expected int64, workers int, mem column.Memory) (*Settled, error) {
	s := column.NewScatter(atCarried+len(carried), column.PartitionsFor(expected), mem)
	defer s.Close()
	w := s.Writer()
	for d, err := range days {
		if err != nil {
			return nil, err
		}
		scatter(w, d)
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	out := newColumns(int(s.Rows()))
	settlers := make([]settler, max(1, workers))
	err := s.Partitions(ctx, workers, func(worker int, blocks [][]int64) error {
		settlers[worker].settle(blocks, s.Width())
		out.add(settlers[worker].settled)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out.frame(), nil
}

func scatter(w *column.Writer, d column.Dated) {
	f := d.Frame
	line, at, id := f.Column("order_line_id"), f.Column("succeeded_at"), f.Column("refund_id")
	amount, lineAmount, full := f.Column("refund_fen"), f.Column("line_fen"), f.Column("is_full")
	cols := make([][]int64, len(carried))
	for j, name := range carried {
		cols[j] = f.Column(name)
	}
	for i := range f.N {
		row := w.Row(column.Hash(line[i]))
		row[atLine], row[atSucceeded], row[atRefund], row[atDay] = line[i], at[i], id[i], int64(d.Day)
		row[atAmount], row[atLineAmount], row[atFull] = amount[i], lineAmount[i], full[i]
		for j := range cols {
			row[atCarried+j] = cols[j][i]
		}
	}
}

// settler works through partitions for one goroutine, and keeps its memory between them.
type settler struct {
	rows    [][]int64
	settled []settled
}

// settled is a refund with what it returned.
type settled struct {
	row              []int64
	marginal, undoes int64
}

// settle walks the refunds of each line in order.
func (s *settler) settle(blocks [][]int64, width int) {
	s.rows, s.settled = s.rows[:0], s.settled[:0]
	for _, b := range blocks {
		for ; len(b) > 0; b = b[width:] {
			s.rows = append(s.rows, b[:width])
		}
	}
	slices.SortFunc(s.rows, func(a, b []int64) int {
		return cmp.Or(cmp.Compare(a[atLine], b[atLine]), cmp.Compare(a[atSucceeded], b[atSucceeded]), cmp.Compare(a[atRefund], b[atRefund]))
	})
	var returned int64
	undone := false
	for i, r := range s.rows {
		if i == 0 || r[atLine] != s.rows[i-1][atLine] {
			returned, undone = 0, false
		}
		marginal := min(r[atAmount], max(0, r[atLineAmount]-returned))
		returned += marginal
		undoes := int64(0)
		if !undone && r[atFull] == 1 && r[atDay]-r[atCarried] <= FullDays {
			undone, undoes = true, 1
		}
		if marginal != 0 || undoes != 0 {
			s.settled = append(s.settled, settled{r, marginal, undoes})
		}
	}
}

// columns are the result, made at once for as many rows as it can have: refunds of a year are many, and columns that
// grow are copied several times.
type columns struct {
	succeeded, amount, undoes []int64
	carried                   [][]int64
	used                      atomic.Int64 // rows
}

func newColumns(rows int) *columns {
	c := &columns{succeeded: make([]int64, rows), amount: make([]int64, rows), undoes: make([]int64, rows)}
	for range carried {
		c.carried = append(c.carried, make([]int64, rows))
	}
	return c
}

// add puts the refunds of a partition behind those of others, whichever were first. Safe for concurrent use.
func (c *columns) add(rows []settled) {
	end := int(c.used.Add(int64(len(rows))))
	from := end - len(rows)
	succeeded, amount, undoes := c.succeeded[from:end], c.amount[from:end], c.undoes[from:end]
	for i, r := range rows {
		succeeded[i], amount[i], undoes[i] = r.row[atDay], r.marginal, r.undoes
	}
	for j, values := range c.carried {
		values = values[from:end]
		for i, r := range rows {
			values[i] = r.row[atCarried+j]
		}
	}
}

func (c *columns) frame() *Settled {
	n := int(c.used.Load())
	f := column.NewFrame(n)
	f.Set("succeeded_day", c.succeeded[:n])
	f.Set("amount_fen", c.amount[:n])
	f.Set("full15_lines", c.undoes[:n])
	for j, name := range carried {
		f.Set(name, c.carried[j][:n])
	}
	return f
}
