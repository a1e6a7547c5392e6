package twin_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/windvane/windvane/internal/testkit/twin"
)

// The cases are worked out by hand. Days are those of March 2024; day(31) is the as-of date.

func day(n int) twin.Day { return twin.NewDay(2024, time.March, n) }

func options() twin.Options { return twin.DefaultOptions(day(31)) }

// at is noon of a day of March in Shanghai.
func at(n int) time.Time { return time.Date(2024, time.March, n, 4, 0, 0, 0, time.UTC) }

func ptr[T any](v T) *T { return &v }

// order is a normal line of 100 yuan, created and paid on day d, buyer 1 at merchant 11, scene live.
func order(line string, d int, change ...func(*twin.Order)) twin.Order {
	o := twin.Order{
		OrderLineID: line, OrderID: "9" + line, BuyerID: "1", MerchantID: "11", ProductID: "31", Scene: "live",
		CreatedAt: at(d), PaidAt: ptr(at(d)), Quantity: 1, BuyerPaidFen: 10_000, OrderKind: "normal",
	}
	for _, c := range change {
		c(&o)
	}
	return o
}

// refunded is a refund of a line that succeeded on day d.
func refunded(id string, o twin.Order, d int, amount int64, full bool) twin.Refund {
	return twin.Refund{
		RefundID: id, OrderLineID: o.OrderLineID, OrderID: o.OrderID, BuyerID: o.BuyerID, MerchantID: o.MerchantID,
		ProductID: o.ProductID, PromoterID: o.PromoterID, AuthorID: o.AuthorID, PaidAt: *o.PaidAt, AppliedAt: at(d),
		SucceededAt: ptr(at(d)), AmountFen: amount, IsFull: full, Kind: "refund_only", Reason: "other",
		Scene: o.Scene, OrderKind: o.OrderKind, RiskReason: o.RiskReason, Quantity: o.Quantity,
		BuyerPaidFen: o.BuyerPaidFen, PlatformSubsidyFen: o.PlatformSubsidyFen,
	}
}

func market(orders ...twin.Order) twin.Partitions {
	p := twin.Partitions{Orders: map[twin.Day][]twin.Order{}}
	zone := options().Zone
	for _, o := range orders {
		d := twin.DayAt(o.CreatedAt, zone)
		if o.PaidAt != nil {
			d = twin.DayAt(*o.PaidAt, zone)
		}
		p.Orders[d] = append(p.Orders[d], o)
	}
	return p
}

// withRefunds puts each refund into the partition of its succeeded day. Refunds begin with the orders.
func withRefunds(p twin.Partitions, refunds ...twin.Refund) twin.Partitions {
	p.Refunds = map[twin.Day][]twin.Refund{slices.Min(slices.Collect(maps.Keys(p.Orders))): {}}
	for _, r := range refunds {
		d := twin.DayAt(*r.SucceededAt, options().Zone)
		p.Refunds[d] = append(p.Refunds[d], r)
	}
	return p
}

func smallMarket() twin.Partitions {
	sold := order("101", 1)
	risky := order("102", 31, func(o *twin.Order) { o.RiskReason, o.BuyerPaidFen = ptr("bot"), 500 })
	p := withRefunds(market(sold, risky, order("103", 31)), refunded("501", sold, 3, 100, false))
	p.Products = map[twin.Day][]twin.Product{day(1): {{ProductID: "31", MerchantID: "11", ListedAt: at(1)}}}
	p.Talents = map[twin.Day][]twin.Talent{day(1): {{TalentID: "21"}}}
	return p
}

