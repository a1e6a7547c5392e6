package eligibility

import (
	"fmt"
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/rules"
)

// State is how a gate came out for a subject.
type State uint8

const (
	// Passed: the value reaches the bound.
	Passed State = iota
	// PassedByFloor: no score, and the gate only keeps out the poor.
	PassedByFloor
	// PassedByUnless: the value does not reach the bound, but the gate's exception holds.
	PassedByUnless
	// Failed: the value does not reach the bound.
	Failed
	// NotKnown: no value tonight.
	NotKnown
	// HistoryShort: a score, but on too few runs to judge by.
	HistoryShort
)

var stateNames = [...]string{
	Passed: "passed", PassedByFloor: "passed_by_floor", PassedByUnless: "passed_by_unless",
	Failed: "failed", NotKnown: "not_known", HistoryShort: "history_short",
}

// String is the state as tables have it.
func (s State) String() string { return stateNames[s] }

// Passes tells whether the gate lets the subject through.
func (s State) Passes() bool { return s <= PassedByUnless }

// GateResult explains one gate for one subject.
type GateResult struct {
	Gate      int     // position in the list's gates
	Value     float64 // NaN: not known. Means have 4 decimals; over days it is the number of runs that reach the bound
	Threshold float64 // the bound; over days the number of runs asked for
	Margin    float64 // Value to Threshold, 4 decimals for scores; positive: on the good side; NaN: not known
	Runs      int     // score gates: runs with a score that were looked at
	State     State
	Band      bool // fails by less than the band
}

// gate is a rule bound to tonight's columns.
type gate struct {
	at                    int
	measure               string
	scored                bool // looks at runs, else at values
	runs                  [][]int16
	values, unless        []float64
	atMost, floor, atOnce bool
	bound                 float64
	line, relaxed         int64 // score gates: the bound, and the bound moved by the band, in ten-thousandths
	days, needs           int   // days > 0: runs that must reach the line; needs: scored runs a mean asks for
}

// maxGates is how many gates a set of failed gates can tell.
const maxGates = 32

// bindGates binds the gates of a list to tonight's columns.
func bindGates(st rules.Stability, l *rules.List, s *Subjects, h History) []gate {
	if len(l.Gates) > maxGates {
		panic(fmt.Sprintf("eligibility: list %s has %d gates, more than %d", l.ID, len(l.Gates), maxGates))
	}
	gates := make([]gate, len(l.Gates))
	for i := range l.Gates {
		gates[i] = bindGate(st, &l.Gates[i], s, h)
		gates[i].at = i
	}
	return gates
}

func bindGate(st rules.Stability, r *rules.Gate, s *Subjects, h History) gate {
	g := gate{measure: r.Measure, floor: r.Floor, atOnce: r.AtOnce, needs: 1}
	band := -st.Band
	switch {
	case r.AtLeast != nil:
		g.bound = *r.AtLeast
	case r.AtMost != nil:
		g.bound, g.atMost, band = *r.AtMost, true, st.Band
	default:
		panic(fmt.Sprintf("eligibility: gate %s has no bound", r.ID))
	}
	if r.Unless != "" {
		g.unless = s.measure(r.Unless)
	}
	if g.scored = isScore(r.Measure); !g.scored {
		g.values = s.measure(r.Measure)
		return g
	}
	g.line, g.relaxed = tenThousandths(g.bound), tenThousandths(g.bound+band)
	window := 1
	switch r.Over {
	case "mean":
		window, g.needs = st.MeanRuns, st.MeanNeeds
	case "days":
		window, g.days = r.OfDays, r.Days
	}
	g.runs = h.last(r.Measure, window, s.N)
	return g
}

// isScore tells whether a measure has a history over runs.
func isScore(measure string) bool { return slices.Contains(rules.ScoreMeasures, measure) }

// tenThousandths of a bound: rules give bounds with at most four decimals.
func tenThousandths(bound float64) int64 { return int64(math.Round(bound * 10_000)) }

// measure is a column of tonight's measures; nil: known of nobody.
func (s *Subjects) measure(name string) []float64 {
	v := s.Measures[name]
	if v != nil {
		mustHave(s.N, name, len(v))
	}
	return v
}

