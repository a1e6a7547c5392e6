package rollup

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// pass brings the rows that belong together into one partition, once for all rollups with the same partitioning,
// and groups each partition while it is in the cache.
//
// The rows of a pass come from the source, or from another pass: orders can be counted only where all lines of an
// order are together, groups can be completed only where all rows of a group are. The first pass tells for each row
// whether it is the first of its order in its group; the next adds that up.
type pass struct {
	by         []string // columns whose equal values meet
	from       *pass    // where the rows come from, nil: the source
	next       []*pass  // passes whose rows come from this one
	layout     layout
	parts      int
	fitted     sync.Once          // chooses the close format when the first rows are seen
	rooms      []room             // of the close format
	formats    [2]*format         // close and wide
	scatters   [2]*column.Scatter // of each format
	groupings  []*grouping
	selections [][]int // lists of flags; the rows that have them all
	orders     *orders // nil if nothing is counted by orders

	// Of a pass that another one feeds.
	sources []int          // for each field the field there, or -1-i for first column i
	flags   map[string]int // first column of each flag by its name
	wanted  int            // selection there
}

// plan is a rollup and where its groups are collected.
type plan struct {
	*Rollup
	complete bool            // no group spans partitions
	second   *column.Scatter // else: groups of partitions, to be summed
	late     []lateColumn
	sorter   *column.Sorter
}

// lateColumn is a column of a rollup that is derived from others of it.
type lateColumn struct {
	derivation
	at int // position in the rollup
}

// grouping is one GROUP BY over the rows of a pass: a rollup, or the totals of one.
type grouping struct {
	*plan
	rows     int   // selection
	keys     []int // fields
	nulls    int   // keys that follow and are null: the totals
	measures []measure
	brand    int // field, if full sets are counted, else -1
}

// measure is a Measure bound to the fields of a pass.
type measure struct {
	op    Op
	of    int // field, -1: none, or it is derived late
	where int // flag of rows that contribute, -1: all
	first int // of Distinct: which first column
}

// orders is what a pass does with orders.
type orders struct {
	keys   []int // fields whose equal values make an order: the partitioning and order_id
	firsts []firstColumn
}

// firstColumn tells for every row whether it is the first of its order with its values of the keys. The sum over
// a group by these keys is the number of distinct orders.
type firstColumn struct {
	keys []int // fields beside those in which the rows of an order are equal
	rows int   // selection; other rows are 0
}

// passFor finds or makes the pass of a partitioning.
func (r *Reduction) passFor(by []string, from *pass) *pass {
	for _, p := range r.passes {
		if slices.Equal(p.by, by) && p.from == from {
			return p
		}
	}
	p := &pass{by: by, from: from, layout: layout{source: r.source}, flags: map[string]int{}}
	p.selection()
	for _, c := range by {
		p.layout.add(c)
	}
	r.passes = append(r.passes, p)
	if from != nil {
		from.next = append(from.next, p)
	}
	return p
}

// plan puts a rollup into the pass that completes its groups.
func (r *Reduction) plan(ru *Rollup) *plan {
	p := r.passFor(ru.PartitionBy, nil)
	if ru.SumBy != nil {
		p = r.passFor(ru.SumBy, p)
	}
	pl := &plan{Rollup: ru}
	certain := ru.By[:len(ru.By)-ru.Totals]
	pl.complete = !slices.ContainsFunc(p.by, func(c string) bool { return !slices.Contains(certain, c) })
	pl.bindLate()
	p.addGrouping(pl, 0)
	if pl.Totals > 0 {
		p.addGrouping(pl, pl.Totals)
	}
	return pl
}

// bindLate finds the measures that are derived late. What they need stands in the rollup too, or its declaration is wrong.
func (pl *plan) bindLate() {
	table := pl.Table()
	for _, d := range lateDerivations(pl.Source) {
		for j, m := range pl.Measures {
			if m.Op != Only || m.Of != d.column.Name {
				continue
			}
			for _, name := range d.needs {
				if table.Index(name) < 0 {
					panic(fmt.Sprintf("rollup: %s needs %s for %s", pl.Name, name, m.Name))
				}
			}
			pl.late = append(pl.late, lateColumn{d, len(pl.By) + j})
		}
	}
}

