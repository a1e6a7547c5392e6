package column_test

import (
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Nulls stand where an array has them, one for one, wherever in the bitmap it begins and ends and however many there are.
func TestNullsStandWhereTheyAre(t *testing.T) {
	table := oneColumn(contract.Column{Kind: contract.Count, Null: true})
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 300).Draw(t, "rows")
		// Stretches without nulls, of nulls alone, and mixed ones.
		valid := make([]bool, 0, n)
		for len(valid) < n {
			stretch := rapid.IntRange(1, 150).Draw(t, "stretch")
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 0:
				valid = append(valid, slices.Repeat([]bool{true}, stretch)...)
			case 1:
				valid = append(valid, make([]bool, stretch)...)
			default:
				valid = append(valid, rapid.SliceOfN(rapid.Bool(), stretch, stretch).Draw(t, "mixed")...)
			}
		}
		valid = valid[:n]
		values := make([]int64, n)
		for i := range values {
			values[i] = int64(i) + 1
		}
		b := array.NewInt64Builder(memory.DefaultAllocator)
		b.AppendValues(values, valid)
		whole := b.NewArray()
		from := rapid.IntRange(0, n).Draw(t, "from")
		to := rapid.IntRange(from, n).Draw(t, "to")
		part := array.NewSlice(whole, int64(from), int64(to))

		f := column.NewFrame(to - from + 2) // what stands beside the rows stays
		f.Set("c", slices.Repeat([]int64{-9}, f.N))
		if err := newIDs().Fill(f, 1, table, record(part)); err != nil {
			t.Fatal(err)
		}
		want := []int64{-9}
		for i := from; i < to; i++ {
			if valid[i] {
				want = append(want, values[i])
			} else {
				want = append(want, column.Null)
			}
		}
		if got := f.Column("c"); !slices.Equal(got, append(want, -9)) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// A record that looks at the frame's own memory is filled in where it is.
func TestARecordInTheFrame(t *testing.T) {
	f := column.NewFrame(4)
	f.Set("c", []int64{1, 2, 0, 4})
	data := array.NewData(arrow.PrimitiveTypes.Int64, 3, []*memory.Buffer{memory.NewBufferBytes([]byte{0b101}),
		memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(f.Column("c")[1:]))}, nil, 1, 0)
	defer data.Release()
	if err := newIDs().Fill(f, 1, oneColumn(contract.Column{Kind: contract.Count, Null: true}), record(array.MakeFromData(data))); err != nil {
		t.Fatal(err)
	}
	if got := f.Column("c"); !slices.Equal(got, []int64{1, 2, column.Null, 4}) {
		t.Errorf("got %v", got)
	}
}
