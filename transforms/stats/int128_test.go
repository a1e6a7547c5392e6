package stats_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/stats"
)

var (
	two127 = new(big.Int).Lsh(big.NewInt(1), 127)
	two128 = new(big.Int).Lsh(big.NewInt(1), 128)
)

// wrapped is b as two's complement of 128 bits holds it.
func wrapped(b *big.Int) *big.Int {
	w := new(big.Int).Add(b, two127)
	return w.Mod(w, two128).Sub(w, two127)
}

// anyInt64 draws the ends and small numbers often.
func anyInt64() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.Int64(), rapid.Int64Range(-3, 3), rapid.SampledFrom([]int64{-1 << 63, -1<<63 + 1, 1<<63 - 1, 1 << 32, -1 << 32}))
}

func anyInt128() *rapid.Generator[stats.Int128] {
	return rapid.Custom(func(t *rapid.T) stats.Int128 {
		return stats.Int128{Hi: anyInt64().Draw(t, "high"), Lo: uint64(anyInt64().Draw(t, "low"))}
	})
}

func TestInt128CountsAsBigIntegersDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, w := anyInt128().Draw(t, "v"), anyInt128().Draw(t, "w")
		a, b := anyInt64().Draw(t, "a"), anyInt64().Draw(t, "b")
		A, B := big.NewInt(a), big.NewInt(b)
		float, _ := new(big.Float).SetInt(v.Big()).Float64()
		for _, c := range []struct {
			what string
			got  stats.Int128
			want *big.Int
		}{
			{"widening", stats.Int128Of(a), A},
			{"product", stats.Product(a, b), new(big.Int).Mul(A, B)},
			{"sum", v.Add(w), wrapped(new(big.Int).Add(v.Big(), w.Big()))},
			{"difference", v.Sub(w), wrapped(new(big.Int).Sub(v.Big(), w.Big()))},
			{"multiple", v.Times(a), wrapped(new(big.Int).Mul(v.Big(), A))},
		} {
			if c.got.Big().Cmp(c.want) != 0 || c.got.String() != c.want.String() {
				t.Fatalf("%s is %v, want %v", c.what, c.got, c.want)
			}
		}
		if v.Sign() != v.Big().Sign() || v.Float64() != float {
			t.Fatalf("%v: sign %d, float %v", v, v.Sign(), v.Float64())
		}
	})
}

func TestInt128OfKnownValues(t *testing.T) {
	for _, c := range []struct {
		got  stats.Int128
		want string
	}{
		{stats.Product(1e8, 1e8).Times(1e7), "100000000000000000000000"}, // a night's sum of squares
		{stats.Product(-1<<63, -1<<63), "85070591730234615865843651857942052864"},
		{stats.Product(-1<<63, 1), "-9223372036854775808"},
		{stats.Int128{}.Sub(stats.Int128Of(1)), "-1"},
	} {
		if c.got.String() != c.want {
			t.Errorf("%v, want %s", c.got, c.want)
		}
	}
}
