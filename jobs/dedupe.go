package jobs

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/zeebo/xxh3"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
)

// Duplicates are found in two readings. The first reads the key columns only and finds the keys that
// occur more than once; there are usually none, and nothing else is read. Only then the second reads
// all columns, compares the rows of those keys and marks the ones to skip: of equal rows all but the
// first, of unequal ones all but the latest by updated_at, and where nothing says which is right, all.

// duplicates is what was found.
type duplicates struct {
	dropped   int64 // rows left out because an equal or later one is kept
	conflicts int64 // rows rejected because they contradict each other
}

// dropDuplicates marks the duplicate rows of t in the skip bitmaps of its files.
func dropDuplicates(ctx context.Context, in *lake.Lake, t *intake, m *mapping.Mapper, workers int, mem column.Memory) (duplicates, error) {
	table := t.dump.table
	keys, err := repeatedKeys(ctx, in, t, m, workers, mem)
	if err != nil || len(keys) == 0 {
		return duplicates{}, err
	}
	rows, err := rowsOf(ctx, in, t, m, workers, keys)
	if err != nil {
		return duplicates{}, err
	}
	return t.resolve(table, rows), nil
}

// repeatedKeys are the 64-bit hashes of the keys that occur more than once.
func repeatedKeys(ctx context.Context, in *lake.Lake, t *intake, m *mapping.Mapper, workers int, mem column.Memory) (map[uint64]bool, error) {
	keyed, err := openIntake(ctx, in, t.dump, m, t.dump.table.Key)
	if err != nil {
		return nil, err
	}
	defer keyed.close()
	s := column.NewScatter(1, column.PartitionsFor(t.rows), mem)
	defer s.Close()
	writers := make([]*column.Writer, max(1, workers))
	for i := range writers {
		writers[i] = s.Writer()
	}
	err = keyed.each(ctx, workers, false, func(w int, b batch) error {
		for _, h := range keyHashes(b.record, t.dump.table.Key) {
			writers[w].Row(column.Mix(0, int64(h)))[0] = int64(h)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, w := range writers {
		if err := w.Flush(); err != nil {
			return nil, err
		}
	}
	return repeated(ctx, s, workers)
}

func repeated(ctx context.Context, s *column.Scatter, workers int) (map[uint64]bool, error) {
	found := make([]map[uint64]bool, max(1, workers))
	seen := make([]*column.Grouper, max(1, workers))
	for i := range seen {
		seen[i], found[i] = column.NewGrouper(1, 0), map[uint64]bool{}
	}
	err := s.Partitions(ctx, workers, func(w int, blocks [][]int64) error {
		seen[w].Reset()
		for _, b := range blocks {
			for i := range b {
				if _, added := seen[w].Index(b[i : i+1]); !added {
					found[w][uint64(b[i])] = true
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, f := range found[1:] {
		for k := range f {
			found[0][k] = true
		}
	}
	return found[0], nil
}

// keyRow is one row of a repeated key.
type keyRow struct {
	key     xxh3.Uint128 // of the key's values
	content xxh3.Uint128 // of all values
	updated int64        // updated_at, column.Null if there is none
	file    int
	row     int64
}

// rowsOf reads all columns of the rows whose keys are repeated.
func rowsOf(ctx context.Context, in *lake.Lake, t *intake, m *mapping.Mapper, workers int, keys map[uint64]bool) ([]keyRow, error) {
	table := t.dump.table
	var columns []string
	for _, c := range table.Columns {
		columns = append(columns, c.Name)
	}
	if table.Latest != "" {
		columns = append(columns, table.Latest)
	}
	full, err := openIntake(ctx, in, t.dump, m, columns)
	if err != nil {
		return nil, err
	}
	defer full.close()
	found := make([][]keyRow, max(1, workers))
	err = full.each(ctx, workers, false, func(w int, b batch) error {
		updated := updatedAt(b.record, table)
		for i, h := range keyHashes(b.record, table.Key) {
			if keys[h] {
				found[w] = append(found[w], keyRow{rowHash(b.record, table.Key, i), rowHash(b.record, nil, i), updated(i), b.file, b.rows(i)})
			}
		}
		return nil
	})
	return slices.Concat(found...), err
}

// resolve decides which of the rows with equal keys stays.
func (t *intake) resolve(table *contract.Table, rows []keyRow) duplicates {
	slices.SortFunc(rows, func(a, b keyRow) int {
		return cmp.Or(compare128(a.key, b.key), -cmp.Compare(a.updated, b.updated), cmp.Compare(a.file, b.file), cmp.Compare(a.row, b.row))
	})
	var d duplicates
	for from := 0; from < len(rows); {
		to := from + 1
		for to < len(rows) && rows[to].key == rows[from].key {
			to++
		}
		same := rows[from:to]
		from = to
		if len(same) == 1 {
			continue // two keys that share a 64-bit hash
		}
		if t.conflict(same) {
			d.conflicts += int64(len(same))
			continue
		}
		for _, r := range same[1:] {
			t.files[r.file].markSkipped(r.row)
			d.dropped++
		}
	}
	t.counts[contract.RejectDuplicateConflict] += d.conflicts
	return d
}

// conflict rejects all rows of a key if the newest of them contradict each other.
func (t *intake) conflict(same []keyRow) bool {
	agree := true
	for _, r := range same[1:] {
		if r.updated == same[0].updated && r.content != same[0].content {
			agree = false
		}
	}
	if agree {
		return false
	}
	for _, r := range same {
		t.files[r.file].markSkipped(r.row)
		t.show(t.files[r.file].file.Object().Key, r.row, contract.RejectDuplicateConflict, "", "")
	}
	return true
}

func compare128(a, b xxh3.Uint128) int {
	return cmp.Or(cmp.Compare(a.Hi, b.Hi), cmp.Compare(a.Lo, b.Lo))
}

// keyHashes are 64-bit hashes of each row's key; a key of one integer column is its own hash.
func keyHashes(rec arrow.Record, key []string) []uint64 {
	out := make([]uint64, rec.NumRows())
	if len(key) == 1 {
		if a, ok := columnOf(rec, key[0]).(*array.Int64); ok && a.NullN() == 0 {
			for i, v := range a.Int64Values() {
				out[i] = uint64(v)
			}
			return out
		}
	}
	for i := range out {
		h := rowHash(rec, key, i)
		out[i] = h.Hi ^ h.Lo
	}
	return out
}

// rowHash hashes the values of one row, of all columns if none are named.
func rowHash(rec arrow.Record, columns []string, row int) xxh3.Uint128 {
	h := xxh3.New()
	write := func(a arrow.Array) {
		if a.IsNull(row) {
			h.WriteString("\x00")
			return
		}
		fmt.Fprintf(h, "\x01%s\x1f", a.ValueStr(row))
	}
	if columns == nil {
		for _, a := range rec.Columns() {
			write(a)
		}
	}
	for _, c := range columns {
		write(columnOf(rec, c))
	}
	return h.Sum128()
}

func columnOf(rec arrow.Record, name string) arrow.Array {
	return rec.Column(rec.Schema().FieldIndices(name)[0])
}

// updatedAt reads the table's Latest column where the file has one.
func updatedAt(rec arrow.Record, table *contract.Table) func(i int) int64 {
	at := rec.Schema().FieldIndices(table.Latest)
	if table.Latest == "" || len(at) == 0 {
		return func(int) int64 { return column.Null }
	}
	a := rec.Column(at[0]).(*array.Timestamp)
	return func(i int) int64 {
		if a.IsNull(i) {
			return column.Null
		}
		return int64(a.Value(i))
	}
}
