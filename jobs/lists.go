package jobs

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/gmv"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/score"
)

// resources are the tables of lists by resource.
var resources = []struct {
	name  string
	table *contract.Table
}{
	{"traffic", contract.EligibilityTraffic}, {"subsidy", contract.EligibilitySubsidy},
	{"benefit", contract.EligibilityBenefit}, {"campaign", contract.EligibilityCampaign},
}

// decideLists decides who gets what, list by list.
func (n *night) decideLists(ctx context.Context) error {
	pages, err := n.decidePages(ctx)
	if err != nil {
		return err
	}
	if err := n.splitCauses(ctx, pages); err != nil {
		return err
	}
	tables := &eligibility.Tables{IDs: n.runner.ids, Rules: n.rules, Pages: pages}
	n.publishRows(contract.EligibilityGates, tables.Gates()) // the largest first: what is written last is written alone
	for _, r := range resources {
		n.publishRows(r.table, tables.List(r.table, r.name))
	}
	n.lists = tables
	return nil
}

// decidePages decides all lists.
func (n *night) decidePages(ctx context.Context) ([]*eligibility.Page, error) {
	roles := make([]*candidates, len(contract.ScoreRoles))
	for role := range roles {
		roles[role] = n.candidatesOf(role)
	}
	if err := n.addMerchantMeasures(ctx, roles[contract.ScoreMerchant]); err != nil {
		return nil, err
	}
	overrides, err := n.overridesOf(ctx)
	if err != nil {
		return nil, err
	}
	var all []*eligibility.Page
	for _, r := range resources {
		pages, err := n.decideResource(ctx, r.name, r.table, roles, overrides)
		if err != nil {
			return nil, err
		}
		all = append(all, pages...)
	}
	return all, nil
}

// decideResource decides the lists of one resource, with what they said on the run before.
func (n *night) decideResource(ctx context.Context, resource string, t *contract.Table, roles []*candidates, overrides map[overrideKey]eligibility.Override) ([]*eligibility.Page, error) {
	var lists []*rules.List
	var before []*eligibility.BeforeReader
	for i := range n.rules.Lists {
		if l := &n.rules.Lists[i]; l.Resource == resource {
			c := roles[slices.Index(contract.ScoreRoles, l.Role)]
			lists, before = append(lists, l), append(before, eligibility.NewBeforeReader(n.runner.ids, l, c.scope.Domain, c.rows, c.owned, c.page.Category))
		}
	}
	if err := n.readBefore(ctx, t, lists, before); err != nil {
		return nil, err
	}
	var pages []*eligibility.Page
	for i, l := range lists {
		pages = append(pages, n.decideList(l, roles[slices.Index(contract.ScoreRoles, l.Role)], before[i].Before(), overrides))
		before[i] = nil // it may be as large as tonight's list
	}
	return pages, nil
}

