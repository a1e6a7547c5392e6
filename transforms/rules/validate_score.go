package rules

import "math"

// weightError is what the weights of a score may be off 1: the error of adding decimals.
const weightError = 1e-9

func (s Score) check(c *checker, at string, known []Known) {
	s.checkWindows(c, at)
	c.count(at+"full_orders", s.FullOrders, 0, muchCount)
	c.oneOf(at+"full_by", s.FullBy, "valid", "signed")
	if len(s.Dimensions) == 0 {
		c.add(at+"dimensions", "there is no dimension")
		return
	}
	dimensions, indicators := unique{}, unique{}
	var sum float64
	for i, d := range s.Dimensions {
		at := item(at+"dimensions", i) + "."
		c.id(at+"id", d.ID, dimensions)
		c.notEmpty(at+"name", d.Name)
		if len(d.Indicators) == 0 {
			c.add(at+"indicators", "there is no indicator")
		}
		for j, indicator := range d.Indicators {
			indicator.check(c, item(at+"indicators", j)+".", known, indicators)
		}
		sum += d.Weight()
	}
	if math.Abs(sum-1) > weightError {
		c.add(at+"dimensions", "the weights sum to %s, not to 1", text(math.Round(sum*1e9)/1e9))
	}
}

func (s Score) checkWindows(c *checker, at string) {
	if len(s.Windows) == 0 {
		c.add(at+"windows", "there is no window")
	}
	for i, days := range s.Windows {
		c.count(item(at+"windows", i), int64(days), 1, manyDays)
		if i > 0 {
			c.follows(item(at+"windows", i), float64(s.Windows[i-1]), float64(days), ascending)
		}
	}
}

func (i Indicator) check(c *checker, at string, known []Known, seen unique) {
	c.notEmpty(at+"name", i.Name)
	c.above(at+"weight", i.Weight, 0, 1)
	var ids []string
	for _, k := range known {
		ids = append(ids, k.ID)
	}
	if !c.oneOf(at+"id", i.ID, ids...) {
		return
	}
	seen.check(c, at+"id", i.ID)
	for _, k := range known {
		if k.ID == i.ID {
			i.checkWay(c, at, k.Way)
		}
	}
	if i.LeastPoints != 0 {
		c.between(at+"least_points", i.LeastPoints, minPoints, maxPoints)
	} else if i.ID == "price_power" || i.ID == "price_coverage" {
		c.add(at+"least_points", "it is missing; a price may reward, never punish")
	}
}

// checkWay checks what the way from figure to points needs: rates anchors and a strength, means anchors.
func (i Indicator) checkWay(c *checker, at string, way Way) {
	given := i.Anchors != [4]float64{}
	switch {
	case way != Rate && way != Mean && given:
		c.add(at+"anchors", "%s has no anchors: it is ranked in its category, or in points already", i.ID)
	case way != Rate && way != Mean:
	case !given:
		c.add(at+"anchors", "it is missing")
	default:
		for j, v := range i.Anchors {
			c.between(item(at+"anchors", j), v, 0, 1e6)
		}
		c.order(at+"anchors", i.Anchors[:], ascending)
	}
	switch {
	case way == Rate && i.Strength == 0:
		c.add(at+"strength", "it is missing")
	case way == Rate:
		c.above(at+"strength", i.Strength, 0, 1e6)
	case i.Strength != 0:
		c.add(at+"strength", "%s is not shrunk, so it has no strength", i.ID)
	}
}
