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
	Status     []Status
	Total      []int64     // hundredths, 300 to 500; column.Null: no score
	Lower      []int64     // the conservative score: every rate at its upper 95 % bound; like Total
	Grade      []int8      // position in Rules.Grades; −1: no score
	Dimensions [][]float64 // [dimension][subject], points, not rounded; NaN: nothing present, or no score
	Coverage   []float64   // weight of the indicators that have points / weight of all, in [0, 1]

	basis *basis
}

// Compute scores all subjects.
//
// frozen are the norms measured on the last day of the last month. Where they are nil, or know nothing of an
// indicator (the first month), its mean is tonight's pooled mean of the platform and the anchors and the strength
// are those of the rules. Percentiles are always tonight's.
//
// It returns an error if the score names an indicator that is not known, or the figures do not fit together.
//
// Source: definitions.md, sections 3 to 8.
func Compute(r *rules.Rules, s rules.Score, known []rules.Known, f *Figures, frozen *Norms) (*Scores, error) {
	p, err := newPlan(r, s, known)
	if err != nil {
		return nil, err
	}
	if err := f.check(p); err != nil {
		return nil, err
	}
	scores := newScores(newBasis(p, f, frozen))
	for subject := range f.Subjects {
		scores.compute(subject)
	}
	return scores, nil
}

func newScores(b *basis) *Scores {
	s := &Scores{
		Status: make([]Status, b.Subjects), Total: make([]int64, b.Subjects), Lower: make([]int64, b.Subjects),
		Grade: make([]int8, b.Subjects), Coverage: make([]float64, b.Subjects),
		Dimensions: make([][]float64, len(b.dimensions)), basis: b,
	}
	for d := range s.Dimensions {
		s.Dimensions[d] = make([]float64, b.Subjects)
	}
	return s
}

// compute fills in one subject.
func (s *Scores) compute(subject int) {
	var points points
	var sum folded
	s.basis.points(subject, false, &points)
	s.basis.fold(&points, &sum)
	s.Coverage[subject] = s.basis.coverage(&points)
	if !s.basis.scored(subject) || math.IsNaN(sum.total) {
		s.none(subject)
		return
	}
	s.Status[subject] = Scored
	if s.basis.severe(subject) {
		s.Status[subject] = Capped
	}
	s.Total[subject] = s.basis.hundredths(sum.total, subject)
	s.Grade[subject] = s.basis.grade(s.Total[subject], sum.gated)
	for d := range s.Dimensions {
		s.Dimensions[d][subject] = sum.dimensions[d]
	}
	s.basis.points(subject, true, &points)
	s.basis.fold(&points, &sum)
	s.Lower[subject] = s.basis.hundredths(sum.total, subject)
}

// none fills in a subject without a score.
func (s *Scores) none(subject int) {
	s.Status[subject], s.Grade[subject] = NoScore, -1
	s.Total[subject], s.Lower[subject] = column.Null, column.Null
	for d := range s.Dimensions {
		s.Dimensions[d][subject] = math.NaN()
	}
}

// scored tells whether the subject has enough valid orders.
func (b *basis) scored(subject int) bool { return b.Orders[subject] >= b.rules.MinimumOrders }

func (b *basis) severe(subject int) bool { return b.SevereRecent != nil && b.SevereRecent[subject] }

// hundredths takes what tickets take from a total and rounds, once. The cap comes first: general tickets cost a
// capped subject as much as any other.
func (b *basis) hundredths(total float64, subject int) int64 {
	v := b.rules.Violations
	if b.severe(subject) {
		total = min(total, v.SevereCap)
	}
	if b.ViolationPoints != nil {
		if over := b.ViolationPoints[subject] - v.FreePoints; over > 0 {
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
