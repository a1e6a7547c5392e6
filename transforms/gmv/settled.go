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
		for at := s.first[i]; at < s.first[i+1] && s.cell[at] == 0; at++ {
			if s.place[at] > place {
				continue
			}
			f.Net15 += s.value(mPaid15, at) - s.value(mRefund15, at)
			f.Paid30 += s.value(mPaid30, at)
			f.Refund30 += s.value(mRefund30, at)
		}
		visit(subject, f)
	}
}

// value is a measure of a row, 0 where it is not kept.
func (s *Sums) value(measure, row int) int64 {
	if !slices.Contains(s.used, measure) {
		return 0
	}
	return s.m[measure].at(row)
}
