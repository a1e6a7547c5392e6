package gmv_test

import (
	"math"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/gmv"
)

// What is packed comes back, whatever its width, read as a whole and a measure at a time.
func TestPackedRowsComeBack(t *testing.T) {
	value := rapid.OneOf(rapid.Just[int64](0), rapid.Int64(), rapid.Int64Range(-300, 300),
		rapid.Custom(func(t *rapid.T) int64 { // where another byte is needed
			v := int64(1)<<rapid.SampledFrom([]int{7, 15, 23, 31, 55, 62}).Draw(t, "bits") - rapid.Int64Range(0, 1).Draw(t, "less")
			return v * rapid.SampledFrom([]int64{-1, 1}).Draw(t, "sign")
		}),
		rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, -1 << 7, -1 << 15, -1 << 23, -1 << 31}))
	rapid.Check(t, func(t *rapid.T) {
		row := rapid.Custom(func(t *rapid.T) (r gmv.PackedRow) {
			r.Cell, r.Place = rapid.Uint8Range(0, 31).Draw(t, "cell"), rapid.Uint8Range(0, 5).Draw(t, "place")
			for j := range r.M {
				r.M[j] = value.Draw(t, "value")
			}
			return r
		})
		subjects := rapid.SliceOf(rapid.SliceOfN(row, 1, 5)).Draw(t, "subjects")
		whole, single := gmv.PackAndRead(subjects)
		if diff := gocmp.Diff(subjects, whole); len(subjects) > 0 && diff != "" {
			t.Fatalf("read as a whole: %s", diff)
		}
		if diff := gocmp.Diff(subjects, single); len(subjects) > 0 && diff != "" {
			t.Fatalf("read one by one: %s", diff)
		}
	})
}

// Rows fill one chunk after the other, each to its end.
func TestPackedRowsOfManyChunks(t *testing.T) {
	var subjects [][]gmv.PackedRow
	for i := range int64(60_000) {
		r := gmv.PackedRow{Cell: uint8(i % 29), Place: uint8(i % 6)}
		for j := range r.M {
			r.M[j] = i * int64(j) << (i % 40)
		}
		subjects = append(subjects, []gmv.PackedRow{r})
	}
	whole, single := gmv.PackAndRead(subjects)
	for i, want := range subjects {
		if !slices.Equal(want, whole[i]) || !slices.Equal(want, single[i]) {
			t.Fatalf("subject %d: %v as a whole, %v one by one, want %v", i, whole[i], single[i], want)
		}
	}
}
