package gmv

import (
	"math/bits"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// block holds the sums of one subject by cell and shortest window. Cells are in the order in which they are
// published, the total first.
type block struct {
	cells  uint32           // bit set of those with anything in them
	places [mostCells]uint8 // bit sets of their windows
	m      [mostCells][windows][measures]int64
}

// at are the measures of a cell and window.
func (b *block) at(cell int, place uint8) *[measures]int64 {
	b.cells |= 1 << cell
	b.places[cell] |= 1 << place
	return &b.m[cell][place]
}

// addSales adds rows of one subject that lie in the same windows.
func (b *block) addSales(s *sales, p places, ranks *[mostCells]uint8, from, to int) {
	for i := from; i < to; i++ {
		if s.none(i) {
			continue
		}
		cell := int(ranks[cellOf(s.channel[i], s.scene[i])])
		if p[0] < windows {
			m := b.at(cell, p[0])
			m[mOrderFen] += s.m[sOrderFen][i]
			m[mRawFen] += s.m[sRawFen][i]
			m[mPaid] += s.m[sPaid][i]
			m[mLines] += s.m[sLines][i]
			m[mQuantity] += s.m[sQuantity][i]
			m[mOrders] += s.m[sOrders][i]
		}
		if p[1] < windows {
			b.at(cell, p[1])[mPaid15] += s.m[sPaid][i]
		}
		if p[2] < windows {
			b.at(cell, p[2])[mPaid30] += s.m[sPaid][i]
		}
	}
}

// each hands out what is in the block, by cell and window, and empties it.
func (b *block) each(do func(cell, place int, m *[measures]int64)) {
	for ; b.cells != 0; b.cells &= b.cells - 1 {
		cell := bits.TrailingZeros32(b.cells)
		for ; b.places[cell] != 0; b.places[cell] &= b.places[cell] - 1 {
			place := bits.TrailingZeros8(b.places[cell])
			do(cell, place, &b.m[cell][place])
			clear(b.m[cell][place][:])
		}
	}
}

// cellRanks are the places of cells in the order in which they are published: the total, then by the texts of
// channel and scene.
func cellRanks() *[mostCells]uint8 {
	var ranks [mostCells]uint8
	channels, places := contract.TextRanks(contract.Channels), contract.TextRanks(contract.Scenes)
	for c := range channels {
		for s := range places {
			ranks[c*scenes+s] = uint8(1 + int(channels[c])*scenes + int(places[s]))
		}
	}
	return &ranks // that of the total is 0
}

// cellAt are the channel and the scene of a cell by its rank.
func cellAt(rank uint8) (channel, scene int64) {
	at := int(rank) - 1
	return int64(contract.TextOrder(contract.Channels)[at/scenes]), int64(contract.TextOrder(contract.Scenes)[at%scenes])
}

// ages is how many days back a day may lie and still be in a window.
const ages = Lookback

// age is what is to be known of a day by its age.
type age struct {
	places
	present bool
}

// refunds are the settled refunds of a scope, sorted by subject.
type refunds struct {
	in       Input
	subjects []int64
	rows     []uint32
	ages     [ages]age

	channel, scene, paidDay, succeeded, amount []int64
}

func newRefunds(in Input) *refunds {
	f := in.Refunds
	r := &refunds{in: in}
	if f == nil {
		return r
	}
	r.channel, r.scene, r.amount = f.Column("channel"), f.Column("scene"), f.Column("amount_fen")
	r.paidDay, r.succeeded = f.Column("paid_day"), f.Column("succeeded_day")
	all := subjectsOf(in.Scope, f)
	for i, subject := range all {
		if in.Scope.Where == "" || subject != column.Null {
			r.rows = append(r.rows, uint32(i))
		}
	}
	for i := range r.ages {
		r.ages[i] = age{placesOf(calendar.Day(i)), in.Present[in.AsOf-calendar.Day(i)]}
	}
	r.sort(all)
	r.subjects = make([]int64, len(r.rows))
	for i, row := range r.rows {
		r.subjects[i] = all[row]
	}
	return r
}

// sort puts the rows in the order of their subjects, as rollups are.
func (r *refunds) sort(subjects []int64) {
	keys := make([]uint64, len(r.rows))
	dict := r.in.IDs.Dict(contract.Column{Kind: contract.ID, Domain: r.in.Scope.Domain})
	var ranks []int64
	if dict != nil {
		ranks = dict.Ranks()
	}
	for k, i := range r.rows {
		v := subjects[i]
		if ranks != nil && v != column.Null {
			v = ranks[v]
		}
		keys[k] = column.NullLast(v)
	}
	order := column.Ascending(keys)
	for k, at := range order {
		order[k] = r.rows[at]
	}
	r.rows = order
}

func (r *refunds) len() int { return len(r.rows) }

// addTo adds sorted rows of one subject.
func (r *refunds) addTo(b *block, ranks *[mostCells]uint8, from, to int) {
	asOf := int64(r.in.AsOf)
	for _, i := range r.rows[from:to] {
		paid, succeeded, fen := asOf-r.paidDay[i], asOf-r.succeeded[i], r.amount[i]
		if paid >= 0 && paid < ages && r.ages[paid].present {
			cell, p, delay := int(ranks[cellOf(r.channel[i], r.scene[i])]), r.ages[paid].places, calendar.Day(paid-succeeded)
			addRefund(b, 0, p, delay, fen)
			addRefund(b, cell, p, delay, fen)
		}
		if succeeded >= 0 && succeeded < ages && fen != 0 {
			if p := r.ages[succeeded].places[0]; p < windows {
				b.at(0, p)[mRefundFlow] += fen
			}
		}
	}
}

// addRefund books a refund on the windows of the day it was paid: all, within 15 and within 30 days.
func addRefund(b *block, cell int, p places, delay calendar.Day, fen int64) {
	if p[0] < windows {
		b.at(cell, p[0])[mRefund] += fen
	}
	if p[1] < windows && delay <= Lag15 {
		b.at(cell, p[1])[mRefund15] += fen
	}
	if p[2] < windows && delay <= Lag30 {
		b.at(cell, p[2])[mRefund30] += fen
	}
}
