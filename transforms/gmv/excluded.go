package gmv

import (
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// ExcludedTable is excluded, from the excluded_lines rollups of the last 365 days.
func ExcludedTable(c Context, days column.Days, mem memory.Allocator) (arrow.Record, error) {
	rows, err := excludedRows(c, days)
	if err != nil {
		return nil, err
	}
	b := column.NewBuilder(contract.Excluded, c.IDs)
	asOf, role, subject, window := b.Column("as_of_date"), b.Column("role"), b.Column("subject_id"), b.Column("window_days")
	reason, lines, fen := b.Column("reason"), b.Column("lines"), b.Column("gmv_fen")
	for _, r := range rows {
		asOf.Int(int64(c.AsOf))
		role.Int(int64(r.role))
		subject.Text(r.subject)
		window.Int(r.window)
		reason.Text(r.reason)
		lines.Int(r.lines)
		fen.Int(r.fen)
	}
	return b.Record(mem), nil
}

type excludedRow struct {
	role            int
	subject, reason string
	window          int64
	lines, fen      int64
}

func excludedRows(c Context, days column.Days) ([]excludedRow, error) {
	g := column.NewGrouper(4, 2) // role, merchant, reason, window
	for d, err := range days {
		if err != nil {
			return nil, err
		}
		w := window(c.AsOf - d.Day)
		if w == 0 {
			continue
		}
		f := d.Frame
		merchant, reason, lines, fen := f.Column("merchant_id"), f.Column("excluded_reason"), f.Column("lines"), f.Column("amount_fen")
		for i := range f.N {
			for _, longer := range contract.Windows {
				if int64(longer) < w {
					continue
				}
				for _, key := range [][]int64{{contract.RolePlatform, 0, reason[i], int64(longer)}, {contract.RoleMerchant, merchant[i], reason[i], int64(longer)}} {
					m := g.Get(key)
					m[0] += lines[i]
					m[1] += fen[i]
				}
			}
		}
	}
	return sortedExcluded(c, g), nil
}

func sortedExcluded(c Context, g *column.Grouper) []excludedRow {
	scopes := contract.Scopes()
	rows := make([]excludedRow, g.Len())
	for i := range rows {
		r := g.Row(i)
		rows[i] = excludedRow{role: int(r[0]), subject: c.IDs.SubjectText(scopes[r[0]], r[1]), reason: c.IDs.TextDict().Value(r[2]), window: r[3], lines: r[4], fen: r[5]}
	}
	slices.SortFunc(rows, func(a, b excludedRow) int {
		if c := strings.Compare(contract.Roles[a.role], contract.Roles[b.role]); c != 0 {
			return c
		}
		if c := strings.Compare(a.subject, b.subject); c != 0 {
			return c
		}
		if a.window != b.window {
			return int(a.window - b.window)
		}
		return strings.Compare(a.reason, b.reason)
	})
	return rows
}
