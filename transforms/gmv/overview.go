package gmv

import (
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// PeriodSpans are the spans of contract.Periods as of a day.
func PeriodSpans(asOf calendar.Day) []Span {
	return []Span{{asOf, asOf}, {asOf - 6, asOf}, {asOf - 29, asOf}, {asOf.Month(), asOf}, {asOf.Quarter(), asOf}}
}

// OverviewSpans are the period spans, then the same spans one year earlier: the spans whose distinct
// buyers, merchants, talents and products the overview needs, in this order.
func OverviewSpans(asOf calendar.Day) []Span {
	spans := PeriodSpans(asOf)
	for period, s := range PeriodSpans(asOf) {
		spans = append(spans, s.months(12, isCalendar(period)))
	}
	return spans
}

// isCalendar tells whether a period is the calendar month or quarter to date.
func isCalendar(period int) bool {
	return contract.Periods[period] == "month" || contract.Periods[period] == "quarter"
}

// Distincts are distinct counts over OverviewSpans. FreeTalents is Null for spans, Carted nil as a whole,
// where no snapshot tells.
type Distincts struct {
	Buyers, Merchants, Talents, FreeTalents []int64 // column.Null: not known
	Carted                                  []int64
	CartedPresent                           calendar.Presence // days with a products snapshot
}

// Overview is what the overview is computed from.
type Overview struct {
	Context
	Series              *Series
	Distincts           Distincts
	Buyers30            int64
	R1Buyers, R1Repeats int64              // of the last 90 days
	Campaigns           calendar.Campaigns // none: nobody told of any, which is not to say that there were none
}

// OverviewTable is overview.
func OverviewTable(o Overview, mem memory.Allocator) arrow.Record {
	b := column.NewBuilder(contract.Overview, o.IDs)
	for _, period := range contract.TextOrder(contract.Periods) {
		o.period(b, period)
	}
	return b.Record(mem)
}

func (o Overview) period(b *column.Builder, period int) {
	span := PeriodSpans(o.AsOf)[period]
	year := span.months(12, isCalendar(period))
	sum := o.Series.Sum(span)
	b.Column("as_of_date").Int(int64(o.AsOf))
	b.Column("period").Int(int64(period))
	b.Column("first_day").Int(int64(span.From))
	b.Column("last_day").Int(int64(span.To))
	b.Column("days").Int(span.Days())
	b.Column("days_present").Int(o.Present.Count(span.From, span.To))
	b.Column("days_present_lag15").Int(o.Present.Count(span.From-Lag15, span.To-Lag15))
	b.Column("days_present_lag30").Int(o.Present.Count(span.From-Lag30, span.To-Lag30))
	known, only := &netKnown{}, []uint8{0}
	known.of(o.Context, 0, span)
	f := newForms(b, known)
	f.write(only, one(&sum))
	f.refundRate(b.Column("refund_rate_ratio"), only, one(&sum))
	o.growth(b.Column("gmv_paid_dod_ratio"), span, span.shift(1))
	o.growth(b.Column("gmv_paid_wow_ratio"), span, span.shift(7))
	o.growth(b.Column("gmv_paid_mom_ratio"), span, span.months(1, isCalendar(period)))
	o.growth(b.Column("gmv_paid_yoy_ratio"), span, year)
	o.campaigns(b, span, map[string]Span{"": span, "dod_": span.shift(1), "wow_": span.shift(7), "mom_": span.months(1, isCalendar(period)), "yoy_": year})

	buyers, merchants, talents, operators := o.distincts(period)
	b.Column("orders").Int(sum[mOrders])
	b.Column("buyers").Int(buyers[0])
	b.Column("buyers_30d").Int(o.Buyers30)
	o.yearly(b.Column("buyers_yoy_ratio"), o.Present, span, year, buyers)
	b.Column("active_merchants").Int(merchants[0])
	b.Column("active_talents").Int(talents[0])
	b.Column("active_operators").Int(operators[0])
	o.yearly(b.Column("active_operators_yoy_ratio"), o.Present, span, year, operators)
	o.carted(b, period, span, year)
	b.Column("atv_buyer_fen").Int(column.DivideHalfUp(sum[mPaid], buyers[0]))
	b.Column("atv_order_fen").Int(column.DivideHalfUp(sum[mPaid], sum[mOrders]))
	b.Column("r1_90_ratio").Ratio(o.R1Repeats, o.R1Buyers)
	o.shares(b, span, sum[mPaid])
}

// distincts are this period's counts and those a year earlier.
func (o Overview) distincts(period int) (buyers, merchants, talents, operators [2]int64) {
	n := len(contract.Periods)
	for j, at := range []int{period, period + n} {
		buyers[j], merchants[j], talents[j] = o.Distincts.Buyers[at], o.Distincts.Merchants[at], o.Distincts.Talents[at]
		operators[j] = column.Null
		if free := o.Distincts.FreeTalents[at]; free != column.Null {
			operators[j] = merchants[j] + free
		}
	}
	return buyers, merchants, talents, operators
}

// growth is the change of gmv_paid, null unless every day of both spans has data.
func (o Overview) growth(c *column.Cell, now, before Span) {
	a, b := o.Series.Sum(now)[mPaid], o.Series.Sum(before)[mPaid]
	writeGrowth(c, o.Present, now, before, a, b)
}

func (o Overview) yearly(c *column.Cell, present calendar.Presence, now, before Span, v [2]int64) {
	writeGrowth(c, present, now, before, v[0], v[1])
}

func writeGrowth(c *column.Cell, present calendar.Presence, now, before Span, a, b int64) {
	if a == column.Null || b == column.Null || b <= 0 || !present.Complete(now.From, now.To) || !present.Complete(before.From, before.To) {
		c.Null()
		return
	}
	c.Ratio(a-b, b)
}

func (o Overview) carted(b *column.Builder, period int, span, year Span) {
	now, before := int64(column.Null), int64(column.Null)
	d := o.Distincts
	if d.Carted != nil && d.CartedPresent.Complete(span.From, span.To) {
		now = d.Carted[period]
	}
	if d.Carted != nil && d.CartedPresent.Complete(year.From, year.To) {
		before = d.Carted[period+len(contract.Periods)]
	}
	b.Column("carted_products").Int(now)
	o.yearly(b.Column("carted_products_yoy_ratio"), d.CartedPresent, span, year, [2]int64{now, before})
}

func (o Overview) shares(b *column.Builder, span Span, paid int64) {
	channels, scenes, selfLive := o.Series.shares(span)
	for i, name := range contract.Channels {
		b.Column("channel_"+name+"_ratio").Ratio(channels[i], paid)
	}
	for i, name := range contract.Scenes {
		b.Column("scene_"+name+"_ratio").Ratio(scenes[i], paid)
	}
	b.Column("self_broadcast_ratio").Ratio(selfLive, paid)
	shelf := scenes[contract.SceneRecommend] + scenes[contract.SceneMall] + scenes[contract.SceneSearch] + scenes[contract.SceneShop]
	b.Column("pan_shelf_ratio").Ratio(shelf, paid)
}

// lateAges are the ages at which a day's GMV is remembered.
var lateAges = []calendar.Day{0, 1, 3, 7, 15, 30}

// known is one row of late_data.
type known struct {
	dt, age   calendar.Day
	paid, net int64
}

// LateTable is late_data: what earlier nights knew, from the late_data of the night before (nil: a cold
// start), and what this night knows of the days that have just reached one of the ages.
func LateTable(c Context, series *Series, before *column.Frame, restateDays, historyDays int, mem memory.Allocator) arrow.Record {
	rows := carriedLate(c, before, c.AsOf-calendar.Day(historyDays))
	for _, age := range lateAges {
		if dt := c.AsOf - age; c.Present[dt] {
			m := series.day(dt)
			net := int64(column.Null)
			if c.RefundsKnown(dt, dt) {
				net = m[mPaid] - m[mRefund]
			}
			rows = append(rows, known{dt, age, m[mPaid], net})
		}
	}
	slices.SortFunc(rows, func(a, b known) int {
		if a.dt != b.dt {
			return int(a.dt - b.dt)
		}
		return int(a.age - b.age)
	})
	return lateRecord(c, rows, restateDays, mem)
}

// carriedLate are the rows of the night before that are still shown and not known anew tonight.
func carriedLate(c Context, before *column.Frame, after calendar.Day) []known {
	if before == nil {
		return nil
	}
	var rows []known
	dt, age, paid, net := before.Column("dt"), before.Column("age_days"), before.Column("gmv_paid_fen"), before.Column("gmv_net_fen")
	for i := range before.N {
		k := known{calendar.Day(dt[i]), calendar.Day(age[i]), paid[i], net[i]}
		if k.dt > after && k.dt+k.age < c.AsOf {
			rows = append(rows, k)
		}
	}
	return rows
}

func lateRecord(c Context, rows []known, restateDays int, mem memory.Allocator) arrow.Record {
	b := column.NewBuilder(contract.LateData, c.IDs)
	first := map[calendar.Day]known{}
	for _, k := range rows {
		if k.age == 0 {
			first[k.dt] = k
		}
		b.Column("as_of_date").Int(int64(c.AsOf))
		b.Column("dt").Int(int64(k.dt))
		b.Column("age_days").Int(int64(k.age))
		b.Column("gmv_paid_fen").Int(k.paid)
		b.Column("gmv_net_fen").Int(k.net)
		base, ok := first[k.dt]
		b.Column("gmv_paid_moved_fen").Int(moved(k.paid, base.paid, ok))
		b.Column("gmv_net_moved_fen").Int(moved(k.net, base.net, ok))
		b.Column("settled").Flag(k.dt <= c.AsOf-calendar.Day(restateDays))
	}
	return b.Record(mem)
}

func moved(now, base int64, ok bool) int64 {
	if !ok || now == column.Null || base == column.Null {
		return column.Null
	}
	return now - base
}
