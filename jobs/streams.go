package jobs

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/column"
)

// groupReader reads the row groups of one file for merges, which need them one after another: while one is worked on, the
// bytes of the next are on their way, unless somebody has read it already. So a merge of many files of a remote store
// waits once, and holds the bytes of one row group of each file and reader more.
type groupReader struct {
	file    *lake.File
	columns []string
	memory  memory.Allocator

	mu       sync.Mutex
	coming   map[int]*comingGroup
	asked    map[int]bool // groups that were asked for: ranges of a merge begin where others end
	fetching sync.WaitGroup
}

// comingGroup is a row group on its way.
type comingGroup struct {
	there   chan struct{}
	fetched *lake.Fetched // nil: it could not be had, and is asked for again
}

func newGroupReader(file *lake.File, columns []string, mem memory.Allocator) *groupReader {
	return &groupReader{file: file, columns: columns, memory: mem, coming: map[int]*comingGroup{}, asked: map[int]bool{}}
}

// read reads a row group. It may be called by several goroutines at once. The caller releases the record.
func (r *groupReader) read(ctx context.Context, group int) (arrow.Record, error) {
	fetched, err := r.fetch(ctx, group)
	if err != nil {
		return nil, err
	}
	r.askFor(ctx, group+1)
	return fetched.Decode(ctx, r.memory)
}

func (r *groupReader) fetch(ctx context.Context, group int) (*lake.Fetched, error) {
	r.mu.Lock()
	c := r.coming[group]
	delete(r.coming, group)
	r.asked[group] = true
	r.mu.Unlock()
	if c != nil {
		select {
		case <-c.there:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if c.fetched != nil {
			return c.fetched, nil
		}
	}
	return r.file.Fetch(ctx, group, r.columns)
}

// askFor begins to fetch a row group.
func (r *groupReader) askFor(ctx context.Context, group int) {
	if group >= r.file.NumRowGroups() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asked[group] {
		return
	}
	r.asked[group] = true
	c := &comingGroup{there: make(chan struct{})}
	r.coming[group] = c
	r.fetching.Go(func() {
		defer close(c.there)
		var err error
		defer column.Recover(&err)
		if c.fetched, err = r.file.Fetch(ctx, group, r.columns); err != nil {
			c.fetched = nil // whoever needs it meets the error
		}
	})
}

// close waits for what is on its way and closes the file: the store may be closed next.
func (r *groupReader) close() error {
	r.fetching.Wait()
	return r.file.Close()
}

// closeReaders closes those that there are.
func closeReaders(readers []*groupReader) error {
	var errs []error
	for _, r := range readers {
		if r != nil {
			errs = append(errs, r.close())
		}
	}
	return errors.Join(errs...)
}

// openAll opens a run for each of some things, several at once; on an error none is left open. One that is lost ends no
// other: another scope may wait for what that one reduces.
func openAll[T, R any](things []T, workers int, open func(thing T) (R, *groupReader, error)) ([]R, []*groupReader, error) {
	runs, readers := make([]R, len(things)), make([]*groupReader, len(things))
	var g errgroup.Group
	g.SetLimit(max(1, workers))
	for i, t := range things {
		g.Go(func() (err error) {
			defer column.Recover(&err)
			runs[i], readers[i], err = open(t)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, errors.Join(err, closeReaders(readers))
	}
	return runs, readers, nil
}

// subjectBounds are the subjects that a row group begins and ends with, by the file's statistics; false if it does not tell.
func subjectBounds(file *lake.File, group int, subject string, dict *column.Dict) (first, last int64, ok bool) {
	b, ok := file.Bounds(group, subject)
	if !ok || dict == nil && b.Least != nil && (len(b.Least) != 8 || len(b.Greatest) != 8) {
		return 0, 0, false
	}
	code := func(value []byte) int64 {
		switch {
		case value == nil:
			return column.Null
		case dict != nil:
			return dict.Code(string(value))
		}
		return int64(binary.LittleEndian.Uint64(value))
	}
	if first, last = code(b.Least), code(b.Greatest); b.Nulls > 0 {
		last = column.Null
	}
	return first, last, true
}

// lostRun says that a file of pairs or of sales is gone or damaged, and how to make it again.
type lostRun struct {
	err  error
	key  string
	make func(ctx context.Context) error
}

func (l *lostRun) Error() string { return l.err.Error() }
func (l *lostRun) Unwrap() error { return l.err }

// lostFile says of trouble with a file of the state that is open, or about to be, how to go on: one that is lost is made
// again; one that another process, or another step, has just written too is the same bytes, and is opened again.
func lostFile(err error, key string, remake func(ctx context.Context) error) error {
	switch {
	case errors.Is(err, errLost):
		return &lostRun{err, key, remake}
	case errors.Is(err, lake.ErrChanged):
		return &lostRun{err, key, func(context.Context) error { return nil }}
	}
	return err
}

// repaired does something that reads files of the state. What turns out to be lost on the way is made again, and so is
// what that is made of; then it begins anew. A file is made again a few times only.
func repaired(ctx context.Context, do func() error) error {
	made := map[string]int{}
	for {
		err := do()
		l := lostIn(err)
		if l == nil {
			return err
		}
		if err := l.remake(ctx, made); err != nil {
			return err
		}
	}
}

// remake makes a lost file, and first what turns out to be lost of that which it is made of. made counts, by file.
func (l *lostRun) remake(ctx context.Context, made map[string]int) error {
	for made[l.key] < rewrites {
		err := l.make(ctx)
		inner := lostIn(err)
		if inner == nil || inner.key == l.key {
			made[l.key]++
			return err
		}
		if err := inner.remake(ctx, made); err != nil {
			return err
		}
	}
	return l
}

// lostIn is the lost file that an error speaks of, nil if there is none.
func lostIn(err error) (l *lostRun) {
	errors.As(err, &l)
	return l
}

// errStopped ends a merge whose reader wants no more.
var errStopped = errors.New("stopped")

// pushed are the records that a merge pushes, one after another, as a writer takes them. Push releases them.
func pushed(merge func(push func(arrow.Record) error) error) column.Records {
	return func(yield func(arrow.Record, error) bool) {
		err := merge(func(rec arrow.Record) error {
			defer rec.Release()
			if !yield(rec, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	}
}
