package stats

import "math"

// Curve turns a value into points: straight lines through four anchors, level outside them.
//
//	points  P0 ────┐
//	               ╲
//	        P1      •╲
//	        P2         •──╲
//	        P3               •─────
//	              a0 a1  a2   a3      value
type Curve struct {
	Anchors [4]float64 // values, strictly ascending
	Points  [4]float64 // earned at the anchors, descending
}

// At is the points a value earns, within [Points[3], Points[0]]. The value must not be NaN; infinities may be.
func (c *Curve) At(value float64) float64 {
	if value <= c.Anchors[0] {
		return c.Points[0]
	}
	for i := 1; i < len(c.Anchors); i++ {
		if value <= c.Anchors[i] {
			share := (value - c.Anchors[i-1]) / (c.Anchors[i] - c.Anchors[i-1])
			return c.Points[i-1] + share*(c.Points[i]-c.Points[i-1])
		}
	}
	return c.Points[3]
}

// Inverse is the largest value that earns at least points, exact but for rounding in the last places.
// It is +Inf where every value earns them, and −Inf where none does.
func (c *Curve) Inverse(points float64) float64 {
	switch {
	case points <= c.Points[3]:
		return math.Inf(1)
	case points > c.Points[0]:
		return math.Inf(-1)
	}
	i := 3
	for c.Points[i-1] < points {
		i--
	}
	share := (points - c.Points[i-1]) / (c.Points[i] - c.Points[i-1])
	return c.Anchors[i-1] + share*(c.Anchors[i]-c.Anchors[i-1])
}
