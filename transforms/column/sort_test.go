package column_test

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
)

// sorted reads a sorter in batches.
func sorted(t testingT, s *column.Sorter, batch int) [][]int64 {
	t.Helper()
	var out [][]int64
	err := s.Columns(batch, func(columns [][]int64) error {
		if n := len(columns[0]); n == 0 || n > batch {
			t.Fatal("a batch of", n, "rows, asked for at most", batch)
		}
		for i := range columns[0] {
			row := make([]int64, len(columns))
			for j, c := range columns {
				row[j] = c[i]
			}
			out = append(out, row)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// addRows adds rows through a writer of their own.
func addRows(s *column.Sorter, rows ...int64) error {
	w := s.Writer()
	w.Rows(rows)
	return w.Flush()
}

// nullLast compares as Parquet's sorting columns do.
func nullLast(a, b int64) int {
	if (a == column.Null) != (b == column.Null) {
		return -cmp.Compare(a, b) // Null is the smallest number
	}
	return cmp.Compare(a, b)
}

func TestRowsComeBackInTheOrderOfTheKey(t *testing.T) {
	value := rapid.OneOf(rapid.Int64Range(-3, 3), rapid.Int64(), rapid.Just[int64](column.Null))
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) [2]int64 {
			return [2]int64{value.Draw(t, "a"), value.Draw(t, "b")}
		}), 0, 200, rapid.ID).Draw(t, "keys")
		s := column.NewSorter(3, []column.Order{{Column: 2}, {Column: 0}}, unlimited())
		var want [][]int64
		for i, k := range keys {
			row := []int64{k[1], int64(i), k[0]}
			want = append(want, row)
			if err := addRows(s, row...); err != nil {
				t.Fatal(err)
			}
		}
		slices.SortFunc(want, func(a, b []int64) int { return cmp.Or(nullLast(a[2], b[2]), nullLast(a[0], b[0])) })
		if diff := gocmp.Diff(want, sorted(t, s, rapid.IntRange(1, 50).Draw(t, "batch"))); diff != "" {
			t.Fatal(diff)
		}
	})
}

// runRows is the least number of rows that the sorter spills as a run.
const runRows = 64 * 2048

func TestSpilledRunsAreMergedToTheSameOrder(t *testing.T) {
	dict := column.NewDict()
	for _, word := range []string{"b", "", "店", "a", "aa"} {
		dict.Code(word)
	}
	order := []column.Order{{Column: 0, Dict: dict}, {Column: 1}}
	const rows = 3*runRows + 77
	var all []int64
	for i := range rows {
		code := int64(i % 6)
		if code == 5 {
			code = column.Null
		}
		all = append(all, code, int64((i*7919)%rows))
	}
	dir := t.TempDir()
	held, spilled := column.NewSorter(2, order, unlimited()), column.NewSorter(2, order, column.Memory{Budget: column.NewBudget(small), Spill: tempSpill{dir}})
	var wg sync.WaitGroup
	for part := range slices.Chunk(all, 2*1000) { // several goroutines add
		if err := addRows(held, part...); err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			if err := addRows(spilled, part...); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if files, _ := os.ReadDir(dir); len(files) != 1 || spilled.Len() != rows {
		t.Fatalf("%d spill files, %d rows", len(files), spilled.Len())
	}
	want, got := sorted(t, held, 999), sorted(t, spilled, 1000)
	if !gocmp.Equal(want, got) {
		t.Error("the spilled rows came in another order")
	}
	texts := func(r []int64) string {
		if r[0] == column.Null {
			return "\U0010FFFF"
		}
		return dict.Value(r[0])
	}
	if !slices.IsSortedFunc(got, func(a, b []int64) int {
		return cmp.Or(strings.Compare(texts(a), texts(b)), cmp.Compare(a[1], b[1]))
	}) {
		t.Error("the rows are not in the order of the texts, null last")
	}
	if err := spilled.Close(); err != nil {
		t.Error(err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Error("the spill file is left")
	}
}

func TestSorterTroubleIsReported(t *testing.T) {
	trouble := errors.New("disk full")
	fill := func(s *column.Sorter) error {
		return addRows(s, make([]int64, runRows+1)...)
	}
	for _, c := range []struct {
		name  string
		spill column.Spill
		want  string
	}{
		{"no place to spill to", nil, "no spill directory"},
		{"the file cannot be made", &spill{failCreate: trouble}, "create spill file: disk full"},
		{"the file cannot be written", &spill{failWrite: trouble}, "write spill file: disk full"},
		{"the file cannot be read", &spill{failRead: trouble}, "read spill file: disk full"},
		{"the file was cut short", &spill{cut: true}, "read spill file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			budget := column.NewBudget(small)
			s := column.NewSorter(1, []column.Order{{Column: 0}}, column.Memory{Budget: budget, Spill: c.spill})
			err := fill(s)
			if err == nil {
				err = s.Columns(10, func([][]int64) error { return nil })
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if err := s.Close(); err != nil || budget.Used() != 0 {
				t.Errorf("after Close %d bytes are held, error %v", budget.Used(), err)
			}
		})
	}
}

func TestTheReaderOfSortedRowsMayStop(t *testing.T) {
	s := column.NewSorter(1, []column.Order{{Column: 0}}, unlimited())
	if err := addRows(s, 3, 1, 2); err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	var got []int64
	err := s.Columns(1, func(columns [][]int64) error { got = append(got, columns[0]...); return enough })
	if !errors.Is(err, enough) || !slices.Equal(got, []int64{1}) {
		t.Errorf("error %v after %v", err, got)
	}
}

func TestNothingSortedIsNothing(t *testing.T) {
	s := column.NewSorter(2, nil, unlimited())
	if err := addRows(s); err != nil || s.Len() != 0 {
		t.Errorf("%d rows, error %v", s.Len(), err)
	}
	if got := sorted(t, s, 10); got != nil {
		t.Errorf("%v", got)
	}
}

// After a failed spill nothing is sorted and written again for every block that follows.
func TestSorterGivesUpAfterAFailedSpill(t *testing.T) {
	disk := &spill{failWrite: errors.New("disk full")}
	s := column.NewSorter(2, []column.Order{{Column: 0}}, column.Memory{Budget: column.NewBudget(small), Spill: disk})
	w := s.Writer()
	for i := range 300 { // times two blocks
		w.Columns(4096, [][]int64{slices.Repeat([]int64{int64(i * 7919 % 1000)}, 4096), make([]int64, 4096)})
	}
	if w.Err() == nil || w.Flush() == nil {
		t.Error("no error")
	}
	if n := disk.writes.Load(); n != 1 {
		t.Errorf("%d attempts to write", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
