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
	runs                  runs
	values, unless        Measure
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
		g.unless = s.Measures[r.Unless]
	}
	if g.scored = isScore(r.Measure); !g.scored {
		g.values = s.Measures[r.Measure]
		if slices.Contains(ticketMeasures, r.Measure) {
			g.runs.of = s.Shop
		}
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
	g.runs = s.last(h, r.Measure, window)
	return g
}

// ticketMeasures are, of a product, those of its shop, though no scores.
var ticketMeasures = []string{"severe_violations_30d", "severe_violations_90d"}

// isScore tells whether a measure has a history over runs.
func isScore(measure string) bool { return slices.Contains(rules.ScoreMeasures, measure) }

// tenThousandths of a bound: rules give bounds with at most four decimals.
func tenThousandths(bound float64) int64 { return int64(math.Round(bound * 10_000)) }

// runs are the scores of subjects on runs, newest first.
type runs struct {
	scores [][]int16
	of     []int32 // position of a subject in scores, as Subjects.Shop has it; nil: its own
}

// last are the newest runs of a measure, at most n; none if the measure has none.
func (s *Subjects) last(h History, measure string, n int) runs {
	if measure == "shop_score" && s.ShopScores != nil {
		return runs{s.ShopScores[:min(n, len(s.ShopScores))], s.Shop}
	}
	scores := h[measure]
	scores = scores[:min(n, len(scores))]
	for _, run := range scores {
		mustHave(s.N, "history of "+measure, len(run))
	}
	return runs{scores: scores}
}

func (r runs) len() int { return len(r.scores) }

// at is the score of a subject on a run in hundredths, 0: none.
func (r runs) at(run, subject int) int16 {
	if r.of != nil {
		if subject = int(r.of[subject]); subject < 0 {
			return 0
		}
	}
	return r.scores[run][subject]
}

// unknown tells whether nobody knows whose it would be.
func (r runs) unknown(subject int) bool { return r.of != nil && r.of[subject] == UnknownShop }

// newest is the score on the newest run, 0: none.
func (r runs) newest(subject int) int16 {
	if r.len() == 0 {
		return 0
	}
	return r.at(0, subject)
}

// sum adds a subject's scores, in hundredths, and counts its runs with a score.
func (r runs) sum(subject int) (sum, count int64) {
	for run := range r.scores {
		if v := r.at(run, subject); v != 0 {
			sum += int64(v)
			count++
		}
	}
	return sum, count
}
