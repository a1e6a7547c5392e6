package score_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/score"
	"github.com/windvane/windvane/transforms/stats"
)

// twin scores one subject at a time from the definitions: it asks every question anew and looks nothing up.
type twin struct {
	kind
	r      *rules.Rules
	f      *figures
	frozen *score.Norms
}

// norm is what the subject is held against.
func (w twin) norm(i, subject int) (mean, strength float64, anchors [4]float64) {
	mean, strength, anchors = w.tonight(i), w.all[i].Strength, w.all[i].Anchors
	if w.frozen == nil {
		return mean, strength, anchors
	}
	chosen := -1
	for _, n := range w.frozen.Rows() {
		if n.Indicator != w.all[i].ID {
			continue
		}
		if n.Level == 0 {
			mean = n.Mean
		}
		at := len(w.f.Categories) - n.Level
		mine := n.Level == 0 || at >= 0 && w.f.Categories[at][subject] == n.Code
		if mine && n.Own && n.Level > chosen {
			chosen = n.Level
		}
	}
	for _, n := range w.frozen.Rows() {
		at := len(w.f.Categories) - n.Level
		if n.Indicator == w.all[i].ID && n.Level == chosen && (chosen == 0 || w.f.Categories[at][subject] == n.Code) {
			return n.Mean, n.Strength, n.Anchors
		}
	}
	return mean, strength, anchors
}

// tonight is the mean of the first month.
func (w twin) tonight(i int) float64 {
	var x, n, everyX, everyN float64
	for at := range w.f.N[i] {
		everyX, everyN = everyX+w.f.X[i][at], everyN+w.f.N[i][at]
		if w.f.N[i][at] > 0 && w.observed(i, at) >= float64(w.r.Norms.MinimumN) {
			x, n = x+w.f.X[i][at], n+w.f.N[i][at]
		}
	}
	switch {
	case n > 0:
		return x / n
	case everyN > 0:
		return everyX / everyN
	}
	return w.all[i].Anchors[1] / w.scale(i)
}

func (w twin) scale(i int) float64 {
	if s := w.each[i].Scale; s != 0 {
		return s
	}
	return 1
}

// percentile ranks the subject in the first of its categories with enough scored subjects that have a figure.
func (w twin) percentile(i, subject int) float64 {
	for l := 0; l <= len(w.f.Categories); l++ {
		var below, equal, total int64
		for at := range w.f.Subjects {
			if l < len(w.f.Categories) && (w.f.Categories[l][subject] == column.Null || w.f.Categories[l][at] != w.f.Categories[l][subject]) {
				continue
			}
			if w.f.N[i][at] == 0 || w.f.Orders[at] < w.r.MinimumOrders {
				continue
			}
			total++
			if w.f.X[i][at] < w.f.X[i][subject] {
				below++
			} else if w.f.X[i][at] == w.f.X[i][subject] {
				equal++
			}
		}
		if total >= int64(w.r.Norms.MinimumEntities) || l == len(w.f.Categories) {
			return stats.MidRank(below, equal, total)
		}
	}
	panic("unreachable")
}

// points of an indicator; NaN: none.
func (w twin) points(i, subject int, cautious bool) float64 {
	known := w.each[i]
	if w.f.X[i] == nil || w.f.N[i][subject] == 0 && known.Empty == rules.Drop {
		return math.NaN()
	}
	x, n := w.f.X[i][subject], w.f.N[i][subject]
	mean, strength, anchors := w.norm(i, subject)
	points := x
	switch known.Way {
	case rules.Rate:
		p := (x + strength*mean) / (n + strength)
		if cautious {
			p = stats.WilsonUpper(x, n, stats.Z95)
		}
		if n == 0 {
			p = mean
		}
		points = w.curve(anchors, p*w.scale(i))
	case rules.Mean:
		points = w.curve(anchors, x/n)
	case rules.Percentile:
		points = w.curve(w.r.Norms.Quantiles, 1-w.percentile(i, subject))
	}
	return math.Min(5, math.Max(points, math.Max(3, w.all[i].LeastPoints)))
}

