package jobs

import (
	"context"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/fives"
	"github.com/windvane/windvane/transforms/gmv"
	"github.com/windvane/windvane/transforms/repeat"
	"github.com/windvane/windvane/transforms/rollup"
)

// compareFives makes fives: the shops of shop_score in five dimensions.
func (n *night) compareFives(ctx context.Context) error {
	shops := n.scored[contract.ScoreMerchant]
	f := &fives.Shops{Codes: shops.codes, Categories: shops.fact("category1_id").Values(), Goods: shops.Goods,
		Days: n.present.Count(n.asOf-fives.WindowDays+1, n.asOf)}
	channels, err := n.channelsKnown(ctx, n.asOf-repeat.LiveDays+1)
	if err != nil {
		return err
	}
	known := channels(n.asOf-fives.WindowDays+1, n.asOf)
	n.addSplit(shops, f, known)
	n.addPrices(shops, f)
	if channels(n.asOf-repeat.LiveDays+1, n.asOf) {
		n.addLiveBuyers(shops, f)
	}
	if err := n.addHistories(ctx, shops, f, known); err != nil {
		return err
	}
	n.publishRows(contract.Fives, fives.Compare(f).Table(n.asOf, n.runner.ids))
	return nil
}

// addSplit adds GMV by channel and scene. Where channels are not known, nothing tells whose an account is.
func (n *night) addSplit(shops *scored, f *fives.Shops, channels bool) {
	for _, column := range []*[]int64{&f.Paid, &f.Content, &f.PanShelf, &f.Search, &f.Distribution, &f.SelfBroadcast} {
		*column = make([]int64, len(shops.codes))
	}
	for _, sums := range n.sums {
		if sums.Scope.Role != contract.RoleMerchant {
			continue
		}
		sums.SplitPaid(fives.WindowDays, func(merchant int64, s *gmv.Split) {
			row := shops.rows.Row(merchant)
			if row < 0 {
				return
			}
			f.Paid[row], f.Content[row] = s.Paid, s.In(contract.SceneLive, contract.SceneShortVideo)
			f.PanShelf[row] = s.In(contract.SceneRecommend, contract.SceneMall, contract.SceneSearch, contract.SceneShop)
			f.Search[row] = s.In(contract.SceneSearch)
			f.Distribution[row], f.SelfBroadcast[row] = s.Of(contract.ChannelDistribution), s.Of(contract.ChannelSelf, contract.SceneLive)
		})
	}
	if !channels {
		f.Distribution, f.SelfBroadcast = nil, nil
	}
}

// addPrices adds what shops sold at comparable prices.
func (n *night) addPrices(shops *scored, f *fives.Shops) {
	if n.has(contract.Products) {
		sold := n.soldByShops(shops, func(int) int64 { return fives.WindowDays })
		f.Items, f.Comparable, f.LowPrice = sold.Items, sold.Comparable, sold.Covered
		n.scored[contract.ScoreProduct].sums.PaidIn = nil // nobody asks for them after this
	}
}

// addLiveBuyers adds who bought in self-broadcast, and came back. Of a shorter history few had the time to.
func (n *night) addLiveBuyers(shops *scored, f *fives.Shops) {
	if !n.reaches(repeat.LiveDays) || !n.keptKnown(n.asOf-repeat.LiveDays+1) {
		return
	}
	f.LiveBuyers, f.LiveRepeat = make([]int64, len(shops.codes)), make([]int64, len(shops.codes))
	for _, figures := range n.buyers {
		if figures.Scope.Role != contract.RoleMerchant {
			continue
		}
		for row, code := range shops.codes {
			b := figures.LiveBuyers(code)
			f.LiveBuyers[row], f.LiveRepeat[row] = b.Buyers, b.Repeat
		}
	}
}

// addHistories adds what is read from rollups of the window.
func (n *night) addHistories(ctx context.Context, shops *scored, f *fives.Shops, channels bool) (err error) {
	first := n.asOf - fives.WindowDays + 1
	if n.contentsKnown(first) {
		if f.Contents, err = fives.ReadContents(shops.rows, n.history(ctx, rollup.MerchantContents(), first)); err != nil {
			return err
		}
	}
	if channels {
		if f.Partners, err = fives.ReadPartners(shops.rows, n.history(ctx, rollup.MerchantPromoters(), first), n.talentScore); err != nil {
			return err
		}
	}
	if n.has(contract.Products) {
		products := n.scored[contract.ScoreProduct]
		f.AlwaysOn, err = fives.ReadAlwaysOn(shops.rows, fives.Products{Rows: products.rows, Merchant: products.fact("merchant_id"), LiveOnly: products.fact("live_only")},
			n.history(ctx, rollup.ShelfMinutes(), first))
	}
	return err
}

// talentScore is 带货口碑分 in hundredths, column.Null: none.
func (n *night) talentScore(talent int64) int64 {
	talents := n.scored[contract.ScoreTalent]
	if row := talents.rows.Row(talent); row >= 0 && talents.Scores.Total[row] != 0 {
		return int64(talents.Scores.Total[row])
	}
	return column.Null
}