func gmvRow(t *testing.T, p twin.Partitions, o twin.Options, role, subject string, days int64) twin.GMVRow {
	t.Helper()
	for _, r := range twin.Compute(p, o).GMV {
		if r.Role == role && r.SubjectID == subject && r.WindowDays == days {
			return r
		}
	}
	t.Fatalf("no gmv row of %s %q, %d days", role, subject, days)
	return twin.GMVRow{}
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestALineCreatedBeforeItWasPaidIsOrderedOnceAndPaidOnce(t *testing.T) {
	paidLater := order("1", 31, func(o *twin.Order) { o.CreatedAt = at(30) })
	waiting := order("1", 30, func(o *twin.Order) { o.PaidAt = nil })
	p := market(waiting, paidLater)
	today, both := gmvRow(t, p, options(), "platform", "", 1), gmvRow(t, p, options(), "platform", "", 7)
	equal(t, "ordered today", today.GMVOrderFen, 0)
	equal(t, "paid today", today.GMVPaidFen, 10_000)
	equal(t, "ordered in the week", both.GMVOrderFen, 10_000)
	equal(t, "paid in the week", both.GMVPaidFen, 10_000)
	equal(t, "days present", both.DaysPresent, 2)
}

func TestClassesByPrecedence(t *testing.T) {
	risk := func(o *twin.Order) { o.RiskReason = ptr("bot") }
	many := func(o *twin.Order) { o.Quantity = 21 }
	kind := func(k string) func(*twin.Order) { return func(o *twin.Order) { o.OrderKind = k } }
	p := market(
		order("1", 31, risk, many), order("2", 31, many), order("3", 31, kind("test"), risk),
		order("4", 31, kind("gift")), order("5", 31, kind("test"), func(o *twin.Order) { o.PaidAt = nil }),
		order("6", 31, risk, func(o *twin.Order) { o.PaidAt = nil }),
	)
	r := gmvRow(t, p, options(), "platform", "", 1)
	equal(t, "ordered: all but the tests", r.GMVOrderFen, 40_000)
	equal(t, "raw: paid, not test", r.GMVPaidRawFen, 30_000)
	equal(t, "paid: the gift alone", r.GMVPaidFen, 10_000)
	reasons := map[string]int64{}
	for _, e := range twin.Compute(p, options()).Excluded {
		if e.Role == "platform" && e.WindowDays == 1 {
			reasons[e.Reason] = e.Lines
		}
	}
	equal(t, "reasons", reasons, map[string]int64{"risk:bot": 1, "max_units_per_line": 1, "test": 1})
}

func TestTheBusinessDayBeginsAtMidnightOfTheZone(t *testing.T) {
	lastMoment := time.Date(2024, time.March, 30, 15, 59, 59, 999_999_000, time.UTC)
	set := func(at time.Time) func(*twin.Order) {
		return func(o *twin.Order) { o.CreatedAt, o.PaidAt = at, &at }
	}
	p := market(order("1", 30, set(lastMoment)), order("2", 31, set(lastMoment.Add(time.Microsecond))))
	equal(t, "paid today", gmvRow(t, p, options(), "platform", "", 1).GMVPaidFen, 10_000)
}

func TestRefundsAreCappedInTheOrderTheySucceeded(t *testing.T) {
	o := order("1", 1)
	// 70 yuan on the 10th, the whole line on the 20th (adds 30), 5 yuan more on the 25th (adds nothing).
	p := withRefunds(market(o, order("2", 31)),
		refunded("503", o, 25, 500, false), refunded("502", o, 20, 1, true), refunded("501", o, 10, 7_000, false))
	equal(t, "refunded in 30 days", gmvRow(t, p, options(), "platform", "", 30).RefundAmtFen, ptr(int64(10_000)))
	equal(t, "refunded in the week", gmvRow(t, p, options(), "platform", "", 7).RefundAmtFen, ptr(int64(0)))
	// The 1st lies outside the last 30 days (2nd to 31st) and inside the last 60.
	equal(t, "net of 30 days", gmvRow(t, p, options(), "platform", "", 30).GMVNetFen, ptr(int64(10_000)))
	r := gmvRow(t, p, options(), "platform", "", 60)
	equal(t, "net of 60 days", r.GMVNetFen, ptr(int64(10_000)))
	// Within 15 days of payment only the 70 yuan had come back.
	equal(t, "net15 of 60 days", r.GMVNet15Fen, ptr(int64(3_000)))
	equal(t, "net30 of 60 days", r.GMVNet30Fen, ptr(int64(0)))
	equal(t, "refund rate", r.RefundRateRatio, ptr(1.0))
}

func TestARefundDumpedAgainCountsOnceOnItsSucceededDay(t *testing.T) {
	o := order("1", 20)
	r := refunded("501", o, 25, 3_000, false)
	p := withRefunds(market(o, order("2", 31)), r)
	applied := r
	applied.SucceededAt = nil
	p.Refunds[day(22)] = []twin.Refund{applied}
	p.Refunds[day(29)] = []twin.Refund{r} // closed on the 29th, success still stated
	equal(t, "refunded", gmvRow(t, p, options(), "platform", "", 30).RefundAmtFen, ptr(int64(3_000)))
}

func TestAbnormalLinesHaveNoRefunds(t *testing.T) {
	o := order("1", 30, func(o *twin.Order) { o.RiskReason = ptr("bot") })
	p := withRefunds(market(o, order("2", 31)), refunded("501", o, 31, 10_000, true))
	r := gmvRow(t, p, options(), "platform", "", 7)
	equal(t, "refunded", r.RefundAmtFen, ptr(int64(0)))
	equal(t, "net", r.GMVNetFen, ptr(int64(10_000)))
}

func TestOfDaysBeforeRefundsBeginNothingIsNet(t *testing.T) {
	o := order("1", 20)
	p := withRefunds(market(o, order("2", 31)), refunded("501", o, 25, 4_000, true))
	delete(p.Refunds, day(20))
	for days, want := range map[int64]*int64{7: ptr(int64(10_000)), 30: nil} {
		r := gmvRow(t, p, options(), "platform", "", days)
		equal(t, "net", r.GMVNetFen, want)
		equal(t, "applied", repeatRow(t, p, days).RefundsApplied, want != nil)
	}
}

func TestWithoutARefundsTableRefundFiguresAreNull(t *testing.T) {
	r := gmvRow(t, market(order("1", 31)), options(), "platform", "", 1)
	if r.GMVNetFen != nil || r.GMVNet15Fen != nil || r.RefundAmtFen != nil || r.RefundRateRatio != nil {
		t.Errorf("want nulls, got %+v", r)
	}
}

func TestChannels(t *testing.T) {
	account := func(promoter, author *string) func(*twin.Order) {
		return func(o *twin.Order) { o.PromoterID, o.AuthorID = promoter, author }
	}
	owned, free, others := ptr("21"), ptr("22"), ptr("23")
	for _, c := range []struct {
		name             string
		promoter, author *string
		snapshot         bool
		want             string
	}{
		{"the author is the shop's own account", free, owned, true, "self"},
		{"no author, the promoter is the shop's own account", owned, nil, true, "self"},
		{"an own promoter behind a foreign author", owned, free, true, "distribution"},
		{"an account of another shop", others, nil, true, "distribution"},
		{"a foreign author, nobody credited", nil, free, true, "none"},
		{"nobody", nil, nil, true, "none"},
		{"an account without a snapshot", nil, free, false, "unknown"},
		{"nobody without a snapshot", nil, nil, false, "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := market(order("1", 31, account(c.promoter, c.author)))
			if c.snapshot {
				p.Talents = map[twin.Day][]twin.Talent{day(20): {
					{TalentID: "21", OwnerMerchantID: ptr("11")}, {TalentID: "22"}, {TalentID: "23", OwnerMerchantID: ptr("12")},
				}}
			}
			for _, r := range twin.Compute(p, options()).GMVSplit {
				equal(t, "channel", r.Channel, c.want)
			}
		})
	}
}

