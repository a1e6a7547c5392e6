package eligibility_test

import (
	"math"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/rules"
	"pgregory.net/rapid"
)

// market is a random small market over several nights, as columns.
type market struct {
	r        *rules.Rules
	l        *rules.List
	s        *considered
	h        eligibility.History
	o        map[int]eligibility.Override
	distinct bool // nothing is decided by position
}

// scoresNear draws scores around the lines, so that bands, ties and means on the line are frequent.
func scoresNear(t *rapid.T, label string) int16 {
	return rapid.SampledFrom([]int16{0, 0, 390, 399, 434, 435, 436, 439, 440, 440, 440, 441, 445, 469, 470, 485}).Draw(t, label)
}

func drawRules(t *rapid.T) *rules.Rules {
	n := rapid.IntRange(1, 3)
	return &rules.Rules{Grades: []rules.Grade{{AtLeast: 4.70}, {AtLeast: 4.40}, {AtLeast: 3}}, Stability: rules.Stability{
		EnterAfter: n.Draw(t, "enter"), LeaveAfter: n.Draw(t, "leave"), Band: rapid.SampledFrom([]float64{0, 0.05}).Draw(t, "band"),
		MeanRuns: rapid.IntRange(1, 4).Draw(t, "mean runs"), MeanNeeds: rapid.IntRange(1, 3).Draw(t, "mean needs"), ValidDays: 1,
	}}
}

func drawGate(t *rapid.T) rules.Gate {
	g := rules.Gate{Floor: rapid.Bool().Draw(t, "floor"), AtOnce: rapid.Bool().Draw(t, "at once")}
	if rapid.Bool().Draw(t, "unless") {
		g.Unless = "brand_not_comparable"
	}
	if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
		g.Measure, g.AtMost = "refund_rate_to_category", bound(1.5)
		return g
	}
	g.Measure = rapid.SampledFrom([]string{"product_score", "product_quality", "shop_score"}).Draw(t, "measure")
	line := rapid.SampledFrom([]float64{4.00, 4.40, 4.70}).Draw(t, "line")
	if g.AtLeast = &line; rapid.IntRange(0, 5).Draw(t, "direction") == 0 {
		g.AtLeast, g.AtMost = nil, &line
	}
	switch g.Over = rapid.SampledFrom([]string{"", "today", "mean", "days"}).Draw(t, "over"); g.Over {
	case "days":
		g.OfDays = rapid.IntRange(1, 5).Draw(t, "of days")
		g.Days = rapid.IntRange(1, g.OfDays).Draw(t, "days")
	}
	return g
}

func drawList(t *rapid.T) *rules.List {
	l := &rules.List{ID: "any", Role: "product", ColdStart: rapid.SampledFrom([]float64{0, 0.1, 0.29, 0.5}).Draw(t, "cold start")}
	for range rapid.IntRange(1, 3).Draw(t, "gates") {
		l.Gates = append(l.Gates, drawGate(t))
	}
	for range rapid.IntRange(0, 2).Draw(t, "scales") {
		l.Levels = append(l.Levels, rules.Scale{
			Measure: rapid.SampledFrom([]string{"product_score", "shop_score"}).Draw(t, "scale"),
			Over:    rapid.SampledFrom([]string{"", "mean"}).Draw(t, "scale over"),
			NoScore: rapid.SampledFrom([]float64{0, 1, 0.9}).Draw(t, "no score"),
			Steps: []rules.Step{{AtLeast: 4.70, Multiplier: 1.3}, {AtLeast: 4.40, Multiplier: 1.15},
				{AtLeast: 4, Multiplier: rapid.SampledFrom([]float64{0, 0.7}).Draw(t, "last multiplier")}},
		})
	}
	if rapid.Bool().Draw(t, "capped") {
		l.CapPerShop = &rules.Cap{Share: rapid.SampledFrom([]float64{0.1, 0.29, 0.5}).Draw(t, "cap"), Least: 1, Most: rapid.IntRange(1, 3).Draw(t, "most")}
	}
	return l
}

