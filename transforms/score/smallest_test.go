package score_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/score"
)

// there tells whether a subject is where it shall be: its total reaches total, the dimension of the quality gate quality.
func (w twin) there(s *score.Scores, subject int, total int64, quality float64) bool {
	if s.Status[subject] == score.NoScore || int64(s.Total[subject]) < total {
		return false
	}
	d := slices.IndexFunc(w.score(w.r).Dimensions, func(d rules.Dimension) bool { return d.ID == w.r.QualityGate.Dimension })
	return quality == 0 || d >= 0 && s.Dimensions(subject, nil)[d] >= quality-1e-9
}

// with scores again with another x of one indicator of a subject, all else held.
func (w twin) with(t tb, i, subject int, x float64) *score.Scores {
	f := *w.f
	f.X = slices.Clone(f.X)
	f.X[i] = slices.Clone(f.X[i])
	f.X[i][subject] = x
	return w.compute(t, w.r, &f, w.frozen)
}

// norms are those of the figures themselves, so that a changed figure changes no norm.
func (w *twin) freeze(t tb) { w.frozen = w.kind.measure(t, w.r, w.f) }

func TestSmallestChangeQualifiesAndLessDoesNot(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			found := 0
			rapid.Check(t, func(t *rapid.T) {
				w := twin{kind: k, r: smallRules(t), f: k.draw(t, rapid.IntRange(1, 6).Draw(t, "subjects"))}
				w.freeze(t)
				s := w.compute(t, w.r, w.f, w.frozen)
				total := rapid.SampledFrom([]int64{0, 398, 400, 440, 460, 470, 485}).Draw(t, "total")
				quality := 0.0
				if k.name == "product" { // nobody else has such a gate: no change would ever be found
					quality = rapid.SampledFrom([]float64{0, 4.4}).Draw(t, "quality")
				}
				for subject := range w.f.Subjects {
					change, ok := s.Smallest(subject, total, quality)
					if w.there(s, subject, total, quality) || s.Status[subject] == score.NoScore {
						if ok {
							t.Fatalf("subject %d is there already, or never: %+v", subject, change)
						}
						continue
					}
					w.bestPossible(t, subject, total, quality, change, ok)
					if ok {
						found++
					}
				}
			})
			if found == 0 {
				t.Error("no change was ever found")
			}
		})
	}
}

// bestPossible fails unless change does what it says and no other indicator does it for less.
func (w twin) bestPossible(t *rapid.T, subject int, total int64, quality float64, change score.Change, ok bool) {
	if ok && w.counted(change.Indicator) {
		if !w.there(w.with(t, change.Indicator, subject, change.ToX), subject, total, quality) {
			t.Fatalf("subject %d does not get to %d with %+v", subject, total, change)
		}
		less := change.ToX + max(1e-6*change.FromX, 1e-12)
		if w.each[change.Indicator].Way == rules.Rate && w.whole(change.Indicator) {
			if less = change.ToX + 1; change.ToX != float64(int(change.ToX)) {
				t.Fatalf("subject %d: %+v is no number of things", subject, change)
			}
		}
		if w.there(w.with(t, change.Indicator, subject, less), subject, total, quality) {
			t.Fatalf("subject %d gets to %d with less than %+v", subject, total, change)
		}
	}
	for i := range w.f.X {
		if w.f.X[i] == nil || w.f.N[i][subject] == 0 || !w.counted(i) {
			continue
		}
		if !ok || !w.counted(change.Indicator) || w.each[change.Indicator].Way == rules.Mean && w.each[i].Way == rules.Rate {
			if w.there(w.with(t, i, subject, 0), subject, total, quality) {
				t.Fatalf("subject %d gets to %d by %d alone, but %+v was found", subject, total, i, change)
			}
			continue
		}
		if w.each[i].Way == rules.Rate && w.each[change.Indicator].Way == rules.Rate {
			x, n := w.f.X[i][subject], w.f.N[i][subject]
			if cheaper := x - n*change.Share*.999; cheaper <= x && w.there(w.with(t, i, subject, max(0, w.wholeUp(i, cheaper))), subject, total, quality) {
				t.Fatalf("subject %d gets to %d for less by %d than by %+v", subject, total, i, change)
			}
		}
	}
}

// counted are the indicators that are bad events or hours.
func (w twin) counted(i int) bool {
	way := w.each[i].Way
	return way == rules.Rate || way == rules.Mean
}