// isLate tells whether a column is derived late.
func isLate(source *contract.Table, name string) bool {
	return slices.ContainsFunc(lateDerivations(source), func(d derivation) bool { return d.column.Name == name })
}

// selection is the number of the rows that have all named flags.
func (p *pass) selection(flags ...string) int {
	var fields []int
	for _, name := range flags {
		if name == "" {
			continue
		}
		if i := p.layout.add(name); !slices.Contains(fields, i) {
			fields = append(fields, i)
		}
	}
	slices.Sort(fields)
	for i, s := range p.selections {
		if slices.Equal(s, fields) {
			return i
		}
	}
	p.selections = append(p.selections, fields)
	return len(p.selections) - 1
}

// addGrouping plans a rollup, or the totals over its last keys.
func (p *pass) addGrouping(pl *plan, totals int) {
	keys := pl.By[:len(pl.By)-totals]
	g := &grouping{plan: pl, nulls: totals, rows: p.selection(pl.Where), keys: p.layout.addAll(keys), brand: -1}
	for _, m := range pl.Measures {
		g.measures = append(g.measures, p.bind(g, m, keys))
	}
	p.groupings = append(p.groupings, g)
}

func (p *pass) bind(g *grouping, m Measure, keys []string) measure {
	b := measure{op: m.Op, of: -1, where: -1}
	if m.Op == Distinct {
		return p.bindDistinct(g.plan, m, keys)
	}
	if m.If != "" {
		b.where = p.layout.add(m.If)
	}
	if m.Of != "" && !isLate(p.layout.source, m.Of) {
		b.of = p.layout.add(m.Of)
	}
	if m.Op == Sets || m.Op == SetSum {
		g.brand = p.layout.add("brand_id")
		p.needOrders()
	}
	return b
}

func (p *pass) bindDistinct(pl *plan, m Measure, keys []string) measure {
	if m.Of != "order_id" {
		panic(fmt.Sprintf("rollup: distinct %s: only orders are counted", m.Of))
	}
	if p.from == nil {
		return measure{op: Distinct, of: -1, where: -1, first: p.addFirst(keys, pl.Where, m.If)}
	}
	flag := fmt.Sprintf("first of its order by %s if %s %s", strings.Join(keys, ","), pl.Where, m.If)
	p.flags[flag] = p.from.addFirst(keys, pl.Where, m.If)
	return measure{op: Count, of: -1, where: p.layout.addFlag(flag)}
}

func (p *pass) needOrders() *orders {
	if p.orders == nil {
		p.orders = &orders{}
		for _, i := range append(p.layout.addAll(p.by), p.layout.add("order_id")) {
			if !slices.Contains(p.orders.keys, i) {
				p.orders.keys = append(p.orders.keys, i)
			}
		}
	}
	return p.orders
}

// addFirst is the number of the first column with these keys, among the rows with these flags.
func (p *pass) addFirst(keys []string, flags ...string) int {
	o, first := p.needOrders(), firstColumn{keys: p.layout.addAll(keys), rows: p.selection(flags...)}
	first.keys = slices.DeleteFunc(first.keys, func(i int) bool { return slices.Contains(o.keys, i) })
	for i, f := range o.firsts {
		if slices.Equal(f.keys, first.keys) && f.rows == first.rows {
			return i
		}
	}
	o.firsts = append(o.firsts, first)
	return len(o.firsts) - 1
}

// link says where the rows of a fed pass come from, once all its rollups are planned.
func (p *pass) link() {
	var where []string
	for _, g := range p.groupings {
		if !slices.Contains(where, g.Where) {
			where = append(where, g.Where)
		}
	}
	if len(where) > 1 {
		where = nil // what one rollup leaves out another needs
	}
	p.wanted = p.from.selection(where...)
	for _, name := range p.layout.names {
		if first, ok := p.flags[name]; ok {
			p.sources = append(p.sources, -1-first)
		} else {
			p.sources = append(p.sources, p.from.layout.add(name))
		}
	}
}

// open makes the tables of the pass, once the layout is known.
func (p *pass) open(r *Reduction) {
	parts := column.PartitionsFor(r.env.ExpectedRows)
	p.parts = parts
	for _, g := range p.groupings {
		if g.sorter != nil {
			continue // the totals of a rollup
		}
		width := len(g.By) + len(g.Measures)
		if !g.complete {
			g.second = column.NewScatter(width, min(parts, 64), r.env.Memory)
		}
		g.sorter = column.NewSorter(width, g.order(r.env.IDs), r.env.Memory)
	}
}

