package rules

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Points lie on a scale from minPoints to maxPoints.
const (
	minPoints = 3
	maxPoints = 5
)

// Ends of ranges that only a typing error leaves.
const (
	manyDays  = 365
	manyRuns  = 30
	muchCount = 1_000_000_000_000
)

// Validate checks that there is a version, that each is valid, and that they stand in order. All problems are
// joined; each begins with its path, as in [0].lists[2].gates[1].at_least: 5.2 is outside [3, 5].
func (s Set) Validate() error {
	var c checker
	if len(s) == 0 {
		c.add("", "there is no version")
	}
	for i := range s {
		at := fmt.Sprintf("[%d]", i)
		s[i].check(&c, at+".")
		if i > 0 && s[i].EffectiveFrom <= s[i-1].EffectiveFrom {
			c.add(at+".effective_from", "%s is not after %s of the version before", s[i].EffectiveFrom, s[i-1].EffectiveFrom)
		}
		if slices.ContainsFunc(s[:i], func(r Rules) bool { return r.Version == s[i].Version }) {
			c.add(at+".version", "%q stands here twice", s[i].Version)
		}
	}
	return errors.Join(c.problems...)
}

// Validate checks every value. All problems are joined; each begins with its path, as in lag_days: 100 is
// outside [0, 90].
func (r *Rules) Validate() error {
	var c checker
	r.check(&c, "")
	return errors.Join(c.problems...)
}

// check checks one version; the paths begin with prefix.
func (r *Rules) check(c *checker, prefix string) {
	c.name(prefix+"version", r.Version, versionName, "letters, digits, ., _ and -")
	c.count(prefix+"minimum_orders", r.MinimumOrders, 1, muchCount)
	c.count(prefix+"lag_days", int64(r.LagDays), 0, 90)
	c.count(prefix+"half_life_days", int64(r.HalfLifeDays), 1, manyDays)
	r.Norms.check(c, prefix+"norms.")
	checkGrades(c, prefix+"grades", r.Grades)
	r.Violations.check(c, prefix+"violations.")
	r.Price.check(c, prefix+"price.")
	r.Product.check(c, prefix+"product_score.", ProductIndicators)
	r.Shop.check(c, prefix+"shop_score.", ShopIndicators)
	r.Talent.check(c, prefix+"talent_score.", TalentIndicators)
	r.checkQualityGate(c, prefix+"quality_gate.")
	r.Stability.check(c, prefix+"stability.")
	r.checkLists(c, prefix+"lists")
	r.Pool.check(c, prefix+"pool.", r.Lists)
	r.Lift.check(c, prefix+"lift.")
}

func (n Norms) check(c *checker, at string) {
	c.count(at+"minimum_n", n.MinimumN, 1, muchCount)
	c.count(at+"minimum_entities", int64(n.MinimumEntities), 1, muchCount)
	if c.above(at+"strength_min", n.StrengthMin, 0, 1e6) && c.above(at+"strength_max", n.StrengthMax, 0, 1e6) && n.StrengthMin > n.StrengthMax {
		c.add(at+"strength_max", "%s is below strength_min, %s", text(n.StrengthMax), text(n.StrengthMin))
	}
	for i, q := range n.Quantiles {
		c.within(item(at+"quantiles", i), q)
	}
	c.order(at+"quantiles", n.Quantiles[:], ascending)
	c.points(at+"points", n.Points[:], descending)
}

func checkGrades(c *checker, at string, grades []Grade) {
	if len(grades) == 0 {
		c.add(at, "there is no grade")
	}
	bounds := make([]float64, len(grades))
	names, tiers := unique{}, unique{}
	for i, g := range grades {
		bounds[i] = g.AtLeast
		names.check(c, item(at, i)+".name", g.Name)
		tiers.check(c, item(at, i)+".tier", g.Tier)
		c.notEmpty(item(at, i)+".label", g.Label)
	}
	c.bands(at, bounds, minPoints, maxPoints)
	if last := len(bounds) - 1; last >= 0 && bounds[last] > minPoints {
		c.add(item(at, last)+".at_least", "%s is above %d; the last grade holds whatever is left", text(bounds[last]), minPoints)
	}
}

