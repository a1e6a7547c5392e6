package jobs

import (
	"context"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
)

// groupReader reads the row groups of one file for merges, which need them one after another: while one is worked on, the
// bytes of the next are on their way. So a merge of many files of a remote store waits once, and holds the bytes of
// one row group of each file and reader more.
type groupReader struct {
	file    *lake.File
	columns []string
	memory  memory.Allocator

	mu       sync.Mutex
	coming   map[int]*comingGroup
	fetching sync.WaitGroup
}

// comingGroup is a row group on its way.
type comingGroup struct {
	there   chan struct{}
	fetched *lake.Fetched // nil: it could not be had, and is asked for again
}

func newGroupReader(file *lake.File, columns []string, mem memory.Allocator) *groupReader {
	return &groupReader{file: file, columns: columns, memory: mem, coming: map[int]*comingGroup{}}
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
	if r.coming[group] != nil {
		return
	}
	c := &comingGroup{there: make(chan struct{})}
	r.coming[group] = c
	r.fetching.Go(func() {
		defer close(c.there)
		if fetched, err := r.file.Fetch(ctx, group, r.columns); err == nil { // else whoever needs it meets the error
			c.fetched = fetched
		}
	})
}

// close waits for what is on its way and closes the file: the store may be closed next.
func (r *groupReader) close() error {
	r.fetching.Wait()
	return r.file.Close()
}
