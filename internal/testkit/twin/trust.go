package twin

import "slices"

func trustWindows() []int { return []int{30, 90, 365} }

// conversionDays is how long a buyer won by distribution has to buy in the merchant's own live.
const conversionDays = 30

// fullSetLines is how many lines of one brand make an order a full set.
const fullSetLines = 3

func (n *night) trust() []TrustRow {
	var rows []TrustRow
	for _, sc := range n.scopes(relationRoles()...) {
		for _, days := range trustWindows() {
			s := window(n.AsOf, days)
			if row := n.trustRow(sc, s); row.Buyers > 0 || sc.role == "merchant" && len(n.won(sc, s)) > 0 {
				rows = append(rows, row)
			}
		}
	}
	return rows
}

func (n *night) trustRow(sc scope, s span) TrustRow {
	in := n.cellOf(sc)
	lines := n.sold(in, s)
	row := TrustRow{
		Subject: n.subject(sc), WindowDays: s.days(), DaysPresent: n.daysPresent(sc, s),
		Orders: countOrders(lines), GMVPaidFen: amountOf(lines), Buyers: count(buyersOf(lines)),
		Followers: n.followers(sc),
	}
	row.GMVPerBuyerFen = average(&row.GMVPaidFen, &row.Buyers)
	row.GMVPerFollowerFen = average(&row.GMVPaidFen, row.Followers)
	if fresh := n.newBuyers(sc, s); fresh != nil {
		isNew := func(l line) bool { return fresh[l.BuyerID] }
		row.NewBuyerOrders = ptr(countOrders(keep(lines, isNew)))
		row.ReturningGMVFen = ptr(row.GMVPaidFen - amountOf(keep(lines, isNew)))
	}
	row.NewBuyerOrderRatio = ratio(row.NewBuyerOrders, &row.Orders)
	row.ReturningGMVRatio = ratio(row.ReturningGMVFen, &row.GMVPaidFen)
	n.addConversion(&row, sc, s)
	n.addFullSet(&row, s, lines)
	return row
}

func keep(lines []line, want func(line) bool) []line {
	return slices.DeleteFunc(slices.Clone(lines), func(l line) bool { return !want(l) })
}

// followers are those of a talent, or of the accounts a merchant owns, in the newest talents snapshot.
// Nil for other roles, without a snapshot, and if the talent is not in it or the merchant owns no account.
func (n *night) followers(sc scope) *int64 {
	snapshot, _ := newest(n.Talents, n.AsOf)
	var sum *int64
	for _, t := range snapshot {
		own := sc.role == "talent" && t.TalentID == sc.subject
		owned := sc.role == "merchant" && t.OwnerMerchantID != nil && *t.OwnerMerchantID == sc.subject
		if !own && !owned {
			continue
		}
		if sum == nil {
			sum = new(int64)
		}
		*sum += t.Followers
	}
	return sum
}

// won are the lines of a scope through distribution in the window that ended conversionDays ago.
func (n *night) won(sc scope, s span) []line {
	in := n.cellOf(sc)
	return n.sold(func(x sale) bool { return in(x) && x.channel == "distribution" }, s.earlier(conversionDays))
}

// addConversion fills in, for merchants, the buyers won by distribution and those of them who came to the
// merchant's own live. They stay null where a day of either lies before the first talents snapshot.
func (n *night) addConversion(row *TrustRow, sc scope, s span) {
	if sc.role != "merchant" || !n.channelsCover(span{s.first - conversionDays, s.last}) {
		return
	}
	in := n.cellOf(sc)
	distribution, converted := map[string]bool{}, map[string]bool{}
	for _, l := range n.won(sc, s) {
		distribution[l.BuyerID] = true
		after := span{l.dt + 1, l.dt + conversionDays}
		if buyersOf(n.sold(func(x sale) bool { return in(x) && selfBroadcast(x) }, after))[l.BuyerID] {
			converted[l.BuyerID] = true
		}
	}
	row.DistributionBuyers, row.ConvertedBuyers = ptr(count(distribution)), ptr(count(converted))
	row.ConversionRatio = ratio(row.ConvertedBuyers, row.DistributionBuyers)
}

func selfBroadcast(s sale) bool { return s.channel == "self" && s.scene == "live" }

// addFullSet fills in the orders with three or more lines of one brand, among the lines of the scope. Nil where brands are not known of the
// whole window.
func (n *night) addFullSet(row *TrustRow, s span, lines []line) {
	if !n.brandsKnown(s) {
		return
	}
	set := keep(lines, func(l line) bool { return l.brand != nil && len(sameBrand(lines, l)) >= fullSetLines })
	row.FullSetOrders = ptr(countOrders(set))
	row.FullSetBuyers = ptr(count(buyersOf(set)))
	row.FullSetGMVFen = ptr(amountOf(set))
	row.FullSetAOVFen = average(row.FullSetGMVFen, row.FullSetOrders)
}

// brandsKnown tells whether there is a snapshot of products for all that was sold in s, and brands in the newest.
func (n *night) brandsKnown(s span) bool {
	for d := range n.Orders {
		if _, known := newest(n.Products, d); s.has(d) && n.present(d) && !known {
			return false
		}
	}
	products, _ := newest(n.Products, n.AsOf)
	return slices.ContainsFunc(products, func(p Product) bool { return p.BrandID != nil })
}

// sameBrand are the lines of l's order, day and brand, l included.
func sameBrand(lines []line, l line) []line {
	return keep(lines, func(o line) bool {
		return o.dt == l.dt && o.OrderID == l.OrderID && o.brand != nil && *o.brand == *l.brand
	})
}
