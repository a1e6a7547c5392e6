package jobs

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/lift"
	"github.com/windvane/windvane/transforms/rollup"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/score"
)

// estimateLift makes the tables of lift of the figures of tonight.
func (n *night) estimateLift(ctx context.Context) error {
	if err := n.countLift(ctx); err != nil {
		return err
	}
	f, o := n.lift, n.liftOptions(ctx)
	if f == nil {
		f = &lift.Figures{}
	}
	if err := n.capLift(ctx, f, o); err != nil {
		return err
	}
	e, err := lift.Estimate(f, o)
	if err != nil {
		return err
	}
	n.lifts = e.Lifts(o)
	n.noteMixed(f)
	n.publishRows(contract.ChuanliuLift, e.LiftTable(o, n.rules.Version))
	n.publishRows(contract.ChuanliuProgramme, e.ScopeTable(o, n.rules.Version))
	rewards, left := lift.Rewards(f, e, o, n.talentFacts())
	n.publishRows(contract.TalentRewards, lift.RewardTable(rewards, left, o, n.rules.Version))
	return nil
}

// noteMixed says how many pairs count in neither arm: no table has a row for them, and where all are mixed none has any.
func (n *night) noteMixed(f *lift.Figures) {
	if f.Mixed == 0 {
		return
	}
	n.note(fmt.Sprintf("lift: %d of %d pairs stand in both arms of %s and count in neither; with more than %v of all pairs nothing is shown (mixed_arms): find out why the assignment changed",
		f.Mixed, f.Pairs, contract.ChuanliuEligibility.Name, n.rules.Lift.MixedShare))
}

// liftOptions are what estimates need to know beside the figures.
func (n *night) liftOptions(ctx context.Context) *lift.Options {
	s, shops := n.runner.Settings, n.scored[contract.ScoreMerchant]
	categories := shops.fact("category1_id")
	return &lift.Options{AsOf: n.asOf, Rules: &n.rules.Lift, IDs: n.runner.ids, Workers: s.workers(),
		Share: func(programme int64) float64 {
			if programme != column.Null {
				if share, own := s.Chuanliu.Programmes[n.runner.ids.TextDict().Value(programme)]; own {
					return share
				}
			}
			return s.Chuanliu.HoldoutShare
		},
		Category: func(merchant int64) int64 {
			if row := shops.rows.Row(merchant); row >= 0 {
				return categories.At(row)
			}
			return column.Null
		},
		Market: func(wanted func(category int64) bool) (*lift.Market, error) { return n.liftMarket(ctx, wanted) },
	}
}

// capLift carries the caps of the month on and, on its last day, measures those of the next. The first night of all
// measures its own: there is no earlier one to look at. So does the first one by other classes of size or outcome days: a cap of others is none.
func (n *night) capLift(ctx context.Context, f *lift.Figures, o *lift.Options) error {
	month := n.asOf.Month()
	before, err := n.tableBefore(ctx, contract.ChuanliuCaps)
	if err != nil {
		return err
	}
	now := lift.ReadCaps(before, month)
	if !lift.CapsHold(now, o.Rules) {
		n.note("lift: the caps in force were measured by other size_classes or outcome_days than the rules have now; tonight's own are taken for the rest of the month")
		now = nil
	}
	if now == nil {
		now = lift.Caps(f, o)
	}
	months, caps := []calendar.Day{month}, [][]lift.Cap{now}
	if n.asOf == n.asOf.MonthEnd() {
		months, caps = append(months, n.asOf+1), append(caps, lift.Caps(f, o))
	}
	o.Caps = lift.ByClass(now)
	n.publishRows(contract.ChuanliuCaps, lift.CapTable(months, caps, o))
	return nil
}

// liftMarket is the daily self-broadcast GMV of the shops of some categories that have any.
func (n *night) liftMarket(ctx context.Context, wanted func(category int64) bool) (*lift.Market, error) {
	shops := n.scored[contract.ScoreMerchant]
	days := n.rules.Lift.Panel.Days
	m := &lift.Market{First: n.asOf - calendar.Day(days) + 1}
	if n.present.Count(m.First, n.asOf) < int64(days) || !n.has(contract.Talents) {
		return nil, nil // a day without orders is no day of zeros
	}
	switch begin, err := n.channelsFrom(ctx, m.First); {
	case err != nil:
		return nil, err
	case begin > m.First: // neither is one whose channels are not known
		n.note(fmt.Sprintf("lift: nobody is compared with non-participants: the channels of sales are known from %s on, and panels look at the %d days from %s on", begin, days, m.First))
		return nil, nil
	}
	gmv, categories := make([][]float64, len(shops.codes)), shops.fact("category1_id")
	for d, err := range n.history(ctx, rollup.SalesOf(contract.Scopes()[contract.RoleMerchant]), m.First) {
		if err != nil {
			return nil, err
		}
		channel, scene, paid, merchants := d.Frame.Column("channel"), d.Frame.Column("scene"), d.Frame.Column("paid_fen"), d.Frame.Column("merchant_id")
		for i := range d.Frame.N {
			if channel[i] != contract.ChannelSelf || scene[i] != contract.SceneLive || paid[i] == 0 {
				continue
			}
			row := shops.rows.Row(merchants[i])
			if row < 0 || !wanted(categories.At(row)) {
				continue
			}
			if gmv[row] == nil {
				gmv[row] = make([]float64, days)
			}
			gmv[row][d.Day-m.First] += float64(paid[i])
		}
	}
	for row, code := range shops.codes {
		if gmv[row] != nil {
			m.Merchants, m.GMV = append(m.Merchants, code), append(m.GMV, gmv[row])
		}
	}
	return m, nil
}

// talentFacts tells what is known of talents beside the pairs.
func (n *night) talentFacts() func(talent int64) lift.Talent {
	talents := n.scored[contract.ScoreTalent]
	settled := n.settledOf(talents)
	all, _ := talents.Score.Indicators()
	var product score.Figure
	if sold := slices.IndexFunc(all, func(i rules.Indicator) bool { return i.ID == "product_score" }); sold >= 0 {
		product = talents.Figures.Of[sold]
	}
	return func(talent int64) lift.Talent {
		t := lift.Talent{Score: math.NaN(), Product: math.NaN(), NetKnown: settled.netKnown}
		row := talents.rows.Row(talent)
		if row < 0 {
			t.NetKnown = false
			return t
		}
		if own, ok := talents.of(talent); ok {
			t.Score = own
		}
		if product != nil {
			if x, of := product(row); of > 0 {
				t.Product = x / of
			}
		}
		t.Net15 = settled.net15.At(row)
		return t
	}
}
