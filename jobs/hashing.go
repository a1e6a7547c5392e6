package jobs

import (
	"math"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/zeebo/xxh3"
)

// nullHash stands for a missing value.
const nullHash = 0x9E3779B97F4A7C15

// mix folds a value into a running hash: the 128-bit product of both, halves folded together, as in wyhash.
func mix(h, v, seed uint64) uint64 {
	hi, lo := bits.Mul64(v^0xA0761D6478BD642F^seed, h^0xE7037ED1A0B428DB)
	return hi ^ lo ^ bits.RotateLeft64(h, 23)
}

// fold mixes a column of fixed-width values into the hashes of its rows.
func fold[T any](hashes []uint64, a arrow.Array, seed uint64, values []T, bits func(T) uint64) {
	if a.NullN() > 0 {
		foldEach(hashes, a, seed, func(i int) uint64 { return bits(values[i]) })
		return
	}
	for i, v := range values {
		hashes[i] = mix(hashes[i], bits(v), seed)
	}
}

// foldEach mixes in the values that value gives, and nulls.
func foldEach(hashes []uint64, a arrow.Array, seed uint64, value func(i int) uint64) {
	for i := range hashes {
		if a.IsNull(i) {
			hashes[i] = mix(^hashes[i], nullHash, seed) // no value does the same
		} else {
			hashes[i] = mix(hashes[i], value(i), seed)
		}
	}
}

// foldDictionary hashes every word once. The same text hashes alike whatever the dictionary.
func foldDictionary(hashes []uint64, a *array.Dictionary, seed uint64) {
	words := make([]uint64, a.Dictionary().Len())
	for i := range words {
		words[i] = hashText(a.Dictionary().ValueStr(i), seed)
	}
	foldEach(hashes, a, seed, func(i int) uint64 { return words[a.GetValueIndex(i)] })
}

func hashText(s string, seed uint64) uint64 { return xxh3.HashStringSeed(s, seed) }

// floatBits are the IEEE bits; both zeros are one value.
func floatBits(v float64) uint64 {
	if v == 0 {
		return 0
	}
	return math.Float64bits(v)
}
