package jobs

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"go.opentelemetry.io/otel/attribute"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// publishedRows is the size of row groups of published tables.
const publishedRows = 1 << 17

// writing writes the tables of a night under the run's own prefix, each from when it is made: while steps that keep one
// core busy go on, the others write (ADR 33). Until the commit no reader sees any of it; what a night that fails leaves
// there is collected as that of a run that crashed.
type writing struct {
	night  *night
	prefix string
	tables []*contract.Table // that the night publishes
	queue  chan made
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	queued  []bool
	outputs []Output
	err     error // the first failure; after it nothing more is written
}

// made is a table that can be written.
type made struct {
	at   int // in tables
	rows column.Records
}

// startWriting begins with one worker less than the night has: the steps are one.
func (n *night) startWriting(ctx context.Context) *writing {
	tables := n.runner.simulation.publications()
	w := &writing{night: n, prefix: fmt.Sprintf("published/%s/dt=%s/run=%s", n.runner.Settings.Job, n.asOf, n.id), tables: tables,
		queue: make(chan made, len(tables)), queued: make([]bool, len(tables)), outputs: make([]Output, len(tables))}
	w.ctx, w.cancel = context.WithCancel(ctx)
	for range n.runner.Settings.workers() - 1 {
		w.work()
	}
	return w
}

// work adds a worker.
func (w *writing) work() {
	w.wg.Go(func() {
		for m := range w.queue {
			if w.failure() == nil {
				w.fail(w.write(w.ctx, m))
			}
		}
	})
}

// add has a table written, if it is one that the night publishes.
func (w *writing) add(t *contract.Table, rows column.Records) {
	i := slices.Index(w.tables, t)
	if i < 0 {
		return
	}
	w.mu.Lock()
	again := w.queued[i]
	w.queued[i] = true
	w.mu.Unlock()
	if again {
		panic(fmt.Sprintf("jobs: table %s is made twice in a night", t.Name))
	}
	w.queue <- made{i, rows} // there is room for each
}

// finish waits until all tables are written, with all workers the night has.
func (w *writing) finish() ([]Output, error) {
	w.work()
	w.close()
	if w.err != nil {
		return nil, w.err
	}
	for i, t := range w.tables {
		if !w.queued[i] {
			return nil, fmt.Errorf("%w: no step made table %s", column.ErrInternal, t.Name)
		}
	}
	return w.outputs, nil
}

// stop ends all writing, and waits for it: the store may be closed after it. Once everything is written it does nothing.
func (w *writing) stop() {
	w.cancel()
	w.close()
}

func (w *writing) close() {
	w.mu.Lock()
	if !w.closed {
		close(w.queue)
	}
	w.closed = true
	w.mu.Unlock()
	w.wg.Wait()
}

func (w *writing) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

func (w *writing) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
}

func (w *writing) write(ctx context.Context, m made) (err error) {
	n, t := w.night, w.tables[m.at]
	ctx, end := n.runner.span(ctx, "write "+t.Name, asOfAttribute(n.asOf), runAttribute(n.id), attribute.String("windvane.table", t.Name))
	defer func() {
		end(err, attribute.Int64("windvane.rows", w.outputs[m.at].Rows), attribute.Int64("windvane.bytes", w.outputs[m.at].Bytes))
	}()
	defer column.Recover(&err)
	key := w.prefix + "/" + t.Name + ".parquet"
	written, err := n.runner.Out.WriteParquet(ctx, key, t.Schema(n.types), lake.WriteOptions{RowGroupRows: publishedRows, Sorted: t.SortKey()}, m.rows)
	if err != nil {
		return fmt.Errorf("write %s: %w", t.Name, err)
	}
	w.outputs[m.at] = Output{t.Name, key, written.Rows, written.Bytes, written.SHA256}
	return nil
}
