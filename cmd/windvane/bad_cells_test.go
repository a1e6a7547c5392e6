package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/xuri/excelize/v2"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// anyRejects lets nights go on however many rows are rejected.
func anyRejects() string {
	var b strings.Builder
	b.WriteString("tables:\n")
	for _, t := range rollup.Sources() {
		fmt.Fprintf(&b, "  %s: {max_reject_ratio: 1}\n", t.Name)
	}
	return b.String()
}

// used are the columns of a table that a night reads.
func used(t *contract.Table) []string {
	columns := rollup.New(t, rollup.From(t.Name), rollup.Env{Day: calendar.Of(2026, 1, 31), Zone: calendar.NewZone(time.UTC), Workers: 1}).Columns()
	return append(slices.Clone(columns), t.Key...)
}

// fault is a cell that is damaged, and whether the contract lets it pass.
type fault struct {
	value any
	bad   bool
}

// faultsOf are the damages of one cell whose verdict the contract gives by itself: what is certain of a null, a negative
// number, and what is no number.
func faultsOf(c *contract.Column, f arrow.Field) []fault {
	out := []fault{{nil, !c.Null}}
	switch {
	case c.Kind == contract.Fen || c.Kind == contract.Count:
		out = append(out, fault{int64(-1), !c.Signed}, fault{int64(math.MinInt64), !c.Signed})
	case f.Type.ID() == arrow.FLOAT64:
		out = append(out, fault{math.NaN(), true}, fault{math.Inf(1), true}, fault{math.Inf(-1), true}, fault{math.Copysign(0, -1), c.Min != nil && *c.Min > 0})
	}
	return out
}

// TestEachBadCellIsCountedOnce damages cells of the columns that a night reads, in every table, at most one a row and none in the first: nulls, negative
// numbers and the least of all, NaN, both infinities, minus zero. The counts of data_quality must be those of the
// contract's rules, cell by cell; and nothing that is no number is published in any form.
func TestEachBadCellIsCountedOnce(t *testing.T) {
	s := newStand(t, killMarket(t), anyRejects())
	rng := rand.New(rand.NewPCG(18, 1))
	day := string(marketLast)
	want, kinds := map[string]int64{}, map[string]int{}
	for _, table := range rollup.Sources() {
		if len(filesBelow(t, filepath.Join(s.input, "dumps", table.Name, "dt="+day))) == 0 {
			continue
		}
		columns, damaged := used(table), map[int]bool{}
		want[table.Name] = 0
		spoil(t, s.input, table.Name, day, func(f arrow.Field, row int) (any, bool) {
			c := table.Column(f.Name)
			if c == nil || row == 0 || damaged[row] || rng.IntN(5) > 0 || !slices.Contains(columns, f.Name) || c.Null && slices.Contains(table.DayOf, f.Name) {
				return nil, false // without the last of its times a row may belong to another day
			}
			faults := faultsOf(c, f)
			x := faults[rng.IntN(len(faults))]
			damaged[row] = true
			if x.bad {
				want[table.Name]++
			}
			kinds[fmt.Sprint(x.value, " ", x.bad)]++
			return x.value, true
		})
	}
	if len(want) < 12 || len(kinds) < 8 {
		t.Fatalf("tables %v, damages %v: the test says little", want, kinds)
	}
	o := s.night(marketLast, "--accept-gates", "damaged on purpose", "--accept-churn", "damaged on purpose")
	got := map[string]int64{}
	rows := csvOf(t, s, "data_quality")
	at := func(name string) int { return slices.Index(rows[0], name) }
	for _, row := range rows[1:] {
		if row[at("check_name")] == "rejects" && row[at("dt")] == day {
			var n int64
			if _, err := fmt.Sscan(row[at("value")], &n); err != nil {
				t.Fatal(err)
			}
			got[row[at("table_name")]] = n
		}
	}
	for table, n := range want {
		if got[table] != n {
			t.Errorf("%s: %d rows are counted as rejects, %d were damaged", table, got[table], n)
		}
	}
	onlyNumbers(t, s, o.Prefix)
}

// TestANightOfExtremesIsCleanOrNamesTheColumn damages cells of every column with the extremes of its type, in any number of
// tables. The night either publishes numbers only, or names table and column and publishes nothing; it never crashes.
func TestANightOfExtremesIsCleanOrNamesTheColumn(t *testing.T) {
	t.Parallel()
	input := killMarket(t)
	published, refused := 0, 0
	for seed := range uint64(extremes) {
		s := newStand(t, t.TempDir(), anyRejects())
		if err := os.CopyFS(s.input, os.DirFS(input)); err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(18, seed))
		tables := rollup.Sources()
		for range 1 + rng.IntN(3) {
			table := tables[rng.IntN(len(tables))]
			spoil(t, s.input, table.Name, string(marketLast), func(f arrow.Field, _ int) (any, bool) {
				c := table.Column(f.Name)
				if c == nil || rng.IntN(30) > 0 {
					return nil, false
				}
				return extreme(rng, f), true
			})
		}
		code, stdout, stderr := s.try("run", "--input", s.input, "--output", s.output, "--date", string(marketLast), "--accept-gates", "damaged on purpose")
		switch code {
		case exitDone:
			published++
			prefixes, err := filepath.Glob(filepath.Join(s.output, "published/nightly/dt="+string(marketLast), "run=*"))
			if err != nil || len(prefixes) != 1 {
				t.Fatalf("seed %d: %v, %v", seed, prefixes, err)
			}
			rel, err := filepath.Rel(s.output, prefixes[0])
			if err != nil {
				t.Fatal(err)
			}
			onlyNumbers(t, s, rel)
		case exitFailed:
			refused++
			if !strings.Contains(stderr, "column ") || !strings.Contains(stderr, "broken input") || !namesATable(stderr) || strings.Contains(stderr, "goroutine ") {
				t.Errorf("seed %d: the message names no table and column:\n%s", seed, stderr)
			}
			if commits, _ := filepath.Glob(filepath.Join(s.output, "published/nightly/dt=*/commits/*")); len(commits) > 0 {
				t.Errorf("seed %d: published all the same: %v", seed, commits)
			}
		default:
			t.Errorf("seed %d: exit %d\n%s%s", seed, code, stdout, stderr)
		}
	}
	t.Logf("%d nights published, %d refused", published, refused)
	if published == 0 || refused == 0 {
		t.Errorf("%d nights published, %d refused: the seeds say little", published, refused)
	}
}

