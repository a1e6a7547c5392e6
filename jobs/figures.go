package jobs

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/gmv"
	"github.com/windvane/windvane/transforms/refund"
	"github.com/windvane/windvane/transforms/repeat"
	"github.com/windvane/windvane/transforms/rollup"
)

// settleRefunds settles the refunds of the history kept, line by line.
func (n *night) settleRefunds(ctx context.Context) (err error) {
	r := rollup.RefundLines()
	if why := n.refundsMissing(ctx); why != "" {
		n.warnings = append(n.warnings, "refunds are not computable: "+why)
		return nil
	}
	if begin, before := n.refundsLate(); before > 0 {
		n.warnings = append(n.warnings, fmt.Sprintf("refunds begin on %s, later than the orders: what is net of refunds is not computable of windows with earlier orders", begin))
	}
	n.refunds, err = refund.Settle(ctx, n.history(ctx, r, n.first), n.rows(r, n.first), n.runner.Settings.workers(), n.runner.memory)
	return err
}

// refundsLate tells on which day refunds begin, and how many days with orders that GMV looks at lie before it.
func (n *night) refundsLate() (begin calendar.Day, before int64) {
	ps := n.partitions[contract.Refunds.Name]
	if len(ps) == 0 {
		return 0, 0
	}
	return ps[0].Day, n.present.Count(max(n.first, n.asOf-gmv.Lookback+1), ps[0].Day-1)
}

// refundsKnown tells whether refunds of lines paid on these days are known: they come after the payment, so all that matters is
// that no day with orders lies before the first day of refunds.
func (n *night) refundsKnown() func(first, last calendar.Day) bool {
	if n.refunds == nil {
		return func(_, _ calendar.Day) bool { return false }
	}
	present, begin := n.present, n.partitions[contract.Refunds.Name][0].Day
	return func(first, last calendar.Day) bool { return present.Count(first, min(last, begin-1)) == 0 }
}

// refundsMissing says why refunds cannot be computed, empty if they can.
func (n *night) refundsMissing(ctx context.Context) string {
	ps := n.partitions[contract.Refunds.Name]
	if len(ps) == 0 {
		return "no refunds table"
	}
	for i := range ps {
		if ps[i].Rows == nil || ps[i].Rows[0] >= 0 {
			continue
		}
		rec, err := n.ensure(ctx, contract.Refunds.Name, ps[i], 1)
		if err != nil {
			return err.Error()
		}
		return rec.Missing[rollup.RefundLines().Name]
	}
	return n.uncopied(rollup.RefundLines(), n.first)
}

// scopes are the scopes this night can tell: without a products table there are no categories.
func (n *night) scopes() []contract.Scope {
	var out []contract.Scope
	for _, s := range contract.Scopes() {
		if s.Role != contract.RoleCategory || n.has(contract.Products) {
			out = append(out, s)
		}
	}
	return out
}

func (n *night) has(t *contract.Table) bool { return len(n.partitions[t.Name]) > 0 }