func TestARefundMeetsItsSaleInTheSnapshotOfThePayDay(t *testing.T) {
	o := order("1", 25, func(o *twin.Order) { o.PromoterID = ptr("21") })
	p := withRefunds(market(o, order("2", 31)), refunded("501", o, 30, 4_000, false))
	p.Talents = map[twin.Day][]twin.Talent{
		day(20): {{TalentID: "21", OwnerMerchantID: ptr("11")}},
		day(28): {{TalentID: "21"}},
	}
	p.Products = map[twin.Day][]twin.Product{
		day(20): {{ProductID: "31", Category1ID: ptr("51")}},
		day(28): {{ProductID: "31"}},
	}
	equal(t, "net of category 51", gmvRow(t, p, options(), "category", "51", 7).GMVNetFen, ptr(int64(6_000)))
	equal(t, "net of no category", gmvRow(t, p, options(), "category", "(none)", 7).GMVNetFen, ptr(int64(10_000)))
	for _, r := range twin.Compute(p, options()).GMVSplit {
		if r.Role == "platform" && r.WindowDays == 7 && r.Channel == "self" {
			equal(t, "net of channel self", r.GMVNetFen, ptr(int64(6_000)))
		}
	}
}

func TestNewBuyersNeedAYearOfHistory(t *testing.T) {
	buyer := func(b string) func(*twin.Order) { return func(o *twin.Order) { o.BuyerID = b } }
	p := market(order("1", 1, buyer("1")), order("2", 31, buyer("1")), order("3", 31, buyer("2")))
	if r := gmvRow(t, p, options(), "platform", "", 1); r.NewBuyers != nil || r.ReturningBuyers != nil {
		t.Errorf("want nulls after 30 days of history, got %+v", r)
	}
	o := options()
	o.HistoryCompleteFrom = ptr(day(31) - 365)
	r := gmvRow(t, p, o, "platform", "", 1)
	equal(t, "new", r.NewBuyers, ptr(int64(1)))
	equal(t, "returning", r.ReturningBuyers, ptr(int64(1)))
	if r := gmvRow(t, p, o, "platform", "", 7); r.NewBuyers != nil {
		t.Errorf("the window of 7 days needs 6 days more of history, got %d", *r.NewBuyers)
	}
}

