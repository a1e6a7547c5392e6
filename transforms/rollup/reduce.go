package rollup

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Reduction reduces the rows of one source table and day to its rollups.
//
// Use: New, one Worker per goroutine, Add for every batch, Flush each worker, Finish, then Records of
// every rollup, Close. Batches may come in any order and split; the result is the same.
type Reduction struct {
	env         Env
	source      *contract.Table
	plans       []*plan
	passes      []*pass // each after the one that feeds it
	derivations []derivation
	columns     []string
	once        sync.Once // opens the tables
}

// New plans the reduction of rollups, all of which read source.
func New(source *contract.Table, rollups []*Rollup, env Env) *Reduction {
	r := &Reduction{env: env, source: source}
	for _, ru := range rollups {
		r.plans = append(r.plans, r.plan(ru))
	}
	needed := map[string]bool{}
	for _, p := range r.passes {
		if p.from != nil {
			p.link()
		}
	}
	for _, p := range r.passes {
		for _, c := range p.columns() {
			needed[c] = true
		}
	}
	r.resolve(needed)
	return r
}

// resolve splits the needed columns into derivations, in order, and source columns.
func (r *Reduction) resolve(needed map[string]bool) {
	all := derivations(r.source)
	for i := len(all) - 1; i >= 0; i-- {
		if d := all[i]; needed[d.column.Name] {
			r.derivations = append(r.derivations, d)
			delete(needed, d.column.Name)
			for _, n := range d.needs {
				needed[n] = true
			}
		}
	}
	slices.Reverse(r.derivations)
	for _, c := range r.source.Columns {
		if needed[c.Name] {
			r.columns = append(r.columns, c.Name)
			delete(needed, c.Name)
		}
	}
	if len(needed) > 0 {
		panic(fmt.Sprintf("rollup: %s has no columns %v", r.source.Name, needed))
	}
}

// Columns are the source columns that Add needs.
func (r *Reduction) Columns() []string { return r.columns }

// Worker adds rows for one goroutine.
type Worker struct {
	r       *Reduction
	writers map[*pass]*rowWriter // of the passes that read the source, once they had rows
	derived [][]int64            // of each derivation, for the batch in hand
	rows    []uint32
	flags   []int64
}

// Worker makes a worker.
func (r *Reduction) Worker() *Worker {
	r.open()
	return &Worker{r: r, writers: map[*pass]*rowWriter{}, derived: make([][]int64, len(r.derivations))}
}

// open makes the tables before the first row.
func (r *Reduction) open() {
	r.once.Do(func() {
		for _, p := range r.passes {
			p.open(r)
		}
	})
}

