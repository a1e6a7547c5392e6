package gmv

import (
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Settled are the settled forms of one subject and window, all channels and scenes.
type Settled struct {
	Paid15   int64 // fen: gmv_paid of the window lagged by 15 days
	Refund15 int64 // fen: of that, refunded within 15 days
	Paid30   int64 // fen: gmv_paid of the window lagged by 30 days
	Refund30 int64 // fen: of that, refunded within 30 days
}

// Net15 is gmv_net15 of the window.
func (f *Settled) Net15() int64 { return f.Paid15 - f.Refund15 }

// Settled visits the subjects that have anything in a window or its lagged ones, in the order of stored rollups.
func (s *Sums) Settled(window int, visit func(subject int64, f Settled)) {
	place := uint8(slices.Index(contract.Windows, window))
	for i, subject := range s.subjects {
		var f Settled
		for rows := s.packed.rows(s.spans[i]); rows.next() && rows.cell == 0; { // the total comes first
			if rows.place > place {
				continue
			}
			f.Paid15 += rows.amountOf(mPaid15)
			f.Refund15 += rows.amountOf(mRefund15)
			f.Paid30 += rows.amountOf(mPaid30)
			f.Refund30 += rows.amountOf(mRefund30)
		}
		visit(subject, f)
	}
}

// SettledSums are the settled forms of the subjects of one scope, of one window.
type SettledSums struct{ bySubject *column.Grouper }

// SettledColumns are what SumSettled reads of a scope's <role>_sales.
func SettledColumns(scope contract.Scope) []string { return scope.Keys("channel", "paid_fen") }

// SumSettled adds up what Sums.Settled tells of a window, and nothing else: from one day after another, of
// [asOf-window-Lag30+1, asOf] at least, without bringing the days of a subject together. Refunds are nil where they are not
// computable. It fails with the error of the days.
func SumSettled(asOf calendar.Day, scope contract.Scope, window int, days column.Days, refunds *Refunds) (*SettledSums, error) {
	s, longest := &SettledSums{column.NewGrouper(1, 4)}, uint8(slices.Index(contract.Windows, window))
	for d, err := range days {
		if err != nil {
			return nil, err
		}
		s.addSales(scope, d.Frame, placesOf(asOf-d.Day), longest)
	}
	if refunds != nil {
		s.addRefunds(scope, refunds, longest)
	}
	return s, nil
}

// Positions in a row of SettledSums.
const (
	settledPaid15 = iota
	settledRefund15
	settledPaid30
	settledRefund30
)

func (s *SettledSums) addSales(scope contract.Scope, f *column.Frame, p places, longest uint8) {
	in15, in30 := p[1] <= longest, p[2] <= longest
	if !in15 && !in30 {
		return
	}
	subjects, channel, paid := subjectsOf(scope, f), f.Column("channel"), f.Column("paid_fen")
	for i, fen := range paid {
		if channel[i] != column.Null || fen == 0 {
			continue // a part of the subject's total, or nothing
		}
		m := s.bySubject.Get(subjects[i : i+1])
		if in15 {
			m[settledPaid15] += fen
		}
		if in30 {
			m[settledPaid30] += fen
		}
	}
}

func (s *SettledSums) addRefunds(scope contract.Scope, r *Refunds, longest uint8) {
	subjects := subjectsOf(scope, r.frame)
	for i := range r.rows {
		x := &r.rows[i]
		if x.paid[1] > longest && x.paid[2] > longest || scope.Where != "" && subjects[i] == column.Null {
			continue
		}
		m := s.bySubject.Get(subjects[i : i+1])
		if x.paid[1] <= longest {
			m[settledRefund15] += x.fen
		}
		if x.paid[2] <= longest {
			m[settledRefund30] += x.fen
		}
	}
}

// Each visits the subjects that have anything, in no order.
func (s *SettledSums) Each(visit func(subject int64, f Settled)) {
	for i := range s.bySubject.Len() {
		r := s.bySubject.Row(i)
		visit(r[0], Settled{Paid15: r[1+settledPaid15], Refund15: r[1+settledRefund15], Paid30: r[1+settledPaid30], Refund30: r[1+settledRefund30]})
	}
}

// Split is the 支付 GMV of one subject and window: in all, and by channel and scene as coded in the contract.
type Split struct {
	Paid   int64     // fen
	byCell [][]int64 // [channel][scene]
}

// Of is the GMV of one channel, in any of the scenes; none named: in all of them.
func (f *Split) Of(channel int, scenes ...int) (fen int64) {
	for scene, v := range f.byCell[channel] {
		if len(scenes) == 0 || slices.Contains(scenes, scene) {
			fen += v
		}
	}
	return fen
}

// In is the GMV of any of the scenes, through all channels.
func (f *Split) In(scenes ...int) (fen int64) {
	for _, byScene := range f.byCell {
		for _, scene := range scenes {
			fen += byScene[scene]
		}
	}
	return fen
}

// SplitPaid visits the subjects that have anything in a window or its lagged ones, in the order of stored rollups. f
// is the visitor's until it returns.
func (s *Sums) SplitPaid(window int, visit func(subject int64, f *Split)) {
	place := uint8(slices.Index(contract.Windows, window))
	f := &Split{}
	for range contract.Channels {
		f.byCell = append(f.byCell, make([]int64, scenes))
	}
	into := f.cells()
	for i, subject := range s.subjects {
		for _, fen := range into {
			*fen = 0
		}
		for rows := s.packed.rows(s.spans[i]); rows.next(); {
			if rows.place <= place {
				*into[rows.cell] += rows.amountOf(mPaid)
			}
		}
		visit(subject, f)
	}
}

// cells are where the GMV of a cell goes, by its rank.
func (f *Split) cells() []*int64 {
	into := []*int64{&f.Paid}
	for rank := uint8(1); int(rank) <= totalCell; rank++ {
		channel, scene := cellAt(rank)
		into = append(into, &f.byCell[channel][scene])
	}
	return into
}

// Part is what some channels and scenes of one subject sold.
type Part struct {
	Lines    int64 // gmv_valid order lines of the window
	Paid     int64 // fen: their 支付 GMV
	Paid15   int64 // fen: gmv_paid of the window lagged by 15 days
	Refund15 int64 // fen: of that, refunded within 15 days
}

// Parts visits the subjects that have anything in a window or its lagged ones, in the order of stored rollups, with their
// sales by groups of channel and scene, as coded in the contract; group tells which, -1: none. f is the visitor's until it
// returns.
func (s *Sums) Parts(window, groups int, group func(channel, scene int) int, visit func(subject int64, f []Part)) {
	place := uint8(slices.Index(contract.Windows, window))
	f, into := make([]Part, groups), make([]int, totalCell+1)
	for rank := range into {
		if into[rank] = -1; rank > 0 {
			channel, scene := cellAt(uint8(rank))
			into[rank] = group(int(channel), int(scene))
		}
	}
	for i, subject := range s.subjects {
		clear(f)
		for rows := s.packed.rows(s.spans[i]); rows.next(); {
			if g := into[rows.cell]; g >= 0 && rows.place <= place {
				f[g].Lines += rows.countOf(mLines)
				f[g].Paid += rows.amountOf(mPaid)
				f[g].Paid15 += rows.amountOf(mPaid15)
				f[g].Refund15 += rows.amountOf(mRefund15)
			}
		}
		visit(subject, f)
	}
}
