package lift

import (
	"cmp"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/stats"
)

// family is what a night adds to the single-day family: by merchant, day and arm, pairs in their outcome window, and
// the sums of what they paid on the day.
type family struct {
	plan    *Plan
	start   calendar.Day // pairs that entered before it are left out
	from    calendar.Day // later days are new
	asOf    calendar.Day
	first   calendar.Day // of the days kept
	groups  *column.Grouper
	sums    []daySums
	scratch [3]int64
}

// daySums are the sums of a day: of fen and orders, and of their products.
type daySums struct {
	pairs, fen, orders              int64
	fenFen, fenOrders, ordersOrders stats.Int128
}

func newFamily(plan *Plan, start, from, asOf calendar.Day) *family {
	return &family{plan: plan, start: start, from: from, asOf: asOf, first: asOf - familyDays + 1, groups: column.NewGrouper(3, 0)}
}

func (f *family) at(merchant int64, day calendar.Day, arm int) *daySums {
	f.scratch = [3]int64{merchant, int64(day), int64(arm)}
	i, added := f.groups.Index(f.scratch[:])
	if added {
		f.sums = append(f.sums, daySums{})
	}
	return &f.sums[i]
}

// move replaces what a pair paid on a day of its outcome window.
func (f *family) move(merchant int64, day calendar.Day, arm int, s *seen) {
	if day < f.first || s.fen[0] == s.fen[1] && s.orders[0] == s.orders[1] {
		return
	}
	d := f.at(merchant, day, arm)
	for at, sign := range [2]int64{-1, 1} {
		fen, orders := s.fen[at], s.orders[at]
		d.fen += sign * fen
		d.orders += sign * orders
		d.fenFen = d.fenFen.Add(stats.Product(sign*fen, fen))
		d.fenOrders = d.fenOrders.Add(stats.Product(sign*fen, orders))
		d.ordersOrders = d.ordersOrders.Add(stats.Product(sign*orders, orders))
	}
}

// count counts the pairs that are in their outcome window on the new days.
func (f *family) count(p *Pairs) {
	first := max(f.first, f.from+1)
	for i, facts := range p[atFacts] {
		from, to := f.plan.outcome(entered(facts))
		if from < f.start {
			continue
		}
		for d := max(from, first); d <= min(to, f.asOf); d++ {
			if isOneArm(facts, d) {
				f.at(p[atMerchant][i], d, armOf(facts)).pairs++
			}
		}
	}
}

func (d *daySums) merge(o *daySums) {
	d.pairs, d.fen, d.orders = d.pairs+o.pairs, d.fen+o.fen, d.orders+o.orders
	d.fenFen, d.fenOrders, d.ordersOrders = d.fenFen.Add(o.fenFen), d.fenOrders.Add(o.fenOrders), d.ordersOrders.Add(o.ordersOrders)
}

// sum is d as sums of an experiment.
func (d *daySums) sum() stats.Sums {
	var first [stats.Variables]stats.Int128
	first[stats.Outcome], first[stats.Denominator] = stats.Int128Of(d.fen), stats.Int128Of(d.orders)
	return stats.SumsOf(d.pairs, first, func(v, w stats.Variable) stats.Int128 {
		switch {
		case v == stats.Outcome && w == stats.Outcome:
			return d.fenFen
		case v == stats.Outcome && w == stats.Denominator:
			return d.fenOrders
		case v == stats.Denominator && w == stats.Denominator:
			return d.ordersOrders
		}
		return stats.Int128{}
	})
}

// dayColumns are the columns of StoredDays in order.
var dayColumns = []string{"merchant_id", "day", "arm", "pairs", "fen", "orders",
	"fen_fen_high", "fen_fen_low", "fen_orders_high", "fen_orders_low", "orders_orders_high", "orders_orders_low"}

