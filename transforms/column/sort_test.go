package column_test

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
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

// inOrder compares rows by the order of a sorter. Codes compare by their strings.
func inOrder(order []column.Order) func(a, b []int64) int {
	return func(a, b []int64) int {
		for _, o := range order {
			x, y := a[o.Column], b[o.Column]
			if o.Dict != nil && x != column.Null && y != column.Null {
				if c := strings.Compare(o.Dict.Value(x), o.Dict.Value(y)); c != 0 {
					return c
				}
			} else if c := nullLast(x, y); c != 0 {
				return c
			}
		}
		return 0
	}
}

func TestRowsComeBackInTheOrderOfTheKey(t *testing.T) {
	dict := column.NewDict()
	for _, word := range []string{"b", "", "店", "a", "aa"} {
		dict.Code(word)
	}
	null := rapid.Just[int64](column.Null)
	code := rapid.OneOf(rapid.Int64Range(0, 4), null)
	small := rapid.OneOf(rapid.Int64Range(-3, 3), null)
	value := rapid.OneOf(rapid.Int64Range(-3, 3), rapid.Int64(), rapid.SampledFrom([]int64{math.MinInt64 + 1, math.MaxInt64}), null)
	rapid.Check(t, func(t *rapid.T) {
		order := []column.Order{{Column: 2}, {Column: 4, Dict: dict}, {Column: 0}}
		rows := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) [6]int64 {
			return [6]int64{value.Draw(t, "a"), value.Draw(t, "b"), small.Draw(t, "c"), small.Draw(t, "d"), code.Draw(t, "e"), value.Draw(t, "f")}
		}), 0, 200, func(r [6]int64) [3]int64 { return [3]int64{r[0], r[2], r[4]} }).Draw(t, "rows")
		s := column.NewSorter(6, order, unlimited())
		writers := []*column.RowWriter{s.Writer(), s.Writer()}
		var want [][]int64
		for len(rows) > 0 { // in stretches, so that packings change
			n := rapid.IntRange(1, len(rows)).Draw(t, "rows at once")
			w := writers[rapid.IntRange(0, 1).Draw(t, "writer")]
			for _, r := range rows[:n] {
				want = append(want, slices.Clone(r[:]))
			}
			w.Rows(slices.Concat(want[len(want)-n:]...))
			rows = rows[n:]
		}
		for _, w := range writers {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		slices.SortFunc(want, inOrder(order))
		if diff := gocmp.Diff(want, sorted(t, s, rapid.IntRange(1, 50).Draw(t, "batch"))); diff != "" {
			t.Fatal(diff)
		}
	})
}

