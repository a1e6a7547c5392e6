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
		n := rapid.OneOf(rapid.IntRange(1, 150), rapid.IntRange(steadyRows, steadyRows+50)).Draw(t, "rows")
		var columns, first [][]int64
		for i := range rapid.IntRange(1, 12).Draw(t, "columns") {
			value := value
			if rapid.Bool().Draw(t, "within a range") {
				low := rapid.OneOf(rapid.Int64Range(0, 9), rapid.Int64Range(0, math.MaxInt64-999)).Draw(t, "low")
				value = rapid.OneOf(rapid.Int64Range(low, low+999), rapid.Int64Range(low, low+999), rapid.Just[int64](column.Null))
			}
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

// Ids that come in no order are packed by their range, wherever it lies; those that count up, and numbers with a long
// tail, from zero on.
func TestRoomIsTheRangeOfValuesThatStayWithinIt(t *testing.T) {
	made := func(value func(i int64) int64) []int64 {
		out := make([]int64, 4096)
		for i := range out {
			out[i] = value(int64(i))
		}
		return out
	}
	shuffled := func(i int64) int64 { return i * 1103 % 4096 } // 1103 is odd: each number once
	const far = 1 << 50
	for name, c := range map[string]struct {
		values []int64
		width  uint
		low    int64
	}{
		"ids in no order":         {made(func(i int64) int64 { return far + shuffled(i) }), 12 + slackBits, far - 6144},
		"with nulls":              {made(func(i int64) int64 { return []int64{far + shuffled(i), column.Null}[i%16/15] }), 12 + slackBits, far - 6144},
		"beginning at one":        {made(func(i int64) int64 { return 1 + shuffled(i) }), 12 + slackBits, 0},
		"counting up":             {made(func(i int64) int64 { return far + i }), 51 + slackBits, 0},
		"a tail in one half":      {made(func(i int64) int64 { return []int64{9, 1000}[i/4095] }), 10 + slackBits, 0},
		"too few to tell":         {made(func(i int64) int64 { return far + shuffled(i) })[:steadyRows-1], 51 + slackBits, 0},
		"negative":                {made(func(i int64) int64 { return -1 - i }), 64, 0},
		"one far number":          {made(func(int64) int64 { return far }), slackBits, far - 1},
		"from the greatest down":  {made(func(i int64) int64 { return math.MaxInt64 - shuffled(i) }), 12 + slackBits, math.MaxInt64 - 4095 - 6144},
		"all from zero to no end": {made(func(i int64) int64 { return []int64{0, math.MaxInt64}[i%2] }), 64, 0},
		"none":                    {made(func(int64) int64 { return column.Null }), slackBits, 0},
	} {
		if got := roomFor(c.values); got != (room{c.width, c.low}) {
			t.Errorf("%s: %d bits from %d on, want %d from %d on", name, got.width, got.low, c.width, c.low)
		}
	}
}
