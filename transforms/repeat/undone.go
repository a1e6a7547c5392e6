package repeat

import (
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Undone are the lines that full refunds took out, by buyer, for the runs of all scopes. Those paid before the history
// kept meet no purchase and are left out. It is read only.
type Undone struct {
	refunds *column.Frame
	at      []uint32 // rows of refunds
	rows    []row    // what they say, as runs have it
}

// NewUndone takes settled refunds (see package refund): buyer_id, paid_day, full15_lines, and the subjects of scopes.
func NewUndone(refunds *column.Frame, first calendar.Day) *Undone {
	undone, buyer, day := refunds.Column("full15_lines"), refunds.Column("buyer_id"), refunds.Column("paid_day")
	var rows []uint32
	var keys []uint64
	for i := range refunds.N {
		if undone[i] != 0 && calendar.Day(day[i]) >= first {
			rows, keys = append(rows, uint32(i)), append(keys, rankBuyer(buyer[i]))
		}
	}
	u := &Undone{refunds: refunds, at: reordered(rows, keys)}
	u.rows = make([]row, len(u.at))
	for k, i := range u.at {
		u.rows[k] = row{buyer[i], day[i]&dayMask | kindUndone<<atKind, undone[i]}
	}
	return u
}

// reordered are the rows in the order of their keys.
func reordered(rows []uint32, keys []uint64) []uint32 {
	order := column.Ascending(keys)
	for k, at := range order {
		order[k] = rows[at]
	}
	return order
}

// pack is the run of one scope.
func (u *Undone) pack(scope contract.Scope, order column.SubjectOrder) Rows {
	rows := make([]uint32, len(u.rows))
	for k := range rows {
		rows[k] = uint32(k)
	}
	var out Rows
	if scope.Subject != "" {
		of := u.refunds.Column(scope.Subject)
		subject := make([]int64, len(rows))
		for k, i := range u.at {
			subject[k] = of[i]
		}
		if scope.Where != "" {
			rows = withSubject(rows, subject)
		}
		rows = sortBySubject(rows, subject, order)
		out.Subject = make([]int64, len(rows))
		for k, i := range rows {
			out.Subject[k] = subject[i]
		}
	}
	out.Buyer, out.Facts, out.Value = make([]int64, len(rows)), make([]int64, len(rows)), make([]int64, len(rows))
	for k, i := range rows {
		r := &u.rows[i]
		out.Buyer[k], out.Facts[k], out.Value[k] = r.buyer, r.facts, r.value
	}
	return out
}

// withSubject are the rows that have one.
func withSubject(rows []uint32, subject []int64) []uint32 {
	return slices.DeleteFunc(rows, func(i uint32) bool { return subject[i] == column.Null })
}

// sortBySubject orders rows by their subjects, those of one subject as they came.
func sortBySubject(rows []uint32, subject []int64, order column.SubjectOrder) []uint32 {
	keys := make([]uint64, len(rows))
	if order.Dict == nil {
		for k, i := range rows {
			keys[k] = column.NullLast(subject[i])
		}
		return reordered(rows, keys)
	}
	ranks := order.Dict.Ranks()
	for k, i := range rows {
		if keys[k] = math.MaxUint64; subject[i] != column.Null {
			keys[k] = uint64(ranks[subject[i]])
		}
	}
	return reordered(rows, keys)
}
