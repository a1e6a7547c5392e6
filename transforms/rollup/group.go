package rollup

import (
	"context"

	"github.com/windvane/windvane/transforms/column"
)

// group works through the partitions, then sums the groups that span them.
func (p *pass) group(ctx context.Context, workers int, mem column.Memory) error {
	if p.scatters[0] == nil {
		return nil // there were no rows
	}
	for _, n := range p.next {
		n.fitTo(mem)
	}
	visitors := make([]*visitor, max(1, workers))
	for i := range visitors {
		visitors[i] = newVisitor(p)
	}
	err := column.PartitionsOf(ctx, workers, p.scatters[:], func(w int, blocks [][][]int64) error {
		return visitors[w].visit(blocks)
	})
	if err != nil {
		return err
	}
	for _, v := range visitors {
		if err := v.flush(); err != nil {
			return err
		}
	}
	for _, g := range p.groupings {
		if g.nulls == 0 && !g.complete {
			if err := g.sumSecond(ctx, workers); err != nil {
				return err
			}
		}
	}
	return nil
}

// sumSecond merges groups that several partitions contributed to.
func (pl *plan) sumSecond(ctx context.Context, workers int) error {
	k := len(pl.By)
	tables, sorters := make([]*column.Grouper, max(1, workers)), make([]*column.RowWriter, max(1, workers))
	err := pl.second.Partitions(ctx, workers, func(w int, blocks [][]int64) error {
		if tables[w] == nil {
			tables[w], sorters[w] = column.NewGrouper(k, len(pl.Measures)), pl.sorter.Writer()
		}
		g := tables[w]
		g.Reset()
		width := g.Width()
		for _, b := range blocks {
			for ; len(b) > 0; b = b[width:] {
				sums := g.Get(b[:k])
				for j, v := range b[k:width] {
					sums[j] += v
				}
			}
		}
		sorters[w].Rows(g.Rows())
		return sorters[w].Err()
	})
	for _, w := range sorters {
		if err == nil && w != nil {
			err = w.Flush()
		}
	}
	return err
}

// visitor groups one partition after another, column by column, and keeps its memory between them.
type visitor struct {
	pass    *pass
	rows    *vectors
	chosen  [][]uint32 // rows of each selection
	hashes  []uint64
	groups  column.Groups
	of      []uint32  // group of each row of the selection in hand
	sums    [][]int64 // of the grouping in hand: by measure, by group
	keys    [][]int64 // scratch
	firsts  [][]int64 // keys of each group
	nulls   []int64   // in place of keys that are summed over
	orders  *orderTable
	sorters []*column.RowWriter // of each grouping, or
	seconds []*column.Writer
	feeds   []*rowWriter // of each next pass
}

func newVisitor(p *pass) *visitor {
	v := &visitor{pass: p, rows: newVectors(p.formats), chosen: make([][]uint32, len(p.selections))}
	if p.orders != nil {
		v.orders = newOrderTable(p.orders)
	}
	for _, g := range p.groupings {
		var sorter *column.RowWriter
		var second *column.Writer
		if g.complete {
			sorter = g.sorter.Writer()
		} else {
			second = g.second.Writer()
		}
		v.sorters, v.seconds = append(v.sorters, sorter), append(v.seconds, second)
	}
	for _, n := range p.next {
		v.feeds = append(v.feeds, n.writer())
	}
	return v
}

func (v *visitor) flush() (first error) {
	for i := range v.sorters {
		if w := v.sorters[i]; w != nil {
			first = keep(first, w.Flush())
		}
		if w := v.seconds[i]; w != nil {
			first = keep(first, w.Flush())
		}
	}
	for _, w := range v.feeds {
		first = keep(first, w.flush())
	}
	return first
}

func (v *visitor) visit(blocks [][][]int64) error {
	v.rows.load(blocks)
	v.hashes, v.of = grow(v.hashes, v.rows.n), grow(v.of, v.rows.n)
	for i, flags := range v.pass.selections {
		v.choose(i, flags)
	}
	if v.orders != nil {
		v.findOrders()
	}
	for i, g := range v.pass.groupings {
		v.group(i, g)
	}
	for i, n := range v.pass.next {
		v.feed(n, v.feeds[i])
	}
	return v.err()
}

// err is the first failure to spill: what comes after it would be lost.
func (v *visitor) err() (first error) {
	for i := range v.sorters {
		if w := v.sorters[i]; w != nil {
			first = keep(first, w.Err())
		}
		if w := v.seconds[i]; w != nil {
			first = keep(first, w.Err())
		}
	}
	for _, w := range v.feeds {
		first = keep(first, w.err())
	}
	return first
}

