package twin

import "slices"

func (n *night) overview() []OverviewRow {
	return []OverviewRow{
		n.period("day", window(n.AsOf, 1)),
		n.period("7_days", window(n.AsOf, 7)),
		n.period("30_days", window(n.AsOf, 30)),
		n.period("month", span{n.AsOf.monthFirst(), n.AsOf}),
		n.period("quarter", span{n.AsOf.quarterFirst(), n.AsOf}),
	}
}

func everywhere(sale) bool { return true }

// platform is the scope of everywhere.
var platform = scope{role: "platform"}

func (n *night) period(name string, s span) OverviewRow {
	forms := n.forms(everywhere, s)
	row := OverviewRow{
		AsOfDate: n.AsOf, Period: name, FirstDay: s.first, LastDay: s.last, Days: s.days(),
		DaysPresent: n.daysPresent(platform, s), LagPresent: n.lagPresent(platform, s), GMVForms: forms, RefundRateRatio: refundRate(forms),
		Orders: countOrders(n.sold(everywhere, s)), Buyers: *n.buyersIn(s), Buyers30d: *n.buyersIn(window(n.AsOf, 30)),
		ActiveMerchants: int64(len(n.activeMerchants(s))), ActiveTalents: int64(len(n.activeTalents(s))),
		ActiveOperators: n.operators(s), CartedProducts: n.carted(s),
	}
	row.ATVBuyerFen = average(&row.GMVPaidFen, &row.Buyers)
	row.ATVOrderFen = average(&row.GMVPaidFen, &row.Orders)
	if days := window(n.AsOf, 90); n.since() <= days.first {
		bought := n.purchaseDays(everywhere, days)
		row.R190Ratio = ratio(ptr(repeaters(bought)), ptr(int64(len(bought))))
	}
	n.addGrowth(&row, s)
	n.addShares(&row, s)
	return row
}

func (n *night) buyersIn(s span) *int64 { return ptr(count(buyersOf(n.sold(everywhere, s)))) }

func (n *night) paidIn(s span) *int64 { return ptr(amountOf(n.sold(everywhere, s))) }

func (n *night) activeMerchants(s span) map[string]bool {
	set := map[string]bool{}
	for _, l := range n.sold(everywhere, s) {
		set[l.MerchantID] = true
	}
	return set
}

func (n *night) activeTalents(s span) map[string]bool {
	set := map[string]bool{}
	for _, l := range n.sold(everywhere, s) {
		if l.PromoterID != nil {
			set[*l.PromoterID] = true
		}
	}
	return set
}

// operators are the active merchants and the active talents that no merchant owns in the newest talents
// snapshot by the last day; nil without one.
func (n *night) operators(s span) *int64 {
	snapshot, ok := newest(n.Talents, s.last)
	if !ok {
		return nil
	}
	operators := count(n.activeMerchants(s))
	for talent := range n.activeTalents(s) {
		if ownerOf(snapshot, talent) == nil {
			operators++
		}
	}
	return &operators
}

// carted counts the products in a cart on any day of s; nil unless every day has a products snapshot.
func (n *night) carted(s span) *int64 {
	set := map[string]bool{}
	for d := s.first; d <= s.last; d++ {
		snapshot, ok := n.Products[d]
		if !ok {
			return nil
		}
		for _, p := range snapshot {
			if p.InCart {
				set[p.ProductID] = true
			}
		}
	}
	return ptr(count(set))
}

func (n *night) addGrowth(row *OverviewRow, s span) {
	dayBefore, weekBefore := s.earlier(1), s.earlier(7)
	monthBefore, yearBefore := s.monthsEarlier(1, row.Period), s.monthsEarlier(12, row.Period)
	row.GMVPaidDodRatio = n.growth(n.paidIn, s, dayBefore)
	row.GMVPaidWowRatio = n.growth(n.paidIn, s, weekBefore)
	row.GMVPaidMomRatio = n.growth(n.paidIn, s, monthBefore)
	row.GMVPaidYoyRatio = n.growth(n.paidIn, s, yearBefore)
	row.BuyersYoyRatio = n.growth(n.buyersIn, s, yearBefore)
	row.ActiveOperatorsYoyRatio = n.growth(n.operators, s, yearBefore)
	row.CartedProductsYoyRatio = change(n.carted(s), n.carted(yearBefore))
}

// growth is the change of a figure of orders from base to s; nil unless all days of both are present.
func (n *night) growth(figure func(span) *int64, s, base span) *float64 {
	if n.daysPresent(platform, s) < s.days() || n.daysPresent(platform, base) < base.days() {
		return nil
	}
	return change(figure(s), figure(base))
}

// change is now/base - 1; nil if either is unknown or base is 0.
func change(now, base *int64) *float64 {
	r := ratio(now, base)
	if r == nil {
		return nil
	}
	return ptr(*r - 1)
}

func (n *night) addShares(row *OverviewRow, s span) {
	share := func(in cell) *float64 {
		return ratio(ptr(amountOf(n.sold(in, s))), &row.GMVPaidFen)
	}
	channel := func(name string) *float64 { return share(func(x sale) bool { return x.channel == name }) }
	scenes := func(names ...string) *float64 {
		return share(func(x sale) bool { return slices.Contains(names, x.scene) })
	}
	row.ChannelSelfRatio = channel("self")
	row.ChannelDistribution = channel("distribution")
	row.ChannelNoneRatio = channel("none")
	row.ChannelUnknownRatio = channel("unknown")
	row.SceneLiveRatio = scenes("live")
	row.SceneShortVideoRatio = scenes("short_video")
	row.SceneRecommendRatio = scenes("recommend")
	row.SceneMallRatio = scenes("mall")
	row.SceneSearchRatio = scenes("search")
	row.SceneShopRatio = scenes("shop")
	row.SceneOtherRatio = scenes("other")
	row.SelfBroadcastRatio = share(selfBroadcast)
	row.PanShelfRatio = scenes("recommend", "mall", "search", "shop")
}
