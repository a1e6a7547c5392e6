package score

import (
	"math"

	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/stats"
)

// Change is a change of one indicator of one subject.
type Change struct {
	Indicator int // position in Score.Indicators
	// From and To are the figure people know: x/n as it stands in the inputs (scaled as the anchors are), the mean,
	// the percentile q, the points.
	From, To float64
	// FromX and ToX are x at today's n: bad events, whole unless they weigh by recency or are a share of money; the sum of a mean. Those of
	// percentiles and points are From and To.
	FromX, ToX float64
	N          float64
	// Share says how large the change is: of a rate (x − x′)/n, of a mean 1 − v′/v, of percentiles and points the
	// part of their scale.
	Share float64
}

// Smallest is the smallest single change of one indicator with which the subject's total reaches total (hundredths)
// and its quality dimension reaches quality (points, not rounded; 0: no matter), all else held: the categories' norms,
// the other indicators, the tickets.
//
// Among rates it is the one with the smallest share of n, without such the mean with the smallest relative change,
// without such the percentile or the points with the smallest part of their scale; ties by the order in the rules.
// ToX of a rate is the largest number of bad events that will do. Indicators without a figure cannot change.
//
// ok is false where the subject has no score, is there already, or no single indicator gets it there.
func (s *Scores) Smallest(subject int, total int64, quality float64) (change Change, ok bool) {
	if s.Status[subject] == NoScore {
		return Change{}, false
	}
	c := search{basis: s.basis, subject: subject, total: total, quality: quality}
	c.basis.points(subject, false, &c.held)
	c.now = c.held
	if c.reached() {
		return Change{}, false
	}
	for _, ways := range [][]rules.Way{{rules.Rate}, {rules.Mean}, {rules.Percentile, rules.Points}} {
		for i := range c.indicators {
			for _, way := range ways {
				if c.indicators[i].known.Way == way && c.Of[i] != nil {
					if _, n := c.Of[i](subject); n > 0 {
						c.try(i)
					}
				}
			}
		}
		if c.found {
			return c.best, true
		}
	}
	return Change{}, false
}

// search looks for the smallest change of one subject.
type search struct {
	*basis
	subject   int
	total     int64
	quality   float64
	held, now points // as they are; with one of them changed
	best      Change
	found     bool
}

// reached tells whether the points of now get the subject there.
func (c *search) reached() bool {
	var sum folded
	c.fold(&c.now, &sum)
	if c.quality > 0 && (c.gate < 0 || !(sum.dimensions[c.gate] >= c.quality-slack)) {
		return false
	}
	return c.hundredths(sum.total, c.subject) >= c.total
}

// reaches tells whether value gets the subject there: what is held against the anchors.
func (c *search) reaches(i int, value float64) bool {
	c.now[i] = c.earned(&c.indicators[i], c.against(i, c.subject), value)
	reached := c.reached()
	c.now[i] = c.held[i]
	return reached
}

// try keeps the change of indicator i if it is smaller than the best so far.
func (c *search) try(i int) {
	var change Change
	var ok bool
	switch c.indicators[i].known.Way {
	case rules.Rate:
		change, ok = c.rate(i)
	case rules.Mean:
		change, ok = c.mean(i)
	default:
		change, ok = c.upwards(i)
	}
	if ok && (!c.found || change.Share < c.best.Share) {
		c.best, c.found = change, true
	}
}

// rate looks for the largest x that will do. It stops early at changes that are larger than the best so far.
func (c *search) rate(i int) (Change, bool) {
	in, g := &c.indicators[i], c.against(i, c.subject)
	x, n := c.Of[i](c.subject)
	enough := func(x float64) bool { return c.reaches(i, in.scale*stats.Shrink(x, n, g.mean, g.strength)) }
	whole := c.whole(in) && x == math.Floor(x)
	var least float64
	if c.found {
		least = max(least, x-c.best.Share*n-1)
	}
	if whole {
		least = math.Floor(least)
	}
	to, ok := largest(least, x, whole, enough)
	return Change{
		Indicator: i, From: in.scale * x / n, To: in.scale * to / n, FromX: x, ToX: to, N: n, Share: (x - to) / n,
	}, ok
}

// whole tells whether x of a rate is a number of things.
func (p *plan) whole(in *indicator) bool {
	return in.known.Counts == rules.Buyers || in.known.Counts == rules.Events && !p.weighted
}

// mean looks for the largest mean that will do.
func (c *search) mean(i int) (Change, bool) {
	in := &c.indicators[i]
	x, n := c.Of[i](c.subject)
	to, ok := largest(0, x, false, func(x float64) bool { return c.reaches(i, in.scale*x/n) })
	return Change{
		Indicator: i, From: in.scale * x / n, To: in.scale * to / n, FromX: x, ToX: to, N: n, Share: 1 - to/x,
	}, ok
}

// upwards looks for the smallest percentile or points that will do.
func (c *search) upwards(i int) (Change, bool) {
	from, top, scale := c.read(i, c.subject, false).value, 1.0, 1.0
	if c.indicators[i].known.Way == rules.Points {
		from, top, scale = c.held[i], c.highest(), c.highest()-c.lowest()
	}
	down, ok := largest(0, top-from, false, func(d float64) bool { return c.reaches(i, top-d) })
	to := top - down
	_, n := c.Of[i](c.subject)
	return Change{Indicator: i, From: from, To: to, FromX: from, ToX: to, N: n, Share: (to - from) / scale}, ok
}

// largest is the largest value in [least, now) that is enough, to a billionth of now; whole: the largest whole number.
// What is enough stays so further down. ok is false if not even least is.
func largest(least, now float64, whole bool, enough func(float64) bool) (value float64, ok bool) {
	if least >= now || !enough(least) {
		return 0, false
	}
	step := 1e-9 * now
	if whole {
		step = 1
	}
	for low, high := least, now; ; {
		middle := low + (high-low)/2
		if whole {
			middle = math.Floor(middle)
		}
		if high-low <= step || middle <= low || middle >= high {
			return low, true
		}
		if enough(middle) {
			low = middle
		} else {
			high = middle
		}
	}
}
