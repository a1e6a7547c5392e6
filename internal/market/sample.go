package market

import "math"

// alias draws an index with probability proportional to its weight in constant time.
// Source: A. J. Walker 1977, set up as by M. Vose 1991.
type alias struct {
	cut   []uint64 // the index itself is drawn if the low word is below cut
	other []int32  // else this one
}

func newAlias(weights []float64) alias {
	n := len(weights)
	a := alias{cut: make([]uint64, n), other: make([]int32, n)}
	total := 0.0
	for _, w := range weights {
		total += w
	}
	scaled := make([]float64, n)
	var small, large []int32
	for i, w := range weights {
		scaled[i] = w * float64(n) / total
		if scaled[i] < 1 {
			small = append(small, int32(i))
		} else {
			large = append(large, int32(i))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		a.cut[s], a.other[s] = uint64(scaled[s]*0x1p32), l
		scaled[l] -= 1 - scaled[s]
		if scaled[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	for _, i := range append(small, large...) {
		a.cut[i], a.other[i] = 1<<32, i
	}
	return a
}

// draw takes the index from the high half of one random word and the coin from the low half.
func (a *alias) draw(s *stream) int {
	z := s.next()
	i := int((z >> 32) * uint64(len(a.cut)) >> 32)
	if z&0xffffffff < a.cut[i] {
		return i
	}
	return int(a.other[i])
}

// zipfWeights are the weights of n subjects in order of size, which fall like a power of the rank.
func zipfWeights(n int, skew float64, s *stream) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = math.Pow(float64(i+2), -skew) * s.lognormal(1, 0.3)
	}
	return w
}

// permutation maps 0..n-1 onto itself, so that identifiers do not tell the order of size.
type permutation struct{ step, n int64 }

func newPermutation(n int) permutation {
	step := int64(float64(n)*0.6180339887) | 1
	for gcd(step, int64(n)) != 1 {
		step += 2
	}
	return permutation{step, int64(n)}
}

func (p permutation) of(i int) int64 { return int64(i) * p.step % p.n }

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
