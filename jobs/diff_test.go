package jobs

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// excludedLine is one row of the table excluded.
type excludedLine struct {
	role, subject string
	window        int64
	reason        string
	lines, fen    int64
}

func (r excludedLine) key() string {
	return fmt.Sprintf("role=%s, subject_id=%s, window_days=%d, reason=%s", r.role, r.subject, r.window, r.reason)
}

func compareLines(a, b excludedLine) int {
	return cmp.Or(cmp.Compare(a.role, b.role), cmp.Compare(a.subject, b.subject), cmp.Compare(a.window, b.window), cmp.Compare(a.reason, b.reason))
}

// storeExcluded writes a night's table in key order, in small row groups.
func storeExcluded(t testingT, l *lake.Lake, key string, day calendar.Day, rows []excludedLine) Output {
	t.Helper()
	ids := column.NewIDs(nil)
	b := column.NewBuilder(contract.Excluded, ids)
	slices.SortFunc(rows, compareLines)
	for _, r := range rows {
		b.Column("as_of_date").Int(int64(day))
		b.Column("role").Int(int64(slices.Index(contract.Roles, r.role)))
		b.Column("subject_id").Text(r.subject)
		b.Column("window_days").Int(r.window)
		b.Column("reason").Text(r.reason)
		b.Column("lines").Int(r.lines)
		b.Column("gmv_fen").Int(r.fen)
	}
	w, err := l.WriteParquet(context.Background(), key, contract.Excluded.Schema(nil), lake.WriteOptions{RowGroupRows: 3}, one(b.Record(memory.DefaultAllocator)))
	if err != nil {
		t.Fatal(err)
	}
	return Output{contract.Excluded.Name, key, w.Rows, w.Bytes, w.SHA256}
}

// naiveDiff is what diffTable must tell, said plainly.
func naiveDiff(before, after []excludedLine, o DiffOptions) (d TableDiff) {
	d.Table, d.Key, d.MovedBy, d.Columns = contract.Excluded.Name, contract.Excluded.Key, "gmv_fen", []ColumnDiff{}
	rows, others := map[string]excludedLine{}, map[string]excludedLine{}
	wanted := func(r excludedLine) bool {
		return (o.Role == "" || o.Role == r.role) && (o.Window == 0 || o.Window == r.window)
	}
	sums := map[string]*[3]int64{"lines": {}, "gmv_fen": {}} // before, after, rows changed
	var all []excludedLine
	for _, r := range before {
		if wanted(r) {
			d.Before++
			rows[r.key()] = r
			all = append(all, r)
			sums["lines"][0] += r.lines
			sums["gmv_fen"][0] += r.fen
		}
	}
	for _, r := range after {
		if wanted(r) {
			d.After++
			others[r.key()] = r
			if _, ok := rows[r.key()]; !ok {
				all = append(all, r)
			}
			sums["lines"][1] += r.lines
			sums["gmv_fen"][1] += r.fen
		}
	}
	slices.SortFunc(all, compareLines)
	for _, r := range all {
		b, was := rows[r.key()]
		a, is := others[r.key()]
		m := Mover{Name: r.key(), Status: RowChanged, Before: b.fen, After: a.fen, Change: a.fen - b.fen}
		switch {
		case !was:
			d.Added++
			m.Status = RowAdded
		case !is:
			d.Removed++
			m.Status = RowRemoved
		case a != b:
			d.Changed++
			if a.lines != b.lines {
				sums["lines"][2]++
			}
			if a.fen != b.fen {
				sums["gmv_fen"][2]++
			}
		}
		if m.Change != 0 {
			d.Movers = append(d.Movers, m)
		}
	}
	slices.SortStableFunc(d.Movers, func(a, b Mover) int { return cmp.Compare(magnitude(b.Change), magnitude(a.Change)) })
	d.Movers = d.Movers[:min(len(d.Movers), o.Limit)]
	for _, name := range []string{"lines", "gmv_fen"} {
		s := sums[name]
		if change := s[1] - s[0]; change != 0 || s[2] != 0 {
			d.Columns = append(d.Columns, ColumnDiff{name, s[2], &s[0], &s[1], &change})
		}
	}
	return d
}

func TestDiffAgreesWithItsTwin(t *testing.T) {
	row := rapid.Custom(func(t *rapid.T) excludedLine {
		return excludedLine{rapid.SampledFrom([]string{"platform", "merchant", "talent"}).Draw(t, "role"), rapid.SampledFrom([]string{"", "10", "9", "é"}).Draw(t, "subject"),
			rapid.SampledFrom([]int64{1, 7, 30}).Draw(t, "window"), rapid.SampledFrom([]string{"test", "risk:a"}).Draw(t, "reason"),
			rapid.Int64Range(0, 2).Draw(t, "lines"), rapid.Int64Range(0, 3).Draw(t, "fen")}
	})
	rows := rapid.SliceOfNDistinct(row, 0, 30, excludedLine.key)
	rapid.Check(t, func(t *rapid.T) {
		l, err := lake.Open(context.Background(), "mem://", lake.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		before, after := rows.Draw(t, "before"), rows.Draw(t, "after")
		o := DiffOptions{Role: rapid.SampledFrom([]string{"", "merchant"}).Draw(t, "role"), Window: rapid.SampledFrom([]int64{0, 7}).Draw(t, "window"),
			Limit: rapid.IntRange(0, 5).Draw(t, "limit")}
		got, err := Archive{Out: l, Job: "nightly"}.diffTable(context.Background(), contract.Excluded,
			storeExcluded(t, l, "before.parquet", 1, before), storeExcluded(t, l, "after.parquet", 2, after), o)
		if err != nil {
			t.Fatal(err)
		}
		want := naiveDiff(before, after, o)
		noKeys := gocmp.FilterPath(func(p gocmp.Path) bool { return p.String() == "Movers.Key" }, gocmp.Ignore())
		if diff := gocmp.Diff(want, got, noKeys, gocmp.Transformer("empty", func(m []Mover) []Mover { return append([]Mover{}, m...) })); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestMagnitude(t *testing.T) {
	for v, want := range map[int64]uint64{0: 0, -5: 5, 7: 7, math.MinInt64: 1 << 63, math.MaxInt64: math.MaxInt64} {
		if got := magnitude(v); got != want {
			t.Errorf("magnitude(%d) = %d, want %d", v, got, want)
		}
	}
}
