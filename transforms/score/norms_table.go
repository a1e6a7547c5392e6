package score

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// MonthNorms are the norms of one role for one month.
type MonthNorms struct {
	Month calendar.Day // its first day
	Role  int          // code of contract.ScoreRoles
	Norms *Norms
}

// NormTable is score_norms.
func NormTable(asOf calendar.Day, ids *column.IDs, all []MonthNorms) Records {
	var rows []row
	for _, m := range all {
		for _, n := range m.Norms.Rows() {
			category := ""
			if n.Level > 0 {
				category = ids.Text(contract.Category, n.Code)
			}
			rows = append(rows, row{m.Month, m.Role, category, n})
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.month, b.month), strings.Compare(contract.ScoreRoles[a.role], contract.ScoreRoles[b.role]),
			strings.Compare(a.Indicator, b.Indicator), cmp.Compare(a.Level, b.Level), strings.Compare(a.category, b.category))
	})
	return column.Pages(contract.ScoreNorms, ids, len(rows), recordRows, func(b *column.Builder) func(from, to int) {
		return func(from, to int) {
			for i := range rows[from:to] {
				rows[from+i].write(b, asOf)
			}
		}
	})
}

// row is one norm with its month, role and category.
type row struct {
	month    calendar.Day
	role     int
	category string
	Norm
}

func (r *row) write(b *column.Builder, asOf calendar.Day) {
	b.Column("as_of_date").Int(int64(asOf))
	b.Column("month").Int(int64(r.month))
	b.Column("role").Int(int64(r.role))
	b.Column("indicator").Text(r.Indicator)
	b.Column("level").Int(int64(r.Level))
	b.Column("category_id").Text(r.category)
	b.Column("entities").Int(r.Entities)
	b.Column("own").Flag(r.Own)
	b.Column("mean").Real(r.Mean)
	b.Column("strength").Real(r.Strength)
	for j, name := range anchorColumns {
		b.Column(name).Real(r.Anchors[j])
	}
	b.Column("widened").Flag(r.Widened)
}

// ReadNorms reads the norms of a role and month out of score_norms; nil: there are none.
func ReadNorms(f *column.Frame, ids *column.IDs, month calendar.Day, role int) (*Norms, error) {
	real := func(name string, i int) float64 { return math.Float64frombits(uint64(f.Column(name)[i])) }
	texts := ids.TextDict()
	var rows []Norm
	for i := range f.N {
		if f.Column("month")[i] != int64(month) || f.Column("role")[i] != int64(role) {
			continue
		}
		n := Norm{Indicator: texts.Value(f.Column("indicator")[i]), Level: int(f.Column("level")[i]), Entities: f.Column("entities")[i],
			Mean: real("mean", i), Strength: real("strength", i), Own: f.Column("own")[i] == 1, Widened: f.Column("widened")[i] == 1}
		for j, name := range anchorColumns {
			n.Anchors[j] = real(name, i)
		}
		if n.Level > 0 {
			code, err := ids.Parse(contract.Category, texts.Value(f.Column("category_id")[i]))
			if err != nil {
				return nil, fmt.Errorf("score_norms: category_id: %w", err)
			}
			n.Code = code
		}
		rows = append(rows, n)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return NewNorms(rows)
}