func (pl *plan) order(ids *column.IDs) []column.Order {
	order := make([]column.Order, len(pl.By))
	for i, name := range pl.By {
		order[i] = column.Order{Column: i, Dict: ids.Dict(declared(pl.Source, name))}
	}
	return order
}

// fit chooses the close format by the first rows that come, and opens the tables for rows.
func (p *pass) fit(mem column.Memory, columns [][]int64) {
	p.fitted.Do(func() { p.openRows(mem, p.layout.fit(columns)) })
}

// fitTo gives the columns of a fed pass the room they have where they come from.
func (p *pass) fitTo(mem column.Memory) {
	p.fitted.Do(func() {
		rooms := p.layout.rooms()
		for i, s := range p.sources {
			if s >= 0 && rooms[i].width == 0 {
				rooms[i] = p.from.rooms[s]
			}
		}
		p.openRows(mem, rooms)
	})
}

func (p *pass) openRows(mem column.Memory, rooms []room) {
	p.rooms = rooms
	p.formats = [2]*format{p.layout.format(rooms), p.layout.wide()}
	for i, f := range p.formats {
		p.scatters[i] = column.NewScatter(f.words, p.parts, mem)
	}
}

// rowWriter adds rows of a pass, each in the format it fits. It is made for one goroutine.
type rowWriter struct {
	pass    *pass
	writers [2]*column.Writer
	columns [][]int64 // of the rows in hand
	hashes  []uint64
	scratch [2][][]int64
}

func (p *pass) writer() *rowWriter {
	w := &rowWriter{pass: p, columns: make([][]int64, len(p.layout.names)), hashes: make([]uint64, packRows)}
	for i, s := range p.scatters {
		w.writers[i], w.scratch[i] = s.Writer(), make([][]int64, s.Width())
	}
	return w
}

// packRows are packed at once: their words stay in the first-level cache until they are with their partitions.
const packRows = 1024

// add adds the named rows, in ascending order, of columns of n values.
func (w *rowWriter) add(n int, columns [][]int64, rows []uint32) {
	for from := 0; len(rows) > 0; from += packRows {
		to := min(from+packRows, n)
		for j, c := range columns {
			w.columns[j] = c[from:to]
		}
		here, _ := slices.BinarySearch(rows, uint32(to))
		w.addPacked(uint32(from), to-from, rows[:here])
		rows = rows[here:]
	}
}

// addPacked adds the named rows of the n that begin at from.
func (w *rowWriter) addPacked(from uint32, n int, rows []uint32) {
	hashes := w.hashes[:n]
	column.HashColumns(hashes, w.columns[:len(w.pass.by)]) // the layout begins with the partitioning
	words, misfits := w.pass.formats[0].pack(n, w.columns, w.scratch[0])
	if misfits != nil {
		var apart []uint32
		rows, apart = split(rows, from, misfits)
		wide, _ := w.pass.formats[1].pack(n, w.columns, w.scratch[1])
		w.writers[1].Rows(wide, hashes, from, apart)
	}
	w.writers[0].Rows(words, hashes, from, rows)
}

// split parts the rows that are not marked from those that are. Marks begin with row from.
func split(rows []uint32, from uint32, marks []uint64) (plain, marked []uint32) {
	for _, row := range rows {
		if i := row - from; marks[i>>6]>>(i&63)&1 == 1 {
			marked = append(marked, row)
		} else {
			plain = append(plain, row)
		}
	}
	return plain, marked
}

// err is the first failure to spill.
func (w *rowWriter) err() error { return keep(w.writers[0].Err(), w.writers[1].Err()) }

func (w *rowWriter) flush() error {
	return keep(w.writers[0].Flush(), w.writers[1].Flush())
}

// columns are the columns of the source, and those derived from it, that the rows of the pass are made of.
func (p *pass) columns() []string {
	if p.from != nil {
		return nil
	}
	return p.layout.names
}

// isFlag tells whether a column holds 0 and 1 only.
func isFlag(c contract.Column) bool { return c.Kind == contract.Bool && !c.Null }
