// Package score turns indicators into the three scores 商品分, 店铺体验分 and 带货口碑分, and explains them.
//
//  1. Once a month Measure takes the Norms of every category: how its subjects fare, frozen for the month.
//  2. Every night Compute turns the Figures of all subjects into points, dimensions and totals.
//  3. On demand Scores.Steps shows how one subject came to its total, and Scores.Smallest what would change it.
//
// What a score consists of is told by rules.Score, what an indicator is by rules.Known; this package has no weight
// and no threshold. Figures come as columns, one entry for each subject, sorted by the subjects' ids: sums run in
// that order, so equal figures give equal bytes. Reading inputs and building tables is left to the caller.
package score

import (
	"math"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/stats"
)

// Status says whether a subject has a score.
type Status uint8

const (
	// NoScore: too few valid orders, or not one indicator at hand. It is not a low score.
	NoScore Status = iota + 1
	// Scored: it has one.
	Scored
	// Capped: it has one, under the cap that a recent severe ticket sets.
	Capped
)

// Scores are the scores of all subjects of one role, one entry for each subject. It borrows the Figures it was
// computed from, for Steps and Smallest.
type Scores struct {
	Status  []Status
	Total   []int16 // hundredths, 300 to 500; 0: no score
	Lower   []int16 // the conservative score: every rate at its upper 95 % bound; like Total
	Quality []int16 // the dimension of the quality gate in hundredths, rounded down, so that a gate passes nobody whom the quality gate holds; 0: none; nil: there is no such dimension
	Grade   []int8  // position in Rules.Grades; −1: no score

	present []uint16 // indicators that have points
	basis   *basis
}

// Coverage is the weight of the indicators that have points / weight of all, in [0, 1].
func (s *Scores) Coverage(subject int) float64 { return s.basis.coverage(s.present[subject]) }

// Dimensions appends to buf[:0] the dimensions of a subject in the order of the rules: points, not rounded; NaN: nothing
// present, or no score. They are computed anew at every call.
func (s *Scores) Dimensions(subject int, buf []float64) []float64 {
	buf = buf[:0]
	if s.Status[subject] == NoScore {
		for range s.basis.dimensions {
			buf = append(buf, math.NaN())
		}
		return buf
	}
	var points points
	var sum folded
	s.basis.points(subject, false, &points)
	s.basis.fold(&points, &sum)
	return append(buf, sum.dimensions[:len(s.basis.dimensions)]...)
}

// Compute scores all subjects.
//
// frozen are the norms measured on the last day of the last month. Where they are nil, or know nothing of an
// indicator (the first month), its mean is tonight's pooled mean of the platform and the anchors and the strength
// are those of the rules. Percentiles are always tonight's. So many workers score subjects side by side.
//
// It returns an error if the score names an indicator that is not known, or the figures do not fit together.
//
// Source: definitions.md, sections 3 to 8.
func Compute(r *rules.Rules, s rules.Score, known []rules.Known, f *Figures, frozen *Norms, workers int) (*Scores, error) {
	p, err := newPlan(r, s, known)
	if err != nil {
		return nil, err
	}
	if err := f.check(p); err != nil {
		return nil, err
	}
	b, err := newBasis(p, f, frozen, workers)
	if err != nil {
		return nil, err
	}
	scores := newScores(b)
	return scores, column.Ranges(f.Subjects, workers, func(from, to int) {
		for subject := from; subject < to; subject++ {
			scores.compute(subject)
		}
	})
}

func newScores(b *basis) *Scores {
	s := &Scores{
		Status: make([]Status, b.Subjects), Total: make([]int16, b.Subjects), Lower: make([]int16, b.Subjects),
		Grade: make([]int8, b.Subjects), present: make([]uint16, b.Subjects), basis: b,
	}
	if b.gate >= 0 {
		s.Quality = make([]int16, b.Subjects)
	}
	return s
}

// compute fills in one subject.
func (s *Scores) compute(subject int) {
	var points points
	var sum folded
	s.basis.points(subject, false, &points)
	s.basis.fold(&points, &sum)
	s.present[subject] = s.basis.present(&points)
	if !s.basis.scored(subject) || math.IsNaN(sum.total) {
		s.Status[subject], s.Grade[subject] = NoScore, -1
		return
	}
	s.Status[subject] = Scored
	if s.basis.severe(subject) {
		s.Status[subject] = Capped
	}
	total := s.basis.hundredths(sum.total, subject)
	s.Total[subject], s.Grade[subject] = int16(total), s.basis.grade(total, sum.gated)
	if s.Quality != nil {
		if quality := sum.dimensions[s.basis.gate]; !math.IsNaN(quality) {
			s.Quality[subject] = int16(math.Floor(quality*100 + slack))
		}
	}
	s.basis.points(subject, true, &points)
	s.basis.fold(&points, &sum)
	s.Lower[subject] = int16(s.basis.hundredths(sum.total, subject))
}

// scored tells whether the subject has enough valid orders.
func (b *basis) scored(subject int) bool { return b.Orders.At(subject) >= b.rules.MinimumOrders }

func (b *basis) severe(subject int) bool { return b.SevereRecent != nil && b.SevereRecent[subject] }

// hundredths takes what tickets take from a total and rounds, once. The cap comes first: general tickets cost a
// capped subject as much as any other.
func (b *basis) hundredths(total float64, subject int) int64 {
	v := b.rules.Violations
	if b.severe(subject) {
		total = min(total, v.SevereCap)
	}
	if b.ViolationPoints != nil {
		if over := b.ViolationPoints.At(subject) - v.FreePoints; over > 0 {
			total -= min(v.PerPoint*float64(over), v.Most)
		}
	}
	return stats.HalfUp(max(total, b.lowest()), 2)
}

// grade is the position of the grade; a gated subject gets no better one than the gate allows.
func (p *plan) grade(hundredths int64, gated bool) int8 {
	grade := int8(p.rules.GradeOf(float64(hundredths) / 100))
	if gated {
		grade = max(grade, p.gateGrade)
	}
	return grade
}
