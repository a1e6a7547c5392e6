package score_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/score"
)

func TestSubjectsWithFewOrdersHaveNoScoreButSteps(t *testing.T) {
	f, norms := example(t, 2)
	f.Orders[0] = 5
	s := shop.compute(t, testRules(), f, norms)
	if s.Status[0] != score.NoScore || s.Total[0] != 0 || s.Lower[0] != 0 || s.Grade[0] != -1 {
		t.Errorf("5 orders: status %d, total %d, lower %d, grade %d", s.Status[0], s.Total[0], s.Lower[0], s.Grade[0])
	}
	if !math.IsNaN(s.Dimensions(0, nil)[0]) {
		t.Errorf("5 orders: dimension %v", s.Dimensions(0, nil)[0])
	}
	if steps := s.Steps(0, nil); steps[0].Points != s.Steps(1, nil)[0].Points {
		t.Error("steps differ from those of a subject with a score")
	}
	if _, ok := s.Smallest(0, 300, 0); ok {
		t.Error("a change gives a score")
	}
}

func TestTicketsTakeFromTheTotal(t *testing.T) {
	f, norms := example(t, 5)
	f.SevereRecent = []bool{false, true, false, false, true}
	f.ViolationPoints = []int64{4, 0, 5, 1000, 6}
	s := shop.compute(t, testRules(), f, norms)
	for at, want := range []int16{472, 399, 467, 422, 389} { // 4.715055 − 0.05 is 4.665055
		if s.Total[at] != want {
			t.Errorf("subject %d: %d, want %d", at, s.Total[at], want)
		}
	}
	if s.Status[1] != score.Capped || s.Status[2] != score.Scored {
		t.Errorf("status %d and %d", s.Status[1], s.Status[2])
	}
	if _, ok := s.Smallest(1, 400, 0); ok {
		t.Error("a change lifts the cap of a severe ticket")
	}
}

// poor are figures of two products with five stars; the first is of poor quality.
func poor(t tb) (*figures, *score.Norms) {
	f := product.blank(2, 1)
	for id, x := range map[string]float64{"price_power": 5, "info_score": 5} {
		i := product.position(t, id)
		f.X[i], f.N[i] = []float64{x, x}, []float64{1, 1}
	}
	i := product.position(t, "quality_refund")
	f.X[i], f.N[i] = []float64{35, 3}, []float64{1000, 1000}
	return f, product.means(t, testRules(), map[string]float64{"quality_refund": .01, "bad_review": .004, "mismatch_complaint": .0005, "dispute": .001})
}

func TestPoorQualityGainsNothingByItsPrice(t *testing.T) {
	f, norms := poor(t)
	s := product.compute(t, testRules(), f, norms)
	price := product.position(t, "price_power")
	bad, good := s.Steps(0, nil)[price], s.Steps(1, nil)[price]
	if !bad.Gated || bad.Points != 4.4 || good.Gated || good.Points != 5 {
		t.Errorf("points of price: %v (gated %v) and %v (gated %v)", bad.Points, bad.Gated, good.Points, good.Gated)
	}
	if name := testRules().Grades[s.Grade[0]].Name; s.Dimensions(0, nil)[0] >= 4.4 || name != "C" || s.Total[0] < 440 {
		t.Errorf("quality %v, total %d: grade %s, want C", s.Dimensions(0, nil)[0], s.Total[0], name)
	}
	if name := testRules().Grades[s.Grade[1]].Name; name != "A+" {
		t.Errorf("grade %s of the good one, want A+", name)
	}
}

// Every score has a dimension service: a gate on it lowers grades of products, and those of shops and talents no more than one on quality.
func TestTheQualityGateIsOfProductsAlone(t *testing.T) {
	for _, k := range kinds {
		r := testRules()
		r.QualityGate.Dimension, r.QualityGate.AtLeast, r.QualityGate.Grade = "service", 5, "D"
		f := k.crowd(100)
		s, free := k.compute(t, r, f, nil), k.compute(t, testRules(), f, nil)
		lowered := 0
		for at := range f.Subjects {
			if grade := s.Grade[at]; grade >= 0 && grade > int8(r.GradeOf(float64(s.Total[at])/100)) {
				lowered++
			}
		}
		if is := k.name == "product"; is != (lowered > 0) || is != (s.Quality != nil) || !is && !slices.Equal(s.Grade, free.Grade) {
			t.Errorf("%s: %d grades are lowered, qualities are known: %v", k.name, lowered, s.Quality != nil)
		}
	}
}

func TestChangesSeeThroughTheQualityGate(t *testing.T) {
	f, norms := poor(t)
	s := product.compute(t, testRules(), f, norms)
	i := product.position(t, "quality_refund")
	change, ok := s.Smallest(0, 0, 4.4)
	if !ok || change.Indicator != i {
		t.Fatalf("%v %+v", ok, change)
	}
	f.X[i][0] = change.ToX
	opened := product.compute(t, testRules(), f, norms)
	if step := opened.Steps(0, nil)[product.position(t, "price_power")]; step.Gated || opened.Dimensions(0, nil)[0] < 4.4 {
		t.Errorf("quality %v, gated %v", opened.Dimensions(0, nil)[0], step.Gated)
	}
}

