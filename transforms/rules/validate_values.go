package rules

import (
	"fmt"
	"math"
	"regexp"
	"slices"
)

// checker collects problems. Its methods report a problem or, where they tell, that there is none.
type checker struct{ problems []error }

func (c *checker) add(path, format string, args ...any) {
	c.problems = append(c.problems, fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...)))
}

// count checks a whole number in [low, high].
func (c *checker) count(path string, n, low, high int64) bool {
	switch {
	case n < low && high == muchCount:
		c.add(path, "%d is below %d", n, low)
	case n < low || n > high:
		c.add(path, "%d is outside [%d, %d]", n, low, high)
	}
	return n >= low && n <= high
}

// between checks a number in [low, high]. NaN is outside of everything.
func (c *checker) between(path string, v, low, high float64) bool {
	if !(v >= low && v <= high) {
		c.add(path, "%s is outside [%s, %s]", text(v), text(low), text(high))
		return false
	}
	return true
}

// above checks a number in (low, high].
func (c *checker) above(path string, v, low, high float64) bool {
	if !(v > low && v <= high) {
		c.add(path, "%s is outside (%s, %s]", text(v), text(low), text(high))
		return false
	}
	return true
}

// share checks a number in [0, 1).
func (c *checker) share(path string, v float64) {
	if !(v >= 0 && v < 1) {
		c.add(path, "%s is outside [0, 1)", text(v))
	}
}

// within checks a number in (0, 1).
func (c *checker) within(path string, v float64) bool {
	if !(v > 0 && v < 1) {
		c.add(path, "%s is outside (0, 1)", text(v))
		return false
	}
	return true
}

func (c *checker) notEmpty(path, s string) {
	if s == "" {
		c.add(path, "it is empty")
	}
}

func (c *checker) name(path, s string, form *regexp.Regexp, of string) {
	if !form.MatchString(s) {
		c.add(path, "%q is not a name of %s, at most 63", s, of)
	}
}

// id checks a name and that it is new.
func (c *checker) id(path, s string, seen unique) {
	c.name(path, s, idName, "lower-case letters, digits and _")
	if s != "" {
		seen.check(c, path, s)
	}
}

func (c *checker) oneOf(path, s string, names ...string) bool {
	if !slices.Contains(names, s) {
		c.add(path, "%q is none of %s", s, quoted(names))
		return false
	}
	return true
}

// unique are the names that a list has used.
type unique map[string]bool

// check refuses an empty name and one that stands there already.
func (u unique) check(c *checker, path, s string) {
	switch {
	case s == "":
		c.add(path, "it is empty")
	case u[s]:
		c.add(path, "%q stands here twice", s)
	}
	u[s] = true
}

// direction is how the numbers of a list follow each other.
type direction struct {
	follows func(before, v float64) bool
	wrong   string // of a number that does not
}

var (
	ascending  = direction{func(before, v float64) bool { return v > before }, "not above"}
	descending = direction{func(before, v float64) bool { return v < before }, "not below"}
	notRising  = direction{func(before, v float64) bool { return v <= before }, "above"}
)

// order checks the direction of a list.
func (c *checker) order(path string, values []float64, d direction) {
	for i := 1; i < len(values); i++ {
		c.follows(item(path, i), values[i-1], values[i], d)
	}
}

func (c *checker) follows(path string, before, v float64, d direction) {
	if !d.follows(before, v) {
		c.add(path, "%s is %s %s, the one before", text(v), d.wrong, text(before))
	}
}

// points checks a list of points.
func (c *checker) points(path string, values []float64, d direction) {
	for i, v := range values {
		c.between(item(path, i), v, minPoints, maxPoints)
	}
	c.order(path, values, d)
}

// bands checks the bounds at_least of bands from the best down.
func (c *checker) bands(path string, bounds []float64, low, high float64) {
	for i, v := range bounds {
		at := item(path, i) + ".at_least"
		if c.bound(at, v, low, high) && i > 0 && bounds[i-1] >= low && bounds[i-1] <= high {
			c.follows(at, bounds[i-1], v, descending)
		}
	}
}

// bound checks what values are compared with: a number in [low, high] of at most four decimals, since scores are
// compared as whole numbers of ten-thousandths.
func (c *checker) bound(path string, v, low, high float64) bool {
	if !c.between(path, v, low, high) {
		return false
	}
	if rounded := math.Round(v*1e4) / 1e4; rounded != v {
		c.add(path, "%s has more than four decimals", text(v))
		return false
	}
	return true
}
