package score_test

import (
	"slices"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/score"
)

// tb is what testing.T, testing.B and rapid.T have in common.
type tb interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// kind is one of the three scores.
type kind struct {
	name  string
	score func(*rules.Rules) rules.Score
	known []rules.Known
	all   []rules.Indicator // of the score under testRules
	each  []rules.Known     // of all
}

var product, shop, talent = newKind("product", func(r *rules.Rules) rules.Score { return r.Product }, rules.ProductIndicators),
	newKind("shop", func(r *rules.Rules) rules.Score { return r.Shop }, rules.ShopIndicators),
	newKind("talent", func(r *rules.Rules) rules.Score { return r.Talent }, rules.TalentIndicators)

var kinds = []kind{product, shop, talent}

func newKind(name string, score func(*rules.Rules) rules.Score, known []rules.Known) kind {
	k := kind{name: name, score: score, known: known}
	k.all, _ = score(testRules()).Indicators()
	for _, in := range k.all {
		at := slices.IndexFunc(known, func(known rules.Known) bool { return known.ID == in.ID })
		k.each = append(k.each, known[at])
	}
	return k
}

// position of an indicator in the score.
func (k kind) position(t tb, id string) int {
	at := slices.IndexFunc(k.all, func(in rules.Indicator) bool { return in.ID == id })
	if at < 0 {
		t.Fatalf("no indicator %s", id)
	}
	return at
}

// figures are figures in columns that tests change.
type figures struct {
	Subjects        int
	Categories      [][]int64
	Orders          []int64
	X, N            [][]float64 // [indicator][subject]; nil: an input table is missing
	Observed        [][]float64 // likewise; nil: as N
	SevereRecent    []bool
	ViolationPoints []int64
}

// columns are the figures as they stand.
func (f *figures) columns() *score.Figures {
	out := &score.Figures{Subjects: f.Subjects, Orders: column.NewInts(f.Orders), SevereRecent: f.SevereRecent}
	for _, codes := range f.Categories {
		out.Categories = append(out.Categories, column.NewInts(codes))
	}
	for i, x := range f.X {
		if n := f.N[i]; x == nil {
			out.Of = append(out.Of, nil)
		} else {
			out.Of = append(out.Of, func(subject int) (float64, float64) { return x[subject], n[subject] })
		}
	}
	for _, observed := range f.Observed {
		if observed == nil {
			out.Observed = append(out.Observed, nil)
		} else {
			out.Observed = append(out.Observed, func(subject int) float64 { return observed[subject] })
		}
	}
	if f.ViolationPoints != nil {
		out.ViolationPoints = column.NewInts(f.ViolationPoints)
	}
	return out
}

// blank are figures of subjects who have 1,000 orders and nothing else; levels of categories are all empty.
func (k kind) blank(subjects, levels int) *figures {
	f := &figures{Subjects: subjects, Orders: make([]int64, subjects)}
	for at := range f.Orders {
		f.Orders[at] = 1000
	}
	for range levels {
		codes := make([]int64, subjects)
		for at := range codes {
			codes[at] = column.Null
		}
		f.Categories = append(f.Categories, codes)
	}
	for range k.all {
		f.X, f.N = append(f.X, make([]float64, subjects)), append(f.N, make([]float64, subjects))
	}
	return f
}

// compute scores figures and fails the test on errors.
func (k kind) compute(t tb, r *rules.Rules, f *figures, frozen *score.Norms) *score.Scores {
	t.Helper()
	s, err := score.Compute(r, k.score(r), k.known, f.columns(), frozen, 2)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// measure takes norms and fails the test on errors.
func (k kind) measure(t tb, r *rules.Rules, f *figures) *score.Norms {
	t.Helper()
	n, err := score.Measure(r, k.score(r), k.known, f.columns())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// means are norms of the platform that have a mean only: anchors and strengths are those of the rules.
func (k kind) means(t tb, r *rules.Rules, means map[string]float64) *score.Norms {
	t.Helper()
	var rows []score.Norm
	for _, i := range k.all {
		if mean, here := means[i.ID]; here {
			rows = append(rows, score.Norm{Indicator: i.ID, Mean: mean, Strength: i.Strength, Anchors: i.Anchors})
		}
	}
	n, err := score.NewNorms(rows)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
