package jobs

import (
	"context"
	"math"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/fives"
	"github.com/windvane/windvane/transforms/rollup"
)

// Windows of what the list of 川流 asks of merchants, and of the base of its quota, in days.
const (
	distributionDays = 90
	liveWindowDays   = 30
	baseDays         = 7
)

// addMerchantMeasures adds what lists of merchants ask beyond scores; NaN: not computable.
func (n *night) addMerchantMeasures(ctx context.Context, c *candidates) error {
	distribution, live := unknown(len(c.codes)), unknown(len(c.codes))
	c.considered.Measures["distribution_orders_90d"] = func(subject int) float64 { return distribution[subject] }
	c.considered.Measures["live_days_30d"] = func(subject int) float64 { return live[subject] }
	first := n.asOf - distributionDays + 1
	known, err := n.channelsKnown(ctx, first)
	if err != nil {
		return err
	}
	if known(first, n.asOf) {
		clear(distribution)
		if err := n.addDistributionOrders(ctx, c, distribution); err != nil {
			return err
		}
	}
	if first = n.asOf - liveWindowDays + 1; !n.contentsKnown(first) {
		return nil
	}
	contents, err := fives.ReadContents(c.rows, n.history(ctx, rollup.MerchantContents(), first))
	for row, days := range contents.LiveDays {
		live[row] = float64(days)
	}
	return err
}

// addDistributionOrders adds up the orders that talents brought to each shop.
func (n *night) addDistributionOrders(ctx context.Context, c *candidates, orders []float64) error {
	for d, err := range n.history(ctx, rollup.DistributionOrders(), n.asOf-distributionDays+1) {
		if err != nil {
			return err
		}
		merchants, of := d.Frame.Column("merchant_id"), d.Frame.Column("orders")
		for i, merchant := range merchants {
			if row := c.rows.Row(merchant); row >= 0 {
				orders[row] += float64(of[i])
			}
		}
	}
	return nil
}

// unknown are measures that are not known.
func unknown(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}

// sharePool shares the day's pool of boosted impressions among the members of the list of 川流.
func (n *night) sharePool(ctx context.Context) error {
	page := n.lists.PageOf(n.rules.Pool.List)
	if page == nil { // the rules name no list: nobody shares
		page = &eligibility.Page{Domain: contract.Merchant, Decision: &eligibility.Decision{AsOf: n.asOf, ValidFrom: n.asOf + 1, ValidTo: n.asOf + calendar.Day(n.rules.Stability.ValidDays)}}
	}
	base, err := n.boosted(ctx, page.Codes)
	if err != nil {
		return err
	}
	claims := make([]eligibility.Claim, len(page.Codes))
	for i, code := range page.Codes {
		g := n.lifts.Of(code)
		claims[i] = eligibility.Claim{Base: base[i], PerDay: g.PerDay, Lift: g.Lift, Of: g.Of, Grade: g.Grade}
	}
	n.publishRows(contract.TrafficQuota, n.lists.Quota(page, n.rules.Pool, claims))
	return nil
}
