package score

import (
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rules"
)

// HistoryRuns is how many runs are remembered.
const HistoryRuns = 30

// History are the scores of the last runs, newest first, tonight the first: [run][subject] in hundredths, 0: none.
type History struct {
	Runs    []calendar.Day
	Score   [][]int16
	Quality [][]int16 // products: the dimension of the quality gate; nil for other roles
}

// Remember puts tonight's scores before those of the runs before, as their table (a frame of the role's history)
// has them; nil: there is none. Runs on which nobody had a score do not appear.
func (r *Role) Remember(before *column.Frame, subjectColumn string, quality bool) *History {
	h := &History{Runs: []calendar.Day{r.AsOf}}
	if before != nil {
		h.Runs = append(h.Runs, runsOf(before, r.AsOf)...)
	}
	for range h.Runs {
		h.Score = append(h.Score, make([]int16, len(r.Codes)))
		if quality {
			h.Quality = append(h.Quality, make([]int16, len(r.Codes)))
		}
	}
	for i, total := range r.Scores.Total {
		if total != column.Null {
			h.Score[0][i] = int16(total)
		}
	}
	if quality {
		r.rememberQuality(h.Quality[0])
	}
	if before != nil {
		h.read(before, column.NewLookup(r.Codes), subjectColumn, quality)
	}
	return h
}

// runsOf are the newest runs before tonight that the history may keep, newest first.
func runsOf(before *column.Frame, asOf calendar.Day) []calendar.Day {
	seen := map[calendar.Day]bool{}
	for _, d := range before.Column("dt") {
		seen[calendar.Day(d)] = true
	}
	var runs []calendar.Day
	for d := range seen {
		if d < asOf {
			runs = append(runs, d)
		}
	}
	slices.Sort(runs)
	slices.Reverse(runs)
	return runs[:min(len(runs), HistoryRuns-1)]
}

func (h *History) read(before *column.Frame, rows *column.Lookup, subjectColumn string, quality bool) {
	place := map[int64]int{}
	for run, d := range h.Runs {
		place[int64(d)] = run
	}
	dt, score := before.Column("dt"), before.Column("score_hundredths")
	var qualities []int64
	if quality {
		qualities = before.Column("quality_hundredths")
	}
	for k, subject := range before.Column(subjectColumn) {
		run, kept := place[dt[k]]
		i := rows.Row(subject)
		if !kept || run == 0 || i < 0 || score[k] == column.Null {
			continue
		}
		h.Score[run][i] = int16(score[k])
		if quality && qualities[k] != column.Null {
			h.Quality[run][i] = int16(qualities[k])
		}
	}
}

// rememberQuality keeps the dimension of the quality gate in hundredths.
func (r *Role) rememberQuality(into []int16) {
	at := slices.IndexFunc(r.Score.Dimensions, func(d rules.Dimension) bool { return d.ID == r.Rules.QualityGate.Dimension })
	if at < 0 {
		return
	}
	for i, v := range r.Scores.Dimensions[at] {
		if !math.IsNaN(v) {
			into[i] = int16(math.Floor(v*100 + slack)) // rounded down, so that a gate passes nobody whom the quality gate holds
		}
	}
}

// Last are the scores of the run before tonight, in hundredths; nil: there is none.
func (h *History) Last() []int64 {
	if len(h.Runs) < 2 {
		return nil
	}
	out := make([]int64, len(h.Score[1]))
	for i, v := range h.Score[1] {
		if out[i] = int64(v); v == 0 {
			out[i] = column.Null
		}
	}
	return out
}
