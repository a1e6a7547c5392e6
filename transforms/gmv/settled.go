package gmv

import (
	"slices"

	"github.com/windvane/windvane/transforms/contract"
)

// Settled are the settled forms of one subject and window, all channels and scenes.
type Settled struct {
	Net15    int64 // fen: gmv_net15 of the window
	Paid30   int64 // fen: gmv_paid of the window lagged by 30 days
	Refund30 int64 // fen: of that, refunded within 30 days
}

// Settled visits the subjects that have anything in a window or its lagged ones, in the order of stored rollups.
func (s *Sums) Settled(window int, visit func(subject int64, f Settled)) {
	place := uint8(slices.Index(contract.Windows, window))
	for i, subject := range s.subjects {
		var f Settled
		for rows := s.packed.rows(s.spans[i]); rows.next() && rows.cell == 0; { // the total comes first
			if rows.place > place {
				continue
			}
			f.Net15 += rows.amountOf(mPaid15) - rows.amountOf(mRefund15)
			f.Paid30 += rows.amountOf(mPaid30)
			f.Refund30 += rows.amountOf(mRefund30)
		}
		visit(subject, f)
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
