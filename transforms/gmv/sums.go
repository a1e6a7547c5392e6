// Package gmv computes GMV in all its forms: by role, subject and window, by channel and scene, what
// was excluded and why, the platform's overview, and how a day's GMV moved after it was published.
//
// It merges the daily rollups <role>_sales and excluded_lines and the settled refunds; every figure is
// a sum of exact integers. Windows are nested, so each day is added once, to the shortest window that
// holds it, and the windows are read off as running sums.
package gmv

import (
	"cmp"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Lags of the settled forms, in days.
const (
	Lag15 = 15
	Lag30 = 30
)

// Lookback is how many days before the as-of date the sales of the longest window begin.
const Lookback = 365 + Lag30

// Measures of a group.
const (
	mOrderFen = iota
	mRawFen
	mPaid
	mRefund // of lines paid in the window, succeeded by the as-of date
	mPaid15
	mRefund15
	mPaid30
	mRefund30
	mLines
	mQuantity
	mOrders
	mRefundFlow // succeeded in the window
	measures
)

// total marks, in place of channel and scene, the group over all of them.
const total = -1

// Input is what the GMV of one scope is computed from.
type Input struct {
	AsOf    calendar.Day
	Scope   contract.Scope
	Sales   column.Days       // the scope's <role>_sales rollups of [AsOf-Lookback+1, AsOf]
	Refunds *column.Frame     // settled refunds (see package refund); nil: not computable
	Present calendar.Presence // days with orders; refunds of other days have no sale to be taken from
	Compare func(a, b int64) int
}

// Sums are the figures of one scope.
type Sums struct {
	Scope    contract.Scope
	Subjects *column.Ranking
	groups   *column.Grouper // (subject, channel, scene, shortest window) → measures
}

// Sum adds up one scope.
func Sum(in Input) (*Sums, error) {
	s := &Sums{Scope: in.Scope, groups: column.NewGrouper(4, measures)}
	for d, err := range in.Sales {
		if err != nil {
			return nil, err
		}
		s.addSales(in, d)
	}
	if in.Refunds != nil {
		s.addRefunds(in)
	}
	s.rank(in.Compare)
	return s, nil
}

func (s *Sums) rank(compare func(a, b int64) int) {
	subjects := column.NewGrouper(1, 0)
	for i := range s.groups.Len() {
		subjects.Index(s.groups.Row(i)[:1])
	}
	s.Subjects = column.Rank(subjects.Rows(), compare)
}

// window is the shortest window that holds a day of the given age, 0 if none does.
func window(age calendar.Day) int64 {
	if age < 0 {
		return 0
	}
	for _, w := range contract.Windows {
		if age < calendar.Day(w) {
			return int64(w)
		}
	}
	return 0
}

func (s *Sums) addSales(in Input, d column.Dated) {
	f := d.Frame
	age := in.AsOf - d.Day
	now, ago15, ago30 := window(age), window(age-Lag15), window(age-Lag30)
	channel, scene := f.Column("channel"), f.Column("scene")
	orderLines, orderFen := f.Column("order_lines"), f.Column("order_fen")
	rawLines, rawFen := f.Column("raw_lines"), f.Column("raw_fen")
	paid, lines, quantity, orders := f.Column("paid_fen"), f.Column("lines"), f.Column("quantity"), f.Column("orders")
	subject := s.subjects(f)
	for i := range f.N {
		if orderLines[i] == 0 && rawLines[i] == 0 {
			continue // nothing but test orders
		}
		key := []int64{subject(i), cell(channel[i]), cell(scene[i]), now}
		if now > 0 {
			m := s.groups.Get(key)
			m[mOrderFen] += orderFen[i]
			m[mRawFen] += rawFen[i]
			m[mPaid] += paid[i]
			m[mLines] += lines[i]
			m[mQuantity] += quantity[i]
			m[mOrders] += orders[i]
		}
		if ago15 > 0 {
			key[3] = ago15
			s.groups.Get(key)[mPaid15] += paid[i]
		}
		if ago30 > 0 {
			key[3] = ago30
			s.groups.Get(key)[mPaid30] += paid[i]
		}
	}
}

func cell(code int64) int64 {
	if code == column.Null {
		return total
	}
	return code
}

func (s *Sums) subjects(f *column.Frame) func(i int) int64 {
	if s.Scope.Subject == "" {
		return func(int) int64 { return 0 }
	}
	col := f.Column(s.Scope.Subject)
	return func(i int) int64 { return col[i] }
}

func (s *Sums) addRefunds(in Input) {
	f := in.Refunds
	subject := s.subjects(f)
	channel, scene := f.Column("channel"), f.Column("scene")
	paidDay, succeeded, amount := f.Column("paid_day"), f.Column("succeeded_day"), f.Column("amount_fen")
	for i := range f.N {
		sub := subject(i)
		if s.Scope.Where != "" && sub == column.Null {
			continue
		}
		r := refund{age: in.AsOf - calendar.Day(paidDay[i]), flowAge: in.AsOf - calendar.Day(succeeded[i]),
			delay: calendar.Day(succeeded[i] - paidDay[i]), fen: amount[i]}
		if in.Present[calendar.Day(paidDay[i])] {
			s.addRefund(r, sub, total, total)
			s.addRefund(r, sub, channel[i], scene[i])
		}
		if w := window(r.flowAge); w > 0 && r.fen != 0 {
			s.groups.Get([]int64{sub, total, total, w})[mRefundFlow] += r.fen
		}
	}
}

// refund is one settled refund seen from the as-of date.
type refund struct {
	age, flowAge, delay calendar.Day
	fen                 int64
}

func (s *Sums) addRefund(r refund, subject, channel, scene int64) {
	add := func(w int64, m int) {
		if w > 0 {
			s.groups.Get([]int64{subject, channel, scene, w})[m] += r.fen
		}
	}
	add(window(r.age), mRefund)
	if r.delay <= Lag15 {
		add(window(r.age-Lag15), mRefund15)
	}
	if r.delay <= Lag30 {
		add(window(r.age-Lag30), mRefund30)
	}
}

// figure is one output row: the running sums of a group up to a window.
type figure struct {
	rank, window, channel, scene int64
	m                            [measures]int64
}

// each reads the windows of every group off as running sums, of the totals or of the cells by channel and
// scene, and hands the rows out in the order of the published tables: subject, window, channel, scene.
func (s *Sums) each(totals bool, emit func(f *figure)) {
	order := s.groupOrder(totals)
	var cells []figure
	for from := 0; from < len(order); {
		to, rank := from, order[from].rank()
		for to < len(order) && order[to].rank() == rank {
			to++
		}
		cells = s.subject(order[from:to], cells[:0], emit)
		from = to
	}
}

// subject emits the rows of one subject: for each window, the cells that have anything in it.
func (s *Sums) subject(groups []orderedGroup, cells []figure, emit func(f *figure)) []figure {
	for i, g := range groups {
		if i == 0 || g.cell() != groups[i-1].cell() {
			row := s.groups.Row(g.row)
			cells = append(cells, figure{rank: g.rank(), channel: row[1], scene: row[2]})
		}
	}
	for at, w := range contract.Windows {
		c := -1
		for i, g := range groups {
			if i == 0 || g.cell() != groups[i-1].cell() {
				c++
			}
			if g.window() != at {
				continue
			}
			for j, v := range s.groups.Row(g.row)[4:] {
				cells[c].m[j] += v
			}
			cells[c].window = int64(w)
		}
		for c := range cells {
			if cells[c].window > 0 {
				cells[c].window = int64(w)
				emit(&cells[c])
			}
		}
	}
	return cells
}

// orderedGroup is a group with its place in the order of the published tables: the rank of the subject,
// then of channel and scene, then the index of the window.
type orderedGroup struct {
	key uint64
	row int
}

func (g orderedGroup) rank() int64  { return int64(g.key >> 16) }
func (g orderedGroup) cell() uint64 { return g.key >> 4 }
func (g orderedGroup) window() int  { return int(g.key & 15) }

func (s *Sums) groupOrder(totals bool) []orderedGroup {
	channelRank, sceneRank := contract.TextRanks(contract.Channels), contract.TextRanks(contract.Scenes)
	var order []orderedGroup
	for i := range s.groups.Len() {
		row := s.groups.Row(i)
		if (row[1] == total) != totals {
			continue
		}
		key := uint64(s.Subjects.Of(row[0])) << 16
		if !totals {
			key |= uint64(channelRank[row[1]])<<12 | uint64(sceneRank[row[2]])<<8
		}
		order = append(order, orderedGroup{key | uint64(slices.Index(contract.Windows, int(row[3]))), i})
	}
	slices.SortFunc(order, func(a, b orderedGroup) int { return cmp.Compare(a.key, b.key) })
	return order
}
