package repeat

import (
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Undone are the lines that full refunds took out, by buyer, for the runs of all scopes. Those paid before the history
// kept meet no purchase and are left out. It is read only.
type Undone struct {
	refunds *column.Frame
	rows    []uint32
}

// NewUndone takes settled refunds (see package refund): buyer_id, paid_day, full15_lines, and the subjects of scopes.
func NewUndone(refunds *column.Frame, first calendar.Day) *Undone {
	undone, buyer, day := refunds.Column("full15_lines"), refunds.Column("buyer_id"), refunds.Column("paid_day")
	var rows []buyerRow
	for i := range refunds.N {
		if undone[i] != 0 && calendar.Day(day[i]) >= first {
			rows = append(rows, buyerRow{rankBuyer(buyer[i]), uint32(i)})
		}
	}
	u := &Undone{refunds, make([]uint32, len(rows))}
	for i, r := range sortByBuyer(rows) {
		u.rows[i] = r.row
	}
	return u
}

// pack is the run of one scope.
func (u *Undone) pack(scope contract.Scope, order Order) Rows {
	f := u.refunds
	subject, rows := make([]int64, f.N), u.rows // of the platform: 0
	if scope.Subject != "" {
		subject = f.Column(scope.Subject)
		if scope.Where != "" {
			rows = slices.DeleteFunc(slices.Clone(rows), func(i uint32) bool { return subject[i] == column.Null })
		}
		rows = sortBySubject(rows, subject, order)
	}
	undone, buyer, day := f.Column("full15_lines"), f.Column("buyer_id"), f.Column("paid_day")
	out := Rows{make([]int64, len(rows)), make([]int64, len(rows)), make([]int64, len(rows)), make([]int64, len(rows))}
	for k, i := range rows {
		out.Subject[k], out.Buyer[k], out.Facts[k], out.Value[k] = subject[i], buyer[i], day[i]&dayMask|kindUndone<<atKind, undone[i]
	}
	return out
}

// buyerRow is a row with the rank of its buyer.
type buyerRow struct {
	rank uint64
	row  uint32
}

// sortByBuyer orders rows by their buyers, those of one buyer as they came: a radix sort, as buyers are hashes.
func sortByBuyer(rows []buyerRow) []buyerRow {
	const bits, buckets = 8, 1 << 8
	out := make([]buyerRow, len(rows))
	for shift := 0; shift < 64; shift += bits {
		var starts [buckets + 1]int
		for _, r := range rows {
			starts[r.rank>>shift&(buckets-1)+1]++
		}
		for b := range buckets {
			starts[b+1] += starts[b]
		}
		for _, r := range rows {
			b := r.rank >> shift & (buckets - 1)
			out[starts[b]] = r
			starts[b]++
		}
		rows, out = out, rows
	}
	return rows
}

// sortBySubject orders rows by their subjects, those of one subject as they came: there are few subjects,
// so they are ranked and the rows dealt out.
func sortBySubject(rows []uint32, subject []int64, order Order) []uint32 {
	subjects := column.NewGrouper(1, 1)
	number := make([]uint32, len(rows))
	for i, r := range rows {
		n, _ := subjects.Index(subject[r : r+1])
		subjects.Row(n)[1]++
		number[i] = uint32(n)
	}
	sorted := make([]int, subjects.Len())
	for i := range sorted {
		sorted[i] = i
	}
	slices.SortFunc(sorted, func(a, b int) int { return order.compareSubjects(subjects.Row(a)[0], subjects.Row(b)[0]) })
	starts := make([]int64, len(sorted))
	var next int64
	for _, n := range sorted {
		starts[n] = next
		next += subjects.Row(n)[1]
	}
	out := make([]uint32, len(rows))
	for i, r := range rows {
		out[starts[number[i]]] = r
		starts[number[i]]++
	}
	return out
}
