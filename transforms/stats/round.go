package stats

import "math"

// HalfUp rounds a decimal figure once, halves upwards (towards +Inf), and gives it in units of its last decimal:
// HalfUp(4.715, 2) is 472.
//
// The value is taken to be meant to nine decimals, so that 4.715, which binary floats only hold as
// 4.7149999999999999, counts as the half it is. decimals lies in [0, 9]; the value is finite and below 9·10⁹ in
// size, and from 9·10⁶ on it carries fewer than nine decimals itself.
func HalfUp(value float64, decimals int) int64 {
	const nano = 1_000_000_000
	unit := int64(nano)
	for range decimals {
		unit /= 10
	}
	shifted := int64(math.Round(value*nano)) + unit/2
	rounded := shifted / unit
	if shifted < 0 && shifted%unit != 0 {
		rounded-- // division cuts towards zero; halves go up
	}
	return rounded
}
