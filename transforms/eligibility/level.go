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
}

func bindScales(st rules.Stability, l *rules.List, s *Subjects, h History) []scale {
	scales := make([]scale, len(l.Levels))
	for i, r := range l.Levels {
		sc := scale{steps: r.Steps, noScore: r.NoScore}
		switch {
		case !isScore(r.Measure):
			sc.values = s.Measures[r.Measure]
		case r.Over == "mean":
			sc.runs = s.last(h, r.Measure, st.MeanRuns)
		default:
			sc.runs = s.last(h, r.Measure, 1)
		}
		for _, step := range r.Steps {
			sc.lines = append(sc.lines, tenThousandths(step.AtLeast))
		}
		scales[i] = sc
	}
	return scales
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
		return 100 * sum, count, sc.runs.newest(subject) != 0
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
