package eligibility

import "math"

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

// judge explains the gate for one subject.
func (g *gate) judge(subject int) GateResult {
	res := GateResult{Gate: g.at, Threshold: g.threshold(), State: Failed}
	switch {
	case g.runs.unknown(subject):
		g.judgeUnknown(&res)
	case !g.scored:
		g.judgeValue(subject, &res)
	case g.runs.newest(subject) == 0:
		g.judgeAbsent(&res)
	case g.days > 0:
		g.judgeDays(subject, &res)
	default:
		g.judgeMean(subject, &res)
	}
	if !res.State.Passes() && g.excepted(subject) {
		res.State, res.Band = PassedByUnless, false
	}
	return res
}

func (g *gate) excepted(subject int) bool { return g.unless != nil && g.unless(subject) == 1 }

// threshold is the bound in the unit of the gate's value.
func (g *gate) threshold() float64 {
	if g.days > 0 {
		return float64(g.days)
	}
	return g.bound
}

// judgeAbsent judges without a value tonight.
func (g *gate) judgeAbsent(res *GateResult) {
	g.judgeUnknown(res)
	if g.floor {
		res.State = PassedByFloor
	}
}

// judgeUnknown judges where not even is known whether there is a value: a floor gate does not pass either.
func (g *gate) judgeUnknown(res *GateResult) {
	res.Value, res.Margin, res.State = math.NaN(), math.NaN(), NotKnown
}

// judgeValue judges a measure that is no score: tonight's value, no band.
func (g *gate) judgeValue(subject int, res *GateResult) {
	value := math.NaN()
	if g.values != nil {
		value = g.values(subject)
	}
	if math.IsNaN(value) {
		g.judgeAbsent(res)
		return
	}
	res.Value = value
	res.Margin = res.Value - g.bound
	if g.atMost {
		res.Margin = g.bound - res.Value
	}
	if res.Margin >= 0 {
		res.State = Passed
	}
}

// judgeMean judges the mean of the runs with a score. Tonight alone is the mean of one run.
func (g *gate) judgeMean(subject int, res *GateResult) {
	sum, count := g.runs.sum(subject)
	margin := g.margin(sum, count, g.line)
	res.Value, res.Margin = fourDecimals(float64(sum)/float64(100*count)), fourDecimals(float64(margin)/float64(10_000*count))
	res.Runs = int(count)
	switch {
	case int(count) < g.needs && !g.floor:
		res.State = HistoryShort
	case margin >= 0:
		res.State = Passed
	default:
		res.Band = g.margin(sum, count, g.relaxed) >= 0
	}
}

// judgeDays judges on how many of the runs the score reached the line.
func (g *gate) judgeDays(subject int, res *GateResult) {
	var scored, reached, relaxed int
	for run := range g.runs.len() {
		v := int64(g.runs.at(run, subject))
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
	res.Value, res.Margin, res.Runs = float64(reached), float64(reached-g.days), scored
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

func fourDecimals(v float64) float64 { return math.Round(v*10_000) / 10_000 }
