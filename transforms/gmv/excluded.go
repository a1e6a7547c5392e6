package gmv

import (
	"math/bits"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// ExcludedTable is excluded, from the excluded_lines rollups of the last 365 days.
func ExcludedTable(c Context, days column.Days, mem memory.Allocator) (arrow.Record, error) {
	merchants, err := sumExcluded(c, days)
	if err != nil {
		return nil, err
	}
	platform := column.NewGrouper(2, excludedMeasures)
	for i := range merchants.Len() {
		row := merchants.Row(i)
		addExcluded(platform.Get([]int64{0, row[1]}), row[2:])
	}
	b := column.NewBuilder(contract.Excluded, c.IDs)
	scopes := contract.Scopes()
	for _, x := range contract.InRoleOrder([]excluded{{scopes[contract.RolePlatform], platform}, {scopes[contract.RoleMerchant], merchants}},
		func(x excluded) contract.Scope { return x.scope }) {
		x.write(c, b)
	}
	return b.Record(mem), nil
}

// Measures of a subject and reason: lines and fen of each shortest window, and the bit set of those windows.
const (
	eLines           = 0
	eFen             = windows
	ePlaces          = 2 * windows
	excludedMeasures = 2*windows + 1
)

func addExcluded(sums, row []int64) {
	for j, v := range row[:ePlaces] {
		sums[j] += v
	}
	sums[ePlaces] |= row[ePlaces]
}

// sumExcluded adds up by merchant and reason.
func sumExcluded(c Context, days column.Days) (*column.Grouper, error) {
	g := column.NewGrouper(2, excludedMeasures)
	for d, err := range days {
		if err != nil {
			return nil, err
		}
		place := placeOf(c.AsOf - d.Day)
		if place == windows {
			continue
		}
		f := d.Frame
		merchant, reason, lines, fen := f.Column("merchant_id"), f.Column("excluded_reason"), f.Column("lines"), f.Column("amount_fen")
		for i := range f.N {
			m := g.Get([]int64{merchant[i], reason[i]})
			m[eLines+place] += lines[i]
			m[eFen+place] += fen[i]
			m[ePlaces] |= 1 << place
		}
	}
	return g, nil
}

// excluded are the sums of one scope by subject and reason.
type excluded struct {
	scope contract.Scope
	sums  *column.Grouper
}

// write appends the rows by subject, window and reason.
func (x excluded) write(c Context, b *column.Builder) {
	order := x.order(c)
	var text []byte
	for from := 0; from < len(order); {
		to, subject := from, order[from][0]
		for to < len(order) && order[to][0] == subject {
			to++
		}
		before := b.Column("reason").Len()
		writeReasons(b, order[from:to])
		n := b.Column("reason").Len() - before
		text = c.IDs.AppendSubject(text[:0], x.scope, subject)
		b.Column("subject_id").RepeatEntry(b.Column("subject_id").Entry(text), n)
		b.Column("role").Repeat(int64(x.scope.Role), n)
		b.Column("as_of_date").Repeat(int64(c.AsOf), n)
		from = to
	}
}

// order sorts the sums by the texts of subject and reason.
func (x excluded) order(c Context) [][]int64 {
	rows := make([][]int64, x.sums.Len())
	for i := range rows {
		rows[i] = x.sums.Row(i)
	}
	compare, reasons := c.IDs.CompareText(x.scope.Domain, contract.NoSubject), c.IDs.TextDict().Ranks()
	slices.SortFunc(rows, func(a, b []int64) int {
		if a[0] == b[0] {
			return int(reasons[a[1]] - reasons[b[1]])
		}
		return compare(a[0], b[0])
	})
	return rows
}

// writeReasons appends one subject's rows: for each window, the reasons there are in it.
func writeReasons(b *column.Builder, sums [][]int64) {
	window, reason, lines, fen := b.Column("window_days"), b.Column("reason"), b.Column("lines"), b.Column("gmv_fen")
	for place, w := range contract.Windows {
		for _, row := range sums {
			m := row[2:]
			if bits.TrailingZeros64(uint64(m[ePlaces])) > place {
				continue
			}
			window.Int(int64(w))
			reason.Int(row[1])
			lines.Int(sum(m[eLines : eLines+place+1]))
			fen.Int(sum(m[eFen : eFen+place+1]))
		}
	}
}

func sum(values []int64) (total int64) {
	for _, v := range values {
		total += v
	}
	return total
}
