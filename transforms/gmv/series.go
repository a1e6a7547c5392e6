package gmv

import (
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Span is a run of business days, both ends included.
type Span struct{ From, To calendar.Day }

// Days is the length of the span.
func (s Span) Days() int64 { return int64(s.To-s.From) + 1 }

// Holds tells whether a day lies in the span.
func (s Span) Holds(d calendar.Day) bool { return d >= s.From && d <= s.To }

func (s Span) shift(days calendar.Day) Span { return Span{s.From - days, s.To - days} }

// months is the span n months earlier. A calendar period begins where the earlier month or quarter begins; a
// rolling one keeps its length, so that growth compares as many days.
func (s Span) months(n int, calendarPeriod bool) Span {
	to := s.To.AddMonths(-n)
	if calendarPeriod {
		return Span{s.From.AddMonths(-n), to}
	}
	return Span{to - (s.To - s.From), to}
}

// Series holds the platform's figures day by day, so that any span is a sum.
type Series struct {
	days map[calendar.Day]*[measures]int64
	// cells holds gmv_paid of each day by channel and scene.
	cells map[calendar.Day]map[[2]int64]int64
}

// NewSeries reads the platform_sales rollups and settled refunds (nil: not computable).
func NewSeries(sales column.Days, refunds *column.Frame, present calendar.Presence) (*Series, error) {
	s := &Series{days: map[calendar.Day]*[measures]int64{}, cells: map[calendar.Day]map[[2]int64]int64{}}
	for d, err := range sales {
		if err != nil {
			return nil, err
		}
		s.addSales(d)
	}
	if refunds != nil {
		s.addRefunds(refunds, present)
	}
	return s, nil
}

func (s *Series) day(d calendar.Day) *[measures]int64 {
	if s.days[d] == nil {
		s.days[d] = new([measures]int64)
		s.cells[d] = map[[2]int64]int64{}
	}
	return s.days[d]
}

func (s *Series) addSales(d column.Dated) {
	f, m := d.Frame, s.day(d.Day)
	channel, scene := f.Column("channel"), f.Column("scene")
	columns := map[int][]int64{mOrderFen: f.Column("order_fen"), mRawFen: f.Column("raw_fen"), mPaid: f.Column("paid_fen"),
		mLines: f.Column("lines"), mQuantity: f.Column("quantity"), mOrders: f.Column("orders")}
	for i := range f.N {
		if channel[i] != column.Null {
			s.cells[d.Day][[2]int64{channel[i], scene[i]}] += columns[mPaid][i]
			continue
		}
		for j, c := range columns {
			m[j] += c[i]
		}
	}
}

// addRefunds books refunds on the pay day: all, within 15 and within 30 days.
func (s *Series) addRefunds(f *column.Frame, present calendar.Presence) {
	paidDay, succeeded, amount := f.Column("paid_day"), f.Column("succeeded_day"), f.Column("amount_fen")
	for i := range f.N {
		if !present[calendar.Day(paidDay[i])] {
			continue
		}
		m := s.day(calendar.Day(paidDay[i]))
		m[mRefund] += amount[i]
		if succeeded[i]-paidDay[i] <= Lag15 {
			m[mRefund15] += amount[i]
		}
		if succeeded[i]-paidDay[i] <= Lag30 {
			m[mRefund30] += amount[i]
		}
	}
}

// Sum adds the days of a span: the GMV forms with the lagged ones taken from the span shifted back.
func (s *Series) Sum(span Span) [measures]int64 {
	var sum [measures]int64
	for d := span.From; d <= span.To; d++ {
		if m := s.days[d]; m != nil {
			for _, j := range []int{mOrderFen, mRawFen, mPaid, mRefund, mLines, mQuantity, mOrders} {
				sum[j] += m[j]
			}
		}
		if m := s.days[d-Lag15]; m != nil {
			sum[mPaid15] += m[mPaid]
			sum[mRefund15] += m[mRefund15]
		}
		if m := s.days[d-Lag30]; m != nil {
			sum[mPaid30] += m[mPaid]
			sum[mRefund30] += m[mRefund30]
		}
	}
	return sum
}

// shares adds gmv_paid of a span by channel and by scene, and of self-broadcast.
func (s *Series) shares(span Span) (channels, scenes []int64, selfLive int64) {
	channels, scenes = make([]int64, len(contract.Channels)), make([]int64, len(contract.Scenes))
	for d := span.From; d <= span.To; d++ {
		for cell, fen := range s.cells[d] {
			channels[cell[0]] += fen
			scenes[cell[1]] += fen
			if cell[0] == contract.ChannelSelf && cell[1] == contract.SceneLive {
				selfLive += fen
			}
		}
	}
	return channels, scenes, selfLive
}
