package lift

import (
	"cmp"
	"slices"

	"github.com/windvane/windvane/transforms/column"
)

// merge counts what another tally counted.
func (t *tally) merge(o *tally) {
	t.pairs, t.mixed = t.pairs+o.pairs, t.mixed+o.mixed
	for i := range o.cells {
		at := slot(t.merchants, &t.cells, o.merchants.Row(i))
		for s := range periods {
			for arm := range Arms {
				t.cells[at][s][arm].merge(&o.cells[i][s][arm])
			}
		}
	}
	for i := range o.sourceCells {
		at := slot(t.sources, &t.sourceCells, o.sources.Row(i))
		for s := range periods {
			t.sourceCells[at][s].merge(&o.sourceCells[i][s])
		}
	}
	for i := range o.splitCells {
		at := slot(t.splits, &t.splitCells, o.splits.Row(i))
		for s := range periods {
			t.splitCells[at][s].merge(&o.splitCells[i][s])
		}
	}
	for i := range o.programmeCells {
		at := slot(t.programmes, &t.programmeCells, o.programmes.Row(i))
		for s := range periods {
			t.programmeCells[at].spans[s].merge(&o.programmeCells[i].spans[s])
			t.programmeCells[at].periods[s].merge(&o.programmeCells[i].periods[s])
		}
	}
}

// slot is the position of a key's cells.
func slot[T any](groups *column.Grouper, cells *[]T, key []int64) int {
	i, added := groups.Index(key)
	if added {
		var none T
		*cells = append(*cells, none)
	}
	return i
}

func (c *Cell) merge(o *Cell) {
	c.Merge(&o.Sums)
	c.Histogram.Merge(&o.Histogram)
	c.Served, c.Known, c.Buyers, c.Attributed = c.Served+o.Served, c.Known+o.Known, c.Buyers+o.Buyers, c.Attributed+o.Attributed
}

func (s *Source) merge(o *Source) {
	for arm := range Arms {
		s.Pairs[arm] += o.Pairs[arm]
		s.Outcome[arm] = s.Outcome[arm].Add(o.Outcome[arm])
	}
}

func (s *Split) merge(o *Split) {
	for arm := range Arms {
		s.Pairs[arm] += o.Pairs[arm]
	}
}

func (c *ProgrammeCell) merge(o *ProgrammeCell) {
	for arm := range Arms {
		c.Arms[arm].Merge(&o.Arms[arm])
	}
	c.Both += o.Both
	c.Cross.add(&o.Cross)
}

// orders are the orders of identifiers that figures are sorted by; Null is last.
type orders struct{ merchants, talents, texts func(a, b int64) int }

// figures are the sums by period. days is the single-day family.
func (t *tally) figures(in *Input, days *column.Frame) *Figures {
	f := &Figures{Periods: in.Plan.periodsOf(in.Start, in.AsOf), Pairs: t.pairs, Mixed: t.mixed, Gross: in.Gross, Shown: in.Shown}
	at := map[int64]int{}
	merchant := func(code int64) *Merchant {
		i, ok := at[code]
		if !ok {
			i = len(f.Merchants)
			at[code] = i
			f.Merchants = append(f.Merchants, Merchant{Code: code, Cells: make([]MerchantCell, periods)})
		}
		return &f.Merchants[i]
	}
	for i := range t.cells {
		m := merchant(t.merchants.Row(i)[0])
		for p := range periods {
			for arm := range Arms {
				for s := range p + 1 {
					m.Cells[p].Arms[arm].merge(&t.cells[i][s][arm])
				}
			}
		}
	}
	t.addSources(merchant, in.orders())
	t.addSplits(merchant, in.orders())
	if days != nil {
		daysOf(days, func(code int64, days []Day) { merchant(code).Days = days })
	}
	slices.SortFunc(f.Merchants, func(a, b Merchant) int { return in.orders().merchants(a.Code, b.Code) })
	t.addProgrammes(f, in.orders())
	return f
}

func (t *tally) addSources(merchant func(code int64) *Merchant, o orders) {
	for i := range t.sourceCells {
		k := t.sources.Row(i)
		m := merchant(k[0])
		sum := Source{Talent: k[1]}
		for p := range periods {
			sum.merge(&t.sourceCells[i][p])
			if sum.Pairs != [Arms]int64{} {
				m.Cells[p].Sources = append(m.Cells[p].Sources, sum)
			}
		}
	}
	for i := range t.cells {
		for _, c := range merchant(t.merchants.Row(i)[0]).Cells {
			slices.SortFunc(c.Sources, func(a, b Source) int { return o.talents(a.Talent, b.Talent) })
		}
	}
}

func (t *tally) addSplits(merchant func(code int64) *Merchant, o orders) {
	for i := range t.splitCells {
		k := t.splits.Row(i)
		m := merchant(k[0])
		sum := Split{Code: k[1]}
		for p := range periods {
			sum.merge(&t.splitCells[i][p])
			if sum.Pairs != [Arms]int64{} {
				m.Cells[p].Programmes = append(m.Cells[p].Programmes, sum)
			}
		}
	}
	for i := range t.cells {
		cells := merchant(t.merchants.Row(i)[0]).Cells
		for p := range cells {
			c := &cells[p]
			slices.SortFunc(c.Programmes, func(a, b Split) int { return o.texts(a.Code, b.Code) })
			if len(c.Programmes) == 1 && c.Programmes[0].Code == column.Null {
				c.Programmes = nil
			}
		}
	}
}

func (t *tally) addProgrammes(f *Figures, o orders) {
	for i := range t.programmeCells {
		c := &t.programmeCells[i]
		p := Programme{Code: t.programmes.Row(i)[0], Cells: make([]ProgrammeCell, periods)}
		for at := range p.Cells {
			p.Cells[at].merge(&c.periods[at])
			for s := range at + 1 {
				p.Cells[at].merge(&c.spans[s])
			}
		}
		f.Programmes = append(f.Programmes, p)
	}
	slices.SortFunc(f.Programmes, func(a, b Programme) int { return o.texts(a.Code, b.Code) })
}

// nullLast orders codes by compare, Null behind all others.
func nullLast(compare func(a, b int64) int) func(a, b int64) int {
	return func(a, b int64) int {
		switch {
		case a == b:
			return 0
		case a == column.Null:
			return 1
		case b == column.Null:
			return -1
		}
		return compare(a, b)
	}
}

// orderOf is the order of a dictionary's texts, of numbers where there is none.
func orderOf(d *column.Dict) func(a, b int64) int {
	if d == nil {
		return nullLast(cmp.Compare[int64])
	}
	return nullLast(func(a, b int64) int { return cmp.Compare(d.Value(a), d.Value(b)) })
}