// Add derives what is needed from a frame of source rows and scatters it. The frame gains columns, which are good until
// the next Add. The error is that of spilling; after it nothing more can be added.
func (w *Worker) Add(f *column.Frame) error {
	if f.N == 0 {
		return nil
	}
	env := w.r.env
	env.Dimensions = &sameDimensions{of: env.Dimensions}
	for i, d := range w.r.derivations {
		w.derived[i] = grow(w.derived[i], f.N)
		d.fill(w.derived[i], f, &env)
		f.Set(d.column.Name, w.derived[i])
	}
	for _, p := range w.r.passes {
		if p.from == nil {
			if err := w.scatter(p, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// Flush hands over what is left.
func (w *Worker) Flush() (first error) {
	for _, p := range w.r.passes {
		if wr := w.writers[p]; wr != nil {
			first = keep(first, wr.flush())
		}
	}
	return first
}

// scatter gives the rows that any rollup of the pass looks at to their partitions.
func (w *Worker) scatter(p *pass, f *column.Frame) error {
	columns := make([][]int64, len(p.layout.names))
	for j, name := range p.layout.names {
		columns[j] = f.Column(name)
	}
	p.fit(w.r.env.Memory, columns)
	if w.writers[p] == nil {
		w.writers[p] = p.writer()
	}
	w.writers[p].add(f.N, columns, w.chooseRows(p, f))
	return w.writers[p].err()
}

// chooseRows lists the rows that any rollup of the pass looks at.
func (w *Worker) chooseRows(p *pass, f *column.Frame) []uint32 {
	w.rows = grow(w.rows, f.N)
	if p.readsAllRows() {
		for i := range w.rows {
			w.rows[i] = uint32(i)
		}
		return w.rows
	}
	wanted := w.wanted(p, f)
	n := 0
	for i, flag := range wanted {
		w.rows[n] = uint32(i)
		n += int(flag)
	}
	return w.rows[:n]
}

// wanted has a 1 for every row that any rollup of the pass looks at.
func (w *Worker) wanted(p *pass, f *column.Frame) []int64 {
	var wanted []int64
	for _, fields := range p.selections {
		if len(fields) != 1 {
			continue // more are part of another: a rollup's own rows have at most one flag
		}
		flags := f.Column(p.layout.names[fields[0]])
		if wanted == nil {
			wanted = flags
			continue
		}
		w.flags = grow(w.flags, f.N)
		for i, flag := range flags {
			w.flags[i] = wanted[i] | flag
		}
		wanted = w.flags
	}
	return wanted
}

func (p *pass) readsAllRows() bool {
	for _, g := range p.groupings {
		if g.rows == 0 {
			return true
		}
	}
	for _, n := range p.next {
		if n.wanted == 0 {
			return true
		}
	}
	return false
}

// Finish groups everything. After it, Records yields the rollups.
func (r *Reduction) Finish(ctx context.Context) error {
	r.open()
	for _, p := range r.passes {
		if err := p.group(ctx, r.env.Workers, r.env.Memory); err != nil {
			return err
		}
	}
	return nil
}

// Close frees memory and spill files.
func (r *Reduction) Close() error {
	var first error
	for _, p := range r.passes {
		for _, s := range p.scatters {
			if s != nil {
				first = keep(first, s.Close())
			}
		}
	}
	for _, pl := range r.plans {
		if pl.sorter != nil {
			first = keep(first, pl.sorter.Close())
		}
		if pl.second != nil {
			first = keep(first, pl.second.Close())
		}
	}
	return first
}

func keep(first, err error) error {
	if first != nil {
		return first
	}
	return err
}

// Rollups are the rollups in the order given to New.
func (r *Reduction) Rollups() []*Rollup {
	out := make([]*Rollup, len(r.plans))
	for i, pl := range r.plans {
		out[i] = pl.Rollup
	}
	return out
}

// recordRows is the number of rows of one record that Records yields.
const recordRows = 1 << 16

// Records yields the rows of one rollup in key order, once. The consumer releases each record and keeps nothing of
// it: the next one is made in the same memory. Dimensions are asked for columns that are derived late.
func (r *Reduction) Records(ru *Rollup, mem memory.Allocator) iter.Seq2[arrow.Record, error] {
	pl := r.plans[slices.IndexFunc(r.plans, func(p *plan) bool { return p.Rollup == ru })]
	table := ru.Table()
	return func(yield func(arrow.Record, error) bool) {
		stopped := false
		b := column.NewBuilder(table, r.env.IDs)
		err := pl.sorter.Columns(recordRows, func(columns [][]int64) error {
			b.Reset()
			r.deriveLate(pl, table, columns)
			for j, c := range b.Columns() {
				c.Ints(columns[j])
			}
			if !yield(b.Record(mem), nil) {
				stopped = true
				return context.Canceled
			}
			return nil
		})
		if err != nil && !stopped {
			yield(nil, err)
		}
	}
}

// deriveLate fills in the columns of some rows that are derived from the others.
func (r *Reduction) deriveLate(pl *plan, table *contract.Table, columns [][]int64) {
	if len(pl.late) == 0 {
		return
	}
	f := column.NewFrame(len(columns[0]))
	for j, c := range table.Columns {
		f.Set(c.Name, columns[j])
	}
	for _, d := range pl.late {
		d.fill(columns[d.at], f, &r.env)
	}
}

// Rows is the number of rows of a finished rollup.
func (r *Reduction) Rows(ru *Rollup) int64 {
	return r.plans[slices.IndexFunc(r.plans, func(p *plan) bool { return p.Rollup == ru })].sorter.Len()
}
