package repeat

import (
	"cmp"
	"slices"

	"github.com/windvane/windvane/transforms/column"
)

// merge sums what the workers found and ranks the subjects.
func merge(in *Input, scans []*scan) *Figures {
	f := &Figures{Scope: in.Scope, windows: column.NewGrouper(2, windowMeasures), months: column.NewGrouper(2, 3),
		cohorts: column.NewGrouper(3, 5), ranges: make([]int64, len(in.Ranges))}
	subjects := column.NewGrouper(1, 0)
	for _, s := range scans {
		f.windows.Merge(s.windows)
		f.months.Merge(s.months)
		f.cohorts.Merge(s.cohorts)
		subjects.Merge(s.subjects)
		for i, n := range s.ranges {
			f.ranges[i] += n
		}
	}
	f.Subjects = column.Rank(subjects.Rows(), in.Compare)
	return f
}

// Buyers are the distinct buyers and the new ones of a subject's window, 0 where there are none.
func (f *Figures) Buyers(subject int64, window int) (buyers, newBuyers int64) {
	m := f.windows.Find(subject, int64(window))
	if m == nil {
		return 0, 0
	}
	return m[mBuyers], m[mNew]
}

// RangeBuyers are the distinct buyers of range i of the input.
func (f *Figures) RangeBuyers(i int) int64 { return f.ranges[i] }

// R1 are the buyers and repeat buyers of a subject's window.
func (f *Figures) R1(subject int64, window int) (buyers, repeat int64) {
	m := f.windows.Find(subject, int64(window))
	if m == nil {
		return 0, 0
	}
	return m[mKept], m[mRepeat]
}

// sorted lists the rows of a table by the rank of the subject in front, then by the other keys.
func (f *Figures) sorted(g *column.Grouper, keys int) [][]int64 {
	rows := make([][]int64, g.Len())
	rank := make([]int64, g.Len())
	for i := range rows {
		rows[i] = g.Row(i)
		rank[i] = f.Subjects.Of(rows[i][0])
	}
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(rank[a], rank[b]), slices.Compare(rows[a][1:keys], rows[b][1:keys]))
	})
	out := make([][]int64, len(rows))
	for i, o := range order {
		out[i] = rows[o]
	}
	return out
}
