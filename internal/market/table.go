package market

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// batchRows is how many rows a full record batch has; small tables begin with firstRows and grow.
const (
	batchRows = 1 << 16
	firstRows = 1 << 10
)

// PartKey is the key of one part of a table's dump. A static table has no day.
func PartKey(t *contract.Table, d calendar.Day, part int) string {
	return fmt.Sprintf("%spart-%05d.parquet", prefix(t, d), part)
}

// SuccessKey is the key of the marker that says that all parts are there.
func SuccessKey(t *contract.Table, d calendar.Day) string { return prefix(t, d) + "_SUCCESS" }

func prefix(t *contract.Table, d calendar.Day) string {
	if t.Class == contract.Static {
		return "dumps/" + t.Name + "/"
	}
	return fmt.Sprintf("dumps/%s/dt=%s/", t.Name, d)
}

// writer opens tables on one sink and counts what is written.
type writer struct {
	ctx   context.Context // of Generate, for the goroutines that feed the sink
	sink  Sink
	mem   memory.Allocator
	dicts map[string]arrow.Array // shared dictionaries by "table.column"
	files atomic.Int64
}

// part is one Parquet file being written in a goroutine of its own.
type part struct {
	records  chan arrow.Record
	finished chan struct{}
	failure  error // of the producer; set before records is closed
	err      error // of the sink; read after finished is closed
}

func (w *writer) start(key string, schema *arrow.Schema) *part {
	p := &part{records: make(chan arrow.Record), finished: make(chan struct{})}
	w.files.Add(1)
	go func() {
		defer close(p.finished)
		p.err = w.sink.WriteParquet(w.ctx, key, schema, nil, p.batches())
		if p.err != nil {
			p.err = fmt.Errorf("write %s: %w", key, p.err)
		}
	}()
	return p
}

func (p *part) batches() iter.Seq2[arrow.Record, error] {
	return func(yield func(arrow.Record, error) bool) {
		for rec := range p.records {
			more := yield(rec, nil)
			rec.Release()
			if !more {
				return
			}
		}
		if p.failure != nil {
			yield(nil, p.failure)
		}
	}
}

var errStopped = errors.New("the sink stopped reading before the last record")

func (p *part) send(rec arrow.Record) error {
	select {
	case p.records <- rec:
		return nil
	case <-p.finished:
		rec.Release()
		if p.err == nil {
			return errStopped
		}
		return p.err
	}
}

// end tells the sink that there is no more, or why, and waits for it.
func (p *part) end(failure error) error {
	p.failure = failure
	close(p.records)
	<-p.finished
	return p.err
}

// table is one part of a table being filled row by row. After an error rows go nowhere; close tells it.
type table struct {
	w      *writer
	key    string
	schema *arrow.Schema
	cols   []*column
	decl   *contract.Table

	n, room int   // rows in the open batch, and how many fit
	rows    int64 // sent
	part    *part
	part0   bool // the first of its day
	err     error
}

// file writes an empty file.
func (w *writer) file(ctx context.Context, key string) error {
	w.files.Add(1)
	if err := w.sink.WriteFile(ctx, key, nil); err != nil {
		return fmt.Errorf("write %s: %w", key, err)
	}
	return nil
}

// openPart begins a part of a table's day.
func (w *writer) openPart(decl *contract.Table, d calendar.Day, number int) *table {
	t := w.open(decl, PartKey(decl, d, number))
	t.part0 = number == 0
	return t
}

// open begins a file; it is made with its first record.
func (w *writer) open(decl *contract.Table, key string) *table {
	t := &table{w: w, key: key, schema: decl.Schema(nil), decl: decl, cols: make([]*column, len(decl.Columns))}
	for i := range decl.Columns {
		c := &decl.Columns[i]
		t.cols[i] = newColumn(c, w.dicts[decl.Name+"."+c.Name])
	}
	return t
}

// col is the open column of a name.
func (t *table) col(name string) *column {
	t.decl.Column(name) // panics if there is none
	return t.cols[t.decl.Index(name)]
}

// row is the number of a new row in the open batch.
func (t *table) row() int {
	if t.n == t.room {
		t.extend()
	}
	t.n++
	return t.n - 1
}

// extend makes room: a small batch grows, a full one is sent.
func (t *table) extend() {
	room := max(firstRows, 8*t.room)
	if t.room >= batchRows {
		t.flush()
	}
	used := t.n
	t.room = min(batchRows, room)
	for _, c := range t.cols {
		c.open(t.w.mem, t.room, used)
	}
}

// flush sends the open batch.
func (t *table) flush() {
	if t.room == 0 {
		return
	}
	arrays := make([]arrow.Array, len(t.cols))
	for i, c := range t.cols {
		arrays[i] = c.array(t.n)
	}
	rec := array.NewRecord(t.schema, arrays, int64(t.n))
	for _, a := range arrays {
		a.Release()
	}
	t.rows += int64(t.n)
	t.n, t.room = 0, 0
	if t.err != nil {
		rec.Release()
		return
	}
	if t.part == nil {
		t.part = t.w.start(t.key, t.schema)
	}
	t.err = t.part.send(rec)
}

// close sends what is left and waits for the file. A part without rows makes a file only if empty is set.
func (t *table) close(empty bool) error {
	if t.n > 0 || empty && t.part == nil && t.err == nil {
		if t.room == 0 {
			t.extend()
		}
		t.flush()
	}
	return t.abandon(t.err)
}

// abandon ends the part; a failure makes the sink drop it.
func (t *table) abandon(failure error) error {
	t.discard()
	if t.part == nil {
		return failure
	}
	err := t.part.end(failure)
	t.part = nil
	if failure != nil {
		return failure
	}
	return err
}

// discard gives the memory of an open batch back.
func (t *table) discard() {
	if t.room == 0 {
		return
	}
	for _, c := range t.cols {
		c.release()
	}
	t.n, t.room = 0, 0
}
