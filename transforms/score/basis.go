package score

import (
	"math"

	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/stats"
)

// basis is all that points come from: rules, figures, and what each subject is held against.
type basis struct {
	*plan
	*Figures
	levels  levels
	grounds []grounds   // of each indicator
	ranks   [][]float64 // [indicator][subject]: percentile, NaN where there is no figure; nil for the others
}

// ground is what a subject is held against by one indicator: a category or the platform.
type ground struct {
	level          int
	code           int64
	mean, strength float64     // NaN where the indicator has none
	curve          stats.Curve // by value; percentiles: by 1 − q
}

// grounds are the grounds of one indicator.
type grounds struct {
	all []ground  // the first is the platform
	of  [][]int32 // [level][category]: position in all; 0: the category has none of its own
}

func newBasis(p *plan, f *Figures, frozen *Norms, workers int) (*basis, error) {
	b := &basis{plan: p, Figures: f, levels: newLevels(f.Categories)}
	b.grounds, b.ranks = make([]grounds, len(p.indicators)), make([][]float64, len(p.indicators))
	var g errgroup.Group
	g.SetLimit(max(1, workers))
	for i := range p.indicators {
		switch in := &p.indicators[i]; {
		case f.Of[i] == nil || in.known.Way == rules.Points:
			b.grounds[i] = grounds{all: []ground{{mean: math.NaN(), strength: math.NaN()}}}
		case in.known.Way == rules.Percentile:
			g.Go(func() (err error) {
				defer column.Recover(&err)
				b.rank(i)
				return nil
			})
		default:
			b.grounds[i] = b.normed(in, i, frozen.of(in.rule.ID))
		}
	}
	return b, g.Wait()
}

// normed are the grounds of an indicator with norms.
func (b *basis) normed(in *indicator, i int, norms []Norm) grounds {
	g := grounds{of: b.empty()}
	platform := ground{strength: in.strength(), curve: in.fallback}
	if len(norms) > 0 && norms[0].Level == 0 {
		platform.mean = norms[0].Mean
		if norms[0].Own {
			platform = b.ground(norms[0])
		}
	} else {
		platform.mean = b.platformMean(in, i, b.Figures)
	}
	g.all = append(g.all, platform)
	for _, norm := range norms {
		at := len(b.levels) - norm.Level // levels are numbered from the widest
		if !norm.Own || norm.Level == 0 || at < 0 {
			continue
		}
		if category, here := b.levels[at].positions[norm.Code]; here && category >= 0 {
			g.of[at][category] = int32(len(g.all))
			g.all = append(g.all, b.ground(norm))
		}
	}
	return g
}

func (b *basis) ground(n Norm) ground {
	return ground{level: n.Level, code: n.Code, mean: n.Mean, strength: n.Strength, curve: stats.Curve{Anchors: n.Anchors, Points: b.rules.Norms.Points}}
}

// empty has room for a ground of every category, and none yet.
func (b *basis) empty() [][]int32 {
	of := make([][]int32, len(b.levels))
	for at := range of {
		of[at] = make([]int32, len(b.levels[at].codes))
	}
	return of
}

// against is what a subject is held against: the most specific of its categories that has a ground, or the platform.
func (b *basis) against(i, subject int) *ground {
	g := &b.grounds[i]
	for at, of := range g.of {
		if category := b.levels[at].categories.At(subject); category >= 0 && of[category] > 0 {
			return &g.all[of[category]]
		}
	}
	return &g.all[0]
}

// rank ranks the figures of a percentile indicator among scored subjects, each in the most specific of its
// categories in which enough of those have a figure, at last on the platform. Subjects without a score are given the
// place that they would have.
func (b *basis) rank(i int) {
	values, counted := make([]float64, b.Subjects), make([]bool, b.Subjects)
	for subject := range values {
		x, n := b.Of[i](subject)
		values[subject], counted[subject] = x, b.scored(subject)
		if n == 0 {
			values[subject], counted[subject] = math.NaN(), false
		}
	}
	ranking := stats.Rank(values)
	for subject := range values { // where there is a figure, the platform's rank comes first
		values[subject] = math.NaN()
	}
	groups := make([]int32, b.Subjects)
	ranking.Within(groups, 1, counted, values)
	curve := stats.Curve{Anchors: b.rules.Norms.Quantiles, Points: b.rules.Norms.Points}
	g := grounds{all: []ground{{mean: math.NaN(), strength: math.NaN(), curve: curve}}, of: b.empty()}
	for at := len(b.levels) - 1; at >= 0; at-- { // more specific levels overwrite
		l := &b.levels[at]
		sizes := make([]int, len(l.codes))
		for subject := range counted {
			if category := l.categories.At(subject); category >= 0 && counted[subject] {
				sizes[category]++
			}
		}
		for category, size := range sizes {
			if size >= b.rules.Norms.MinimumEntities {
				g.of[at][category] = int32(len(g.all))
				g.all = append(g.all, ground{level: l.number, code: l.codes[category], mean: math.NaN(), strength: math.NaN(), curve: curve})
			}
		}
		for subject := range groups {
			groups[subject] = -1
			if category := l.categories.At(subject); category >= 0 && g.of[at][category] > 0 {
				groups[subject] = int32(category)
			}
		}
		ranking.Within(groups, len(l.codes), counted, values)
	}
	b.grounds[i], b.ranks[i] = g, values
}
