package market

import (
	"math"
	"math/bits"
)

// stream is a counter-based random stream (SplitMix64). Any stream can be opened at no cost from what it
// is for, so no random state is shared or stored.
type stream uint64

// purpose keeps streams of different use apart.
type purpose uint64

const (
	forMerchants purpose = iota + 1
	forTalents
	forPartners
	forProducts
	forStyles
	forOrders
	forFate
	forChat
	forArm
	forExposure
	forSession
	forPrice
	forMemory
	forContent
	forTraffic
	forViolation
	forSnapshot
	forOverride
	forRoute
)

const golden = 0x9e3779b97f4a7c15

// open starts the stream of one purpose for (a, b).
func open(seed uint64, p purpose, a, b uint64) stream {
	h := mix(seed + golden*uint64(p))
	h = mix(h ^ a*0xd1342543de82ef95)
	return stream(mix(h ^ b*0xaf251af3b0f025b5))
}

// mix is the finaliser of SplitMix64, a bijection that scatters all bits.
// Source: Steele, Lea, Flood, OOPSLA 2014, variant 13 of D. Stafford.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (s *stream) next() uint64 {
	*s += golden
	return mix(uint64(*s))
}

// unit is uniform in [0, 1).
func (s *stream) unit() float64 { return float64(s.next()>>11) * 0x1p-53 }

// below is uniform in [0, n).
func (s *stream) below(n int) int {
	hi, _ := bits.Mul64(s.next(), uint64(n))
	return int(hi)
}

// between is uniform in [lo, hi).
func (s *stream) between(lo, hi float64) float64 { return lo + (hi-lo)*s.unit() }

func (s *stream) chance(p float64) bool { return s.unit() < p }

// normal is close to a standard normal: the sum of four 16-bit uniforms, so |x| < 3.47.
func (s *stream) normal() float64 {
	z := s.next()
	sum := float64(z&0xffff) + float64(z>>16&0xffff) + float64(z>>32&0xffff) + float64(z>>48)
	return (sum/65536 - 2) * math.Sqrt2 * 1.2247448713915890
}

// lognormal has the given median and log-scale deviation.
func (s *stream) lognormal(median, sigma float64) float64 {
	return median * math.Exp(sigma*s.normal())
}

// about is a whole number with mean x: x rounded up or down at random.
func (s *stream) about(x float64) int64 { return int64(x + s.unit()) }

// pick is an index drawn by cumulative weights that end at 1.
func (s *stream) pick(cumulative []float64) int {
	u := s.unit()
	for i, c := range cumulative {
		if u < c {
			return i
		}
	}
	return len(cumulative) - 1
}
