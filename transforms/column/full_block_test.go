package column_test

import (
	"slices"
	"testing"

	"github.com/windvane/windvane/transforms/column"
)

// A block that is exactly full is handed over when the next rows come; these must fit the packing that all use by then.
func TestRowsAfterAFullBlockFitTheNewPacking(t *testing.T) {
	const blockRows = 2048 // of one word
	s := column.NewSorter(2, []column.Order{{Column: 0}}, unlimited())
	first, second := s.Writer(), s.Writer()
	keys, ones := make([]int64, blockRows), slices.Repeat([]int64{1}, blockRows)
	for i := range keys {
		keys[i] = int64(i)
	}
	first.Columns(blockRows, [][]int64{keys, ones})
	second.Rows([]int64{1 << 40, 1})   // another packing, with less room for the second column
	first.Rows([]int64{3000, 1 << 35}) // fits the old one alone
	if first.Flush() != nil || second.Flush() != nil {
		t.Fatal("flush")
	}
	if got := sorted(t, s, 4096); !slices.Equal(got[blockRows], []int64{3000, 1 << 35}) {
		t.Errorf("got %v", got[blockRows])
	}
}
