package jobs

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// publishTable has a finished table written.
func (n *night) publishTable(t *contract.Table, rec arrow.Record) {
	n.records = append(n.records, rec)
	n.publishRows(t, one(rec))
}

func one(rec arrow.Record) iter.Seq2[arrow.Record, error] {
	return func(yield func(arrow.Record, error) bool) { yield(rec, nil) }
}

// publishRows has a table written whose rows are made while they are written, so that a large table is never in memory
// as a whole. What they are made of may be read by later steps, but nothing may change it any more.
func (n *night) publishRows(t *contract.Table, rows iter.Seq2[arrow.Record, error]) {
	n.tables = append(n.tables, t.Name)
	if n.writing != nil {
		n.writing.add(t, rows)
	}
}

// readTable reads the named columns of one of windvane's own files as a frame; without names all.
func readTable(ctx context.Context, file *lake.File, t *contract.Table, ids *column.IDs, names ...string) (*column.Frame, error) {
	if names == nil {
		for _, c := range t.Columns {
			names = append(names, c.Name)
		}
	}
	return column.Concat(names, int(file.NumRows()), readGroups(ctx, file, t, ids, names...))
}

// readGroups reads the named columns of one of windvane's own files, a row group at a time.
func readGroups(ctx context.Context, file *lake.File, t *contract.Table, ids *column.IDs, names ...string) iter.Seq2[*column.Frame, error] {
	there, added := names, []string(nil)
	if t.Class == contract.Published {
		there, added = columnsThere(file, names)
	}
	return func(yield func(*column.Frame, error) bool) {
		for g := range file.NumRowGroups() {
			f, err := readGroup(ctx, file, g, t, ids, there)
			if err == nil {
				for _, name := range added {
					f.Set(name, nulls(f.N))
				}
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
}

// readGroup reads a row group as a frame. Its columns may share the record's memory, which the collector frees.
func readGroup(ctx context.Context, file *lake.File, g int, t *contract.Table, ids *column.IDs, names []string) (*column.Frame, error) {
	rec, err := file.ReadRowGroup(ctx, memory.DefaultAllocator, g, names)
	if err != nil {
		return nil, lost(err)
	}
	f, err := ids.Frame(t, rec)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file.Object().Key, err)
	}
	return f, nil
}

// columnsThere tells the columns that a published file has from those that were added to the table since it was written: nothing
// is known of them.
func columnsThere(file *lake.File, names []string) (there, added []string) {
	for _, name := range names {
		if slices.ContainsFunc(file.Columns(), func(c lake.SourceColumn) bool { return c.Name == name }) {
			there = append(there, name)
		} else {
			added = append(added, name)
		}
	}
	return there, added
}

func nulls(n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = column.Null
	}
	return out
}
