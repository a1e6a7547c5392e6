package jobs

import (
	"context"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/gmv"
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
		first := n.asOf - producttest.WindowDays + 1
		if r := rollup.ProductTraffic(); n.computable(r, first) {
			if err := producttest.ReadTraffic(products.rows, n.history(ctx, r, first, producttest.TrafficColumns...), &p.Distribution, &p.SelfBroadcast); err != nil {
				return err
			}
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
