package jobs

import (
	"context"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// tickets are the violations of each subject of a role.
type tickets struct {
	severeRecent []bool    // a severe one within Violations.SevereDays
	severe       []float64 // severe ones of 90 days
	severeMonth  []float64 // severe ones of 30 days
	points       []int64   // of general ones within Violations.PointDays
}

// severeDays and severeMonthDays are the windows of the measures severe_violations_90d and severe_violations_30d.
const (
	severeDays      = 90
	severeMonthDays = 30
)

// ticketsOf adds up the tickets. Products have none of their own; without a violations table nobody has any.
func (n *night) ticketsOf(ctx context.Context, role int, s *subjects) (*tickets, error) {
	t := &tickets{make([]bool, len(s.codes)), make([]float64, len(s.codes)), make([]float64, len(s.codes)), make([]int64, len(s.codes))}
	if role == contract.ScoreProduct || !n.has(contract.Violations) {
		return t, nil
	}
	subject := map[int]int64{contract.ScoreMerchant: contract.SubjectMerchant, contract.ScoreTalent: contract.SubjectTalent}[role]
	v := n.rules.Violations
	first := n.asOf - calendar.Day(max(severeDays, v.SevereDays, v.PointDays)) + 1
	for d, err := range n.history(ctx, rollup.ViolationPoints(), first) {
		if err != nil {
			return nil, err
		}
		age := int(n.asOf - d.Day)
		roles, texts, severity := d.Frame.Column("subject_role"), d.Frame.Column("subject_id"), d.Frame.Column("severity")
		for i := range roles {
			row := n.rowOfText(s, texts[i])
			if roles[i] != subject || row < 0 {
				continue
			}
			if severity[i] == contract.SeverityGeneral {
				if age < v.PointDays {
					t.points[row] += d.Frame.Column("points")[i]
				}
				continue
			}
			if age < severeMonthDays {
				t.severeMonth[row] += float64(d.Frame.Column("tickets")[i])
			}
			t.severeRecent[row] = t.severeRecent[row] || age < v.SevereDays
			if age < severeDays {
				t.severe[row] += float64(d.Frame.Column("tickets")[i])
			}
		}
	}
	return t, nil
}

// rowOfText is the row of a subject whose id is written as text, -1 if there is none.
func (n *night) rowOfText(s *subjects, text int64) int {
	code, err := n.runner.ids.Parse(s.scope.Domain, n.runner.ids.TextDict().Value(text))
	if err != nil || code == column.Null {
		return -1
	}
	return s.rows.Row(code)
}
