package eligibility

import (
	"math"

	"github.com/windvane/windvane/transforms/rules"
)

// NoLevel stands where a subject has no level: no score, or no member and under the last step, or the list has no scale.
const NoLevel int8 = -1

// scale is a rule bound to tonight's columns. It is bound to runs for scores and to values for other measures.
type scale struct {
	steps   []rules.Step
	lines   []int64 // bounds of the steps in ten-thousandths
	runs    runs
	values  Measure
	noScore float64
	grades  []int8  // of tonight's own score, where that is what is read; nil: no grade bounds it
	better  []int64 // by grade: bound of the next better one in ten-thousandths
}

func bindScales(r *rules.Rules, l *rules.List, s *Subjects, h History) []scale {
	st := r.Stability
	scales := make([]scale, len(l.Levels))
	for i, rule := range l.Levels {
		sc := scale{steps: rule.Steps, noScore: rule.NoScore}
		switch {
		case !isScore(rule.Measure):
			sc.values = s.Measures[rule.Measure]
		case rule.Over == "mean":
			sc.runs = s.last(h, rule.Measure, st.MeanRuns)
		default:
			sc.runs = s.last(h, rule.Measure, 1)
			if rule.Measure == ownMeasure(l.Role) {
				sc.grades, sc.better = s.Grades, betterThan(r.Grades)
			}
		}
		for _, step := range rule.Steps {
			sc.lines = append(sc.lines, tenThousandths(step.AtLeast))
		}
		scales[i] = sc
	}
	return scales
}

// betterThan are the bounds of the grades before each.
func betterThan(grades []rules.Grade) []int64 {
	bounds := []int64{math.MaxInt64} // none is better than the first
	for _, g := range grades {
		bounds = append(bounds, tenThousandths(g.AtLeast))
	}
	return bounds
}

// step is the position of the first step that a subject reaches, len(steps) if it reaches none. It is false without a
// score tonight. A mean is that of what runs there are: whether they are enough is for the gates to say.
func (sc *scale) step(subject int) (int, bool) {
	sum, count, ok := sc.reading(subject)
	if !ok {
		return 0, false
	}
	for i, line := range sc.lines {
		if sum >= line*count {
			return i, true
		}
	}
	return len(sc.lines), true
}

// reading is the value of a subject as a sum in ten-thousandths over a count; false: not known tonight.
func (sc *scale) reading(subject int) (sum, count int64, ok bool) {
	if sc.runs.len() > 0 {
		sum, count = sc.runs.sum(subject)
		return sc.bounded(100*sum, subject), count, sc.runs.newest(subject) != 0
	}
	if sc.values == nil {
		return 0, 0, false
	}
	value := sc.values(subject)
	if math.IsNaN(value) {
		return 0, 0, false
	}
	return tenThousandths(value), 1, true
}

// bounded is a score as far as its grade lets it count: behind the quality gate that is less than the next better grade asks for, so that
// no level is better than the grade that is published.
func (sc *scale) bounded(score int64, subject int) int64 {
	if sc.grades == nil || sc.grades[subject] < 0 {
		return score
	}
	return min(score, sc.better[sc.grades[subject]]-1)
}

// multiplier of a step. Under the last step it is that of the last: who is held in the band keeps its level.
func (sc *scale) multiplier(step int) float64 { return sc.steps[min(step, len(sc.steps)-1)].Multiplier }

// weight is what the scales give a subject: the level of the first, the product of all multipliers; under tells that
// the level is the last step's though the score does not reach it.
func weight(scales []scale, subject int) (level int8, multiplier float64, under bool) {
	level, multiplier = NoLevel, 1
	for i := range scales {
		sc := &scales[i]
		step, ok := sc.step(subject)
		if !ok {
			multiplier *= sc.noScore
			continue
		}
		multiplier *= sc.multiplier(step)
		if i == 0 {
			level, under = int8(min(step, len(sc.steps)-1)), step == len(sc.steps)
		}
	}
	return level, sixDecimals(multiplier), under
}

// weightWithoutScore is what members by cold start get.
func weightWithoutScore(scales []scale) float64 {
	m := 1.0
	for _, sc := range scales {
		m *= sc.noScore
	}
	return sixDecimals(m)
}

// sixDecimals lets 1.3 × 1.15 be 1.495.
func sixDecimals(v float64) float64 { return math.Round(v*1e6) / 1e6 }
