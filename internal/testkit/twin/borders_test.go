package twin_test

import (
	"testing"

	"github.com/windvane/windvane/internal/testkit/twin"
)

// The cases of this file stand exactly on the border of a rule: one day or one unit further, the answer turns.

func TestALineOfExactlyTheLargestQuantityIsValid(t *testing.T) {
	p := market(order("1", 31, func(o *twin.Order) { o.Quantity = 20 }))
	equal(t, "paid", gmvRow(t, p, options(), "platform", "", 1).GMVPaidFen, 10_000)
}

func TestOneDayLessThanAYearOfHistoryIsTooShort(t *testing.T) {
	p, o := market(order("1", 31)), options()
	o.HistoryCompleteFrom = ptr(day(31) - 364)
	equal(t, "new buyers", gmvRow(t, p, o, "platform", "", 1).NewBuyers, nil)
}

func TestRefundsOnTheLastDayOfTheLag(t *testing.T) {
	early := order("1", 1)
	in15 := withRefunds(market(early, order("2", 31)), refunded("501", early, 16, 4_000, false))
	equal(t, "net15, day 15", gmvRow(t, in15, options(), "platform", "", 30).GMVNet15Fen, ptr(int64(6_000)))
	past15 := withRefunds(market(early, order("2", 31)), refunded("501", early, 17, 4_000, false))
	equal(t, "net15, day 16", gmvRow(t, past15, options(), "platform", "", 30).GMVNet15Fen, ptr(int64(10_000)))
	in30 := withRefunds(market(early, order("2", 31)), refunded("501", early, 31, 4_000, false))
	equal(t, "net30, day 30", gmvRow(t, in30, options(), "platform", "", 1).GMVNet30Fen, ptr(int64(6_000)))
}

func TestARefundOfADayWithoutOrdersIsCashButReducesNothing(t *testing.T) {
	gone := order("1", 25)
	p := withRefunds(market(order("2", 31)), refunded("501", gone, 30, 4_000, false))
	r := gmvRow(t, p, options(), "platform", "", 7)
	equal(t, "refunded", r.RefundAmtFen, ptr(int64(4_000)))
	equal(t, "net", r.GMVNetFen, ptr(int64(10_000)))
}

func TestACohortIsObservedOnTheLastOfItsDays(t *testing.T) {
	p := market(order("1", 0), order("2", 30)) // 29 February, which ends the month; 30 March is 30 days later
	for d, want := range map[twin.Day]*int64{day(30): ptr(int64(1)), day(29): nil} {
		for _, r := range twin.Compute(p, twin.DefaultOptions(d)).Cohorts {
			if r.Role == "platform" && r.MonthOffset == 0 {
				equal(t, "R3(30) on "+d.String(), r.R330Buyers, want)
			}
		}
	}
}

func TestACohortNeedsAYearBeforeItsMonth(t *testing.T) {
	for _, c := range []struct {
		from twin.Day
		want bool
	}{{day(1) - 365, true}, {day(1) - 364, false}} {
		o := options()
		o.HistoryCompleteFrom = &c.from
		for _, r := range twin.Compute(market(order("1", 31)), o).Cohorts {
			equal(t, "complete from "+c.from.String(), r.HistoryComplete, c.want)
		}
	}
}

// everyDay is one line a day from one day of March to another, without the days that are left out.
func everyDay(from, to int, without ...int) twin.Partitions {
	p := twin.Partitions{Orders: map[twin.Day][]twin.Order{}}
	for d := from; d <= to; d++ {
		p.Orders[day(d)] = []twin.Order{order(day(d).String(), d)}
	}
	for _, d := range without {
		delete(p.Orders, day(d))
	}
	return p
}

func TestGrowthNeedsAllDaysOfBothPeriods(t *testing.T) {
	for _, c := range []struct {
		name    string
		without []int
		want    *float64
	}{
		{"all days", nil, ptr(0.0)},
		{"a day of the week is missing", []int{28}, nil},
		{"a day of the week before is missing", []int{20}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := everyDay(18, 31, c.without...)
			equal(t, "week on week", overviewRow(t, p, options(), "7_days").GMVPaidWowRatio, c.want)
		})
	}
}

func TestLateDataMovesAgainstAgeZeroOnly(t *testing.T) {
	late := func(asOf int, lines ...string) twin.Night {
		p := market()
		for d := 28; d <= asOf; d++ {
			p.Orders[day(d)] = nil
		}
		for _, l := range lines {
			p.Orders[day(28)] = append(p.Orders[day(28)], order(l, 28))
		}
		return twin.Night{Partitions: p, Options: twin.DefaultOptions(day(asOf))}
	}
	// The 28th has one line that evening, two a day later, two on the 30th, three after three days.
	nights := []twin.Night{late(28, "1"), late(29, "1", "2"), late(30, "1", "2"), late(31, "1", "2", "3")}
	equal(t, "moved since age 0", movedAfter3(nights...), ptr(int64(20_000)))
	equal(t, "the eve of the last night is missing", movedAfter3(nights[0], nights[1], nights[3]), nil)
}

// movedAfter3 is how far the 28th had moved at the age of three days.
func movedAfter3(nights ...twin.Night) *int64 {
	for _, r := range twin.LateData(nights...) {
		if r.DT == day(28) && r.AgeDays == 3 {
			return r.GMVPaidMovedFen
		}
	}
	return ptr(int64(-1))
}

func TestADayIsSettledOnceItIsNoLongerRestated(t *testing.T) {
	o := options()
	o.RestateDays = 15
	for _, r := range twin.LateData(twin.Night{Partitions: everyDay(16, 31), Options: o}) {
		equal(t, r.DT.String(), r.Settled, r.DT == day(16)) // 17 to 31 March are restated
	}
}

func TestRowsOfGMVReachThirtyDaysBeforeTheWindow(t *testing.T) {
	merchant := func(id, kind string) func(*twin.Order) {
		return func(o *twin.Order) { o.MerchantID, o.OrderKind = id, kind }
	}
	sold := order("5", 0, merchant("15", "normal")) // 29 February, a day too early
	p := withRefunds(market(
		order("1", 31, merchant("11", "test")),  // tests alone make no row
		order("2", 1, merchant("12", "normal")), // 30 days before the window of the 31st
		order("3", 0, merchant("13", "normal")), // 31 days before it
		order("4", 31, merchant("14", "normal"), func(o *twin.Order) { o.PaidAt = nil }),
		sold,
	), refunded("501", sold, 31, 100, false)) // its refund falls into the window
	got := map[string]bool{}
	for _, r := range twin.Compute(p, options()).GMV {
		if r.Role == "merchant" && r.WindowDays == 1 {
			got[r.SubjectID] = true
		}
	}
	equal(t, "merchants", got, map[string]bool{"12": true, "14": true, "15": true})
}
