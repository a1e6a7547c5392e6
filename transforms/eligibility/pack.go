package eligibility

import (
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
)

// verdict is what a decision says of a subject, but for its rank.
type verdict struct {
	standings
	passStreak, failStreak int16
	since                  calendar.Day
	span                   int32 // position in GateSpans.Spans, -1: none
}

// standings are what few verdicts are shared by many subjects of. Days and streaks are not: on later nights there are
// nearly as many of them as there are subjects.
type standings struct {
	member, standing bool
	level            int8
	movement         Movement
	reasons          Reasons
	failed           uint32
	multiplier       float64
}

// packed are the verdicts of all subjects.
type packed struct {
	standings []standings
	of        *column.Ints // by subject: position in standings

	pass, fail, since, span, rank *column.Ints // by subject
}

// Pack lets go of the columns of a decision that is made. What is asked of it, and its tables, stay the same; of a subject it
// keeps some 4 to 12 bytes instead of 37.
func (d *Decision) Pack() {
	p, known, of := &packed{}, map[standings]int32{}, make([]int32, d.s.N)
	for i := range of {
		v := d.verdict(i).standings
		if i > 0 && v == p.standings[of[i-1]] { // neighbours often fare alike
			of[i] = of[i-1]
			continue
		}
		at, ok := known[v]
		if !ok {
			at = int32(len(p.standings))
			known[v], p.standings = at, append(p.standings, v)
		}
		of[i] = at
	}
	p.of, p.rank = column.NewInts(of), column.NewInts(d.Rank)
	p.pass, p.fail, p.since = column.NewInts(d.PassStreak), column.NewInts(d.FailStreak), column.NewInts(d.Since)
	if d.GateSpans.Of != nil {
		p.span = column.NewInts(d.GateSpans.Of)
	}
	d.packed = p
	d.Member, d.Standing, d.Rank, d.Level, d.Multiplier, d.PassStreak, d.FailStreak = nil, nil, nil, nil, nil, nil, nil
	d.Since, d.Movement, d.Reasons, d.Failed, d.under, d.GateSpans.Of = nil, nil, nil, nil, nil, nil
}

// verdict is what the decision says of a subject.
func (d *Decision) verdict(subject int) verdict {
	if p := d.packed; p != nil {
		v := verdict{p.standings[p.of.At(subject)], int16(p.pass.At(subject)), int16(p.fail.At(subject)), calendar.Day(p.since.At(subject)), -1}
		if p.span != nil {
			v.span = int32(p.span.At(subject))
		}
		return v
	}
	v := verdict{standings{d.Member[subject], d.Standing[subject], d.Level[subject], d.Movement[subject], d.Reasons[subject], d.Failed[subject], d.Multiplier[subject]},
		d.PassStreak[subject], d.FailStreak[subject], d.Since[subject], -1}
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