func (w twin) curve(anchors [4]float64, value float64) float64 {
	c := stats.Curve{Anchors: anchors, Points: w.r.Norms.Points}
	return c.At(value)
}

// quality is that of the gate's dimension, NaN without: the gate is of products, whatever dimensions others have.
func (w twin) quality(subject int, cautious bool) float64 {
	for d, dim := range w.score(w.r).Dimensions {
		if w.name == "product" && dim.ID == w.r.QualityGate.Dimension {
			return w.dimension(d, subject, cautious, false)
		}
	}
	return math.NaN()
}

// dimension is the weighted mean of the indicators that have points.
func (w twin) dimension(d, subject int, cautious, gated bool) float64 {
	_, dimension := w.score(w.r).Indicators()
	var sum, weight float64
	for i := range w.all {
		if p := w.points(i, subject, cautious); dimension[i] == d && !math.IsNaN(p) {
			if gated && w.all[i].ID == "price_power" {
				p = w.r.QualityGate.PricePoints
			}
			sum, weight = sum+w.all[i].Weight*p, weight+w.all[i].Weight
		}
	}
	return sum / weight
}

// total is the published total, before rounding.
func (w twin) total(subject int, cautious bool) (total float64, gated bool) {
	gated = w.quality(subject, cautious) < w.r.QualityGate.AtLeast
	var sum, weight, bonus float64
	for d, dim := range w.score(w.r).Dimensions {
		v := w.dimension(d, subject, cautious, gated)
		if math.IsNaN(v) {
			continue
		}
		if w.r.Price.Mode == "bonus" && dim.ID == "price" {
			bonus = w.r.Price.Bonus * (v - 4.4) / .6
			continue
		}
		sum, weight = sum+dim.Weight()*v, weight+dim.Weight()
	}
	total = math.Min(5, sum/weight+bonus)
	if w.f.SevereRecent != nil && w.f.SevereRecent[subject] {
		total = math.Min(total, 3.99)
	}
	if w.f.ViolationPoints != nil {
		total -= math.Min(.5, .05*math.Max(0, float64(w.f.ViolationPoints[subject]-4)))
	}
	return math.Max(3, total), gated
}

func TestComputeAgreesWithItsTwin(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				r, f := smallRules(t), k.draw(t, rapid.IntRange(0, 20).Draw(t, "subjects"))
				w := twin{kind: k, r: r, f: f, frozen: k.drawNorms(t, r, len(f.Categories))}
				s := k.compute(t, r, f, w.frozen)
				for subject := range f.Subjects {
					w.compare(t, s, subject)
				}
			})
		})
	}
}

// compare fails where a subject's scores and steps are not the twin's.
func (w twin) compare(t *rapid.T, s *score.Scores, subject int) {
	total, gated := w.total(subject, false)
	if w.f.Orders[subject] < w.r.MinimumOrders || math.IsNaN(total) {
		if s.Status[subject] != score.NoScore || s.Total[subject] != 0 || s.Lower[subject] != 0 || s.Grade[subject] != -1 {
			t.Fatalf("subject %d has a score", subject)
		}
		return
	}
	lower, _ := w.total(subject, true)
	if got, want := int64(s.Total[subject]), stats.HalfUp(total, 2); got != want {
		t.Fatalf("subject %d: total %d, want %d (%v)", subject, got, want, total)
	}
	if got, want := int64(s.Lower[subject]), stats.HalfUp(lower, 2); got != want {
		t.Fatalf("subject %d: lower %d, want %d (%v)", subject, got, want, lower)
	}
	grade := w.r.GradeOf(float64(s.Total[subject]) / 100)
	if gated {
		grade = max(grade, slices.IndexFunc(w.r.Grades, func(g rules.Grade) bool { return g.Name == "C" }))
	}
	if int(s.Grade[subject]) != grade {
		t.Fatalf("subject %d: grade %d, want %d", subject, s.Grade[subject], grade)
	}
	for d := range w.score(w.r).Dimensions {
		if got, want := s.Dimensions(subject, nil)[d], w.dimension(d, subject, false, gated); !(math.Abs(got-want) < 1e-9) && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Fatalf("subject %d: dimension %d is %v, want %v", subject, d, got, want)
		}
	}
}
