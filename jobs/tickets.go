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
	severeRecent []bool                   // a severe one within Violations.SevereDays; nil: nobody has one
	severe       *column.Ints             // severe ones of 90 days
	severeMonth  *column.Ints             // severe ones of 30 days
	points       *column.Ints             // of general ones within Violations.PointDays
	others       map[int64]*severeTickets // of merchants that are no subjects, by code
}

// severeTickets are those of one that is no subject.
type severeTickets struct{ month, all int64 }

// severeDays and severeMonthDays are the windows of the measures severe_violations_90d and severe_violations_30d.
const (
	severeDays      = 90
	severeMonthDays = 30
)

// ticketsOf adds up the tickets. Products have none of their own; without a violations table nobody has any.
func (n *night) ticketsOf(ctx context.Context, role int, s *subjects) (*tickets, error) {
	if role == contract.ScoreProduct || !n.has(contract.Violations) {
		nothing := column.Same(0, len(s.codes))
		return &tickets{severe: nothing, severeMonth: nothing, points: nothing}, nil
	}
	recent, severe, severeMonth, points := make([]bool, len(s.codes)), make([]int64, len(s.codes)), make([]int64, len(s.codes)), make([]int64, len(s.codes))
	subject := map[int]int64{contract.ScoreMerchant: contract.SubjectMerchant, contract.ScoreTalent: contract.SubjectTalent}[role]
	v := n.rules.Violations
	others := map[int64]*severeTickets{}
	first := n.asOf - calendar.Day(max(severeDays, v.SevereDays, v.PointDays)) + 1
	for d, err := range n.history(ctx, rollup.ViolationPoints(), first) {
		if err != nil {
			return nil, err
		}
		age := int(n.asOf - d.Day)
		roles, texts, severity := d.Frame.Column("subject_role"), d.Frame.Column("subject_id"), d.Frame.Column("severity")
		for i := range roles {
			if roles[i] != subject {
				continue
			}
			row := n.rowOfText(s, texts[i])
			if row < 0 {
				if severity[i] != contract.SeverityGeneral {
					n.addOther(others, s, texts[i], age, d.Frame.Column("tickets")[i])
				}
				continue
			}
			if severity[i] == contract.SeverityGeneral {
				if age < v.PointDays {
					points[row] += d.Frame.Column("points")[i]
				}
				continue
			}
			if age < severeMonthDays {
				severeMonth[row] += d.Frame.Column("tickets")[i]
			}
			recent[row] = recent[row] || age < v.SevereDays
			if age < severeDays {
				severe[row] += d.Frame.Column("tickets")[i]
			}
		}
	}
	return &tickets{recent, column.NewInts(severe), column.NewInts(severeMonth), column.NewInts(points), others}, nil
}

// addOther adds severe tickets of one that is no subject: a shop may have products and no sales, and be in no snapshot.
func (n *night) addOther(others map[int64]*severeTickets, s *subjects, text int64, age int, tickets int64) {
	code := n.codeOfText(s, text)
	if code == column.Null {
		return
	}
	t := others[code]
	if t == nil {
		t = &severeTickets{}
		others[code] = t
	}
	if age < severeMonthDays {
		t.month += tickets
	}
	if age < severeDays {
		t.all += tickets
	}
}

// rowOfText is the row of a subject whose id is written as text, -1 if there is none.
func (n *night) rowOfText(s *subjects, text int64) int {
	code := n.codeOfText(s, text)
	if code == column.Null {
		return -1
	}
	return s.rows.Row(code)
}

// codeOfText is the code of an id that is written as text, column.Null if it is none.
func (n *night) codeOfText(s *subjects, text int64) int64 {
	code, err := n.runner.ids.Parse(s.scope.Domain, n.runner.ids.TextDict().Value(text))
	if err != nil {
		return column.Null
	}
	return code
}