// StoredDays is the table in which the single-day family is stored.
func StoredDays() *contract.Table {
	t := &contract.Table{Name: "lift_days", Class: contract.Rollup, Key: dayColumns[:3],
		Doc: "the single-day family of Chuanliu: pairs in their outcome window by merchant, day and arm (see package lift)",
		Columns: []contract.Column{
			{Name: dayColumns[0], Kind: contract.ID, Domain: contract.Merchant, Doc: "the shop"},
			{Name: dayColumns[1], Kind: contract.Date, Doc: "the day"},
			{Name: dayColumns[2], Kind: contract.Enum, Values: contract.Arms, Doc: "the arm"},
		}}
	for _, name := range dayColumns[3:] {
		t.Columns = append(t.Columns, contract.Column{Name: name, Kind: contract.Count, Signed: true, Doc: "pairs, sums over them, and sums of products in two words"})
	}
	return t
}

// load takes up stored days.
func (f *family) load(stored *column.Frame) {
	if stored == nil {
		return
	}
	var c [12][]int64
	for j, name := range dayColumns {
		c[j] = stored.Column(name)
	}
	wide := func(j, i int) stats.Int128 { return joinWords(c[j][i], c[j+1][i]) }
	for i := range stored.N {
		day := calendar.Day(c[1][i])
		if day < f.first {
			continue
		}
		f.at(c[0][i], day, int(c[2][i])).merge(&daySums{c[3][i], c[4][i], c[5][i], wide(6, i), wide(8, i), wide(10, i)})
	}
}

func (f *family) merge(o *family) {
	for i := range o.groups.Len() {
		k := o.groups.Row(i)
		f.at(k[0], calendar.Day(k[1]), int(k[2])).merge(&o.sums[i])
	}
}

// frame is the family as stored, sorted by the order of merchants, day and arm.
func (f *family) frame(compare func(a, b int64) int) *column.Frame {
	var order []int
	for i := range f.sums {
		if f.sums[i].pairs != 0 {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := f.groups.Row(a), f.groups.Row(b)
		if x[0] != y[0] {
			return compare(x[0], y[0])
		}
		return cmp.Or(cmp.Compare(x[1], y[1]), cmp.Compare(x[2], y[2]))
	})
	out := column.NewFrame(len(order))
	columns := make([][]int64, len(dayColumns))
	for j, name := range dayColumns {
		columns[j] = make([]int64, len(order))
		out.Set(name, columns[j])
	}
	for row, i := range order {
		k, d := f.groups.Row(i), &f.sums[i]
		values := append(k[:3:3], d.pairs, d.fen, d.orders)
		for _, wide := range [...]stats.Int128{d.fenFen, d.fenOrders, d.ordersOrders} {
			high, low := splitWords(wide)
			values = append(values, high, low)
		}
		for j, v := range values {
			columns[j][row] = v
		}
	}
	return out
}

// wordBits are the bits of the lower word of a stored sum: fewer than 63, so that no sum looks like Null.
const wordBits = 62

// splitWords are v as two words; it is below 2¹²⁵.
func splitWords(v stats.Int128) (high, low int64) {
	return v.Hi<<(64-wordBits) | int64(v.Lo>>wordBits), int64(v.Lo & (1<<wordBits - 1))
}

func joinWords(high, low int64) stats.Int128 {
	return stats.Int128{Hi: high >> (64 - wordBits), Lo: uint64(high)<<wordBits | uint64(low)}
}

// daysOf calls yield for every merchant of a stored frame with its days.
func daysOf(stored *column.Frame, yield func(merchant int64, days []Day)) {
	f := &family{groups: column.NewGrouper(3, 0)}
	f.load(stored)
	var days []Day
	for i := range f.sums {
		k := f.groups.Row(i)
		if n := len(days); n == 0 || days[n-1].Day != calendar.Day(k[1]) {
			days = append(days, Day{Day: calendar.Day(k[1])})
		}
		days[len(days)-1].Arms[k[2]] = f.sums[i].sum()
		if i+1 == len(f.sums) || f.groups.Row(i + 1)[0] != k[0] {
			yield(k[0], days)
			days = nil
		}
	}
}
