package jobs

import (
	"context"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/gmv"
	"github.com/windvane/windvane/transforms/indicators"
	"github.com/windvane/windvane/transforms/producttest"
	"github.com/windvane/windvane/transforms/repeat"
	"github.com/windvane/windvane/transforms/rollup"
)

// testProducts makes product_test: the products of product_score, distribution against self-broadcast.
func (n *night) testProducts(ctx context.Context) error {
	products := n.scored[contract.ScoreProduct]
	p := &producttest.Products{Codes: products.codes, Merchants: products.shops, Categories: products.fact("category1_id"),
		Days: n.present.Count(n.asOf-producttest.WindowDays+1, n.asOf)}
	channels, err := n.channelsKnown(ctx, n.asOf-producttest.BuyerDays+1)
	if err != nil {
		return err
	}
	n.addTestSales(products, p, channels)
	n.addTestBuyers(products, p, channels)
	if err := n.addTestTraffic(ctx, products, p); err != nil {
		return err
	}
	r, err := producttest.Compare(p)
	if err != nil {
		return err
	}
	n.publishRows(contract.ProductTest, r.Table(n.asOf, n.runner.ids))
	return nil
}

// reaches tells whether the history holds the last so many days.
func (n *night) reaches(days calendar.Day) bool {
	first, ok := n.present.First()
	return ok && first <= n.asOf-days+1
}

// testArm is the arm of a channel and scene, -1: neither.
func testArm(channel, scene int) int {
	switch {
	case channel == contract.ChannelDistribution:
		return 0
	case channel == contract.ChannelSelf && scene == contract.SceneLive:
		return 1
	}
	return -1
}

// addTestSales adds what both channels sold, and what of it came back, of days whose channels are known.
func (n *night) addTestSales(products *scored, p *producttest.Products, channels func(first, last calendar.Day) bool) {
	arms := []*producttest.Arm{&p.Distribution, &p.SelfBroadcast}
	for _, a := range arms {
		for _, column := range []*[]int64{&a.Lines, &a.Paid, &a.Settled, &a.Refunded} {
			*column = make([]int64, len(p.Codes))
		}
	}
	for _, sums := range n.sums {
		if sums.Scope.Role != contract.RoleProduct {
			continue
		}
		sums.Parts(producttest.WindowDays, len(arms), testArm, func(product int64, parts []gmv.Part) {
			row := products.rows.Row(product)
			if row < 0 {
				return
			}
			for i, a := range arms {
				a.Lines[row], a.Paid[row], a.Settled[row], a.Refunded[row] = parts[i].Lines, parts[i].Paid, parts[i].Paid15, parts[i].Refund15
			}
		})
	}
	settled := n.asOf - producttest.SettledDays + 1
	for _, a := range arms {
		if !channels(n.asOf-producttest.WindowDays+1, n.asOf) {
			a.Lines, a.Paid = nil, nil
		}
		if !n.reaches(producttest.SettledDays) || !channels(settled, n.asOf-gmv.Lag15) {
			a.Settled, a.Refunded = nil, nil
		}
		if !n.refundsKnown()(settled, n.asOf-gmv.Lag15) {
			a.Refunded = nil
		}
	}
}

// addTestTraffic adds the traffic of the days that orders have, too, and the lines of the days that traffic has: of too few of them
// nothing is divided. Where both are young few days are all there is, and intervals know how little they say.
func (n *night) addTestTraffic(ctx context.Context, products *scored, p *producttest.Products) error {
	r, first := rollup.ProductTraffic(), n.asOf-producttest.WindowDays+1
	if !n.computable(r, first) {
		return nil
	}
	shown := n.presentOf(r.Source)
	for d := first; d <= n.asOf; d++ {
		if n.present[d] && shown[d] {
			p.Covered++
		}
	}
	d, s := &p.Distribution, &p.SelfBroadcast
	if p.Covered < min(p.Days, indicators.MinimumCover) || d.Lines == nil { // nor without channels
		return nil
	}
	d.Covered, s.Covered = d.Lines, s.Lines
	if p.Covered < p.Days {
		d.Covered, s.Covered = slices.Clone(d.Lines), slices.Clone(s.Lines)
		unshown := n.daysOf(ctx, rollup.SalesOf(products.scope), producttest.LineColumns, func(d calendar.Day) bool { return d >= first && d <= n.asOf && !shown[d] })
		if err := producttest.TakeLines(products.rows, unshown, testArm, [2][]int64{d.Covered, s.Covered}); err != nil {
			return err
		}
	}
	ordered := n.daysOf(ctx, r, producttest.TrafficColumns, func(d calendar.Day) bool { return d >= first && d <= n.asOf && n.present[d] })
	return producttest.ReadTraffic(products.rows, ordered, d, s)
}

// addTestBuyers adds who came back, and whom distribution won, of days whose channels are known.
func (n *night) addTestBuyers(products *scored, p *producttest.Products, channels func(first, last calendar.Day) bool) {
	d, s := &p.Distribution, &p.SelfBroadcast
	known := func(days calendar.Day) bool {
		return n.reaches(days) && n.buyersKnown(n.asOf-days+1) && channels(n.asOf-days+1, n.asOf)
	}
	if known(producttest.WonDays) {
		p.Won, p.WonLive = make([]int64, len(p.Codes)), make([]int64, len(p.Codes))
	}
	if known(producttest.BuyerDays) && n.keptKnown(n.asOf-producttest.BuyerDays+1) {
		for _, column := range []*[]int64{&d.Buyers, &d.Repeat, &s.Buyers, &s.Repeat} {
			*column = make([]int64, len(p.Codes))
		}
	}
	for _, figures := range n.buyers {
		figures.EachTrial(func(product int64, t *repeat.Trial) {
			row := products.rows.Row(product)
			if row < 0 {
				return
			}
			if p.Won != nil {
				p.Won[row], p.WonLive[row] = t.Won, t.WonLive
			}
			if d.Buyers != nil {
				d.Buyers[row], d.Repeat[row] = t.Distribution.Buyers, t.Distribution.Repeat
				s.Buyers[row], s.Repeat[row] = t.Live.Buyers, t.Live.Repeat
			}
		})
	}
	if !n.has(contract.Products) {
		p.WonLive = nil
	}
	for row := range p.WonLive { // whose lives they are looked for in is told by the snapshot alone
		if products.fact("merchant_id").At(row) == column.Null {
			p.WonLive[row] = column.Null
		}
	}
}
