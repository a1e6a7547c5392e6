package repeat

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/calendar"
)

// What was packed is unpacked as it was, whatever the numbers, also into memory that held another subject.
func TestPackedSubjectsComeBack(t *testing.T) {
	var got subjectRow
	rapid.Check(t, func(t *rapid.T) {
		want := subjects().Draw(t, "subject")
		var p packed
		p.keep(1, &want, nil)
		got.unpack(p.store.At(p.spans[0]))
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(subjectRow{}, monthRow{}, cohortRow{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Of parts that are put together every subject comes back, one that stands in both with the sum.
func TestPackedPartsAreJoined(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(subjects(), 2, 40).Draw(t, "subjects")
		cut, shared := rapid.IntRange(1, len(rows)-1).Draw(t, "cut"), rapid.Bool().Draw(t, "shared")
		var left, right packed
		var want []subjectRow
		for i := range rows {
			switch {
			case i < cut:
				left.keep(int64(i), &rows[i], nil)
			case i == cut && shared:
				right.keep(int64(i-1), &rows[i], nil)
				want[i-1].add(&rows[i])
				continue
			default:
				right.keep(int64(i), &rows[i], nil)
			}
			want = append(want, rows[i])
		}
		left.append(&right)
		if len(left.subjects) != len(want) || len(left.spans) != len(want) {
			t.Fatalf("%d subjects, %d spans, want %d", len(left.subjects), len(left.spans), len(want))
		}
		for i := range want {
			var got subjectRow
			got.unpack(left.store.At(left.spans[i]))
			if diff := cmp.Diff(want[i], got, cmp.AllowUnexported(subjectRow{}, monthRow{}, cohortRow{}), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("subject %d: %s", i, diff)
			}
		}
	})
}

// subjects are rows with anything in them, as far as the form allows.
func subjects() *rapid.Generator[subjectRow] {
	number := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(-3, 300), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64}))
	return rapid.Custom(func(t *rapid.T) subjectRow {
		n := func() int64 { return number.Draw(t, "number") }
		buyers := func() LiveBuyers { return LiveBuyers{n(), n()} }
		s := subjectRow{live: buyers(), trial: Trial{buyers(), buyers(), n(), n()}, firstWindow: rapid.IntRange(0, windowCount).Draw(t, "first")}
		s.windows = make([]tally, windowCount-s.firstWindow)
		for i := range s.windows {
			if i > 0 && rapid.Bool().Draw(t, "same") {
				s.windows[i] = s.windows[i-1]
				continue
			}
			for j := range s.windows[i] {
				s.windows[i][j] = n()
			}
		}
		month := calendar.Of(2024, 1, 1)
		for range rapid.IntRange(0, 3).Draw(t, "months") {
			month = month.AddMonths(rapid.IntRange(1, 4).Draw(t, "later"))
			s.months = append(s.months, monthRow{month, n(), n(), n()})
			s.cohorts = append(s.cohorts, cohortRow{month, 0, n(), n(), [3]int64{n(), n(), n()}}, cohortRow{month, 2, n(), n(), [3]int64{n(), n(), n()}})
		}
		return s
	})
}
