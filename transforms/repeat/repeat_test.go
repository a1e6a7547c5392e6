package repeat_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/array"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/internal/testkit/lines"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/repeat"
)

// asOf is the day all figures are as of: a Friday in the middle of a month.
var asOf = calendar.Of(2026, 5, 15)

// firstDay is the first day of the history kept.
var firstDay = asOf - 799

// buy is what one buyer bought from one subject on one day.
type buy struct {
	subject, buyer                                                      int64
	day                                                                 calendar.Day
	orders, lines, paid, distribution, selfLive, selfFen, sets, setsFen int64
}

// bought is one order of one line of 1 fen from subject 1, some days ago.
func bought(buyer int64, ago calendar.Day) buy { return on(buyer, asOf-ago) }

func on(buyer int64, day calendar.Day) buy {
	return buy{subject: 1, buyer: buyer, day: day, orders: 1, lines: 1, paid: 1}
}

// undone is a number of lines that full refunds took out of one pair's day.
type undone struct {
	subject, buyer int64
	day            calendar.Day
	lines          int64
}

func scopeOf(role int) contract.Scope { return contract.Scopes()[role] }

func buyersFrame(scope contract.Scope, buys []buy) *column.Frame {
	f := column.NewFrame(len(buys))
	set := func(name string, value func(b buy) int64) {
		values := make([]int64, len(buys))
		for i, b := range buys {
			values[i] = value(b)
		}
		f.Set(name, values)
	}
	if scope.Subject != "" {
		set(scope.Subject, func(b buy) int64 { return b.subject })
	}
	set("buyer_id", func(b buy) int64 { return b.buyer })
	set("orders", func(b buy) int64 { return b.orders })
	set("lines", func(b buy) int64 { return b.lines })
	set("paid_fen", func(b buy) int64 { return b.paid })
	set("distribution_lines", func(b buy) int64 { return b.distribution })
	set("self_live_lines", func(b buy) int64 { return b.selfLive })
	set("self_live_fen", func(b buy) int64 { return b.selfFen })
	set("set_orders", func(b buy) int64 { return b.sets })
	set("set_fen", func(b buy) int64 { return b.setsFen })
	return f
}

func refundFrame(scope contract.Scope, undos []undone) *column.Frame {
	f := column.NewFrame(len(undos))
	set := func(name string, value func(u undone) int64) {
		values := make([]int64, len(undos))
		for i, u := range undos {
			values[i] = value(u)
		}
		f.Set(name, values)
	}
	if scope.Subject != "" {
		set(scope.Subject, func(u undone) int64 { return u.subject })
	}
	set("buyer_id", func(u undone) int64 { return u.buyer })
	set("paid_day", func(u undone) int64 { return int64(u.day) })
	set("full15_lines", func(u undone) int64 { return u.lines })
	return f
}

// runsOf are the purchases of each day as a sorted run.
func runsOf(scope contract.Scope, order column.SubjectOrder, buys []buy) (runs []repeat.Run) {
	byDay := map[calendar.Day][]buy{}
	for _, b := range buys {
		byDay[b.day] = append(byDay[b.day], b)
	}
	for day, bought := range byDay {
		if scope.Subject == "" {
			slices.SortStableFunc(bought, func(a, b buy) int { return cmp.Compare(a.buyer, b.buyer) })
		} else {
			slices.SortStableFunc(bought, func(a, b buy) int {
				return cmp.Or(cmp.Compare(subjectRank(order, a.subject), subjectRank(order, b.subject)), cmp.Compare(a.buyer, b.buyer))
			})
		}
		rows, err := repeat.Pack(scope, column.Dated{Day: day, Frame: buyersFrame(scope, bought)}, order)
		if err != nil {
			panic(err) // it was sorted above
		}
		runs = append(runs, repeat.InMemory(day, rows))
	}
	return runs
}

// subjectRank orders subjects as stored pairs are: null last.
func subjectRank(order column.SubjectOrder, subject int64) int64 {
	switch {
	case subject == column.Null:
		return math.MaxInt64
	case order.Dict != nil:
		return order.Dict.Ranks()[subject]
	}
	return subject
}

