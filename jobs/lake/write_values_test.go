package lake

import (
	"bytes"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/rle"
	"pgregory.net/rapid"
)

func TestIndicesAsParquetGoEncodesThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(0, 20).Draw(t, "width")
		var indices []uint32
		for range rapid.IntRange(0, 40).Draw(t, "runs") {
			x := rapid.Uint32Range(0, 1<<width-1).Draw(t, "index")
			for range rapid.IntRange(1, 20).Draw(t, "n") {
				indices = append(indices, x)
			}
		}
		var e rle.DictionaryEncoding
		want, err := e.EncodeInt32(nil, asInt32(indices))
		if err != nil {
			t.Fatal(err)
		}
		for _, room := range []int{0, 1000} {
			got, err := appendIndices(append(make([]byte, 0, room), "before"...), indices)
			if err != nil || !bytes.Equal(got, append([]byte("before"), want...)) {
				t.Errorf("%v: %x, want %x, %v", indices, got, want, err)
			}
		}
	})
}

func TestMinMax(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64(), 1, 50).Draw(t, "values")
		wantLo, wantHi := values[0], values[0]
		for _, v := range values {
			if v < wantLo {
				wantLo = v
			}
			if v > wantHi {
				wantHi = v
			}
		}
		if lo, hi := minMax(values); lo != wantLo || hi != wantHi {
			t.Errorf("%v: %d, %d, want %d, %d", values, lo, hi, wantLo, wantHi)
		}
	})
}
