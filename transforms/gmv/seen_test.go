package gmv_test

import (
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/gmv"
)

// Whatever the order of rows and of days' subjects, each span has as many subjects as a set of those seen in it.
func TestSubjectsSeenAreThoseOfASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "subjects")
		spans := make([]gmv.Span, rapid.IntRange(0, 4).Draw(t, "spans"))
		sets := make([]map[int64]bool, len(spans))
		for i := range spans {
			spans[i].From = asOf - calendar.Day(rapid.IntRange(0, 12).Draw(t, "from"))
			spans[i].To = spans[i].From + calendar.Day(rapid.IntRange(0, 12).Draw(t, "length"))
			sets[i] = map[int64]bool{}
		}
		ascending, some := rapid.Bool().Draw(t, "ascending"), rapid.Bool().Draw(t, "some rows count")
		days := func(yield func(column.Dated, error) bool) {
			for day := asOf - 10; day <= asOf; day++ {
				subjects := rapid.SliceOf(rapid.OneOf(rapid.Int64Range(-3, int64(n)), rapid.Just(int64(column.Null)))).Draw(t, "rows")
				if ascending {
					slices.Sort(subjects)
				}
				counts := make([]int64, len(subjects))
				for i, s := range subjects {
					counts[i] = int64(rapid.IntRange(0, 1).Draw(t, "counts"))
					for j, span := range spans {
						if span.Holds(day) && (counts[i] == 1 || !some) {
							sets[j][s] = true
						}
					}
				}
				f := column.NewFrame(len(subjects))
				f.Set("merchant_id", slices.Clone(subjects))
				f.Set("counts", counts)
				if !yield(column.Dated{Day: day, Frame: f}, nil) {
					return
				}
				if got := f.Column("merchant_id"); !slices.Equal(got, subjects) {
					t.Fatalf("the day was changed from %d to %d", subjects, got)
				}
			}
		}
		counts := func(f *column.Frame) func(i int) bool {
			counts := f.Column("counts")
			return func(i int) bool { return counts[i] == 1 }
		}
		if !some {
			counts = nil
		}
		seen, err := gmv.SeenIn(days, "merchant_id", counts, spans)
		if err != nil {
			t.Fatal(err)
		}
		odd := func(span int, subject int64) bool { return (subject+int64(span))&1 == 1 }
		for _, only := range []func(int, int64) bool{nil, odd} {
			want := make([]int64, len(spans))
			for j, set := range sets {
				for s := range set {
					if only == nil || only(j, s) {
						want[j]++
					}
				}
			}
			if diff := gocmp.Diff(want, seen.Count(only)); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}