func inputOf(scope contract.Scope, buys []buy, undos []undone) repeat.Input {
	return repeat.Input{AsOf: asOf, Scope: scope, Runs: runsOf(scope, column.SubjectOrder{}, buys), First: firstDay, Undone: repeat.NewUndone(refundFrame(scope, undos), firstDay),
		Months: true, Compare: column.NewIDs(nil).CompareText(scope.Domain, contract.NoSubject), Workers: 1}
}

type testingT interface {
	Helper()
	Fatal(args ...any)
}

func compute(t testingT, in repeat.Input) *repeat.Figures {
	t.Helper()
	f, err := repeat.Compute(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// merchants computes the figures of shops.
func merchants(t testingT, buys []buy, undos []undone) *repeat.Figures {
	t.Helper()
	return compute(t, inputOf(scopeOf(contract.RoleMerchant), buys, undos))
}

// everything is known: two years of history, refunds, brands, accounts of 1,000 followers.
func everything() repeat.Context {
	present := calendar.Presence{}
	for d := firstDay; d <= asOf; d++ {
		present[d] = true
	}
	return repeat.Context{AsOf: asOf, IDs: column.NewIDs(nil), Present: present, HistoryStart: firstDay, RefundsKnown: func(_, _ calendar.Day) bool { return true }, Products: true, ChannelsKnown: func(_, _ calendar.Day) bool { return true },
		Followers: func(s contract.Scope, _ int64) (int64, bool) { return 1000, s.Role == contract.RoleMerchant }}
}

// line is one published row.
type line = lines.Line

func read(t testingT, records column.Records) []line {
	t.Helper()
	return lines.Of(t, records)
}

var (
	pick  = lines.Pick
	where = lines.Where
)

func TestAPurchaseCountsInTheWindowsThatHoldIt(t *testing.T) {
	for _, c := range []struct {
		ago     calendar.Day
		windows []int
	}{
		{0, []int{1, 7, 30, 60, 90, 365}}, {1, []int{7, 30, 60, 90, 365}}, {6, []int{7, 30, 60, 90, 365}}, {7, []int{30, 60, 90, 365}},
		{29, []int{30, 60, 90, 365}}, {30, []int{60, 90, 365}}, {59, []int{60, 90, 365}}, {60, []int{90, 365}}, {89, []int{90, 365}},
		{90, []int{365}}, {364, []int{365}}, {365, nil}, {799, nil},
	} {
		f := merchants(t, []buy{bought(7, c.ago)}, nil)
		var in []int
		for _, w := range contract.Windows {
			buyers, fresh := f.Buyers(1, w)
			kept, repeats := f.R1(1, w)
			if buyers == 1 {
				in = append(in, w)
			}
			if buyers != fresh || buyers != kept || repeats != 0 {
				t.Errorf("%d days ago, window %d: %d buyers, %d new, %d kept, %d repeat", c.ago, w, buyers, fresh, kept, repeats)
			}
		}
		if !slices.Equal(in, c.windows) {
			t.Errorf("%d days ago: windows %v, want %v", c.ago, in, c.windows)
		}
	}
}

func TestNewBuyers(t *testing.T) {
	const first = 29 // the window of 30 days begins so many days ago
	for _, c := range []struct {
		name string
		buys []buy
		want line
	}{
		{"never bought before", []buy{bought(7, 3)}, line{"new": 1, "orders": 1, "paid": 0}},
		{"bought twice in the window", []buy{bought(7, first), bought(7, 3)}, line{"new": 1, "orders": 2, "paid": 0}},
		{"bought on the day before the window", []buy{bought(7, first+1), bought(7, 3)}, line{"new": 0, "orders": 0, "paid": 1}},
		{"bought 365 days before the window", []buy{bought(7, first+365), bought(7, 3)}, line{"new": 0, "orders": 0, "paid": 1}},
		{"bought 366 days before the window", []buy{bought(7, first+366), bought(7, 3)}, line{"new": 1, "orders": 1, "paid": 0}},
		{"bought from another shop", []buy{{subject: 2, buyer: 7, day: asOf - 40, orders: 1, lines: 1, paid: 1}, bought(7, 3)}, line{"new": 1, "orders": 1, "paid": 0}},
		{"a new and an old buyer", []buy{bought(7, 3), bought(8, 3), bought(8, 50)}, line{"new": 1, "orders": 1, "paid": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := merchants(t, c.buys, nil)
			rows := where(where(read(t, repeat.TrustTable(everything(), []*repeat.Figures{f})), "window_days", 30), "subject_id", "1")
			_, fresh := f.Buyers(1, 30)
			got := line{"new": int(fresh), "orders": rows[0]["new_buyer_orders"], "paid": rows[0]["returning_gmv_fen"]}
			if diff := gocmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNewBuyersAreKnownWithAYearBeforeTheWindow(t *testing.T) {
	c := everything()
	for _, k := range []struct {
		start calendar.Day
		known bool
	}{{asOf - 365, true}, {asOf - 364, false}} {
		c.HistoryStart = k.start
		if got := c.NewBuyersKnown(scopeOf(contract.RoleMerchant), asOf); got != k.known {
			t.Errorf("history from %s: %v", k.start, got)
		}
	}
	c.HistoryStart = asOf - 29 - 364
	f := merchants(t, []buy{bought(7, 3)}, nil)
	row := where(read(t, repeat.TrustTable(c, []*repeat.Figures{f})), "window_days", 30)
	want := []line{{"new_buyer_orders": nil, "new_buyer_order_ratio": nil, "returning_gmv_fen": nil, "returning_gmv_ratio": nil, "orders": 1}}
	if diff := gocmp.Diff(want, pick(row, slices.Collect(maps.Keys(want[0]))...)); diff != "" {
		t.Error(diff)
	}
}

func TestRepeatBuyers(t *testing.T) {
	twoLines := bought(7, 20)
	twoLines.lines = 2
	undo := func(ago calendar.Day, lines int64) undone { return undone{1, 7, asOf - ago, lines} }
	for _, c := range []struct {
		name   string
		buys   []buy
		undone []undone
		want   []line // buyers, repeat_buyers, day_gaps, mean_gap_days of 30 days
	}{
		{"two days", []buy{bought(7, 20), bought(7, 10)}, nil, []line{{"buyers": 1, "repeat_buyers": 1, "day_gaps": 1, "mean_gap_days": 10.0}}},
		{"three days", []buy{bought(7, 20), bought(7, 13), bought(7, 12)}, nil, []line{{"buyers": 1, "repeat_buyers": 1, "day_gaps": 2, "mean_gap_days": 4.0}}},
		{"twice on one day", []buy{bought(7, 20), bought(7, 20)}, nil, []line{{"buyers": 1, "repeat_buyers": 0, "day_gaps": 0, "mean_gap_days": nil}}},
		{"once in the window, once before", []buy{bought(7, 30), bought(7, 29)}, nil, []line{{"buyers": 1, "repeat_buyers": 0, "day_gaps": 0, "mean_gap_days": nil}}},
		{"on the first and the last day of it", []buy{bought(7, 29), bought(7, 0)}, nil, []line{{"buyers": 1, "repeat_buyers": 1, "day_gaps": 1, "mean_gap_days": 29.0}}},
		{"two buyers", []buy{bought(7, 20), bought(8, 10)}, nil, []line{{"buyers": 2, "repeat_buyers": 0, "day_gaps": 0, "mean_gap_days": nil}}},
		{"one of two days undone", []buy{bought(7, 20), bought(7, 10)}, []undone{undo(20, 1)}, []line{{"buyers": 1, "repeat_buyers": 0, "day_gaps": 0, "mean_gap_days": nil}}},
		{"a day in between undone", []buy{bought(7, 20), bought(7, 15), bought(7, 10)}, []undone{undo(15, 1)}, []line{{"buyers": 1, "repeat_buyers": 1, "day_gaps": 1, "mean_gap_days": 10.0}}},
		{"one of a day's two lines undone", []buy{twoLines, bought(7, 10)}, []undone{undo(20, 1)}, []line{{"buyers": 1, "repeat_buyers": 1, "day_gaps": 1, "mean_gap_days": 10.0}}},
		{"both undone", []buy{twoLines, bought(7, 10)}, []undone{undo(20, 1), undo(20, 1)}, []line{{"buyers": 1, "repeat_buyers": 0, "day_gaps": 0, "mean_gap_days": nil}}},
		{"all undone: no row", []buy{bought(7, 10)}, []undone{undo(10, 1)}, []line{}},
		{"another's refund", []buy{bought(7, 20), bought(7, 10)}, []undone{{1, 8, asOf - 20, 1}, {2, 7, asOf - 20, 1}}, []line{{"buyers": 1, "repeat_buyers": 1, "day_gaps": 1, "mean_gap_days": 10.0}}},
		{"a refund of what is not known", []buy{bought(7, 10)}, []undone{undo(11, 1), {1, 7, firstDay - 1, 1}}, []line{{"buyers": 1, "repeat_buyers": 0, "day_gaps": 0, "mean_gap_days": nil}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := merchants(t, c.buys, c.undone)
			got := where(read(t, repeat.PurchaseTable(everything(), []*repeat.Figures{f})), "window_days", 30)
			if diff := gocmp.Diff(c.want, pick(got, "buyers", "repeat_buyers", "day_gaps", "mean_gap_days")); diff != "" {
				t.Error(diff)
			}
			if buyers, _ := f.Buyers(1, 30); buyers == 0 {
				t.Error("a refund took a buyer out of buyers")
			}
		})
	}
}

func TestWithoutRefundsNothingIsUndone(t *testing.T) {
	in := inputOf(scopeOf(contract.RolePlatform), []buy{bought(7, 3), bought(7, 2)}, nil)
	in.Undone = nil
	c := everything()
	c.RefundsKnown = func(_, _ calendar.Day) bool { return false }
	got := read(t, repeat.PurchaseTable(c, []*repeat.Figures{compute(t, in)}))
	for _, l := range got {
		if l["refunds_applied"] != false || l["r1_ratio"] != 1.0 {
			t.Errorf("%v", l)
		}
	}
}

// Where refunds begin later than the orders, only windows that begin no earlier say that full refunds were taken out.
func TestRefundsAreAppliedToWholeWindows(t *testing.T) {
	in := inputOf(scopeOf(contract.RolePlatform), []buy{bought(7, 3), bought(7, 2)}, nil)
	c := everything()
	c.RefundsKnown = func(first, _ calendar.Day) bool { return first >= asOf-29 }
	for _, l := range read(t, repeat.PurchaseTable(c, []*repeat.Figures{compute(t, in)})) {
		if want := l["window_days"].(int) <= 30; l["refunds_applied"] != want {
			t.Errorf("%v", l)
		}
	}
}

func TestMonths(t *testing.T) {
	day := calendar.Of
	for _, c := range []struct {
		name   string
		buys   []buy
		undone []undone
		want   []line
	}{
		{"in two months", []buy{on(7, day(2026, 2, 28)), on(7, day(2026, 3, 31)), on(8, day(2026, 2, 1))}, nil, []line{
			{"month": "2026-02-01", "closed": true, "buyers": 2, "r2_buyers": 2, "retained_buyers": 1, "r2_ratio": 0.5},
			{"month": "2026-03-01", "closed": true, "buyers": 1, "r2_buyers": 1, "retained_buyers": 0, "r2_ratio": 0.0}}},
		{"with a month between", []buy{on(7, day(2026, 1, 31)), on(7, day(2026, 3, 1))}, nil, []line{
			{"month": "2026-01-01", "closed": true, "buyers": 1, "r2_buyers": 1, "retained_buyers": 0, "r2_ratio": 0.0},
			{"month": "2026-03-01", "closed": true, "buyers": 1, "r2_buyers": 1, "retained_buyers": 0, "r2_ratio": 0.0}}},
		{"until the next month has closed nobody is retained", []buy{on(7, day(2026, 4, 2)), on(7, day(2026, 5, 1)), on(7, day(2026, 5, 15))}, nil, []line{
			{"month": "2026-04-01", "closed": true, "buyers": 1, "r2_buyers": 1, "retained_buyers": nil, "r2_ratio": nil},
			{"month": "2026-05-01", "closed": false, "buyers": 1, "r2_buyers": 1, "retained_buyers": nil, "r2_ratio": nil}}},
		{"an undone purchase is one of MAB only", []buy{on(7, day(2026, 2, 3)), on(7, day(2026, 3, 3)), on(8, day(2026, 2, 3))}, []undone{{1, 7, day(2026, 3, 3), 1}}, []line{
			{"month": "2026-02-01", "closed": true, "buyers": 2, "r2_buyers": 2, "retained_buyers": 0, "r2_ratio": 0.0},
			{"month": "2026-03-01", "closed": true, "buyers": 1, "r2_buyers": 0, "retained_buyers": 0, "r2_ratio": nil}}},
		{"thirteen months before this one are shown", []buy{on(7, day(2025, 3, 31)), on(7, day(2025, 4, 1))}, nil, []line{
			{"month": "2025-04-01", "closed": true, "buyers": 1, "r2_buyers": 1, "retained_buyers": 0, "r2_ratio": 0.0}}},
		{"over the end of a year", []buy{on(7, day(2025, 12, 1)), on(7, day(2026, 1, 31))}, nil, []line{
			{"month": "2025-12-01", "closed": true, "buyers": 1, "r2_buyers": 1, "retained_buyers": 1, "r2_ratio": 1.0},
			{"month": "2026-01-01", "closed": true, "buyers": 1, "r2_buyers": 1, "retained_buyers": 0, "r2_ratio": 0.0}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := read(t, repeat.MonthlyTable(everything(), []*repeat.Figures{merchants(t, c.buys, c.undone)}))
			if diff := gocmp.Diff(c.want, pick(got, "month", "closed", "buyers", "r2_buyers", "retained_buyers", "r2_ratio")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCohorts(t *testing.T) {
	jan := calendar.Of(2026, 1, 10)
	row := func(month string, offset, buyers, active int, r3 ...any) line {
		return line{"cohort_month": month, "month_offset": offset, "buyers": buyers, "active_buyers": active,
			"r3_30_buyers": r3[0], "r3_60_buyers": r3[1], "r3_90_buyers": r3[2]}
	}
	for _, c := range []struct {
		name   string
		buys   []buy
		undone []undone
		want   []line
	}{
		{"back on the thirtieth day", []buy{on(7, jan), on(7, jan+30)}, nil, []line{row("2026-01-01", 0, 1, 1, 1, 1, 1), row("2026-01-01", 1, 1, 1, nil, nil, nil)}},
		{"back on the thirty-first day", []buy{on(7, jan), on(7, jan+31)}, nil, []line{row("2026-01-01", 0, 1, 1, 0, 1, 1), row("2026-01-01", 1, 1, 1, nil, nil, nil)}},
		{"back on the sixty-first day", []buy{on(7, jan), on(7, jan+61)}, nil, []line{row("2026-01-01", 0, 1, 1, 0, 0, 1), row("2026-01-01", 2, 1, 1, nil, nil, nil)}},
		{"back on the ninetieth day", []buy{on(7, jan), on(7, jan+90)}, nil, []line{row("2026-01-01", 0, 1, 1, 0, 0, 1), row("2026-01-01", 3, 1, 1, nil, nil, nil)}},
		{"back on the ninety-first day", []buy{on(7, jan), on(7, jan+91)}, nil, []line{row("2026-01-01", 0, 1, 1, 0, 0, 0), row("2026-01-01", 3, 1, 1, nil, nil, nil)}},
		{"two buyers, one comes back", []buy{on(7, jan), on(8, jan+5), on(7, jan+6)}, nil, []line{row("2026-01-01", 0, 2, 2, 1, 1, 1)}},
		{"published 30 days after the month's last day", []buy{on(7, calendar.Of(2026, 4, 1)), on(7, calendar.Of(2026, 4, 2))}, nil,
			[]line{row("2026-04-01", 0, 1, 1, nil, nil, nil)}},
		{"the first purchase was undone: the second is the first", []buy{on(7, jan), on(7, jan+40)}, []undone{{1, 7, jan, 1}}, []line{row("2026-02-01", 0, 1, 1, 0, 0, nil)}},
		{"all was undone: no cohort", []buy{on(7, jan)}, []undone{{1, 7, jan, 1}}, []line{}},
		{"offsets count months over a year's end", []buy{on(7, calendar.Of(2025, 11, 30)), on(7, calendar.Of(2026, 1, 1))}, nil,
			[]line{row("2025-11-01", 0, 1, 1, 0, 1, 1), row("2025-11-01", 2, 1, 1, nil, nil, nil)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := read(t, repeat.CohortTable(everything(), []*repeat.Figures{merchants(t, c.buys, c.undone)}))
			got = pick(got, "cohort_month", "month_offset", "buyers", "active_buyers", "r3_30_buyers", "r3_60_buyers", "r3_90_buyers")
			if diff := gocmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// March ends on the 31st: R3(30) is known thirty days later, on April 30.
func TestR3IsPublishedOnTheDayItIsKnown(t *testing.T) {
	march := []buy{on(7, calendar.Of(2026, 3, 5)), on(7, calendar.Of(2026, 3, 6))}
	f := merchants(t, march, nil)
	for _, c := range []struct {
		asOf calendar.Day
		want line
	}{
		{calendar.Of(2026, 4, 29), line{"r3_30_buyers": nil, "r3_60_buyers": nil, "r3_90_buyers": nil}},
		{calendar.Of(2026, 4, 30), line{"r3_30_buyers": 1, "r3_60_buyers": nil, "r3_90_buyers": nil}},
		{calendar.Of(2026, 5, 30), line{"r3_30_buyers": 1, "r3_60_buyers": 1, "r3_90_buyers": nil}},
		{calendar.Of(2026, 6, 29), line{"r3_30_buyers": 1, "r3_60_buyers": 1, "r3_90_buyers": 1}},
	} {
		ctx := everything()
		ctx.AsOf = c.asOf
		got := read(t, repeat.CohortTable(ctx, []*repeat.Figures{f}))
		if diff := gocmp.Diff([]line{c.want}, pick(got, "r3_30_buyers", "r3_60_buyers", "r3_90_buyers")); diff != "" {
			t.Errorf("as of %s: %s", c.asOf, diff)
		}
	}
}

func TestCohortsWithAYearOfHistoryAreComplete(t *testing.T) {
	f := merchants(t, []buy{on(7, firstDay), on(8, firstDay.AddMonths(11)), on(9, firstDay.AddMonths(14))}, nil)
	var complete []any
	for _, l := range read(t, repeat.CohortTable(everything(), []*repeat.Figures{f})) {
		complete = append(complete, l["history_complete"])
	}
	if diff := gocmp.Diff([]any{false, false, true}, complete); diff != "" {
		t.Error(diff)
	}
}

func TestConversionFromDistributionToTheOwnLive(t *testing.T) {
	through := func(ago calendar.Day) buy { b := bought(7, ago); b.distribution = 1; return b }
	live := func(ago calendar.Day) buy { b := bought(7, ago); b.selfLive = 1; return b }
	both := through(40)
	both.selfLive = 1
	for _, c := range []struct {
		name string
		buys []buy
		want line // of 90 days
	}{
		{"thirty days later", []buy{through(60), live(30)}, line{"distribution_buyers": 1, "converted_buyers": 1, "conversion_ratio": 1.0}},
		{"thirty-one days later", []buy{through(61), live(30)}, line{"distribution_buyers": 1, "converted_buyers": 0, "conversion_ratio": 0.0}},
		{"on the same day", []buy{both}, line{"distribution_buyers": 1, "converted_buyers": 0, "conversion_ratio": 0.0}},
		{"the other way round", []buy{live(60), through(50)}, line{"distribution_buyers": 1, "converted_buyers": 0, "conversion_ratio": 0.0}},
		{"thirty days ago: the days have passed", []buy{through(30), live(0)}, line{"distribution_buyers": 1, "converted_buyers": 1, "conversion_ratio": 1.0}},
		{"twenty-nine days ago: too early to tell", []buy{through(29), live(10)}, line{"distribution_buyers": 0, "converted_buyers": 0, "conversion_ratio": nil}},
		{"on the first day of the window", []buy{through(119), live(90), live(80)}, line{"distribution_buyers": 1, "converted_buyers": 1, "conversion_ratio": 1.0}},
		{"before the window", []buy{through(120), live(100), live(80)}, line{"distribution_buyers": 0, "converted_buyers": 0, "conversion_ratio": nil}},
		{"the second purchase converts", []buy{through(80), through(45), live(40)}, line{"distribution_buyers": 1, "converted_buyers": 1, "conversion_ratio": 1.0}},
		{"one of two buyers", []buy{through(60), live(50), {subject: 1, buyer: 8, day: asOf - 60, orders: 1, lines: 1, distribution: 1}},
			line{"distribution_buyers": 2, "converted_buyers": 1, "conversion_ratio": 0.5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows := read(t, repeat.TrustTable(everything(), []*repeat.Figures{merchants(t, c.buys, nil)}))
			got := pick(where(rows, "window_days", 90), "distribution_buyers", "converted_buyers", "conversion_ratio")
			if diff := gocmp.Diff([]line{c.want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBuyersOfTheOwnLive(t *testing.T) {
	live := func(buyer int64, ago calendar.Day) buy { b := bought(buyer, ago); b.selfLive = 1; return b }
	gone := func(buyer int64, ago calendar.Day) undone { return undone{1, buyer, asOf - ago, 1} }
	for _, c := range []struct {
		name   string
		buys   []buy
		undone []undone
		want   repeat.LiveBuyers
	}{
		{"nobody", []buy{bought(7, 3)}, nil, repeat.LiveBuyers{}},
		{"once", []buy{live(7, 3)}, nil, repeat.LiveBuyers{Buyers: 1}},
		{"twice", []buy{live(7, 3), live(7, 4)}, nil, repeat.LiveBuyers{Buyers: 1, Repeat: 1}},
		{"then elsewhere in the shop", []buy{live(7, 3), bought(7, 1)}, nil, repeat.LiveBuyers{Buyers: 1, Repeat: 1}},
		{"elsewhere, then twice in the live", []buy{bought(7, 9), live(7, 3), live(7, 1)}, nil, repeat.LiveBuyers{Buyers: 1, Repeat: 1}},
		{"the second day ninety days ago", []buy{live(7, 3), bought(7, 90)}, nil, repeat.LiveBuyers{Buyers: 1}},
		{"the second day on the first day of the window", []buy{live(7, 3), bought(7, 89)}, nil, repeat.LiveBuyers{Buyers: 1, Repeat: 1}},
		{"the live before the window", []buy{live(7, 90), bought(7, 3), bought(7, 2)}, nil, repeat.LiveBuyers{}},
		{"the live was returned", []buy{live(7, 3), bought(7, 1), bought(7, 2)}, []undone{gone(7, 3)}, repeat.LiveBuyers{}},
		{"the other day was returned", []buy{live(7, 3), bought(7, 1)}, []undone{gone(7, 1)}, repeat.LiveBuyers{Buyers: 1}},
		{"two buyers", []buy{live(7, 3), live(8, 3), bought(8, 5)}, nil, repeat.LiveBuyers{Buyers: 2, Repeat: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := merchants(t, c.buys, c.undone).LiveBuyers(1); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
	if got := compute(t, inputOf(scopeOf(contract.RoleProduct), []buy{live(7, 3)}, nil)).LiveBuyers(1); got != (repeat.LiveBuyers{}) {
		t.Errorf("a product has live buyers: %+v", got)
	}
}

// Who was won in a window, and came in the days after it, is known where the channels of all these days are.
func TestConversionNeedsTheChannelsOfItsDays(t *testing.T) {
	b := bought(7, 70)
	b.distribution = 1
	f := merchants(t, []buy{b, bought(7, 3)}, nil)
	c := everything()
	for _, begin := range []calendar.Day{asOf - 119, asOf - 118} {
		c.ChannelsKnown = func(first, last calendar.Day) bool { return first >= begin && last == asOf }
		rows := read(t, repeat.TrustTable(c, []*repeat.Figures{f}))
		var want any
		if begin == asOf-119 {
			want = 1
		}
		if got := pick(where(rows, "window_days", 90), "distribution_buyers"); gocmp.Diff([]line{{"distribution_buyers": want}}, got) != "" {
			t.Errorf("from %s on: %v, want %v", begin, got, want)
		}
	}
}

func TestTrustOfWhatIsNotKnown(t *testing.T) {
	full := bought(7, 3)
	full.sets, full.setsFen, full.paid = 2, 5, 5
	f := merchants(t, []buy{full}, nil)
	product := compute(t, inputOf(scopeOf(contract.RoleProduct), []buy{full}, nil))
	known, unknown := everything(), everything()
	unknown.Products, unknown.ChannelsKnown = false, func(_, _ calendar.Day) bool { return false }
	unknown.Followers = func(contract.Scope, int64) (int64, bool) { return 0, false }
	columns := []string{"role", "followers", "gmv_per_follower_fen", "distribution_buyers", "full_set_orders", "full_set_buyers", "full_set_gmv_fen", "full_set_aov_fen", "gmv_per_buyer_fen"}
	for _, c := range []struct {
		name    string
		context repeat.Context
		want    line
	}{
		{"all is known", known, line{"role": "merchant", "followers": 1000, "gmv_per_follower_fen": 0, "distribution_buyers": 0,
			"full_set_orders": 2, "full_set_buyers": 1, "full_set_gmv_fen": 5, "full_set_aov_fen": 3, "gmv_per_buyer_fen": 5}},
		{"neither products nor accounts", unknown, line{"role": "merchant", "followers": nil, "gmv_per_follower_fen": nil, "distribution_buyers": nil,
			"full_set_orders": nil, "full_set_buyers": nil, "full_set_gmv_fen": nil, "full_set_aov_fen": nil, "gmv_per_buyer_fen": 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows := where(read(t, repeat.TrustTable(c.context, []*repeat.Figures{f, product})), "window_days", 30)
			if diff := gocmp.Diff([]line{c.want}, pick(rows, columns...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDistinctBuyersOfSpans(t *testing.T) {
	in := inputOf(scopeOf(contract.RolePlatform), []buy{bought(7, 10), bought(7, 5), bought(8, 5), bought(9, 0)}, nil)
	in.Ranges = []repeat.Range{{asOf - 10, asOf}, {asOf - 10, asOf - 10}, {asOf - 9, asOf - 6}, {asOf - 5, asOf - 1}, {asOf, asOf}}
	f := compute(t, in)
	for i, want := range []int64{3, 1, 0, 2, 1} {
		if got := f.RangeBuyers(i); got != want {
			t.Errorf("span %d has %d buyers, want %d", i, got, want)
		}
	}
}

func TestTablesAreSortedByTheirKeys(t *testing.T) {
	var buys []buy
	for _, subject := range []int64{9, 100, 10, column.Null} {
		b := bought(7, 3)
		b.subject = subject
		buys = append(buys, b)
	}
	category, platform := compute(t, inputOf(scopeOf(contract.RoleCategory), buys, nil)), compute(t, inputOf(scopeOf(contract.RolePlatform), buys, nil))
	var got [][2]any
	for _, l := range where(read(t, repeat.PurchaseTable(everything(), []*repeat.Figures{platform, category})), "window_days", 30) {
		got = append(got, [2]any{l["role"], l["subject_id"]})
	}
	want := [][2]any{{"category", "(none)"}, {"category", "10"}, {"category", "100"}, {"category", "9"}, {"platform", ""}}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Lines that nobody is credited with belong to no talent, and so do their refunds.
func TestRefundsWithoutATalentAreNobodys(t *testing.T) {
	f := compute(t, inputOf(scopeOf(contract.RoleTalent), []buy{bought(7, 3)}, []undone{{column.Null, 7, asOf - 3, 1}}))
	if kept, _ := f.R1(1, 30); kept != 1 || f.Len() != 1 {
		t.Errorf("%d kept of %d subjects", kept, f.Len())
	}
}

func TestTroubleWithADayEndsTheCount(t *testing.T) {
	lost := errors.New("lost")
	in := inputOf(scopeOf(contract.RolePlatform), nil, nil)
	in.Runs = []repeat.Run{{Last: asOf, Groups: []repeat.Group{{Rows: 1}}, Read: func(context.Context, int) (repeat.Rows, func(), error) { return repeat.Rows{}, nil, lost }}}
	if _, err := repeat.Compute(context.Background(), in); !errors.Is(err, lost) {
		t.Errorf("error %v", err)
	}
}

// A table of many subjects comes in several records; walking it again gives the same rows.
func TestTablesComeInRecordsOfBoundedSize(t *testing.T) {
	const subjects = 30_000
	var buys []buy
	for subject := range int64(subjects) {
		buys = append(buys, buy{subject: subject, buyer: subject + 1, day: asOf - 3, orders: 1, lines: 1, paid: subject})
	}
	table := repeat.TrustTable(everything(), []*repeat.Figures{merchants(t, buys, nil)})
	for range 2 {
		records, paid := 0, []int64{}
		for rec, err := range table {
			if err != nil || rec.NumRows() > 1<<16+int64(len(contract.TrustWindows)) {
				t.Fatalf("a record of %d rows, error %v", rec.NumRows(), err)
			}
			records++
			paid = append(paid, rec.Column(rec.Schema().FieldIndices("gmv_paid_fen")[0]).(*array.Int64).Int64Values()...)
		}
		slices.Sort(paid)
		if records != 2 || len(paid) != subjects*len(contract.TrustWindows) || len(slices.Compact(paid)) != subjects {
			t.Errorf("%d rows of %d subjects in %d records", len(paid), subjects, records)
		}
	}
}

func comparePairs(a, b [2]int64) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) }