func TestPriceAsBonusNeverTakes(t *testing.T) {
	r := testRules()
	r.Price.Mode = "bonus"
	f := product.blank(3, 1)
	i := product.position(t, "price_power")
	f.X[i], f.N[i] = []float64{4.4, 4.7, 0}, []float64{1, 1, 0}
	info := product.position(t, "info_score")
	f.X[info], f.N[info] = []float64{4, 4, 4}, []float64{1, 1, 1}
	s := product.compute(t, r, f, nil)
	if s.Total[0] != s.Total[2] || s.Total[1] != s.Total[0]+10 {
		t.Errorf("totals %d (1 star), %d (3 stars), %d (not comparable)", s.Total[0], s.Total[1], s.Total[2])
	}
	if step := s.Steps(1, nil)[i]; step.Effective != 0 || math.Abs(step.Contribution-.1) > 1e-12 {
		t.Errorf("weight %v, contribution %v", step.Effective, step.Contribution)
	}
}

func TestAbsentIndicatorsLeaveTheirWeightToTheirDimension(t *testing.T) {
	f, norms := example(t, 1)
	for _, id := range []string{"not_repeat", "missed_pickup"} {
		i := shop.position(t, id)
		f.X[i], f.N[i] = nil, nil
	}
	for _, id := range []string{"transit_ratio", "price_coverage"} {
		f.N[shop.position(t, id)][0] = 0
	}
	review := shop.position(t, "quality_bad_review")
	f.X[review][0], f.N[review][0] = 0, 0
	s := shop.compute(t, testRules(), f, norms)
	steps := s.Steps(0, nil)
	for id, want := range map[string]score.State{
		"not_repeat": score.NotComputable, "transit_ratio": score.NotApplicable, "quality_bad_review": score.FromMean, "quality_refund": score.Used,
	} {
		if got := steps[shop.position(t, id)].State; got != want {
			t.Errorf("%s: state %d, want %d", id, got, want)
		}
	}
	within(t, "points of the mean", steps[review].Value, .013, 1e-12)
	within(t, "weight of what is left of logistics", steps[shop.position(t, "logistics_complaint")].Effective, .25/.9, 1e-12)
	within(t, "coverage", s.Coverage(0), 1-.06-.04-.10-.08, 1e-12)
	if d := s.Dimensions(0, nil)[3]; !math.IsNaN(d) {
		t.Errorf("competitiveness is %v without indicators", d)
	}
}

func TestPricePointsStayAboveTheirFloor(t *testing.T) {
	f, norms := example(t, 1)
	i := shop.position(t, "price_coverage")
	f.X[i][0] = f.N[i][0]
	if step := shop.compute(t, testRules(), f, norms).Steps(0, nil)[i]; step.Points != 4.4 {
		t.Errorf("%v points without one good price", step.Points)
	}
}

func TestPercentilesRunThroughTheirQuantiles(t *testing.T) {
	const products = 1000
	f, r := product.blank(products, 2), testRules()
	i := product.position(t, "effective_gmv")
	for at := range products {
		f.X[i][at], f.N[i][at] = float64(at), 1
		f.Categories[0][at], f.Categories[1][at] = int64(at%100), int64(at%2) // 10 and 500 in each
	}
	s := product.compute(t, r, f, nil)
	for at, want := range map[int]float64{0: 3, 29: 3, 30: 3, 200: 4.3, 500: 4.7, 800: 5, 999: 5} {
		step := s.Steps(at, nil)[i]
		within(t, "points", step.Points, want, .01)
		if step.Level != 1 || step.Code != int64(at%2) || math.Abs(step.Value-(float64(at/2)+.5)/500) > 1e-12 {
			t.Errorf("subject %d: percentile %v in category %d of level %d", at, step.Value, step.Code, step.Level)
		}
	}
}

func TestFiguresThatDoNotFitAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(f *figures, r *rules.Rules){
		"orders":             func(f *figures, _ *rules.Rules) { f.Orders = nil },
		"categories":         func(f *figures, _ *rules.Rules) { f.Categories[0] = nil },
		"severe tickets":     func(f *figures, _ *rules.Rules) { f.SevereRecent = make([]bool, 9) },
		"violation points":   func(f *figures, _ *rules.Rules) { f.ViolationPoints = make([]int64, 9) },
		"indicators, not":    func(f *figures, _ *rules.Rules) { f.X = f.X[1:] },
		"subject 1: x = NaN": func(f *figures, _ *rules.Rules) { f.X[0][1] = math.NaN() },
		"of n = -1":          func(f *figures, _ *rules.Rules) { f.N[0][1] = -1 },
		"x = -1":             func(f *figures, _ *rules.Rules) { f.X[0][1] = -1 },
		"indicator weather":  func(_ *figures, r *rules.Rules) { r.Product.Dimensions[0].Indicators[0].ID = "weather" },
		"anchors [1 1 2 3]": func(_ *figures, r *rules.Rules) {
			r.Product.Dimensions[0].Indicators[0].Anchors = [4]float64{1, 1, 2, 3}
		},
		`no grade "E"`:         func(_ *figures, r *rules.Rules) { r.QualityGate.Grade = "E" },
		"price is part of its": func(_ *figures, r *rules.Rules) { r.QualityGate.Dimension = "price" },
		"17 indicators, at most ": func(_ *figures, r *rules.Rules) {
			r.Product.Dimensions[0].Indicators = make([]rules.Indicator, 9)
		},
	} {
		f, r := product.blank(2, 1), testRules()
		spoil(f, r)
		_, err := score.Compute(r, r.Product, product.known, f.columns(), nil, 1)
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if _, also := score.Measure(r, r.Product, product.known, f.columns()); also == nil || also.Error() != err.Error() {
			t.Errorf("%s: measuring says %v", name, also)
		}
	}
}
