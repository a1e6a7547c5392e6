package repeat_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/repeat"
)

// twin computes every figure from the definitions: it asks each pair of subject and buyer each question anew.
type twin struct {
	buys   []buy
	undone []undone
	known  calendar.Day // first day of purchases whose refunds are known by buyer
}

// pairs are the pairs of subject and buyer that bought, in order.
func (w twin) pairs() [][2]int64 {
	seen := map[[2]int64]bool{}
	for _, b := range w.buys {
		seen[[2]int64{b.subject, b.buyer}] = true
	}
	return slices.SortedFunc(maps.Keys(seen), comparePairs)
}

// days are the days on which the pair bought something that counts, from first to last.
func (w twin) days(pair [2]int64, first, last calendar.Day, counts func(b buy) bool) []calendar.Day {
	seen := map[calendar.Day]bool{}
	for _, b := range w.buys {
		if [2]int64{b.subject, b.buyer} == pair && b.day >= first && b.day <= last && counts(b) {
			seen[b.day] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

func whatever(buy) bool { return true }

// kept are the days with a line that was not fully refunded, as far as that is known.
func (w twin) kept(pair [2]int64, first, last calendar.Day) []calendar.Day {
	first = max(first, w.known)
	return slices.DeleteFunc(w.days(pair, first, last, whatever), func(d calendar.Day) bool {
		var lines int64
		for _, b := range w.buys {
			if [2]int64{b.subject, b.buyer} == pair && b.day == d {
				lines += b.lines
			}
		}
		for _, u := range w.undone {
			if [2]int64{u.subject, u.buyer} == pair && u.day == d {
				lines -= u.lines
			}
		}
		return lines <= 0
	})
}

func (w twin) sum(pair [2]int64, first calendar.Day, value func(b buy) int64) (n int) {
	for _, b := range w.buys {
		if [2]int64{b.subject, b.buyer} == pair && b.day >= first {
			n += int(value(b))
		}
	}
	return n
}

// table holds figures by key.
type table map[string]line

func (t table) add(key string, figures map[string]int) {
	if t[key] == nil {
		t[key] = line{}
	}
	for name, n := range figures {
		before, _ := t[key][name].(int)
		t[key][name] = before + n
	}
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// purchases is repeat_purchase.
func (w twin) purchases() table {
	out := table{}
	for _, p := range w.pairs() {
		for _, n := range contract.RepeatWindows {
			days := w.kept(p, asOf-calendar.Day(n)+1, asOf)
			if len(days) == 0 {
				continue
			}
			out.add(fmt.Sprint(p[0], n), map[string]int{"buyers": 1, "repeat_buyers": one(len(days) > 1), "day_gaps": len(days) - 1, "gap_days": int(days[len(days)-1] - days[0])})
		}
	}
	return out
}

// liveBuyers are the buyers of a subject's own lives in 90 days, and those who came back.
func (w twin) liveBuyers(subject int64) (out repeat.LiveBuyers) {
	for _, p := range w.pairs() {
		if p[0] != subject {
			continue
		}
		kept := w.kept(p, asOf-89, asOf)
		live := w.days(p, asOf-89, asOf, func(b buy) bool { return b.selfLive > 0 && slices.Contains(kept, b.day) })
		out.Buyers += int64(one(len(live) > 0))
		out.Repeat += int64(one(len(live) > 0 && len(kept) > 1))
	}
	return out
}

// trust is trust.
func (w twin) trust() table {
	out := table{}
	for _, p := range w.pairs() {
		for _, n := range contract.TrustWindows {
			first := asOf - calendar.Day(n) + 1
			through, converted := w.conversion(p, first-30)
			if len(w.days(p, first, asOf, whatever)) == 0 {
				if through {
					out.add(fmt.Sprint(p[0], n), map[string]int{"buyers": 0, "orders": 0, "gmv_paid_fen": 0, "new_buyer_orders": 0, "returning_gmv_fen": 0,
						"distribution_buyers": 1, "converted_buyers": one(converted), "full_set_orders": 0, "full_set_buyers": 0, "full_set_gmv_fen": 0})
				}
				continue
			}
			isNew := len(w.days(p, first-365, first-1, whatever)) == 0
			orders, paid := w.sum(p, first, func(b buy) int64 { return b.orders }), w.sum(p, first, func(b buy) int64 { return b.paid })
			sets := w.sum(p, first, func(b buy) int64 { return b.sets })
			out.add(fmt.Sprint(p[0], n), map[string]int{"buyers": 1, "orders": orders, "gmv_paid_fen": paid, "new_buyer_orders": one(isNew) * orders,
				"returning_gmv_fen": one(!isNew) * paid, "distribution_buyers": one(through), "converted_buyers": one(converted),
				"full_set_orders": sets, "full_set_buyers": one(sets > 0), "full_set_gmv_fen": w.sum(p, first, func(b buy) int64 { return b.setsFen })})
		}
	}
	return out
}

func (w twin) conversion(p [2]int64, first calendar.Day) (through, converted bool) {
	for _, d := range w.days(p, first, asOf-30, func(b buy) bool { return b.distribution > 0 }) {
		through = true
		converted = converted || len(w.days(p, d+1, d+30, func(b buy) bool { return b.selfLive > 0 })) > 0
	}
	return through, converted
}

// months is monthly_buyers.
func (w twin) months() table {
	out := table{}
	for _, p := range w.pairs() {
		for n := -13; n <= 0; n++ {
			month := asOf.Month().AddMonths(n)
			next := month.AddMonths(1)
			if len(w.days(p, month, month.MonthEnd(), whatever)) == 0 {
				continue
			}
			r2 := len(w.kept(p, month, month.MonthEnd())) > 0
			figures := map[string]int{"buyers": 1}
			if month < w.known {
				out.add(fmt.Sprint(p[0], " ", month), figures)
				continue
			}
			figures["r2_buyers"] = one(r2)
			if next.MonthEnd() <= asOf {
				figures["retained_buyers"] = one(r2 && len(w.kept(p, next, next.MonthEnd())) > 0)
			}
			out.add(fmt.Sprint(p[0], " ", month), figures)
		}
	}
	return out
}

// cohorts is cohorts.
func (w twin) cohorts() table {
	out, sizes := table{}, map[string]int{}
	for _, p := range w.pairs() {
		days := w.kept(p, firstDay, asOf)
		if len(days) == 0 {
			continue
		}
		month := days[0].Month()
		sizes[fmt.Sprint(p[0], " ", month)]++
		figures := map[string]int{"active_buyers": 1}
		for _, k := range []calendar.Day{30, 60, 90} {
			if month.MonthEnd()+k <= asOf {
				figures[fmt.Sprintf("r3_%d_buyers", k)] = one(len(w.kept(p, days[0]+1, days[0]+k)) > 0)
			}
		}
		out.add(fmt.Sprint(p[0], " ", month, " ", 0), figures)
		for offset := 1; month.AddMonths(offset) <= asOf; offset++ {
			if later := month.AddMonths(offset); len(w.kept(p, later, later.MonthEnd())) > 0 {
				out.add(fmt.Sprint(p[0], " ", month, " ", offset), map[string]int{"active_buyers": 1})
			}
		}
	}
	for key, l := range out {
		var subject, month string
		var offset int
		if _, err := fmt.Sscan(key, &subject, &month, &offset); err != nil {
			panic(err) // the key was made above
		}
		l["buyers"] = sizes[subject+" "+month]
	}
	return out
}

// keyed turns published lines into a table by their key columns; nulls are left out as in the twin.
func keyed(lines []line, key func(l line) string, columns ...string) table {
	out := table{}
	for _, l := range lines {
		kept := line{}
		for _, c := range columns {
			if l[c] != nil {
				kept[c] = l[c]
			}
		}
		out[key(l)] = kept
	}
	return out
}

func markets() *rapid.Generator[twin] {
	return rapid.Custom(func(t *rapid.T) twin {
		var w twin
		some := func(name string, n int64) int64 { return rapid.Int64Range(0, n).Draw(t, name) }
		for range some("purchases", 25) {
			ago := rapid.OneOf(rapid.Int64Range(0, 100), rapid.Int64Range(0, 799)).Draw(t, "days ago")
			b := buy{subject: 1 + some("subject", 1), buyer: 1 + some("buyer", 2), day: asOf - calendar.Day(ago), orders: 1, lines: 1 + some("lines", 1), paid: some("paid", 500),
				distribution: some("distribution", 1), selfLive: some("live", 1), sets: some("sets", 1)}
			b.setsFen = b.sets * b.paid
			if w.has(b) {
				continue // the rollup has one row of a pair and day
			}
			w.buys = append(w.buys, b)
			if some("refunded", 3) == 0 {
				w.undone = append(w.undone, undone{b.subject, b.buyer, b.day, 1 + some("undone", b.lines-1)})
			}
		}
		return w
	})
}

func (w twin) has(b buy) bool {
	return slices.ContainsFunc(w.buys, func(o buy) bool { return o.subject == b.subject && o.buyer == b.buyer && o.day == b.day })
}

func TestFiguresAgreeWithTheirTwin(t *testing.T) {
	subject := func(columns ...string) func(l line) string {
		return func(l line) string {
			key := fmt.Sprint(l["subject_id"])
			for _, c := range columns {
				key += fmt.Sprint(" ", l[c])
			}
			return key
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		w := markets().Draw(t, "market")
		in := inputOf(scopeOf(contract.RoleMerchant), w.buys, w.undone)
		in.Workers = rapid.IntRange(1, 3).Draw(t, "workers")
		w.known = firstDay + calendar.Day(max(0, rapid.IntRange(-500, 800).Draw(t, "refunds known from")))
		in.Kept = w.known
		f := []*repeat.Figures{compute(t, in)}
		for subject := range int64(4) {
			if want, got := w.liveBuyers(subject), f[0].LiveBuyers(subject); want != got {
				t.Fatalf("buyers of the lives of %d: %v, want %v", subject, got, want)
			}
		}
		c := everything()
		c.WithBuyers, c.WithKept = c.Present, calendar.Presence{}
		for d := w.known; d <= asOf; d++ {
			c.WithKept[d] = true
		}
		purchases := read(t, repeat.PurchaseTable(c, f))
		for _, l := range purchases {
			if mean, ok := l["mean_gap_days"].(float64); ok {
				l["gap_days"] = int(math.Round(mean * float64(l["day_gaps"].(int))))
			} else {
				l["gap_days"] = 0
			}
		}
		for _, x := range []struct {
			name      string
			want, got table
		}{
			{"repeat_purchase", w.purchases(), keyed(purchases, subject("window_days"), "buyers", "repeat_buyers", "day_gaps", "gap_days")},
			{"trust", w.trust(), keyed(read(t, repeat.TrustTable(c, f)), subject("window_days"), "buyers", "orders", "gmv_paid_fen", "new_buyer_orders", "returning_gmv_fen",
				"distribution_buyers", "converted_buyers", "full_set_orders", "full_set_buyers", "full_set_gmv_fen")},
			{"monthly_buyers", w.months(), keyed(read(t, repeat.MonthlyTable(c, f)), subject("month"), "buyers", "r2_buyers", "retained_buyers")},
			{"cohorts", w.cohorts(), keyed(read(t, repeat.CohortTable(c, f)), subject("cohort_month", "month_offset"), "buyers", "active_buyers",
				"r3_30_buyers", "r3_60_buyers", "r3_90_buyers")},
		} {
			if x.name == "trust" {
				// windows whose new buyers are not known leave those figures null
				for key, l := range x.want {
					var s, n int
					if _, err := fmt.Sscan(key, &s, &n); err != nil {
						panic(err) // the key was made above
					}
					if !c.NewBuyersKnown(f[0].Scope, asOf-calendar.Day(n)+1) {
						delete(l, "new_buyer_orders")
						delete(l, "returning_gmv_fen")
					}
				}
			}
			if diff := gocmp.Diff(x.want, x.got); diff != "" {
				t.Fatalf("%s: %s", x.name, diff)
			}
		}
	})
}
