package score_test

import (
	"math"
	"testing"

	"github.com/windvane/windvane/transforms/score"
)

// The worked example of definitions.md, section 6.
var worked = []struct {
	id         string
	x, n, mean float64
	value      float64
	decimals   int
	points     float64
	effective  float64
}{
	{"quality_refund", 12, 1000, .012, .012000, 6, 4.6200, .20},
	{"quality_bad_review", 9, 1000, .013, .009190, 6, 4.8054, .20},
	{"missed_pickup", 60, 1000, .06, .060000, 6, 4.6200, .10},
	{"transit_ratio", 95, 100, 1, .95, 6, 4.8000, .08},
	{"logistics_complaint", 2, 1000, .004, .002182, 6, 4.8227, .07},
	{"not_self_completed", 10, 80, .15, .131818, 6, 4.6636, .08},
	{"chat_unhappy", 12, 200, .09, .063913, 6, 4.7965, .07},
	{"refund_only_hours", 200, 20, 12, 10, 6, 4.7750, .03},
	{"return_refund_hours", 400, 10, 48, 40, 6, 4.8000, .03},
	{"slow_reply", 45, 300, .18, .152727, 6, 4.6927, .04},
	{"not_repeat", 640, 800, .78, .798824, 6, 4.5498, .06},
	{"price_coverage", 30, 100, .40, .316667, 6, 4.7400, .04},
}

// example are the figures of the worked example, for a number of equal subjects.
func example(t tb, subjects int) (*figures, *score.Norms) {
	f, means := shop.blank(subjects, 1), map[string]float64{}
	for _, w := range worked {
		i := shop.position(t, w.id)
		for subject := range subjects {
			f.X[i][subject], f.N[i][subject] = w.x, w.n
		}
		means[w.id] = w.mean
	}
	return f, shop.means(t, testRules(), means)
}

func TestWorkedExampleComesOutToAllPrintedDigits(t *testing.T) {
	f, norms := example(t, 1)
	s := shop.compute(t, testRules(), f, norms)
	steps := s.Steps(0, nil)
	var sum, weight float64
	for _, w := range worked {
		step := steps[shop.position(t, w.id)]
		within(t, w.id+" value", step.Value, w.value, .51e-6)
		within(t, w.id+" points", step.Points, w.points, .51e-4)
		within(t, w.id+" weight", step.Effective, w.effective, 1e-12)
		sum, weight = sum+step.Points*step.Effective, weight+step.Effective
	}
	within(t, "sum of contributions", sum, 4.715055, .51e-6)
	within(t, "sum of weights", weight, 1, 1e-12)
	if s.Total[0] != 472 || s.Status[0] != score.Scored || s.Coverage(0) != 1 {
		t.Errorf("total %d, status %d, coverage %v", s.Total[0], s.Status[0], s.Coverage(0))
	}
	if name := testRules().Grades[s.Grade[0]].Name; name != "A" {
		t.Errorf("grade %s, want A", name)
	}
	if s.Lower[0] >= s.Total[0] {
		t.Errorf("the conservative score %d is not below %d", s.Lower[0], s.Total[0])
	}
}

// within fails unless got is want within a tolerance.
func within(t tb, name string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %.9f, want %.9f", name, got, want)
	}
}

// A few orders with one bad review are no worse than many with as many in a hundred more.
func TestFewOrdersAreNotCondemnedByOneReview(t *testing.T) {
	f := product.blank(2, 1)
	i := product.position(t, "bad_review")
	f.X[i][0], f.N[i][0] = 1, 40
	f.X[i][1], f.N[i][1] = 150, 5000
	s := product.compute(t, testRules(), f, product.means(t, testRules(), map[string]float64{"bad_review": .013}))
	few, many := s.Steps(0, nil)[i], s.Steps(1, nil)[i]
	within(t, "rate of the few", few.Value, .0183, .51e-4)
	within(t, "rate of the many", many.Value, .0298, .51e-4)
	if few.Points <= many.Points {
		t.Errorf("%v points of the few, %v of the many", few.Points, many.Points)
	}
}
