package twin

import (
	"slices"

	"github.com/windvane/windvane/transforms/contract"
)

func repeatWindows() []int { return []int{1, 7, 30, 90, 365} }

// fullRefundDays is how long after payment a full refund still takes the purchase out.
const fullRefundDays = 15

// remains tells whether a line is still a purchase: no full refund of it succeeded in time.
func (n *night) remains(l line) bool {
	return !slices.ContainsFunc(n.refunds, func(r refund) bool {
		return r.IsFull && r.OrderLineID == l.OrderLineID && r.paidDay == l.dt && r.succeededDay-r.paidDay <= fullRefundDays
	})
}

// purchaseDays are the days in s, ascending, on which each buyer has a purchase that remains.
func (n *night) purchaseDays(in cell, s span) map[string][]Day {
	days := map[string][]Day{}
	for _, l := range n.sold(in, s) {
		if n.remains(l) && !slices.Contains(days[l.BuyerID], l.dt) {
			days[l.BuyerID] = append(days[l.BuyerID], l.dt)
		}
	}
	for _, d := range days {
		slices.Sort(d)
	}
	return days
}

// repeaters counts the buyers with purchases on two or more days.
func repeaters(days map[string][]Day) int64 {
	var count int64
	for _, d := range days {
		if len(d) >= 2 {
			count++
		}
	}
	return count
}

func (n *night) repeat() []RepeatRow {
	var rows []RepeatRow
	for _, sc := range n.scopes(contract.Roles...) {
		for _, days := range repeatWindows() {
			s := window(n.AsOf, days)
			if bought := n.purchaseDays(n.cellOf(sc), s); len(bought) > 0 {
				rows = append(rows, n.repeatRow(sc, s, bought))
			}
		}
	}
	return rows
}

func (n *night) repeatRow(sc scope, s span, bought map[string][]Day) RepeatRow {
	buyers, repeat := int64(len(bought)), repeaters(bought)
	var gaps, gapDays int64
	for _, days := range bought {
		for i := 1; i < len(days); i++ {
			gaps++
			gapDays += int64(days[i] - days[i-1])
		}
	}
	return RepeatRow{
		Subject: n.subject(sc), WindowDays: s.days(), DaysPresent: n.daysPresent(sc, s),
		Buyers: buyers, RepeatBuyers: repeat, R1Ratio: ratio(&repeat, &buyers),
		DayGaps: gaps, MeanGapDays: ratio(&gapDays, &gaps), RefundsApplied: n.refundsCover(s),
	}
}

// relationRoles are the roles of the tables about months, cohorts and trust.
func relationRoles() []string { return []string{"platform", "category", "merchant", "talent"} }

// monthsBack is how many months monthly_buyers has before the current one.
const monthsBack = 13

func (n *night) monthlyBuyers() []MonthlyBuyersRow {
	var rows []MonthlyBuyersRow
	for _, sc := range n.scopes(relationRoles()...) {
		for back := 0; back <= monthsBack; back++ {
			month := n.AsOf.monthFirst().addMonths(-back)
			if row := n.monthRow(sc, month); row.Buyers > 0 {
				rows = append(rows, row)
			}
		}
	}
	return rows
}

func (n *night) monthRow(sc scope, month Day) MonthlyBuyersRow {
	in := n.cellOf(sc)
	s := span{month, month.monthLast()}
	next := span{month.addMonths(1), month.addMonths(1).monthLast()}
	bought := n.purchaseDays(in, s)
	row := MonthlyBuyersRow{
		Subject: n.subject(sc), Month: month, Closed: s.last <= n.AsOf, DaysPresent: n.daysPresent(sc, span{s.first, min(s.last, n.AsOf)}),
		Buyers: count(buyersOf(n.sold(in, s))), R2Buyers: int64(len(bought)),
	}
	if next.last <= n.AsOf {
		row.RetainedBuyers = ptr(retained(bought, n.purchaseDays(in, next)))
		row.R2Ratio = ratio(row.RetainedBuyers, &row.R2Buyers)
	}
	return row
}

// retained counts the buyers of both.
func retained(first, second map[string][]Day) int64 {
	var count int64
	for buyer := range first {
		if len(second[buyer]) > 0 {
			count++
		}
	}
	return count
}

func (n *night) cohorts() []CohortsRow {
	var rows []CohortsRow
	for _, sc := range n.scopes(relationRoles()...) {
		bought := n.purchaseDays(n.cellOf(sc), window(n.AsOf, n.HistoryDays))
		for month, cohort := range byFirstMonth(bought) {
			rows = append(rows, n.cohortRows(sc, month, cohort)...)
		}
	}
	return rows
}

// byFirstMonth groups the buyers' purchase days by the month of the first.
func byFirstMonth(bought map[string][]Day) map[Day][][]Day {
	cohorts := map[Day][][]Day{}
	for _, days := range bought {
		month := days[0].monthFirst()
		cohorts[month] = append(cohorts[month], days)
	}
	return cohorts
}

func (n *night) cohortRows(sc scope, month Day, cohort [][]Day) []CohortsRow {
	var rows []CohortsRow
	for offset := 0; offset <= n.AsOf.monthsSince(month); offset++ {
		active := activeIn(cohort, month.addMonths(offset))
		if active == 0 {
			continue
		}
		row := CohortsRow{
			Subject: n.subject(sc), CohortMonth: month, MonthOffset: int64(offset),
			Buyers: int64(len(cohort)), ActiveBuyers: active,
			HistoryComplete: n.cohortHistoryStart(sc.role) <= month-365,
		}
		if offset == 0 {
			row.R330Buyers = n.returned(month, cohort, 30)
			row.R360Buyers = n.returned(month, cohort, 60)
			row.R390Buyers = n.returned(month, cohort, 90)
		}
		rows = append(rows, row)
	}
	return rows
}

// cohortHistoryStart is the start of history as far as cohorts look back on it.
func (n *night) cohortHistoryStart(role string) Day {
	return n.historyStart(role, window(n.AsOf, n.HistoryDays).first)
}

// activeIn counts the buyers with a purchase day in the month.
func activeIn(cohort [][]Day, month Day) int64 {
	var count int64
	for _, days := range cohort {
		if slices.ContainsFunc(days, func(d Day) bool { return d.monthFirst() == month }) {
			count++
		}
	}
	return count
}

// returned counts the buyers whose second purchase day came within k days of the first; nil until the
// whole cohort could be observed for k days.
func (n *night) returned(month Day, cohort [][]Day, k Day) *int64 {
	if month.monthLast()+k > n.AsOf {
		return nil
	}
	var count int64
	for _, days := range cohort {
		if len(days) >= 2 && days[1]-days[0] <= k {
			count++
		}
	}
	return &count
}
