package lift_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/lift"
)

// key is a pair of buyer and merchant.
type key struct{ buyer, merchant int64 }

// eligible is one row of the log of eligibility.
type eligible struct {
	key
	arm, source, programme int64
}

// sale is what a pair bought on a day.
type sale struct{ paid, fen, orders int64 }

// returned is a settled refund.
type returned struct {
	key
	paid           calendar.Day
	fen            int64
	channel, scene int64
}

// market is what the dumps of a night say, by day.
type market struct {
	plan        lift.Plan
	start       calendar.Day
	seen        calendar.Day // first day of eligibility that is looked at
	ids         *column.IDs
	eligible    map[calendar.Day][]eligible
	sales       map[calendar.Day]map[key]sale
	shown       map[calendar.Day]map[key]bool
	refunds     []returned
	hasRefunds  bool
	refundsFrom calendar.Day // refunds are known of lines paid from this day on; 0: of all
	seenFrom    calendar.Day // channels are known from this day on; 0: of all
	shownFrom   calendar.Day // exposures are known from this day on; 0: of all
}

func newMarket(plan lift.Plan, start calendar.Day, ids *column.IDs) *market {
	return &market{plan: plan, start: start, seen: start, ids: ids, eligible: map[calendar.Day][]eligible{}, sales: map[calendar.Day]map[key]sale{},
		shown: map[calendar.Day]map[key]bool{}, hasRefunds: true}
}

// snapshot is the market as it is now; later corrections do not change it.
func (m *market) snapshot() *market {
	s := *m
	s.eligible, s.sales, s.shown = maps.Clone(m.eligible), maps.Clone(m.sales), maps.Clone(m.shown)
	return &s
}

// cut is the market up to a day.
func (m *market) cut(last calendar.Day) *market {
	s := m.snapshot()
	maps.DeleteFunc(s.eligible, func(d calendar.Day, _ []eligible) bool { return d > last })
	maps.DeleteFunc(s.sales, func(d calendar.Day, _ map[key]sale) bool { return d > last })
	maps.DeleteFunc(s.shown, func(d calendar.Day, _ map[key]bool) bool { return d > last })
	return s
}

// users are the sales of a day by buyer.
func users(day map[key]sale) map[int64]int64 {
	out := map[int64]int64{}
	for k, s := range day {
		out[k.buyer] += s.paid
	}
	return out
}

// state is what a night keeps.
type state struct {
	asOf  calendar.Day
	of    *market // what it was made of
	pairs lift.Pairs
	days  *column.Frame
}

// how are the choices that must not matter.
type how struct {
	workers int
	ranges  int64 // pairs expected: how many ranges there are
	groups  int   // pairs of a row group
	shuffle *rand.Rand
}

var plainly = how{workers: 1, groups: 1 << 20}

// advance makes the state of asOf from an older one, nil: from nothing.
func (m *market) advance(t testingT, old *state, asOf calendar.Day, h how) (*state, *lift.Figures) {
	t.Helper()
	if old == nil {
		old = &state{asOf: m.seen - 1, of: m.cut(m.seen - 1)}
	}
	now := m.cut(asOf)
	events := lift.NewEvents(h.ranges, column.Memory{Budget: column.NewBudget(0)})
	defer events.Close()
	var first, then []func(a *lift.Adder) error
	for d, rows := range now.eligible {
		if d > old.asOf && d >= m.seen {
			first = append(first, func(a *lift.Adder) error { return a.Eligible(d, h.eligibleFrame(rows)) })
		}
	}
	then = m.changes(old, now, asOf, h)
	for d := old.asOf - calendar.Day(m.plan.PreDays) + 1; d <= old.asOf && asOf > old.asOf; d++ {
		then = append(then, func(a *lift.Adder) error { return a.History(d, h.salesFrame(now.sales[d])) })
	}
	if m.hasRefunds {
		f := h.refundFrame(m.refunds)
		then = append(then, func(a *lift.Adder) error { return a.Refunds(f, m.start-calendar.Day(m.plan.PreDays), 0, f.N) })
	}
	for _, adds := range [][]func(a *lift.Adder) error{first, then} {
		h.mix(len(adds), func(i, j int) { adds[i], adds[j] = adds[j], adds[i] })
		a, b := events.Adder(), events.Adder()
		for i, add := range adds {
			if i%2 == 0 {
				a, b = b, a
			}
			check(t, add(a))
		}
		check(t, a.Flush())
		check(t, b.Flush())
	}
	in := lift.Input{Plan: m.plan, Start: m.start, From: old.asOf, AsOf: asOf, Old: h.run(old.pairs), OldDays: old.days, Events: events,
		IDs: m.ids, Workers: h.workers, Count: true,
		ShownKnown:    func(first, _ calendar.Day) bool { return first >= m.shownFrom },
		RefundsKnown:  func(first, _ calendar.Day) bool { return m.hasRefunds && first >= m.refundsFrom },
		ChannelsKnown: func(first, _ calendar.Day) bool { return first >= m.seenFrom }}
	next := &state{asOf: asOf, of: now}
	result, err := lift.Advance(context.Background(), in, func(p lift.Pairs) error {
		for c := range p {
			next.pairs[c] = append(next.pairs[c], p[c]...)
		}
		return nil
	})
	check(t, err)
	next.days = result.Days
	return next, result.Figures
}