// eachScope works through scopes, several at once.
func (n *night) eachScope(ctx context.Context, scopes iter.Seq2[int, contract.Scope], do func(ctx context.Context, i int, s contract.Scope, workers int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(n.runner.Settings.workers())
	for i, s := range scopes {
		g.Go(func() (err error) {
			defer column.Recover(&err)
			return do(ctx, i, s, 1)
		})
	}
	return g.Wait()
}

// largeScopes is the number of rows from which scopes are counted one after another, each by all workers,
// rather than several at once: then few files are open, and no worker is left without work.
const largeScopes = 1 << 21

// countScopes counts every scope, from its rollups from first on.
func (n *night) countScopes(ctx context.Context, of func(contract.Scope) *rollup.Rollup, first calendar.Day, scopes iter.Seq2[int, contract.Scope],
	count func(ctx context.Context, i int, s contract.Scope, workers int) error) error {
	var rows int64
	total := 0
	for _, s := range scopes {
		rows += n.rows(of(s), first)
		total++
	}
	var done progressCounter
	if rows < largeScopes {
		return n.eachScope(ctx, scopes, func(ctx context.Context, i int, s contract.Scope, workers int) error {
			err := count(ctx, i, s, workers)
			n.progressWithin(Progress{Done: done.next(), Total: total})
			return err
		})
	}
	for i, s := range scopes {
		if err := count(ctx, i, s, n.runner.Settings.workers()); err != nil {
			return err
		}
		n.progressWithin(Progress{Done: done.next(), Total: total, What: s.Name()})
	}
	return nil
}

// placedRefunds are the settled refunds with the windows they count in; nil where they are not computable.
func (n *night) placedRefunds() *gmv.Refunds {
	if n.refunds == nil {
		return nil
	}
	return gmv.NewRefunds(n.refunds, n.asOf, n.present)
}

// sumGMV adds up the GMV of every scope.
func (n *night) sumGMV(ctx context.Context) error {
	n.sums = make([]*gmv.Sums, len(n.scopes()))
	refunds := n.placedRefunds()
	// From products on: theirs are the most rows, and what comes last is done alone.
	err := n.countScopes(ctx, rollup.SalesOf, n.asOf-gmv.Lookback+1, slices.Backward(n.scopes()), func(ctx context.Context, i int, s contract.Scope, workers int) (err error) {
		n.sums[i], err = n.sumScope(ctx, s, refunds, workers)
		return err
	})
	if err != nil {
		return err
	}
	c, mem := n.gmvContext(), memory.DefaultAllocator
	excluded, err := gmv.ExcludedTable(c, n.history(ctx, rollup.ExcludedLines(), n.asOf-364), mem)
	if err != nil {
		return err
	}
	n.publishRows(contract.GMV, gmv.Table(c, n.sums, mem))
	n.publishRows(contract.GMVSplit, gmv.SplitTable(c, n.sums, mem))
	n.publishTable(contract.Excluded, excluded)
	return nil
}

func (n *night) gmvContext() gmv.Context {
	categories := n.categoriesFrom()
	known := map[int]bool{}
	for _, w := range contract.Windows {
		known[w] = n.buyersKnown(n.asOf - calendar.Day(w) + 1)
	}
	byRole := map[int]*repeat.Figures{}
	for _, f := range n.buyers {
		byRole[f.Scope.Role] = f
	}
	return gmv.Context{AsOf: n.asOf, IDs: n.runner.ids, Present: n.present, CategoriesFrom: categories, RefundsKnown: n.refundsKnown(),
		Buyers: func(s contract.Scope) func(int64, int) (int64, int64, bool) {
			buyersOf, start := byRole[s.Role].BuyersInTurn(), n.historyStart()
			if s.Role == contract.RoleCategory {
				start = max(start, categories)
			}
			return func(subject int64, window int) (int64, int64, bool) {
				buyers, fresh := buyersOf(subject, window)
				if !known[window] {
					buyers = column.Null
				}
				return buyers, fresh, start <= n.asOf-calendar.Day(window)+1-repeat.NewBuyerDays
			}
		}}
}

// summarise makes the overview and the late data.
func (n *night) summarise(ctx context.Context) error {
	c, mem := n.gmvContext(), memory.DefaultAllocator
	platform := contract.Scopes()[contract.RolePlatform]
	series, err := gmv.NewSeries(n.history(ctx, rollup.SalesOf(platform), n.first), n.refunds, n.present)
	if err != nil {
		return err
	}
	distincts, err := n.distincts(ctx)
	if err != nil {
		return err
	}
	o := gmv.Overview{Context: c, Series: series, Distincts: distincts, Campaigns: n.runner.Settings.campaigns()}
	o.Buyers30, _ = n.buyers[0].Buyers(0, 30)
	o.R1Buyers, o.R1Repeats = n.buyers[0].R1(0, repeatDays)
	if !n.buyersKnown(n.asOf - 29) {
		o.Buyers30 = column.Null
	}
	if !n.reaches(repeatDays) || !n.keptKnown(n.asOf-repeatDays+1) { // of a shorter history few had the time to come back
		o.R1Buyers, o.R1Repeats = column.Null, column.Null
	}
	n.publishTable(contract.Overview, gmv.OverviewTable(o, mem))
	before, err := n.lateBefore(ctx)
	if err != nil {
		return err
	}
	s := n.runner.Settings
	n.publishTable(contract.LateData, gmv.LateTable(c, series, before, s.RestateDays, s.HistoryDays, mem))
	return nil
}

// lateBefore is the late_data of the night before, nil on a cold start.
func (n *night) lateBefore(ctx context.Context) (*column.Frame, error) {
	if n.previous == nil {
		return nil, nil
	}
	return n.runner.publishedFrame(ctx, n.previous, contract.LateData)
}

// distincts counts who was active and what was in a cart over the overview's spans.
func (n *night) distincts(ctx context.Context) (d gmv.Distincts, err error) {
	spans := gmv.OverviewSpans(n.asOf)
	for i := range spans {
		d.Buyers = append(d.Buyers, n.buyers[0].RangeBuyers(i))
		if !n.buyersKnown(spans[i].From) {
			d.Buyers[i] = column.Null
		}
	}
	scopes := contract.Scopes()
	sold := func(f *column.Frame) func(i int) bool {
		channel, lines := f.Column("channel"), f.Column("lines")
		return func(i int) bool { return channel[i] == column.Null && lines[i] > 0 }
	}
	merchants, err := gmv.SeenIn(n.historyIn(ctx, rollup.SalesOf(scopes[contract.RoleMerchant]), spans, "merchant_id", "channel", "lines"), "merchant_id", sold, spans)
	if err != nil {
		return d, err
	}
	talents, err := gmv.SeenIn(n.historyIn(ctx, rollup.SalesOf(scopes[contract.RoleTalent]), spans, "promoter_id", "channel", "lines"), "promoter_id", sold, spans)
	if err != nil {
		return d, err
	}
	d.Merchants, d.Talents = merchants.Count(nil), talents.Count(nil)
	if d.FreeTalents, err = n.freeTalents(ctx, talents, spans); err != nil {
		return d, err
	}
	if !n.has(contract.Products) {
		return d, nil
	}
	d.CartedPresent = calendar.Presence{}
	for _, p := range n.partitions[contract.Products.Name] {
		d.CartedPresent[p.Day] = true
	}
	carted, err := gmv.SeenIn(n.historyIn(ctx, rollup.CartedProducts(), spans), "product_id", nil, spans)
	if err != nil {
		return d, err
	}
	d.Carted = carted.Count(nil)
	return d, nil
}

// freeTalents counts the active talents that no merchant owned at the end of each span, Null where no
// snapshot tells.
func (n *night) freeTalents(ctx context.Context, talents *gmv.Seen, spans []gmv.Span) ([]int64, error) {
	accounts := make([]*rollup.Attributes, len(spans))
	for i, s := range spans {
		var err error
		if accounts[i], err = n.snapshot(ctx, accountAttributes, s.To); err != nil {
			return nil, err
		}
	}
	out := talents.Count(func(span int, talent int64) bool {
		if accounts[span] == nil {
			return false
		}
		at := accounts[span].Row(talent)
		return at < 0 || accounts[span].Values(0)[at] == column.Null
	})
	for i := range spans {
		if accounts[i] == nil {
			out[i] = column.Null
		}
	}
	return out, nil
}