func namesATable(text string) bool {
	return slices.ContainsFunc(rollup.Sources(), func(t *contract.Table) bool { return strings.Contains(text, t.Name+" of ") })
}

// extreme is a value at the end of a column's type, or a null.
func extreme(rng *rand.Rand, f arrow.Field) any {
	switch f.Type.ID() {
	case arrow.INT64, arrow.TIMESTAMP:
		return []any{nil, int64(math.MinInt64), int64(math.MinInt64 + 1), int64(math.MaxInt64), int64(-1), int64(0)}[rng.IntN(6)]
	case arrow.FLOAT64:
		return []any{nil, math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64}[rng.IntN(8)]
	case arrow.DATE32:
		return []any{nil, int64(math.MinInt32), int64(math.MaxInt32)}[rng.IntN(3)]
	case arrow.STRING:
		return []any{nil, "", "\x00", "\xff"}[rng.IntN(4)]
	}
	return nil
}

// csvOf are the cells of a table as CSV.
func csvOf(t *testing.T, s *stand, table string) [][]string {
	t.Helper()
	to := t.TempDir()
	succeeds(t, "get", "-o", s.output, "-d", string(marketLast), "--format", "csv", "--to", to, "--tables", table)
	in, err := os.Open(filepath.Join(to, table+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", table, err)
	}
	return rows
}

// onlyNumbers looks at every cell of a night: its Parquet files, all tables as CSV, all lists as workbooks.
func onlyNumbers(t *testing.T, s *stand, prefix string) {
	t.Helper()
	l, err := lake.Open(t.Context(), filepath.Join(s.output, prefix), lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	numbers := 0
	to := t.TempDir()
	succeeds(t, "get", "-o", s.output, "-d", string(marketLast), "--format", "csv", "--to", to)
	succeeds(t, "get", "-o", s.output, "-d", string(marketLast), "--format", "xlsx", "--to", to)
	for _, table := range contract.Publications() {
		obj, err := l.Stat(t.Context(), table.Name+".parquet")
		if err != nil {
			t.Fatal(err)
		}
		f, err := l.OpenParquet(t.Context(), obj)
		if err != nil {
			t.Fatal(err)
		}
		rows := f.NumRows()
		f.Close()
		if rows > 0 {
			rec, err := readWhole(t.Context(), l, table.Name+".parquet")
			if err != nil {
				t.Fatal(err)
			}
			for i, a := range rec.Columns() {
				reals, ok := a.(*array.Float64)
				for row := 0; ok && row < reals.Len(); row++ {
					v := reals.Value(row)
					numbers++
					if reals.IsValid(row) && (math.IsNaN(v) || math.IsInf(v, 0) || v == 0 && math.Signbit(v)) {
						t.Errorf("%s: column %s, row %d: %v", table.Name, rec.ColumnName(i), row, v)
					}
				}
			}
		}
		realsInCSV(t, table, filepath.Join(to, table.Name+".csv"))
	}
	books, err := filepath.Glob(filepath.Join(to, "*.xlsx"))
	if err != nil || len(books) == 0 || numbers == 0 {
		t.Fatalf("%d workbooks, %d numbers, %v", len(books), numbers, err)
	}
	for _, book := range books {
		numbersInBook(t, book)
	}
}

func realsInCSV(t *testing.T, table *contract.Table, file string) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", table.Name, err)
	}
	for i, name := range rows[0] {
		if table.Column(name).Kind == contract.Text || table.Column(name).Kind == contract.Enum {
			continue
		}
		for _, row := range rows[1:] {
			if noNumber(row[i]) {
				t.Errorf("%s.csv: column %s: %q", table.Name, name, row[i])
			}
		}
	}
}

func noNumber(cell string) bool {
	return slices.Contains([]string{"nan", "inf", "+inf", "-inf", "-0"}, strings.ToLower(cell))
}

func numbersInBook(t *testing.T, book string) {
	t.Helper()
	f, err := excelize.OpenFile(book)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		for r, row := range rows {
			for c, cell := range row {
				if noNumber(cell) {
					t.Errorf("%s, %s: row %d, column %d: %q", filepath.Base(book), sheet, r+1, c+1, cell)
				}
			}
		}
	}
}
