package score

import (
	"iter"
	"maps"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rules"
)

// HistoryRuns is how many runs are remembered.
const HistoryRuns = rules.Lookback

// History are the scores of the last runs, newest first, tonight the first: [run][subject] in hundredths, 0: none. Those of
// tonight are Scores.Total and Scores.Quality themselves.
type History struct {
	Runs    []calendar.Day
	Score   [][]int16
	Quality [][]int16 // products: the dimension of the quality gate; nil for other roles
}

// Remember puts tonight's scores before those of the runs before, as their table (frames of the role's history, one at
// a time: all are thirty runs of every subject) has them; nil: there is none. Runs on which nobody had a score do not appear.
func (r *Role) Remember(before iter.Seq2[*column.Frame, error], subjectColumn string, quality bool) (*History, error) {
	tonight := &remembered{r.Scores.Total, r.Scores.Quality}
	if quality && tonight.quality == nil {
		tonight.quality = make([]int16, len(r.Codes))
	}
	runs := map[calendar.Day]*remembered{r.AsOf: tonight}
	if before != nil {
		rows := column.NewLookup(r.Codes)
		for f, err := range before {
			if err != nil {
				return nil, err
			}
			readRuns(runs, f, r.AsOf, rows, subjectColumn, quality)
		}
	}
	h := &History{}
	for _, d := range slices.Backward(slices.Sorted(maps.Keys(runs))) {
		if len(h.Runs) == HistoryRuns {
			break
		}
		h.Runs, h.Score = append(h.Runs, d), append(h.Score, runs[d].score)
		if quality {
			h.Quality = append(h.Quality, runs[d].quality)
		}
	}
	return h, nil
}

// remembered is one run of the history.
type remembered struct{ score, quality []int16 }

func newRemembered(subjects int, quality bool) *remembered {
	r := &remembered{score: make([]int16, subjects)}
	if quality {
		r.quality = make([]int16, subjects)
	}
	return r
}

// readRuns reads a part of the table of the run before. What it says of tonight, of later days and of subjects that are
// gone is not looked at.
func readRuns(runs map[calendar.Day]*remembered, f *column.Frame, asOf calendar.Day, rows *column.Lookup, subjectColumn string, quality bool) {
	dt, score := f.Column("dt"), f.Column("score_hundredths")
	var qualities []int64
	if quality {
		qualities = f.Column("quality_hundredths")
	}
	for k, subject := range f.Column(subjectColumn) {
		d := calendar.Day(dt[k])
		if d >= asOf {
			continue
		}
		run := runs[d]
		if run == nil {
			run = newRemembered(rows.Len(), quality)
			runs[d] = run
		}
		i := rows.Row(subject)
		if i < 0 || score[k] == column.Null {
			continue
		}
		run.score[i] = int16(score[k])
		if quality && qualities[k] != column.Null {
			run.quality[i] = int16(qualities[k])
		}
	}
}

// Last are the scores of the run before tonight, in hundredths, 0: none; nil: there is no such run.
func (h *History) Last() []int16 {
	if len(h.Runs) < 2 {
		return nil
	}
	return h.Score[1]
}
