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
	s.Subjects = column.Rank(slices.Clone(subjects.Rows()), compare)
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

// figures reads the windows of every group off as running sums: of the totals or of the cells by
// channel and scene.
func (s *Sums) figures(totals bool) []figure {
	order := s.groupOrder(totals)
	channelRank, sceneRank := contract.TextRanks(contract.Channels), contract.TextRanks(contract.Scenes)
	var out []figure
	for from := 0; from < len(order); {
		first := s.groups.Row(order[from])
		f := figure{rank: s.Subjects.Of(first[0]), channel: first[1], scene: first[2]}
		to := from
		for _, w := range contract.Windows {
			if to < len(order) && slices.Equal(s.groups.Row(order[to])[:3], first[:3]) && s.groups.Row(order[to])[3] == int64(w) {
				for j, v := range s.groups.Row(order[to])[4:] {
					f.m[j] += v
				}
				to++
			}
			if to > from {
				f.window = int64(w)
				out = append(out, f)
			}
		}
		from = to
	}
	slices.SortFunc(out, func(a, b figure) int {
		if c := cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.window, b.window)); c != 0 || totals {
			return c
		}
		return cmp.Or(cmp.Compare(channelRank[a.channel], channelRank[b.channel]), cmp.Compare(sceneRank[a.scene], sceneRank[b.scene]))
	})
	return out
}

// groupOrder lists the groups so that the windows of one subject, channel and scene follow each other.
func (s *Sums) groupOrder(totals bool) []int {
	var order []int
	for i := range s.groups.Len() {
		if (s.groups.Row(i)[1] == total) == totals {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return slices.Compare(s.groups.Row(a)[:4], s.groups.Row(b)[:4]) })
	return order
}
