package gmv

import (
	"math/bits"

	"github.com/windvane/windvane/transforms/contract"
)

// block holds the sums of one subject and cell by shortest window.
type block struct {
	places uint8 // bit set of the windows
	m      [windows][measures]int64
}

// at are the measures of a window.
func (b *block) at(place uint8) *[measures]int64 {
	b.places |= 1 << place
	return &b.m[place]
}

// each hands out what is in the block, by window, and empties it.
func (b *block) each(do func(place int, m *[measures]int64)) {
	for ; b.places != 0; b.places &= b.places - 1 {
		place := bits.TrailingZeros8(b.places)
		do(place, &b.m[place])
		clear(b.m[place][:])
	}
}

// summing adds the rows of a scope up, a batch at a time. Cells are in the order in which they are published, the total
// first.
type summing struct {
	*batch[block]
	ranks   *[mostCells]uint8
	fetched [1 << 8]refund
}

// addSales adds rows that lie in the same windows.
func (b *summing) addSales(s *sales, p places, subjects []int64, from, to int) {
	subjects = subjects[from:to]
	n := len(subjects)
	column := func(values []int64) []int64 { return values[from:to][:n] } // no look at the bounds of each
	channel, scene, orderLines, rawLines := column(s.channel), column(s.scene), column(s.m[sOrderLines]), column(s.m[sRawLines])
	orderFen, rawFen, paid := column(s.m[sOrderFen]), column(s.m[sRawFen]), column(s.m[sPaid])
	lines, quantity, orders := column(s.m[sLines]), column(s.m[sQuantity]), column(s.m[sOrders])
	at := 0
	for i, subject := range subjects {
		if i == 0 || subject != subjects[i-1] {
			at = b.of(subject)
		}
		if orderLines[i]|rawLines[i] == 0 {
			continue // nothing but test orders
		}
		sums := b.at(at, int(b.ranks[cellOf(channel[i], scene[i])]))
		if p[0] < windows {
			m := sums.at(p[0])
			m[mOrderFen] += orderFen[i]
			m[mRawFen] += rawFen[i]
			m[mPaid] += paid[i]
			m[mLines] += lines[i]
			m[mQuantity] += quantity[i]
			m[mOrders] += orders[i]
		}
		if p[1] < windows {
			sums.at(p[1])[mPaid15] += paid[i]
		}
		if p[2] < windows {
			sums.at(p[2])[mPaid30] += paid[i]
		}
	}
}

// addRefunds adds sorted refunds. They lie anywhere in memory: they are fetched some at a time, before anything depends on
// what they hold, so that the processor waits for many at once.
func (b *summing) addRefunds(r *returned, from, to int) {
	at := 0
	for ; from < to; from += len(b.fetched) {
		rows := r.rows[from:min(to, from+len(b.fetched))]
		for i, row := range rows {
			b.fetched[i] = r.refunds.rows[row]
		}
		for i := range rows {
			if subject := r.subjects[from+i]; i == 0 || subject != r.subjects[from+i-1] {
				at = b.of(subject)
			}
			x := &b.fetched[i]
			x.addTo(b, at, 0)
			x.addTo(b, at, int(b.ranks[x.cell]))
			if x.flow < windows {
				b.at(at, 0).at(x.flow)[mRefundFlow] += x.fen
			}
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
