package jobs

import (
	"context"
	"fmt"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/gmv"
	"github.com/windvane/windvane/transforms/repeat"
	"github.com/windvane/windvane/transforms/rollup"
)

// countBuyers reads buyers, repeat purchase, months, cohorts and trust off the pairs of every scope.
func (n *night) countBuyers(ctx context.Context) error {
	n.buyers = make([]*repeat.Figures, len(n.scopes()))
	shopOf, err := n.shopOfProducts(ctx)
	if err != nil {
		return err
	}
	var undone *repeat.Undone
	if n.refunds != nil {
		undone = repeat.NewUndone(n.refunds, n.first)
	}
	won := make(chan *repeat.Won, 1) // from the pass over shops to that over products, which comes later in the scopes
	count := func(ctx context.Context, i int, s contract.Scope, workers int) (err error) {
		in := repeat.Input{AsOf: n.asOf, Scope: s, First: n.first, Undone: undone, Kept: n.keptFrom(), Months: s.Role != contract.RoleProduct,
			Compare: n.runner.ids.CompareText(s.Domain, contract.NoSubject), Workers: workers}
		if s.Role == contract.RolePlatform {
			for _, span := range gmv.OverviewSpans(n.asOf) {
				in.Ranges = append(in.Ranges, repeat.Range(span))
			}
		}
		if s.Role == contract.RoleProduct {
			select {
			case in.Won = <-won:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		n.buyers[i], err = n.countScope(ctx, in, n.first)
		if s.Role == contract.RoleMerchant && err == nil {
			won <- n.buyers[i].Won(shopOf)
		}
		return err
	}
	if err := n.countScopes(ctx, rollup.BuyersOf, n.first, slices.All(n.scopes()), count); err != nil {
		return err
	}
	switch begin, before, err := n.channelsLate(ctx); {
	case err != nil:
		return err
	case before > 0:
		n.note(fmt.Sprintf("channels of sales are known from %s on, later than the orders: distribution and self-broadcast are not computable of windows with earlier orders", begin))
	}
	c, err := n.repeatContext(ctx)
	if err != nil {
		return err
	}
	n.publishRows(contract.Repeat, repeat.PurchaseTable(c, n.buyers))
	n.publishRows(contract.Trust, repeat.TrustTable(c, n.buyers))
	n.publishRows(contract.MonthlyBuyers, repeat.MonthlyTable(c, n.buyers))
	n.publishRows(contract.Cohorts, repeat.CohortTable(c, n.buyers))
	return nil
}

// shopOfProducts tells the shop of a product by the newest snapshot.
func (n *night) shopOfProducts(ctx context.Context) (func(product int64) int64, error) {
	products, err := n.factsOf(ctx, rollup.ProductFacts(), "product_id", "merchant_id")
	if products == nil || err != nil {
		return func(int64) int64 { return column.Null }, err
	}
	shops := column.NewLookup(products.Column("product_id"), products.Column("merchant_id"))
	return func(product int64) int64 {
		if at := shops.Row(product); at >= 0 {
			return shops.Values(0)[at]
		}
		return column.Null
	}, nil
}

// historyStart is the day from which purchases, and who made them, are known.
func (n *night) historyStart() calendar.Day {
	start, ok := n.withBuyers().First()
	if !ok {
		start = n.asOf
	}
	// A declaration speaks of what came before the data, not of what history_days cuts off nor of days that have lost their buyers.
	data, _ := n.present.First()
	if from := n.runner.Settings.HistoryCompleteFrom; from != nil && *from < start && start > n.first && start == data {
		return *from
	}
	return start
}

// categoriesFrom is the day from which snapshots tell category and brand of what was sold, 0 if there are no orders before it. Where they
// begin later, a declaration of what came before the orders says nothing of categories.
func (n *night) categoriesFrom() calendar.Day {
	ps := n.partitions[contract.Products.Name]
	data, ok := n.present.First()
	if !ok || len(ps) == 0 {
		return 0
	}
	if late := n.lastTooLate(contract.Products.Name); late > 0 {
		return late + 1
	}
	if ps[0].Day <= data {
		return 0
	}
	return ps[0].Day
}

// brandsNamed tells whether the newest snapshot of products names a brand: where none does, nothing tells of brands.
func (n *night) brandsNamed(ctx context.Context) (bool, error) {
	p, ok := n.nearest(contract.Products.Name, n.asOf)
	if !ok {
		return false, nil
	}
	products, err := n.frame(ctx, rollup.ProductDays(), p, "brand_id")
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(products.Column("brand_id"), func(brand int64) bool { return brand != column.Null }), nil
}

func (n *night) repeatContext(ctx context.Context) (repeat.Context, error) {
	brands, err := n.brandsNamed(ctx)
	if err != nil {
		return repeat.Context{}, err
	}
	channels, err := n.channelsKnown(ctx, n.asOf-channelDays+1)
	if err != nil {
		return repeat.Context{}, err
	}
	followers, err := n.followers(ctx)
	return repeat.Context{AsOf: n.asOf, IDs: n.runner.ids, Present: n.present, WithBuyers: n.withBuyers(), BuyersKnown: n.knowsBuyers(), HistoryStart: n.historyStart(),
		WithKept: n.withKept(), KeptKnown: n.knowsKept(), RefundsKnown: n.refundsKnown(),
		Products: brands, CategoriesFrom: n.categoriesFrom(), ChannelsKnown: channels, Followers: followers}, err
}

// followers counts the followers of accounts, and of the accounts that a merchant owns.
func (n *night) followers(ctx context.Context) (func(contract.Scope, int64) (int64, bool), error) {
	accounts, err := n.snapshot(ctx, accountAttributes, n.asOf)
	if err != nil || accounts == nil {
		return func(contract.Scope, int64) (int64, bool) { return 0, false }, err
	}
	owned := column.NewGrouper(1, 1)
	owner, followers := accounts.Values(0), accounts.Values(1)
	for i := range owner {
		if owner[i] != column.Null {
			owned.Get(owner[i : i+1])[0] += followers[i]
		}
	}
	return func(s contract.Scope, subject int64) (int64, bool) {
		switch s.Role {
		case contract.RoleTalent:
			if at := accounts.Row(subject); at >= 0 {
				return followers[at], true
			}
		case contract.RoleMerchant:
			if m := owned.Find(subject); m != nil {
				return m[0], true
			}
		}
		return 0, false
	}, nil
}
