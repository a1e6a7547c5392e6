package column_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
)

// Groups against a map: numbers in order of first appearance, whatever the hashes do.
func TestGroupsNumberDistinctKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var g column.Groups
		for range rapid.IntRange(1, 3).Draw(t, "batches") { // memory is reused
			n := rapid.IntRange(0, 300).Draw(t, "rows")
			keys := make([][]int64, rapid.IntRange(0, 3).Draw(t, "keys"))
			for j := range keys {
				keys[j] = rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(0, 4), rapid.Just[int64](column.Null)), n, n).Draw(t, "column")
			}
			hashes := make([]uint64, n)
			column.HashColumns(hashes, keys)
			if rapid.Bool().Draw(t, "all hashes collide") {
				clear(hashes)
			}
			var rows []uint32
			for i := range n {
				if rapid.Bool().Draw(t, "selected") {
					rows = append(rows, uint32(i))
				}
			}
			of := make([]uint32, len(rows))
			g.Number(keys, hashes, rows, of)
			checkGroups(t, &g, keys, rows, of)
		}
	})
}

func checkGroups(t *rapid.T, g *column.Groups, keys [][]int64, rows, of []uint32) {
	numbers := map[[3]int64]uint32{}
	for k, row := range rows {
		var key [3]int64
		for j := range keys {
			key[j] = keys[j][row]
		}
		want, known := numbers[key]
		if !known {
			want = uint32(len(numbers))
			numbers[key] = want
			if int(want) >= g.Len() || g.First()[want] != row {
				t.Fatalf("group %d does not begin with row %d: %v", want, row, g.First())
			}
		}
		if of[k] != want {
			t.Fatalf("row %d is in group %d, want %d", row, of[k], want)
		}
	}
	if g.Len() != len(numbers) {
		t.Fatalf("%d groups, want %d", g.Len(), len(numbers))
	}
}

// Values that hash columns of different rows alike must not be taken for one key: HashColumns is Hash of the row.
func TestHashColumnsIsHashOfTheRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		hashes := make([]uint64, 2)
		column.HashColumns(hashes, [][]int64{{a, b}, {b, a}})
		if hashes[0] != column.Hash(a, b) || hashes[1] != column.Hash(b, a) {
			t.Fatalf("%x, want %x and %x", hashes, column.Hash(a, b), column.Hash(b, a))
		}
	})
}
