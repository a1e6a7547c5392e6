package stats

import (
	"math/big"
	"math/bits"
)

// Int128 is a signed 128-bit integer in two's complement; the zero value is 0. Squares of fen summed over users
// leave int64 (1e8 squared over 1e7 users is 1e23); integers add up in any order to the same bits and can be taken
// out again, which floats cannot. Results wrap beyond ±2¹²⁷, 1.7e38; callers bound their values so that none gets there.
type Int128 struct {
	Hi int64
	Lo uint64
}

// Int128Of widens an int64.
func Int128Of(v int64) Int128 { return Int128{v >> 63, uint64(v)} }

// Product is a·b, exact.
func Product(a, b int64) Int128 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	h := int64(hi)
	if a < 0 { // the unsigned product of a negative a is 2⁶⁴·b too large
		h -= b
	}
	if b < 0 {
		h -= a
	}
	return Int128{h, lo}
}

// Add is v + w.
func (v Int128) Add(w Int128) Int128 {
	lo, carry := bits.Add64(v.Lo, w.Lo, 0)
	hi, _ := bits.Add64(uint64(v.Hi), uint64(w.Hi), carry)
	return Int128{int64(hi), lo}
}

// Sub is v − w.
func (v Int128) Sub(w Int128) Int128 {
	lo, borrow := bits.Sub64(v.Lo, w.Lo, 0)
	hi, _ := bits.Sub64(uint64(v.Hi), uint64(w.Hi), borrow)
	return Int128{int64(hi), lo}
}

// Times is v·w.
func (v Int128) Times(w int64) Int128 {
	hi, lo := bits.Mul64(v.Lo, uint64(w))
	h := int64(hi) + v.Hi*w
	if w < 0 { // as in Product
		h -= int64(v.Lo)
	}
	return Int128{h, lo}
}

// Sign is −1, 0 or 1.
func (v Int128) Sign() int {
	switch {
	case v.Hi < 0:
		return -1
	case v.Hi == 0 && v.Lo == 0:
		return 0
	}
	return 1
}

// Big is v as an integer of any size.
func (v Int128) Big() *big.Int {
	b := big.NewInt(v.Hi)
	b.Lsh(b, 64)
	return b.Add(b, new(big.Int).SetUint64(v.Lo))
}

// Float64 is the float nearest to v.
func (v Int128) Float64() float64 {
	f, _ := new(big.Float).SetInt(v.Big()).Float64()
	return f
}

func (v Int128) String() string { return v.Big().String() }
