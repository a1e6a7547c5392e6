package rollup

import (
	"context"

	"github.com/windvane/windvane/transforms/column"
)

// group works through the partitions, then sums the groups that span them.
func (p *pass) group(ctx context.Context, workers int) error {
	visitors := make([]*visitor, max(1, workers))
	for i := range visitors {
		visitors[i] = newVisitor(p)
	}
	err := p.scatter.Partitions(ctx, workers, func(w int, blocks [][]int64) error { return visitors[w].visit(blocks) })
	if err != nil {
		return err
	}
	for _, v := range visitors {
		if err := v.flush(); err != nil {
			return err
		}
	}
	for _, pl := range p.plans {
		if err := pl.sumSecond(ctx, workers); err != nil {
			return err
		}
	}
	return nil
}

// sumSecond merges groups that several partitions contributed to.
func (pl *plan) sumSecond(ctx context.Context, workers int) error {
	if pl.second == nil {
		return nil
	}
	k := len(pl.By)
	tables := make([]*column.Grouper, max(1, workers))
	return pl.second.Partitions(ctx, workers, func(w int, blocks [][]int64) error {
		if tables[w] == nil {
			tables[w] = column.NewGrouper(k, len(pl.measures))
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
		return pl.sorter.Add(g.Rows())
	})
}

// visitor groups one partition after another and keeps its tables between them.
type visitor struct {
	pass    *pass
	orders  *column.Grouper // order → lines, to know the orders of one line
	tables  []*groups
	seconds []*column.Writer
}

// groups are the tables of one rollup in one partition.
type groups struct {
	byKey     *column.Grouper
	seen      *column.Grouper // (group, value) pairs already counted
	sets      *column.Grouper // (group, order, brand) → lines, sums so far
	setOrders *column.Grouper // (group, order) pairs already counted as full sets
	key       []int64
}

func newVisitor(p *pass) *visitor {
	v := &visitor{pass: p, orders: column.NewGrouper(1, 1)}
	for _, pl := range p.plans {
		v.tables = append(v.tables, &groups{
			byKey:     column.NewGrouper(len(pl.By), len(pl.measures)),
			seen:      column.NewGrouper(2, 0),
			sets:      column.NewGrouper(3, 1+len(pl.measures)),
			setOrders: column.NewGrouper(2, 0),
			key:       make([]int64, len(pl.By)),
		})
		var w *column.Writer
		if pl.second != nil {
			w = pl.second.Writer()
		}
		v.seconds = append(v.seconds, w)
	}
	return v
}

func (v *visitor) flush() error {
	for _, w := range v.seconds {
		if w != nil {
			if err := w.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *visitor) visit(blocks [][]int64) error {
	v.countOrders(blocks)
	for i, pl := range v.pass.plans {
		g := v.tables[i]
		g.byKey.Reset()
		g.seen.Reset()
		g.sets.Reset()
		g.setOrders.Reset()
		v.eachRow(blocks, func(row []int64) {
			if pl.where < 0 || row[pl.where] != 0 {
				v.addRow(pl, g, row)
			}
		})
		if err := v.emit(i, pl, g.byKey); err != nil {
			return err
		}
	}
	return nil
}

func (v *visitor) eachRow(blocks [][]int64, do func(row []int64)) {
	width := v.pass.scatter.Width()
	for _, b := range blocks {
		for ; len(b) > 0; b = b[width:] {
			do(b[:width])
		}
	}
}

func (v *visitor) countOrders(blocks [][]int64) {
	at := v.pass.orderAt
	if at < 0 {
		return
	}
	v.orders.Reset()
	v.eachRow(blocks, func(row []int64) { v.orders.Get(row[at : at+1])[0]++ })
}

func (v *visitor) addRow(pl *plan, g *groups, row []int64) {
	for j, at := range pl.keys {
		g.key[j] = row[at]
	}
	v.addTo(pl, g, row)
	if pl.Totals > 0 {
		for j := len(g.key) - pl.Totals; j < len(g.key); j++ {
			g.key[j] = column.Null
		}
		v.addTo(pl, g, row)
	}
}

func (v *visitor) addTo(pl *plan, g *groups, row []int64) {
	group, _ := g.byKey.Index(g.key)
	sums := g.byKey.Row(group)[len(pl.keys):]
	for j, m := range pl.measures {
		if m.if_ >= 0 && row[m.if_] == 0 {
			continue
		}
		switch m.op {
		case Count:
			sums[j]++
		case Sum:
			sums[j] += row[m.of]
		case Only:
			sums[j] = row[m.of]
		case Distinct:
			if v.firstSeen(g, group, row, m.of) {
				sums[j]++
			}
		}
	}
	if pl.sets {
		v.addSets(pl, g, group, sums, row)
	}
}

// firstSeen tells whether the value has not been counted in the group yet. An order of one line needs
// no table.
func (v *visitor) firstSeen(g *groups, group int, row []int64, at int) bool {
	if at == v.pass.orderAt && v.orders.Find(row[at])[0] == 1 {
		return true
	}
	_, added := g.seen.Index([]int64{int64(group), row[at]})
	return added
}

// addSets counts an order once its MinSet-th line of one brand arrives, with what came before.
func (v *visitor) addSets(pl *plan, g *groups, group int, sums, row []int64) {
	order, brand := row[v.pass.orderAt], row[pl.brandAt]
	if brand == column.Null || v.orders.Find(order)[0] < MinSet {
		return
	}
	set := g.sets.Get([]int64{int64(group), order, brand})
	set[0]++
	full := set[0] == MinSet
	first := false // an order with two full brands is one order
	if full {
		_, first = g.setOrders.Index([]int64{int64(group), order})
	}
	for j, m := range pl.measures {
		switch {
		case m.op == Sets && first:
			sums[j]++
		case m.op == SetSum && set[0] < MinSet:
			set[1+j] += row[m.of]
		case m.op == SetSum && full:
			sums[j] += set[1+j] + row[m.of]
		case m.op == SetSum:
			sums[j] += row[m.of]
		}
	}
}

func (v *visitor) emit(i int, pl *plan, g *column.Grouper) error {
	if pl.complete {
		return pl.sorter.Add(g.Rows())
	}
	k := len(pl.By)
	for r := range g.Len() {
		row := g.Row(r)
		copy(v.seconds[i].Row(column.Hash(row[:k]...)), row)
	}
	return nil
}
