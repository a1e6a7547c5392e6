package gmv

import (
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Refunds are settled refunds with the windows of a night that they count in, for the sums of all scopes. They are read
// only.
type Refunds struct {
	frame *column.Frame
	rows  []refund // as those of frame
}

// refund is what is to be added of one.
type refund struct {
	fen int64
	// The shortest windows that hold its pay day: of any refund, and without lag or lagged by 15 and 30 days of one that
	// came in that time; windows where none does, or the day has no orders.
	paid places
	flow uint8 // the shortest window that holds the day it succeeded
	cell uint8 // see cellOf
}

// NewRefunds takes settled refunds (see package refund): channel, scene, amount_fen, paid_day, succeeded_day, and the
// subjects of scopes. Present are the days with orders; refunds of other days have no sale to be taken from.
func NewRefunds(f *column.Frame, asOf calendar.Day, present calendar.Presence) *Refunds {
	var paidIn [ages]places
	for age := range paidIn {
		paidIn[age] = none
		if present[asOf-calendar.Day(age)] {
			paidIn[age] = placesOf(calendar.Day(age))
		}
	}
	channel, scene, amount := f.Column("channel"), f.Column("scene"), f.Column("amount_fen")
	paidDay, succeededDay := f.Column("paid_day"), f.Column("succeeded_day")
	r := &Refunds{f, make([]refund, f.N)}
	for i := range r.rows {
		paid, succeeded := int64(asOf)-paidDay[i], int64(asOf)-succeededDay[i]
		x := refund{fen: amount[i], paid: none, flow: windows, cell: uint8(cellOf(channel[i], scene[i]))}
		if paid >= 0 && paid < ages {
			x.paid = paidIn[paid]
			for lag := 1; lag < len(lags); lag++ {
				if calendar.Day(paid-succeeded) > lags[lag] {
					x.paid[lag] = windows
				}
			}
		}
		if succeeded >= 0 && succeeded < ages && x.fen != 0 {
			x.flow = placeOf(calendar.Day(succeeded))
		}
		r.rows[i] = x
	}
	return r
}

// ages is how many days back a day may lie and still be in a window.
const ages = Lookback

// addTo books a refund on the windows of the day it was paid: all, within 15 and within 30 days.
func (x *refund) addTo(b *summing, at, cell int) {
	if x.paid == none {
		return
	}
	sums := b.at(at, cell)
	for i, place := range x.paid {
		if place < windows {
			sums.at(place)[refundOf[i]] += x.fen
		}
	}
}

// refundOf are the measures of refunds by lag.
var refundOf = [len(lags)]int{mRefund, mRefund15, mRefund30}

// returned are the refunds of a scope, sorted by subject.
type returned struct {
	refunds  *Refunds
	subjects []int64
	rows     []uint32 // of refunds
}

// of sorts the refunds of a scope as rollups are; nil: none.
func (r *Refunds) of(scope contract.Scope, ids *column.IDs) *returned {
	out := &returned{refunds: r}
	if r == nil {
		return out
	}
	all := subjectsOf(scope, r.frame)
	for i, subject := range all {
		if scope.Where == "" || subject != column.Null {
			out.rows = append(out.rows, uint32(i))
		}
	}
	out.sort(all, scope, ids)
	out.subjects = make([]int64, len(out.rows))
	for i, row := range out.rows {
		out.subjects[i] = all[row]
	}
	return out
}

// sort puts the rows in the order of their subjects, as rollups are.
func (r *returned) sort(subjects []int64, scope contract.Scope, ids *column.IDs) {
	keys := make([]uint64, len(r.rows))
	dict := ids.Dict(contract.Column{Kind: contract.ID, Domain: scope.Domain})
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

func (r *returned) len() int { return len(r.rows) }
