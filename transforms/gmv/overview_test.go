package gmv_test

import (
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/gmv"
)

func day(t testingT, s string) calendar.Day {
	t.Helper()
	d, err := calendar.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSpansOfTheOverview(t *testing.T) {
	for _, c := range []struct{ asOf, want string }{
		{"2026-05-15", "2026-05-15..2026-05-15 2026-05-09..2026-05-15 2026-04-16..2026-05-15 2026-05-01..2026-05-15 2026-04-01..2026-05-15 " +
			"2025-05-15..2025-05-15 2025-05-09..2025-05-15 2025-04-16..2025-05-15 2025-05-01..2025-05-15 2025-04-01..2025-05-15"},
		{"2024-02-29", "2024-02-29..2024-02-29 2024-02-23..2024-02-29 2024-01-31..2024-02-29 2024-02-01..2024-02-29 2024-01-01..2024-02-29 " +
			"2023-02-28..2023-02-28 2023-02-22..2023-02-28 2023-01-30..2023-02-28 2023-02-01..2023-02-28 2023-01-01..2023-02-28"},
	} {
		got := ""
		for _, s := range gmv.OverviewSpans(day(t, c.asOf)) {
			got += s.From.String() + ".." + s.To.String() + " "
		}
		if diff := gocmp.Diff(c.want+" ", got); diff != "" {
			t.Errorf("as of %s: %s", c.asOf, diff)
		}
	}
}

func series(t testingT, sales []sale, refunds []returned, present calendar.Presence) *gmv.Series {
	t.Helper()
	platform := scopeOf(contract.RolePlatform)
	s, err := gmv.NewSeries(daysOf(platform, sales), refundFrame(platform, refunds), present)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// counts are n for every span of the overview.
func counts(n int64) []int64 {
	out := make([]int64, 2*len(contract.Periods))
	for i := range out {
		out[i] = n
	}
	return out
}

func overviewOf(s *gmv.Series) gmv.Overview {
	return gmv.Overview{Context: everything(), Series: s, Buyers30: 4, R1Buyers: 4, R1Repeats: 1,
		Distincts: gmv.Distincts{Buyers: counts(2), Merchants: counts(3), Talents: counts(5), FreeTalents: counts(4), Carted: counts(7), CartedPresent: allDays()}}
}

func overview(t testingT, o gmv.Overview) []line {
	t.Helper()
	return read(t, gmv.OverviewTable(o, memory.DefaultAllocator))
}

func TestTheOverviewAddsUpItsDays(t *testing.T) {
	spans := map[any]gmv.Span{}
	for i, s := range gmv.PeriodSpans(asOf) {
		spans[contract.Periods[i]] = s
	}
	rapid.Check(t, func(t *rapid.T) {
		m := markets().Draw(t, "market")
		rows := overview(t, overviewOf(series(t, m.sales, m.refunds, allDays())))
		if len(rows) != len(contract.Periods) {
			t.Fatalf("%d periods", len(rows))
		}
		for _, l := range rows {
			span := spans[l["period"]]
			want := naive(m.sales, m.refunds, func(sale) bool { return true }, span.From, span.To)
			if diff := gocmp.Diff(want, pick([]line{l}, formNames...)[0]); diff != "" {
				t.Fatalf("%v: %s", l["period"], diff)
			}
			shares(t, l, m.sales, span)
		}
	})
}

// shares checks the shares of channels and scenes against sale by sale.
func shares(t *rapid.T, l line, sales []sale, span gmv.Span) {
	var paid, self, live, shelf int64
	for _, s := range sales {
		if s.day < span.From || s.day > span.To {
			continue
		}
		paid += s.fen
		if s.channel == contract.ChannelSelf {
			self += s.fen
			if s.scene == contract.SceneLive {
				live += s.fen
			}
		}
		if s.scene >= contract.SceneRecommend && s.scene <= contract.SceneShop {
			shelf += s.fen
		}
	}
	for name, fen := range map[string]int64{"channel_self_ratio": self, "self_broadcast_ratio": live, "pan_shelf_ratio": shelf} {
		var want any
		if paid > 0 {
			want = float64(fen) / float64(paid)
		}
		if l[name] != want {
			t.Fatalf("%v: %s is %v, want %v", l["period"], name, l[name], want)
		}
	}
}

func TestGrowth(t *testing.T) {
	growth := []string{"gmv_paid_dod_ratio", "gmv_paid_wow_ratio", "gmv_paid_mom_ratio", "gmv_paid_yoy_ratio"}
	before := func(ago calendar.Day, fen int64) sale { return sold(ago, fen) }
	month, year := asOf-asOf.AddMonths(-1), asOf-asOf.AddYears(-1)
	all := []sale{sold(0, 150), before(1, 100), before(7, 200), before(month, 300), before(year, 75)}
	for _, c := range []struct {
		name    string
		sales   []sale
		missing []calendar.Day // days without data
		want    line           // of the day
	}{
		{"against each", all, nil, line{"gmv_paid_dod_ratio": 0.5, "gmv_paid_wow_ratio": -0.25, "gmv_paid_mom_ratio": -0.5, "gmv_paid_yoy_ratio": 1.0}},
		{"against nothing sold", []sale{sold(0, 150)}, nil, line{"gmv_paid_dod_ratio": nil, "gmv_paid_wow_ratio": nil, "gmv_paid_mom_ratio": nil, "gmv_paid_yoy_ratio": nil}},
		{"nothing sold against something", all[1:], nil, line{"gmv_paid_dod_ratio": -1.0, "gmv_paid_wow_ratio": -1.0, "gmv_paid_mom_ratio": -1.0, "gmv_paid_yoy_ratio": -1.0}},
		{"days without data", all, []calendar.Day{asOf - 7, asOf - year}, line{"gmv_paid_dod_ratio": 0.5, "gmv_paid_wow_ratio": nil, "gmv_paid_mom_ratio": -0.5, "gmv_paid_yoy_ratio": nil}},
		{"today without data", all, []calendar.Day{asOf}, line{"gmv_paid_dod_ratio": nil, "gmv_paid_wow_ratio": nil, "gmv_paid_mom_ratio": nil, "gmv_paid_yoy_ratio": nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := overviewOf(series(t, c.sales, nil, allDays()))
			for _, d := range c.missing {
				delete(o.Present, d)
			}
			if diff := gocmp.Diff([]line{c.want}, pick(where(overview(t, o), "period", "day"), growth...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGrowthOfAPeriodNeedsEveryDayOfBoth(t *testing.T) {
	o := overviewOf(series(t, []sale{sold(0, 100), sold(7, 100)}, nil, allDays()))
	delete(o.Present, asOf-13) // the first day of the seven before
	got := where(overview(t, o), "period", "7_days")[0]
	if got["gmv_paid_wow_ratio"] != nil || got["days_present"] != 7 || got["days"] != 7 {
		t.Errorf("%v", got)
	}
}

func TestCountsOfTheOverview(t *testing.T) {
	columns := []string{"buyers", "buyers_30d", "buyers_yoy_ratio", "active_merchants", "active_talents", "active_operators", "active_operators_yoy_ratio",
		"carted_products", "carted_products_yoy_ratio", "atv_buyer_fen", "atv_order_fen", "r1_90_ratio"}
	whole := line{"buyers": 2, "buyers_30d": 4, "buyers_yoy_ratio": 0.0, "active_merchants": 3, "active_talents": 5, "active_operators": 7,
		"active_operators_yoy_ratio": 0.0, "carted_products": 7, "carted_products_yoy_ratio": 0.0, "atv_buyer_fen": 51, "atv_order_fen": 101, "r1_90_ratio": 0.25}
	with := func(changes line) line {
		out := line{}
		for k, v := range whole {
			out[k] = v
		}
		for k, v := range changes {
			out[k] = v
		}
		return out
	}
	for _, c := range []struct {
		name   string
		change func(o *gmv.Overview)
		want   line
	}{
		{"all known", func(*gmv.Overview) {}, whole},
		{"no talents snapshot", func(o *gmv.Overview) { o.Distincts.FreeTalents = counts(column.Null) }, with(line{"active_operators": nil, "active_operators_yoy_ratio": nil})},
		{"no talents snapshot a year ago", func(o *gmv.Overview) { o.Distincts.FreeTalents[len(contract.Periods)] = column.Null }, with(line{"active_operators_yoy_ratio": nil})},
		{"no products", func(o *gmv.Overview) { o.Distincts.Carted = nil }, with(line{"carted_products": nil, "carted_products_yoy_ratio": nil})},
		{"no products of today", func(o *gmv.Overview) { delete(o.Distincts.CartedPresent, asOf) }, with(line{"carted_products": nil, "carted_products_yoy_ratio": nil})},
		{"no products a year ago", func(o *gmv.Overview) { delete(o.Distincts.CartedPresent, asOf.AddYears(-1)) }, with(line{"carted_products_yoy_ratio": nil})},
		{"no orders a year ago", func(o *gmv.Overview) { delete(o.Present, asOf.AddYears(-1)) }, with(line{"buyers_yoy_ratio": nil, "active_operators_yoy_ratio": nil})},
		{"nobody bought", func(o *gmv.Overview) { o.Distincts.Buyers, o.R1Buyers = counts(0), 0 }, with(line{"buyers": 0, "buyers_yoy_ratio": nil, "atv_buyer_fen": nil, "r1_90_ratio": nil})},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := overviewOf(series(t, []sale{sold(0, 101)}, nil, allDays()))
			c.change(&o)
			if diff := gocmp.Diff([]line{c.want}, pick(where(overview(t, o), "period", "day"), columns...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDistinctSubjectsOfSpans(t *testing.T) {
	var sales []sale
	for i, ago := range []calendar.Day{9, 5, 5, 0} {
		s := sold(ago, 1)
		s.subject = []int64{1, 1, 2, 3}[i]
		sales = append(sales, s)
	}
	idle := sale{subject: 4, day: asOf, placed: 1}
	scope := scopeOf(contract.RoleMerchant)
	counts := func(f *column.Frame) func(i int) bool {
		return func(i int) bool { return f.Column("channel")[i] == null && f.Column("lines")[i] > 0 }
	}
	got, err := gmv.SeenIn(daysOf(scope, append(sales, idle)), "merchant_id", counts, []gmv.Span{{From: asOf - 9, To: asOf}, {From: asOf - 8, To: asOf - 6}, {From: asOf - 5, To: asOf - 1}, {From: asOf, To: asOf}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff([]int64{3, 0, 2, 1}, got.Count(nil)); diff != "" {
		t.Error(diff)
	}
	odd := func(span int, subject int64) bool { return (int64(span)+subject)%2 == 1 }
	if diff := gocmp.Diff([]int64{2, 0, 1, 0}, got.Count(odd)); diff != "" {
		t.Error(diff)
	}
}

// knew is one row of the late_data of the night before.
type knew struct {
	dt, age   calendar.Day // days before the as-of date; days after dt
	paid, net int64
}

func TestLateData(t *testing.T) {
	lateFrame := func(rows []knew) *column.Frame {
		return frameOf(rows, map[string]func(k knew) int64{
			"dt": func(k knew) int64 { return int64(asOf - k.dt) }, "age_days": func(k knew) int64 { return int64(k.age) },
			"gmv_paid_fen": func(k knew) int64 { return k.paid }, "gmv_net_fen": func(k knew) int64 { return k.net },
		})
	}
	row := func(ago calendar.Day, age int, paid int, rest ...any) line {
		return line{"dt": (asOf - ago).String(), "age_days": age, "gmv_paid_fen": paid, "gmv_net_fen": rest[0], "gmv_paid_moved_fen": rest[1], "gmv_net_moved_fen": rest[2], "settled": rest[3]}
	}
	tonight := func(paid0, paid1 int, rest ...line) []line { // ages 30, 15, 7, 3 of days without sales, then 1 and 0
		out := []line{row(30, 30, 0, 0, nil, nil, false), row(15, 15, 0, 0, nil, nil, false), row(7, 7, 0, 0, nil, nil, false), row(3, 3, 0, 0, nil, nil, false)}
		return append(append(out, rest...), row(1, 1, paid1, paid1, nil, nil, false), row(0, 0, paid0, paid0, 0, 0, false))
	}
	for _, c := range []struct {
		name    string
		sales   []sale
		refunds []returned
		before  []knew
		history int
		want    []line
	}{
		{"a cold start knows no age 0", []sale{sold(0, 100), sold(1, 50)}, nil, nil, 730, tonight(100, 50)},
		{"what was known before is carried, and moved since", []sale{sold(1, 50)}, nil, []knew{{1, 0, 40, 40}}, 730,
			append(tonight(0, 50)[:4], row(1, 0, 40, 40, 0, 0, false), row(1, 1, 50, 50, 10, 10, false), row(0, 0, 0, 0, 0, 0, false))},
		{"a refund moves the net", []sale{sold(1, 50)}, []returned{{sold(1, 50), 1, 20}}, []knew{{1, 0, 50, 50}}, 730,
			append(tonight(0, 50)[:4], row(1, 0, 50, 50, 0, 0, false), row(1, 1, 50, 30, 0, -20, false), row(0, 0, 0, 0, 0, 0, false))},
		{"an unknown net does not move", []sale{sold(1, 50)}, nil, []knew{{1, 0, 40, null}}, 730,
			append(tonight(0, 50)[:4], row(1, 0, 40, nil, 0, nil, false), row(1, 1, 50, 50, 10, nil, false), row(0, 0, 0, 0, 0, 0, false))},
		{"what is known anew tonight replaces what a correction carried", []sale{sold(0, 100)}, nil, []knew{{0, 0, 1, 1}, {1, 1, 2, 2}}, 730, tonight(100, 0)},
		{"days outside the restated ones are settled", nil, nil, []knew{{35, 30, 9, 9}, {34, 30, 8, 8}}, 730,
			append([]line{row(35, 30, 9, 9, nil, nil, true), row(34, 30, 8, 8, nil, nil, false)}, tonight(0, 0)...)},
		{"days outside the history are dropped", nil, nil, []knew{{60, 30, 9, 9}, {59, 30, 8, 8}}, 60,
			append([]line{row(59, 30, 8, 8, nil, nil, true)}, tonight(0, 0)...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before *column.Frame
			if c.before != nil {
				before = lateFrame(c.before)
			}
			rec := gmv.LateTable(everything(), series(t, c.sales, c.refunds, allDays()), before, 35, c.history, memory.DefaultAllocator)
			if diff := gocmp.Diff(c.want, pick(read(t, rec), keysOf(c.want[0])...)); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("days before refunds begin are not net", func(t *testing.T) {
		ctx := everything()
		ctx.Present = calendar.Presence{asOf: true, asOf - 3: true}
		ctx.RefundsKnown = func(first, _ calendar.Day) bool { return first >= asOf-2 }
		rec := gmv.LateTable(ctx, series(t, []sale{sold(0, 5), sold(3, 7)}, nil, ctx.Present), nil, 35, 730, memory.DefaultAllocator)
		want := []line{row(3, 3, 7, nil, nil, nil, false), row(0, 0, 5, 5, 0, 0, false)}
		if diff := gocmp.Diff(want, pick(read(t, rec), keysOf(want[0])...)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("days without data are not known", func(t *testing.T) {
		ctx := everything()
		ctx.Present = calendar.Presence{asOf: true, asOf - 3: true}
		ctx.RefundsKnown = unknown
		rec := gmv.LateTable(ctx, series(t, []sale{sold(0, 5)}, nil, ctx.Present), nil, 35, 730, memory.DefaultAllocator)
		want := []line{row(3, 3, 0, nil, nil, nil, false), row(0, 0, 5, nil, 0, nil, false)}
		if diff := gocmp.Diff(want, pick(read(t, rec), keysOf(want[0])...)); diff != "" {
			t.Error(diff)
		}
	})
}