func (v Violations) check(c *checker, at string) {
	c.between(at+"severe_cap", v.SevereCap, minPoints, maxPoints)
	c.count(at+"severe_days", int64(v.SevereDays), 0, manyDays)
	c.count(at+"free_points", v.FreePoints, 0, muchCount)
	c.count(at+"point_days", int64(v.PointDays), 1, manyDays)
	c.between(at+"per_point", v.PerPoint, 0, maxPoints-minPoints)
	c.between(at+"most", v.Most, 0, maxPoints-minPoints)
}

func (p Price) check(c *checker, at string) {
	c.oneOf(at+"mode", p.Mode, "star", "bonus")
	c.between(at+"bonus", p.Bonus, 0, maxPoints-minPoints)
	c.count(at+"window_days", int64(p.WindowDays), 1, manyDays)
	c.count(at+"minimum_shops", int64(p.MinimumShops), 1, muchCount)
	c.count(at+"minimum_orders", p.MinimumOrders, 1, muchCount)
	for i, ratio := range p.Stars {
		c.above(item(at+"stars", i), ratio, 0, 10)
	}
	c.order(at+"stars", p.Stars[:], ascending)
	c.points(at+"points", p.Points[:], notRising)
	c.between(at+"bait_ratio", p.BaitRatio, 0, 1)
	c.between(at+"spread_ratio", p.SpreadRatio, 1, 1000)
}

func (r *Rules) checkQualityGate(c *checker, at string) {
	g := r.QualityGate
	var dimensions, grades []string
	for _, d := range r.Product.Dimensions {
		dimensions = append(dimensions, d.ID)
	}
	for _, grade := range r.Grades {
		grades = append(grades, grade.Name)
	}
	c.oneOf(at+"dimension", g.Dimension, dimensions...)
	for _, d := range r.Product.Dimensions {
		if d.ID == g.Dimension && slices.ContainsFunc(d.Indicators, func(i Indicator) bool { return i.ID == "price_power" }) {
			c.add(at+"dimension", "%q holds price_power, which the gate bounds; name another dimension", g.Dimension)
		}
	}
	c.between(at+"at_least", g.AtLeast, minPoints, maxPoints)
	c.between(at+"price_points", g.PricePoints, minPoints, maxPoints)
	c.oneOf(at+"grade", g.Grade, grades...)
}

func (s Stability) check(c *checker, at string) {
	c.count(at+"enter_after", int64(s.EnterAfter), 1, manyRuns)
	c.count(at+"leave_after", int64(s.LeaveAfter), 1, manyRuns)
	c.bound(at+"band", s.Band, 0, maxPoints-minPoints)
	if c.count(at+"mean_runs", int64(s.MeanRuns), 1, manyRuns) {
		c.count(at+"mean_needs", int64(s.MeanNeeds), 1, int64(s.MeanRuns))
	}
	c.count(at+"valid_days", int64(s.ValidDays), 1, manyDays)
	c.between(at+"max_churn", s.MaxChurn, 0, 1)
	c.count(at+"churn_from", int64(s.ChurnFrom), 0, muchCount)
}

func (p Pool) check(c *checker, at string, lists []List) {
	if p.List != "" && !slices.ContainsFunc(lists, func(l List) bool { return l.ID == p.List && l.Role == "merchant" }) {
		c.add(at+"list", "%q is no list of merchants", p.List)
	}
	c.count(at+"impressions", p.Impressions, 0, muchCount)
	c.share(at+"reserve", p.Reserve)
	c.count(at+"least_impressions", p.LeastImpressions, 1, muchCount)
	c.above(at+"cap_share", p.CapShare, 0, 1)
	c.above(at+"cap_multiple", p.CapMultiple, 0, 1000)
}

// Names are short, so that they fit in columns and addresses.
var (
	versionName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)
	idName      = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
)

// item is the path of an item of a list.
func item(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// text writes a number as people do: 0.05, not 5e-02.
func text(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// quoted lists names for a message.
func quoted(names []string) string { return strings.Join(names, ", ") }
