package gmv_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/internal/testkit/lines"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/gmv"
)

var asOf = calendar.Of(2026, 5, 15)

const null = column.Null

// sale is what one subject sold on one day in one channel and scene.
type sale struct {
	subject                                                      int64
	day                                                          calendar.Day
	channel, scene                                               int64
	placed, placedFen, raw, rawFen, lines, quantity, fen, orders int64
}

// sold is one ordinary line, some days ago.
func sold(ago calendar.Day, fen int64) sale {
	return sale{subject: 1, day: asOf - ago, channel: contract.ChannelNone, scene: contract.SceneMall,
		placed: 1, placedFen: fen, raw: 1, rawFen: fen, lines: 1, quantity: 1, fen: fen, orders: 1}
}

// returned is a settled refund of a sale.
type returned struct {
	sale
	delay calendar.Day // after the sale
	back  int64        // fen
}

func scopeOf(role int) contract.Scope { return contract.Scopes()[role] }

// total is the row of a day over all channels and scenes.
func total(sales []sale) sale {
	t := sale{subject: sales[0].subject, day: sales[0].day, channel: null, scene: null}
	for _, s := range sales {
		t.placed += s.placed
		t.placedFen += s.placedFen
		t.raw += s.raw
		t.rawFen += s.rawFen
		t.lines += s.lines
		t.quantity += s.quantity
		t.fen += s.fen
		t.orders += s.orders
	}
	return t
}

// daysOf are the <role>_sales rollups, oldest first.
func daysOf(scope contract.Scope, sales []sale) column.Days {
	byDay := map[calendar.Day]map[int64][]sale{}
	for _, s := range sales {
		if scope.Subject == "" {
			s.subject = 0
		}
		if byDay[s.day] == nil {
			byDay[s.day] = map[int64][]sale{}
		}
		byDay[s.day][s.subject] = append(byDay[s.day][s.subject], s)
	}
	return func(yield func(column.Dated, error) bool) {
		for _, d := range slices.Sorted(maps.Keys(byDay)) {
			var rows []sale
			for _, subject := range slices.Sorted(maps.Keys(byDay[d])) {
				rows = append(append(rows, byDay[d][subject]...), total(byDay[d][subject]))
			}
			if !yield(column.Dated{Day: d, Frame: salesFrame(scope, rows)}, nil) {
				return
			}
		}
	}
}

// runsOf are the days as runs, each in memory.
func runsOf(scope contract.Scope, days column.Days) (runs []gmv.Run) {
	for d, err := range days {
		if err != nil {
			panic(err) // they are in memory
		}
		runs = append(runs, gmv.InMemory(scope, d.Day, d.Frame))
	}
	return runs
}

func frameOf[R any](rows []R, columns map[string]func(r R) int64) *column.Frame {
	f := column.NewFrame(len(rows))
	for name, value := range columns {
		values := make([]int64, len(rows))
		for i, r := range rows {
			values[i] = value(r)
		}
		f.Set(name, values)
	}
	return f
}

func salesFrame(scope contract.Scope, rows []sale) *column.Frame {
	columns := map[string]func(s sale) int64{
		"channel": func(s sale) int64 { return s.channel }, "scene": func(s sale) int64 { return s.scene },
		"order_lines": func(s sale) int64 { return s.placed }, "order_fen": func(s sale) int64 { return s.placedFen },
		"raw_lines": func(s sale) int64 { return s.raw }, "raw_fen": func(s sale) int64 { return s.rawFen },
		"lines": func(s sale) int64 { return s.lines }, "quantity": func(s sale) int64 { return s.quantity },
		"paid_fen": func(s sale) int64 { return s.fen }, "orders": func(s sale) int64 { return s.orders },
	}
	if scope.Subject != "" {
		columns[scope.Subject] = func(s sale) int64 { return s.subject }
	}
	return frameOf(rows, columns)
}

func refundFrame(scope contract.Scope, rows []returned) *column.Frame {
	columns := map[string]func(r returned) int64{
		"paid_day": func(r returned) int64 { return int64(r.day) }, "succeeded_day": func(r returned) int64 { return int64(r.day + r.delay) },
		"amount_fen": func(r returned) int64 { return r.back }, "channel": func(r returned) int64 { return r.channel }, "scene": func(r returned) int64 { return r.scene },
	}
	if scope.Subject != "" {
		columns[scope.Subject] = func(r returned) int64 { return r.subject }
	}
	return frameOf(rows, columns)
}