// last are the newest runs of a measure, at most n; none if the measure has none.
func (h History) last(measure string, n, subjects int) [][]int16 {
	runs := h[measure]
	runs = runs[:min(n, len(runs))]
	for _, run := range runs {
		mustHave(subjects, "history of "+measure, len(run))
	}
	return runs
}

// judge explains the gate for one subject.
func (g *gate) judge(subject int) GateResult {
	var res GateResult
	switch {
	case !g.scored:
		res = g.judgeValue(subject)
	case len(g.runs) == 0 || g.runs[0][subject] == 0:
		res = g.absent(g.threshold())
	case g.days > 0:
		res = g.judgeDays(subject)
	default:
		res = g.judgeMean(subject)
	}
	if !res.State.Passes() && g.excepted(subject) {
		res.State, res.Band = PassedByUnless, false
	}
	res.Gate = g.at
	return res
}

func (g *gate) excepted(subject int) bool { return g.unless != nil && g.unless[subject] == 1 }

// threshold is the bound in the unit of the gate's value.
func (g *gate) threshold() float64 {
	if g.days > 0 {
		return float64(g.days)
	}
	return g.bound
}

// absent is the result without a value tonight.
func (g *gate) absent(threshold float64) GateResult {
	res := GateResult{Value: math.NaN(), Threshold: threshold, Margin: math.NaN(), State: NotKnown}
	if g.floor {
		res.State = PassedByFloor
	}
	return res
}

// judgeValue judges a measure that is no score: tonight's value, no band.
func (g *gate) judgeValue(subject int) GateResult {
	if g.values == nil || math.IsNaN(g.values[subject]) {
		return g.absent(g.bound)
	}
	v := g.values[subject]
	res := GateResult{Value: v, Threshold: g.bound, Margin: v - g.bound, State: Failed}
	if g.atMost {
		res.Margin = g.bound - v
	}
	if res.Margin >= 0 {
		res.State = Passed
	}
	return res
}

// judgeMean judges the mean of the runs with a score. Tonight alone is the mean of one run.
func (g *gate) judgeMean(subject int) GateResult {
	sum, count := sumRuns(g.runs, subject)
	margin := g.margin(sum, count, g.line)
	res := GateResult{Value: fourDecimals(float64(sum) / float64(100*count)), Threshold: g.bound, Runs: int(count),
		Margin: fourDecimals(float64(margin) / float64(10_000*count)), State: Failed}
	switch {
	case int(count) < g.needs && !g.floor:
		res.State = HistoryShort
	case margin >= 0:
		res.State = Passed
	default:
		res.Band = g.margin(sum, count, g.relaxed) >= 0
	}
	return res
}

// judgeDays judges on how many of the runs the score reached the line.
func (g *gate) judgeDays(subject int) GateResult {
	var scored, reached, relaxed int
	for _, run := range g.runs {
		v := int64(run[subject])
		if v == 0 {
			continue
		}
		scored++
		if g.margin(v, 1, g.line) >= 0 {
			reached++
		}
		if g.margin(v, 1, g.relaxed) >= 0 {
			relaxed++
		}
	}
	res := GateResult{Value: float64(reached), Threshold: float64(g.days), Margin: float64(reached - g.days), Runs: scored, State: Failed}
	switch {
	case reached >= g.days:
		res.State = Passed
	case scored < g.days && g.floor:
		res.State = PassedByFloor
	case scored < g.days:
		res.State = HistoryShort
	default:
		res.Band = relaxed >= g.days
	}
	return res
}

// margin is how far the mean of a sum of hundredths is on the good side of a line, times count, in ten-thousandths.
// Its sign is exact.
func (g *gate) margin(sum, count, line int64) int64 {
	m := sum*100 - line*count
	if g.atMost {
		return -m
	}
	return m
}

// sumRuns adds a subject's scores, in hundredths, and counts its runs with a score.
func sumRuns(runs [][]int16, subject int) (sum, count int64) {
	for _, run := range runs {
		if v := run[subject]; v != 0 {
			sum += int64(v)
			count++
		}
	}
	return sum, count
}

func fourDecimals(v float64) float64 { return math.Round(v*10_000) / 10_000 }
