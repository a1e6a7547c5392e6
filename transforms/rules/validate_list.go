package rules

import "slices"

// Roles and Resources are what lists may be of.
var (
	Roles     = []string{"product", "merchant", "talent"}
	Resources = []string{"traffic", "subsidy", "benefit", "campaign"}
)

// maxGates is how many gates of a list the set of failed gates can tell.
const maxGates = 32

// measure is what a rule may ask of a measure.
type measure struct {
	roles     []string // of the subjects that have it; nil: all
	low, high float64  // a bound beyond which says nothing
	score     bool     // it has a history over runs and levels
	flag      bool     // 1 or 0
}

// measureOf is the nature of one of Measures.
func measureOf(name string) measure {
	score := slices.Contains(ScoreMeasures, name)
	switch name {
	case "shop_score":
		return measure{roles: Roles[:2], low: minPoints, high: maxPoints, score: score}
	case "talent_score":
		return measure{roles: Roles[2:], low: minPoints, high: maxPoints, score: score}
	case "product_score", "product_quality":
		return measure{roles: Roles[:1], low: minPoints, high: maxPoints, score: score}
	case "price_stars":
		return measure{roles: Roles[:1], low: 1, high: 5}
	case "brand_not_comparable":
		return measure{roles: Roles[:1], low: 0, high: 1, flag: true}
	case "distribution_orders_90d":
		return measure{roles: Roles[1:2], low: 0, high: muchCount}
	case "live_days_30d":
		return measure{roles: Roles[1:2], low: 0, high: 30}
	case "refund_rate_to_category":
		return measure{roles: Roles[:1], low: 0, high: 100}
	}
	return measure{low: 0, high: muchCount}
}

func (r *Rules) checkLists(c *checker, at string) {
	ids := unique{}
	for i, l := range r.Lists {
		l.check(c, item(at, i)+".", ids)
	}
	former := unique{}
	for i, l := range r.Lists {
		if path := item(at, i) + ".formerly"; l.Formerly != "" {
			c.id(path, l.Formerly, former)
			if slices.ContainsFunc(r.Lists, func(o List) bool { return o.ID == l.Formerly }) {
				c.add(path, "%q is a list of these rules: it was not renamed", l.Formerly)
			}
		}
	}
}

func (l List) check(c *checker, at string, ids unique) {
	c.id(at+"id", l.ID, ids)
	c.notEmpty(at+"name", l.Name)
	c.oneOf(at+"resource", l.Resource, Resources...)
	role := ""
	if c.oneOf(at+"role", l.Role, Roles...) {
		role = l.Role
	}
	if len(l.Gates) == 0 || len(l.Gates) > maxGates {
		c.add(at+"gates", "there are %d gates; a list has 1 to %d", len(l.Gates), maxGates)
	}
	gates := unique{}
	for i, g := range l.Gates {
		g.check(c, item(at+"gates", i)+".", role, gates)
	}
	for i, s := range l.Levels {
		s.check(c, item(at+"levels", i)+".", role)
	}
	c.share(at+"cold_start", l.ColdStart)
	l.checkCap(c, at+"cap_per_shop")
}

func (l List) checkCap(c *checker, at string) {
	if l.CapPerShop == nil {
		return
	}
	if l.Role != "product" {
		c.add(at, "only lists of products have one")
	}
	c.above(at+".share", l.CapPerShop.Share, 0, 1)
	if c.count(at+".least", int64(l.CapPerShop.Least), 1, muchCount) {
		c.count(at+".most", int64(l.CapPerShop.Most), int64(l.CapPerShop.Least), muchCount)
	}
}

// measure checks that a measure exists and that the subjects of a role have it.
func (c *checker) measure(at, name, role string) (measure, bool) {
	if !c.oneOf(at, name, Measures...) {
		return measure{}, false
	}
	m := measureOf(name)
	if m.roles != nil && role != "" && !slices.Contains(m.roles, role) {
		c.add(at, "a %s has no %s", role, name)
	}
	return m, true
}

func (g Gate) check(c *checker, at, role string, ids unique) {
	c.id(at+"id", g.ID, ids)
	m, known := c.measure(at+"measure", g.Measure, role)
	g.checkOver(c, at, m, known)
	bound, value := "at_least", g.AtLeast
	if value == nil {
		bound, value = "at_most", g.AtMost
	}
	switch {
	case g.AtLeast == nil && g.AtMost == nil:
		c.add(at+"at_least", "it is missing; a gate has at_least or at_most")
	case g.AtLeast != nil && g.AtMost != nil:
		c.add(at+"at_most", "at_least is also given; a gate has one bound")
	case known:
		c.bound(at+bound, *value, m.low, m.high)
	}
	if g.Unless == "" {
		return
	}
	if u, ok := c.measure(at+"unless", g.Unless, role); ok && !u.flag {
		c.add(at+"unless", "%s is not a measure that is 1 or 0", g.Unless)
	}
}

func (g Gate) checkOver(c *checker, at string, m measure, known bool) {
	switch {
	case g.Over != "" && !c.oneOf(at+"over", g.Over, "today", "mean", "days"):
	case known && !m.score && (g.Over == "mean" || g.Over == "days"):
		c.noHistory(at, g.Measure)
	case g.Over == "days":
		if c.count(at+"of_days", int64(g.OfDays), 1, manyRuns) {
			c.count(at+"days", int64(g.Days), 1, int64(g.OfDays))
		}
		return
	}
	if g.Over != "days" && g.Days != 0 {
		c.add(at+"days", "it belongs to over: days")
	}
	if g.Over != "days" && g.OfDays != 0 {
		c.add(at+"of_days", "it belongs to over: days")
	}
}

func (c *checker) noHistory(at, measure string) {
	c.add(at+"over", "%s has no history, only %s", measure, quoted(ScoreMeasures))
}

func (s Scale) check(c *checker, at, role string) {
	m, known := c.measure(at+"measure", s.Measure, role)
	switch {
	case s.Over != "" && !c.oneOf(at+"over", s.Over, "today", "mean"):
	case known && !m.score && s.Over == "mean":
		c.noHistory(at, s.Measure)
	}
	if len(s.Steps) == 0 {
		c.add(at+"steps", "there is no step")
	}
	bounds := make([]float64, len(s.Steps))
	levels := unique{}
	for i, step := range s.Steps {
		at := item(at+"steps", i) + "."
		bounds[i] = step.AtLeast
		levels.check(c, at+"level", step.Level)
		if c.between(at+"multiplier", step.Multiplier, 0, 10) && i > 0 {
			c.follows(at+"multiplier", s.Steps[i-1].Multiplier, step.Multiplier, notRising)
		}
	}
	if known {
		c.bands(at+"steps", bounds, m.low, m.high)
	}
	c.between(at+"no_score", s.NoScore, 0, 10)
}