// allDays are present, 900 of them.
func allDays() calendar.Presence {
	p := calendar.Presence{}
	for d := asOf - 899; d <= asOf; d++ {
		p[d] = true
	}
	return p
}

type testingT interface {
	Helper()
	Fatal(args ...any)
}

func sums(t testingT, scope contract.Scope, sales []sale, refunds []returned, present calendar.Presence) *gmv.Sums {
	t.Helper()
	s, err := gmv.Sum(context.Background(), gmv.Input{AsOf: asOf, Scope: scope, Runs: runsOf(scope, daysOf(scope, sales)), Refunds: gmv.NewRefunds(refundFrame(scope, refunds), asOf, present),
		IDs: column.NewIDs(nil)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func known(_, _ calendar.Day) bool   { return true }
func unknown(_, _ calendar.Day) bool { return false }

func everything() gmv.Context {
	return gmv.Context{AsOf: asOf, IDs: column.NewIDs(nil), Present: allDays(), RefundsKnown: known,
		Buyers: buyersAre(func(int64) (int64, int64, bool) { return 3, 1, true })}
}

// buyersAre gives every window of a subject the same buyers.
func buyersAre(of func(subject int64) (int64, int64, bool)) func(contract.Scope) func(int64, int) (int64, int64, bool) {
	return func(contract.Scope) func(int64, int) (int64, int64, bool) {
		return func(subject int64, _ int) (int64, int64, bool) { return of(subject) }
	}
}

// line is one published row.
type line = lines.Line

func read(t testingT, rec arrow.Record) []line {
	t.Helper()
	defer rec.Release()
	return lines.OfRecord(rec)
}

func readAll(t testingT, records gmv.Records) []line {
	t.Helper()
	return lines.Of(t, records)
}

var (
	pick  = lines.Pick
	where = lines.Where
)

func keysOf(l line) []string { return slices.Sorted(maps.Keys(l)) }

// A sale is in a window of n days if it is younger than n days; the lagged windows end 15 and 30 days before.
func TestTheWindowsOfASale(t *testing.T) {
	scope := scopeOf(contract.RoleMerchant)
	for ago := calendar.Day(0); ago <= 400; ago++ {
		rows := readAll(t, gmv.Table(everything(), []*gmv.Sums{sums(t, scope, []sale{sold(ago, 100)}, nil, allDays())}, memory.DefaultAllocator))
		var want []line
		for _, n := range contract.Windows {
			in := func(lag calendar.Day) int {
				if age := ago - lag; age >= 0 && age < calendar.Day(n) {
					return 100
				}
				return 0
			}
			if in(0)+in(15)+in(30) > 0 {
				want = append(want, line{"window_days": n, "gmv_paid_fen": in(0), "gmv_paid_lag15_fen": in(15), "gmv_paid_lag30_fen": in(30)})
			}
		}
		// A longer window that no longer holds anything still has the row of a shorter one.
		got := slices.DeleteFunc(pick(rows, "window_days", "gmv_paid_fen", "gmv_paid_lag15_fen", "gmv_paid_lag30_fen"), func(l line) bool {
			return l["gmv_paid_fen"] == 0 && l["gmv_paid_lag15_fen"] == 0 && l["gmv_paid_lag30_fen"] == 0
		})
		if diff := gocmp.Diff(want, append([]line(nil), got...)); diff != "" {
			t.Fatalf("%d days ago: %s", ago, diff)
		}
	}
}

func TestRefundsOfASale(t *testing.T) {
	scope := scopeOf(contract.RoleMerchant)
	forms := []string{"window_days", "gmv_net_fen", "gmv_net15_fen", "gmv_net30_fen", "refund_amt_fen", "refund_rate_ratio"}
	of := func(window, net, net15, net30, flow int, rate any) []line {
		return []line{{"window_days": window, "gmv_net_fen": net, "gmv_net15_fen": net15, "gmv_net30_fen": net30, "refund_amt_fen": flow, "refund_rate_ratio": rate}}
	}
	for _, c := range []struct {
		name   string
		ago    calendar.Day
		delay  calendar.Day
		window int
		want   []line // none: nothing happened in the window
	}{
		{"within the window", 10, 3, 30, of(30, 60, 0, 0, 40, nil)},
		{"by the day it succeeded: not in the last seven", 10, 3, 7, []line{}},
		{"by the day it succeeded: today", 10, 10, 1, of(1, 0, 0, 0, 40, nil)},
		{"after 15 days", 50, 15, 60, of(60, 60, 60, 60, 40, 0.4)},
		{"after 16 days: not within 15", 50, 16, 60, of(60, 60, 100, 60, 40, 0.4)},
		{"after 30 days", 50, 30, 60, of(60, 60, 100, 60, 40, 0.4)},
		{"after 31 days: not within 30", 50, 31, 60, of(60, 60, 100, 100, 40, 0.0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := sold(c.ago, 100)
			rows := readAll(t, gmv.Table(everything(), []*gmv.Sums{sums(t, scope, []sale{s}, []returned{{s, c.delay, 40}}, allDays())}, memory.DefaultAllocator))
			got := pick(where(rows, "window_days", c.window), forms...)
			if diff := gocmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("of a day without data it is cash only", func(t *testing.T) {
		s := sold(10, 100)
		present := allDays()
		delete(present, s.day)
		rows := readAll(t, gmv.Table(everything(), []*gmv.Sums{sums(t, scope, nil, []returned{{s, 3, 40}}, present)}, memory.DefaultAllocator))
		if diff := gocmp.Diff(of(30, 0, 0, 0, 40, nil), pick(where(rows, "window_days", 30), forms...)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("where refunds are not computable nets are null", func(t *testing.T) {
		c := everything()
		c.RefundsKnown = unknown
		rows := readAll(t, gmv.Table(c, []*gmv.Sums{sums(t, scope, []sale{sold(40, 100)}, nil, allDays())}, memory.DefaultAllocator))
		want := line{"gmv_net_fen": nil, "gmv_net15_fen": nil, "gmv_net30_fen": nil, "refund_amt_fen": nil, "refund_rate_ratio": nil, "gmv_paid_lag30_fen": 100}
		if diff := gocmp.Diff([]line{want}, pick(where(rows, "window_days", 365), keysOf(want)...)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("of windows that begin before refunds do they are null", func(t *testing.T) {
		c := everything()
		c.RefundsKnown = func(first, _ calendar.Day) bool { return first >= asOf-59 }
		s := sold(40, 100)
		rows := readAll(t, gmv.Table(c, []*gmv.Sums{sums(t, scope, []sale{s}, []returned{{s, 3, 40}}, allDays())}, memory.DefaultAllocator))
		for window, want := range map[int]line{
			30:  {"gmv_net_fen": 0, "gmv_net15_fen": 60, "gmv_net30_fen": 60, "refund_amt_fen": 0, "refund_rate_ratio": 0.4},
			60:  {"gmv_net_fen": 60, "gmv_net15_fen": nil, "gmv_net30_fen": nil, "refund_amt_fen": 40, "refund_rate_ratio": nil},
			365: {"gmv_net_fen": nil, "gmv_net15_fen": nil, "gmv_net30_fen": nil, "refund_amt_fen": nil, "refund_rate_ratio": nil},
		} {
			if diff := gocmp.Diff([]line{want}, pick(where(rows, "window_days", window), keysOf(want)...)); diff != "" {
				t.Errorf("%d days: %s", window, diff)
			}
		}
	})
	t.Run("refunds without a talent are nobody's", func(t *testing.T) {
		s := sold(10, 100)
		s.subject = null
		if n := sums(t, scopeOf(contract.RoleTalent), nil, []returned{{s, 3, 40}}, allDays()).Len(); n != 0 {
			t.Errorf("%d talents", n)
		}
	})
}

// naive adds up one subject's forms over a window, sale by sale.
func naive(sales []sale, refunds []returned, counts func(s sale) bool, first, last calendar.Day) line {
	in := func(s sale, lag calendar.Day) bool {
		return counts(s) && s.day >= first-lag && s.day <= last-lag
	}
	forms := map[string]int64{}
	for _, s := range sales {
		if in(s, 0) {
			forms["gmv_order_fen"] += s.placedFen
			forms["gmv_paid_raw_fen"] += s.rawFen
			forms["gmv_paid_fen"] += s.fen
			forms["gmv_net_fen"] += s.fen
			forms["lines"] += s.lines
			forms["quantity"] += s.quantity
			forms["orders"] += s.orders
		}
		if in(s, 15) {
			forms["gmv_paid_lag15_fen"] += s.fen
			forms["gmv_net15_fen"] += s.fen
		}
		if in(s, 30) {
			forms["gmv_paid_lag30_fen"] += s.fen
			forms["gmv_net30_fen"] += s.fen
		}
	}
	for _, r := range refunds {
		if in(r.sale, 0) {
			forms["gmv_net_fen"] -= r.back
		}
		if in(r.sale, 15) && r.delay <= 15 {
			forms["gmv_net15_fen"] -= r.back
		}
		if in(r.sale, 30) && r.delay <= 30 {
			forms["gmv_net30_fen"] -= r.back
		}
		if d := r.day + r.delay; counts(r.sale) && d >= first && d <= last {
			forms["refund_amt_fen"] += r.back
		}
	}
	out := line{}
	for _, name := range formNames {
		out[name] = int(forms[name])
	}
	return out
}

var formNames = []string{"gmv_order_fen", "gmv_paid_raw_fen", "gmv_paid_fen", "gmv_net_fen", "gmv_paid_lag15_fen", "gmv_net15_fen", "gmv_paid_lag30_fen",
	"gmv_net30_fen", "lines", "quantity", "orders"}

// markets draws sales and refunds that succeeded by the as-of date.
func markets() *rapid.Generator[market] {
	return rapid.Custom(func(t *rapid.T) (m market) {
		some := func(name string, n int64) int64 { return rapid.Int64Range(0, n).Draw(t, name) }
		for range some("sales", 20) {
			ago := rapid.OneOf(rapid.Int64Range(0, 70), rapid.Int64Range(0, 420), rapid.SampledFrom([]int64{0, 6, 7, 29, 30, 44, 45, 364, 365, 379, 380, 394, 395})).Draw(t, "days ago")
			s := sold(calendar.Day(ago), some("fen", 500))
			s.subject, s.channel, s.scene = 1+some("subject", 1), some("channel", 2), some("scene", 2)
			if some("placed before", 3) == 0 {
				s.placed, s.placedFen = 0, 0
			}
			if some("excluded", 3) == 0 {
				s.lines, s.quantity, s.fen, s.orders = 0, 0, 0, 0
			}
			m.sales = append(m.sales, s)
			for range some("refunds", 2) {
				m.refunds = append(m.refunds, returned{s, calendar.Day(some("delay", min(40, ago))), some("back", s.fen)})
			}
		}
		return m
	})
}

type market struct {
	sales   []sale
	refunds []returned
}

// SplitPaid adds up what gmv_split says, and keeps nothing of one subject for the next.
func TestSplitPaidAgreesWithItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := markets().Draw(t, "market")
		s := sums(t, scopeOf(contract.RoleMerchant), m.sales, m.refunds, allDays())
		window := rapid.SampledFrom(contract.Windows).Draw(t, "window")
		seen := map[int64]bool{}
		s.SplitPaid(window, func(subject int64, f *gmv.Split) {
			seen[subject] = true
			paid := func(counts func(s sale) bool) (fen int64) {
				for _, s := range m.sales {
					if s.subject == subject && s.day > asOf-calendar.Day(window) && counts(s) {
						fen += s.fen
					}
				}
				return fen
			}
			want := []int64{paid(func(sale) bool { return true })}
			got := []int64{f.Paid}
			for c := range contract.Channels {
				want, got = append(want, paid(func(s sale) bool { return s.channel == int64(c) })), append(got, f.Of(c))
				for sc := range contract.Scenes {
					want = append(want, paid(func(s sale) bool { return s.channel == int64(c) && s.scene == int64(sc) }), paid(func(s sale) bool { return s.scene == int64(sc) || s.scene == 0 }))
					got = append(got, f.Of(c, sc), f.In(dedup(0, sc)...))
				}
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Fatalf("subject %d, %d days: %s", subject, window, diff)
			}
		})
		for _, sale := range m.sales {
			if sale.fen > 0 && sale.day > asOf-calendar.Day(window) && !seen[sale.subject] {
				t.Fatalf("subject %d was not visited", sale.subject)
			}
		}
	})
}

// Parts sort every sale and refund into the group that its channel and scene are in, and into no other.
func TestPartsAgreeWithTheirTwin(t *testing.T) {
	const window = 30
	group := func(channel, scene int) int { return (channel+scene)%3 - 1 }
	refunded := false
	rapid.Check(t, func(t *rapid.T) {
		m := markets().Draw(t, "market")
		s := sums(t, scopeOf(contract.RoleMerchant), m.sales, m.refunds, allDays())
		want := map[int64][]gmv.Part{}
		for _, s := range m.sales {
			age, g := asOf-s.day, group(int(s.channel), int(s.scene))
			if want[s.subject] == nil {
				want[s.subject] = make([]gmv.Part, 2)
			}
			if g < 0 {
				continue
			}
			part := &want[s.subject][g]
			if age < window {
				part.Lines, part.Paid = part.Lines+s.lines, part.Paid+s.fen
			}
			if age >= 15 && age < 15+window {
				part.Paid15 += s.fen
			}
		}
		for _, r := range m.refunds {
			age, g := asOf-r.day, group(int(r.channel), int(r.scene))
			if g >= 0 && age >= 15 && age < 15+window && r.delay <= 15 {
				want[r.subject][g].Refund15 += r.back
				refunded = refunded || r.back > 0
			}
		}
		s.Parts(window, 2, group, func(subject int64, got []gmv.Part) {
			if diff := gocmp.Diff(want[subject], got); diff != "" && want[subject] != nil {
				t.Fatalf("subject %d: %s", subject, diff)
			}
			delete(want, subject)
		})
		for subject, parts := range want {
			if parts[0] != (gmv.Part{}) || parts[1] != (gmv.Part{}) {
				t.Fatalf("subject %d was not visited: %v", subject, parts)
			}
		}
	})
	if !refunded {
		t.Error("no market had a refund within 15 days: the test has lost its object")
	}
}

func dedup(scenes ...int) []int { return slices.Compact(scenes) }

func TestGMVAgreesWithItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := markets().Draw(t, "market")
		platform, merchants := scopeOf(contract.RolePlatform), scopeOf(contract.RoleMerchant)
		all := []*gmv.Sums{sums(t, merchants, m.sales, m.refunds, allDays()), sums(t, platform, m.sales, m.refunds, allDays())}
		seen := map[string]bool{}
		for _, l := range readAll(t, gmv.Table(everything(), all, memory.DefaultAllocator)) {
			seen[fmt.Sprintf("%v/%v", l["subject_id"], l["window_days"])] = true
			want := naive(m.sales, m.refunds, ofSubject(l), asOf-calendar.Day(l["window_days"].(int))+1, asOf)
			got := pick([]line{l}, append([]string{"refund_amt_fen"}, formNames...)...)[0]
			want["refund_amt_fen"] = flow(m.refunds, ofSubject(l), l["window_days"].(int))
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Fatalf("subject %q, window %v: %s", l["subject_id"], l["window_days"], diff)
			}
		}
		for _, s := range m.sales {
			for _, n := range contract.Windows {
				if s.day > asOf-calendar.Day(n) && (!seen[fmt.Sprintf("%d/%d", s.subject, n)] || !seen[fmt.Sprintf("/%d", n)]) {
					t.Fatalf("no row of window %d though something was sold %d days ago", n, asOf-s.day)
				}
			}
		}
		for _, l := range readAll(t, gmv.SplitTable(everything(), all, memory.DefaultAllocator)) {
			cell := func(s sale) bool {
				return ofSubject(l)(s) && contract.Channels[s.channel] == l["channel"] && contract.Scenes[s.scene] == l["scene"]
			}
			want := naive(m.sales, m.refunds, cell, asOf-calendar.Day(l["window_days"].(int))+1, asOf)
			want["orders_touching"] = want["orders"]
			delete(want, "orders")
			if diff := gocmp.Diff(want, pick([]line{l}, keysOf(want)...)[0]); diff != "" {
				t.Fatalf("%v: %s", l, diff)
			}
		}
	})
}

// ofSubject are the sales of a published row's subject.
func ofSubject(l line) func(s sale) bool {
	return func(s sale) bool { return l["role"] == "platform" || fmt.Sprint(s.subject) == l["subject_id"] }
}

func flow(refunds []returned, counts func(s sale) bool, window int) (fen int) {
	for _, r := range refunds {
		if counts(r.sale) && r.day+r.delay > asOf-calendar.Day(window) {
			fen += int(r.back)
		}
	}
	return fen
}

func TestRatiosAndAverages(t *testing.T) {
	scope := scopeOf(contract.RoleMerchant)
	s := sold(0, 1001)
	s.orders = 2
	none, lost := sold(0, 0), sold(0, 700)
	none.subject, none.lines, none.orders = 2, 0, 0
	lost.subject = 3
	c := everything()
	c.Buyers = buyersAre(func(subject int64) (int64, int64, bool) {
		if subject == 3 {
			return column.Null, 500, true
		}
		return 2 - subject, 0, subject == 1
	})
	rows := where(readAll(t, gmv.Table(c, []*gmv.Sums{sums(t, scope, []sale{s, none, lost}, nil, allDays())}, memory.DefaultAllocator)), "window_days", 1)
	want := []line{
		{"subject_id": "1", "buyers": 1, "new_buyers": 0, "returning_buyers": 1, "atv_buyer_fen": 1001, "atv_order_fen": 501},
		{"subject_id": "2", "buyers": 0, "new_buyers": nil, "returning_buyers": nil, "atv_buyer_fen": nil, "atv_order_fen": nil},
		{"subject_id": "3", "buyers": nil, "new_buyers": nil, "returning_buyers": nil, "atv_buyer_fen": nil, "atv_order_fen": 700},
	}
	if diff := gocmp.Diff(want, pick(rows, keysOf(want[0])...)); diff != "" {
		t.Error(diff)
	}
}

func TestDaysPresentCountTheWindowsDays(t *testing.T) {
	c := everything()
	delete(c.Present, asOf-6)
	delete(c.Present, asOf-7)
	got := map[any]any{}
	for _, l := range readAll(t, gmv.Table(c, []*gmv.Sums{sums(t, scopeOf(contract.RolePlatform), []sale{sold(0, 1)}, nil, allDays())}, memory.DefaultAllocator)) {
		got[l["window_days"]] = l["days_present"]
	}
	if diff := gocmp.Diff(map[any]any{1: 1, 7: 6, 30: 28, 60: 58, 90: 88, 365: 363}, got); diff != "" {
		t.Error(diff)
	}
}

func TestRowsAreSortedByTheirKeys(t *testing.T) {
	var sales []sale
	for _, subject := range []int64{9, 100, 10} {
		s := sold(0, 1)
		s.subject = subject
		self := s
		self.channel, self.scene = contract.ChannelDistribution, contract.SceneShop
		sales = append(sales, s, self)
	}
	all := []*gmv.Sums{sums(t, scopeOf(contract.RolePlatform), sales, nil, allDays()), sums(t, scopeOf(contract.RoleMerchant), sales, nil, allDays())}
	for _, x := range []struct {
		name string
		rec  gmv.Records
		key  []string
	}{
		{"gmv", gmv.Table(everything(), all, memory.DefaultAllocator), []string{"role", "subject_id"}},
		{"gmv_split", gmv.SplitTable(everything(), all, memory.DefaultAllocator), []string{"role", "subject_id", "channel", "scene"}},
	} {
		var got []string
		for _, l := range where(readAll(t, x.rec), "window_days", 1) {
			var key string
			for _, k := range x.key {
				key += fmt.Sprint(l[k], "\x00")
			}
			got = append(got, key)
		}
		if !slices.IsSorted(got) || len(got) < 4 {
			t.Errorf("%s: %q", x.name, got)
		}
	}
}

func TestNothingButTestOrdersIsNoRow(t *testing.T) {
	if n := sums(t, scopeOf(contract.RoleMerchant), []sale{{subject: 1, day: asOf}}, nil, allDays()).Len(); n != 0 {
		t.Errorf("%d subjects", n)
	}
}

func TestTroubleWithADayEndsTheSum(t *testing.T) {
	lost := errors.New("lost")
	broken := func(yield func(column.Dated, error) bool) { yield(column.Dated{}, lost) }
	run := gmv.Run{Day: asOf, Groups: []gmv.Group{{Rows: 1}}, Read: func(context.Context, int) (*column.Frame, func(), error) { return nil, nil, lost }}
	_, err := gmv.Sum(context.Background(), gmv.Input{AsOf: asOf, Runs: []gmv.Run{run}, IDs: column.NewIDs(nil)})
	_, err2 := gmv.NewSeries(broken, nil, nil)
	_, err3 := gmv.ExcludedTable(everything(), broken, memory.DefaultAllocator)
	_, err4 := gmv.SeenIn(broken, "merchant_id", nil, nil)
	for i, err := range []error{err, err2, err3, err4} {
		if !errors.Is(err, lost) {
			t.Errorf("%d: error %v", i, err)
		}
	}
}

// left is what GMV left out of one shop's day.
type left struct {
	merchant   int64
	day        calendar.Day
	reason     string
	lines, fen int64
}

func excluded(t testingT, c gmv.Context, rows []left) []line {
	t.Helper()
	days := func(yield func(column.Dated, error) bool) {
		for _, r := range rows {
			f := frameOf([]left{r}, map[string]func(l left) int64{
				"merchant_id": func(l left) int64 { return l.merchant }, "excluded_reason": func(l left) int64 { return c.IDs.TextDict().Code(l.reason) },
				"lines": func(l left) int64 { return l.lines }, "amount_fen": func(l left) int64 { return l.fen },
			})
			if !yield(column.Dated{Day: r.day, Frame: f}, nil) {
				return
			}
		}
	}
	rec, err := gmv.ExcludedTable(c, days, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, rec)
}

func TestWhatIsExcludedIsSummedByReason(t *testing.T) {
	rows := excluded(t, everything(), []left{
		{10, asOf - 365, "test", 1, 1}, {9, asOf - 6, "risk:bot", 2, 20}, {10, asOf - 6, "risk:bot", 1, 10}, {10, asOf, "risk:bot", 1, 10}, {9, asOf, "max_units_per_line", 5, 50},
	})
	key := func(role, subject, reason string, window, lines, fen int) line {
		return line{"role": role, "subject_id": subject, "window_days": window, "reason": reason, "lines": lines, "gmv_fen": fen}
	}
	want := []line{
		key("merchant", "10", "risk:bot", 1, 1, 10), key("merchant", "10", "risk:bot", 7, 2, 20),
		key("merchant", "9", "max_units_per_line", 1, 5, 50), key("merchant", "9", "max_units_per_line", 7, 5, 50), key("merchant", "9", "risk:bot", 7, 2, 20),
		key("platform", "", "max_units_per_line", 1, 5, 50), key("platform", "", "risk:bot", 1, 1, 10),
		key("platform", "", "max_units_per_line", 7, 5, 50), key("platform", "", "risk:bot", 7, 4, 40),
	}
	short := slices.DeleteFunc(pick(rows, keysOf(want[0])...), func(l line) bool { return l["window_days"].(int) > 7 })
	if diff := gocmp.Diff(want, short); diff != "" {
		t.Error(diff)
	}
	if year := where(where(rows, "window_days", 365), "reason", "test"); len(year) != 0 {
		t.Errorf("a line of 365 days ago stands in the window of 365 days: %v", year)
	}
}

func TestTablesAreReleased(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	s := []*gmv.Sums{sums(t, scopeOf(contract.RolePlatform), []sale{sold(3, 5)}, nil, allDays())}
	readAll(t, gmv.Table(everything(), s, mem))
	readAll(t, gmv.SplitTable(everything(), s, mem))
	rec, err := gmv.ExcludedTable(everything(), func(func(column.Dated, error) bool) {}, mem)
	if err != nil {
		t.Fatal(err)
	}
	read(t, rec)
}
