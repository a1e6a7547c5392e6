package jobs

import (
	"cmp"
	"context"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
	"github.com/windvane/windvane/transforms/rollup"
)

// Duplicates are found in two readings. The first reads the key columns only and finds the keys that
// occur more than once; there are usually none, and nothing else is read. Only then the second reads
// all columns, compares the rows of those keys and marks the ones to skip: of equal rows all but the
// first, of unequal ones all but the latest by updated_at, and where nothing says which is right, all.
//
// Rows travel through a Scatter in both readings, which spills beyond the memory budget; from one reading
// to the next goes a filter of fixed size. So a table that is delivered twice costs time, not memory.

// duplicates is what was found.
type duplicates struct {
	dropped   int64 // rows left out because an equal or later one is kept
	conflicts int64 // rows rejected because they contradict each other
}

// dropDuplicates marks the duplicate rows of t in the skip bitmaps of its files. Which row is the latest is known only if
// the column that tells it is among those that t was opened for.
func dropDuplicates(ctx context.Context, t *intake, m *mapping.Mapper, workers int, mem column.Memory) (duplicates, error) {
	workers = max(1, workers)
	repeated, err := repeatedKeys(ctx, t, m, workers, mem)
	if err != nil || repeated.empty() {
		return duplicates{}, err
	}
	s := column.NewScatter(keyRowWidth, column.PartitionsFor(t.rows), mem)
	defer s.Close()
	if err := scatterRepeated(ctx, t, workers, repeated, s); err != nil {
		return duplicates{}, err
	}
	return t.resolve(ctx, s, workers)
}

// repeatedKeys finds the keys that occur more than once, and with them perhaps a few that do not.
func repeatedKeys(ctx context.Context, t *intake, m *mapping.Mapper, workers int, mem column.Memory) (*keyFilter, error) {
	keyed, err := t.narrowed(m, t.dump.table.Key)
	if err != nil {
		return nil, err
	}
	s := column.NewScatter(1, column.PartitionsFor(t.rows), mem)
	defer s.Close()
	err = keyed.scatter(ctx, workers, s, func(w *column.Writer, b batch) {
		for _, h := range hashRows(b.record, t.dump.table.Key, keySeed) {
			w.Row(h)[0] = int64(h)
		}
	})
	if err != nil {
		return nil, err
	}
	found := &keyFilter{rows: t.rows}
	seen := make([]*column.Grouper, workers)
	for i := range seen {
		seen[i] = column.NewGrouper(1, 0)
	}
	err = s.Partitions(ctx, workers, func(w int, blocks [][]int64) error {
		seen[w].Reset()
		for _, b := range blocks {
			for i := range b {
				if _, added := seen[w].Index(b[i : i+1]); !added {
					found.add(uint64(b[i]))
				}
			}
		}
		return nil
	})
	return found, err
}

