package jobs

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
)

// ErrInput marks broken input: the table cannot be used, nothing is published.
var ErrInput = errors.New("broken input")

// intake reads the rows of one dump through the mapping.
type intake struct {
	dump    *dump
	files   []*boundFile
	rows    int64 // in the files, before anything is left out
	buffers *column.Buffers

	mu      sync.Mutex
	counts  [mapping.Reasons]int64
	rejects []RejectedRow
}

type shownKey struct {
	file   string
	reason int
}

// boundFile is an open file whose columns fit the contract.
type boundFile struct {
	file  *lake.File
	bound *mapping.Bound
	first []int64 // row number of each row group's first row
	skip  []uint64
}

// RejectedRow is one row of the rejects table.
type RejectedRow struct {
	File   string `json:"file"`
	Row    int64  `json:"row"`
	Reason int    `json:"reason"`
	Column string `json:"column,omitempty"`
	Value  string `json:"value,omitempty"`
}

// openIntake opens and binds every file of the dump for the named columns.
func openIntake(ctx context.Context, in *lake.Lake, d *dump, m *mapping.Mapper, columns []string) (*intake, error) {
	files, err := openObjects(ctx, in, d.objects)
	if err != nil {
		return nil, err
	}
	t := &intake{dump: d, buffers: column.NewBuffers(maxBuffers)}
	t.buffers.Uncleared = true
	for _, f := range files {
		t.files = append(t.files, &boundFile{file: f})
	}
	for _, b := range t.files {
		if err := b.bind(m, columns); err != nil {
			t.close()
			return nil, err
		}
		t.rows += b.file.NumRows()
	}
	return t, nil
}

// narrowed reads fewer columns of the same open files. It needs no closing, and t must stay open.
func (t *intake) narrowed(m *mapping.Mapper, columns []string) (*intake, error) {
	n := &intake{dump: t.dump, rows: t.rows, buffers: t.buffers}
	for _, b := range t.files {
		same := &boundFile{file: b.file}
		if err := same.bind(m, columns); err != nil {
			return nil, err
		}
		n.files = append(n.files, same)
	}
	return n, nil
}

// openObjects opens objects, several at once: each is a request or two to the bucket, and of small ones that the lake has room
// to hold nothing more is asked later.
func openObjects(ctx context.Context, in *lake.Lake, objects []lake.Object) ([]*lake.File, error) {
	files := make([]*lake.File, len(objects))
	g, opening := errgroup.WithContext(ctx)
	g.SetLimit(fetchers)
	for i, o := range objects {
		g.Go(func() (err error) {
			defer column.Recover(&err)
			files[i], err = in.OpenParquet(opening, o)
			return err
		})
	}
	err := g.Wait()
	if err == nil {
		return files, nil
	}
	for _, f := range files {
		if f != nil {
			f.Close()
		}
	}
	return nil, readError(err)
}

// readError tells a dump that is to blame from trouble of the store or the machine, which trying again may mend.
func readError(err error) error {
	if isBroken(err) || errors.Is(err, lake.ErrChanged) || errors.Is(err, lake.ErrNotFound) {
		return fmt.Errorf("%w: %w", ErrInput, err)
	}
	return fmt.Errorf("read dump: %w", err)
}

// bind finds the columns and counts the rows of an open file.
func (b *boundFile) bind(m *mapping.Mapper, columns []string) error {
	key, fields := b.file.Object().Key, sourceFields(b.file)
	bound, err := m.Bind(columns, fields)
	if err == nil {
		err = checkNames(bound.Sources(), fields)
	}
	if err != nil {
		return inputError(key, err)
	}
	b.bound = bound
	var at int64
	for g := range b.file.NumRowGroups() {
		b.first = append(b.first, at)
		at += b.file.RowGroupRows(g)
	}
	return nil
}

// checkNames refuses a file in which a column that is read stands twice: which one is meant is anyone's guess.
func checkNames(sources []string, fields []mapping.SourceField) error {
	seen := map[string]int{}
	for _, f := range fields {
		seen[f.Name]++
	}
	for _, name := range sources {
		if seen[name] > 1 {
			return fmt.Errorf("column %s stands %d times in the file; rename all but one where it is written", name, seen[name])
		}
	}
	return nil
}

// inputError names the file in an error about its columns.
func inputError(key string, err error) error {
	var bind *mapping.BindError
	if errors.As(err, &bind) {
		bind.File = key
		return fmt.Errorf("%w: %w", ErrInput, err)
	}
	return fmt.Errorf("%w: file %s: %w", ErrInput, key, err)
}

func (t *intake) close() {
	for _, b := range t.files {
		b.file.Close()
	}
}

// absent are the contract columns that some file does not have. The one that tells the latest of duplicates is optional, and
// said by nobody.
func (t *intake) absent() map[string]bool {
	out := map[string]bool{}
	for _, b := range t.files {
		for _, c := range b.bound.Absent {
			out[c] = true
		}
	}
	delete(out, t.dump.table.Latest)
	return out
}

// extra are the columns that no contract column reads.
func (t *intake) extra() map[string]bool {
	out := map[string]bool{}
	for _, b := range t.files {
		for _, c := range b.bound.Extra {
			out[c] = true
		}
	}
	return out
}

