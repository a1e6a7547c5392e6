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

// keptBuffers is how many bytes of decoded row groups serve for the next ones of a file.
const keptBuffers = 32 << 20

// readTable reads the named columns of one of windvane's own files as a frame; without names all.
func readTable(ctx context.Context, file *lake.File, t *contract.Table, ids *column.IDs, names ...string) (*column.Frame, error) {
	if names == nil {
		names = t.Names()
	}
	there, added := columnsIn(file, t, names)
	var f *column.Frame
	var err error
	if file.NumRowGroups() == 1 {
		f, err = readGroup(ctx, file, 0, t, ids, nil, there)
	} else {
		f, err = joinGroups(ctx, file, t, ids, there)
	}
	if err == nil {
		addNulls(f, added)
	}
	return f, err
}

// joinGroups decodes one row group after another into its place in the frame: numbers at once, what is converted by way of
// the same memory. The frame is made when the first is decoded: what a damaged footer says of rows is no reason to take memory.
func joinGroups(ctx context.Context, file *lake.File, t *contract.Table, ids *column.IDs, names []string) (*column.Frame, error) {
	f, mem, at := column.NewFrame(int(file.NumRows())), column.NewBuffers(keptBuffers), 0
	mem.Uncleared = true
	for g := range file.NumRowGroups() {
		if err := fillGroup(ctx, file, g, mem, t, ids, names, f, at); err != nil {
			return nil, err
		}
		at += int(file.RowGroupRows(g))
	}
	if f.N == 0 {
		for _, name := range names {
			f.Set(name, []int64{})
		}
	}
	return f, nil
}

// fillGroup decodes a row group into the frame, from row at on.
func fillGroup(ctx context.Context, file *lake.File, g int, mem memory.Allocator, t *contract.Table, ids *column.IDs, names []string, f *column.Frame, at int) error {
	places := map[string][]int64{}
	for _, name := range names {
		if f.Has(name) {
			places[name] = f.Column(name)[at : at+int(file.RowGroupRows(g))]
		}
	}
	rec, err := file.ReadRowGroupInto(ctx, mem, g, names, places)
	if err != nil {
		return lost(err)
	}
	defer rec.Release()
	if err := ids.Fill(f, at, t, rec); err != nil {
		return fmt.Errorf("%s: %w", file.Object().Key, err)
	}
	return nil
}

// passingGroups reads the named columns of a file of the state a row group at a time, each into the memory of the one before: a
// frame is good until the next is asked for.
func passingGroups(ctx context.Context, file *lake.File, t *contract.Table, ids *column.IDs, names ...string) iter.Seq2[*column.Frame, error] {
	return func(yield func(*column.Frame, error) bool) {
		mem, room := column.NewBuffers(keptBuffers), column.NewFrame(0)
		mem.Uncleared = true
		for g := range file.NumRowGroups() {
			rows := int(file.RowGroupRows(g))
			if rows == 0 {
				continue
			}
			if room.N < rows {
				room = column.NewFrame(rows)
			}
			err := fillGroup(ctx, file, g, mem, t, ids, names, room, 0)
			if !yield(room.Slice(0, rows), err) || err != nil {
				return
			}
		}
	}
}

// readGroups reads the named columns of one of windvane's own files, a row group at a time, the next one while one is looked at;
// those named as texts stay texts.
func readGroups(ctx context.Context, file *lake.File, t *contract.Table, ids *column.IDs, texts []string, names ...string) iter.Seq2[*column.Frame, error] {
	there, added := columnsIn(file, t, names)
	groups := make([]int, file.NumRowGroups())
	for g := range groups {
		groups[g] = g
	}
	return inOrder(ctx, groups, 1, func(ctx context.Context, g int) (*column.Frame, error) {
		f, err := readGroup(ctx, file, g, t, ids, texts, there)
		if err == nil {
			addNulls(f, added)
		}
		return f, err
	})
}

// readGroup reads a row group as a frame. Its columns may share the record's memory, which the collector frees.
func readGroup(ctx context.Context, file *lake.File, g int, t *contract.Table, ids *column.IDs, texts, names []string) (*column.Frame, error) {
	rec, err := file.ReadRowGroup(ctx, memory.DefaultAllocator, g, names)
	if err != nil {
		return nil, lost(err)
	}
	f, err := ids.Frame(t, rec, texts...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file.Object().Key, err)
	}
	return f, nil
}

// columnsIn tells the columns that a file has from those that were added to a published table since it was written: nothing
// is known of them.
func columnsIn(file *lake.File, t *contract.Table, names []string) (there, added []string) {
	if t.Class != contract.Published {
		return names, nil
	}
	for _, name := range names {
		if slices.ContainsFunc(file.Columns(), func(c lake.SourceColumn) bool { return c.Name == name }) {
			there = append(there, name)
		} else {
			added = append(added, name)
		}
	}
	return there, added
}

func addNulls(f *column.Frame, names []string) {
	for _, name := range names {
		f.Set(name, nulls(f.N))
	}
}

func nulls(n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = column.Null
	}
	return out
}