// scatter maps every row group and lets add put its rows into s, one writer per worker.
func (t *intake) scatter(ctx context.Context, workers int, s *column.Scatter, add func(*column.Writer, batch)) error {
	writers := make([]*column.Writer, workers)
	for i := range writers {
		writers[i] = s.Writer()
	}
	err := t.each(ctx, workers, false, func(w int, b batch) error {
		add(writers[w], b)
		return writers[w].Err()
	})
	if err != nil {
		return err
	}
	for _, w := range writers {
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// keyFilter is a set of hashes that may hold a few more than were added: one bit each, of eight bits per
// row of the table, at most 64 MiB. Adding and asking are safe for concurrent use, but not with each other.
type keyFilter struct {
	rows int64
	once sync.Once
	bits []uint64
}

// maxFilterWords bounds the filter's memory: 64 MiB.
const maxFilterWords = 8 << 20

func (f *keyFilter) add(h uint64) {
	f.once.Do(func() { f.bits = make([]uint64, 1<<bits.Len64(uint64(min(f.rows/8, maxFilterWords-1)))) })
	atomic.OrUint64(&f.bits[h&uint64(len(f.bits)-1)], 1<<(h>>58))
}

func (f *keyFilter) has(h uint64) bool {
	return f.bits[h&uint64(len(f.bits)-1)]>>(h>>58)&1 == 1
}

func (f *keyFilter) empty() bool { return f.bits == nil }

// Positions in a scattered row of a key that may be repeated.
const (
	atKeyHigh     = iota // 128-bit hash of the key's values
	atKeyLow             //
	atContentHigh        // 128-bit hash of all values
	atContentLow         //
	atUpdated            // updated_at, column.Null if there is none
	atFile               // number of the file in the dump
	atRow                // position in the file
	keyRowWidth
)

// Seeds of the two halves of 128-bit hashes.
const (
	keySeed  = 0x2D358DCCAA6C78A5
	keySeed2 = 0x8BB84B93962EACC9
)

// scatterRepeated reads the columns that are used and keeps, of every row whose key is in the filter, what resolve needs. With
// others a row that is taken there and rejected here would be counted twice.
func scatterRepeated(ctx context.Context, t *intake, workers int, repeated *keyFilter, s *column.Scatter) error {
	table := t.dump.table
	return t.scatter(ctx, workers, s, func(w *column.Writer, b batch) {
		key := hashRows(b.record, table.Key, keySeed)
		if !slices.ContainsFunc(key, repeated.has) {
			return
		}
		key2, updated := hashRows(b.record, table.Key, keySeed2), updatedAt(b.record, table)
		content, content2 := hashRows(b.record, nil, keySeed), hashRows(b.record, nil, keySeed2)
		for i, h := range key {
			if repeated.has(h) {
				copy(w.Row(h), []int64{int64(h), int64(key2[i]), int64(content[i]), int64(content2[i]), updated(i), int64(b.file), b.rows(i)})
			}
		}
	})
}

// withKey adds the columns of the table's key: a row without a key is a bad row, and duplicates are told by it.
func withKey(table *contract.Table, columns []string) []string {
	columns = slices.Clone(columns)
	for _, k := range table.Key {
		if !slices.Contains(columns, k) {
			columns = append(columns, k)
		}
	}
	return columns
}

// withLatest adds the column that tells the latest of duplicates.
func withLatest(table *contract.Table, columns []string) []string {
	if table.Latest == "" || slices.Contains(columns, table.Latest) {
		return columns
	}
	return append(slices.Clone(columns), table.Latest)
}

// usedColumns are the columns that reducing a table reads. The column that tells the latest of duplicates is judged on every
// day, also where there are none: as validate does, and so that it is not found out in the first night with a duplicate.
func usedColumns(table *contract.Table, env rollup.Env) []string {
	return withLatest(table, withKey(table, rollup.New(table, rollup.From(table.Name), env).Columns()))
}

// allColumns are the table's columns and the one that tells the latest of duplicates.
func allColumns(table *contract.Table) []string {
	var columns []string
	for _, c := range table.Columns {
		columns = append(columns, c.Name)
	}
	if table.Latest != "" && table.Index(table.Latest) < 0 {
		columns = append(columns, table.Latest)
	}
	return columns
}

// resolve decides, partition by partition, which of the rows with equal keys stays.
func (t *intake) resolve(ctx context.Context, s *column.Scatter, workers int) (duplicates, error) {
	var d duplicates
	err := s.Partitions(ctx, workers, func(_ int, blocks [][]int64) error {
		rows := sortedKeyRows(blocks)
		t.mu.Lock()
		defer t.mu.Unlock()
		for from := 0; from < len(rows); {
			to := from + 1
			for to < len(rows) && sameAt(rows[to], rows[from], atKeyHigh, atKeyLow) {
				to++
			}
			t.resolveKey(rows[from:to], &d)
			from = to
		}
		return nil
	})
	t.counts[contract.RejectDuplicateConflict] += d.conflicts
	return d, err
}

// sortedKeyRows are the rows of a partition: equal keys together, of those the latest first, then in the
// order of the files, whatever the order in which they came.
func sortedKeyRows(blocks [][]int64) [][]int64 {
	var rows [][]int64
	for _, b := range blocks {
		for r := range slices.Chunk(b, keyRowWidth) {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b []int64) int {
		return cmp.Or(cmp.Compare(a[atKeyHigh], b[atKeyHigh]), cmp.Compare(a[atKeyLow], b[atKeyLow]),
			-cmp.Compare(a[atUpdated], b[atUpdated]), cmp.Compare(a[atFile], b[atFile]), cmp.Compare(a[atRow], b[atRow]))
	})
	return rows
}

func sameAt(a, b []int64, columns ...int) bool {
	for _, c := range columns {
		if a[c] != b[c] {
			return false
		}
	}
	return true
}

// resolveKey looks at the rows of one key, the latest first.
func (t *intake) resolveKey(same [][]int64, d *duplicates) {
	if len(same) == 1 {
		return // let through by the filter though its key is not repeated
	}
	conflict := slices.ContainsFunc(same[1:], func(r []int64) bool {
		return sameAt(r, same[0], atUpdated) && !sameAt(r, same[0], atContentHigh, atContentLow)
	})
	if !conflict {
		d.dropped += int64(len(same) - 1)
		same = same[1:]
	}
	for _, r := range same {
		file := t.files[r[atFile]]
		file.markSkipped(r[atRow])
		if conflict {
			t.showBounded(file.file.Object().Key, r[atRow], contract.RejectDuplicateConflict)
		}
	}
	if conflict {
		d.conflicts += int64(len(same))
	}
}

// showBounded is show, for rows that come in no order and may be the whole table: now and then all but the
// first of each file and reason are forgotten.
func (t *intake) showBounded(file string, row int64, reason mapping.Reason) {
	if n := len(t.rejects); n == cap(t.rejects) && n >= mapping.MaxRejects {
		t.rejects = t.sortedRejects()
	}
	t.show(file, row, reason, "", "")
}

// hashRows hashes the values of every row, of all columns if none are named. Hashes of one run are compared
// with each other only. With two seeds they are 128 bits.
func hashRows(rec arrow.Record, columns []string, seed uint64) []uint64 {
	hashes := make([]uint64, rec.NumRows())
	for i := range hashes {
		hashes[i] = seed
	}
	arrays := rec.Columns()
	if columns != nil {
		arrays = nil
		for _, c := range columns {
			arrays = append(arrays, columnOf(rec, c))
		}
	}
	for _, a := range arrays {
		hashColumn(hashes, a, seed)
	}
	return hashes
}

// hashColumn folds a column into the hashes of its rows. Types are the contract's.
func hashColumn(hashes []uint64, a arrow.Array, seed uint64) {
	switch a := a.(type) {
	case *array.Int64:
		fold(hashes, a, seed, a.Int64Values(), func(v int64) uint64 { return uint64(v) })
	case *array.Timestamp:
		fold(hashes, a, seed, a.TimestampValues(), func(v arrow.Timestamp) uint64 { return uint64(v) })
	case *array.Date32:
		fold(hashes, a, seed, a.Date32Values(), func(v arrow.Date32) uint64 { return uint64(v) })
	case *array.Float64:
		fold(hashes, a, seed, a.Float64Values(), func(v float64) uint64 { return floatBits(v) })
	case *array.Dictionary:
		foldDictionary(hashes, a, seed)
	case *array.Boolean:
		foldEach(hashes, a, seed, func(i int) uint64 {
			if a.Value(i) {
				return 1
			}
			return 0
		})
	default:
		foldEach(hashes, a, seed, func(i int) uint64 { return hashText(a.ValueStr(i), seed) })
	}
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