// batch is one mapped row group.
type batch struct {
	file   int
	record arrow.Record
	rows   func(i int) int64 // position in the file of row i
}

const (
	// fetchers is how many row groups are asked for at once. A request to a bucket takes tens of milliseconds before
	// its first byte; decoding goes on meanwhile.
	fetchers = 4
	// maxFetched bounds the bytes of row groups that are on their way or wait to be decoded.
	maxFetched = 256 << 20
)

// maxBuffers is how many bytes of Arrow buffers wait for the next row group.
const maxBuffers = 128 << 20

// groupTask is one row group to be mapped.
type groupTask struct {
	file, group int
	fetched     *lake.Fetched
	bytes       int64
}

// each maps every row group in workers goroutines and hands it to visit, which must not keep it, while the next row
// groups are fetched. Rejected rows are recorded once, when record is set.
func (t *intake) each(ctx context.Context, workers int, record bool, visit func(worker int, b batch) error) error {
	g, ctx := errgroup.WithContext(ctx)
	tasks, fetched := t.groups(ctx, g), make(chan groupTask)
	room := semaphore.NewWeighted(maxFetched)
	var fetching sync.WaitGroup
	for range fetchers {
		fetching.Add(1)
		g.Go(func() (err error) {
			defer fetching.Done()
			defer column.Recover(&err)
			return t.fetch(ctx, tasks, fetched, room)
		})
	}
	g.Go(func() error {
		fetching.Wait()
		close(fetched)
		return nil
	})
	for w := range max(1, workers) {
		g.Go(func() (err error) {
			defer column.Recover(&err)
			for k := range fetched {
				if err := t.visitGroup(ctx, k, record, room, func(b batch) error { return visit(w, b) }); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	return g.Wait()
}

// groups lists the row groups.
func (t *intake) groups(ctx context.Context, g *errgroup.Group) <-chan groupTask {
	tasks := make(chan groupTask)
	g.Go(func() (err error) {
		defer close(tasks)
		defer column.Recover(&err)
		for f, b := range t.files {
			for group := range b.file.NumRowGroups() {
				bytes := min(maxFetched, b.file.FetchBytes(group, b.bound.Sources()))
				select {
				case tasks <- groupTask{file: f, group: group, bytes: max(0, bytes)}:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		return nil
	})
	return tasks
}

// fetch reads row groups as long as there is room for them.
func (t *intake) fetch(ctx context.Context, tasks <-chan groupTask, fetched chan<- groupTask, room *semaphore.Weighted) error {
	for k := range tasks {
		if err := room.Acquire(ctx, k.bytes); err != nil {
			return err
		}
		b := t.files[k.file]
		var err error
		if k.fetched, err = b.file.Fetch(ctx, k.group, b.bound.Sources()); err != nil {
			return readError(err)
		}
		select {
		case fetched <- k:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// visitGroup decodes and maps a row group. What was fetched leaves the room as soon as it is decoded.
func (t *intake) visitGroup(ctx context.Context, k groupTask, record bool, room *semaphore.Weighted, visit func(batch) error) error {
	b := t.files[k.file]
	mem := t.buffers
	raw, err := k.fetched.Decode(ctx, mem)
	k.fetched = nil
	room.Release(k.bytes)
	if err != nil {
		return readError(err)
	}
	defer raw.Release()
	first := b.first[k.group]
	mapped, err := b.bound.Map(mem, raw, mapping.Rows{
		File: b.file.Object().Key, Day: t.dump.day, First: first, Skip: b.skipFrom(first, raw.NumRows())})
	if err != nil {
		return inputError(b.file.Object().Key, err)
	}
	defer mapped.Record.Release()
	if record {
		t.note(b.file.Object().Key, mapped)
	}
	rows := func(i int) int64 { return first + int64(i) }
	if mapped.RowNumbers != nil {
		rows = func(i int) int64 { return mapped.RowNumbers[i] }
	}
	return visit(batch{k.file, mapped.Record, rows})
}

// skipFrom is the part of the file's skip bitmap that begins at row first, bit 0 being that row.
func (b *boundFile) skipFrom(first, n int64) []uint64 {
	if b.skip == nil {
		return nil
	}
	out := make([]uint64, (n+63)/64)
	for i := range n {
		at := first + i
		out[i>>6] |= (b.skip[at>>6] >> (at & 63) & 1) << (i & 63)
	}
	return out
}

func (b *boundFile) markSkipped(row int64) {
	if b.skip == nil {
		b.skip = make([]uint64, (b.file.NumRows()+63)/64)
	}
	b.skip[row>>6] |= 1 << (row & 63)
}

// note counts the rejects of one record and keeps the first of each file and reason.
func (t *intake) note(file string, m mapping.Mapped) {
	if m.Rejected() == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for r, n := range m.Counts {
		t.counts[r] += n
	}
	for _, r := range m.Rejects {
		t.show(file, r.Row, r.Reason, r.Column, r.Value)
	}
}

func (t *intake) show(file string, row int64, reason mapping.Reason, column, value string) {
	t.rejects = append(t.rejects, RejectedRow{File: file, Row: row, Reason: int(reason), Column: column, Value: value})
}

// rejectedOf adds up rejected rows by reason.
func rejectedOf(counts [mapping.Reasons]int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// reasonName is for messages.
func reasonName(r int) string { return contract.RejectReasons[r] }
