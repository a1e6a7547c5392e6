package gmv_test

import (
	"context"
	"errors"
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

// addedUp are the runs with those of days in the same windows added up, cut where cut says.
func addedUp(t testingT, scope contract.Scope, ids *column.IDs, runs []gmv.Run, cut func() bool) (out []gmv.Run) {
	t.Helper()
	for len(runs) > 0 {
		n := 1
		for n < len(runs) && !cut() && gmv.SameWindows(asOf, runs[0].Day, runs[n].Day) {
			n++
		}
		sum := gmv.InMemory(scope, runs[n-1].Day, emptyFrame(scope))
		err := gmv.AddUp(context.Background(), scope, ids, runs[:n], 1<<20, func(f *column.Frame) error {
			sum = gmv.InMemory(scope, runs[n-1].Day, f)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		out, runs = append(out, sum), runs[n:]
	}
	return out
}

func emptyFrame(scope contract.Scope) *column.Frame { return salesFrame(scope, nil) }

func salesColumns(scope contract.Scope) []string {
	return []string{scope.Subject, "channel", "scene", "order_lines", "order_fen", "raw_lines", "raw_fen", "lines", "quantity", "paid_fen", "orders"}
}

// inGroups cuts the rows of a run in memory into groups of the given sizes, the last of which is repeated. Bounds are
// told where known says so; what was given back is overwritten.
func inGroups(scope contract.Scope, r gmv.Run, size func() int, known func() bool) gmv.Run {
	if len(r.Groups) == 0 {
		return r
	}
	whole, _, _ := r.Read(context.Background(), 0) // of few rows: all of them
	subjects := whole.Column(scope.Subject)
	out := gmv.Run{Day: r.Day}
	var starts []int
	for from := 0; from < whole.N; {
		to := min(whole.N, from+size())
		g := gmv.Group{Rows: int64(to - from), First: subjects[from], Last: subjects[to-1], Bounded: known()}
		if !g.Bounded {
			g.First, g.Last = 0, 0
		}
		out.Groups, starts = append(out.Groups, g), append(starts, from)
		from = to
	}
	out.Read = func(_ context.Context, g int) (*column.Frame, func(), error) {
		f := column.NewFrame(int(out.Groups[g].Rows))
		for _, name := range salesColumns(scope) {
			f.Set(name, slices.Clone(whole.Column(name)[starts[g]:starts[g]+f.N]))
		}
		return f, func() {
			for _, name := range salesColumns(scope) {
				for i := range f.Column(name) {
					f.Column(name)[i] = 1 << 40
				}
			}
		}, nil
	}
	return out
}

// Sums of days stand for the days, whatever subjects are and however the days are cut.
func TestSumsOfDaysStandForTheDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := markets().Draw(t, "market")
		subject := func() int64 {
			return rapid.SampledFrom([]int64{-12, -3, 0, 2, 9, 10, 11, 100, null}).Draw(t, "subject")
		}
		for i := range m.sales { // more subjects: some below zero, of several lengths, and none at all
			m.sales[i].subject = subject()
		}
		for i := range m.refunds {
			m.refunds[i].subject = subject()
		}
		ids := column.NewIDs(contract.IDTypes{contract.Category: rapid.Bool().Draw(t, "text")})
		scope := scopeOf(contract.RoleCategory)
		runs := runsOf(scope, asRollups(scope, ids, daysOf(scope, m.sales)))
		refunds := refundFrame(scope, m.refunds)
		code := codes(scope, ids)
		for i, subject := range refunds.Column(scope.Subject) {
			refunds.Column(scope.Subject)[i] = code(subject)
		}
		tables := func(runs []gmv.Run, ranges int) [2][]line {
			s, err := gmv.SumIn(context.Background(), gmv.Input{AsOf: asOf, Scope: scope, Runs: runs, Refunds: gmv.NewRefunds(refunds, asOf, allDays()), IDs: ids, Workers: 2}, ranges)
			if err != nil {
				t.Fatal(err)
			}
			c := everything()
			c.IDs = ids
			return [2][]line{readAll(t, gmv.Table(c, []*gmv.Sums{s}, memory.DefaultAllocator)), readAll(t, gmv.SplitTable(c, []*gmv.Sums{s}, memory.DefaultAllocator))}
		}
		want := tables(runs, 1)
		cut := addedUp(t, scope, ids, runs, func() bool { return rapid.IntRange(0, 3).Draw(t, "cut") == 0 })
		for i := range cut {
			cut[i] = inGroups(scope, cut[i], func() int { return rapid.IntRange(1, 4).Draw(t, "rows of a group") }, func() bool { return rapid.Bool().Draw(t, "bounded") })
		}
		got := tables(cut, rapid.IntRange(1, 5).Draw(t, "ranges"))
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

// codes gives the subjects of a domain that is text texts whose codes are in another order.
func codes(scope contract.Scope, ids *column.IDs) func(subject int64) int64 {
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
	return code
}

// asRollups sorts the rows as rollups are, Null last.
func asRollups(scope contract.Scope, ids *column.IDs, days column.Days) column.Days {
	code, dict := codes(scope, ids), ids.Dict(contract.Column{Kind: contract.ID, Domain: scope.Domain})
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
			for _, name := range salesColumns(scope) {
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

// Sums of many days come in batches that together are sorted.
func TestManyDaysInBatches(t *testing.T) {
	scope := scopeOf(contract.RoleMerchant)
	var runs []gmv.Run
	once := int64(0)
	for day := range calendar.Day(300) {
		s := sold(0, int64(day))
		s.subject = int64(day % 7)
		runs = append(runs, gmv.InMemory(scope, day, salesFrame(scope, []sale{s, total([]sale{s}), {subject: 9, channel: null, scene: null}}))) // 9 sold nothing
		once += int64(day)
	}
	var got int64
	var subjects, sizes []int64
	err := gmv.AddUp(context.Background(), scope, column.NewIDs(nil), runs, 6, func(f *column.Frame) error {
		for i, fen := range f.Column("paid_fen") {
			if f.Column("channel")[i] == null {
				got += fen
			}
		}
		subjects, sizes = append(subjects, f.Column(scope.Subject)...), append(sizes, int64(f.N))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got != once || !slices.IsSorted(subjects) || !slices.Equal(sizes, []int64{6, 6, 2}) {
		t.Errorf("batches of %d rows, %d fen, want 6, 6, 2 and %d; subjects %d", sizes, got, once, subjects)
	}
}

// A file whose subjects are out of order is told, not added up wrongly.
func TestSalesOutOfOrderAreAnError(t *testing.T) {
	scope := scopeOf(contract.RoleMerchant)
	one, two := sold(0, 1), sold(0, 2)
	one.subject, two.subject = 1, 2
	for _, rows := range [][]sale{{two, one}, {one, two, one}} {
		runs := []gmv.Run{gmv.InMemory(scope, asOf, salesFrame(scope, rows))}
		_, err := gmv.Sum(context.Background(), gmv.Input{AsOf: asOf, Scope: scope, Runs: runs, IDs: column.NewIDs(nil)})
		if !errors.Is(err, gmv.ErrNotSorted) {
			t.Errorf("%v: error %v", rows, err)
		}
		err = gmv.AddUp(context.Background(), scope, column.NewIDs(nil), runs, 10, func(*column.Frame) error { return nil })
		if !errors.Is(err, gmv.ErrNotSorted) {
			t.Errorf("%v: error %v of the sum", rows, err)
		}
	}
}

// What a file's statistics say of its rows is held against them: ranges of subjects are cut and found by it.
func TestRowsOutsideTheirBoundsAreAnError(t *testing.T) {
	scope, ids := scopeOf(contract.RoleMerchant), column.NewIDs(nil)
	frame := func(subjects ...int64) *column.Frame {
		var rows []sale
		for _, subject := range subjects {
			s := sold(0, 1)
			s.subject = subject
			rows = append(rows, s)
		}
		return salesFrame(scope, rows)
	}
	bounds := func(first, last int64) gmv.Group { return gmv.Group{Rows: 2, First: first, Last: last, Bounded: true} }
	for _, c := range []struct {
		name  string
		frame *column.Frame
		group gmv.Group
		ok    bool
	}{
		{"inside", frame(2, 2, 7, null), bounds(2, null), true},
		{"nobody knows the bounds", frame(2, 7), gmv.Group{}, true},
		{"no rows", frame(), bounds(5, 6), true},
		{"below", frame(1, 7), bounds(2, 7), false},
		{"above", frame(2, 8), bounds(2, 7), false},
		{"Null where none may be", frame(2, null), bounds(2, 7), false},
		{"not in order", frame(7, 2), gmv.Group{}, false},
		{"Null first", frame(null, 2), gmv.Group{}, false},
	} {
		if err := gmv.CheckOrder(scope, ids, c.frame, c.group); (err == nil) != c.ok || err != nil && !errors.Is(err, gmv.ErrNotSorted) {
			t.Errorf("%s: error %v", c.name, err)
		}
	}
	for _, c := range []struct {
		name   string
		groups []gmv.Group
		ok     bool
	}{
		{"in order, one subject in two", []gmv.Group{bounds(1, 3), bounds(3, 3), {}, bounds(2, null)}, true},
		{"not in order", []gmv.Group{bounds(10, 11), bounds(2, 3)}, false},
		{"last before first", []gmv.Group{bounds(3, 2)}, false},
	} {
		if err := gmv.CheckBounds(scope, ids, c.groups); (err == nil) != c.ok {
			t.Errorf("groups %s: error %v", c.name, err)
		}
	}
}

// Large frames in memory come in several groups, so that ranges can be cut in them.
func TestLargeFramesAreCut(t *testing.T) {
	scope := scopeOf(contract.RoleMerchant)
	var rows []sale
	for i := range int64(20_000) {
		s := sold(0, i)
		s.subject = i
		rows = append(rows, s)
	}
	whole := salesFrame(scope, rows)
	r := gmv.InMemory(scope, asOf, whole)
	var got []int64
	for g, group := range r.Groups {
		f, _, err := r.Read(context.Background(), g)
		if err != nil {
			t.Fatal(err)
		}
		if err := gmv.CheckOrder(scope, column.NewIDs(nil), f, group); err != nil || int64(f.N) != group.Rows {
			t.Errorf("group %d of %d rows: %+v, %v", g, f.N, group, err)
		}
		got = append(got, f.Column("paid_fen")...)
	}
	if !slices.Equal(got, whole.Column("paid_fen")) || len(r.Groups) < 3 {
		t.Errorf("%d rows in %d groups", len(got), len(r.Groups))
	}
}
