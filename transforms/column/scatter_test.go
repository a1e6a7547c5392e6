package column_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
)

// spill keeps scratch files in memory, knows how many are open, and fails when told to.
type spill struct {
	created, open, writes           atomic.Int64
	failCreate, failWrite, failRead error
	cut                             bool // reads find nothing
}

func (s *spill) Create() (column.SpillFile, error) {
	if s.failCreate != nil {
		return nil, s.failCreate
	}
	s.created.Add(1)
	s.open.Add(1)
	return &scratch{spill: s}, nil
}

type scratch struct {
	spill *spill
	mu    sync.Mutex
	data  []byte
}

func (f *scratch) WriteAt(p []byte, at int64) (int, error) {
	f.spill.writes.Add(1)
	if f.spill.failWrite != nil {
		return 0, f.spill.failWrite
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if grow := int(at) + len(p) - len(f.data); grow > 0 {
		f.data = append(f.data, make([]byte, grow)...)
	}
	return copy(f.data[at:], p), nil
}

func (f *scratch) ReadAt(p []byte, at int64) (int, error) {
	if f.spill.failRead != nil {
		return 0, f.spill.failRead
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.spill.cut {
		return strings.NewReader("").ReadAt(p, at)
	}
	return strings.NewReader(string(f.data)).ReadAt(p, at)
}

func (f *scratch) Close() error { f.spill.open.Add(-1); return nil }

// tempSpill makes real files in a directory.
type tempSpill struct{ dir string }

func (s tempSpill) Create() (column.SpillFile, error) {
	f, err := os.CreateTemp(s.dir, "spill-")
	if err != nil {
		return nil, err
	}
	return tempScratch{f}, nil
}

type tempScratch struct{ *os.File }

func (f tempScratch) Close() error { return errors.Join(f.File.Close(), os.Remove(f.Name())) }

// small is a budget that nothing fits into.
const small = 1

func unlimited() column.Memory { return column.Memory{Budget: column.NewBudget(0)} }

// numbered adds rows (value, writer, number of the row in the writer) with a writer per goroutine.
func numbered(t testingT, s *column.Scatter, writers, rows int, value func(writer, row int) int64) {
	t.Helper()
	var wg sync.WaitGroup
	errs := make([]error, writers)
	for w := range writers {
		wg.Go(func() {
			writer := s.Writer()
			for i := range rows {
				v := value(w, i)
				copy(writer.Row(column.Hash(v)), []int64{v, int64(w), int64(i)})
			}
			errs[w] = writer.Flush()
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

type testingT interface {
	Helper()
	Fatal(args ...any)
}

// collect visits all partitions and gives the rows of each.
func collect(t testingT, s *column.Scatter, workers int) [][][]int64 {
	t.Helper()
	var mu sync.Mutex
	var parts [][][]int64
	err := s.Partitions(context.Background(), workers, func(_ int, blocks [][]int64) error {
		var rows [][]int64
		for _, b := range blocks {
			for r := range slices.Chunk(b, s.Width()) {
				rows = append(rows, slices.Clone(r))
			}
		}
		mu.Lock()
		defer mu.Unlock()
		parts = append(parts, rows)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

func TestEveryRowComesBackOnceAndEqualKeysMeet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sp := &spill{}
		mem := column.Memory{Budget: column.NewBudget(rapid.SampledFrom([]int64{0, small, 64 << 10}).Draw(t, "budget")), Spill: sp}
		writers, rows := rapid.IntRange(1, 3).Draw(t, "writers"), rapid.IntRange(0, 1500).Draw(t, "rows")
		keys := rapid.Int64Range(1, 400).Draw(t, "keys")
		s := column.NewScatter(3, 1<<rapid.IntRange(0, 5).Draw(t, "log partitions"), mem)
		numbered(t, s, writers, rows, func(w, i int) int64 { return int64(w*7919+i) % keys })
		if s.Rows() != int64(writers*rows) {
			t.Fatalf("%d rows, want %d", s.Rows(), writers*rows)
		}
		partOf := map[int64]int{}
		seen := map[[2]int64]bool{}
		for p, part := range collect(t, s, rapid.IntRange(1, 3).Draw(t, "workers")) {
			for _, r := range part {
				if at, ok := partOf[r[0]]; ok && at != p {
					t.Fatalf("key %d stands in two partitions", r[0])
				}
				partOf[r[0]] = p
				if seen[[2]int64{r[1], r[2]}] || r[0] != (r[1]*7919+r[2])%keys {
					t.Fatalf("row %v is wrong or came twice", r)
				}
				seen[[2]int64{r[1], r[2]}] = true
			}
		}
		if len(seen) != writers*rows {
			t.Fatalf("%d rows came back, want %d", len(seen), writers*rows)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if mem.Budget.Used() != 0 || sp.open.Load() != 0 {
			t.Fatalf("%d bytes and %d files are left", mem.Budget.Used(), sp.open.Load())
		}
	})
}

// Rows is Row of the named rows of columns that begin with some row.
func TestRowsOfColumnsGoWhereTheyGoOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width, n := rapid.IntRange(1, 4).Draw(t, "width"), rapid.IntRange(0, 3000).Draw(t, "rows")
		parts := 1 << rapid.IntRange(0, 3).Draw(t, "log partitions")
		from, every := rapid.Uint32Range(0, 5000).Draw(t, "from"), rapid.IntRange(1, 3).Draw(t, "every")
		words, hashes := make([][]int64, width), make([]uint64, n)
		for j := range words {
			words[j] = make([]int64, n)
			for i := range n {
				words[j][i] = int64(i*width + j)
			}
		}
		column.HashColumns(hashes, words)
		one, many := column.NewScatter(width, parts, unlimited()), column.NewScatter(width, parts, unlimited())
		w, m := one.Writer(), many.Writer()
		var rows []uint32
		for i := 0; i < n; i += every {
			rows = append(rows, from+uint32(i))
			row := w.Row(hashes[i])
			for j := range words {
				row[j] = words[j][i]
			}
		}
		m.Rows(words, hashes, from, rows)
		if err := errors.Join(w.Flush(), m.Flush()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(collect(t, one, 1), collect(t, many, 1)); diff != "" {
			t.Fatalf("(-one by one +together):\n%s", diff)
		}
	})
}

func TestOneWriterKeepsTheOrderOfAPartition(t *testing.T) {
	for _, c := range []struct {
		name   string
		budget int64
		spills bool
	}{{"in memory", 0, false}, {"spilled", small, true}} {
		t.Run(c.name, func(t *testing.T) {
			sp := &spill{}
			mem := column.Memory{Budget: column.NewBudget(c.budget), Spill: sp}
			s := column.NewScatter(3, 4, mem)
			defer s.Close()
			numbered(t, s, 1, 20_000, func(_, i int) int64 { return int64(i % 97) })
			if (s.Spilled() > 0) != c.spills || mem.Budget.Spilled() != s.Spilled() {
				t.Errorf("%d bytes spilled, the budget counts %d", s.Spilled(), mem.Budget.Spilled())
			}
			for _, part := range collect(t, s, 2) {
				if !slices.IsSortedFunc(part, func(a, b []int64) int { return int(a[2] - b[2]) }) {
					t.Error("a partition's rows changed their order")
				}
			}
		})
	}
}

func TestSpillFilesGoWhenTheScatterIsClosed(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) { spillAndClose(t, dir) }) // fails if a goroutine is left
}

func spillAndClose(t *testing.T, dir string) {
	s := column.NewScatter(3, 8, column.Memory{Budget: column.NewBudget(small), Spill: tempSpill{dir}})
	numbered(t, s, 2, 20_000, func(w, i int) int64 { return int64(w + i) })
	files, _ := os.ReadDir(dir)
	if len(files) != 1 {
		t.Errorf("%d spill files, want one for all partitions", len(files))
	}
	if n := len(slices.Concat(collect(t, s, 3)...)); n != 40_000 {
		t.Errorf("%d rows", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if files, _ = os.ReadDir(dir); len(files) != 0 {
		t.Errorf("%d files are left", len(files))
	}
}

func TestSpillTroubleIsReported(t *testing.T) {
	trouble := errors.New("disk full")
	for _, c := range []struct {
		name  string
		spill column.Spill
		want  string
	}{
		{"no place to spill to", nil, "no spill directory"},
		{"the file cannot be made", &spill{failCreate: trouble}, "create spill file: disk full"},
		{"the file cannot be written", &spill{failWrite: trouble}, "write spill file: disk full"},
	} {
		t.Run(c.name, func(t *testing.T) {
			budget := column.NewBudget(small)
			s := column.NewScatter(1, 1, column.Memory{Budget: budget, Spill: c.spill})
			w := s.Writer()
			for i := range 10_000 {
				w.Row(column.Hash(int64(i)))[0] = int64(i)
			}
			if err := w.Flush(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if err := s.Close(); err != nil || budget.Used() != 0 {
				t.Errorf("after Close %d bytes are held, error %v", budget.Used(), err)
			}
		})
	}
	for _, c := range []struct {
		name  string
		spill *spill
		want  string
	}{
		{"the file cannot be read", &spill{failRead: trouble}, "read spill file: disk full"},
		{"the file was cut short", &spill{cut: true}, "read spill file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := column.NewScatter(3, 1, column.Memory{Budget: column.NewBudget(small), Spill: c.spill})
			defer s.Close()
			numbered(t, s, 1, 10_000, func(_, i int) int64 { return int64(i) })
			err := s.Partitions(context.Background(), 1, func(int, [][]int64) error { return nil })
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// A night that fails leaves its writers behind as they are; the nights after it need their memory.
func TestCloseGivesBackWhatWritersWereFilling(t *testing.T) {
	budget := column.NewBudget(0)
	s := column.NewScatter(2, 4, column.Memory{Budget: budget})
	w := s.Writer()
	for i := range 1000 {
		clear(w.Row(column.Hash(int64(i))))
	}
	if budget.Used() == 0 || budget.Peak() < budget.Used() {
		t.Errorf("%d bytes are counted, %d at most", budget.Used(), budget.Peak())
	}
	if err := s.Close(); err != nil || budget.Used() != 0 {
		t.Errorf("%d bytes are held after Close, error %v", budget.Used(), err)
	}
}

func TestAFailingVisitEndsTheWalk(t *testing.T) {
	s := column.NewScatter(3, 16, unlimited())
	defer s.Close()
	numbered(t, s, 1, 3000, func(_, i int) int64 { return int64(i) })
	trouble := errors.New("no")
	if err := s.Partitions(context.Background(), 2, func(int, [][]int64) error { return trouble }); !errors.Is(err, trouble) {
		t.Errorf("error %v", err)
	}
}

func TestAPanickingVisitBecomesAnErrorWithItsStack(t *testing.T) {
	s := column.NewScatter(3, 4, unlimited())
	defer s.Close()
	numbered(t, s, 1, 100, func(_, i int) int64 { return int64(i) })
	err := s.Partitions(context.Background(), 2, func(int, [][]int64) error { panic("broken invariant") })
	if err == nil || !strings.Contains(err.Error(), "internal error: broken invariant") || !strings.Contains(err.Error(), "scatter_test.go") {
		t.Errorf("error %v", err)
	}
}

func TestACancelledWalkStops(t *testing.T) {
	s := column.NewScatter(3, 4, unlimited())
	defer s.Close()
	numbered(t, s, 1, 100, func(_, i int) int64 { return int64(i) })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Partitions(ctx, 1, func(int, [][]int64) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestAnOddNumberOfPartitionsIsABug(t *testing.T) {
	for _, n := range []int{0, -1, 3, 12} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%d partitions were accepted", n)
				}
			}()
			column.NewScatter(1, n, unlimited())
		}()
	}
}

func TestPartitionsForRows(t *testing.T) {
	got := map[string]int{}
	for _, rows := range []int64{-1, 0, 1, 8192, 16_383, 16_384, 24_576, 81_920, 1 << 40} {
		got[fmt.Sprint(rows)] = column.PartitionsFor(rows)
	}
	want := map[string]int{"-1": 1, "0": 1, "1": 1, "8192": 1, "16383": 1, "16384": 2, "24576": 4, "81920": 16, "1099511627776": 2048}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
