package recount

import "slices"

// Describe computes what the night of asOf publishes about sales, for the given roles, when the dumps begin
// on first. Sales outside first … asOf are not looked at.
func Describe(sales []Sale, first, asOf Date, roles ...string) Night {
	known := byDay(during(sales, first, asOf))
	night := Night{AsOf: asOf, GMV: map[Key]GMV{}, Repeat: map[Key]Repeat{}, Months: map[MonthKey]MonthlyBuyers{}, Cohorts: map[CohortKey]Cohort{}}
	for _, role := range roles {
		for subject, of := range bySubject(known, role) {
			night.describeWindows(of, first, role, subject)
			if role != "product" { // products have no months and no cohorts
				night.describeMonths(valid(of), role, subject)
				night.describeCohorts(valid(of), role, subject)
			}
		}
	}
	return night
}

// describeWindows adds one subject's rows of gmv and repeat_purchase. A window has a row of gmv if anything was sold
// in it or in the windows of its lagged figures, and one of repeat_purchase if anybody bought.
func (n *Night) describeWindows(sales []Sale, first Date, role, subject string) {
	for _, window := range GMVWindows {
		start := n.AsOf.Add(1 - window)
		if soldIn(sales, start, n.AsOf, 0) || soldIn(sales, start, n.AsOf, 15) || soldIn(sales, start, n.AsOf, 30) {
			n.GMV[Key{role, subject, int64(window)}] = gmv(sales, first, start, n.AsOf)
		}
	}
	for _, window := range RepeatWindows {
		start := n.AsOf.Add(1 - window)
		if bought := valid(between(sales, start, n.AsOf)); len(bought) > 0 {
			n.Repeat[Key{role, subject, int64(window)}] = repeat(bought, daysPresent(first, start, n.AsOf))
		}
	}
}

// soldIn tells whether anything was sold in the window start … end, moved back by lag days.
func soldIn(sales []Sale, start, end Date, lag int) bool {
	return len(between(sales, start.Add(-lag), end.Add(-lag))) > 0
}

// daysPresent counts the days of start … end that are not before first.
func daysPresent(first, start, end Date) int64 { return int64(max(first, start).Until(end) + 1) }

// gmv computes a row of table gmv: one subject's sales in start … end.
func gmv(sales []Sale, first, start, end Date) GMV {
	window := between(sales, start, end)
	bought := valid(window)
	row := GMV{
		DaysPresent: daysPresent(first, start, end),
		OrderFen:    sum(window, Unpaid), PaidRawFen: sum(window, Abnormal), PaidFen: sum(window, Valid),
		PaidLag15Fen: sum(between(sales, start.Add(-15), end.Add(-15)), Valid),
		PaidLag30Fen: sum(between(sales, start.Add(-30), end.Add(-30)), Valid),
		NetFen:       Missing, Net15Fen: Missing, Net30Fen: Missing, RefundFen: Missing,
		Lines: int64(len(bought)), Quantity: units(bought), Orders: int64(len(distinct(bought, orderOf))),
	}
	buyers := distinct(bought, buyerOf)
	before := distinct(valid(between(sales, start.Add(-365), start.Add(-1))), buyerOf)
	row.Buyers, row.ReturningBuyers = int64(len(buyers)), both(buyers, before)
	row.NewBuyers = row.Buyers - row.ReturningBuyers
	row.PerBuyerFen, row.PerOrderFen = average(row.PaidFen, row.Buyers), average(row.PaidFen, row.Orders)
	return row
}

func units(sales []Sale) (n int64) {
	for _, s := range sales {
		n += s.Units
	}
	return n
}

// repeat computes a row of table repeat_purchase from the valid sales of its window.
func repeat(bought []Sale, daysPresent int64) Repeat {
	row := Repeat{DaysPresent: daysPresent}
	var gapDays int64
	for _, days := range purchaseDays(bought) {
		row.Buyers++
		if len(days) > 1 {
			row.RepeatBuyers++
			row.DayGaps += int64(len(days) - 1)
			gapDays += int64(days[0].Until(days[len(days)-1])) // the gaps between successive days add up to this
		}
	}
	row.R1, row.MeanGapDays = ratio(row.RepeatBuyers, row.Buyers), ratio(gapDays, row.DayGaps)
	return row
}

// purchaseDays lists each buyer's days with a purchase, in order.
func purchaseDays(bought []Sale) map[string][]Date {
	days := map[string][]Date{}
	for _, s := range bought {
		days[s.Buyer] = append(days[s.Buyer], s.Day)
	}
	for buyer, of := range days {
		slices.Sort(of)
		days[buyer] = slices.Compact(of)
	}
	return days
}

// monthsPublished is the current month and the 13 before.
const monthsPublished = 14

// describeMonths adds one subject's rows of monthly_buyers; months without a buyer have none.
func (n *Night) describeMonths(bought []Sale, role, subject string) {
	months := map[string]set{}
	for _, s := range bought {
		month := s.Day.Month()
		if months[month] == nil {
			months[month] = set{}
		}
		months[month][s.Buyer] = true
	}
	for month, buyers := range months {
		if monthsBetween(month, n.AsOf.Month()) < monthsPublished {
			n.Months[MonthKey{role, subject, month}] = n.monthlyBuyers(month, buyers, months[nextMonth(month)])
		}
	}
}

func (n *Night) monthlyBuyers(month string, buyers, next set) MonthlyBuyers {
	row := MonthlyBuyers{Closed: n.closed(month), Buyers: int64(len(buyers)), R2Buyers: int64(len(buyers)), Retained: Missing, R2: Missing}
	if n.closed(nextMonth(month)) {
		row.Retained = both(buyers, next)
		row.R2 = ratio(row.Retained, row.R2Buyers)
	}
	return row
}

// closed says whether a month has ended by the as-of date.
func (n *Night) closed(month string) bool { return Date(month+"-01").MonthEnd() <= n.AsOf }

// describeCohorts adds one subject's rows of cohorts. A buyer belongs to the month of the first purchase of all.
func (n *Night) describeCohorts(bought []Sale, role, subject string) {
	cohorts := map[string][][]Date{} // month of first purchase → purchase days of each buyer
	for _, days := range purchaseDays(bought) {
		cohorts[days[0].Month()] = append(cohorts[days[0].Month()], days)
	}
	for month, members := range cohorts {
		active := activeByOffset(members)
		for offset, count := range active {
			row := Cohort{Buyers: int64(len(members)), Active: count, Within30: Missing, Within60: Missing, Within90: Missing, HistoryComplete: true}
			if offset == 0 {
				row.Within30, row.Within60, row.Within90 = n.within(month, members, 30), n.within(month, members, 60), n.within(month, members, 90)
			}
			n.Cohorts[CohortKey{role, subject, month, int64(offset)}] = row
		}
	}
}

// activeByOffset counts the members that bought in each month after the first.
func activeByOffset(members [][]Date) map[int]int64 {
	active := map[int]int64{}
	for _, days := range members {
		last := -1
		for _, day := range days {
			if offset := monthsBetween(days[0].Month(), day.Month()); offset != last {
				active[offset]++
				last = offset
			}
		}
	}
	return active
}

// within counts the members with a second purchase day at most k days after the first.
func (n *Night) within(month string, members [][]Date, k int) (count int64) {
	if Date(month+"-01").MonthEnd().Add(k) > n.AsOf {
		return Missing
	}
	for _, days := range members {
		if len(days) > 1 && days[0].Until(days[1]) <= k {
			count++
		}
	}
	return count
}
