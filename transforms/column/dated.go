package column

import (
	"iter"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
)

// Dated is the rollup of one day.
type Dated struct {
	Day   calendar.Day
	Frame *Frame
}

// Days delivers the rollups of successive days, oldest first, each day at most once. A day is loaded
// when it is asked for, so that a history never has to be in memory at once.
type Days = iter.Seq2[Dated, error]

// Ranking orders subjects by their published text, so that everything after sorts by integers.
type Ranking struct {
	codes []int64
	ranks *Grouper
}

// Rank orders the distinct codes by compare.
func Rank(codes []int64, compare func(a, b int64) int) *Ranking {
	codes = slices.Clone(codes)
	slices.SortFunc(codes, compare)
	codes = slices.Compact(codes)
	r := &Ranking{codes: codes, ranks: NewGrouper(1, 1)}
	for i, c := range codes {
		r.ranks.Get([]int64{c})[0] = int64(i)
	}
	return r
}

// Len is the number of subjects.
func (r *Ranking) Len() int { return len(r.codes) }

// Code is the subject at a rank.
func (r *Ranking) Code(rank int64) int64 { return r.codes[rank] }

// Of is the rank of a subject that was ranked.
func (r *Ranking) Of(code int64) int64 { return r.ranks.Find(code)[0] }
