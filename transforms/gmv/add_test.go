package gmv_test

import (
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/gmv"
)

// addedUp are the days with runs of days in the same windows added up, cut where cut says.
func addedUp(scope contract.Scope, ids *column.IDs, days column.Days, cut func() bool) column.Days {
	return func(yield func(column.Dated, error) bool) {
		var first calendar.Day
		var last column.Dated
		sum := gmv.NewAdder(scope, ids)
		flush := func() bool { return last.Frame == nil || yield(column.Dated{Day: last.Day, Frame: sum.Sum()}, nil) }
		for d, err := range days {
			if err != nil {
				yield(d, err)
				return
			}
			if last.Frame != nil && (cut() || !gmv.SameWindows(asOf, first, d.Day)) {
				if !flush() {
					return
				}
				last.Frame = nil
			}
			if last.Frame == nil {
				first = d.Day
			}
			sum.Add(d.Frame)
			last = d
		}
		flush()
	}
}

// Sums of days stand for the days, whatever subjects are and however the days are cut.
func TestSumsOfDaysStandForTheDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := markets().Draw(t, "market")
		for i := range m.sales { // more subjects: some below zero, of several lengths, and none at all
			m.sales[i].subject = rapid.SampledFrom([]int64{-12, -3, 0, 2, 9, 10, 11, 100, null}).Draw(t, "subject")
		}
		ids := column.NewIDs(contract.IDTypes{contract.Category: rapid.Bool().Draw(t, "text")})
		scope := scopeOf(contract.RoleCategory)
		days := asRollups(scope, ids, daysOf(scope, m.sales))
		tables := func(days column.Days) [2][]line {
			s, err := gmv.Sum(gmv.Input{AsOf: asOf, Scope: scope, Sales: days, Present: allDays(), IDs: ids})
			if err != nil {
				t.Fatal(err)
			}
			c := everything()
			c.IDs = ids
			return [2][]line{readAll(t, gmv.Table(c, []*gmv.Sums{s}, memory.DefaultAllocator)), readAll(t, gmv.SplitTable(c, []*gmv.Sums{s}, memory.DefaultAllocator))}
		}
		want := tables(days)
		got := tables(addedUp(scope, ids, days, func() bool { return rapid.IntRange(0, 3).Draw(t, "cut") == 0 }))
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		for _, rows := range want {
			subjects := slices.Clone(rows)
			slices.SortStableFunc(subjects, func(a, b line) int { return compareText(a["subject_id"], b["subject_id"]) })
			if diff := gocmp.Diff(subjects, rows); diff != "" {
				t.Fatalf("not in the order of the texts: %s", diff)
			}
		}
	})
}

func compareText(a, b any) int {
	switch x, y := a.(string), b.(string); {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// asRollups sorts the rows as rollups are, Null last; of a domain that is text, subjects get texts whose codes are in
// another order.
func asRollups(scope contract.Scope, ids *column.IDs, days column.Days) column.Days {
	texts := map[int64]string{-12: "zz", -3: "b", 0: "", 2: "ab", 9: "(o", 10: "a", 11: "日", 100: "(a"}
	dict := ids.Dict(contract.Column{Kind: contract.ID, Domain: scope.Domain})
	code := func(subject int64) int64 {
		if dict == nil || subject == null {
			return subject
		}
		return dict.Code(texts[subject])
	}
	for _, subject := range []int64{100, 9, 11, 2, 0, -3, 10, -12} {
		code(subject)
	}
	compare := func(a, b int64) int {
		switch {
		case a == b:
			return 0
		case a == null || b != null && dict == nil && a > b || b != null && dict != nil && dict.Value(a) > dict.Value(b):
			return 1
		}
		return -1
	}
	return func(yield func(column.Dated, error) bool) {
		for d, err := range days {
			if err != nil {
				yield(d, err)
				return
			}
			f := d.Frame
			order, codes := make([]int, f.N), make([]int64, f.N)
			for i, subject := range f.Column(scope.Subject) {
				order[i], codes[i] = i, code(subject)
			}
			f.Set(scope.Subject, codes)
			slices.SortStableFunc(order, func(a, b int) int { return compare(codes[a], codes[b]) })
			sorted := column.NewFrame(f.N)
			for _, name := range []string{scope.Subject, "channel", "scene", "order_lines", "order_fen", "raw_lines", "raw_fen", "lines", "quantity", "paid_fen", "orders"} {
				values := make([]int64, f.N)
				for i, o := range order {
					values[i] = f.Column(name)[o]
				}
				sorted.Set(name, values)
			}
			if !yield(column.Dated{Day: d.Day, Frame: sorted}, nil) {
				return
			}
		}
	}
}

// Many days are added up in tiers on the way.
func TestManyDaysInTiers(t *testing.T) {
	scope := scopeOf(contract.RoleMerchant)
	sum, once := gmv.NewAdder(scope, column.NewIDs(nil)), int64(0)
	for day := range calendar.Day(300) {
		s := sold(0, int64(day))
		s.subject = int64(day % 7)
		f := salesFrame(scope, []sale{s, total([]sale{s}), {subject: 9, channel: null, scene: null}}) // 9 sold nothing
		sum.Add(f)
		once += int64(day)
	}
	f := sum.Sum()
	var got int64
	for i, fen := range f.Column("paid_fen") {
		if f.Column("channel")[i] == null {
			got += fen
		}
	}
	if got != once || f.N != 14 || !slices.IsSorted(f.Column(scope.Subject)) {
		t.Errorf("%d rows, %d fen, want 14 and %d", f.N, got, once)
	}
	if left := sum.Frames(); len(left) != 0 {
		t.Errorf("%d frames are left", len(left))
	}
}
