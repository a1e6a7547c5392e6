package eligibility

import (
	"fmt"
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/rules"
)

// gate is a rule bound to tonight's columns.
type gate struct {
	at                    int
	lever                 lever
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
		gates[i].at, gates[i].lever = i, leverOf(l.Role, l.Gates[i].Measure)
	}
	return gates
}

func bindGate(st rules.Stability, r *rules.Gate, s *Subjects, h History) gate {
	g := gate{floor: r.Floor, atOnce: r.AtOnce, needs: 1}
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