// choose lists the rows that have all flags.
func (v *visitor) choose(selection int, flags []int) {
	rows := grow(v.chosen[selection], v.rows.n)
	for i := range rows {
		rows[i] = uint32(i)
	}
	for _, f := range flags {
		flag, n := v.rows.field(f), 0
		for _, i := range rows { // without a branch: flags come at random
			rows[n] = i
			n += int(flag[i])
		}
		rows = rows[:n]
	}
	v.chosen[selection] = rows
}

// columns are the vectors of fields, for the moment.
func (v *visitor) columns(fields []int) [][]int64 {
	v.keys = v.keys[:0]
	for _, f := range fields {
		v.keys = append(v.keys, v.rows.field(f))
	}
	return v.keys
}

// group makes the groups of one grouping and hands them on.
func (v *visitor) group(at int, g *grouping) {
	rows := v.chosen[g.rows]
	if len(rows) == 0 {
		return
	}
	keys := v.columns(g.keys)
	column.HashColumns(v.hashes, keys)
	of := v.of[:len(rows)]
	v.groups.Number(keys, v.hashes, rows, of)
	for len(v.sums) < len(g.measures) {
		v.sums = append(v.sums, nil)
	}
	for j, m := range g.measures {
		v.sums[j] = grow(v.sums[j], v.groups.Len())
		clear(v.sums[j])
		v.add(v.sums[j], m, rows, of)
	}
	if g.brand >= 0 {
		v.orders.addSets(v.sums, g.measures, v.rows, g.brand, rows, of)
	}
	v.emit(at, g, keys)
}

// add adds the rows to the sums of their groups.
func (v *visitor) add(sums []int64, m measure, rows, of []uint32) {
	of = of[:len(rows)]
	switch {
	case m.op == Count && m.where < 0:
		for _, g := range of {
			sums[g]++
		}
	case m.op == Count:
		addColumn(sums, v.rows.field(m.where), rows, of)
	case m.op == Sum && m.where < 0:
		addColumn(sums, v.rows.field(m.of), rows, of)
	case m.op == Sum:
		values, flag := v.rows.field(m.of), v.rows.field(m.where)
		for k, i := range rows {
			sums[of[k]] += values[i] & -flag[i]
		}
	case m.op == Only && m.of < 0: // Records derives it
	case m.op == Only:
		values := v.rows.field(m.of)
		for k, i := range rows {
			sums[of[k]] = values[i]
		}
	case m.op == Distinct:
		addColumn(sums, v.orders.first[m.first], rows, of)
	}
}

// addColumn adds values to the sums of their groups. Inlined, it would keep its variables in memory.
//
//go:noinline
func addColumn(sums, values []int64, rows, of []uint32) {
	of = of[:len(rows)]
	for k, i := range rows {
		sums[of[k]] += values[i]
	}
}

// emit hands on the groups in hand: keys, nulls in place of the keys that are summed over, measures.
func (v *visitor) emit(at int, g *grouping, keys [][]int64) {
	if w := v.sorters[at]; w != nil {
		w.Columns(v.groups.Len(), v.result(g, keys))
		return
	}
	k := len(keys)
	for group, row := range v.groups.First() {
		out := v.seconds[at].Row(v.hashes[row])
		for j, key := range keys {
			out[j] = key[row]
		}
		for j := range g.nulls {
			out[k+j] = column.Null
		}
		for j := range g.measures {
			out[k+g.nulls+j] = v.sums[j][group]
		}
	}
}

// result is the groups in hand as columns.
func (v *visitor) result(g *grouping, keys [][]int64) [][]int64 {
	first := v.groups.First()
	columns := make([][]int64, 0, len(keys)+g.nulls+len(g.measures))
	for j, key := range keys {
		if j == len(v.firsts) {
			v.firsts = append(v.firsts, nil)
		}
		v.firsts[j] = grow(v.firsts[j], len(first))
		for group, row := range first {
			v.firsts[j][group] = key[row]
		}
		columns = append(columns, v.firsts[j])
	}
	for len(v.nulls) < len(first) {
		v.nulls = append(v.nulls, column.Null)
	}
	for range g.nulls {
		columns = append(columns, v.nulls)
	}
	return append(columns, v.sums[:len(g.measures)]...)
}

// feed hands rows on to the next pass.
func (v *visitor) feed(n *pass, w *rowWriter) {
	columns := make([][]int64, len(n.sources))
	for j, s := range n.sources {
		if s < 0 {
			columns[j] = v.orders.first[-1-s]
		} else {
			columns[j] = v.rows.field(s)
		}
	}
	w.add(v.rows.n, columns, v.chosen[n.wanted])
}