// More rows than are sorted in the cache are dealt into buckets first, whatever their keys are like.
func TestManyRowsComeBackInTheOrderOfTheKey(t *testing.T) {
	dict := column.NewDict()
	for i := range 1000 {
		dict.Code(strconv.Itoa(i * 7919 % 1000))
	}
	const rows = 70_000
	for _, c := range []struct {
		name string
		row  func(r *rand.Rand, i int64) []int64
	}{
		{"shops and buyers", func(r *rand.Rand, i int64) []int64 { return []int64{r.Int64N(5000), r.Int64() - r.Int64(), i, 1} }},
		{"few leading keys", func(r *rand.Rand, i int64) []int64 { return []int64{r.Int64N(3), i * 7919 % rows, i, 1} }},
		{"one leading key", func(_ *rand.Rand, i int64) []int64 { return []int64{7, i * 7919 % rows, i, 1} }},
		{"no leading key", func(_ *rand.Rand, i int64) []int64 { return []int64{column.Null, -i, i, column.Null} }},
		{"one key has most rows", func(r *rand.Rand, i int64) []int64 { return []int64{max(0, r.Int64N(1000)-900), i * 7919 % rows, i, 1} }},
		{"one key far from the others", func(_ *rand.Rand, i int64) []int64 {
			return []int64{i / (rows - 1) * math.MaxInt64, i * 7919 % rows, i, i / (rows - 1) * math.MinInt64 / 2}
		}},
		{"some keys are null", func(r *rand.Rand, i int64) []int64 {
			return []int64{nullOf(r.IntN(4) == 0, r.Int64N(100)-50), nullOf(i%3 == 0, i), i, nullOf(i%2 == 0, i)}
		}},
		{"values grow", func(_ *rand.Rand, i int64) []int64 { return []int64{i * i % 1009, i, -i * i * i, i * i * i} }},
		{"the last columns are wide", func(r *rand.Rand, i int64) []int64 {
			return []int64{i % 11, i, int64(r.Uint64() | 1), int64(r.Uint64() | 1)}
		}},
		{"values at the ends of their range", func(_ *rand.Rand, i int64) []int64 {
			return []int64{nullOf(i%4 == 0, math.MaxInt64-i%3), math.MinInt64 + 1 + i, math.MaxInt64 - i, nullOf(i%4 == 1, math.MinInt64+1+i%3)}
		}},
		{"all rows are equal", func(*rand.Rand, int64) []int64 { return []int64{1, math.MaxInt64, column.Null, -1} }},
	} {
		for _, order := range [][]column.Order{{{Column: 0}, {Column: 1}, {Column: 2}}, {{Column: 3, Dict: dict}, {Column: 1}, {Column: 2}}} {
			t.Run(fmt.Sprintf("%s, %d first", c.name, order[0].Column), func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, 2))
				want := make([][]int64, rows)
				for i := range want {
					want[i] = c.row(r, int64(i))
					if order[0].Dict != nil && want[i][3] != column.Null {
						want[i][3] = int64(uint64(want[i][3]) % 1000)
					}
				}
				plenty, little := column.NewBudget(0), column.NewBudget(small)
				held := column.NewSorter(4, order, column.Memory{Budget: plenty})
				spilled := column.NewSorter(4, order, column.Memory{Budget: little, Spill: &spill{}})
				for part := range slices.Chunk(want, 1000) {
					if err := errors.Join(addRows(held, slices.Concat(part...)...), addRows(spilled, slices.Concat(part...)...)); err != nil {
						t.Fatal(err)
					}
				}
				slices.SortFunc(want, inOrder(order))
				if !equalRows(want, sorted(t, held, 999)) {
					t.Error("the rows are not in order")
				}
				if little.Spilled() == 0 || !equalRows(want, sorted(t, spilled, 4001)) {
					t.Errorf("the rows, %d bytes of them spilled, are not in order", little.Spilled())
				}
				if err := errors.Join(held.Close(), spilled.Close()); err != nil || plenty.Used()+little.Used() != 0 {
					t.Errorf("%d and %d bytes are held, error %v", plenty.Used(), little.Used(), err)
				}
			})
		}
	}
}

func equalRows(a, b [][]int64) bool { return slices.EqualFunc(a, b, slices.Equal[[]int64]) }

