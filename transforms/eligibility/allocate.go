package eligibility

import (
	"cmp"
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/rules"
)

// Allocation is a day's pool of boosted impressions, shared. Quota, ColdStart and Unallocated sum to the pool exactly.
type Allocation struct {
	Quota       []int64 // impressions of each member, in the order of the arguments
	ColdStart   []int64 // impressions of each subject of the cold start
	Unallocated int64   // what caps, or an empty cold start, leave over
	// Marginal is λ: what one more impression brings to every member between 0 and its cap; 0 if nobody is between.
	Marginal float64
	// Base and Caps are b_i and cap_i as they were taken, by member.
	Base []float64
	Caps []int64
}

// Allocate shares a pool among members to maximise Σ a_i ln(1 + x_i / b_i).
//
// a_i is what doubling the base brings in a day (fen, times the level's multiplier, over ln 2); members whose
// a_i is not a positive number get nothing. b_i is the base: mean boosted impressions a day, raised to the pool's least and to 1.
// No member gets more than the pool's share or multiple of b_i, the smaller; 0 there means no such cap. The reserve
// is split evenly over the subjects of the cold start.
//
// x_i = clip(a_i / λ − b_i, 0, cap_i), with λ by bisection; integers by largest remainder under the caps, ties by
// position. If the caps sum below what is to share, each gets its cap. A pool has at most 2^43 impressions.
//
// Source: definitions.md, section 14.
func Allocate(pool rules.Pool, a, b []float64, coldStart int) Allocation {
	mustHave(len(a), "base", len(b))
	reserve := share(pool.Reserve, pool.Impressions)
	w := newWater(pool, a, b, pool.Impressions-reserve)
	al := Allocation{Quota: make([]int64, len(a)), ColdStart: evenly(reserve, coldStart), Base: w.b, Caps: w.caps}
	al.Marginal = w.pour(al.Quota)
	al.Unallocated = pool.Impressions
	for _, x := range append(slices.Clone(al.Quota), al.ColdStart...) {
		al.Unallocated -= x
	}
	return al
}

// evenly splits an amount over n, the first ones get the remainder.
func evenly(amount int64, n int) []int64 {
	parts := make([]int64, n)
	for i := range parts {
		parts[i] = amount / int64(n)
		if int64(i) < amount%int64(n) {
			parts[i]++
		}
	}
	return parts
}

// water is what is poured into members: each takes from its base up to its cap, all to the same level 1/λ.
type water struct {
	share int64
	a, b  []float64
	caps  []int64 // 0 for members that get nothing
}

func newWater(pool rules.Pool, a, b []float64, amount int64) *water {
	w := &water{share: amount, a: a, b: make([]float64, len(b)), caps: make([]int64, len(a))}
	for i := range a {
		w.b[i] = max(1, float64(pool.LeastImpressions))
		if b[i] > w.b[i] { // false for NaN
			w.b[i] = b[i]
		}
		if a[i] > 0 && !math.IsInf(a[i], 1) {
			w.caps[i] = capOf(pool, w.b[i], amount)
		}
	}
	return w
}

// capOf is the most that a member with base b may get of an amount.
func capOf(pool rules.Pool, b float64, amount int64) int64 {
	most := amount
	if pool.CapShare > 0 {
		most = min(most, share(pool.CapShare, pool.Impressions))
	}
	if multiple := math.Floor(pool.CapMultiple * b); pool.CapMultiple > 0 && multiple < float64(most) {
		most = int64(multiple)
	}
	return most
}

// pour fills the quotas and returns λ.
func (w *water) pour(quota []int64) float64 {
	if !w.exceeds(w.caps) {
		copy(quota, w.caps)
		return 0
	}
	lambda := w.bisect()
	left := w.share
	for i := range quota {
		quota[i] = w.parts(i, lambda) >> fraction
		left -= quota[i]
	}
	w.round(quota, left, lambda)
	return lambda
}

// exceeds tells whether amounts sum above the share. It stops early, so that no sum overflows.
func (w *water) exceeds(amounts []int64) bool {
	left := w.share
	for _, x := range amounts {
		if left -= x; left < 0 {
			return true
		}
	}
	return false
}

// fraction is how many bits of a member's part are behind the point. Parts are summed as integers, so that the order
// of members cannot change λ.
const fraction = 20

// parts is x_i at λ, in 2^-fraction impressions.
func (w *water) parts(i int, lambda float64) int64 {
	if w.caps[i] == 0 {
		return 0
	}
	x := w.a[i]/lambda - w.b[i]
	if x <= 0 {
		return 0
	}
	return int64(math.Ldexp(min(x, float64(w.caps[i])), fraction))
}

// overflows tells whether the parts at λ sum above the share.
func (w *water) overflows(lambda float64) bool {
	left := w.share << fraction
	for i := range w.a {
		if left -= w.parts(i, lambda); left < 0 {
			return true
		}
	}
	return false
}

// bisect finds the smallest λ at which the parts do not exceed the share.
func (w *water) bisect() float64 {
	low, high := math.Inf(1), 0.0
	for i, c := range w.caps {
		if c > 0 {
			low = min(low, w.a[i]/(w.b[i]+float64(c))) // here everyone is at the cap
			high = max(high, w.a[i]/w.b[i])            // here nobody gets anything
		}
	}
	for {
		mid := low + (high-low)/2
		if mid <= low || mid >= high {
			return high
		}
		if w.overflows(mid) {
			low = mid
		} else {
			high = mid
		}
	}
}

// round hands out what whole numbers left over, one each, by the largest remainder, to members below their cap.
func (w *water) round(quota []int64, left int64, lambda float64) {
	if left == 0 {
		return
	}
	type remainder struct {
		part   int64
		member int
	}
	var all []remainder
	for i, c := range w.caps {
		if c > 0 {
			all = append(all, remainder{w.parts(i, lambda) - quota[i]<<fraction, i})
		}
	}
	slices.SortFunc(all, func(x, y remainder) int {
		return cmp.Or(cmp.Compare(y.part, x.part), cmp.Compare(x.member, y.member))
	})
	for left > 0 { // once, but for the last bits of λ
		for _, r := range all {
			if left > 0 && quota[r.member] < w.caps[r.member] {
				quota[r.member]++
				left--
			}
		}
	}
}

// Expected is what x impressions above a base of b bring in a day: a ln(1 + x / b), in the unit of a.
func Expected(a, b float64, x int64) float64 { return a * math.Log1p(float64(x)/b) }

// LastThousand is what the last 1,000 of x impressions bring; all of them if there are fewer.
func LastThousand(a, b float64, x int64) float64 {
	return Expected(a, b, x) - Expected(a, b, max(0, x-1000))
}