// changes are what moves pairs between two markets: of every day that changed, its rows as they were and as they are.
func (m *market) changes(old *state, now *market, asOf calendar.Day, h how) (adds []func(a *lift.Adder) error) {
	sales, looked, exposed := map[calendar.Day]bool{}, map[calendar.Day]bool{}, map[calendar.Day]bool{}
	for d := m.start - calendar.Day(max(1, m.plan.PreDays)); d <= asOf; d++ { // exposures of the day before the start tell of its sales
		if !maps.Equal(old.of.sales[d], now.sales[d]) {
			sales[d], looked[d] = true, true
		}
		if !maps.Equal(old.of.shown[d], now.shown[d]) {
			looked[d], looked[d+1] = true, true
		}
	}
	for d := range looked {
		exposed[d], exposed[d-1] = true, true
	}
	both := func(same bool, add func(a *lift.Adder, v lift.View) error) {
		views := []lift.View{lift.Before, lift.Now}
		if same {
			views = []lift.View{lift.Both}
		}
		for _, v := range views {
			adds = append(adds, func(a *lift.Adder) error { return add(a, v) })
		}
	}
	at := func(v lift.View) *market {
		if v == lift.Before {
			return old.of
		}
		return now
	}
	for d := range looked {
		both(maps.Equal(old.of.sales[d], now.sales[d]), func(a *lift.Adder, v lift.View) error { return a.Sales(d, v, h.salesFrame(at(v).sales[d])) })
	}
	for d := range exposed {
		both(maps.Equal(old.of.shown[d], now.shown[d]), func(a *lift.Adder, v lift.View) error { return a.Shown(d, v, h.shownFrame(at(v).shown[d])) })
	}
	for d := range sales {
		both(false, func(a *lift.Adder, v lift.View) error { return a.Users(d, v, h.usersFrame(at(v).sales[d])) })
	}
	return adds
}

// testingT is a test, or a check of rapid.
type testingT interface {
	Helper()
	Fatal(args ...any)
}

func check(t testingT, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (h how) mix(n int, swap func(i, j int)) {
	if h.shuffle != nil {
		h.shuffle.Shuffle(n, swap)
	}
}

// run cuts pairs into groups.
func (h how) run(p lift.Pairs) lift.Run {
	var r lift.Run
	for from := 0; from < p.Len(); from += h.groups {
		to := min(p.Len(), from+h.groups)
		r.Groups = append(r.Groups, lift.Group{Rows: int64(to - from), First: p[0][from], Last: p[0][to-1]})
	}
	r.Read = func(_ context.Context, g int) (out lift.Pairs, err error) {
		for c := range p {
			out[c] = p[c][g*h.groups : min(p.Len(), (g+1)*h.groups)]
		}
		return out, nil
	}
	return r
}

// frame makes a frame of rows, in any order.
func frame[T any](h how, rows []T, columns map[string]func(T) int64) *column.Frame {
	h.mix(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	f := column.NewFrame(len(rows))
	for name, of := range columns {
		values := make([]int64, len(rows))
		for i, r := range rows {
			values[i] = of(r)
		}
		f.Set(name, values)
	}
	return f
}

func (h how) eligibleFrame(rows []eligible) *column.Frame {
	return frame(h, slices.Clone(rows), map[string]func(eligible) int64{
		"buyer_id": func(e eligible) int64 { return e.buyer }, "merchant_id": func(e eligible) int64 { return e.merchant }, "arm": func(e eligible) int64 { return e.arm },
		"source_promoter_id": func(e eligible) int64 { return e.source }, "programme": func(e eligible) int64 { return e.programme }})
}

func (h how) salesFrame(day map[key]sale) *column.Frame {
	return frame(h, slices.Collect(maps.Keys(day)), map[string]func(key) int64{
		"buyer_id": func(k key) int64 { return k.buyer }, "merchant_id": func(k key) int64 { return k.merchant }, "paid_fen": func(k key) int64 { return day[k].paid },
		"self_live_fen": func(k key) int64 { return day[k].fen }, "self_live_orders": func(k key) int64 { return day[k].orders }})
}

func (h how) shownFrame(day map[key]bool) *column.Frame {
	return frame(h, slices.Collect(maps.Keys(day)), map[string]func(key) int64{
		"buyer_id": func(k key) int64 { return k.buyer }, "merchant_id": func(k key) int64 { return k.merchant }})
}

func (h how) usersFrame(day map[key]sale) *column.Frame {
	paid := users(day)
	return frame(h, slices.Collect(maps.Keys(paid)), map[string]func(int64) int64{
		"buyer_id": func(b int64) int64 { return b }, "paid_fen": func(b int64) int64 { return paid[b] }})
}

func (h how) refundFrame(rows []returned) *column.Frame {
	return frame(h, slices.Clone(rows), map[string]func(returned) int64{
		"buyer_id": func(r returned) int64 { return r.buyer }, "merchant_id": func(r returned) int64 { return r.merchant }, "paid_day": func(r returned) int64 { return int64(r.paid) },
		"amount_fen": func(r returned) int64 { return r.fen }, "channel": func(r returned) int64 { return r.channel }, "scene": func(r returned) int64 { return r.scene }})
}
