package rollup

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
)

// What is packed in one of the formats of a layout, the close one after a look at some rows, is unpacked the same.
func TestRowsComeBackFromTheirFormats(t *testing.T) {
	value := rapid.OneOf(rapid.Int64Range(0, 9), rapid.Int64Range(0, 1<<40), rapid.Int64(), rapid.Just[int64](column.Null), rapid.Just[int64](math.MaxInt64))
	rapid.Check(t, func(t *rapid.T) {
		var l layout
		n := rapid.IntRange(1, 150).Draw(t, "rows")
		var columns, first [][]int64
		for i := range rapid.IntRange(1, 12).Draw(t, "columns") {
			values := rapid.SliceOfN(value, n, n).Draw(t, "values")
			if rapid.Bool().Draw(t, "flag") {
				l.addFlag(fmt.Sprint(i))
				for k := range values {
					values[k] &= 1
				}
			} else {
				l.append(fmt.Sprint(i), 0, false)
			}
			columns = append(columns, values)
			first = append(first, values[:rapid.IntRange(0, n).Draw(t, "looked at")])
		}
		formats := [2]*format{l.format(l.fit(first)), l.wide()}
		v, order := newVectors(formats), packed(formats, n, columns)
		for round := range 2 { // memory is reused
			v.load(order.blocks)
			if v.n != n {
				t.Fatalf("round %d: %d rows, want %d", round, v.n, n)
			}
			for j, want := range columns {
				for k, row := range order.rows {
					if got := v.field(j)[k]; got != want[row] {
						t.Fatalf("column %d of row %d: %d, want %d", j, row, got, want[row])
					}
				}
			}
		}
	})
}

type packedRows struct {
	blocks [][][]int64
	rows   []int // in the order of the blocks
}

// packed puts every row into the first format it fits, in blocks of seven rows.
func packed(formats [2]*format, n int, columns [][]int64) packedRows {
	out := packedRows{blocks: make([][][]int64, 2)}
	_, misfits := formats[0].pack(n, columns, make([][]int64, formats[0].words))
	for f, format := range formats {
		words, _ := format.pack(n, columns, make([][]int64, format.words))
		var rows []int64
		for i := range n {
			if misfit := misfits != nil && misfits[i>>6]>>(i&63)&1 == 1; misfit != (f == 1) {
				continue
			}
			out.rows = append(out.rows, i)
			for _, w := range words {
				rows = append(rows, w[i])
			}
		}
		out.blocks[f] = slices.Collect(slices.Chunk(rows, 7*format.words))
	}
	return out
}
