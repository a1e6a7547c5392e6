package rollup

import (
	"context"
	"fmt"
	"iter"
	"slices"

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
	passes      []*pass
	derivations []derivation
	columns     []string
}

// pass scatters the rows once for all rollups with the same partitioning.
type pass struct {
	by      []string
	tuple   []string // columns carried, in row order
	plans   []*plan
	scatter *column.Scatter
	orderAt int // position of order_id, -1 if no plan counts orders
}

// plan is a rollup bound to the positions of its pass's rows.
type plan struct {
	*Rollup
	where    int // position in the row, -1: none
	keys     []int
	measures []boundMeasure
	brandAt  int
	sets     bool            // full sets are counted
	complete bool            // groups never span partitions
	second   *column.Scatter // sums groups that do
	sorter   *column.Sorter
}

type boundMeasure struct {
	op      Op
	of, if_ int // positions, -1: none
}

// New plans the reduction of rollups, all of which read source.
func New(source *contract.Table, rollups []*Rollup, env Env) *Reduction {
	r := &Reduction{env: env, source: source}
	needed := map[string]bool{}
	for _, ru := range rollups {
		p := r.passFor(ru)
		p.plans = append(p.plans, &plan{Rollup: ru})
		for _, c := range ru.reads() {
			needed[c] = true
			if !slices.Contains(p.tuple, c) {
				p.tuple = append(p.tuple, c)
			}
		}
	}
	r.resolve(needed)
	for _, p := range r.passes {
		p.bind(r)
	}
	return r
}

func (r *Reduction) passFor(ru *Rollup) *pass {
	for _, p := range r.passes {
		if slices.Equal(p.by, ru.PartitionBy) {
			return p
		}
	}
	p := &pass{by: ru.PartitionBy, tuple: slices.Clone(ru.PartitionBy)}
	r.passes = append(r.passes, p)
	return p
}

// reads lists the columns a rollup needs, source and derived.
func (ru *Rollup) reads() []string {
	cols := slices.Concat(ru.PartitionBy, ru.By)
	if ru.Where != "" {
		cols = append(cols, ru.Where)
	}
	for _, m := range ru.Measures {
		if m.Of != "" {
			cols = append(cols, m.Of)
		}
		if m.If != "" {
			cols = append(cols, m.If)
		}
		if m.Op == Sets || m.Op == SetSum {
			cols = append(cols, "order_id", "brand_id")
		}
	}
	return cols
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

func (p *pass) at(name string) int {
	if name == "" {
		return -1
	}
	return slices.Index(p.tuple, name)
}

func (p *pass) bind(r *Reduction) {
	parts := column.PartitionsFor(r.env.ExpectedRows)
	p.scatter = column.NewScatter(len(p.tuple), parts, r.env.Memory)
	p.orderAt = p.at("order_id")
	for _, pl := range p.plans {
		pl.where, pl.brandAt = p.at(pl.Where), p.at("brand_id")
		for _, k := range pl.By {
			pl.keys = append(pl.keys, p.at(k))
		}
		for _, m := range pl.Measures {
			pl.measures = append(pl.measures, boundMeasure{m.Op, p.at(m.Of), p.at(m.If)})
			pl.sets = pl.sets || m.Op == Sets
		}
		pl.complete = pl.Totals == 0 && !slices.ContainsFunc(p.by, func(c string) bool { return !slices.Contains(pl.By, c) })
		width := len(pl.By) + len(pl.Measures)
		if !pl.complete {
			pl.second = column.NewScatter(width, min(parts, 64), r.env.Memory)
		}
		pl.sorter = column.NewSorter(width, pl.order(r.env.IDs), r.env.Memory)
		r.plans = append(r.plans, pl)
	}
}

func (pl *plan) order(ids *column.IDs) []column.Order {
	order := make([]column.Order, len(pl.By))
	for i, name := range pl.By {
		order[i] = column.Order{Column: i, Dict: ids.Dict(declared(pl.Source, name))}
	}
	return order
}

// Worker adds rows for one goroutine.
type Worker struct {
	r       *Reduction
	writers []*column.Writer
}

// Worker makes a worker.
func (r *Reduction) Worker() *Worker {
	w := &Worker{r: r}
	for _, p := range r.passes {
		w.writers = append(w.writers, p.scatter.Writer())
	}
	return w
}

// Add derives what is needed from a frame of source rows and scatters it. The frame gains columns.
func (w *Worker) Add(f *column.Frame) {
	for _, d := range w.r.derivations {
		f.Set(d.column.Name, d.make(f, &w.r.env))
	}
	for i, p := range w.r.passes {
		p.scatterRows(f, w.writers[i])
	}
}

// Flush hands over what is left.
func (w *Worker) Flush() error {
	for _, wr := range w.writers {
		if err := wr.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func (p *pass) scatterRows(f *column.Frame, w *column.Writer) {
	cols := make([][]int64, len(p.tuple))
	for j, name := range p.tuple {
		cols[j] = f.Column(name)
	}
	wanted := p.wanted(f)
	key := make([]int64, len(p.by))
	for i := range f.N {
		if wanted != nil && !wanted(i) {
			continue
		}
		for j := range key {
			key[j] = cols[j][i] // the tuple begins with the partitioning
		}
		row := w.Row(column.Hash(key...))
		for j := range cols {
			row[j] = cols[j][i]
		}
	}
}

// wanted tells which rows any rollup of the pass looks at; nil: all.
func (p *pass) wanted(f *column.Frame) func(i int) bool {
	var flags [][]int64
	for _, pl := range p.plans {
		if pl.Where == "" {
			return nil
		}
		flags = append(flags, f.Column(pl.Where))
	}
	return func(i int) bool {
		return slices.ContainsFunc(flags, func(flag []int64) bool { return flag[i] != 0 })
	}
}

// Finish groups everything. After it, Records yields the rollups.
func (r *Reduction) Finish(ctx context.Context) error {
	for _, p := range r.passes {
		if err := p.group(ctx, r.env.Workers); err != nil {
			return err
		}
	}
	return nil
}

// Close frees memory and spill files.
func (r *Reduction) Close() error {
	var first error
	for _, p := range r.passes {
		first = keep(first, p.scatter.Close())
		for _, pl := range p.plans {
			first = keep(first, pl.sorter.Close())
			if pl.second != nil {
				first = keep(first, pl.second.Close())
			}
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

// Rollups are the rollups in the order given to New's passes.
func (r *Reduction) Rollups() []*Rollup {
	out := make([]*Rollup, len(r.plans))
	for i, pl := range r.plans {
		out[i] = pl.Rollup
	}
	return out
}

// recordRows is the number of rows of one record that Records yields.
const recordRows = 1 << 16

// Records yields the rows of one rollup in key order, once. The consumer releases each record.
func (r *Reduction) Records(ru *Rollup, mem memory.Allocator) iter.Seq2[arrow.Record, error] {
	pl := r.plans[slices.IndexFunc(r.plans, func(p *plan) bool { return p.Rollup == ru })]
	table := ru.Table()
	return func(yield func(arrow.Record, error) bool) {
		stopped := false
		err := pl.sorter.Each(recordRows, func(rows []int64) error {
			b := column.NewBuilder(table, r.env.IDs)
			for j, c := range b.Columns() {
				for at := j; at < len(rows); at += len(table.Columns) {
					c.Int(rows[at])
				}
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

// Rows is the number of rows of a finished rollup.
func (r *Reduction) Rows(ru *Rollup) int64 {
	return r.plans[slices.IndexFunc(r.plans, func(p *plan) bool { return p.Rollup == ru })].sorter.Len()
}
