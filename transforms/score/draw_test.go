package score_test

import (
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/score"
)

// smallRules are rules under which a handful of subjects have norms of their own.
func smallRules(t *rapid.T) *rules.Rules {
	r := testRules()
	r.Norms.MinimumN, r.Norms.MinimumEntities = 8, rapid.IntRange(1, 5).Draw(t, "minimum entities")
	r.Price.Mode = rapid.SampledFrom([]string{"star", "bonus"}).Draw(t, "price mode")
	r.QualityGate.Dimension = rapid.SampledFrom([]string{"quality", "service"}).Draw(t, "dimension of the quality gate")
	return r
}

// draw draws figures of a few subjects in a few categories, with every kind of gap.
func (k kind) draw(t *rapid.T, subjects int) *figures {
	f := k.blank(subjects, rapid.IntRange(0, 3).Draw(t, "levels"))
	for at := range subjects {
		f.Orders[at] = rapid.Int64Range(20, 70).Draw(t, "orders")
		for l := range f.Categories {
			f.Categories[l][at] = rapid.SampledFrom([]int64{column.Null, -7, 0, 1, 1 << 40}).Draw(t, "category")
		}
	}
	for i := range f.X {
		if rapid.IntRange(0, 9).Draw(t, "table missing") == 0 {
			f.X[i], f.N[i] = nil, nil
			continue
		}
		for at := range subjects {
			f.X[i][at], f.N[i][at] = k.drawFigure(t, i)
		}
	}
	f.Observed = make([][]float64, len(f.X))
	for i := range f.X {
		if f.X[i] == nil || rapid.Bool().Draw(t, "n is what was observed") {
			continue
		}
		f.Observed[i] = make([]float64, subjects)
		for at := range subjects {
			f.Observed[i][at] = float64(rapid.IntRange(0, 16).Draw(t, "observed"))
		}
	}
	if rapid.Bool().Draw(t, "tickets known") {
		f.SevereRecent, f.ViolationPoints = make([]bool, subjects), make([]int64, subjects)
		for at := range subjects {
			f.SevereRecent[at] = rapid.IntRange(0, 4).Draw(t, "severe") == 0
			f.ViolationPoints[at] = rapid.Int64Range(0, 20).Draw(t, "points")
		}
	}
	return f
}

// drawFigure draws x and n of an indicator: counts, but weighted ones where talents count events; of shares only n is one.
func (k kind) drawFigure(t *rapid.T, i int) (x, n float64) {
	known := k.each[i]
	if rapid.IntRange(0, 5).Draw(t, "no figure") == 0 {
		return 0, 0
	}
	switch known.Way {
	case rules.Percentile:
		return float64(rapid.IntRange(-2, 6).Draw(t, "figure")), 1
	case rules.Points:
		return rapid.Float64Range(3, 5).Draw(t, "points"), 1
	}
	n = float64(rapid.IntRange(1, 400).Draw(t, "n"))
	value := rapid.Float64Range(0, 1.2*k.all[i].Anchors[3]).Draw(t, "value")
	if known.Scale > 0 {
		value /= known.Scale
	}
	x = value * n
	if known.Way == rules.Rate {
		switch {
		case known.ID == "price_coverage":
			return x, n
		case k.whole(i):
			return float64(int(x)), n
		}
		x, n = .63*float64(int(x)), .63*n
	}
	return x, n
}

// drawNorms draws norms: none, or those of other subjects.
func (k kind) drawNorms(t *rapid.T, r *rules.Rules, levels int) *score.Norms {
	if rapid.Bool().Draw(t, "first month") {
		return nil
	}
	last := k.draw(t, rapid.IntRange(0, 20).Draw(t, "subjects last month"))
	last.Categories = nil
	for range levels {
		codes := make([]int64, last.Subjects)
		for at := range codes {
			codes[at] = rapid.SampledFrom([]int64{column.Null, -7, 1, 99}).Draw(t, "category last month")
		}
		last.Categories = append(last.Categories, codes)
	}
	return k.measure(t, r, last)
}

// whole tells whether x of a rate is a number of things: events count with recency weights in talents' score, and a share of
// money is no number of anything.
func (k kind) whole(i int) bool {
	return k.each[i].ID == "not_repeat" || k.each[i].ID != "price_coverage" && k.name != "talent"
}