func TestAveragesRoundHalfUp(t *testing.T) {
	pay := func(fen int64, buyer string) func(*twin.Order) {
		return func(o *twin.Order) { o.BuyerPaidFen, o.BuyerID = fen, buyer }
	}
	r := gmvRow(t, market(order("1", 31, pay(2, "1")), order("2", 31, pay(3, "2"))), options(), "platform", "", 1)
	equal(t, "5 fen of 2 buyers", r.ATVBuyerFen, ptr(int64(3)))
}

func repeatRow(t *testing.T, p twin.Partitions, days int64) twin.RepeatRow {
	t.Helper()
	for _, r := range twin.Compute(p, options()).Repeat {
		if r.Role == "platform" && r.WindowDays == days {
			return r
		}
	}
	t.Fatalf("no repeat row of %d days", days)
	return twin.RepeatRow{}
}

func TestFullRefundsTakePurchaseDaysOut(t *testing.T) {
	first, second, third := order("1", 5), order("2", 10), order("3", 14)
	other := order("4", 10)
	sales := []twin.Order{first, second, third, order("5", 31)}
	whole := int64(10_000)
	for _, c := range []struct {
		name    string
		sales   []twin.Order
		refunds []twin.Refund
		gaps    int64
		mean    float64
	}{
		{"none", sales, nil, 3, 26.0 / 3},
		{"in full within 15 days", sales, []twin.Refund{refunded("501", second, 25, whole, true)}, 2, 13},
		{"in full on the 16th day", sales, []twin.Refund{refunded("501", second, 26, whole, true)}, 3, 26.0 / 3},
		{"in parts up to the whole", sales, []twin.Refund{
			refunded("501", second, 11, whole/2, false), refunded("502", second, 12, whole/2, false),
		}, 3, 26.0 / 3},
		{"one of two lines of the day", append(sales, other), []twin.Refund{refunded("501", second, 11, whole, true)}, 3, 26.0 / 3},
		{"the same line twice, the other remains", append(sales, other), []twin.Refund{
			refunded("501", second, 11, whole, true), refunded("502", second, 12, whole, true),
		}, 3, 26.0 / 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := repeatRow(t, withRefunds(market(c.sales...), c.refunds...), 30)
			equal(t, "repeat buyers", r.RepeatBuyers, 1)
			equal(t, "gaps", r.DayGaps, c.gaps)
			equal(t, "mean gap", r.MeanGapDays, &c.mean)
		})
	}
}