// drawMarket draws rules, a list and subjects; distinct: no tie is left to the position.
func drawMarket(t *rapid.T, distinct bool) *market {
	n := rapid.IntRange(0, 14).Draw(t, "subjects")
	m := &market{r: drawRules(t), l: drawList(t), s: subjects(n), h: eligibility.History{}, o: map[int]eligibility.Override{}, distinct: distinct}
	m.s.Shop, m.s.Info, m.s.ColdStart = make([]int32, n), make([]float64, n), make([]bool, n)
	for i := range n {
		m.s.Shop[i] = int32(rapid.IntRange(-1, 2).Draw(t, "shop"))
		m.s.Category[i] = int32(rapid.IntRange(-1, 1).Draw(t, "category"))
	}
	return m
}

// nextNight draws what changes over night, and pushes one more run to the history.
func (m *market) nextNight(t *rapid.T) {
	n := m.s.N
	for _, measure := range []string{"product_score", "product_quality", "shop_score"} {
		run := make([]int16, n)
		for i := range run {
			run[i] = scoresNear(t, measure)
		}
		m.h[measure] = append([][]int16{run}, m.h[measure]...)
	}
	refunds, brand := make([]float64, n), make([]float64, n)
	for i := range n {
		refunds[i] = rapid.SampledFrom([]float64{none, 1.4, 1.5, 1.6}).Draw(t, "refunds")
		brand[i] = rapid.SampledFrom([]float64{none, 0, 0, 1}).Draw(t, "brand")
		m.s.Lower[i] = rapid.SampledFrom([]float64{none, 4.1, 4.2}).Draw(t, "lower")
		m.s.Orders[i] = int64(rapid.IntRange(0, 1).Draw(t, "orders"))
		m.s.GMVNet15[i] = int64(rapid.IntRange(-1, 1).Draw(t, "gmv"))
		m.s.Info[i] = rapid.SampledFrom([]float64{none, 50, 60}).Draw(t, "info")
		if m.distinct {
			m.s.GMVNet15[i] = m.s.GMVNet15[i]*1000 + int64(i)
			m.s.Info[i] = float64((i * 7) % 31)
		}
		m.s.ColdStart[i] = m.h["product_score"][0][i] == 0 && rapid.Bool().Draw(t, "cold")
	}
	m.s.Grades = make([]int8, n)
	for i, v := range m.h["product_score"][0] {
		if m.s.Grades[i] = int8(m.r.GradeOf(float64(v) / 100)); rapid.IntRange(0, 2).Draw(t, "gated") == 0 {
			m.s.Grades[i] = 2
		}
		if v == 0 {
			m.s.Grades[i] = -1
		}
	}
	m.s.Measures = map[string][]float64{"refund_rate_to_category": refunds, "brand_not_comparable": brand}
	m.o = map[int]eligibility.Override{}
	for i := range n {
		if rapid.IntRange(0, 7).Draw(t, "overridden") == 0 {
			m.o[i] = eligibility.Override{Action: eligibility.Action(rapid.IntRange(1, 4).Draw(t, "action"))}
		}
	}
}

func (m *market) decide(night int, b *eligibility.Before, stale bool) *eligibility.Decision {
	return decided(m.r, m.l, asOf+calendar.Day(night), m.s, m.h, b, m.o, stale)
}

// twin is a subject as the twin has it, tonight's part taken from the columns.
func (m *market) twin(i int, s *twinSubject) {
	s.id, s.shop, s.category, s.own = i, int(m.s.Shop[i]), int(m.s.Category[i]), "product_score"
	s.scores = map[string][]int{}
	for measure, runs := range m.h {
		for _, run := range runs {
			s.scores[measure] = append(s.scores[measure], int(run[i]))
		}
	}
	s.measures = map[string]float64{}
	for measure, values := range m.s.Measures {
		if !math.IsNaN(values[i]) {
			s.measures[measure] = values[i]
		}
	}
	s.lower, s.info = maybe(m.s.Lower[i]), maybe(m.s.Info[i])
	s.best = nil
	if grade := m.s.Grades[i]; grade > 0 {
		s.best = decimal(m.r.Grades[grade-1].AtLeast)
	}
	s.gmv, s.orders, s.cold = int(m.s.GMVNet15[i]), int(m.s.Orders[i]), m.s.ColdStart[i]
	s.action = ""
	if o, ok := m.o[i]; ok {
		s.action = o.Action.String()
	}
}

func maybe(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}
