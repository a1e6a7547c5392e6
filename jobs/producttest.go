package jobs

import (
	"context"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
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
	p := &producttest.Products{Codes: products.codes, Merchants: products.fact("merchant_id"), Categories: products.fact("category1_id"),
		Days: n.present.Count(n.asOf-producttest.WindowDays+1, n.asOf)}
	if n.has(contract.Talents) { // without them nothing tells whose an account is
		n.addTestSales(products, p)
		n.addTestBuyers(products, p)
		if err := n.addTestTraffic(ctx, products, p); err != nil {
			return err
		}
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

// addTestSales adds what both channels sold, and what of it came back.
func (n *night) addTestSales(products *scored, p *producttest.Products) {
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
	for _, a := range arms {
		if !n.reaches(producttest.SettledDays) {
			a.Settled, a.Refunded = nil, nil
		}
		if !n.refundsKnown()(n.asOf-producttest.SettledDays+1, n.asOf-gmv.Lag15) {
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
	if p.Covered < min(p.Days, indicators.MinimumCover) {
		return nil
	}
	d, s := &p.Distribution, &p.SelfBroadcast
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

// addTestBuyers adds who came back, and whom distribution won.
func (n *night) addTestBuyers(products *scored, p *producttest.Products) {
	d, s := &p.Distribution, &p.SelfBroadcast
	if n.reaches(producttest.WonDays) && n.buyersKnown(n.asOf-producttest.WonDays+1) {
		p.Won, p.WonLive = make([]int64, len(p.Codes)), make([]int64, len(p.Codes))
	}
	if n.reaches(producttest.BuyerDays) && n.keptKnown(n.asOf-producttest.BuyerDays+1) {
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
}
