package score

import (
	"errors"
	"fmt"
	"slices"

	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/stats"
)

const (
	// pricePower is the indicator that the quality gate binds and that price mode bonus takes out.
	pricePower = "price_power"
	// priceBonus is the price mode in which price only adds.
	priceBonus = "bonus"
	// maxIndicators of one score: more than are known.
	maxIndicators = 16
)

// plan is what the rules say of one score, looked up once.
type plan struct {
	rules      *rules.Rules
	indicators []indicator
	dimensions []float64 // weights
	weight     float64   // of all indicators
	weighted   bool      // events count with recency weights
	price      int       // position of pricePower; −1: the score has none
	bonus      bool      // price only adds
	gate       int       // dimension of the quality gate; −1: the score has none, or is not that of products
	gateGrade  int8      // best grade behind the gate
}

// indicator is one indicator of a score.
type indicator struct {
	rule      rules.Indicator
	known     rules.Known
	dimension int
	scale     float64     // what x/n is multiplied with before it meets the anchors
	floor     float64     // lowest points
	fallback  stats.Curve // curve of the rules
}

func newPlan(r *rules.Rules, s rules.Score, known []rules.Known) (*plan, error) {
	p := &plan{rules: r, weighted: s.Weighted, price: -1, gate: -1}
	all, dimension := s.Indicators()
	if len(all) > maxIndicators {
		return nil, fmt.Errorf("score: %d indicators, at most %d", len(all), maxIndicators)
	}
	for i, rule := range all {
		in, err := newIndicator(r, rule, known)
		if err != nil {
			return nil, fmt.Errorf("score: indicator %s: %w", rule.ID, err)
		}
		in.dimension = dimension[i]
		p.indicators = append(p.indicators, in)
		p.weight += rule.Weight
		if rule.ID == pricePower {
			p.price = i
		}
	}
	ofProducts := slices.ContainsFunc(known, func(k rules.Known) bool { return k.ID == pricePower })
	for d, dim := range s.Dimensions {
		p.dimensions = append(p.dimensions, dim.Weight())
		if ofProducts && dim.ID == r.QualityGate.Dimension { // shops and talents may have a dimension of this id too
			p.gate = d
		}
	}
	return p, p.special()
}

func newIndicator(r *rules.Rules, rule rules.Indicator, known []rules.Known) (indicator, error) {
	at := slices.IndexFunc(known, func(k rules.Known) bool { return k.ID == rule.ID })
	if at < 0 {
		return indicator{}, errors.New("not one that this score knows")
	}
	in := indicator{rule: rule, known: known[at], scale: known[at].Scale, floor: max(rule.LeastPoints, r.Norms.Points[3])}
	in.fallback = stats.Curve{Anchors: rule.Anchors, Points: r.Norms.Points}
	if in.scale == 0 {
		in.scale = 1
	}
	switch in.known.Way {
	case rules.Rate, rules.Mean:
		if !ascending(rule.Anchors) {
			return in, fmt.Errorf("anchors %v do not ascend", rule.Anchors)
		}
	case rules.Percentile, rules.Points:
		if in.known.Empty != rules.Drop {
			return in, errors.New("without a figure there is no mean to stand in for it")
		}
	default:
		return in, fmt.Errorf("unknown way %d", in.known.Way)
	}
	return in, nil
}

// special looks up the quality gate and the price mode.
func (p *plan) special() error {
	if p.gate >= 0 {
		name := p.rules.QualityGate.Grade
		at := slices.IndexFunc(p.rules.Grades, func(g rules.Grade) bool { return g.Name == name })
		if at < 0 {
			return fmt.Errorf("score: quality gate: no grade %q", name)
		}
		p.gateGrade = int8(at)
		if p.price >= 0 && p.indicators[p.price].dimension == p.gate {
			return errors.New("score: quality gate: price is part of its dimension")
		}
	}
	p.bonus = p.price >= 0 && p.rules.Price.Mode == priceBonus
	return nil
}

// highest and lowest are the ends of the scale.
func (p *plan) highest() float64 { return p.rules.Norms.Points[0] }
func (p *plan) lowest() float64  { return p.rules.Norms.Points[3] }

// pooled tells whether an indicator has norms.
func (in *indicator) pooled() bool { return in.known.Way == rules.Rate || in.known.Way == rules.Mean }

func ascending(a [4]float64) bool { return a[0] < a[1] && a[1] < a[2] && a[2] < a[3] }