// readBefore reads what the lists of a resource said on the run before.
func (n *night) readBefore(ctx context.Context, t *contract.Table, lists []*rules.List, readers []*eligibility.BeforeReader) error {
	before := n.groupsBefore(ctx, t, eligibility.BeforeTexts, eligibility.BeforeColumns...)
	if before == nil {
		return nil
	}
	dropped := map[string]int{}
	for f, err := range before {
		if err != nil {
			return err
		}
		eligibility.Dropped(dropped, f, n.runner.ids, lists)
		for _, r := range readers {
			if err := r.Read(f); err != nil {
				return err
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(dropped)) {
		n.noteLost(id, dropped[id])
	}
	return nil
}

// noteLost tells why so many members of a list of the run before have lost it without a row.
func (n *night) noteLost(id string, members int) {
	at := slices.IndexFunc(n.rules.Lists, func(l rules.List) bool { return l.ID == id || l.Formerly == id })
	if at < 0 {
		n.note(fmt.Sprintf("list %s of the run before is none of the rules any more: its %d members have lost it without a row; if it was renamed, its new list needs formerly: %s",
			id, members, id))
		return
	}
	l := &n.rules.Lists[at]
	n.note(fmt.Sprintf("list %s of the run before has moved to another resource or other subjects, as list %s of resource %s and role %s: its %d members have lost it without a row, and it begins anew there",
		id, l.ID, l.Resource, l.Role, members))
}

// candidates are the subjects of one role as lists look at them.
type candidates struct {
	*scored
	considered *eligibility.Subjects
	runs       eligibility.History
	page       eligibility.Page // what all pages of the role share
}

// decideList decides one list; before is what it said on the run before, nil: nothing.
func (n *night) decideList(l *rules.List, c *candidates, before *eligibility.Before, overrides map[overrideKey]eligibility.Override) *eligibility.Page {
	page := c.page
	page.List = l
	if before != nil {
		page.RankBefore, page.Was = column.NewInts(before.Rank), eligibility.Outcome{Member: before.Member, Entitled: before.Entitled}
	}
	decided := n.overridesFor(l, c, overrides)
	page.Decision = eligibility.Decide(n.rules, l, n.asOf, c.considered, c.runs, before, decided, false)
	if page.Decision.TooMuch(n.rules.Stability) {
		n.holdOrAccept(l, c, before, decided, &page)
	}
	page.Decision.Pack()
	return &page
}

// holdOrAccept keeps the list of the run before, unless somebody accepts that so much of it turns over.
func (n *night) holdOrAccept(l *rules.List, c *candidates, before *eligibility.Before, decided map[int]eligibility.Override, page *eligibility.Page) {
	entered, left, members, share := page.Decision.Churn()
	detail := fmt.Sprintf("list %s: %d enter and %d leave of %d, %.1f %% of it turns over, more than %.1f %%",
		l.ID, entered, left, members, 100*share, 100*n.rules.Stability.MaxChurn)
	if n.acceptedChurn != "" {
		n.churnGates = append(n.churnGates, Gate{"churn", true, detail + "; accepted: " + n.acceptedChurn})
		return
	}
	page.Decision = eligibility.Hold(n.rules, l, n.asOf, c.considered, c.runs, before, decided)
	n.churnGates = append(n.churnGates, Gate{"churn", false, detail + "; the list of the run before was kept"})
	n.warnings = append(n.warnings, fmt.Sprintf("%s; the list of the run before was kept: look at the causes, then run the night again with --accept-churn REASON", detail))
}

// settledDays is the window of the settled forms that lists look at.
const settledDays = 30

// settled are figures of settledDays by subject, in fen.
type settled struct {
	net15        *column.Ints // before refunds where netKnown does not hold
	netKnown     bool
	paid, refund *column.Ints // where refunds are not known of the whole window nothing is
}

// rate is refund_rate_amt of a subject; NaN: nothing paid, or refunds not known.
func (s *settled) rate(row int) float64 {
	if s.paid.At(row) <= 0 {
		return math.NaN()
	}
	return float64(s.refund.At(row)) / float64(s.paid.At(row))
}

// settledOf adds them up once for all who ask.
func (n *night) settledOf(s *scored) settled {
	s.settling.Do(func() { s.settled = n.sumSettled(s) })
	return s.settled
}

func (n *night) sumSettled(s *scored) settled {
	net15, paid, refund := make([]int64, len(s.codes)), make([]int64, len(s.codes)), make([]int64, len(s.codes))
	netKnown, rateKnown := n.settledKnown(gmv.Lag15), n.settledKnown(gmv.Lag30)
	n.eachSettled(s.scope.Role, func(subject int64, f gmv.Settled) {
		row := s.rows.Row(subject)
		if row < 0 {
			return
		}
		if net15[row] = f.Paid15; netKnown {
			net15[row] = f.Net15()
		}
		if rateKnown {
			paid[row], refund[row] = f.Paid30, f.Refund30
		}
	})
	return settled{column.NewInts(net15), netKnown, column.NewInts(paid), column.NewInts(refund)}
}

// settledKnown tells whether refunds are known of the whole window of settledDays, lagged by so many days.
func (n *night) settledKnown(lag calendar.Day) bool {
	return n.refundsKnown()(n.asOf-lag-settledDays+1, n.asOf-lag)
}

// refundRates are refund_rate_amt by level-1 category, and the platform's: of all categories and of what has none.
func (n *night) refundRates() (byCategory map[int64]float64, platform float64) {
	byCategory = map[int64]float64{}
	if !n.settledKnown(gmv.Lag30) {
		return byCategory, 0
	}
	var all gmv.Settled
	n.eachSettled(contract.RoleCategory, func(category int64, f gmv.Settled) {
		all.Paid30, all.Refund30 = all.Paid30+f.Paid30, all.Refund30+f.Refund30
		if f.Paid30 > 0 && category != column.Null {
			byCategory[category] = float64(f.Refund30) / float64(f.Paid30)
		}
	})
	return byCategory, float64(all.Refund30) / float64(max(1, all.Paid30))
}

// eachSettled visits the settled forms of settledDays of the subjects of a role, in no order.
func (n *night) eachSettled(role int, visit func(subject int64, f gmv.Settled)) {
	if n.settled != nil {
		if n.settled[role] != nil {
			n.settled[role].Each(visit)
		}
		return
	}
	for _, sums := range n.sums {
		if sums.Scope.Role == role {
			sums.Settled(settledDays, visit)
		}
	}
}

// candidatesOf puts together what lists look at.
func (n *night) candidatesOf(role int) *candidates {
	s := n.scored[role]
	subjects, settled := len(s.codes), n.settledOf(s)
	c := &candidates{scored: s, runs: eligibility.History{}}
	categories := s.Figures.Categories[len(s.Figures.Categories)-1]
	c.considered = &eligibility.Subjects{N: subjects, Category: dense(categories), GMVNet15: settled.net15, Orders: s.sums.Recent,
		ColdStart: make([]bool, subjects), Grades: s.Scores.Grade, Workers: n.runner.Settings.workers(), Measures: map[string]eligibility.Measure{
			"severe_violations_30d": count(s.tickets.severeMonth), "severe_violations_90d": count(s.tickets.severe), "valid_orders_30d": count(s.sums.Recent)}}
	c.considered.Lower = func(i int) float64 {
		if lower := s.Scores.Lower[i]; lower != 0 {
			return float64(lower) / 100
		}
		return math.NaN()
	}
	for i, status := range s.Scores.Status {
		c.considered.ColdStart[i] = status == score.NoScore
	}
	c.page = eligibility.Page{Role: role, Domain: s.scope.Domain, Codes: s.codes, Texts: s.texts, Names: s.fact("name"), Category: categories,
		NetKnown: settled.netKnown, Smallest: n.smallest(s)}
	switch role {
	case contract.ScoreProduct:
		n.addProductMeasures(c, settled)
	case contract.ScoreMerchant:
		c.runs["shop_score"], c.page.Shop = s.history.Score, s.history.Score[0]
	case contract.ScoreTalent:
		c.runs["talent_score"], c.page.Talent = s.history.Score, s.history.Score[0]
	}
	return c
}

// count is a measure that is counted.
func count(values *column.Ints) eligibility.Measure {
	return func(subject int) float64 { return float64(values.At(subject)) }
}

// addProductMeasures adds what products have beyond other roles: their shop, their price, their refunds.
func (n *night) addProductMeasures(c *candidates, settled settled) {
	shops, merchants := n.scored[contract.ScoreMerchant], c.scored.shops
	c.considered.Shop = shopsOf(shops, merchants)
	c.runs["product_score"], c.runs["product_quality"] = c.history.Score, c.history.Quality
	c.considered.ShopScores = shops.history.Score
	c.page.Product, c.page.Shop, c.page.Merchant = c.history.Score[0], ofShops(shops.history.Score[0], c.considered.Shop), merchants
	m := c.considered.Measures
	m["severe_violations_30d"] = n.severeOfShops(c, shops.tickets.severeMonth, func(t *severeTickets) int64 { return t.month })
	m["severe_violations_90d"] = n.severeOfShops(c, shops.tickets.severe, func(t *severeTickets) int64 { return t.all })
	m["refund_rate_to_category"] = n.ratesToCategory(c, settled)
	addPriceMeasures(c)
	info := c.fact("info_score")
	c.considered.Info = func(subject int) float64 { return realAt(info.At(subject)) }
}

// shopsOf are the shops of products as lists have them.
func shopsOf(merchants *scored, shops *column.Ints) []int32 {
	out, others := make([]int32, shops.Len()), map[int64]int32{}
	for i := range out {
		shop := shops.At(i)
		if shop == column.Null {
			out[i] = eligibility.UnknownShop
			continue
		}
		if out[i] = int32(merchants.rows.Row(shop)); out[i] >= 0 {
			continue
		}
		number, ok := others[shop]
		if !ok {
			number = eligibility.UnknownShop - 1 - int32(len(others))
			others[shop] = number
		}
		out[i] = number
	}
	return out
}

// severeOfShops are the severe tickets of the shop of each product. Without a violations table nobody has any.
func (n *night) severeOfShops(c *candidates, tickets *column.Ints, of func(*severeTickets) int64) eligibility.Measure {
	others := n.scored[contract.ScoreMerchant].tickets.others
	return func(subject int) float64 {
		if shop := c.considered.Shop[subject]; shop >= 0 {
			return float64(tickets.At(int(shop)))
		}
		if t := others[c.page.Merchant.At(subject)]; t != nil {
			return float64(of(t))
		}
		return 0
	}
}

// ofShops gives every product the score of its shop.
func ofShops(shops []int16, of []int32) []int16 {
	out := make([]int16, len(of))
	for i, shop := range of {
		if shop >= 0 {
			out[i] = shops[shop]
		}
	}
	return out
}

// ratesToCategory hold the refund rate of each product against its category's. Without a category, or in one that sold nothing, that is
// the platform's.
func (n *night) ratesToCategory(c *candidates, settled settled) eligibility.Measure {
	rates, platform := n.refundRates()
	return func(subject int) float64 {
		rate := settled.rate(subject)
		mean, ok := rates[c.page.Category.At(subject)]
		if !ok {
			mean = platform
		}
		switch {
		case mean > 0:
			return rate / mean
		case rate == 0:
			return 0 // nobody it is held against has a refund
		}
		return math.NaN()
	}
}

func addPriceMeasures(c *candidates) {
	stars, brand := c.stars, c.fact("brand_flag")
	c.considered.Measures["price_stars"] = func(subject int) float64 {
		if s := stars[subject]; s > 0 {
			return float64(s)
		}
		return math.NaN()
	}
	c.considered.Measures["brand_not_comparable"] = func(subject int) float64 {
		if stars[subject] == 0 && brand.At(subject) == 1 {
			return 1
		}
		return 0
	}
}

// dense numbers categories from 0, -1: none.
func dense(codes *column.Ints) *column.Ints {
	numbers, out := map[int64]int32{column.Null: -1}, make([]int32, codes.Len())
	for i := range out {
		code := codes.At(i)
		number, ok := numbers[code]
		if !ok {
			number = int32(len(numbers) - 1)
			numbers[code] = number
		}
		out[i] = number
	}
	return column.NewInts(out)
}

// smallest finds the smallest change of an indicator that brings a score where a list needs it.
func (n *night) smallest(s *scored) func(int, eligibility.Need) (eligibility.Move, bool) {
	all, _ := s.Score.Indicators()
	return func(subject int, need eligibility.Need) (eligibility.Move, bool) {
		if s.Scores.Total[subject] == 0 {
			return eligibility.Move{}, false
		}
		change, ok := s.Scores.Smallest(subject, int64(need.Own), float64(need.Quality)/100)
		if !ok {
			return eligibility.Move{}, false
		}
		move := eligibility.Move{Of: all[change.Indicator].ID, From: change.From, To: change.To, Events: math.NaN(), Volume: math.NaN()}
		_, known := n.ruleOf(s.Role.Role)
		for _, k := range known {
			if k.ID == move.Of && k.Way == rules.Rate {
				move.Events, move.Volume = change.FromX-change.ToX, change.N
			}
		}
		return move, true
	}
}