func nullOf(null bool, v int64) int64 {
	if null {
		return column.Null
	}
	return v
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
	if !equalRows(want, got) {
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

// Several goroutines meet values that the first ones gave no room for, each in its own time.
func TestWritersSideBySide(t *testing.T) {
	const writers, rows = 4, 20_000
	s := column.NewSorter(3, []column.Order{{Column: 0}}, unlimited())
	row := func(i int64) []int64 { return []int64{i*i - 1<<20, i << (i / 2000), -i} }
	var wg sync.WaitGroup
	for n := range int64(writers) {
		wg.Go(func() {
			w := s.Writer()
			for i := n; i < rows; i += writers {
				w.Rows(row(i))
			}
			if err := w.Flush(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got := sorted(t, s, 1000)
	if len(got) != rows {
		t.Fatalf("%d rows", len(got))
	}
	for i, r := range got {
		if !slices.Equal(r, row(int64(i))) {
			t.Fatalf("row %d is %v, want %v", i, r, row(int64(i)))
		}
	}
}

// What a writer put into the room to spare is not forgotten when another needs the room for something else.
func TestAPackingFitsWhatAllWritersSaw(t *testing.T) {
	s := column.NewSorter(2, []column.Order{{Column: 0}}, unlimited())
	first, second := s.Writer(), s.Writer()
	first.Rows([]int64{1, 1, 2, 2})
	first.Rows([]int64{3, 1 << 40})
	second.Rows([]int64{1 << 50, 1})
	if err := errors.Join(first.Flush(), second.Flush()); err != nil {
		t.Fatal(err)
	}
	want := [][]int64{{1, 1}, {2, 2}, {3, 1 << 40}, {1 << 50, 1}}
	if diff := gocmp.Diff(want, sorted(t, s, 10)); diff != "" {
		t.Error(diff)
	}
}

func TestCodesMayBecomeKnownWhileRowsAreAdded(t *testing.T) {
	dict := column.NewDict()
	s := column.NewSorter(2, []column.Order{{Column: 1, Dict: dict}}, unlimited())
	w := s.Writer()
	var want []string
	for i := range 300 {
		text := strconv.Itoa(i * 7919 % 300)
		want = append(want, text)
		w.Rows([]int64{1, dict.Code(text)})
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	for i, r := range sorted(t, s, 100) {
		if dict.Value(r[1]) != want[i] {
			t.Fatalf("row %d is %q, want %q", i, dict.Value(r[1]), want[i])
		}
	}
}

// The rows of a day's buyers: ids of 17 bits, hashes of 64, counts and amounts. They take 16 bytes instead of 40.
func TestRowsTakeTheBitsThatTheirValuesNeed(t *testing.T) {
	budget := column.NewBudget(0)
	s := column.NewSorter(5, []column.Order{{Column: 0}, {Column: 1}}, column.Memory{Budget: budget})
	const rows = 100_000
	w, r := s.Writer(), rand.New(rand.NewPCG(1, 2))
	for range rows {
		w.Rows([]int64{r.Int64N(1 << 17), int64(r.Uint64()), r.Int64N(4), r.Int64N(8), r.Int64N(1 << 20)})
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if used := budget.Used(); used > 17*rows {
		t.Errorf("%d rows take %d bytes", rows, used)
	}
	most := budget.Used() + 8<<20
	if got := sorted(t, s, 1000); len(got) != rows || budget.Peak() > most {
		t.Errorf("%d rows; %d bytes while they were put in order", len(got), budget.Peak())
	}
}

func TestAReaderThatStopsLeavesNothingBehind(t *testing.T) {
	budget := column.NewBudget(0)
	s := column.NewSorter(2, []column.Order{{Column: 0}}, column.Memory{Budget: budget})
	w := s.Writer()
	for i := range int64(200_000) {
		w.Rows([]int64{i * 7919 % 200_000, i << 20})
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	enough, batches := errors.New("enough"), 0
	err := s.Columns(1000, func([][]int64) error {
		if batches++; batches == 50 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || batches != 50 || budget.Used() != 0 {
		t.Errorf("error %v after %d batches, %d bytes are held", err, batches, budget.Used())
	}
}

// BenchmarkSorter adds and reads rows by shop and buyer.
func BenchmarkSorter(b *testing.B) {
	const rows = 1 << 20
	r := rand.New(rand.NewPCG(1, 2))
	columns := make([][]int64, 8)
	for range rows {
		row := []int64{1e9 + int64(math.Pow(1e5, r.Float64())), int64(r.Uint64()), r.Int64N(4), r.Int64N(8), r.Int64N(1 << 20), r.Int64N(4), r.Int64N(8), r.Int64N(1 << 20)}
		for j, v := range row {
			columns[j] = append(columns[j], v)
		}
	}
	mem := unlimited()
	for b.Loop() {
		s := column.NewSorter(8, []column.Order{{Column: 0}, {Column: 1}}, mem)
		w, part := s.Writer(), make([][]int64, len(columns))
		for from := 0; from < rows; from += 4096 {
			for j, c := range columns {
				part[j] = c[from : from+4096]
			}
			w.Columns(4096, part)
		}
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
		if err := s.Columns(1<<16, func([][]int64) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
}
