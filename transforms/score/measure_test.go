package score_test

import (
	"math"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/score"
	"github.com/windvane/windvane/transforms/stats"
)

// observed is the n of floors: not weighted, refunds and lines instead of hours.
func (w twin) observed(i, subject int) float64 {
	if w.f.Observed == nil || w.f.Observed[i] == nil {
		return w.f.N[i][subject]
	}
	return w.f.Observed[i][subject]
}

// measure takes the norm of one category as the definitions say it.
func (w twin) measure(i, level int, code int64) score.Norm {
	norm := score.Norm{Indicator: w.all[i].ID, Level: level, Code: code, Strength: w.all[i].Strength, Anchors: w.all[i].Anchors}
	var x, n, values []float64
	for at := range w.f.Subjects {
		if w.f.N[i][at] > 0 && w.observed(i, at) >= float64(w.r.Norms.MinimumN) && (level == 0 || w.f.Categories[len(w.f.Categories)-level][at] == code) {
			x, n = append(x, w.f.X[i][at]), append(n, w.f.N[i][at])
		}
	}
	norm.Entities = int64(len(n))
	mean, strength := stats.StrengthByMoments(x, n, w.r.Norms.StrengthMin, w.r.Norms.StrengthMax, norm.Strength)
	norm.Mean = mean
	if level == 0 {
		norm.Mean = w.tonight(i)
	}
	if len(n) < w.r.Norms.MinimumEntities {
		return norm
	}
	if w.each[i].Way == rules.Mean {
		strength = 0
	}
	for at := range n {
		values = append(values, w.scale(i)*(x[at]+strength*mean)/(n[at]+strength))
	}
	slices.Sort(values)
	norm.Own, norm.Strength = true, strength
	for at, q := range w.r.Norms.Quantiles {
		norm.Anchors[at] = stats.QuantileType7(values, q)
		if at > 0 && norm.Anchors[at] <= norm.Anchors[at-1] {
			norm.Anchors[at], norm.Widened = norm.Anchors[at-1]+1e-6, true
		}
	}
	return norm
}

func TestMeasureAgreesWithItsTwin(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				r, f := smallRules(t), k.draw(t, rapid.IntRange(0, 20).Draw(t, "subjects"))
				w := twin{kind: k, r: r, f: f}
				var want []score.Norm
				for i := range f.X {
					if way := k.each[i].Way; f.X[i] == nil || way != rules.Rate && way != rules.Mean {
						continue
					}
					want = append(want, w.measure(i, 0, 0))
					for l, codes := range f.Categories {
						for _, code := range slices.Compact(slices.Sorted(slices.Values(codes))) {
							if norm := w.measure(i, len(f.Categories)-l, code); code != column.Null && norm.Entities > 0 {
								want = append(want, norm)
							}
						}
					}
				}
				sorted, err := score.NewNorms(want)
				if err != nil {
					t.Fatal(err)
				}
				if diff := gocmp.Diff(sorted.Rows(), k.measure(t, r, f).Rows(), cmpopts.EquateApprox(1e-9, 1e-15), cmpopts.EquateEmpty()); diff != "" {
					t.Fatal(diff)
				}
			})
		})
	}
}

func TestNormsSurviveTheirTable(t *testing.T) {
	f, r := product.crowd(20_000), testRules()
	norms := product.measure(t, r, f)
	rows := slices.Clone(norms.Rows())
	slices.Reverse(rows)
	again, err := score.NewNorms(rows)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(norms.Rows(), again.Rows()); diff != "" {
		t.Error(diff)
	}
	if len(rows) == 0 || !slices.ContainsFunc(rows, func(n score.Norm) bool { return n.Level > 0 && n.Own }) {
		t.Error("no category has norms of its own")
	}
}

func TestNormsThatAreNoneAreRefused(t *testing.T) {
	good := score.Norm{Indicator: "bad_review", Mean: .01, Strength: 50, Anchors: [4]float64{1, 2, 3, 4}}
	for name, spoil := range map[string]func(n *score.Norm){
		"no mean":              func(n *score.Norm) { n.Mean = math.NaN() },
		"negative strength":    func(n *score.Norm) { n.Strength = -1 },
		"equal anchors":        func(n *score.Norm) { n.Anchors[2] = n.Anchors[1] },
		"anchor not a number":  func(n *score.Norm) { n.Anchors[3] = math.NaN() },
		"a level that is none": func(n *score.Norm) { n.Level = -1 },
	} {
		bad := good
		spoil(&bad)
		if _, err := score.NewNorms([]score.Norm{bad}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := score.NewNorms([]score.Norm{good, good}); err == nil {
		t.Error("twice the same: no error")
	}
}

// Where most have no bad event at all the quantiles meet.
func TestMeetingAnchorsAreWidened(t *testing.T) {
	f, r := product.blank(300, 1), testRules()
	i := product.position(t, "bad_review")
	for at := range f.Subjects {
		f.N[i][at] = 100
	}
	f.X[i][0] = 50
	for _, n := range product.measure(t, r, f).Rows() {
		if n.Indicator == "bad_review" && (!n.Widened || !n.Own || n.Anchors[1]-n.Anchors[0] > 2e-6) {
			t.Errorf("%+v", n)
		}
	}
}

// The floor of norms is of what was observed: 90 orders of which the older weigh less are 90 orders, and a parcel of 48 hours is one.
func TestTheFloorOfNormsIsOfObservations(t *testing.T) {
	r := testRules()
	entities := func(k kind, id string, n, observed float64) int64 {
		f, i := k.blank(300, 1), k.position(t, id)
		f.Observed = make([][]float64, len(f.X))
		f.Observed[i] = make([]float64, f.Subjects)
		for at := range f.Subjects {
			f.X[i][at], f.N[i][at], f.Observed[i][at] = n/100, n, observed
		}
		for _, norm := range k.measure(t, r, f).Rows() {
			if norm.Indicator == id && norm.Level == 0 {
				return norm.Entities
			}
		}
		return -1
	}
	if got := entities(talent, "quality_refund", 27.1, 90); got != 300 {
		t.Errorf("%d talents of 90 orders have norms, want 300", got)
	}
	if got := entities(product, "transit_ratio", 48, 1); got != 0 {
		t.Errorf("%d products of one parcel have norms, want 0", got)
	}
	if got := entities(product, "transit_ratio", 20, 40); got != 300 {
		t.Errorf("%d products of forty parcels have norms, want 300", got)
	}
	if got := entities(product, "transit_ratio", 0, 40); got != 0 {
		t.Errorf("%d products with routes of no hours have norms, want 0", got)
	}
}
