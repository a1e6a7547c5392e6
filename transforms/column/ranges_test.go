package column_test

import (
	"errors"
	"testing"

	"github.com/windvane/windvane/transforms/column"
)

func TestRangesCoverAllOnce(t *testing.T) {
	for _, n := range []int{0, 1, 8192, 8193, 100_000} {
		for _, workers := range []int{0, 1, 3} {
			seen := make([]uint8, n)
			if err := column.Ranges(n, workers, func(from, to int) {
				for i := from; i < to; i++ {
					seen[i]++
				}
			}); err != nil {
				t.Fatal(err)
			}
			for i, times := range seen {
				if times != 1 {
					t.Fatalf("%d of %d, %d workers: visited %d times", i, n, workers, times)
				}
			}
		}
	}
}

func TestRangesFailWhereWorkPanics(t *testing.T) {
	err := column.Ranges(100_000, 2, func(from, _ int) {
		if from > 0 {
			panic("broken")
		}
	})
	if !errors.Is(err, column.ErrInternal) {
		t.Errorf("error %v", err)
	}
}
