//go:build acceptance

package jobs_test

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/windvane/windvane/internal/testkit/faults"
	"github.com/windvane/windvane/jobs"
)

// pathDependent are the columns that depend on the nights before and not on the dumps alone, by table; rows: which rows
// there are does. All other columns of all tables are those of one cold night, made of the dumps as they stand.
var pathDependent = map[string][]string{}

// otherColumns names the columns of two tables that differ, or rows if these are not as many.
func otherColumns(t *testing.T, a, b []byte) (names []string) {
	t.Helper()
	left, right := columnsOf(t, a), columnsOf(t, b)
	for name, values := range left {
		if len(values) != len(right[name]) {
			return []string{"rows"}
		}
		if !slices.EqualFunc(values, right[name], parquet.Equal) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// columnsOf reads a flat table by column.
func columnsOf(t *testing.T, data []byte) map[string][]parquet.Value {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]parquet.Value{}
	for _, c := range f.Root().Columns() {
		pages := c.Pages()
		for {
			p, err := pages.ReadPage()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			values := make([]parquet.Value, p.NumValues())
			if n, err := p.Values().ReadValues(values); n != len(values) {
				t.Fatalf("column %s: %d of %d values: %v", c.Name(), n, len(values), err)
			}
			for _, v := range values {
				out[c.Name()] = append(out[c.Name()], v.Clone())
			}
		}
		_ = pages.Close()
		if _, some := out[c.Name()]; !some {
			out[c.Name()] = nil
		}
	}
	return out
}

// compareWithClean holds a night against one cold night from the dumps as they stand. It returns the columns that differ.
func (s *soak) compareWithClean(got jobs.Outcome) map[string][]string {
	s.t.Helper()
	differ := map[string][]string{}
	s.clean(got.AsOf, got.AsOf, func(o jobs.Outcome, clean *faults.Bucket) {
		for i, table := range o.Tables {
			if mine := got.Tables[i]; mine.Table != table.Table || mine.SHA256 != table.SHA256 {
				differ[table.Table] = otherColumns(s.t, []byte(s.bucket.Objects(mine.Key)[mine.Key]), []byte(clean.Objects(table.Key)[table.Key]))
			}
		}
		s.told["tables compared with a clean night"] += len(o.Tables)
		s.told["of them the same bytes"] += len(o.Tables) - len(differ)
	})
	return differ
}