func TestMonthsCloseAndRetain(t *testing.T) {
	january := func(o *twin.Order) { o.CreatedAt = at(-50); o.PaidAt = ptr(at(-50)) }  // 10 January
	february := func(o *twin.Order) { o.CreatedAt = at(-19); o.PaidAt = ptr(at(-19)) } // 10 February
	second := func(o *twin.Order) { o.BuyerID = "2" }
	p := market(order("1", 1, january), order("2", 1, january, second), order("3", 1, february), order("4", 30))
	o := twin.DefaultOptions(day(30)) // March is open
	rows := map[twin.Day]twin.MonthlyBuyersRow{}
	for _, r := range twin.Compute(p, o).MonthlyBuyers {
		if r.Role == "platform" {
			rows[r.Month] = r
		}
	}
	jan, feb, mar := rows[twin.NewDay(2024, 1, 1)], rows[twin.NewDay(2024, 2, 1)], rows[day(1)]
	equal(t, "retained of January", jan.RetainedBuyers, ptr(int64(1)))
	equal(t, "R2 of January", jan.R2Ratio, ptr(0.5))
	equal(t, "February closed", feb.Closed, true)
	equal(t, "February waits for March", feb.RetainedBuyers, nil)
	equal(t, "March closed", mar.Closed, false)
}

func TestCohorts(t *testing.T) {
	february := func(n int) func(*twin.Order) { // the n-th of February, which has 29 days
		return func(o *twin.Order) { o.CreatedAt, o.PaidAt = at(n-29), ptr(at(n-29)) }
	}
	second := func(o *twin.Order) { o.BuyerID = "2" }
	gone := order("1", 1, february(1))
	p := withRefunds(market(gone, order("2", 1, february(10)), order("3", 11), order("4", 1, february(10), second), order("5", 30, second)),
		refunded("501", gone, -20, 10_000, true))
	var got []twin.CohortsRow
	for _, r := range twin.Compute(p, options()).Cohorts {
		if r.Role == "platform" {
			r.Subject = twin.Subject{}
			got = append(got, r)
		}
	}
	// 29 February + 30 is 30 March, so R3(30) is out: 10 February to 11 March is 30 days, to 30 March 49.
	equal(t, "cohorts", got, []twin.CohortsRow{
		{CohortMonth: twin.NewDay(2024, 2, 1), MonthOffset: 0, Buyers: 2, ActiveBuyers: 2, R330Buyers: ptr(int64(1))},
		{CohortMonth: twin.NewDay(2024, 2, 1), MonthOffset: 1, Buyers: 2, ActiveBuyers: 2},
	})
}

func trustRow(t *testing.T, p twin.Partitions, role, subject string, days int64) twin.TrustRow {
	t.Helper()
	for _, r := range twin.Compute(p, options()).Trust {
		if r.Role == role && r.SubjectID == subject && r.WindowDays == days {
			return r
		}
	}
	t.Fatalf("no trust row of %s %q, %d days", role, subject, days)
	return twin.TrustRow{}
}

func TestBuyersOfDistributionWhoComeToTheOwnLive(t *testing.T) {
	by := func(buyer, promoter string) func(*twin.Order) {
		return func(o *twin.Order) { o.BuyerID, o.PromoterID = buyer, ptr(promoter) }
	}
	p := market(
		order("1", 1, by("1", "22")), order("2", 31, by("1", "21")), // 30 days later: converted
		order("3", 0, by("2", "22")), order("4", 31, by("2", "21")), // 31 days later: not
		order("5", 2, by("3", "22")), order("6", 5, by("3", "21")), // 29 days before the as-of date: too young
		order("7", 1, by("4", "22")), order("8", 1, by("4", "21")), // the same day: not after
		order("9", 1, by("5", "22")), order("10", 9, by("5", "21"), func(o *twin.Order) { o.Scene = "mall" }),
	)
	p.Talents = map[twin.Day][]twin.Talent{day(-5): {
		{TalentID: "21", OwnerMerchantID: ptr("11"), Followers: 30}, {TalentID: "22", Followers: 7},
	}}
	r := trustRow(t, p, "merchant", "11", 90)
	equal(t, "won by distribution", r.DistributionBuyers, ptr(int64(4)))
	equal(t, "converted", r.ConvertedBuyers, ptr(int64(1)))
	equal(t, "followers of the own account", r.Followers, ptr(int64(30)))
	equal(t, "the 30 days that ended 30 days ago", trustRow(t, p, "merchant", "11", 30).DistributionBuyers, ptr(int64(4)))
	equal(t, "followers of the talent", trustRow(t, p, "talent", "22", 90).Followers, ptr(int64(7)))
}

