package score

import (
	"slices"

	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/stats"
)

// widening is what equal anchors are moved apart by, in the unit of the anchors.
const widening = 1e-6

// Measure takes the norms of one score from the figures of the last day of a month, for the month that follows.
//
//	mean      sum x / sum n over the entities, which are the subjects with MinimumN observations (Figures.Observed)
//	strength  by the method of moments, rates only
//	anchors   type 7 quantiles of the entities' shrunk rates (means: of their means), each entity counting once
//
// A category has a strength and anchors of its own from MinimumEntities entities on, so has the platform; else
// those of the rules stand in their place. Indicators without a row of figures have no norms.
//
// It returns an error if the score names an indicator that is not known, or the figures do not fit together.
//
// Source: definitions.md, sections 3 and 4.
func Measure(r *rules.Rules, s rules.Score, known []rules.Known, f *Figures) (*Norms, error) {
	p, err := newPlan(r, s, known)
	if err != nil {
		return nil, err
	}
	if err := f.check(p); err != nil {
		return nil, err
	}
	m := measurer{plan: p, levels: newLevels(f.Categories)}
	for i := range p.indicators {
		if p.indicators[i].pooled() && f.Of[i] != nil {
			m.measure(&p.indicators[i], i, f)
		}
	}
	return NewNorms(m.rows)
}

// measurer gathers norms.
type measurer struct {
	*plan
	levels   levels
	rows     []Norm
	entities []entity  // subjects with enough observations
	x, n     []float64 // of the entities, by category
	values   []float64 // scratch: of one category
}

// entity is a subject with enough observations.
type entity struct {
	subject int
	x, n    float64
}

// measure adds the norms of one indicator.
func (m *measurer) measure(in *indicator, i int, f *Figures) {
	m.entities = m.entities[:0]
	for subject := range f.Subjects {
		if x, n := f.Of[i](subject); f.enough(i, subject, n, float64(m.rules.Norms.MinimumN)) {
			m.entities = append(m.entities, entity{subject, x, n})
		}
	}
	m.gather(1, func(int) int64 { return 0 })
	platform := m.norm(in, m.x, m.n)
	platform.Mean = m.platformMean(in, i, f)
	m.rows = append(m.rows, platform)
	for at := range m.levels {
		l := &m.levels[at]
		ends := m.gather(len(l.codes), l.categories.At)
		start := 0
		for category, end := range ends {
			if end > start {
				norm := m.norm(in, m.x[start:end], m.n[start:end])
				norm.Level, norm.Code = l.number, l.codes[category]
				m.rows = append(m.rows, norm)
			}
			start = end
		}
	}
}

// gather puts the entities' x and n in order of their categories, of which there are count, and says where each
// category ends. Entities without a category are left out.
func (m *measurer) gather(count int, category func(subject int) int64) (ends []int) {
	ends = make([]int, count)
	for i := range m.entities {
		if c := category(m.entities[i].subject); c >= 0 {
			ends[c]++
		}
	}
	total := 0
	for c, size := range ends {
		ends[c], total = total, total+size // starts, for now; filling makes them ends
	}
	m.x, m.n = slices.Grow(m.x[:0], total)[:total], slices.Grow(m.n[:0], total)[:total]
	for i := range m.entities {
		e := &m.entities[i]
		if c := category(e.subject); c >= 0 {
			m.x[ends[c]], m.n[ends[c]] = e.x, e.n
			ends[c]++
		}
	}
	return ends
}

// norm is the norm of the entities with x and n.
func (m *measurer) norm(in *indicator, x, n []float64) Norm {
	norms := &m.rules.Norms
	norm := Norm{Indicator: in.rule.ID, Entities: int64(len(n)), Anchors: in.rule.Anchors}
	fallback := in.strength()
	mean, strength := stats.StrengthByMoments(x, n, norms.StrengthMin, norms.StrengthMax, fallback)
	if in.known.Way == rules.Mean {
		strength = 0
	}
	norm.Mean, norm.Strength = mean, fallback
	if len(n) < norms.MinimumEntities || len(n) == 0 {
		return norm
	}
	norm.Strength, norm.Own = strength, true
	m.values = m.values[:0]
	for at := range n {
		m.values = append(m.values, in.scale*stats.Shrink(x[at], n[at], mean, strength))
	}
	slices.Sort(m.values)
	for at, q := range norms.Quantiles {
		norm.Anchors[at] = stats.QuantileType7(m.values, q)
		if at > 0 && norm.Anchors[at] <= norm.Anchors[at-1] {
			norm.Anchors[at], norm.Widened = norm.Anchors[at-1]+widening, true
		}
	}
	return norm
}

// strength is that of the rules; means are not shrunk.
func (in *indicator) strength() float64 {
	if in.known.Way == rules.Mean {
		return 0
	}
	return in.rule.Strength
}

// platformMean is the pooled mean of all entities; where there are none, of everybody; where nobody has figures,
// the value in the middle of the scale: the second anchor of the rules.
func (p *plan) platformMean(in *indicator, i int, f *Figures) float64 {
	for _, least := range []float64{float64(p.rules.Norms.MinimumN), 0} {
		var sumX, sumN float64
		for subject := range f.Subjects {
			if x, n := f.Of[i](subject); f.enough(i, subject, n, least) {
				sumX, sumN = sumX+x, sumN+n
			}
		}
		if sumN > 0 {
			return sumX / sumN
		}
	}
	return in.rule.Anchors[1] / in.scale
}
