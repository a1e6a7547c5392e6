package score_test

import (
	"math"
	"math/rand/v2"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/score"
)

// pick are the figures of some subjects, in the order given.
func pick(f *figures, subjects []int) *figures {
	out := &figures{Subjects: len(subjects), Orders: picked(f.Orders, subjects)}
	for _, codes := range f.Categories {
		out.Categories = append(out.Categories, picked(codes, subjects))
	}
	for i := range f.X {
		out.X, out.N = append(out.X, picked(f.X[i], subjects)), append(out.N, picked(f.N[i], subjects))
	}
	for _, observed := range f.Observed {
		out.Observed = append(out.Observed, picked(observed, subjects))
	}
	out.SevereRecent, out.ViolationPoints = picked(f.SevereRecent, subjects), picked(f.ViolationPoints, subjects)
	return out
}

func picked[T any](values []T, at []int) []T {
	if values == nil {
		return nil
	}
	out := make([]T, len(at))
	for i, a := range at {
		out[i] = values[a]
	}
	return out
}

// same fails where the subjects at of a do not have the scores of all subjects of b.
func same(t tb, a *score.Scores, at []int, b *score.Scores) {
	t.Helper()
	equal := func(name string, a, b any) {
		t.Helper()
		if diff := gocmp.Diff(a, b, cmpopts.EquateApprox(0, 1e-9), cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s: %s", name, diff)
		}
	}
	equal("status", picked(a.Status, at), b.Status)
	equal("total", picked(a.Total, at), b.Total)
	equal("lower", picked(a.Lower, at), b.Lower)
	equal("grade", picked(a.Grade, at), b.Grade)
	for i, subject := range at {
		equal("coverage", a.Coverage(subject), b.Coverage(i))
		equal("dimensions", a.Dimensions(subject, nil), b.Dimensions(i, nil))
	}
}

func TestShufflingSubjectsPermutesResults(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				r, f := smallRules(t), k.draw(t, rapid.IntRange(0, 20).Draw(t, "subjects"))
				order := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)).Perm(f.Subjects)
				shuffled := pick(f, order)
				same(t, k.compute(t, r, f, nil), order, k.compute(t, r, shuffled, nil))
				norms, again := k.measure(t, r, f), k.measure(t, r, shuffled)
				if diff := gocmp.Diff(norms.Rows(), again.Rows(), cmpopts.EquateApprox(1e-9, 1e-15), cmpopts.EquateEmpty()); diff != "" {
					t.Fatal(diff)
				}
			})
		})
	}
}

// Shops have no percentiles: with frozen norms nobody else matters.
func TestWithFrozenNormsNobodyElseMatters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, f := smallRules(t), shop.draw(t, rapid.IntRange(1, 12).Draw(t, "subjects"))
		norms := shop.measure(t, r, f)
		all := shop.compute(t, r, f, norms)
		for subject := range f.Subjects {
			same(t, all, []int{subject}, shop.compute(t, r, pick(f, []int{subject}), norms))
		}
	})
}

// A subject without a score joins: nobody is compared with it.
func TestSubjectsWithoutScoreMoveNobodysPercentile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, f := smallRules(t), product.draw(t, rapid.IntRange(2, 12).Draw(t, "subjects"))
		f.Orders[f.Subjects-1] = 5
		norms := product.measure(t, r, f)
		rest := make([]int, f.Subjects-1)
		for at := range rest {
			rest[at] = at
		}
		same(t, product.compute(t, r, f, norms), rest, product.compute(t, r, pick(f, rest), norms))
	})
}

// Twice the events of twice the chances are the same rate, where the prior weighs nothing.
func TestDoublingCountsKeepsRates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, f := testRules(), shop.draw(t, rapid.IntRange(1, 10).Draw(t, "subjects"))
		for d := range r.Shop.Dimensions {
			for i := range r.Shop.Dimensions[d].Indicators {
				r.Shop.Dimensions[d].Indicators[i].Strength = 1e-12
			}
		}
		doubled := pick(f, upTo(f.Subjects))
		for i := range f.X {
			for at := range f.X[i] {
				doubled.X[i][at], doubled.N[i][at] = 2*f.X[i][at], 2*f.N[i][at]
			}
		}
		r.Norms.MinimumN = 0 // else more entities count
		a, b := shop.compute(t, r, f, nil), shop.compute(t, r, doubled, nil)
		for subject := range f.Subjects {
			if a.Total[subject] != b.Total[subject] || a.Grade[subject] != b.Grade[subject] {
				t.Fatalf("subject %d: %d, then %d", subject, a.Total[subject], b.Total[subject])
			}
			if a.Lower[subject] != 0 && b.Lower[subject] < a.Lower[subject] {
				t.Fatalf("subject %d: more evidence for the same rates, less in the conservative score", subject)
			}
		}
	})
}

func upTo(n int) []int {
	all := make([]int, n)
	for at := range all {
		all[at] = at
	}
	return all
}

func TestStepsAddUpToTheTotal(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				r, f := smallRules(t), k.draw(t, rapid.IntRange(1, 10).Draw(t, "subjects"))
				f.SevereRecent, f.ViolationPoints = nil, nil
				s := k.compute(t, r, f, k.drawNorms(t, r, len(f.Categories)))
				var buf []score.Step
				for subject := range f.Subjects {
					buf = s.Steps(subject, buf)
					var sum, weight float64
					for _, step := range buf {
						sum, weight = sum+step.Contribution, weight+step.Effective
						if (step.State == score.Used || step.State == score.FromMean) == math.IsNaN(step.Points) {
							t.Fatalf("points without a state to have them: %+v", step)
						}
					}
					if s.Status[subject] != score.NoScore && (math.Abs(weight-1) > 1e-9 || math.Abs(sum-float64(s.Total[subject])/100) > .005+1e-9) {
						t.Fatalf("subject %d: weights sum to %v, contributions to %v, total %d", subject, weight, sum, s.Total[subject])
					}
				}
			})
		})
	}
}

// Subjects are scored a range at a time, so there have to be more than one range has.
func TestManyWorkersScoreAsOneDoes(t *testing.T) {
	r, f := testRules(), product.crowd(20_000)
	norms := product.measure(t, r, f)
	one, err := score.Compute(r, r.Product, product.known, f.columns(), norms, 1)
	if err != nil {
		t.Fatal(err)
	}
	many, err := score.Compute(r, r.Product, product.known, f.columns(), norms, 3)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(one, many, cmpopts.IgnoreUnexported(score.Scores{})); diff != "" {
		t.Error(diff)
	}
	for subject := range f.Subjects {
		if a, b := one.Dimensions(subject, nil), many.Dimensions(subject, nil); one.Coverage(subject) != many.Coverage(subject) || !gocmp.Equal(a, b, cmpopts.EquateNaNs()) {
			t.Fatalf("subject %d: dimensions %v, then %v", subject, a, b)
		}
	}
}