// wholeUp is the next whole number of events, where events are counted.
func (w twin) wholeUp(i int, x float64) float64 {
	if !w.whole(i) || x == float64(int(x)) {
		return x
	}
	return float64(int(x) + 1)
}

// What operations staff want to hear: how many fewer of how many.
func TestSmallestChangeSaysHowManyFewer(t *testing.T) {
	f, r := shop.blank(1, 1), testRules()
	i := shop.position(t, "quality_refund")
	f.X[i][0], f.N[i][0] = 178, 7400
	norms := shop.means(t, r, map[string]float64{
		"quality_refund": .012, "quality_bad_review": .012, "logistics_complaint": .003, "not_self_completed": .12, "not_repeat": .75,
	})
	s := shop.compute(t, r, f, norms)
	change, ok := s.Smallest(0, 465, 0)
	if !ok || change.Indicator != i || change.N != 7400 || change.FromX != 178 {
		t.Fatalf("%v %+v of total %d", ok, change, s.Total[0])
	}
	f.X[i][0] = change.ToX
	if s := shop.compute(t, r, f, norms); s.Total[0] != 465 {
		t.Errorf("total %d after the change", s.Total[0])
	}
	f.X[i][0] = change.ToX + 1
	if s := shop.compute(t, r, f, norms); s.Total[0] != 464 {
		t.Errorf("total %d after one event less", s.Total[0])
	}
	t.Logf("from %.4f to %.4f: %v fewer of %v", change.From, change.To, change.FromX-change.ToX, change.N)
}

// Buyers weigh the same on every day, of talents too: so many more come back, and not a part of one.
func TestTheBuyersOfTalentsAreWhole(t *testing.T) {
	f, r := talent.blank(1, 1), testRules()
	i := talent.position(t, "not_repeat")
	f.X[i][0], f.N[i][0] = 640, 800
	s := talent.compute(t, r, f, talent.means(t, r, map[string]float64{"not_repeat": .75}))
	change, ok := s.Smallest(0, int64(s.Total[0])+1, 0)
	if !ok || change.Indicator != i || change.FromX != 640 || change.ToX >= 640 || change.ToX != float64(int(change.ToX)) {
		t.Fatalf("%v %+v", ok, change)
	}
}

// A share of money moves by parts of an item, though x may be whole: here none of the sales count.
func TestTheSmallestChangeOfAShareIsNoNumberOfItems(t *testing.T) {
	for _, k := range []kind{shop, talent} {
		f, r := k.blank(1, 1), testRules()
		i := k.position(t, "price_coverage")
		f.X[i][0], f.N[i][0] = 60, 60
		s := k.compute(t, r, f, k.means(t, r, map[string]float64{"price_coverage": .5}))
		change, ok := s.Smallest(0, int64(s.Total[0])+1, 0)
		if !ok || change.Indicator != i || change.ToX == float64(int(change.ToX)) {
			t.Errorf("%s: %v %+v", k.name, ok, change)
		}
	}
}

func TestPercentilesAndPointsAreOfferedLast(t *testing.T) {
	f, r := product.blank(1, 1), testRules()
	price, info := product.position(t, "price_power"), product.position(t, "info_score")
	f.X[price][0], f.N[price][0] = 4.4, 1
	f.X[info][0], f.N[info][0] = 4.5, 1
	s := product.compute(t, r, f, product.means(t, r, map[string]float64{"quality_refund": .01, "bad_review": .012, "mismatch_complaint": .001, "dispute": .003}))
	change, ok := s.Smallest(0, int64(s.Total[0])+5, 0)
	if !ok || change.Indicator != price || change.To <= 4.4 || change.To > 4.85 {
		t.Fatalf("%v %+v", ok, change)
	}
	f.X[price][0] = change.To
	if again := product.compute(t, r, f, nil); again.Total[0] != s.Total[0]+5 {
		t.Errorf("total %d, want %d", again.Total[0], s.Total[0]+5)
	}
}

func TestEqualChangesAreTakenInTheOrderOfTheRules(t *testing.T) {
	r := testRules()
	goods := r.Shop.Dimensions[0].Indicators // of equal weight
	goods[1].Anchors = goods[0].Anchors
	f := shop.blank(1, 0)
	for i := range goods {
		f.X[i][0], f.N[i][0] = 30, 1000
	}
	s := shop.compute(t, r, f, shop.means(t, r, map[string]float64{"quality_bad_review": .012, "quality_refund": .012}))
	if change, ok := s.Smallest(0, int64(s.Total[0])+3, 0); !ok || change.Indicator != 0 {
		t.Errorf("%v %+v", ok, change)
	}
}
