package repeat

import (
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
)

// packUndone are the lines that full refunds took out, as a run of their own. Those paid before the
// history kept meet no purchase.
func packUndone(in *Input) Rows {
	f := in.Refunds
	subject := make([]int64, f.N) // of the platform: 0
	if in.Scope.Subject != "" {
		subject = f.Column(in.Scope.Subject)
	}
	undone, buyer, day := f.Column("full15_lines"), f.Column("buyer_id"), f.Column("paid_day")
	var rows []uint32
	for i := range f.N {
		if undone[i] == 0 || calendar.Day(day[i]) < in.First || in.Scope.Where != "" && subject[i] == column.Null {
			continue
		}
		rows = append(rows, uint32(i))
	}
	rows = sortByBuyer(rows, buyer)
	rows = sortBySubject(rows, subject, in.Order)
	out := Rows{make([]int64, 0, len(rows)), make([]int64, 0, len(rows)), make([]int64, 0, len(rows)), make([]int64, 0, len(rows))}
	for _, i := range rows {
		out.add(Key{subject[i], buyer[i]}, day[i]&dayMask|kindUndone<<atKind, undone[i])
	}
	return out
}

// sortByBuyer orders rows by their buyers: a radix sort, as buyers are hashes.
func sortByBuyer(rows []uint32, buyer []int64) []uint32 {
	const bits, buckets = 8, 1 << 8
	out := make([]uint32, len(rows))
	for shift := 0; shift < 64; shift += bits {
		var starts [buckets + 1]int
		for _, r := range rows {
			starts[rankBuyer(buyer[r])>>shift&(buckets-1)+1]++
		}
		for b := range buckets {
			starts[b+1] += starts[b]
		}
		for _, r := range rows {
			b := rankBuyer(buyer[r]) >> shift & (buckets - 1)
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