func TestFullSets(t *testing.T) {
	in := func(orderID, product string) func(*twin.Order) {
		return func(o *twin.Order) { o.OrderID, o.ProductID = orderID, product }
	}
	p := market(
		order("1", 31, in("91", "31")), order("2", 31, in("91", "31")), order("3", 31, in("91", "32")), // one brand
		order("4", 31, in("91", "33")),                                                                 // another, in the same order
		order("5", 31, in("92", "31")), order("6", 31, in("92", "31")), order("7", 30, in("92", "31")), // two days
		order("8", 31, in("93", "34")), order("9", 31, in("93", "34")), order("10", 31, in("93", "34")), // no brand
	)
	p.Products = map[twin.Day][]twin.Product{day(1): {
		{ProductID: "31", BrandID: ptr("61")}, {ProductID: "32", BrandID: ptr("61")}, {ProductID: "33", BrandID: ptr("62")}, {ProductID: "34"},
	}}
	r := trustRow(t, p, "platform", "", 30)
	equal(t, "orders", r.Orders, 4)
	equal(t, "full sets", r.FullSetOrders, ptr(int64(1)))
	equal(t, "their gmv", r.FullSetGMVFen, ptr(int64(30_000)))
}

func overviewRow(t *testing.T, p twin.Partitions, o twin.Options, period string) twin.OverviewRow {
	t.Helper()
	for _, r := range twin.Compute(p, o).Overview {
		if r.Period == period {
			return r
		}
	}
	t.Fatalf("no period %s", period)
	return twin.OverviewRow{}
}

func TestGrowthAgainstADayThatTheMonthBeforeDoesNotHave(t *testing.T) {
	leapDay := func(o *twin.Order) { o.CreatedAt, o.PaidAt = at(0), ptr(at(0)) } // 29 February
	r := overviewRow(t, market(order("1", 0, leapDay), order("2", 31), order("3", 31)), options(), "day")
	equal(t, "month on month", r.GMVPaidMomRatio, ptr(1.0))
	equal(t, "day on day: the 30th is missing", r.GMVPaidDodRatio, nil)
}

func TestOperatorsAndCarts(t *testing.T) {
	by := func(promoter string) func(*twin.Order) {
		return func(o *twin.Order) { o.PromoterID = ptr(promoter) }
	}
	p := market(order("1", 31, by("21")), order("2", 31, by("22")), order("3", 31, by("24")))
	if r := overviewRow(t, p, options(), "day"); r.ActiveOperators != nil || r.CartedProducts != nil {
		t.Errorf("want nulls without snapshots, got %+v", r)
	}
	p.Talents = map[twin.Day][]twin.Talent{day(31): {{TalentID: "21", OwnerMerchantID: ptr("12")}, {TalentID: "22"}}}
	p.Products = map[twin.Day][]twin.Product{day(31): {{ProductID: "31", InCart: true}, {ProductID: "32"}}}
	r := overviewRow(t, p, options(), "day")
	equal(t, "talents", r.ActiveTalents, 3)
	equal(t, "operators: the shop, 22 and the unlisted 24", r.ActiveOperators, ptr(int64(3)))
	equal(t, "carted", r.CartedProducts, ptr(int64(1)))
	equal(t, "carted in the week: six snapshots are missing", overviewRow(t, p, options(), "7_days").CartedProducts, nil)
}

func TestLateDataRemembersWhatWasFirstPublished(t *testing.T) {
	first := twin.Night{Partitions: market(order("1", 30)), Options: twin.DefaultOptions(day(30))}
	late := twin.Night{Partitions: market(order("1", 30), order("2", 30), order("3", 31)), Options: options()}
	got := twin.LateData(first, late)
	asOf := day(31)
	equal(t, "late data", got, []twin.LateDataRow{
		{AsOfDate: asOf, DT: day(30), AgeDays: 0, GMVPaidFen: 10_000, GMVPaidMovedFen: ptr(int64(0))},
		{AsOfDate: asOf, DT: day(31), AgeDays: 0, GMVPaidFen: 10_000, GMVPaidMovedFen: ptr(int64(0))},
		{AsOfDate: asOf, DT: day(30), AgeDays: 1, GMVPaidFen: 20_000, GMVPaidMovedFen: ptr(int64(10_000))},
	})
	cold := twin.LateData(late)
	equal(t, "a cold night does not know how its yesterday moved", cold[1].GMVPaidMovedFen, nil)
}
