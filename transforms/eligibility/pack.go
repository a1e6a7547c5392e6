package eligibility

import (
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
)

// verdict is what a decision says of a subject, but for its rank. Few verdicts are shared by many subjects.
type verdict struct {
	member, standing       bool
	level                  int8
	movement               Movement
	passStreak, failStreak int16
	since                  calendar.Day
	reasons                Reasons
	failed                 uint32
	span                   int32 // position in GateSpans.Spans
	multiplier             float64
}

// packed are the verdicts of all subjects.
type packed struct {
	verdicts []verdict
	of       *column.Ints // by subject: position in verdicts
	rank     *column.Ints
}

// Pack lets go of the columns of a decision that is made. What is asked of it, and its tables, stay the same; of a subject it
// keeps some 4 to 8 bytes instead of 37.
func (d *Decision) Pack() {
	p, known, of := &packed{}, map[verdict]int32{}, make([]int32, d.s.N)
	for i := range of {
		v := d.verdict(i)
		if i > 0 && v == p.verdicts[of[i-1]] { // neighbours often fare alike
			of[i] = of[i-1]
			continue
		}
		at, ok := known[v]
		if !ok {
			at = int32(len(p.verdicts))
			known[v], p.verdicts = at, append(p.verdicts, v)
		}
		of[i] = at
	}
	p.of, p.rank = column.NewInts(of), column.NewInts(d.Rank)
	d.packed = p
	d.Member, d.Standing, d.Rank, d.Level, d.Multiplier, d.PassStreak, d.FailStreak = nil, nil, nil, nil, nil, nil, nil
	d.Since, d.Movement, d.Reasons, d.Failed, d.under, d.GateSpans.Of = nil, nil, nil, nil, nil, nil
}

// verdict is what the decision says of a subject.
func (d *Decision) verdict(subject int) verdict {
	if p := d.packed; p != nil {
		return p.verdicts[p.of.At(subject)]
	}
	v := verdict{d.Member[subject], d.Standing[subject], d.Level[subject], d.Movement[subject], d.PassStreak[subject], d.FailStreak[subject],
		d.Since[subject], d.Reasons[subject], d.Failed[subject], -1, d.Multiplier[subject]}
	if of := d.GateSpans.Of; of != nil {
		v.span = of[subject]
	}
	return v
}

// rankOf is the rank of a subject, 0: none.
func (d *Decision) rankOf(subject int) int32 {
	if d.packed != nil {
		return int32(d.packed.rank.At(subject))
	}
	return d.Rank[subject]
}
